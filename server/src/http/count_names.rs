//! What codes of counts are called that no code list knows: sites, cooperatives, zones, forms.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::problem::Problem;
use crate::{
    app::App,
    apply::realm_of_form,
    counts::{Axis, Dimension, Lines},
    db::{Result, Tx},
    keys::Realm,
    store::{
        Scope, called,
        cells::{self, Sum},
        zones,
    },
};

/// Names by dimension and code.
#[derive(Default)]
pub(super) struct Names(HashMap<(Dimension, String), String>);

impl Names {
    /// The name of a code, if it has one of its own.
    pub(super) fn of(&self, dimension: Dimension, code: &str) -> Option<String> {
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
) -> std::result::Result<(Lines, Names), Problem> {
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
                let codes = lines.iter().filter_map(|(codes, _)| codes.get(place));
                let ids = codes.filter_map(|code| code.parse().ok()).collect();
                of_entities(tx, scope, ids).await?
            }
            _ => continue,
        };
        for (codes, _) in &mut lines {
            let Some(code) = codes.get_mut(place) else { continue };
            if let Some((shown, name)) = known.get(code) {
                code.clone_from(shown);
                names.0.insert((*dimension, code.clone()), name.clone());
            }
        }
    }
    Ok((summed(lines), names))
}

async fn of_entities(
    tx: &mut Tx,
    scope: &Scope,
    ids: Vec<Uuid>,
) -> Result<HashMap<String, (String, String)>> {
    let found = called(tx, ids).await?.into_iter();
    let seen = found.map(|c| {
        let name = if scope.contains(c.zone_id) { c.label } else { c.canonical.to_string() };
        (c.id.to_string(), (c.canonical.to_string(), name))
    });
    Ok(seen.collect())
}

/// Lines whose codes have become the same are one.
fn summed(lines: Lines) -> Lines {
    let mut sums: BTreeMap<Vec<String>, i64> = BTreeMap::new();
    for (codes, n) in lines {
        *sums.entry(codes).or_default() += n;
    }
    sums.into_iter().collect()
}

/// Counts submissions but those about children: how many came from a zone tells how many are there.
pub(super) async fn without_children(
    app: &App,
    tx: &mut Tx,
    scope: &Scope,
    sum: Sum<'_>,
    axes: &[Axis],
) -> std::result::Result<Lines, Problem> {
    let forms = app.base.catalogue.current().await?;
    let is_open = |id: &String| {
        forms.latest(id).is_some_and(|form| realm_of_form(&form.form) == Realm::Adults)
    };
    let mut with_form = axes.to_vec();
    with_form.push(Axis::Form);
    let lines = cells::grouped(tx, scope, sum, &with_form).await?.into_iter();
    let open = lines.filter_map(|(mut codes, n)| {
        let form = codes.pop()?;
        is_open(&form).then_some((codes, n))
    });
    Ok(summed(open.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_that_became_one_are_one_line() {
        let line = |code: &str, n| (vec![code.to_owned()], n);

        let lines = summed(vec![line("b", 1), line("a", 2), line("b", 3)]);

        assert_eq!(lines, [line("a", 2), line("b", 4)]);
    }
}
