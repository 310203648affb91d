//! Extracts of people among the downloads: for researchers and data managers of the whole country.

use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};

use super::problem::Problem;
use crate::{
    access::Caller,
    app::App,
    db::Result,
    export::{Companion, Format},
    extract::{self, ID, extract},
    layers::Held,
    ogc::Collection,
    store::extracts::periods,
};

/// A table without places is no map.
pub(super) const FORMATS: [Format; 3] = [Format::Csv, Format::ExcelCsv, Format::Xlsx];

/// The extract that was read last, and a turn: two drawn at once would take the memory of two.
#[derive(Default)]
pub(crate) struct Extracts {
    kept: Mutex<Option<(Collection, Arc<Held>)>>,
    turn: tokio::sync::Mutex<()>,
}

impl Extracts {
    fn of(&self, id: &str) -> Option<(Collection, Arc<Held>)> {
        let kept = self.kept.lock().expect("no holder of this lock can panic");
        kept.clone().filter(|(collection, _)| collection.id == id)
    }
}

/// What can be fetched: this month's, and those of months before.
pub(super) async fn list(app: &App) -> std::result::Result<Vec<Json>, Problem> {
    let known = periods(&mut app.base.db.read().await?, extract::DATASET).await?;
    let now = extract::period_of(ID, app.base.runtime.now()).unwrap_or_default();
    let past = known.into_iter().filter(|period| *period != now).map(|p| format!("{ID}-{p}"));
    let entry = |id: String| {
        let suffixes = FORMATS.map(Format::suffix).into_iter();
        let suffixes = suffixes.chain(Companion::ALL.map(Companion::suffix));
        let files: Vec<_> = suffixes.map(|suffix| format!("/v1/exports/{id}.{suffix}")).collect();
        json!({
            "id": id,
            "title": "Orpailleurs, extrait pour la recherche",
            "description": "Lignes pseudonymes, k-anonymes (k = 5) ; tiré une fois par mois, à la première demande.",
            "files": files,
        })
    };
    Ok(std::iter::once(String::from(ID)).chain(past).map(entry).collect())
}

/// The extract of a month; `None` when there is none.
pub(super) async fn held(
    app: &App,
    by: &Caller,
    period: &str,
) -> Result<Option<(Collection, Arc<Held>)>> {
    let id = format!("{ID}-{period}");
    let _turn = app.extracts.turn.lock().await;
    if let Some(found) = app.extracts.of(&id) {
        return Ok(Some(found));
    }
    let Some(found) = extract(&app.base, &by.actor(), period).await? else { return Ok(None) };
    let held = Arc::new(Held::fixed(found.features, found.at, found.period));
    let found = (found.collection, held);
    let mut kept = app.extracts.kept.lock().expect("no holder of this lock can panic");
    *kept = Some(found.clone());
    Ok(Some(found))
}
