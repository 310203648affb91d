//! Answers with the headers that every one of them carries.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
};

use super::reader::Reader;
use crate::ogc::links::{Link, as_header};

const CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");
/// Pages load the style sheet of the house and nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// An answer of this media type.
pub(super) fn answer(reader: &Reader, media: &'static str, body: impl Into<Body>) -> Response {
    let html = media.starts_with("text/html");
    let media = if html { "text/html; charset=utf-8" } else { media };
    let mut response = body.into().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(
        header::VARY,
        HeaderValue::from_static("Accept, Authorization, Cookie, Accept-Encoding"),
    );
    if html {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    }
    if reader.is_public() {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("Link, Content-Crs"),
        );
    }
    response
}

/// The same links as in the body, for clients that read headers only.
pub(super) fn with_links(mut response: Response, links: &[Link]) -> Response {
    if let Ok(value) = HeaderValue::from_str(&as_header(links)) {
        response.headers_mut().insert(header::LINK, value);
    }
    response
}

/// Says in which system the coordinates are (Part 2).
pub(super) fn with_crs(mut response: Response, crs: crate::ogc::Crs) -> Response {
    if let Ok(value) = HeaderValue::from_str(&format!("<{}>", crs.uri())) {
        response.headers_mut().insert(CONTENT_CRS, value);
    }
    response
}
