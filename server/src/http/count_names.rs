//! What codes of counts are called that no code list knows: sites, cooperatives, zones, forms.

use std::collections::HashMap;

use uuid::Uuid;

use super::problem::Problem;
use crate::{
    app::App,
    apply::realm_of_form,
    counts::{Axis, Dimension, Lines, Tally},
    db::Tx,
    keys::Realm,
    store::{Called, Scope, zones},
};

/// Names by dimension and code.
#[derive(Default)]
pub(super) struct Names(HashMap<(Dimension, String), String>);

impl Names {
    /// The name of a code, if it has one of its own.
    pub(super) fn of(&self, dimension: Dimension, code: &str) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&(dimension, code.to_owned())).cloned()
    }
}

/// The lines with the codes that people know: zones by their code, sites and cooperatives that were
/// merged by the one that stands for them. And what all of them are called.
pub(super) async fn named(
    app: &App,
    tx: &mut Tx,
    scope: &Scope,
    by: &[Dimension],
    mut lines: Lines,
) -> Result<(Lines, Names), Problem> {
    let mut names = Names::default();
    for (place, dimension) in by.iter().enumerate() {
        let known: HashMap<String, (String, String)> = match dimension {
            Dimension::Zone => {
                let zones = zones::all(tx).await?.into_iter();
                zones.map(|z| (z.zone_id.0.to_string(), (z.code.clone(), z.code))).collect()
            }
            Dimension::Form => {
                let forms = app.base.catalogue.current().await?;
                let latest = forms.all().into_iter().map(|f| f.row.form_id.clone());
                let title = |id: String| {
                    let title = forms.latest(&id)?.row.title.clone();
                    Some((id.clone(), (id, title)))
                };
                latest.filter_map(title).collect()
            }
            Dimension::Site | Dimension::Cooperative => {
                let ids: Vec<Uuid> =
                    lines.codes(place).iter().filter_map(|code| code.parse().ok()).collect();
                let called = app.base.tallies.called(tx, &ids).await?;
                called.into_iter().map(|c| seen(scope, c)).collect()
            }
            _ => continue,
        };
        if known.iter().any(|(code, (shown, _))| code != shown) {
            lines = lines.renamed(place, |code| known.get(code).map(|(shown, _)| shown.clone()));
        }
        let called = known.into_values();
        names.0.extend(called.map(|(shown, name)| ((*dimension, shown), name)));
    }
    Ok((lines, names))
}

/// Id, the id and the name that this reader is given for it.
fn seen(scope: &Scope, called: Called) -> (String, (String, String)) {
    let canonical = called.canonical.to_string();
    let name = if scope.contains(called.zone_id) { called.label } else { canonical.clone() };
    (called.id.to_string(), (canonical, name))
}

/// Counts submissions but those about children: how many came from a zone tells how many are there.
pub(super) async fn without_children(
    app: &App,
    tally: &Tally,
    axes: &[Axis],
    only: &[(Axis, Vec<String>)],
) -> Result<Lines, Problem> {
    let forms = app.base.catalogue.current().await?;
    let is_open =
        |id: &str| forms.latest(id).is_some_and(|form| realm_of_form(&form.form) == Realm::Adults);
    let mut with_form = axes.to_vec();
    with_form.push(Axis::Form);
    Ok(tally.table(&with_form, only).without_last(is_open))
}
