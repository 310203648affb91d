//! Health and the description of this interface.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::problem::Problem;
use crate::app::App;

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the database answers.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let asked = async {
        let mut tx = app.base.db.read().await?;
        crate::store::server::find(&mut tx).await
    };
    match asked.await {
        Ok(Some(_)) => "ready\n".into_response(),
        Ok(None) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response(),
    }
}

/// `GET /v1/openapi.json`
pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], sanu_schemas::openapi()).into_response()
}

/// A known address, another method.
pub(super) async fn not_allowed() -> Problem {
    Problem::new("method-not-allowed", "")
}

/// What no route matches.
pub(super) async fn not_found() -> Problem {
    Problem::not_found()
}
