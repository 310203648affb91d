//! What is asked of a dataset, and by whom.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{
    access::Caller,
    app::App,
    http::{
        as_of::as_of,
        auth::By,
        case,
        lists::{self, List},
        problem::Problem,
        request::{param, query_pairs},
    },
    store::{AsOf, ZoneId, audit, entities::Place},
};

/// Entities of one page.
const LIMIT: usize = 50;
/// The most entities of one page.
const LIMIT_MAX: usize = 500;

/// A request about a dataset, by somebody known.
pub(super) struct Ask {
    pub(super) app: Arc<App>,
    pub(super) by: Caller,
    path: Vec<(String, String)>,
    pairs: Vec<(String, String)>,
    /// Why it is read.
    pub(super) reason: Option<String>,
}

impl FromRequestParts<Arc<App>> for Ask {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let By(by) = By::from_request_parts(parts, app).await?;
        let params = RawPathParams::from_request_parts(parts, app).await;
        let params = params.map_err(|_| Problem::not_found())?;
        let path = ["dataset", "id"];
        let path = path.into_iter().filter_map(|n| Some((n.to_owned(), param(&params, n)?)));
        Ok(Self {
            app: Arc::clone(app),
            by,
            path: path.collect(),
            pairs: query_pairs(&parts.uri),
            reason: case::reason(&parts.uri, &parts.headers)?,
        })
    }
}

impl Ask {
    /// Refuses parameters that mean nothing here.
    pub(super) fn takes(&self, names: &[&str]) -> Result<(), Problem> {
        match self.pairs.iter().find(|(name, _)| !names.contains(&name.as_str())) {
            None => Ok(()),
            Some(_) if names.is_empty() => Err(Problem::bad("this address takes no parameters")),
            Some(_) => Err(Problem::bad(format!("parameters: {}", names.join(", ")))),
        }
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The dataset; what there is not for this role is not found.
    pub(super) async fn list(&self) -> Result<List, Problem> {
        let forms = self.app.base.catalogue.current().await?;
        lists::find(self.by.role, &forms, self.dataset()).ok_or_else(Problem::not_found)
    }

    /// The name of the dataset, as it stands in the path.
    pub(super) fn dataset(&self) -> &str {
        self.path.iter().find(|(n, _)| n == "dataset").map_or("", |(_, v)| v.as_str())
    }

    /// The entity named in the path.
    pub(super) fn id(&self) -> Result<Uuid, Problem> {
        let text = self.path.iter().find(|(n, _)| n == "id").map(|(_, v)| v.as_str());
        text.and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
    }

    /// Which register is read.
    pub(super) async fn as_of(&self) -> Result<AsOf, Problem> {
        as_of(&self.app, self.value("as_of")).await
    }

    /// How many entities a page has.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.value("limit") else { return Ok(LIMIT) };
        let limit = text.parse().ok().filter(|n| (1..=LIMIT_MAX).contains(n));
        limit.ok_or_else(|| Problem::bad(format!("limit: 1 to {LIMIT_MAX}")))
    }

    /// Where the page before ended.
    pub(super) fn after(&self) -> Result<Option<Place>, Problem> {
        let Some(text) = self.value("after") else { return Ok(None) };
        read_place(text).map(Some).ok_or_else(|| Problem::bad("after: as `next` gave it"))
    }

    /// Reading children needs a reason, as where duplicates are decided.
    pub(super) fn says_why(&self, list: &List) -> Result<(), Problem> {
        if list.children && self.reason.is_none() {
            return Err(Problem::new("reason-needed", ""));
        }
        Ok(())
    }

    /// Whether identities are opened: for whom that is, who says why.
    pub(super) fn opens_identity(&self, list: &List) -> bool {
        self.reason.is_some() && lists::reads_identity(self.by.role, list.children)
    }

    /// Notes who reads what, before it is read, and why when they said so: ids only.
    pub(super) async fn note(&self, list: &List, of: &str, identity: bool) -> Result<(), Problem> {
        let realm = if list.children { " (children)" } else { "" };
        let subject = format!("datasets/{}/{of}{realm}", list.name);
        let action = if identity { "review" } else { "download" };
        let detail = self.reason.clone().unwrap_or_default();
        let (actor, runtime) = (self.by.actor(), self.app.base.runtime.clone());
        self.app
            .base
            .db
            .with_tx("audit", move |tx| {
                let (actor, runtime) = (actor.clone(), runtime.clone());
                let (subject, detail) = (subject.clone(), detail.clone());
                Box::pin(async move {
                    audit::note(tx, &runtime, &actor, action, &subject, &detail).await
                })
            })
            .await?;
        Ok(())
    }
}

/// A place in a list as text: opaque to the client.
pub(super) fn write_place((zone, seq, id): Place) -> String {
    let mut bytes = zone.0.to_be_bytes().to_vec();
    bytes.extend(seq.to_be_bytes());
    bytes.extend(id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_place(text: &str) -> Option<Place> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (zone, rest) = bytes.split_first_chunk::<4>()?;
    let (seq, rest) = rest.split_first_chunk::<8>()?;
    let id = rest.first_chunk::<16>().filter(|_| rest.len() == 16)?;
    Some((ZoneId(i32::from_be_bytes(*zone)), i64::from_be_bytes(*seq), Uuid::from_bytes(*id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_list_reads_back_and_others_are_refused() {
        let place = (ZoneId(7), 1 << 40, Uuid::from_u128(9));

        assert_eq!(read_place(&write_place(place)), Some(place));
        assert_eq!(read_place("AAAA"), None);
        assert_eq!(read_place(&format!("{}AA", write_place(place))), None);
    }
}
