//! One pair with its evidence, and the history of one registration.

use std::{collections::BTreeMap, sync::Arc};

use axum::response::IntoResponse as _;
use axum::{
    Json,
    extract::{RawPathParams, State},
    response::Response,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    auth::By,
    decisions::{both, is_reviewed},
    problem::Problem,
    request::param,
    reviews::{as_json, family, private},
};
use crate::{
    access::{Caller, ReviewTier},
    app::App,
    apply::Registered,
    db::Tx,
    linkage::{
        Comparison, Stop,
        places::{self, PlaceComparison},
    },
    runtime::Micros,
    store::{
        ZoneId, audit,
        pairs::{self, DecisionLine, Pair},
        reviews::{self, Subject},
    },
};

fn id(params: &RawPathParams, name: &'static str) -> Result<Uuid, Problem> {
    param(params, name).and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
}

/// What of these the caller may read; what may not be read is not found.
fn tier(by: &Caller, datasets: &[&str]) -> Result<ReviewTier, Problem> {
    if !datasets.iter().all(|d| is_reviewed(d)) {
        return Err(Problem::not_found());
    }
    by.role.review_tier(datasets.contains(&"enfants")).ok_or_else(Problem::not_found)
}

/// `GET /v1/reviews/duplicates/{a}/{b}`
pub(super) async fn pair(
    State(app): State<Arc<App>>,
    By(by): By,
    params: RawPathParams,
) -> Result<Response, Problem> {
    let (a, b) = (id(&params, "a")?, id(&params, "b")?);
    if a == b {
        return Err(Problem::bad("a, b: two different ids"));
    }
    let (a, b) = both(&app, &by, a.min(b), a.max(b)).await?;
    let tier = tier(&by, &[a.dataset.as_str(), b.dataset.as_str()])?;
    let people = app.applier.people();
    let people = people.read().await;
    let account = people.compare(a.entity_id, b.entity_id).as_ref().map(|a| evidence(a, tier));
    let account =
        account.or_else(|| people.compare_places(a.entity_id, b.entity_id).as_ref().map(of_places));
    drop(people);
    let mut tx = app.base.db.read().await?;
    let found = app.applier.registered(&mut tx, &[a.entity_id, b.entity_id]).await?;
    let [one, other] = found.as_slice() else { return Err(Problem::not_found()) };
    let open = open_pair(&mut tx, &by, &a, &b).await?;
    let relatives = match &open {
        Some(open) => family(&mut tx, &by.scope, open).await?,
        None => Vec::new(),
    };
    let decided = pairs::decisions(&mut tx, &by.scope, a.zone_id, a.entity_id).await?;
    let decided: Vec<_> =
        decided.into_iter().filter(|d| (d.a, d.b) == (a.entity_id, b.entity_id)).collect();
    let reasons = reasons(&app, &mut tx, tier, &decided).await?;
    drop(tx);
    if tier == ReviewTier::Identity {
        note(&app, &by, format!("{} {}", a.entity_id, b.entity_id)).await?;
    }
    let distance = one.position.zip(other.position).map(|(x, y)| x.metres_to(y).round());
    let body = json!({
        "a": registration(one, tier),
        "b": registration(other, tier),
        "together": a.canonical_id == b.canonical_id,
        "distance_m": distance,
        "seconds_between": (one.at.0 - other.at.0).abs() / 1_000_000,
        "pair": open.as_ref().map(as_json),
        "evidence": account,
        "family": relatives.iter().map(as_json).collect::<Vec<_>>(),
        "decisions": decided.iter().map(|d| decision(d, &reasons)).collect::<Vec<_>>(),
    });
    Ok(private(Json(body).into_response()))
}

async fn open_pair(
    tx: &mut Tx,
    by: &Caller,
    a: &Subject,
    b: &Subject,
) -> Result<Option<Pair>, Problem> {
    let around = pairs::around(tx, &by.scope, a.zone_id, a.entity_id).await?;
    Ok(around.into_iter().find(|p| p.a == a.entity_id && p.b == b.entity_id))
}

/// A registration, with its values for those who may see identity.
fn registration(of: &Registered, tier: ReviewTier) -> Value {
    let [region, cercle, commune] = &of.places;
    let mut line = json!({
        "id": of.entity_id,
        "canonical_id": of.canonical_id,
        "dataset": of.dataset,
        "registered_at": of.at.to_rfc3339(),
        "site_id": of.site_id,
        "region": region,
        "cercle": cercle,
        "commune": commune,
    });
    if tier == ReviewTier::Identity
        && let Some(map) = line.as_object_mut()
    {
        // A referral is nobody's business but the focal point's; a position adds nothing to a place.
        let values: BTreeMap<_, _> = of
            .properties
            .iter()
            .filter(|(name, _)| !name.starts_with("referral.") && name.as_str() != "geometry")
            .collect();
        map.insert(String::from("values"), json!(values));
    }
    line
}

/// The account of two people. Its sentences quote names and births: words for those who may see identity,
/// levels and weights for the others.
fn evidence(account: &Comparison, tier: ReviewTier) -> Value {
    let named = tier == ReviewTier::Identity;
    let lines: Vec<Value> = account
        .fields
        .iter()
        .map(|e| {
            json!({
                "field": e.field, "level": e.level, "weight": e.weight,
                "fr": named.then_some(&e.words_fr), "en": named.then_some(&e.words_en),
            })
        })
        .collect();
    let stops: Vec<Value> = account
        .stops
        .iter()
        .map(|stop| {
            let (fr, en) = words(stop);
            json!({ "stop": stop, "fr": fr, "en": en })
        })
        .collect();
    json!({
        "fields": lines,
        "weight": account.total,
        "probability": account.probability,
        "relative": account.relative,
        "conclusion": account.verdict,
        "stops": stops,
        "model": account.model,
    })
}

fn of_places(account: &PlaceComparison) -> Value {
    let lines: Vec<Value> = account
        .evidence
        .iter()
        .map(|e| {
            let (fr, en) = e.words();
            json!({ "field": e.clue, "level": e.level, "weight": e.weight, "fr": fr, "en": en })
        })
        .collect();
    json!({
        "fields": lines,
        "weight": account.weight,
        "probability": account.probability,
        "relative": 0,
        "conclusion": if account.is_shown() { "review" } else { "unrelated" },
        "stops": [],
        "model": places::MODEL,
    })
}

/// Why a pair is never merged by itself, for the person who decides.
const fn words(stop: Stop) -> (&'static str, &'static str) {
    match stop {
        Stop::Sex => ("Sexe différent", "The sexes differ"),
        Stop::Nina => ("Deux NINA différents", "Two different NINA"),
        Stop::Twins => (
            "Mêmes parents et même date de naissance : jumeaux possibles",
            "Same parents and birth date: perhaps twins",
        ),
        Stop::Generation => ("Douze ans d'écart ou plus", "Twelve years apart or more"),
        Stop::Mother => ("Mère différente", "Another mother"),
        Stop::BirthYear => ("Trois ans d'écart ou plus", "Three years apart or more"),
        Stop::BirthDate => ("Dates de naissance différentes", "Different birth dates"),
        Stop::Cards => {
            ("Deux cartes différentes vues le même jour", "Two different cards seen on one day")
        }
        Stop::MinerAndChild => ("Un orpailleur et un enfant", "A miner and a child"),
        Stop::Children => {
            ("Deux enfants : deux personnes décident", "Two children: two people decide")
        }
        Stop::Fabrication => (
            "Même appareil, à quelques minutes : contrôle qualité d'abord",
            "One device, minutes apart: quality control first",
        ),
        Stop::TwoPlaces => {
            ("Vus au même moment sur deux sites", "Seen at the same time on two sites")
        }
    }
}

async fn reasons(
    app: &App,
    tx: &mut Tx,
    tier: ReviewTier,
    decided: &[DecisionLine],
) -> Result<BTreeMap<i64, String>, Problem> {
    if tier != ReviewTier::Identity {
        return Ok(BTreeMap::new());
    }
    let seqs: Vec<i64> = decided.iter().map(|d| d.seq).collect();
    Ok(app.applier.reasons(tx, &seqs).await?.into_iter().collect())
}

fn decision(line: &DecisionLine, reasons: &BTreeMap<i64, String>) -> Value {
    json!({
        "decision_id": line.decision_id,
        "a": line.a,
        "b": line.b,
        "answer": line.answer,
        "state": line.state,
        "refusal": (!line.refusal.is_empty()).then_some(&line.refusal),
        "account_id": line.account_id,
        "at": Micros(line.at).to_rfc3339(),
        "reason": reasons.get(&line.seq),
    })
}

/// Notes who read whose identity: ids only.
async fn note(app: &App, by: &Caller, subject: String) -> Result<(), Problem> {
    let (actor, runtime) = (by.actor(), app.base.runtime.clone());
    app.base
        .db
        .with_tx("audit", move |tx| {
            let (actor, runtime, subject) = (actor.clone(), runtime.clone(), subject.clone());
            Box::pin(async move {
                audit::note(tx, &runtime, &actor, "review", &subject, "duplicates").await
            })
        })
        .await?;
    Ok(())
}

/// `GET /v1/reviews/entities/{id}`: whom a registration is one with, since when and by whose answer,
/// and where they were met.
pub(super) async fn entity(
    State(app): State<Arc<App>>,
    By(by): By,
    params: RawPathParams,
) -> Result<Response, Problem> {
    let id = id(&params, "id")?;
    let mut tx = app.base.db.read().await?;
    let subject = reviews::subject(&mut tx, id).await?;
    let subject =
        subject.filter(|s| by.scope.contains(s.zone_id)).ok_or_else(Problem::not_found)?;
    let tier = tier(&by, &[subject.dataset.as_str()])?;
    let contacts = app.applier.contacts(&mut tx, id).await?;
    let members = visible(&mut tx, &by, contacts.iter().map(|c| c.entity_id)).await?;
    let decided = pairs::decisions(&mut tx, &by.scope, subject.zone_id, id).await?;
    let reasons = reasons(&app, &mut tx, tier, &decided).await?;
    drop(tx);
    if tier == ReviewTier::Identity {
        note(&app, &by, id.to_string()).await?;
    }
    let contacts: Vec<Value> = contacts
        .iter()
        .filter(|c| members.contains_key(&c.entity_id))
        .map(|c| {
            json!({
                "entity_id": c.entity_id,
                "submission_id": c.submission_id,
                "at": c.at.to_rfc3339(),
                "site_id": c.site_id,
            })
        })
        .collect();
    let body = json!({
        "id": id,
        "canonical_id": members.get(&subject.canonical_id).map(|_| subject.canonical_id),
        "dataset": subject.dataset,
        "members": members.keys().collect::<Vec<_>>(),
        "contacts": contacts,
        "decisions": decided.iter().map(|d| decision(d, &reasons)).collect::<Vec<_>>(),
    });
    Ok(private(Json(body).into_response()))
}

/// Those of these entities that the caller may see.
async fn visible(
    tx: &mut Tx,
    by: &Caller,
    ids: impl Iterator<Item = Uuid>,
) -> Result<BTreeMap<Uuid, ZoneId>, Problem> {
    let mut seen = BTreeMap::new();
    for id in ids {
        if seen.contains_key(&id) {
            continue;
        }
        if let Some(subject) = reviews::subject(tx, id).await?
            && by.scope.contains(subject.zone_id)
        {
            seen.insert(id, subject.zone_id);
        }
    }
    Ok(seen)
}
