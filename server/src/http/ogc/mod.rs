//! `/ogc`: OGC API – Features. What the requests mean stands in `crate::ogc`, who sees what in
//! `crate::layers`; here are addresses, status codes and headers.

mod answer;
mod documents;
mod items;
mod reader;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::from_fn,
    response::{IntoResponse as _, Response},
    routing::get,
};

use crate::app::App;

/// The addresses of the interface.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/ogc", get(documents::landing))
        .route("/ogc/", get(documents::landing))
        .route("/ogc/api", get(documents::api))
        .route("/ogc/conformance", get(documents::conformance))
        .route("/ogc/collections", get(documents::collections))
        .route("/ogc/collections/{collection}", get(documents::collection))
        .route("/ogc/collections/{collection}/queryables", get(documents::queryables))
        .route("/ogc/collections/{collection}/sortables", get(documents::sortables))
        .route("/ogc/collections/{collection}/items", get(items::items))
        .route("/ogc/collections/{collection}/items/{feature}", get(items::item))
        .layer(from_fn(preflight))
}

/// A browser asks first whether it may send credentials from another site's page. It may; the answer
/// itself is readable there only when it is public (`answer.rs`).
async fn preflight(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    if request.method() != Method::OPTIONS {
        return next.run(request).await;
    }
    let headers = [
        (header::ALLOW, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Accept"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers.map(|(n, v)| (n, HeaderValue::from_static(v)))).into_response()
}
