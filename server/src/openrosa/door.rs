//! Routes and authentication of the phone's front door.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts, RawPathParams, Request},
    http::{Uri, header, request::Parts},
    middleware::Next,
    response::Response,
    routing::get,
};

use super::{entity_list, forms, reply::Refusal, submission};
use crate::{
    access::{AccessError, Caller, Challenge},
    app::App,
    http::Connection,
};

/// The OpenRosa routes, by token in the path and by Digest or Basic.
pub fn router() -> Router<Arc<App>> {
    let routes = || {
        Router::new()
            .route("/formList", get(forms::list))
            .route("/forms/{form}", get(forms::form))
            .route("/forms/{form}/manifest", get(forms::manifest))
            .route("/forms/{form}/media/{file}", get(forms::media))
            .route("/forms/{form}/lists/{file}", get(entity_list::list))
            .route("/forms/{form}/integrity/{list}", get(entity_list::integrity))
            .route(
                "/submission",
                get(submission::not_here).head(submission::head).post(submission::post),
            )
    };
    Router::new().merge(routes()).nest("/v1/key/{token}/projects/{project}", routes())
}

/// A caller allowed to collect, with the address that its links must start with.
pub(super) struct Phone {
    pub(super) caller: Caller,
    /// `https://host` or `https://host/v1/key/TOKEN/projects/1`.
    pub(super) base: String,
}

impl FromRequestParts<Arc<App>> for Phone {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, app).await;
        let value = |name: &str| {
            params.iter().flatten().find(|(n, _)| *n == name).map(|(_, v)| v.to_owned())
        };
        // A path that is not UTF-8 names nothing: it must not fall through to the other door.
        if params.is_err() && sent(parts).path().starts_with("/v1/key/") {
            return Err(Refusal::Token);
        }
        let origin = origin(parts, app);
        let (caller, base) = match value("token") {
            Some(token) => {
                let caller = app.access.by_token(&token).await.map_err(by_token)?;
                let project = value("project").unwrap_or_default();
                (caller, format!("{origin}/v1/key/{token}/projects/{project}"))
            }
            None => (by_header(parts, app).await?, origin),
        };
        if !caller.role.may_collect() {
            return Err(Refusal::Role);
        }
        Ok(Self { caller, base })
    }
}

fn by_token(error: AccessError) -> Refusal {
    match error {
        AccessError::Db(error) => error.into(),
        AccessError::Busy => Refusal::Busy,
        AccessError::Unknown | AccessError::StaleNonce => Refusal::Token,
    }
}

async fn by_header(parts: &Parts, app: &Arc<App>) -> Result<Caller, Refusal> {
    let secure = is_secure(parts, app);
    let challenges = |stale| {
        let now = app.base.runtime.now();
        let mut challenges = vec![Challenge::digest(&app.base.keys, now, stale)];
        if secure {
            challenges.push(Challenge::basic());
        }
        challenges
    };
    let challenge = |stale| Refusal::Challenge(challenges(stale));
    let given = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let Some(given) = given else { return Err(challenge(false)) };
    if !secure && given.to_ascii_lowercase().starts_with("basic ") {
        return Err(Refusal::PasswordInClear(challenges(false)));
    }
    // Digest signs the path as sent; nesting has already stripped it from `parts.uri`.
    let uri = sent(parts);
    let path = uri.path_and_query().map_or("/", |p| p.as_str());
    app.access.by_header(given, parts.method.as_str(), path, secure).await.map_err(|error| {
        match error {
            AccessError::Unknown => challenge(false),
            AccessError::StaleNonce => challenge(true),
            AccessError::Busy => Refusal::Busy,
            AccessError::Db(error) => error.into(),
        }
    })
}

/// The address as sent: nesting strips `parts.uri`.
fn sent(parts: &Parts) -> &Uri {
    parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |u| &u.0)
}

/// Whether a password may be sent: over TLS, here or at the proxy in front.
fn is_secure(parts: &Parts, app: &App) -> bool {
    parts.extensions.get::<Connection>().is_some_and(|c| c.tls)
        || app.base.settings.public_url.as_deref().is_some_and(|u| u.starts_with("https://"))
}

/// The start of every link: the configured address, else the one the phone used.
fn origin(parts: &Parts, app: &App) -> String {
    if let Some(url) = &app.base.settings.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let scheme = if is_secure(parts, app) { "https" } else { "http" };
    let host = parts.headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or("127.0.0.1");
    let safe =
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:[]".contains(c));
    format!("{scheme}://{}", if safe { host } else { "127.0.0.1" })
}

/// Path and query of the request as the phone sent it.
pub(super) fn sent_path(request: &Request) -> &Uri {
    request.extensions().get::<axum::extract::OriginalUri>().map_or(request.uri(), |u| &u.0)
}

/// Tells the phone which OpenRosa this is, on every answer.
pub(crate) async fn version_header(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .entry("X-OpenRosa-Version")
        .or_insert(axum::http::HeaderValue::from_static("1.0"));
    response
}
