//! The office page: one small page of our own, French, no outside host.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

fn asset(kind: &'static str, body: &'static str) -> Response {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, body).into_response()
}

/// `GET /`
pub(super) async fn page() -> Response {
    asset("text/html; charset=utf-8", include_str!("../web/office.html"))
}

/// `GET /office.js`
pub(super) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("../web/office.js"))
}

/// `GET /office.css`
pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("../web/office.css"))
}
