//! Logging in and out.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Connection,
    auth::{By, COOKIE},
    body,
    problem::Problem,
};
use crate::app::App;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    // ODK Central's scripts say "email".
    #[serde(alias = "email")]
    login: String,
    password: String,
}

/// `POST /v1/sessions`
pub(super) async fn open(
    State(app): State<Arc<App>>,
    connection: Option<Extension<Connection>>,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let bytes = body::read(&headers, request, 16 * 1024).await?;
    let given: Credentials = serde_json::from_slice(&bytes)
        .map_err(|_| Problem::new("malformed", "expected {\"login\", \"password\"}"))?;
    let login = app.access.login(&given.login, &given.password).await?;
    let secure = connection.is_some_and(|c| c.tls)
        || app.base.settings.public_url.as_deref().is_some_and(|u| u.starts_with("https://"));
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200{secure}",
        login.token
    );
    let body = json!({
        "token": login.token,
        "expires_at": login.expires_at.to_rfc3339(),
        "expiresAt": login.expires_at.to_rfc3339(),
        "createdAt": app.base.runtime.now().to_rfc3339(),
        "role": login.role.as_str(),
    });
    let mut response = (StatusCode::OK, Json(body)).into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `GET /v1/sessions/current`: who is asking.
pub(super) async fn current(By(by): By) -> Response {
    let mut response = Json(json!({ "role": by.role.as_str() })).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `DELETE /v1/sessions/current`
pub(super) async fn close(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| {
        v.split_once(' ').filter(|(s, _)| s.eq_ignore_ascii_case("bearer")).map(|(_, t)| t)
    });
    let cookie = headers
        .get(header::COOKIE)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split(';').find_map(|c| c.trim().strip_prefix(COOKIE)?.strip_prefix('=')));
    if let Some(token) = bearer.or(cookie) {
        app.access.logout(token.trim()).await?;
    }
    let gone = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(value) = HeaderValue::from_str(&gone) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}
