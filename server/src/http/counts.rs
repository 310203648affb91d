//! `GET /v1/counts`: how many, by place and kind, as far as the reader may know.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Map, Value as Json, json};

use super::{auth::By, problem::Problem, request::query_pairs};
use crate::{
    access::{Caller, Role},
    app::App,
    counts::{Dimension, Table, exact, suppressed, threshold},
    geo::Division,
    store::cells,
};

struct Question {
    of: String,
    by: Vec<Dimension>,
    division: Division,
    csv: bool,
}

/// Dimensions of one table: more would be a list of people.
const DIMENSIONS_MAX: usize = 4;

impl Question {
    fn read(uri: &Uri, headers: &HeaderMap) -> Result<Self, Problem> {
        let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let mut question = Self {
            of: String::new(),
            by: Vec::new(),
            division: Division::D2023,
            csv: accept.starts_with("text/csv"),
        };
        for (name, value) in query_pairs(uri) {
            match name.as_str() {
                "of" => question.of = value,
                "by" => question.by = dimensions(&value)?,
                "division" => {
                    question.division =
                        value.parse().map_err(|_| Problem::bad("division: 2012 or 2023"))?;
                }
                "format" if value == "csv" || value == "json" => question.csv = value == "csv",
                "format" => return Err(Problem::bad("format: json or csv")),
                _ => return Err(Problem::bad("parameters: of, by, division, format")),
            }
        }
        if !sanu_schemas::datasets().iter().any(|d| d.name == question.of) {
            let names: Vec<_> = sanu_schemas::datasets().into_iter().map(|d| d.name).collect();
            return Err(Problem::bad(format!("of: one of {}", names.join(", "))));
        }
        Ok(question)
    }
}

fn dimensions(text: &str) -> Result<Vec<Dimension>, Problem> {
    let mut by = Vec::new();
    for name in text.split(',').map(str::trim).filter(|n| !n.is_empty()) {
        let known = || Dimension::all().map(Dimension::name).collect::<Vec<_>>().join(", ");
        let dimension = Dimension::parse(name)
            .ok_or_else(|| Problem::bad(format!("by: any of {}", known())))?;
        if by.contains(&dimension) {
            return Err(Problem::bad("by: each dimension once"));
        }
        by.push(dimension);
    }
    if by.len() > DIMENSIONS_MAX {
        return Err(Problem::bad(format!("by: at most {DIMENSIONS_MAX} dimensions")));
    }
    Ok(by)
}

/// Who may ask what: a child is only ever counted, and never below the region for most.
fn may_ask(by: &Caller, question: &Question, children: bool) -> bool {
    let coarse = question
        .by
        .iter()
        .all(|d| matches!(d, Dimension::Region | Dimension::Sex | Dimension::AgeGroup));
    match by.role {
        role if !role.may_count() => false,
        Role::Public => question.by.iter().all(|d| *d == Dimension::Region),
        role if children && !role.sees_exact_counts(true) => coarse,
        _ => true,
    }
}

/// `GET /v1/counts`
pub(super) async fn counts(
    State(app): State<Arc<App>>,
    By(by): By,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let question = Question::read(&uri, &headers)?;
    let children = sanu_schemas::datasets()
        .iter()
        .any(|d| d.name == question.of && d.realm == sanu_schemas::Realm::Children);
    if !may_ask(&by, &question, children) {
        return Err(Problem::forbidden());
    }
    let mut tx = app.base.db.read().await?;
    let cells =
        cells::grouped(&mut tx, &by.scope, &question.of, &question.by, question.division).await?;
    drop(tx);
    let open =
        by.role.sees_exact_counts(children) || (question.of == "sites" && by.role != Role::Public);
    let least = threshold(children);
    let table = if open { exact(cells) } else { suppressed(cells, least) };
    let mut response = if question.csv {
        ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], as_csv(&question, &table))
            .into_response()
    } else {
        let now = app.base.runtime.now().to_rfc3339();
        axum::Json(as_json(&question, &table, least, &now)).into_response()
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

fn as_json(question: &Question, table: &Table, least: i64, now: &str) -> Json {
    let cells: Vec<Json> = table
        .cells
        .iter()
        .map(|cell| {
            let mut line = Map::new();
            for (dimension, code) in question.by.iter().zip(&cell.codes) {
                line.insert(dimension.name().to_owned(), known(code));
                line.insert(format!("{}_label", dimension.name()), label(*dimension, code).into());
            }
            line.insert(String::from("n"), cell.n.into());
            if cell.n.is_none() {
                line.insert(String::from("suppressed"), true.into());
            }
            Json::Object(line)
        })
        .collect();
    let hidden = table.cells.iter().any(|c| c.n.is_none());
    json!({
        "of": question.of,
        "by": question.by.iter().map(|d| d.name()).collect::<Vec<_>>(),
        "division": question.division.code(),
        // Every applied record counts until review exists; the word says so.
        "basis": "registered",
        "at": now,
        "cells": cells,
        "total": table.total,
        "suppression": hidden.then(|| json!({
            "threshold": least,
            "reason": "cells under the threshold, and cells that would give them away, are not shown",
        })),
    })
}

fn known(code: &str) -> Json {
    if code.is_empty() { Json::Null } else { code.into() }
}

fn label(dimension: Dimension, code: &str) -> String {
    if code.is_empty() { String::from("Non connu") } else { dimension.label(code) }
}

fn as_csv(question: &Question, table: &Table) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    let mut head: Vec<String> = Vec::new();
    for dimension in &question.by {
        head.extend([dimension.name().to_owned(), format!("{}_label", dimension.name())]);
    }
    head.extend([String::from("n"), String::from("suppressed")]);
    writer.write_record(&head).expect("writing to a Vec cannot fail");
    for cell in &table.cells {
        let mut line: Vec<String> = Vec::new();
        for (dimension, code) in question.by.iter().zip(&cell.codes) {
            line.extend([code.clone(), label(*dimension, code)]);
        }
        line.push(cell.n.map(|n| n.to_string()).unwrap_or_default());
        line.push(String::from(if cell.n.is_none() { "yes" } else { "no" }));
        writer.write_record(&line).expect("writing to a Vec cannot fail");
    }
    writer.into_inner().expect("writing to a Vec cannot fail")
}
