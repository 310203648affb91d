//! `/ogc`: OGC API – Features. What the requests mean stands in `crate::ogc`, who sees what in
//! `crate::layers`; here are addresses, status codes and headers.

mod answer;
mod documents;
mod items;
mod reader;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get},
};

use crate::app::App;

pub(super) use reader::{challenge, origin};

/// The addresses of the interface.
pub(super) fn routes() -> Router<Arc<App>> {
    let read = |handler: MethodRouter<Arc<App>>| handler.options(preflight);
    Router::new()
        .route("/ogc", read(get(documents::landing)))
        .route("/ogc/", read(get(documents::landing)))
        .route("/ogc/api", read(get(documents::api)))
        .route("/ogc/conformance", read(get(documents::conformance)))
        .route("/ogc/collections", read(get(documents::collections)))
        .route("/ogc/collections/{collection}", read(get(documents::collection)))
        .route("/ogc/collections/{collection}/queryables", read(get(documents::queryables)))
        .route("/ogc/collections/{collection}/sortables", read(get(documents::sortables)))
        .route("/ogc/collections/{collection}/items", read(get(items::items)))
        .route("/ogc/collections/{collection}/items/{feature}", read(get(items::item)))
}

/// A browser asks first whether it may send credentials from another site's page. It may; the answer
/// itself is readable there only when it is public (`answer.rs`).
async fn preflight() -> Response {
    let headers = [
        (header::ALLOW, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Accept"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers.map(|(n, v)| (n, HeaderValue::from_static(v)))).into_response()
}
