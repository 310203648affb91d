//! One pair with its evidence, and the history of one registration.

use std::{collections::BTreeMap, sync::Arc};

use axum::response::IntoResponse as _;
use axum::{
    Json,
    extract::{RawPathParams, State},
    http::{HeaderMap, Uri},
    response::Response,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    auth::By,
    decisions::{both, is_reviewed, unknown},
    evidence,
    lists::is_of_identity,
    problem::Problem,
    request::{decode, param, query_pairs, query_param},
    reviews::{as_json, family, private},
};
use crate::{
    access::{Caller, ReviewTier},
    app::App,
    apply::Registered,
    db::Tx,
    runtime::Micros,
    store::{
        ZoneId, audit,
        pairs::{self, DecisionLine, Pair},
        reviews::{self, Subject},
    },
};

const CHILDREN: &str = "enfants";
/// The header that says why a child's registration is read.
const REASON: &str = "sanu-reason";
/// Characters of such a reason.
const REASON_MAX: usize = 200;

fn id(params: &RawPathParams, name: &'static str) -> Result<Uuid, Problem> {
    param(params, name).and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
}

/// What of a pair somebody may read: of each registration by itself, so that a readable one lends nothing to
/// the other.
#[derive(Clone, Copy)]
struct Sight {
    a: Option<ReviewTier>,
    b: Option<ReviewTier>,
    /// What people wrote of the two: an answer about a miner and a child is one about the child, here as in what is told
    /// of the child alone.
    words: Option<ReviewTier>,
}

impl Sight {
    /// What may not be read is not found: mixed pairs but a miner and a child, whose age is in question, and
    /// those of which nothing is readable.
    fn of(by: &Caller, a: &Subject, b: &Subject) -> Result<Self, Problem> {
        let child = |s: &Subject| s.dataset == CHILDREN;
        let person = |s: &Subject| child(s) || s.dataset == "orpailleurs";
        let mixed = a.dataset != b.dataset;
        if !is_reviewed(&a.dataset) || (mixed && !(person(a) && person(b))) {
            return Err(unknown());
        }
        let (one, other) = (by.role.review_tier(child(a)), by.role.review_tier(child(b)));
        let about = if child(b) { other } else { one };
        about.map(|_| Self { a: one, b: other, words: about }).ok_or_else(unknown)
    }

    /// What may be told of the two together: no more than of either.
    fn both(self) -> Option<ReviewTier> {
        self.a.zip(self.b).map(|both| match both {
            (ReviewTier::Identity, ReviewTier::Identity) => ReviewTier::Identity,
            _ => ReviewTier::Pair,
        })
    }

    fn has_identity(self) -> bool {
        [self.a, self.b].contains(&Some(ReviewTier::Identity))
    }
}

/// `GET /v1/reviews/duplicates/{a}/{b}`
pub(super) async fn pair(
    State(app): State<Arc<App>>,
    By(by): By,
    params: RawPathParams,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (a, b) = (id(&params, "a")?, id(&params, "b")?);
    if a == b {
        return Err(Problem::bad("a, b: two different ids"));
    }
    let (a, b) = both(&app, &by, a.min(b), a.max(b)).await?;
    let sight = Sight::of(&by, &a, &b)?;
    let reason = why(&uri, &headers)?;
    let mut tx = app.base.db.read().await?;
    // Who decides may ask about any two; the others about what the register asks.
    if !by.role.may_decide(false) && !pairs::is_stored(&mut tx, &a, &b).await? {
        return Err(unknown());
    }
    let opens_vault = [(&a, sight.a), (&b, sight.b)]
        .iter()
        .any(|(s, tier)| s.dataset == CHILDREN && *tier == Some(ReviewTier::Identity));
    if opens_vault && reason.is_none() {
        return Err(Problem::new("reason-needed", ""));
    }
    let body = describe(&app, &mut tx, &by, (&a, &b), sight).await?;
    drop(tx);
    let subject = format!("{} {}", a.entity_id, b.entity_id);
    note(&app, &by, subject, sight.has_identity(), reason).await?;
    Ok(private(Json(body).into_response()))
}

/// Everything about a pair that this reader may see.
async fn describe(
    app: &App,
    tx: &mut Tx,
    by: &Caller,
    (a, b): (&Subject, &Subject),
    sight: Sight,
) -> Result<Value, Problem> {
    let found = app.applier.registered(tx, &[a.entity_id, b.entity_id]).await?;
    let [one, other] = found.as_slice() else { return Err(Problem::not_found()) };
    let open = open_pair(tx, by, a, b).await?;
    let relatives = match &open {
        Some(open) => family(tx, by, open).await?,
        None => Vec::new(),
    };
    let decided = pairs::decisions(tx, &by.scope, a.zone_id, a.entity_id).await?;
    let decided: Vec<_> =
        decided.into_iter().filter(|d| (d.a, d.b) == (a.entity_id, b.entity_id)).collect();
    let reasons = reasons(app, tx, sight.words, &decided).await?;
    let seen = visible(tx, by, [a.canonical_id, b.canonical_id].into_iter()).await?;
    let metres = one.position.zip(other.position).map(|(x, y)| x.metres_to(y).round());
    Ok(json!({
        "a": registration(one, sight.a, &seen),
        "b": registration(other, sight.b, &seen),
        "together": a.canonical_id == b.canonical_id,
        // Only sites have a place of their own here: people are where their site is.
        "distance_m": metres.filter(|_| one.dataset == other.dataset),
        "seconds_between": (one.at.0 - other.at.0).abs() / 1_000_000,
        "pair": open.as_ref().map(as_json),
        "evidence": account(app, a, b, sight.both()).await,
        "family": relatives.iter().map(as_json).collect::<Vec<_>>(),
        "decisions": decided.iter().map(|d| decision(d, &reasons)).collect::<Vec<_>>(),
        "next": decided.iter().find_map(what_next),
    }))
}

/// What is left to do after an answer that stands: of a wrong age, to correct one of the two.
fn what_next(line: &DecisionLine) -> Option<Value> {
    (line.answer == "age_wrong" && line.state == "standing").then(|| {
        json!({
            "to_do": "correct_age",
            "fr": "Une seule personne, inscrite comme orpailleur et comme enfant : l'un des deux âges est faux. \
                Vérifier l'âge à la date de chaque fiche, puis corriger ou renvoyer la fiche fautive. L'enfant reste protégé d'ici là.",
            "en": "One person, registered as a miner and as a child: one of the two ages is wrong. \
                Verify the age on the day of each, then correct or return the wrong submission. The child stays protected until then.",
        })
    })
}

/// What the engine says of two, when both may be read: its levels tell about either.
async fn account(app: &App, a: &Subject, b: &Subject, tier: Option<ReviewTier>) -> Option<Value> {
    let tier = tier?;
    let people = app.applier.people();
    let people = people.read().await;
    let of_people = people.compare(a.entity_id, b.entity_id);
    let of_people = of_people.as_ref().map(|c| evidence::of_people(c, tier));
    let places = || people.compare_places(a.entity_id, b.entity_id);
    of_people.or_else(|| places().as_ref().map(evidence::of_places))
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

/// A registration, with its values for those who may see identity; nothing but its id for those who may only
/// know that it is there.
fn registration(of: &Registered, tier: Option<ReviewTier>, seen: &BTreeMap<Uuid, ZoneId>) -> Value {
    let [region, cercle, commune] = &of.places;
    let known = tier.map(|_| of);
    let mut line = json!({
        "id": of.entity_id,
        "canonical_id": known.map(|r| r.canonical_id).filter(|id| seen.contains_key(id)),
        "dataset": of.dataset,
        "registered_at": known.map(|r| r.at.to_rfc3339()),
        "site_id": known.and_then(|r| r.site_id),
        "region": known.map(|_| region),
        "cercle": known.map(|_| cercle),
        "commune": known.map(|_| commune),
    });
    if tier == Some(ReviewTier::Identity)
        && let Some(map) = line.as_object_mut()
    {
        let values: BTreeMap<_, _> =
            of.properties.iter().filter(|(name, _)| is_of_identity(name)).collect();
        map.insert(String::from("values"), json!(values));
    }
    line
}

async fn reasons(
    app: &App,
    tx: &mut Tx,
    tier: Option<ReviewTier>,
    decided: &[DecisionLine],
) -> Result<BTreeMap<i64, String>, Problem> {
    if tier != Some(ReviewTier::Identity) {
        return Ok(BTreeMap::new());
    }
    let seqs: Vec<i64> = decided.iter().map(|d| d.seq).collect();
    Ok(app.applier.reasons(tx, &seqs).await?.into_iter().collect())
}

/// A decision as the interface writes it.
pub(super) fn decision(line: &DecisionLine, reasons: &BTreeMap<i64, String>) -> Value {
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

/// Notes who read what, and why when they said so: ids only.
async fn note(
    app: &App,
    by: &Caller,
    subject: String,
    identity: bool,
    reason: Option<String>,
) -> Result<(), Problem> {
    let (actor, runtime) = (by.actor(), app.base.runtime.clone());
    let action = if identity { "review" } else { "review.pair" };
    let detail = reason.map_or_else(|| String::from("duplicates"), |r| format!("duplicates: {r}"));
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

/// Why somebody reads, in the query or in the header `Sanu-Reason` (percent-encoded like the query).
fn why(uri: &Uri, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    if query_pairs(uri).iter().any(|(name, _)| name != "reason") {
        return Err(Problem::bad("parameters: reason"));
    }
    reason(uri, headers)
}

/// As [`why`], where there are other parameters too.
pub(super) fn reason(uri: &Uri, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let header = headers.get(REASON).and_then(|v| v.to_str().ok()).map(decode);
    let given = query_param(uri, "reason").or(header);
    let given = given.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let long = given.as_ref().is_some_and(|text| text.chars().count() > REASON_MAX);
    if long || given.as_ref().is_some_and(|text| text.chars().any(char::is_control)) {
        return Err(Problem::bad(format!("reason: one line of at most {REASON_MAX} characters")));
    }
    Ok(given)
}

/// `GET /v1/reviews/entities/{id}`: whom a registration is one with, since when and by whose answer,
/// and where they were met.
pub(super) async fn entity(
    State(app): State<Arc<App>>,
    By(by): By,
    params: RawPathParams,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = id(&params, "id")?;
    let reason = why(&uri, &headers)?;
    let mut tx = app.base.db.read().await?;
    let subject = reviews::subject(&mut tx, id).await?;
    let subject =
        subject.filter(|s| by.scope.contains(s.zone_id)).ok_or_else(Problem::not_found)?;
    let tier = Some(&subject)
        .filter(|s| is_reviewed(&s.dataset))
        .and_then(|s| by.role.review_tier(s.dataset == CHILDREN))
        .ok_or_else(Problem::not_found)?;
    // What reviewers wrote about a child may name it: only for who says why it is read.
    let words = (subject.dataset != CHILDREN || reason.is_some()).then_some(tier);
    let contacts = app.applier.contacts(&mut tx, id).await?;
    let members = visible(&mut tx, &by, contacts.iter().map(|c| c.entity_id)).await?;
    let (decided, reasons) = story(&app, &mut tx, &by, &subject, words).await?;
    drop(tx);
    note(&app, &by, id.to_string(), words == Some(ReviewTier::Identity), reason).await?;
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

/// What was decided about a registration, and in whose words. Of a miner who may be a child, who may not know of
/// the child learns nothing, and nobody reads words about one without saying why.
async fn story(
    app: &App,
    tx: &mut Tx,
    by: &Caller,
    of: &Subject,
    words: Option<ReviewTier>,
) -> Result<(Vec<DecisionLine>, BTreeMap<i64, String>), Problem> {
    let mut decided = pairs::decisions(tx, &by.scope, of.zone_id, of.entity_id).await?;
    decided.retain(|d| by.role.review_tier(d.dataset == CHILDREN).is_some());
    let mut reasons = reasons(app, tx, words, &decided).await?;
    if of.dataset != CHILDREN {
        let about = |seq| decided.iter().any(|d| d.seq == seq && d.dataset == CHILDREN);
        reasons.retain(|seq, _| !about(*seq));
    }
    Ok((decided, reasons))
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
