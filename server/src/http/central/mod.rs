//! `/v1/projects`: what scripts written for ODK Central read. What it looks like stands in
//! `crate::central`, who sees what in `access/role.rs`; here are addresses, status codes and streams.

mod datasets;
mod forms;
mod reader;
mod source;
mod tables;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::get,
};

use self::reader::Reader;
use super::{auth::By, problem::Problem};
use crate::{
    app::App,
    central::{Address, user},
    store::accounts,
};

/// The addresses of the interface.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/users/current", get(current))
        .route("/v1/projects", get(answer))
        .route("/v1/projects/{*rest}", get(answer))
}

/// `GET /v1/users/current`: who is asking; scripts look whether their token still holds.
async fn current(State(app): State<Arc<App>>, By(by): By) -> Result<Response, Problem> {
    let mut tx = app.base.db.read().await?;
    let all = accounts::all(&mut tx).await?;
    drop(tx);
    let own = all.into_iter().find(|a| Some(a.account_id) == by.account_id);
    let name = own.map(|a| a.login).unwrap_or_default();
    let document = user(by.account_id.or(by.device_id), &name, by.role.as_str());
    Ok(private(Json(document).into_response()))
}

/// Everything below `/v1/projects`.
async fn answer(reader: Reader) -> Response {
    let answered = match reader.address() {
        Some(address) if reader.may_read() => route(&reader, address).await,
        Some(_) => Err(Problem::forbidden()),
        None => Err(Problem::not_found()),
    };
    answered.map_or_else(Problem::into_central, private)
}

async fn route(reader: &Reader, address: Address) -> Result<Response, Problem> {
    match address {
        Address::Projects | Address::Project | Address::Forms => {
            forms::lists(reader, &address).await
        }
        Address::Form(id, what) => forms::form(reader, &id, what).await,
        Address::Datasets => datasets::list(reader).await,
        Address::Dataset(name, what) => datasets::dataset(reader, &name, what).await,
    }
}

/// Nobody else may keep what one reader was given.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers
        .insert(header::VARY, HeaderValue::from_static("Authorization, Cookie, Accept-Encoding"));
    response
}
