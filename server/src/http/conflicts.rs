//! `/v1/reviews/conflicts`: where two said something else of one entity, and what a person decides.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{RawPathParams, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    auth::By,
    body, case, lists,
    problem::Problem,
    request::{param, query_pairs},
    reviews::private,
    submissions::{answered, may_read},
};
use crate::{
    access::Caller,
    app::App,
    apply::{Conflict, Field, Side},
    catalogue::Snapshot,
    db::Tx,
    forms::Class,
    intake::{Action, Incoming, IntakeError, Outcome, Review, Sender, Settled},
    store::{
        ZoneId, audit,
        conflicts::{self, ConflictRow, Wanted},
        zones,
    },
};

/// How long a reviewer waits to hear what became of a decision.
const PATIENCE: Duration = Duration::from_secs(5);
/// Conflicts of one page, unless asked otherwise, and at most.
const LIMITS: (usize, usize) = (50, 500);
/// Characters of a reason, and bytes of a value that somebody writes.
const WORDS_MAX: usize = 2_000;

/// `GET /v1/reviews/conflicts`: what is not settled, by zone and entity.
pub(super) async fn queue(
    State(app): State<Arc<App>>,
    By(by): By,
    uri: Uri,
) -> Result<Response, Problem> {
    let (mut limit, mut after, mut wanted) = (LIMITS.0, first(), Wanted::default());
    for (name, value) in query_pairs(&uri) {
        match name.as_str() {
            "dataset" => wanted.dataset = Some(value),
            "level" if matches!(value.as_str(), "hard" | "soft") => wanted.level = Some(value),
            "limit" => {
                let number = value.parse().ok().filter(|n| (1..=LIMITS.1).contains(n));
                limit = number.ok_or_else(|| Problem::bad("limit: 1 to 500"))?;
            }
            "after" => {
                let place = read_place(&value);
                after = place.ok_or_else(|| Problem::bad("after: as `next` gave it"))?;
            }
            _ => return Err(Problem::bad("parameters: dataset, level (hard, soft), limit, after")),
        }
    }
    let forms = app.base.catalogue.current().await?;
    narrow(&by, &forms, &mut wanted)?;
    let mut tx = app.base.db.read().await?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = conflicts::queue(&mut tx, &by.scope, &wanted, after, most + 1).await?;
    let zones = zones::codes(&mut tx).await?;
    drop(tx);
    let next = (rows.len() > limit).then(|| rows.get(limit - 1).map(write_place)).flatten();
    let lines = rows.iter().take(limit).map(|row| {
        let mut line = line(row);
        if let Some(map) = line.as_object_mut() {
            map.insert(String::from("entity_id"), json!(row.entity_id));
            map.insert(String::from("dataset"), json!(row.dataset));
            map.insert(String::from("zone"), json!(zones.get(&row.zone_id)));
        }
        line
    });
    let body = json!({ "conflicts": lines.collect::<Vec<_>>(), "next": next });
    Ok(private(Json(body).into_response()))
}

/// The conflicts of an entity without their values, as its own page shows them.
pub(super) async fn of_entity(tx: &mut Tx, zone: ZoneId, id: Uuid) -> Result<Vec<Value>, Problem> {
    let rows = conflicts::of_entity(tx, zone, id).await?;
    Ok(rows.iter().map(line).collect())
}

fn line(row: &ConflictRow) -> Value {
    let fields: Vec<String> = serde_json::from_str(&row.fields).unwrap_or_default();
    json!({ "conflict": row.seq, "level": row.level, "state": row.state, "fields": fields })
}

fn narrow(by: &Caller, forms: &Snapshot, wanted: &mut Wanted) -> Result<(), Problem> {
    let (adults, children) = (by.role.may_review(false), by.role.may_review(true));
    if !adults && !children {
        return Err(Problem::forbidden());
    }
    if let Some(dataset) = &wanted.dataset {
        let may = by.role.may_review(lists::is_of_children(forms, dataset));
        return if may { Ok(()) } else { Err(Problem::forbidden()) };
    }
    let mut names: Vec<String> =
        forms.all().iter().filter_map(|p| p.form.dataset.clone()).collect();
    names.sort();
    names.dedup();
    names.retain(|name| !by.role.may_review(lists::is_of_children(forms, name)));
    wanted.but = names;
    if !adults {
        // Who reviews children alone sees no other list, whoever made it.
        wanted.dataset = Some(String::from("enfants"));
    }
    Ok(())
}

const fn first() -> (ZoneId, Uuid, i64) {
    (ZoneId(i32::MIN), Uuid::nil(), i64::MIN)
}

fn write_place(row: &ConflictRow) -> String {
    format!("{}_{}_{}", row.zone_id.0, row.entity_id.simple(), row.seq)
}

fn read_place(text: &str) -> Option<(ZoneId, Uuid, i64)> {
    let (zone, rest) = text.split_once('_')?;
    let (id, seq) = rest.split_once('_')?;
    Some((ZoneId(zone.parse().ok()?), id.parse().ok()?, seq.parse().ok()?))
}

/// An entity that the caller may review: where it is, its list, and what two said of it.
struct Seen {
    zone_id: ZoneId,
    dataset: String,
    children: bool,
    version: i64,
    conflicts: Vec<Conflict>,
}

async fn seen(app: &App, tx: &mut Tx, by: &Caller, id: Uuid) -> Result<Seen, Problem> {
    let of = app.applier.registered(tx, &[id]).await?.pop().ok_or_else(Problem::not_found)?;
    let forms = app.base.catalogue.current().await?;
    let children = lists::is_of_children(&forms, &of.dataset);
    if !by.scope.contains(of.zone_id) || !by.role.may_review(children) {
        return Err(Problem::not_found());
    }
    let found = app.applier.conflicts(tx, id).await?;
    let (version, conflicts) = found.ok_or_else(Problem::not_found)?;
    Ok(Seen { zone_id: of.zone_id, dataset: of.dataset, children, version, conflicts })
}

/// `GET /v1/reviews/conflicts/{entity_id}`: each conflict with both values, as far as the role may read them.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    By(by): By,
    params: RawPathParams,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !(by.role.may_review(false) || by.role.may_review(true)) {
        return Err(Problem::forbidden());
    }
    let id = id_of(&params)?;
    let reason = case::reason(&uri, &headers)?;
    let mut tx = app.base.db.read().await?;
    let seen = seen(&app, &mut tx, &by, id).await?;
    if seen.children && reason.is_none() {
        return Err(Problem::new("reason-needed", ""));
    }
    let sides = seen
        .conflicts
        .iter()
        .flat_map(|c| c.fields.iter().map(|f| f.by.seq).chain([c.mine.seq, c.theirs.seq]));
    let senders = conflicts::senders(&mut tx, sides.collect()).await?;
    drop(tx);
    note(&app, &by, id, reason.unwrap_or_default()).await?;
    let forms = app.base.catalogue.current().await?;
    let side = |of: &Side| {
        let (account_id, device_id) = senders.get(&of.seq).copied().unwrap_or_default();
        json!({ "version": of.seq, "submission_id": of.submission_id, "at": of.at.to_rfc3339(),
            "account_id": account_id, "device_id": device_id })
    };
    let field = |of: &Field| {
        let class = class_of(&forms, &seen.dataset, of);
        if may_read(by.role, seen.children, class) {
            json!({ "name": of.name, "base": of.base, "theirs": of.theirs, "mine": of.mine, "by": side(&of.by) })
        } else {
            json!({ "name": of.name, "hidden": true, "by": side(&of.by) })
        }
    };
    let told = seen.conflicts.iter().map(|c| {
        json!({
            "conflict": c.mine.seq,
            "level": c.level().as_str(),
            "state": if c.settled.is_some() { "settled" } else { "open" },
            "mine": side(&c.mine),
            "theirs": side(&c.theirs),
            "fields": c.fields.iter().map(field).collect::<Vec<_>>(),
        })
    });
    let body = json!({
        "entity_id": id,
        "dataset": seen.dataset,
        "version": seen.version,
        "conflicts": told.collect::<Vec<_>>(),
    });
    Ok(private(Json(body).into_response()))
}

fn id_of(params: &RawPathParams) -> Result<Uuid, Problem> {
    param(params, "id").and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
}

/// The class of a property; what no form declares is read as an identity.
fn class_of(forms: &Snapshot, dataset: &str, field: &Field) -> Class {
    if field.is_open {
        return Class::None;
    }
    let of = forms.all().into_iter().filter(|p| p.form.dataset.as_deref() == Some(dataset));
    let mut questions = of.flat_map(|p| &p.form.questions);
    let question = questions.find(|q| q.property.as_deref() == Some(&field.name));
    question.map_or(Class::Direct, |q| q.class)
}

/// Every reading of values is noted: who, and which entity.
async fn note(app: &App, by: &Caller, id: Uuid, why: String) -> Result<(), Problem> {
    let (actor, runtime, subject) = (by.actor(), app.base.runtime.clone(), id.to_string());
    app.base
        .db
        .with_tx("audit", move |tx| {
            let (actor, runtime) = (actor.clone(), runtime.clone());
            let (subject, why) = (subject.clone(), why.clone());
            Box::pin(async move {
                audit::note(tx, &runtime, &actor, "review", &subject, &format!("conflicts {why}"))
                    .await
            })
        })
        .await?;
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    entity_id: Uuid,
    /// The update: `conflict` as it was read.
    conflict: i64,
    /// The version of the entity that the reviewer saw.
    version: i64,
    /// What holds, for each field of a hard conflict.
    #[serde(default)]
    fields: BTreeMap<String, Choice>,
    #[serde(default)]
    reason: String,
}

/// Whose value holds from here on.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Choice {
    Mine,
    Theirs,
    Value(Value),
}

/// `PUT /v1/reviews/conflicts/decisions/{id}`
pub(super) async fn put(
    State(app): State<Arc<App>>,
    By(by): By,
    params: RawPathParams,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let id = id_of(&params).map_err(|_| Problem::bad("id: a UUID"))?;
    if !by.role.may_correct() {
        return Err(Problem::forbidden());
    }
    let bytes = body::read(&headers, body, 64 * 1024).await?;
    let request: Request = body::json(&bytes, "{entity_id, conflict, version, fields, reason}")?;
    if request.reason.chars().count() > WORDS_MAX {
        return Err(Problem::bad(format!("reason: at most {WORDS_MAX} characters")));
    }
    let mut tx = app.base.db.read().await?;
    let seen = seen(&app, &mut tx, &by, request.entity_id).await?;
    drop(tx);
    // The same decision again is the same, though the conflict is settled by it.
    let known = answered(&app, &[(seen.zone_id, id)], Duration::ZERO).await?;
    if known.is_empty() && seen.version != request.version {
        return Err(Problem::new("changed-meanwhile", ""));
    }
    let forms = app.base.catalogue.current().await?;
    let settled = decided(&by, &forms, &seen, &request)?;
    let review = Review {
        review_id: id,
        submission_id: request.entity_id,
        action: Action::Settle,
        reason: request.reason,
        role: by.role.as_str().to_owned(),
        seen: Some(request.version),
        correction: None,
        answers: BTreeMap::new(),
        corrected: String::new(),
        settled: Some(settled),
        children: seen.children,
    };
    journalled(&app, &by, review, seen.zone_id).await
}

/// The values that hold: every field of the conflict is decided, by one of the two values or another of its kind.
fn decided(
    by: &Caller,
    forms: &Snapshot,
    seen: &Seen,
    request: &Request,
) -> Result<Settled, Problem> {
    let conflict = seen.conflicts.iter().find(|c| c.mine.seq == request.conflict);
    let conflict = conflict.ok_or_else(Problem::not_found)?;
    let names: Vec<&String> = conflict.fields.iter().map(|f| &f.name).collect();
    if !request.fields.keys().eq(names.iter().copied()) {
        return Err(Problem::bad(format!(
            "fields: each of them, mine, theirs or {{value}}: {names:?}"
        )));
    }
    let mut settled = Settled {
        dataset: seen.dataset.clone(),
        conflict: request.conflict,
        open: BTreeMap::new(),
        sealed: BTreeMap::new(),
    };
    for (field, choice) in conflict.fields.iter().zip(request.fields.values()) {
        if !may_read(by.role, seen.children, class_of(forms, &seen.dataset, field)) {
            return Err(Problem::forbidden());
        }
        let value = match choice {
            Choice::Mine => &field.mine,
            Choice::Theirs => &field.theirs,
            Choice::Value(value) if is_like(value, field) => value,
            Choice::Value(_) => {
                return Err(Problem::bad(format!("fields.{}: another kind of value", field.name)));
            }
        };
        let into = if field.is_open { &mut settled.open } else { &mut settled.sealed };
        into.insert(field.name.clone(), value.clone());
    }
    Ok(settled)
}

fn is_like(value: &Value, field: &Field) -> bool {
    let kind = |v: &Value| (v.is_string(), v.is_i64(), v.is_f64(), v.is_array(), v.is_object());
    let known = [&field.mine, &field.theirs, &field.base];
    let is_short = value.to_string().len() <= WORDS_MAX;
    is_short
        && (value.is_null() || known.into_iter().any(|v| !v.is_null() && kind(v) == kind(value)))
}

async fn journalled(
    app: &App,
    by: &Caller,
    review: Review,
    zone_id: ZoneId,
) -> Result<Response, Problem> {
    let (id, entity) = (review.review_id, review.submission_id);
    let sender = Sender {
        account_id: by.account_id,
        device_id: by.device_id,
        zone_id,
        scope: by.scope.clone(),
    };
    let incoming = Incoming::review(&review, (String::new(), String::new()), sender);
    let outcomes = app.intake.accept(vec![incoming]).await.map_err(|error| match error {
        IntakeError::Busy => Problem::new("busy", ""),
        IntakeError::Db(error) if error.is_transient() => Problem::new("busy", ""),
        IntakeError::Db(_) => Problem::new("internal", ""),
    })?;
    if let Some(Outcome::Conflict { .. }) = outcomes.first() {
        return Err(Problem::new("decision-id-used", ""));
    }
    let taken = answered(app, &[(zone_id, id)], PATIENCE).await?;
    let (status, state) = match taken.get(&id).map(|row| row.refusal.as_str()) {
        // In the journal, and therefore certain to be taken.
        None => (StatusCode::ACCEPTED, "received"),
        Some("") => (StatusCode::OK, "taken"),
        Some("changed") => return Err(Problem::new("changed-meanwhile", "")),
        Some(_) => return Err(Problem::not_found()),
    };
    let body = json!({ "decision_id": id, "state": state, "entity_id": entity });
    Ok(private((status, Json(body)).into_response()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_queue_reads_back_and_others_are_refused() {
        let row = ConflictRow {
            zone_id: ZoneId(3),
            entity_id: Uuid::from_u128(9),
            seq: 41,
            dataset: String::new(),
            level: String::new(),
            state: String::new(),
            fields: String::new(),
        };
        assert_eq!(read_place(&write_place(&row)), Some((ZoneId(3), Uuid::from_u128(9), 41)));
        assert_eq!(read_place("3_x_1"), None);
        assert_eq!(read_place("3"), None);
    }
}
