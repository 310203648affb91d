//! `GET /v1/quality/…`: how good the register is, in figures; never a person, never a pair.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::State,
    http::Uri,
    response::{IntoResponse as _, Response},
};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::{auth::By, problem::Problem, request::query_pairs};
use crate::{
    app::App,
    counts::{Judged, Population, Share, TwoCounts, bands, precision, recall},
    runtime::Micros,
    store::{
        cells,
        quality::{AnsweredPair, answered, back_checks, registered_on},
    },
};

/// The probability from which a pair counts as found.
const FOUND: f64 = 0.5;
/// Answers of these days are held against earlier ones.
const RECENT_DAYS: i64 = 30;
/// The queue should stay below this share of the registrations.
const CAPACITY: f64 = 0.05;
/// Sites of one area that are named at most.
const SITES_MAX: usize = 100;

/// `GET /v1/quality/linkage`
pub(super) async fn linkage(
    State(app): State<Arc<App>>,
    By(by): By,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut of = String::from("orpailleurs");
    for (name, value) in query_pairs(&uri) {
        match name.as_str() {
            "of" if ["orpailleurs", "enfants"].contains(&value.as_str()) => of = value,
            "of" => return Err(Problem::bad("of: orpailleurs or enfants")),
            _ => return Err(Problem::bad("parameters: of")),
        }
    }
    if !by.role.sees_exact_counts(of == "enfants") {
        return Err(Problem::forbidden());
    }
    let mut tx = app.base.db.read().await?;
    let rows = answered(&mut tx, &by.scope, &of).await?;
    let (accepted, pending) = cells::accepted_and_pending(&mut tx, &by.scope, &of).await?;
    drop(tx);
    let people = accepted + pending;
    let now = app.base.runtime.now();
    let body = tokio::task::spawn_blocking(move || report(&of, &rows, people, now));
    let body = body.await.map_err(|_| Problem::new("internal", ""))?;
    Ok(axum::Json(body).into_response())
}

/// What an answer says: one person or not; `cannot_tell` says neither.
fn same(row: &AnsweredPair) -> Option<bool> {
    match row.answer.as_deref() {
        Some("same" | "age_wrong") => Some(true),
        Some("different" | "relative" | "twins") => Some(false),
        _ => None,
    }
}

fn report(of: &str, rows: &[AnsweredPair], people: i64, now: Micros) -> Json {
    let probability =
        |row: &AnsweredPair| f64::from(i32::try_from(row.probability).unwrap_or_default()) / 1e6;
    let judged: Vec<Judged> =
        rows.iter().map(|r| Judged { probability: probability(r), same: same(r) }).collect();
    let bands = bands(&judged);
    let since = now.plus_seconds(-RECENT_DAYS * 86_400);
    let open = rows.iter().filter(|r| same(r).is_none()).count();
    let recent = rows.iter().filter(|r| r.at.is_some_and(|at| at >= since)).count();
    let load = float(open) / float(usize::try_from(people).unwrap_or_default().max(1));
    let mut keys: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *keys.entry(row.key.as_str()).or_default() += 1;
    }
    json!({
        "of": of,
        "at": now.to_rfc3339(),
        "bands": bands,
        "found_from": FOUND,
        "precision": precision(&bands, FOUND),
        "recall": recall(&bands, FOUND),
        "review": {
            "open": open,
            "answered": rows.len() - open,
            "answered_in_30_days": recent,
            "registered": people,
            "load": load,
            "over_capacity": load > CAPACITY,
        },
        "pairs_by_key": keys,
        "drift": drift(rows, since),
    })
}

fn float(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// For each field and level how often it occurs among pairs answered the same (m) and not (u), lately
/// and before, where the two are apart by more than chance.
fn drift(rows: &[AnsweredPair], since: Micros) -> Json {
    // Field, level, answer: lately, before.
    let mut seen: BTreeMap<(String, String, bool), [usize; 2]> = BTreeMap::new();
    let mut wholes: BTreeMap<(String, bool), [usize; 2]> = BTreeMap::new();
    for (row, same) in rows.iter().filter_map(|r| Some((r, same(r)?))) {
        let before = usize::from(row.at.is_none_or(|at| at < since));
        let levels: Map<String, Json> = serde_json::from_str(&row.evidence).unwrap_or_default();
        for (field, level) in levels {
            let level = level.as_str().unwrap_or_default().to_owned();
            for counts in [
                wholes.entry((field.clone(), same)).or_default(),
                seen.entry((field, level, same)).or_default(),
            ] {
                if let Some(n) = counts.get_mut(before) {
                    *n += 1;
                }
            }
        }
    }
    let moved = seen.into_iter().filter_map(|((field, level, same), parts)| {
        let [lately, before] = wholes.get(&(field.clone(), same)).copied()?;
        let (now, then) = (Share::new(parts[0], lately), Share::new(parts[1], before));
        now.differs(&then).then(|| {
            let of = if same { "m" } else { "u" };
            json!({ "field": field, "level": level, "of": of, "lately": now, "before": then })
        })
    });
    moved.collect()
}

/// What a back-check of the survey after the census says of one person.
#[derive(Clone, Copy, Default)]
struct Area {
    found: u64,
    matched: u64,
    unresolved: u64,
}

/// `GET /v1/quality/coverage`: per area of the survey; with its sites, the estimate of how many there are.
pub(super) async fn coverage(
    State(app): State<Arc<App>>,
    By(by): By,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut area = None;
    let mut sites = Vec::new();
    for (name, value) in query_pairs(&uri) {
        match name.as_str() {
            "area" => area = Some(value),
            "site" => {
                sites.push(
                    value.parse::<Uuid>().map_err(|_| Problem::bad("site: the id of a site"))?,
                );
            }
            _ => return Err(Problem::bad("parameters: area, site")),
        }
    }
    if sites.len() > SITES_MAX || sites.is_empty() != area.is_none() {
        return Err(Problem::bad(format!("an area with its sites, at most {SITES_MAX}")));
    }
    if !by.role.sees_exact_counts(false) {
        return Err(Problem::forbidden());
    }
    let mut tx = app.base.db.read().await?;
    let areas = areas(&back_checks(&mut tx, &by.scope).await?);
    let Some(area) = area else {
        let lines = areas.iter().map(|(name, a)| {
            json!({ "area": name, "found": a.found, "matched": a.matched, "unresolved": a.unresolved })
        });
        return Ok(axum::Json(json!({ "areas": lines.collect::<Vec<_>>() })).into_response());
    };
    let Some(of) = areas.get(&area) else { return Err(Problem::not_found()) };
    let census = registered_on(&mut tx, &by.scope, &sites).await?;
    let census = u64::try_from(census).unwrap_or_default();
    let counts = TwoCounts::new(census, of.found, of.matched, of.unresolved)
        .map_err(|error| Problem::bad(error.to_string()))?;
    let estimate = counts.estimate();
    Ok(axum::Json(json!({
        "area": area,
        "registered": census,
        "found": of.found,
        "matched": of.matched,
        "unresolved": of.unresolved,
        "if_all_unresolved_match": population(estimate.all_matched),
        "if_none_match": population(estimate.none_matched),
        "assumed": "personne n'est arrivé ni parti entre les deux passages ; équipes indépendantes ; \
                    rapprochement juste, sauf les cas non résolus, donnés en intervalle",
    }))
    .into_response())
}

/// People found by the survey are those who were there to answer; a conclusion says whether the census
/// has them.
fn areas(props: &[String]) -> BTreeMap<String, Area> {
    let mut areas: BTreeMap<String, Area> = BTreeMap::new();
    for text in props {
        let answers: Map<String, Json> = serde_json::from_str(text).unwrap_or_default();
        let answer = |name: &str| answers.get(name).and_then(Json::as_str).unwrap_or_default();
        let (name, result) = (answer("pes_area").trim(), answer("result"));
        if name.is_empty() || !["confirmed", "partly", "not_interviewed"].contains(&result) {
            continue;
        }
        let area = areas.entry(name.to_owned()).or_default();
        area.found += 1;
        match answer("decision") {
            "same" => area.matched += 1,
            "different" | "twins" | "household_link" => {}
            _ => area.unresolved += 1,
        }
    }
    areas
}

fn population(of: Population) -> Json {
    json!({
        "estimate": of.estimate, "variance": of.variance, "low": of.low, "high": of.high,
        "undercoverage": of.undercoverage,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_people_who_were_there_count_as_found_and_the_undecided_stay_open() {
        let of = |area: &str, result: &str, decision: &str| {
            json!({ "pes_area": area, "result": result, "decision": decision }).to_string()
        };
        let found = areas(&[
            of("A1", "confirmed", "same"),
            of("A1", "partly", "unsure"),
            of("A1", "not_interviewed", "different"),
            of("A1", "moved", "same"),
            of("", "confirmed", "same"),
            String::from("not json"),
        ]);

        let area = found["A1"];
        assert_eq!((found.len(), area.found, area.matched, area.unresolved), (1, 3, 1, 1));
    }

    #[test]
    fn a_level_that_became_rarer_among_true_pairs_is_drift() {
        let row = |level: &str, at: i64| AnsweredPair {
            probability: 900_000,
            key: String::from("name"),
            evidence: json!({ "surname": level, "sex": "same" }).to_string(),
            answer: Some(String::from("same")),
            at: Some(Micros(at)),
        };
        let mut rows: Vec<_> = (0..50).map(|_| row("exact", 0)).collect();
        rows.extend((0..50).map(|i| row(if i < 20 { "exact" } else { "near" }, 10)));

        let found = drift(&rows, Micros(5));
        let fields: Vec<_> =
            found.as_array().unwrap().iter().map(|d| (&d["field"], &d["level"])).collect();
        assert_eq!(
            fields,
            [(&json!("surname"), &json!("exact")), (&json!("surname"), &json!("near"))]
        );
        assert_eq!(drift(&rows[..50], Micros(5)), json!([]));
    }
}
