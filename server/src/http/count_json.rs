//! A table of counts as JSON.

use std::fmt::Write as _;

use sanu_schemas::Beside;
use serde_json::{Value as Json, json};

use super::count_view::{InReview, Question, View};
use crate::{
    counts::{Coverage, Dimension, Ratio, SUBMISSIONS},
    store::cells::Reviewed,
};

/// The answer as text. The lines come last and are written one by one from words made once for each code: a table
/// may have tens of thousands.
pub(super) fn as_json(question: &Question, view: &View) -> String {
    let mut text = head(question, view).to_string();
    // An object that is never empty.
    text.pop();
    text.push_str(",\"cells\":[");
    let words: Vec<Vec<String>> =
        (0..question.by.len()).map(|i| words(question, view, i)).collect();
    for (i, (line, n)) in view.table.cells().enumerate() {
        text.push_str(if i == 0 { "{" } else { ",{" });
        for (words, at) in words.iter().zip(line.places()) {
            text.push_str(words.get(at).map_or("", String::as_str));
        }
        text.push_str("\"n\":");
        match n.number() {
            Some(n) => write!(text, "{n}").expect("writing to a String cannot fail"),
            None => text.push_str("null"),
        }
        if let Some(reason) = n.reason() {
            text.extend([",\"suppressed\":\"", reason.code(), "\""]);
        }
        if let Some((doubts, n)) = view.doubts.as_ref().zip(n.number()) {
            let codes: Vec<String> = line.codes().map(str::to_owned).collect();
            text.extend([",\"doubt\":", &doubts.of(&codes, n).to_string()]);
        }
        text.push('}');
    }
    text.push_str("]}");
    text
}

/// What a line says of a dimension, for each of its codes: `"sex":"female","sex_label":"Féminin",`.
fn words(question: &Question, view: &View, place: usize) -> Vec<String> {
    let Some(dimension) = question.by.get(place) else { return Vec::new() };
    let name = dimension.name();
    let codes = view.table.lines.codes(place).iter();
    let word = |code: &String| {
        let (known, label) = (known(code), Json::from(view.label(*dimension, code)));
        format!("\"{name}\":{known},\"{name}_label\":{label},")
    };
    codes.map(word).collect()
}

/// Everything but the lines.
fn head(question: &Question, view: &View) -> Json {
    let mut answer = json!({
        "of": question.of,
        "title": question.title,
        "by": question.by.iter().map(|d| d.name()).collect::<Vec<_>>(),
        "division": question.division.code(),
        "basis": if question.of == SUBMISSIONS { "received" } else { basis(view.review) },
        "as_of": question.as_of.map(|date| date.to_string()),
        "at": view.at.to_rfc3339(),
        "total": view.table.total().number(),
        "suppression": suppression(view),
    });
    if let Some(map) = answer.as_object_mut() {
        if let Some(Beside::DeclaredOrganisations) = question.beside {
            map.insert(String::from("declared"), declared());
        }
        if question.beside == Some(Beside::Coverage) {
            let lines = view.coverage.iter().map(|line| as_rates(view, line));
            map.insert(String::from("coverage"), lines.collect());
        }
        if question.of != SUBMISSIONS {
            map.insert(String::from("in_review"), as_beside(&view.in_review));
        }
        if let Some((doubts, n)) = view.doubts.as_ref().zip(view.table.total().number()) {
            map.insert(String::from("doubt"), doubts.total(n));
        }
    }
    answer
}

/// R25 in one region; null = the whole country.
fn as_rates(view: &View, line: &Coverage) -> Json {
    let ratio = |r: Ratio| json!({ "covered": r.covered.number(), "known": r.known.number(), "rate": r.rate });
    let label = (!line.region.is_empty()).then(|| view.label(Dimension::Region, &line.region));
    json!({
        "region": known(&line.region),
        "region_label": label,
        "members": ratio(line.members),
        "all": ratio(line.all),
    })
}

/// Which records count.
const fn basis(review: Reviewed) -> &'static str {
    match review {
        Reviewed::All => "registered",
        Reviewed::Accepted => "accepted",
        Reviewed::Pending => "in_review",
    }
}

fn as_beside(in_review: &InReview) -> Json {
    let Some((n, records)) = &in_review.exact else { return json!({ "share": in_review.share }) };
    let Some(records) = records else { return json!({ "share": in_review.share, "n": n }) };
    let records = records.iter().map(|(state, n)| (state.clone(), Json::from(*n)));
    json!({ "share": in_review.share, "n": n, "records": Json::Object(records.collect()) })
}

/// How numbers of persons were protected; null when they are exact.
fn suppression(view: &View) -> Json {
    let Some(threshold) = view.manner.threshold else { return Json::Null };
    json!({
        "threshold": threshold.0,
        "bound": threshold.bound(),
        "rounded_to": view.manner.round_to,
        "hides": view.table.hides(),
        "reason": view.note(),
    })
}

fn declared() -> Json {
    let lines = sanu_schemas::declared_organisations().iter();
    let lines = lines.map(|d| {
        json!({
            "district": d.district, "base": d.base, "unions": d.unions, "federations": d.federations,
        })
    });
    json!({
        "source": "CNSCOM-COOP-CA, assemblée générale du 17 décembre 2024",
        "districts": lines.collect::<Vec<_>>(),
    })
}

fn known(code: &str) -> Json {
    if code.is_empty() { Json::Null } else { code.into() }
}
