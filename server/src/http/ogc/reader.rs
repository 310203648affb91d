//! Who asks, for what, in which representation.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use jiff::civil::Date;

use crate::{
    access::{Caller, SiteTier},
    app::App,
    db::DbError,
    http::{
        Connection,
        auth::{By, may_send_password},
        problem::Problem,
        request::query_pairs,
    },
    layers::{Held, Layer, layers},
    ogc::{Collection, Media, OgcError, negotiate, only},
};

/// A request of the interface by somebody known.
pub(super) struct Reader {
    pub(super) app: Arc<App>,
    pub(super) by: Caller,
    /// `https://host/ogc`
    pub(super) base: String,
    /// The parameters, decoded.
    pub(super) pairs: Vec<(String, String)>,
    accept: Option<String>,
}

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let by = match By::from_request_parts(parts, app).await {
            Ok(By(by)) => by,
            Err(problem) => return Err(challenge(problem, may_send_password(parts, app))),
        };
        let accept = parts.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
        Ok(Self {
            app: Arc::clone(app),
            by,
            base: format!("{}/ogc", origin(parts, app)),
            pairs: query_pairs(&parts.uri),
            accept: accept.map(str::to_owned),
        })
    }
}

/// Browsers and desktop maps ask for a password when told that one helps.
pub(in crate::http) fn challenge(problem: Problem, may_send_password: bool) -> Response {
    let mut response = problem.into_response();
    if response.status() == axum::http::StatusCode::UNAUTHORIZED && may_send_password {
        let basic = HeaderValue::from_static("Basic realm=\"Sanu\", charset=\"UTF-8\"");
        response.headers_mut().append(header::WWW_AUTHENTICATE, basic);
    }
    response
}

/// The start of every link: the configured address, else the one that was asked.
pub(in crate::http) fn origin(parts: &Parts, app: &App) -> String {
    if let Some(url) = &app.base.settings.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let tls = parts.extensions.get::<Connection>().is_some_and(|c| c.tls);
    let host = parts.headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let safe =
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:[]".contains(c));
    let scheme = if tls { "https" } else { "http" };
    format!("{scheme}://{}", if safe { host } else { "127.0.0.1" })
}

impl From<OgcError> for Problem {
    fn from(error: OgcError) -> Self {
        let kind = match error {
            OgcError::NotAcceptable => "not-acceptable",
            OgcError::Unreadable(_) => {
                tracing::error!(%error, "request failed");
                return Self::new("internal", "");
            }
            _ => "bad-parameter",
        };
        Self::new(kind, error.to_string())
    }
}

impl Reader {
    /// The representation, where no other parameter than `f` is taken.
    pub(super) fn plain(&self) -> Result<Media, Problem> {
        only(&self.pairs, &["f"])?;
        self.media()
    }

    /// The representation.
    pub(super) fn media(&self) -> Result<Media, Problem> {
        let f = self.pairs.iter().find(|(n, _)| n == "f").map(|(_, v)| v.as_str());
        Ok(negotiate(f, self.accept.as_deref())?)
    }

    /// Whether any page on the web may read the answer.
    pub(super) fn is_public(&self) -> bool {
        self.by.role.site_tier() == Some(SiteTier::Public)
    }

    /// The collections that there are for this reader.
    pub(super) async fn layers(&self) -> Result<Vec<Layer>, DbError> {
        let forms = self.app.base.catalogue.current().await?;
        Ok(layers(self.by.role, &forms, &*self.app.base.places.current().await?))
    }

    /// The same, as they are described.
    pub(super) async fn collections(&self) -> Result<Vec<Collection>, DbError> {
        Ok(self.layers().await?.into_iter().map(|l| l.collection).collect())
    }

    /// A collection; what there is not for this reader is not found.
    pub(super) async fn layer(&self, id: &str) -> Result<Layer, Problem> {
        let all = self.layers().await?;
        all.into_iter().find(|l| l.collection.id == id).ok_or_else(Problem::not_found)
    }

    /// Its features as this reader sees them.
    pub(super) async fn features(&self, layer: &Layer) -> Result<Arc<Held>, DbError> {
        self.features_on(layer, None).await
    }

    /// The same; of administrative units those whose limits held on this day.
    pub(super) async fn features_on(
        &self,
        layer: &Layer,
        day: Option<Date>,
    ) -> Result<Arc<Held>, DbError> {
        self.app.layers.features_on(&self.app.base, &self.by.scope, layer, day).await
    }
}
