//! `GET /v1/tables`: the fixed tables, by name; all that the public may read of the counts.

use std::sync::Arc;

use axum::{
    extract::{RawPathParams, State},
    http::{HeaderMap, Uri},
    response::{IntoResponse as _, Response},
};
use sanu_schemas::FixedTable;
use serde_json::json;

use super::{
    auth::By,
    count_days::past_day,
    count_view::{Format, Question, answer},
    counts::{division, may_ask},
    problem::Problem,
    request::{param, query_pairs},
};
use crate::{
    access::{Caller, Role},
    app::App,
    counts::{Cube, Dimension},
    geo::Division,
    store::cells::Reviewed,
};

fn may_read(by: &Caller, table: &FixedTable) -> bool {
    match by.role {
        Role::Public => table.public,
        role => role.may_count(),
    }
}

/// `GET /v1/tables`: those that the reader may have.
pub(super) async fn list(By(by): By, uri: Uri) -> Result<Response, Problem> {
    if !query_pairs(&uri).is_empty() {
        return Err(Problem::bad("parameters: none"));
    }
    if by.role != Role::Public && !by.role.may_count() {
        return Err(Problem::forbidden());
    }
    let tables = sanu_schemas::tables().iter().filter(|t| may_read(&by, t));
    let tables = tables.map(|t| {
        json!({ "name": t.name, "title": t.title_fr, "of": t.dataset, "by": t.by, "public": t.public })
    });
    Ok(axum::Json(json!({ "tables": tables.collect::<Vec<_>>() })).into_response())
}

/// `GET /v1/tables/{name}`
pub(super) async fn table(
    State(app): State<Arc<App>>,
    By(by): By,
    path: RawPathParams,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let name = param(&path, "name").unwrap_or_default();
    let known = sanu_schemas::tables().iter().find(|t| t.name == name);
    // A table that is not for the reader is as one that does not exist.
    let Some(table) = known.filter(|t| may_read(&by, t)) else { return Err(Problem::not_found()) };
    let mut format = Format::accepted(&headers);
    let mut question = Question::of(&table.dataset, &table.title_fr);
    question.by = table.by.iter().filter_map(|name| Dimension::parse(name)).collect();
    question.beside = table.beside;
    question.review = Some(Reviewed::Accepted);
    for (name, value) in query_pairs(&uri) {
        match name.as_str() {
            "division" => question.division = division(&value)?,
            "format" => format = Format::parse(&value)?,
            "as_of" => question.as_of = past_day(&value, app.base.runtime.now())?,
            _ => return Err(Problem::bad("parameters: division, format, as_of")),
        }
    }
    // What is published of origins is of the whole country by its regions of today.
    if by.role != Role::Public && !may_ask(&by, &question) {
        return Err(Problem::forbidden());
    }
    if by.role == Role::Public
        && question.cube()? == Cube::Profile
        && question.division == Division::D2012
    {
        return Err(Problem::bad("division: 2023"));
    }
    answer(&app, &by, &question, format).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_of_a_fixed_table_is_known() {
        for table in sanu_schemas::tables() {
            assert!(table.by.iter().all(|d| Dimension::parse(d).is_some()), "{}", table.name);
        }
    }
}
