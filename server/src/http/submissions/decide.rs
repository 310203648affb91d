//! `PUT /v1/reviews/submissions/decisions/{id}` and many at once: accept, reject, return, comment,
//! reopen, correct, withdraw, force.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json,
    body::Body,
    extract::{RawPathParams, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::{Number, Value, json};
use uuid::Uuid;

use super::{
    correct::{self, Refused},
    find::find,
};
use crate::{
    access::Caller,
    app::App,
    http::{auth::By, body, problem::Problem, request::param, reviews::private},
    intake::{Action, Incoming, IntakeError, Outcome, Review, Sender},
    store::{
        ZoneId,
        submissions::{self, ReviewRow, SubmissionRow},
    },
};

/// How long a reviewer waits to hear what became of a decision.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long for many.
const PATIENCE_FOR_MANY: Duration = Duration::from_secs(30);
/// Characters of a reason or message.
pub(super) const REASON_MAX: usize = 2_000;
/// Answers of one correction.
const ANSWERS_MAX: usize = 100;
/// Decisions of one request.
const MANY: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    /// Only among many: the id of the decision.
    id: Option<Uuid>,
    /// The instance id, or the submission id.
    instance_id: String,
    action: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    version: Option<i64>,
    #[serde(default)]
    correction: Option<Uuid>,
    /// Of a correction: the new answers by path; `null` or an empty text removes one.
    #[serde(default)]
    answers: BTreeMap<String, Option<Given>>,
}

/// An answer as it is given: a form knows texts only, whoever writes JSON numbers too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Text(String),
    Number(Number),
    Boolean(bool),
}

impl Given {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Boolean(yes) => yes.to_string(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Many {
    decisions: Vec<Request>,
}

impl Request {
    /// What is to be done, when the rest is what that needs.
    fn check(&self) -> Result<Action, Problem> {
        let action = Action::parse(&self.action).ok_or_else(|| {
            let known = "accept, reject, return, comment, correct, withdraw, reopen, force";
            Problem::bad(format!("action: one of {known}"))
        })?;
        if self.reason.chars().count() > REASON_MAX {
            return Err(Problem::bad(format!("reason: at most {REASON_MAX} characters")));
        }
        let needs_words = matches!(
            action,
            Action::Return | Action::Reject | Action::Comment | Action::Correct | Action::Force
        );
        if needs_words && self.reason.trim().is_empty() {
            return Err(Problem::bad(
                "reason: needed to return, reject, comment, correct or force",
            ));
        }
        let corrects = action == Action::Correct;
        if corrects == self.answers.is_empty() || self.answers.len() > ANSWERS_MAX {
            return Err(Problem::bad(format!(
                "answers: of a correction, 1 to {ANSWERS_MAX}, by path"
            )));
        }
        match action {
            Action::Delete | Action::Restore => {
                Err(Problem::bad("action: entities are deleted at /v1/datasets"))
            }
            Action::Withdraw if self.correction.is_none() => {
                Err(Problem::bad("correction: the one that is taken back"))
            }
            _ => Ok(action),
        }
    }
}

/// A review on its way to the journal.
pub(super) struct Sent {
    pub(super) review: Review,
    pub(super) row: SubmissionRow,
}

/// `PUT /v1/reviews/submissions/decisions/{id}`
pub(in crate::http) async fn put(
    State(app): State<Arc<App>>,
    By(by): By,
    params: RawPathParams,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let id: Uuid = param(&params, "id")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Problem::bad("id: a UUID"))?;
    may(&by)?;
    let bytes = body::read(&headers, body, 64 * 1024).await?;
    let members = "{instance_id, action, reason, version, correction, answers}";
    let request: Request = body::json(&bytes, members)?;
    match understood(&app, &by, id, request).await {
        Ok(sent) => settle(&app, &by, sent).await,
        Err(Refused::Problem(problem)) => Err(problem),
        Err(Refused::Answers(wrong)) => Ok(correct::refused(&wrong)),
    }
}

/// Journals one review and says what became of it.
pub(super) async fn settle(app: &App, by: &Caller, sent: Sent) -> Result<Response, Problem> {
    let (id, zone) = (sent.review.review_id, sent.row.zone_id);
    let submission = sent.row.submission_id;
    let outcomes = journalled(app, by, vec![sent]).await?;
    if let Some(Outcome::Conflict { .. }) = outcomes.first() {
        return Err(Problem::new("decision-id-used", ""));
    }
    let taken = answered(app, &[(zone, id)], PATIENCE).await?;
    let Some(row) = taken.get(&id) else {
        // In the journal, and therefore certain to be taken.
        let body = json!({ "decision_id": id, "state": "received" });
        return Ok((StatusCode::ACCEPTED, Json(body)).into_response());
    };
    if let Some(kind) = refusal(row) {
        return Err(Problem::new(kind, ""));
    }
    let now = submissions::one(&mut app.base.db.read().await?, zone, submission).await?;
    let now = now.ok_or_else(Problem::not_found)?;
    let body = json!({
        "decision_id": id,
        "state": row.state,
        "submission": { "state": super::find::stands(&now), "version": now.seq },
    });
    Ok(private(Json(body).into_response()))
}

/// `POST /v1/reviews/submissions/decisions`: up to 500, each with its own outcome.
pub(in crate::http) async fn put_many(
    State(app): State<Arc<App>>,
    By(by): By,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    may(&by)?;
    let bytes = body::read(&headers, body, 1024 * 1024).await?;
    let many: Many = body::json(&bytes, "{decisions: [{id, instance_id, action, reason}]}")?;
    if many.decisions.is_empty() || many.decisions.len() > MANY {
        return Err(Problem::bad(format!("decisions: 1 to {MANY}")));
    }
    let mut results: Vec<(Option<Uuid>, Value)> = Vec::new();
    let mut sent = Vec::new();
    for request in many.decisions {
        let id = request.id;
        let checked = match id {
            Some(id) => understood(&app, &by, id, request).await,
            None => Err(Problem::bad("id: a UUID").into()),
        };
        match checked {
            Ok(one) => {
                results.push((id, Value::Null));
                sent.push(one);
            }
            Err(refused) => results.push((id, json!({ "problem": refused.kind() }))),
        }
    }
    let wanted: Vec<(ZoneId, Uuid)> =
        sent.iter().map(|s| (s.row.zone_id, s.review.review_id)).collect();
    let outcomes = journalled(&app, &by, sent).await?;
    let used = wanted.iter().zip(&outcomes);
    let used: Vec<Uuid> = used
        .filter(|(_, outcome)| matches!(outcome, Outcome::Conflict { .. }))
        .map(|((_, id), _)| *id)
        .collect();
    let taken = answered(&app, &wanted, PATIENCE_FOR_MANY).await?;
    let lines = results.into_iter().map(|(id, outcome)| {
        let mut line = json!({ "id": id });
        let outcome = match id.filter(|_| outcome.is_null()) {
            Some(id) if used.contains(&id) => json!({ "problem": "decision-id-used" }),
            Some(id) => match taken.get(&id) {
                Some(row) => refusal(row).map_or_else(
                    || json!({ "state": row.state }),
                    |kind| json!({ "problem": kind }),
                ),
                None => json!({ "state": "received" }),
            },
            None => outcome,
        };
        if let (Some(line), Value::Object(outcome)) = (line.as_object_mut(), outcome) {
            line.extend(outcome);
        }
        line
    });
    Ok(private(Json(json!({ "results": lines.collect::<Vec<_>>() })).into_response()))
}

fn may(by: &Caller) -> Result<(), Problem> {
    let may = by.role.may_review(false) || by.role.may_review(true);
    if may { Ok(()) } else { Err(Problem::forbidden()) }
}

async fn understood(app: &App, by: &Caller, id: Uuid, of: Request) -> Result<Sent, Refused> {
    let action = of.check()?;
    if matches!(action, Action::Withdraw | Action::Correct) && !by.role.may_correct() {
        return Err(Problem::forbidden().into());
    }
    let mut tx = app.base.db.read().await.map_err(Problem::from)?;
    let row = find(app, &mut tx, by, &of.instance_id).await?;
    drop(tx);
    let forms = app.base.catalogue.current().await.map_err(Problem::from)?;
    let review = Review {
        review_id: id,
        submission_id: row.submission_id,
        action,
        reason: of.reason,
        role: by.role.as_str().to_owned(),
        seen: of.version,
        correction: of.correction,
        answers: of
            .answers
            .into_iter()
            .map(|(path, given)| (path, given.map(Given::text).unwrap_or_default()))
            .collect(),
        corrected: String::new(),
        settled: None,
        children: forms.is_of_children(&row.form_id),
    };
    if review.action == Action::Correct {
        return correct::made(app, &forms, by.role, Sent { review, row }).await;
    }
    Ok(Sent { review, row })
}

async fn journalled(app: &App, by: &Caller, sent: Vec<Sent>) -> Result<Vec<Outcome>, Problem> {
    let incoming = sent.into_iter().map(|Sent { review, row }| {
        let sender = Sender {
            account_id: by.account_id,
            device_id: by.device_id,
            zone_id: row.zone_id,
            scope: by.scope.clone(),
        };
        Incoming::review(&review, (row.form_id, row.form_version), sender)
    });
    app.intake.accept(incoming.collect()).await.map_err(|error| match error {
        IntakeError::Busy => Problem::new("busy", ""),
        IntakeError::Db(error) if error.is_transient() => Problem::new("busy", ""),
        IntakeError::Db(_) => Problem::new("internal", ""),
    })
}

/// Waits until apply has reached these reviews, as long as that is worth it.
pub(in crate::http) async fn answered(
    app: &App,
    wanted: &[(ZoneId, Uuid)],
    patience: Duration,
) -> Result<HashMap<Uuid, ReviewRow>, Problem> {
    let mut progress = app.applier.progress();
    let until = tokio::time::Instant::now() + patience;
    loop {
        let mut tx = app.base.db.read().await?;
        let taken = submissions::taken(&mut tx, wanted).await?;
        drop(tx);
        let taken: HashMap<Uuid, ReviewRow> = taken.into_iter().map(|r| (r.review_id, r)).collect();
        let all = wanted.iter().all(|(_, id)| taken.contains_key(id));
        if all || !matches!(tokio::time::timeout_at(until, progress.changed()).await, Ok(Ok(()))) {
            return Ok(taken);
        }
    }
}

fn refusal(row: &ReviewRow) -> Option<&'static str> {
    match row.refusal.as_str() {
        "" => None,
        "changed" => Some("changed-meanwhile"),
        "undecodable" => Some("undecodable"),
        "breaks_rules" => Some("breaks-rules"),
        "erased" => Some("erased"),
        "not_held" => Some("not-held"),
        "no_correction" => Some("no-correction"),
        _ => Some("bad-parameter"),
    }
}
