//! `GET /v1/counts`: how many, by place and kind, as far as the reader may know.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};

use super::{
    auth::By,
    count_days::past_day,
    count_view::{Format, Question, answer},
    problem::Problem,
    request::query_pairs,
};
use crate::{
    access::{Caller, Role},
    app::App,
    counts::{Axis, Cube, Dimension, SUBMISSIONS},
    geo::Division,
    publication::threshold,
    runtime::Micros,
    store::{Scope, cells::Reviewed},
};

/// Dimensions of one table: more would be a list of people.
const DIMENSIONS_MAX: usize = 4;

fn read(uri: &Uri, headers: &HeaderMap, now: Micros) -> Result<(Question, Format), Problem> {
    let mut format = Format::accepted(headers);
    let mut question = Question::of("", "");
    let mut dated = false;
    for (name, value) in query_pairs(uri) {
        match name.as_str() {
            "of" => question.of = value,
            "by" => question.by = dimensions(&value)?,
            "division" => question.division = division(&value)?,
            "format" => format = Format::parse(&value)?,
            "review" => question.review = Some(reviewed(&value)?),
            "as_of" => (question.as_of, dated) = (past_day(&value, now)?, true),
            "doubt" if value == "1" || value == "0" => question.doubt = value == "1",
            "doubt" => return Err(Problem::bad("doubt: 1 or 0")),
            _ => return Err(Problem::bad(PARAMETERS)),
        }
    }
    if dated && question.review.is_none() && question.of != SUBMISSIONS {
        // Of today as of any day: what is accepted, so that tomorrow the same question is not about something else.
        question.review = Some(Reviewed::Accepted);
    }
    question.title = title(&question.of)?;
    if question.doubt {
        doubtful(&question)?;
    }
    question.cube()?;
    Ok((question, format))
}

const PARAMETERS: &str = "parameters: of, by, division, format, review, as_of, doubt";

/// The French title of what is counted.
fn title(of: &str) -> Result<String, Problem> {
    if of == SUBMISSIONS {
        return Ok(String::from("Fiches reçues"));
    }
    let datasets = sanu_schemas::datasets();
    let Some(dataset) = datasets.iter().find(|d| d.name == of) else {
        let names: Vec<_> = datasets.into_iter().map(|d| d.name).collect();
        return Err(Problem::bad(format!("of: one of {}, {SUBMISSIONS}", names.join(", "))));
    };
    Ok(dataset.title_fr.clone())
}

/// Whether open pairs can be told of what is asked.
fn doubtful(question: &Question) -> Result<(), Problem> {
    if !["orpailleurs", "enfants"].contains(&question.of.as_str()) {
        return Err(Problem::bad("doubt: of orpailleurs or enfants"));
    }
    if question.review.is_some_and(|review| review != Reviewed::All) || question.as_of.is_some() {
        return Err(Problem::bad("doubt: with review=all, of today"));
    }
    let plain = |d: &Dimension| d.axis(question.division).index().is_some();
    if question.cube()? != Cube::Place || !question.by.iter().all(plain) {
        return Err(Problem::bad("doubt: by places, sex and age"));
    }
    Ok(())
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
    for name in text.split(',').map(str::trim) {
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

/// Whether a question can be answered from what is published: by places, sex and age, or by what people
/// are and their region, of the whole country. Past the region, another tree would be a second sample.
fn is_published(by: &Caller, question: &Question) -> bool {
    let axes = question.axes();
    let kept = |axis: &Axis| axis.index().is_some();
    match question.cube() {
        Ok(Cube::Place) => axes.iter().all(kept),
        Ok(Cube::Profile) => {
            by.scope == Scope::All && axes.iter().all(kept) && !axes.contains(&Axis::Region2012)
        }
        _ => false,
    }
}

/// Who may ask what: the public reads the fixed tables; a child is only ever counted, and never
/// below the region for most; beside exact counts there is only what is published.
pub(super) fn may_ask(by: &Caller, question: &Question) -> bool {
    let coarse = question
        .by
        .iter()
        .all(|d| matches!(d, Dimension::Region | Dimension::Sex | Dimension::AgeGroup));
    let of_children = question.is_of_children();
    let is_exact = question.is_exact_for(by.role);
    let pending = question.review == Some(Reviewed::Pending)
        || (question.of != SUBMISSIONS && question.by.contains(&Dimension::Review));
    match by.role {
        role if !role.may_count() => false,
        Role::Public => false,
        // What waits for review, and what came in, are a matter of those who see exact counts.
        role if pending || question.of == SUBMISSIONS => role.sees_exact_counts(of_children),
        _ if of_children && !is_exact => coarse,
        _ if threshold(&question.of).is_some() && !is_exact => is_published(by, question),
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
    let (question, format) = read(&uri, &headers, app.base.runtime.now())?;
    if !may_ask(&by, &question) {
        return Err(Problem::forbidden());
    }
    answer(&app, &by, &question, format).await
}
