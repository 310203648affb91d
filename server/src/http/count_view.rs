//! A table of counts for one reader: from the cells or from what is published of them, as JSON or a
//! file.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use sanu_schemas::{Beside, Realm};
use serde_json::{Map, Value as Json, json};

use super::{
    count_doubt::{Doubts, doubts},
    problem::Problem,
};
use crate::{
    access::{Caller, Role},
    app::App,
    counts::{Axis, Dimension, Manner, Shown, Table, share},
    export::{Entry, Sheet},
    geo::Division,
    publication,
    runtime::Micros,
    store::{
        cells::{self, Reviewed},
        doubt::in_review,
    },
};

/// The public reads numbers of persons rounded to this.
const PUBLIC_ROUNDING: i64 = 5;

/// What is asked.
pub(super) struct Question {
    /// The dataset.
    pub(super) of: String,
    /// The dimensions, in the order of the columns.
    pub(super) by: Vec<Dimension>,
    /// Which places.
    pub(super) division: Division,
    /// The title of the table.
    pub(super) title: String,
    /// Figures of another source to show beside.
    pub(super) beside: Option<Beside>,
    /// Whether the expected number of distinct people is asked for.
    pub(super) doubt: bool,
    /// Which of what is registered, where the reader may choose.
    pub(super) review: Reviewed,
}

impl Question {
    /// Whether children are counted.
    pub(super) fn is_of_children(&self) -> bool {
        let datasets = sanu_schemas::datasets();
        datasets.iter().any(|d| d.name == self.of && d.realm == Realm::Children)
    }
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// For programs.
    Json,
    /// Comma-separated, for programs.
    Csv,
    /// Semicolons and a byte order mark, for French Excel.
    Excel,
    /// A workbook.
    Xlsx,
}

impl Format {
    /// What the request prefers when it does not name one.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if accept.starts_with("text/csv") { Self::Csv } else { Self::Json }
    }

    /// Reads the name of a format.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            "excel" => Ok(Self::Excel),
            "xlsx" => Ok(Self::Xlsx),
            _ => Err(Problem::bad("format: json, csv, excel or xlsx")),
        }
    }
}

/// The table as this reader may see it.
struct View {
    table: Table,
    manner: Manner,
    at: Micros,
    review: Reviewed,
    in_review: InReview,
    doubts: Option<Doubts>,
}

/// What waits for review, beside what is counted.
struct InReview {
    /// Of what is registered, 0 to 1.
    share: f64,
    /// How many, and the records that are not accepted by how they stand; for who sees exact counts.
    exact: Option<(i64, Vec<(String, i64)>)>,
}

/// Answers the question as far as this reader may know. Whether it may be asked is decided before.
pub(super) async fn answer(
    app: &App,
    by: &Caller,
    question: &Question,
    format: Format,
) -> Result<Response, Problem> {
    if question.doubt && format != Format::Json {
        return Err(Problem::bad("doubt: with format=json"));
    }
    let view = view(app, by, question).await?;
    let file = |kind, extension: &str, bytes: Vec<u8>| {
        let name = format!("attachment; filename=\"{}.{extension}\"", question.of);
        ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name.as_str())], bytes)
            .into_response()
    };
    let mut response = match format {
        Format::Json => axum::Json(as_json(question, &view)).into_response(),
        Format::Csv => file("text/csv; charset=utf-8", "csv", codes(question, &view).csv()),
        Format::Excel => file("text/csv; charset=utf-8", "csv", words(question, &view).excel_csv()),
        Format::Xlsx => file(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
            words(question, &view).xlsx(),
        ),
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

async fn view(app: &App, by: &Caller, question: &Question) -> Result<View, Problem> {
    let axes: Vec<Axis> = question.by.iter().map(|d| d.axis(question.division)).collect();
    let threshold = publication::threshold(&question.of);
    let public = by.role == Role::Public;
    let exact = threshold.is_none() || by.role.sees_exact_counts(question.is_of_children());
    if exact && !public {
        let mut tx = app.base.db.read().await?;
        let (scope, of) = (&by.scope, &question.of);
        // Who is not at work on the register reads official figures.
        let at_work = by.role.sees_exact_counts(question.is_of_children());
        let review = if at_work { question.review } else { Reviewed::Accepted };
        let lines = cells::grouped(&mut tx, scope, of, review, &axes).await?;
        let (accepted, pending) = cells::accepted_and_pending(&mut tx, scope, of).await?;
        let records = in_review(&mut tx, scope, of).await?;
        let in_review =
            InReview { share: share(accepted, pending), exact: Some((pending, records)) };
        drop(tx);
        let doubts =
            if question.doubt { Some(doubts(app, by, &question.of, &axes).await?) } else { None };
        let (table, at) = (Table::new(lines, Manner::EXACT), app.base.runtime.now());
        return Ok(View { table, manner: Manner::EXACT, at, review, in_review, doubts });
    }
    // Open pairs are about single people.
    if question.doubt {
        return Err(Problem::forbidden());
    }
    let published = if public {
        app.base.publication.of_month(&question.of).await?
    } else {
        app.base.publication.current(&question.of).await?
    };
    let round_to = if public && threshold.is_some() { PUBLIC_ROUNDING } else { 1 };
    let manner = Manner { threshold, round_to };
    let lines = published.release.table(&axes, by.scope.zones().as_deref());
    let table = Table::new(lines, manner);
    let in_review = InReview { share: published.release.share_in_review(), exact: None };
    let review = Reviewed::Accepted;
    Ok(View { table, manner, at: published.at, review, in_review, doubts: None })
}

fn as_json(question: &Question, view: &View) -> Json {
    let cells: Vec<Json> = view
        .table
        .cells
        .iter()
        .map(|cell| {
            let mut line = Map::new();
            for (dimension, code) in question.by.iter().zip(&cell.codes) {
                line.insert(dimension.name().to_owned(), known(code));
                line.insert(format!("{}_label", dimension.name()), label(*dimension, code).into());
            }
            line.insert(String::from("n"), cell.n.number().into());
            if let Some(reason) = cell.n.reason() {
                line.insert(String::from("suppressed"), reason.code().into());
            }
            if let Some((doubts, n)) = view.doubts.as_ref().zip(cell.n.number()) {
                line.insert(String::from("doubt"), doubts.of(&cell.codes, n));
            }
            Json::Object(line)
        })
        .collect();
    let mut answer = json!({
        "of": question.of,
        "title": question.title,
        "by": question.by.iter().map(|d| d.name()).collect::<Vec<_>>(),
        "division": question.division.code(),
        "basis": basis(view.review),
        "at": view.at.to_rfc3339(),
        "cells": cells,
        "total": view.table.total.number(),
        "suppression": suppression(view),
    });
    if let Some(map) = answer.as_object_mut() {
        if let Some(Beside::DeclaredOrganisations) = question.beside {
            map.insert(String::from("declared"), declared());
        }
        map.insert(String::from("in_review"), as_beside(&view.in_review));
        if let Some((doubts, n)) = view.doubts.as_ref().zip(view.table.total.number()) {
            map.insert(String::from("doubt"), doubts.total(n));
        }
    }
    answer
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
        "reason": note(view),
    })
}

fn note(view: &View) -> Option<String> {
    let threshold = view.manner.threshold?;
    let mut note = format!(
        "Chiffres protégés : chaque nombre est proche du vrai sans lui être égal, et ceux qui sont \
         inférieurs à {} ne sont pas montrés.",
        threshold.0
    );
    if view.manner.round_to > 1 {
        note = format!("{note} Arrondis à {}.", view.manner.round_to);
    }
    Some(note)
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

fn label(dimension: Dimension, code: &str) -> String {
    if code.is_empty() { String::from("Non connu") } else { dimension.label(code) }
}

fn number(n: Shown) -> Entry {
    n.number().map_or(Entry::Empty, Entry::Number)
}

/// The table for programs: codes and labels.
fn codes(question: &Question, view: &View) -> Sheet {
    let mut head: Vec<String> = Vec::new();
    for dimension in &question.by {
        head.extend([dimension.name().to_owned(), format!("{}_label", dimension.name())]);
    }
    head.extend([String::from("n"), String::from("suppressed")]);
    let rows = view.table.cells.iter().map(|cell| {
        let places = question.by.iter().zip(&cell.codes);
        let mut row: Vec<Entry> =
            places.flat_map(|(d, code)| [code.clone(), label(*d, code)]).map(Entry::Text).collect();
        let reason = cell.n.reason().map_or("", |r| r.code());
        row.extend([number(cell.n), Entry::Text(reason.to_owned())]);
        row
    });
    Sheet { title: String::new(), notes: Vec::new(), head, rows: rows.collect() }
}

/// The table for people: French words, a total, declared figures beside.
fn words(question: &Question, view: &View) -> Sheet {
    let mut head: Vec<String> = question.by.iter().map(|d| d.title_fr().to_owned()).collect();
    head.push(String::from("Effectif"));
    let hidden = view.manner.threshold.map(|t| format!("moins de {}", t.0)).unwrap_or_default();
    let shown = |n: Shown| match n {
        Shown::Number(n) => Entry::Number(n),
        Shown::Not(_) => Entry::Text(hidden.clone()),
    };
    let mut rows: Vec<Vec<Entry>> = Vec::new();
    for cell in &view.table.cells {
        let words = question.by.iter().zip(&cell.codes).map(|(d, code)| label(*d, code));
        rows.push(words.map(Entry::Text).chain([shown(cell.n)]).collect());
    }
    let mut total = vec![Entry::Text(String::from("Total"))];
    total.resize(question.by.len().max(1), Entry::Empty);
    total.push(shown(view.table.total));
    rows.push(total);
    if question.by.is_empty() {
        head.insert(0, String::new());
    }
    if let Some(Beside::DeclaredOrganisations) = question.beside {
        beside(&mut head, &mut rows, &view.table);
    }
    let mut notes = vec![format!(
        "État au {} (UTC), divisions administratives de {}. Source : registre Sanu, {} ; en relecture : {} %.",
        view.at.to_rfc3339(),
        question.division.code(),
        match view.review {
            Reviewed::All => "fiches enregistrées",
            Reviewed::Accepted => "fiches acceptées",
            Reviewed::Pending => "fiches en relecture",
        },
        (view.in_review.share * 100.0).round(),
    )];
    notes.extend(note(view));
    Sheet { title: question.title.clone(), notes, head, rows }
}

/// Declared figures in columns of their own: beside every district, and lines for districts that
/// were declared and where nothing is registered.
fn beside(head: &mut Vec<String>, rows: &mut Vec<Vec<Entry>>, table: &Table) {
    let declared = sanu_schemas::declared_organisations();
    head.extend(
        ["Déclarées : base", "Déclarées : unions", "Déclarées : fédérations"].map(String::from),
    );
    let figures = |code: &str| {
        let found = declared.iter().find(|d| d.district == code);
        match found {
            Some(d) => [d.base, d.unions, d.federations].map(Entry::Number),
            None => [Entry::Empty, Entry::Empty, Entry::Empty],
        }
    };
    for (row, cell) in rows.iter_mut().zip(&table.cells) {
        row.extend(figures(cell.codes.first().map_or("", String::as_str)));
    }
    let total = rows.pop();
    for missing in declared
        .iter()
        .filter(|d| !table.cells.iter().any(|c| c.codes.first() == Some(&d.district)))
    {
        let name = label(Dimension::District, &missing.district);
        let row = [Entry::Text(name), Entry::Number(0)];
        rows.push(row.into_iter().chain(figures(&missing.district)).collect());
    }
    if let Some(mut total) = total {
        let sum = |of: fn(&sanu_schemas::DeclaredOrganisations) -> i64| {
            Entry::Number(declared.iter().map(of).sum())
        };
        total.extend([sum(|d| d.base), sum(|d| d.unions), sum(|d| d.federations)]);
        rows.push(total);
    }
}
