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
    apply::{Aside, Held, Registered, Wanted, card_key},
    db::Tx,
    keys::MasterKeys,
    rules::{card_as_printed, card_is_valid},
    runtime::Micros,
    store::{
        ZoneId, audit, pairs,
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
    /// Of people only, by card, however it is written, or by the id of a registration, with a reason in one line. `expected`
    /// is told to whoever sends another shape.
    pub(super) async fn read(
        headers: &HeaderMap,
        body: Body,
        expected: &str,
    ) -> Result<Self, Problem> {
        let bytes = body::read(headers, body, 16 * 1024).await?;
        let request: Request = body::json(&bytes, expected)?;
        if !matches!(request.dataset.as_str(), "orpailleurs" | "enfants") {
            return Err(Problem::bad("dataset: orpailleurs or enfants"));
        }
        let reason = request.reason.trim().to_owned();
        let long = reason.chars().count() > REASON_MAX;
        if reason.is_empty() || long || reason.chars().any(char::is_control) {
            return Err(Problem::bad(format!("reason: one line of 1 to {REASON_MAX} characters")));
        }
        let by = match (request.card, request.entity) {
            (Some(card), None) if card.len() <= CARD_MAX => Sought::Card(as_printed(&card)?),
            (None, Some(entity)) => Sought::Entity(entity),
            _ => return Err(Problem::bad("card or entity: one of the two")),
        };
        Ok(Self { id: request.id, dataset: request.dataset, reason, by })
    }

    pub(super) fn is_child(&self) -> bool {
        self.dataset == "enfants"
    }

    /// Whom this id is asked to erase, as a keyed hash: it tells a resend from another request and does not bring
    /// back the card (ADR 16).
    pub(super) fn asked(&self, id: Uuid, keys: &MasterKeys) -> [u8; 32] {
        let whom = match &self.by {
            Sought::Card(card) => format!("card {card}"),
            Sought::Entity(id) => format!("entity {id}"),
        };
        keys.lookup_hash("erasure", &format!("{id} {} {whom}", self.dataset))
    }

    /// The answer when nobody is found, or nobody whom the caller may see: the same for both.
    fn unknown(&self) -> Problem {
        let detail = match self.by {
            Sought::Card(_) => "card: no registration carries it, or this account may not see it",
            Sought::Entity(_) => {
                "entity: no registration has this id, or this account may not see it"
            }
        };
        Problem::new("not-found", detail)
    }

    /// Whether it names this registration itself.
    pub(super) fn names(&self, entity: Uuid, dataset: &str) -> bool {
        self.dataset == dataset && matches!(self.by, Sought::Entity(id) if id == entity)
    }
}

/// A card as it is printed, `ORP-0000001-B`, whatever stood between its parts. A wrong check character is a slip of the
/// pen: it says nothing of who carries what.
fn as_printed(card: &str) -> Result<String, Problem> {
    let Some(printed) = card_as_printed(card) else { return Ok(card.trim().to_uppercase()) };
    if card_is_valid(&printed) {
        return Ok(printed);
    }
    Err(Problem::bad("card: its check character is wrong: read the number again"))
}

/// The registration that shows the person, when the caller may see all of the person's registrations; the other people
/// who carry the same card are not there for a caller who may not see them.
///
/// A card that nobody carries, one that is no card and one of another zone take the same statements.
pub(super) async fn person(app: &App, by: &Caller, about: &About) -> Result<Carrier, Problem> {
    let mut tx = app.base.db.read().await?;
    let (mut found, wanted) = match &about.by {
        Sought::Card(card) => {
            // No card has this key.
            let key = card_key(&about.dataset, card, &app.base.keys).unwrap_or_default();
            (persons::carriers(&mut tx, key).await?, Some(Wanted::Card(key)))
        }
        Sought::Entity(id) => {
            let subject = reviews::subject(&mut tx, *id).await?;
            let subject = subject.filter(|s| s.dataset == about.dataset);
            let carrier = |s: reviews::Subject| Carrier {
                zone_id: s.zone_id,
                entity_id: s.entity_id,
                canonical_id: s.canonical_id,
            };
            let wanted = subject.is_none().then_some(Wanted::Entity(*id));
            (subject.map(carrier).into_iter().collect(), wanted)
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
    if let Some(wanted) = wanted {
        let aside = aside(app, &mut tx, by, (&about.dataset, wanted, &found)).await?;
        found.extend(aside);
    }
    let first = found.first().copied().ok_or_else(|| about.unknown())?;
    if found.iter().any(|c| c.canonical_id != first.canonical_id) {
        let ids: Vec<String> = found.iter().map(|c| c.entity_id.to_string()).collect();
        return Err(Problem::new("several-persons", ids.join(" ")));
    }
    Ok(first)
}

/// Who is not in the register: of one card and one sex one person, as erasing takes them; not who goes with somebody
/// found there, and not who has something that the caller may not see.
async fn aside(
    app: &App,
    tx: &mut Tx,
    by: &Caller,
    (dataset, wanted, registered): (&str, Wanted, &[Carrier]),
) -> Result<Vec<Carrier>, Problem> {
    let all = app.applier.aside(tx, dataset, wanted).await?;
    let registered: Vec<Uuid> = registered.iter().map(|c| c.entity_id).collect();
    let sexes = persons::sexes(tx, &registered).await?;
    let is_known = |of: &Aside| {
        of.sex.as_ref().map_or(!registered.is_empty(), |sex| sexes.contains(sex.as_str()))
    };
    let mut people: Vec<(Option<String>, Vec<Aside>)> = Vec::new();
    for one in all.into_iter().filter(|one| !is_known(one)) {
        let is_same = |(sex, members): &&mut (Option<String>, Vec<Aside>)| {
            let named = members.iter().any(|m| m.entity_id == one.entity_id);
            named || sex.is_none() || one.sex.is_none() || *sex == one.sex
        };
        if let Some((sex, members)) = people.iter_mut().find(is_same) {
            *sex = sex.take().or_else(|| one.sex.clone());
            members.push(one);
        } else {
            people.push((one.sex.clone(), vec![one]));
        }
    }
    let mut found = Vec::new();
    for (_, members) in people {
        let mut zones: BTreeSet<ZoneId> = members.iter().map(|m| m.zone_id).collect();
        for member in &members {
            zones.extend(persons::zones_deleted_with(tx, member.entity_id).await?);
        }
        let first = members.first().filter(|_| zones.iter().all(|zone| by.scope.contains(*zone)));
        found.extend(first.map(|one| Carrier {
            zone_id: one.zone_id,
            entity_id: one.entity_id,
            canonical_id: one.entity_id,
        }));
    }
    Ok(found)
}

/// `POST /v1/persons/access`
pub(super) async fn access(
    State(app): State<Arc<App>>,
    By(by): By,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let expected = "{dataset, card or entity, reason}";
    let about = About::read(&headers, body, expected).await?;
    if about.id.is_some() {
        return Err(Problem::new(
            "malformed",
            format!("expected {expected}: `id` is not one of them"),
        ));
    }
    if !by.role.may_hand_over(about.is_child()) {
        return Err(Problem::forbidden());
    }
    let found = person(&app, &by, &about).await?;
    let mut tx = app.base.db.read().await?;
    let held = app.applier.held_of(&mut tx, found.entity_id, &about.dataset).await?;
    let held = held.ok_or_else(|| about.unknown())?;
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
        let said = said_of(app, tx, (one.zone_id, one.submission_id)).await?;
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
    let (mut decisions, mut registrations) = (Vec::new(), Vec::new());
    for registered in &held.registrations {
        let of = (registered.zone_id, registered.entity_id);
        // Why it was deleted and put back, and what was decided where two contradicted each other.
        registrations.push(registration(registered, &said_of(app, tx, of).await?));
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
        "registrations": registrations,
        "submissions": sent,
        "decisions": decisions,
    }))
}

/// What people said of one submission, or of one registration.
async fn said_of(
    app: &App,
    tx: &mut Tx,
    (zone, id): (ZoneId, Uuid),
) -> Result<Vec<Value>, Problem> {
    let lines = submissions::reviews(tx, zone, id).await?;
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

fn registration(of: &Registered, said: &[Value]) -> Value {
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
        "reviews": said,
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
