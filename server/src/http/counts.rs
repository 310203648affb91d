//! `GET /v1/counts`: how many, by place and kind, as far as the reader may know.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};

use super::{
    auth::By,
    count_view::{Format, Question, answer},
    problem::Problem,
    request::query_pairs,
};
use crate::{
    access::{Caller, Role},
    app::App,
    counts::Dimension,
    geo::Division,
    store::cells::Reviewed,
};

/// Dimensions of one table: more would be a list of people.
const DIMENSIONS_MAX: usize = 4;

fn read(uri: &Uri, headers: &HeaderMap) -> Result<(Question, Format), Problem> {
    let mut format = Format::accepted(headers);
    let mut question = Question {
        of: String::new(),
        by: Vec::new(),
        division: Division::D2023,
        title: String::new(),
        beside: None,
        doubt: false,
        review: Reviewed::All,
    };
    for (name, value) in query_pairs(uri) {
        match name.as_str() {
            "of" => question.of = value,
            "by" => question.by = dimensions(&value)?,
            "division" => question.division = division(&value)?,
            "format" => format = Format::parse(&value)?,
            "review" => question.review = reviewed(&value)?,
            "doubt" if value == "1" || value == "0" => question.doubt = value == "1",
            "doubt" => return Err(Problem::bad("doubt: 1 or 0")),
            _ => return Err(Problem::bad("parameters: of, by, division, format, review, doubt")),
        }
    }
    let datasets = sanu_schemas::datasets();
    let Some(dataset) = datasets.iter().find(|d| d.name == question.of) else {
        let names: Vec<_> = datasets.into_iter().map(|d| d.name).collect();
        return Err(Problem::bad(format!("of: one of {}", names.join(", "))));
    };
    question.title.clone_from(&dataset.title_fr);
    if question.doubt && !["orpailleurs", "enfants"].contains(&question.of.as_str()) {
        return Err(Problem::bad("doubt: of orpailleurs or enfants"));
    }
    if question.doubt && question.review != Reviewed::All {
        return Err(Problem::bad("doubt: with review=all"));
    }
    Ok((question, format))
}

fn reviewed(text: &str) -> Result<Reviewed, Problem> {
    match text {
        "all" => Ok(Reviewed::All),
        "accepted" => Ok(Reviewed::Accepted),
        "pending" => Ok(Reviewed::Pending),
        _ => Err(Problem::bad("review: accepted, pending or all")),
    }
}

/// Reads the name of a division.
pub(super) fn division(text: &str) -> Result<Division, Problem> {
    text.parse().map_err(|_| Problem::bad("division: 2012 or 2023"))
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

fn asks_about_review(question: &Question) -> bool {
    question.review == Reviewed::Pending || question.by.contains(&Dimension::Review)
}

/// Who may ask what: the public reads the fixed tables; a child is only ever counted, and never
/// below the region for most.
fn may_ask(by: &Caller, question: &Question) -> bool {
    let coarse = question
        .by
        .iter()
        .all(|d| matches!(d, Dimension::Region | Dimension::Sex | Dimension::AgeGroup));
    match by.role {
        role if !role.may_count() => false,
        Role::Public => false,
        // What waits for review is a matter of those who see exact counts.
        role if asks_about_review(question)
            && !role.sees_exact_counts(question.is_of_children()) =>
        {
            false
        }
        role if question.is_of_children() && !role.sees_exact_counts(true) => coarse,
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
    let (question, format) = read(&uri, &headers)?;
    if !may_ask(&by, &question) {
        return Err(Problem::forbidden());
    }
    answer(&app, &by, &question, format).await
}
