//! `GET /v1/reviews/submissions`: what waits for a decision.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::Uri,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::find::{as_json, forms_of_children};
use crate::{
    access::Caller,
    app::App,
    catalogue::Snapshot,
    db::Tx,
    http::{auth::By, problem::Problem, request::query_pairs, reviews::private},
    import,
    intake::Import,
    runtime::Micros,
    store::{
        ZoneId, doubt,
        submissions::{self, SubmissionRow, Wanted},
        zones,
    },
};

/// Submissions of one page.
const LIMIT: usize = 50;
/// The most of one page.
const LIMIT_MAX: usize = 500;
/// Submissions that one request reads when it asks for a rule that few break.
const READ_MAX: usize = 5_000;
const STATES: [&str; 8] =
    ["received", "flagged", "quarantined", "held", "accepted", "rejected", "returned", "edited"];

struct Question {
    wanted: Wanted,
    zone: Option<String>,
    rule: Option<String>,
    limit: usize,
    after: (ZoneId, Uuid),
}

impl Question {
    fn read(uri: &Uri) -> Result<Self, Problem> {
        let mut question = Self {
            wanted: Wanted::default(),
            zone: None,
            rule: None,
            limit: LIMIT,
            after: (ZoneId(i32::MIN), Uuid::nil()),
        };
        for (name, value) in query_pairs(uri) {
            question.take(&name, value)?;
        }
        Ok(question)
    }

    fn take(&mut self, name: &str, value: String) -> Result<(), Problem> {
        match name {
            "state" if STATES.contains(&value.as_str()) => self.wanted.state = value,
            "state" => return Err(Problem::bad(format!("state: {}", STATES.join(", ")))),
            "form" => self.wanted.form = Some(value),
            "zone" => self.zone = Some(value),
            "rule" => self.rule = Some(value),
            "device" => {
                let id = value.parse().map_err(|_| Problem::bad("device: its id"))?;
                self.wanted.device = Some(id);
            }
            "since" => self.wanted.since = Some(since(&value)?),
            "limit" => {
                let limit = value.parse().ok().filter(|n| (1..=LIMIT_MAX).contains(n));
                self.limit =
                    limit.ok_or_else(|| Problem::bad(format!("limit: 1 to {LIMIT_MAX}")))?;
            }
            "after" => {
                self.after =
                    read_place(&value).ok_or_else(|| Problem::bad("after: as `next` gave it"))?;
            }
            _ => {
                let known = "parameters: state, form, zone, rule, device, since, limit, after";
                return Err(Problem::bad(known));
            }
        }
        Ok(())
    }
}

/// A day or a moment.
fn since(text: &str) -> Result<Micros, Problem> {
    let moment = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let moment: Result<jiff::Timestamp, _> = moment.parse();
    moment
        .map(|at| Micros(at.as_microsecond()))
        .map_err(|_| Problem::bad("since: 2026-11-21 or 2026-11-21T08:00:00Z"))
}

/// A place in the queue as text: opaque to the client.
fn write_place(row: &SubmissionRow) -> String {
    let mut bytes = row.zone_id.0.to_be_bytes().to_vec();
    bytes.extend(row.submission_id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_place(text: &str) -> Option<(ZoneId, Uuid)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (zone, rest) = bytes.split_first_chunk::<4>()?;
    let id = rest.first_chunk::<16>().filter(|_| rest.len() == 16)?;
    Some((ZoneId(i32::from_be_bytes(*zone)), Uuid::from_bytes(*id)))
}

/// `GET /v1/reviews/submissions`
pub(in crate::http) async fn queue(
    State(app): State<Arc<App>>,
    By(by): By,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut question = Question::read(&uri)?;
    let forms = app.base.catalogue.current().await?;
    narrow(&by, &forms, &mut question.wanted)?;
    let mut tx = app.base.db.read().await?;
    let zones: HashMap<ZoneId, String> =
        zones::all(&mut tx).await?.into_iter().map(|z| (z.zone_id, z.code)).collect();
    if let Some(code) = &question.zone {
        let zone = zones.iter().find(|(id, known)| *known == code && by.scope.contains(**id));
        question.wanted.zone = Some(*zone.ok_or_else(|| Problem::bad("zone: a code"))?.0);
    }
    let (rows, next) = page(&mut tx, &by, &question).await?;
    let lines =
        rows.iter().map(|row| as_json(row, zones.get(&row.zone_id).map_or("", String::as_str)));
    let mut body = json!({ "submissions": lines.collect::<Vec<_>>(), "next": next });
    if !by.role.may_review(true)
        && let Some(map) = body.as_object_mut()
    {
        // Of children a supervisor reads quality figures only.
        let figures = doubt::in_review(&mut tx, &by.scope, "enfants").await?;
        let figures: Map<String, Value> =
            figures.into_iter().map(|(state, n)| (state, n.into())).collect();
        map.insert(String::from("children"), Value::Object(figures));
    }
    Ok(private(Json(body).into_response()))
}

/// Leaves out what the caller may not review.
fn narrow(by: &Caller, forms: &Snapshot, wanted: &mut Wanted) -> Result<(), Problem> {
    let (adults, children) = (by.role.may_review(false), by.role.may_review(true));
    if !adults && !children {
        return Err(Problem::forbidden());
    }
    if let Some(form) = &wanted.form {
        if by.role.may_review(forms.is_of_children(form)) {
            return Ok(());
        }
        return Err(Problem::forbidden());
    }
    let about_children = forms_of_children(forms);
    if !children {
        wanted.but = about_children;
    } else if !adults {
        let all = forms.all();
        let mut others: Vec<String> = all.iter().map(|p| p.form.form_id.clone()).collect();
        others.retain(|id| !about_children.contains(id));
        others.sort();
        others.dedup();
        wanted.but = others;
    }
    // Base lists are taken back whole, where they were loaded.
    wanted.but.extend(import::lists().into_iter().map(Import::form_id));
    Ok(())
}

/// The next submissions that break the rule asked for, and where to go on.
async fn page(
    tx: &mut Tx,
    by: &Caller,
    question: &Question,
) -> Result<(Vec<SubmissionRow>, Option<String>), Problem> {
    let mut rows = Vec::new();
    let mut after = question.after;
    let mut read = 0;
    loop {
        let wanted = i64::try_from(question.limit).unwrap_or(0);
        let found = submissions::queue(tx, &by.scope, &question.wanted, after, wanted).await?;
        let is_last = found.len() < question.limit;
        read += found.len();
        let mut next = None;
        for row in found {
            after = (row.zone_id, row.submission_id);
            next = Some(write_place(&row));
            if question.rule.as_ref().is_none_or(|rule| breaks(&row, rule)) {
                rows.push(row);
            }
            if rows.len() == question.limit {
                return Ok((rows, next));
            }
        }
        if is_last {
            return Ok((rows, None));
        }
        if read >= READ_MAX {
            return Ok((rows, next));
        }
    }
}

fn breaks(row: &SubmissionRow, rule: &str) -> bool {
    let violations: Vec<Value> = serde_json::from_str(&row.violations).unwrap_or_default();
    violations.iter().any(|v| v["rule"] == rule)
}
