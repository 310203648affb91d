//! The caller of an API request.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use super::{Connection, problem::Problem};
use crate::{access::Caller, app::App};

/// A request by somebody known. Handlers that take it cannot forget to ask.
pub(super) struct By(pub(super) Caller);

/// The cookie of the office page.
pub(super) const COOKIE: &str = "sanu_session";

impl FromRequestParts<Arc<App>> for By {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        if let Some(given) = parts.headers.get(header::AUTHORIZATION) {
            let given = given.to_str().map_err(|_| Problem::new("unauthorized", ""))?;
            let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
            let method = parts.method.as_str();
            let secure = may_send_password(parts, app);
            return Ok(Self(app.access.by_header(given, method, path, secure).await?));
        }
        // The cookie is SameSite=Strict, and only reads accept it: no other site can act with it.
        if parts.method.is_safe()
            && let Some(token) = cookie(parts)
        {
            return Ok(Self(app.access.by_token(&token).await?));
        }
        Err(Problem::new("unauthorized", ""))
    }
}

/// Over TLS, behind a TLS proxy, or without leaving the machine.
pub(super) fn may_send_password(parts: &Parts, app: &App) -> bool {
    parts.extensions.get::<Connection>().is_some_and(|c| c.tls || c.local)
        || app.base.settings.public_url.as_deref().is_some_and(|u| u.starts_with("https://"))
}

fn cookie(parts: &Parts) -> Option<String> {
    let cookies = parts.headers.get(header::COOKIE)?.to_str().ok()?;
    cookies
        .split(';')
        .find_map(|c| c.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .map(str::to_owned)
}
