//! Who asks, for what.

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts, response::Response};
use serde_json::json;

use crate::{
    access::{Caller, RecordTier},
    app::App,
    catalogue::{Published, Snapshot},
    central::{Address, CentralError, Schema, form_schema},
    forms::Realm,
    http::{
        auth::{By, may_send_password},
        ogc::{challenge, origin},
        problem::Problem,
        request::{query_pairs, segment},
    },
    store::audit,
};

/// A request by somebody known.
pub(super) struct Reader {
    pub(super) app: Arc<App>,
    pub(super) by: Caller,
    /// `https://host/v1/projects/1`
    pub(super) base: String,
    /// The path as it was asked, for the link to the next page.
    pub(super) path: String,
    /// The parameters, decoded.
    pub(super) pairs: Vec<(String, String)>,
}

/// A form with everything that was ever published of it, as one reader sees it.
pub(super) struct Family {
    /// From the oldest to the newest.
    pub(super) versions: Vec<Arc<Published>>,
    pub(super) schema: Schema,
    pub(super) tier: RecordTier,
    pub(super) children: bool,
}

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let by = match By::from_request_parts(parts, app).await {
            Ok(By(by)) => by,
            Err(problem) => return Err(challenge(problem, may_send_password(parts, app))),
        };
        Ok(Self {
            app: Arc::clone(app),
            by,
            base: format!("{}/v1/projects/1", origin(parts, app)),
            path: format!("{}{}", origin(parts, app), parts.uri.path()),
            pairs: query_pairs(&parts.uri),
        })
    }
}

impl From<CentralError> for Problem {
    fn from(error: CentralError) -> Self {
        Self::bad(error.to_string())
    }
}

impl Problem {
    /// With the two members that Central's clients look for.
    pub(super) fn into_central(self) -> Response {
        let status = self.status();
        let message = self.said();
        self.with(&[("code", json!(f64::from(status) + 0.1)), ("message", json!(message))])
    }
}

impl Reader {
    /// What is asked for.
    pub(super) fn address(&self) -> Option<Address> {
        let (_, path) = self.path.split_once("/v1/projects")?;
        let segments: Vec<_> = path.split('/').filter(|s| !s.is_empty()).map(segment).collect();
        Address::read(&segments)
    }

    /// Whether there is anything here for this role.
    pub(super) fn may_read(&self) -> bool {
        self.tier(false).is_some() || self.tier(true).is_some()
    }

    pub(super) fn tier(&self, children: bool) -> Option<RecordTier> {
        self.by.role.record_tier(children)
    }

    pub(super) async fn forms(&self) -> Result<Arc<Snapshot>, Problem> {
        Ok(self.app.base.catalogue.current().await?)
    }

    /// A form; what there is not for this reader is not found.
    pub(super) async fn family(&self, form_id: &str) -> Result<Family, Problem> {
        let forms = self.forms().await?;
        let all = forms.all();
        let versions: Vec<_> =
            all.into_iter().filter(|p| p.row.form_id == form_id).map(Arc::clone).collect();
        self.family_of(versions).ok_or_else(Problem::not_found)
    }

    /// The forms that there are for this reader, by id.
    pub(super) async fn families(&self) -> Result<Vec<Family>, Problem> {
        let forms = self.forms().await?;
        let mut families = Vec::new();
        for versions in forms.all().chunk_by(|a, b| a.row.form_id == b.row.form_id) {
            let versions = versions.iter().map(|p| Arc::clone(p)).collect();
            families.extend(self.family_of(versions));
        }
        Ok(families)
    }

    fn family_of(&self, versions: Vec<Arc<Published>>) -> Option<Family> {
        let children = versions.iter().any(|p| p.form.realm == Realm::Children);
        let tier = self.tier(children)?;
        let parsed: Vec<_> = versions.iter().map(|p| &p.form).collect();
        let schema = form_schema(&parsed, tier)?;
        Some(Family { versions, schema, tier, children })
    }

    /// No parameter is taken.
    pub(super) fn plain(&self) -> Result<(), Problem> {
        match self.pairs.first() {
            None => Ok(()),
            Some((name, _)) => Err(CentralError::Unknown(name.chars().take(40).collect()).into()),
        }
    }

    /// Writes down who reads what, before it is read: ids and names of parameters only.
    pub(super) async fn note(&self, subject: String) -> Result<(), Problem> {
        let names: Vec<_> = self.pairs.iter().map(|(name, _)| name.as_str()).collect();
        let (actor, detail) = (self.by.actor(), names.join(" "));
        let runtime = self.app.base.runtime.clone();
        self.app
            .base
            .db
            .with_tx("audit", move |tx| {
                let (actor, subject, detail) = (actor.clone(), subject.clone(), detail.clone());
                let runtime = runtime.clone();
                Box::pin(async move {
                    audit::note(tx, &runtime, &actor, "download", &subject, &detail).await
                })
            })
            .await?;
        Ok(())
    }
}
