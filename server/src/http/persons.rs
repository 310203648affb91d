//! `POST /v1/persons/access`: all that is held of a person, to be handed over to them.
//!
//! A POST although it only reads: a card and a reason do not belong into an address, which proxies write down.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{auth::By, body, problem::Problem, reviews::private};
use crate::{
    access::Caller,
    app::App,
    apply::{Held, HeldSubmission, Registered, card_key},
    db::Tx,
    runtime::Micros,
    store::{
        audit, pairs,
        persons::{self, Carrier},
        records, reviews, submissions,
    },
};

/// Characters of a reason.
const REASON_MAX: usize = 500;
/// Characters of a card.
const CARD_MAX: usize = 64;

/// What is asked for: `id` only where it is to be done once, whoever asks again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    id: Option<Uuid>,
    dataset: String,
    card: Option<String>,
    entity: Option<Uuid>,
    reason: String,
}

/// Whom a request is about, and why.
pub(super) struct About {
    /// Chosen by the client: the same again is the same act.
    pub(super) id: Option<Uuid>,
    pub(super) dataset: String,
    pub(super) reason: String,
    by: Sought,
}

enum Sought {
    Card(String),
    Entity(Uuid),
}

impl About {
    /// Of people only, by card or by the id of a registration, with a reason in one line. `expected` is told to
    /// whoever sends another shape.
    pub(super) async fn read(
        headers: &HeaderMap,
        body: Body,
        expected: &'static str,
    ) -> Result<Self, Problem> {
        let bytes = body::read(headers, body, 16 * 1024).await?;
        let request: Request =
            serde_json::from_slice(&bytes).map_err(|_| Problem::new("malformed", expected))?;
        if !matches!(request.dataset.as_str(), "orpailleurs" | "enfants") {
            return Err(Problem::bad("dataset: orpailleurs or enfants"));
        }
        let reason = request.reason.trim().to_owned();
        let long = reason.chars().count() > REASON_MAX;
        if reason.is_empty() || long || reason.chars().any(char::is_control) {
            return Err(Problem::bad(format!("reason: one line of 1 to {REASON_MAX} characters")));
        }
        let by = match (request.card, request.entity) {
            (Some(card), None) if card.len() <= CARD_MAX => Sought::Card(card),
            (None, Some(entity)) => Sought::Entity(entity),
            _ => return Err(Problem::bad("card or entity: one of the two")),
        };
        Ok(Self { id: request.id, dataset: request.dataset, reason, by })
    }

    pub(super) fn is_child(&self) -> bool {
        self.dataset == "enfants"
    }
}

/// The registration that shows the person, when the caller may see all of the person's registrations; the other people
/// who carry the same card are not there for a caller who may not see them.
///
/// A card that nobody carries, one that is no card and one of another zone take the same statements.
pub(super) async fn person(app: &App, by: &Caller, about: &About) -> Result<Carrier, Problem> {
    let mut tx = app.base.db.read().await?;
    let mut found = match &about.by {
        Sought::Card(card) => {
            // No card has this key.
            let key = card_key(&about.dataset, card, &app.base.keys).unwrap_or_default();
            persons::carriers(&mut tx, key).await?
        }
        Sought::Entity(id) => {
            let subject = reviews::subject(&mut tx, *id).await?;
            let subject = subject.filter(|s| s.dataset == about.dataset);
            let carrier = |s: reviews::Subject| Carrier {
                zone_id: s.zone_id,
                entity_id: s.entity_id,
                canonical_id: s.canonical_id,
            };
            subject.map(carrier).into_iter().collect()
        }
    };
    let people: BTreeSet<Uuid> = found.iter().map(|c| c.canonical_id).collect();
    let people: Vec<Uuid> = people.into_iter().collect();
    let zones = persons::zones_of_groups(&mut tx, &people).await?;
    let hidden: BTreeSet<Uuid> = zones
        .into_iter()
        .filter(|(_, zone)| !by.scope.contains(*zone))
        .map(|(person, _)| person)
        .collect();
    found.retain(|c| !hidden.contains(&c.canonical_id));
    let first = found.first().copied().ok_or_else(Problem::not_found)?;
    if found.iter().any(|c| c.canonical_id != first.canonical_id) {
        let ids: Vec<String> = found.iter().map(|c| c.entity_id.to_string()).collect();
        return Err(Problem::new("several-persons", ids.join(" ")));
    }
    Ok(first)
}

/// `POST /v1/persons/access`
pub(super) async fn access(
    State(app): State<Arc<App>>,
    By(by): By,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let expected = "expected {dataset, card or entity, reason}";
    let about = About::read(&headers, body, expected).await?;
    if about.id.is_some() {
        return Err(Problem::new("malformed", expected));
    }
    if !by.role.may_hand_over(about.is_child()) {
        return Err(Problem::forbidden());
    }
    let found = person(&app, &by, &about).await?;
    let mut tx = app.base.db.read().await?;
    let held = app.applier.held_of(&mut tx, found.entity_id, &about.dataset).await?;
    let held = held.ok_or_else(Problem::not_found)?;
    let body = written(&app, &mut tx, &by, &held).await?;
    drop(tx);
    note(&app, &by, "person.access", (found.entity_id, &about.reason)).await?;
    Ok(private(Json(body).into_response()))
}

async fn written(app: &App, tx: &mut Tx, by: &Caller, held: &Held) -> Result<Value, Problem> {
    let senders = records::senders(tx).await?;
    let name = |id: Option<Uuid>| id.and_then(|id| senders.get(&id).cloned());
    let mut sent = Vec::new();
    for one in &held.submissions {
        let said = said_of(app, tx, one).await?;
        let versions = one.versions.iter().map(|v| {
            let answers = v.answers.as_deref().and_then(|t| serde_json::from_str::<Value>(t).ok());
            json!({
                "kind": v.kind,
                "received_at": v.at.to_rfc3339(),
                "account": name(v.account_id),
                "device": name(v.device_id),
                "answers": answers,
            })
        });
        let files = one.files.iter().map(|f| {
            json!({ "name": f.name, "bytes": f.size, "type": f.content_type, "sha256": f.sha256 })
        });
        sent.push(json!({
            "submission_id": one.submission_id,
            "instance_id": one.instance_id,
            "form": one.form_id,
            "state": one.state,
            "review": one.review,
            "versions": versions.collect::<Vec<_>>(),
            "files": files.collect::<Vec<_>>(),
            "reviews": said,
        }));
    }
    let mut decisions = Vec::new();
    for registration in &held.registrations {
        let of = (registration.zone_id, registration.entity_id);
        let lines = pairs::decisions(tx, &by.scope, of.0, of.1).await?;
        let seqs: Vec<i64> = lines.iter().map(|d| d.seq).collect();
        let reasons = app.applier.reasons(tx, &seqs).await?;
        decisions.extend(lines.iter().map(|d| {
            json!({
                "decision_id": d.decision_id,
                "a": d.a,
                "b": d.b,
                "answer": d.answer,
                "state": d.state,
                "at": Micros(d.at).to_rfc3339(),
                "reason": reasons.get(&d.seq),
            })
        }));
    }
    Ok(json!({
        "registrations": held.registrations.iter().map(registration).collect::<Vec<_>>(),
        "submissions": sent,
        "decisions": decisions,
    }))
}

/// What people said of one submission.
async fn said_of(app: &App, tx: &mut Tx, of: &HeldSubmission) -> Result<Vec<Value>, Problem> {
    let lines = submissions::reviews(tx, of.zone_id, of.submission_id).await?;
    let seqs: Vec<i64> = lines.iter().map(|r| r.seq).collect();
    let words = app.applier.review_words(tx, &seqs).await?;
    let reason = |seq| words.iter().find(|(at, _)| *at == seq).map(|(_, r)| r.reason.as_str());
    let lines = lines.iter().map(|line| {
        json!({
            "action": line.action,
            "state": line.state,
            "at": line.at.to_rfc3339(),
            "reason": reason(line.seq),
        })
    });
    Ok(lines.collect())
}

fn registration(of: &Registered) -> Value {
    let [region, cercle, commune] = &of.places;
    json!({
        "id": of.entity_id,
        "canonical_id": of.canonical_id,
        "dataset": of.dataset,
        "registered_at": of.at.to_rfc3339(),
        "site_id": of.site_id,
        "region": region,
        "cercle": cercle,
        "commune": commune,
        "values": of.properties,
    })
}

/// Notes who did something of a person: the id and the reason, nothing else.
pub(super) async fn note(
    app: &App,
    by: &Caller,
    action: &'static str,
    (subject, detail): (Uuid, &str),
) -> Result<(), Problem> {
    let (actor, runtime) = (by.actor(), app.base.runtime.clone());
    let (subject, detail) = (subject.to_string(), detail.to_owned());
    app.base
        .db
        .with_tx("audit", move |tx| {
            let (actor, runtime) = (actor.clone(), runtime.clone());
            let (subject, detail) = (subject.clone(), detail.clone());
            Box::pin(
                async move { audit::note(tx, &runtime, &actor, action, &subject, &detail).await },
            )
        })
        .await?;
    Ok(())
}
