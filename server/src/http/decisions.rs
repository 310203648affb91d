//! `PUT /v1/reviews/decisions/{id}`: a reviewer's answer about two registrations.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{RawPathParams, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{auth::By, body, problem::Problem, request::param};
use crate::{
    access::Caller,
    app::App,
    intake::{Answer, Decision, Incoming, IntakeError, Outcome, Sender},
    store::{
        ZoneId,
        reviews::{self, DecisionState, Subject},
    },
};

/// How long a reviewer waits to hear what became of the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Characters of a reason.
const REASON_MAX: usize = 2_000;
/// Properties that one decision may choose.
const CHOICES_MAX: usize = 200;
/// Bytes of a property's name.
const NAME_MAX: usize = 64;

const MINERS: &str = "orpailleurs";
const CHILDREN: &str = "enfants";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    a: Uuid,
    b: Uuid,
    answer: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    choices: BTreeMap<String, Uuid>,
    #[serde(default)]
    replaces: Option<Uuid>,
}

impl Request {
    async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        let bytes = body::read(headers, body, 64 * 1024).await?;
        let request: Self = body::json(&bytes, "{a, b, answer, reason, choices, replaces}")?;
        if request.a == request.b {
            return Err(Problem::bad("a, b: two different ids"));
        }
        if request.reason.chars().count() > REASON_MAX {
            return Err(Problem::bad(format!("reason: at most {REASON_MAX} characters")));
        }
        let long = request.choices.keys().any(|name| name.len() > NAME_MAX);
        if long || request.choices.len() > CHOICES_MAX {
            return Err(Problem::bad(format!(
                "choices: at most {CHOICES_MAX} properties, names of at most {NAME_MAX} bytes"
            )));
        }
        if request.answer()? != Answer::Same && !request.choices.is_empty() {
            return Err(Problem::bad("choices: only with the answer \"same\""));
        }
        Ok(request)
    }

    fn answer(&self) -> Result<Answer, Problem> {
        Answer::parse(&self.answer).ok_or_else(|| {
            let known = "same, different, relative, twins, cannot_tell, unmerge";
            Problem::bad(format!("answer: one of {known}"))
        })
    }
}

/// Both ends, which must be known and in scope.
pub(super) async fn both(
    app: &App,
    by: &Caller,
    a: Uuid,
    b: Uuid,
) -> Result<(Subject, Subject), Problem> {
    let mut tx = app.base.db.read().await?;
    let (one, other) = (reviews::subject(&mut tx, a).await?, reviews::subject(&mut tx, b).await?);
    let seen = |s: &Subject| by.scope.contains(s.zone_id);
    match (one.filter(seen), other.filter(seen)) {
        (Some(one), Some(other)) => Ok((one, other)),
        _ => Err(unknown()),
    }
}

/// The answer about two of whom one is not there for the caller. It does not say which: who asks with one id that is there
/// and is not theirs to see would learn from it that it is there.
pub(super) fn unknown() -> Problem {
    let detail = "a, b: one of the two is not registered, or this account may not see it";
    Problem::new("not-found", detail)
}

/// Datasets whose duplicates people decide.
pub(super) fn is_reviewed(dataset: &str) -> bool {
    matches!(dataset, "orpailleurs" | "enfants" | "sites" | "cooperatives")
}

/// `PUT /v1/reviews/decisions/{id}`
pub(super) async fn put(
    State(app): State<Arc<App>>,
    By(by): By,
    params: RawPathParams,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let id: Uuid = param(&params, "id")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Problem::bad("id: a UUID"))?;
    if !(by.role.may_decide(false) || by.role.may_decide(true)) {
        return Err(Problem::forbidden());
    }
    let request = Request::read(&headers, body).await?;
    let (a, b) = both(&app, &by, request.a, request.b).await?;
    let (dataset, answer) = about(&by, &a, &b, &request)?;
    // The decision lives in the zone of the smaller id.
    let zone_id = if a.entity_id < b.entity_id { a.zone_id } else { b.zone_id };
    let decision = Decision {
        decision_id: id,
        a: request.a,
        b: request.b,
        dataset,
        answer,
        reason: request.reason,
        choices: request.choices,
        role: by.role.as_str().to_owned(),
        replaces: request.replaces,
    };
    let sender = Sender {
        account_id: by.account_id,
        device_id: by.device_id,
        zone_id,
        scope: by.scope.clone(),
    };
    journalled(&app, Incoming::decision(&decision, sender)).await?;
    answered(&app, zone_id, id).await
}

/// What an answer is about, and what it says of these two. A miner and a child are the children's: whether
/// they are one person is for those who decide about children, and the answer never merges them.
fn about(
    by: &Caller,
    a: &Subject,
    b: &Subject,
    request: &Request,
) -> Result<(String, Answer), Problem> {
    let answer = request.answer()?;
    let child = |s: &Subject| s.dataset == CHILDREN;
    // A child is not found by those who may not decide about children.
    if !by.role.may_decide(child(a) || child(b)) {
        return Err(unknown());
    }
    let with_miner = |one: &Subject, other: &Subject| child(one) && other.dataset == MINERS;
    if with_miner(a, b) || with_miner(b, a) {
        if !request.choices.is_empty() {
            return Err(Problem::bad("choices: a miner and a child are never merged"));
        }
        let answer = match answer {
            Answer::Same => Answer::AgeWrong,
            other => other,
        };
        return Ok((CHILDREN.to_owned(), answer));
    }
    if a.dataset != b.dataset || !is_reviewed(&a.dataset) {
        return Err(Problem::bad("a, b: two entities of one dataset that is reviewed"));
    }
    if answer == Answer::AgeWrong {
        return Err(Problem::bad("answer: \"age_wrong\" is of a miner and a child"));
    }
    Ok((a.dataset.clone(), answer))
}

async fn journalled(app: &App, incoming: Incoming) -> Result<(), Problem> {
    let outcomes = app.intake.accept(vec![incoming]).await.map_err(|error| match error {
        IntakeError::Busy => Problem::new("busy", ""),
        IntakeError::Db(error) if error.is_transient() => Problem::new("busy", ""),
        IntakeError::Db(_) => Problem::new("internal", ""),
    })?;
    match outcomes.first() {
        Some(Outcome::Accepted { .. } | Outcome::Duplicate { .. }) => Ok(()),
        Some(Outcome::Conflict { .. }) => Err(Problem::new("decision-id-used", "")),
        Some(Outcome::Erased { .. }) | None => Err(Problem::new("internal", "")),
    }
}

/// Waits until apply has reached the decision, and says what became of it.
async fn answered(app: &App, zone: ZoneId, id: Uuid) -> Result<Response, Problem> {
    let mut progress = app.applier.progress();
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let mut tx = app.base.db.read().await?;
        let state = reviews::decision_state(&mut tx, zone, id).await?;
        drop(tx);
        if let Some(state) = state {
            return as_response(id, &state);
        }
        let moved = tokio::time::timeout_at(until, progress.changed()).await;
        if !matches!(moved, Ok(Ok(()))) {
            // In the journal, and therefore certain to be taken.
            let body = json!({ "decision_id": id, "state": "received" });
            return Ok((StatusCode::ACCEPTED, Json(body)).into_response());
        }
    }
}

fn as_response(id: Uuid, state: &DecisionState) -> Result<Response, Problem> {
    if state.state == "refused" {
        let kind = match state.refusal.as_str() {
            "decided" => "already-decided",
            "kept_apart" => "kept-apart",
            "not_merged" => "not-merged",
            "hard_stop" => "hard-stop",
            "second_reviewer" => "second-reviewer",
            "group_too_large" => "group-too-large",
            _ => "bad-parameter",
        };
        let detail = state.in_the_way.map(|d| format!("decision {d}")).unwrap_or_default();
        return Err(Problem::new(kind, detail));
    }
    let body = json!({ "decision_id": id, "state": state.state });
    let mut response = (StatusCode::OK, Json(body)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
