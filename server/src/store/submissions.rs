//! Reading submissions for review: the queue, one submission, what was said of it.

use uuid::Uuid;

use super::{Scope, ZoneId};
use crate::{
    db::{Result, Row, Tx, Value},
    runtime::Micros,
};

/// A submission as the queue shows it.
#[derive(Clone, Debug)]
pub struct SubmissionRow {
    /// Where it was registered.
    pub zone_id: ZoneId,
    /// Its id.
    pub submission_id: Uuid,
    /// Its latest version: the place in the journal.
    pub seq: i64,
    /// Its form.
    pub form_id: String,
    /// The version of the form.
    pub form_version: String,
    /// Its id on the device.
    pub instance_id: String,
    /// What it registers.
    pub dataset: String,
    /// What the checks say: `received`, `flagged`, `quarantined`, `held`.
    pub state: String,
    /// Why it is not simply received.
    pub reason: String,
    /// How it stands with people: `waiting`, `accepted`, `rejected`, `returned`, `edited`.
    pub review: String,
    /// The first entity that it speaks of.
    pub entity_id: Option<Uuid>,
    /// The account that sent it.
    pub account_id: Option<Uuid>,
    /// The device that sent it.
    pub device_id: Option<Uuid>,
    /// When the server received it.
    pub received_at: Micros,
    /// What broke which rule, as JSON.
    pub violations: String,
}

/// How a submission stands, in one word: what people decided, and until then what the checks say. What waits for its
/// entity is `held` although nothing is wrong with it: it is in no figure yet.
pub fn stands<'r>(state: &'r str, review: &'r str) -> &'r str {
    match (state, review) {
        ("held", "waiting" | "accepted") | (_, "waiting") => state,
        _ => review,
    }
}

const COLUMNS: &str = "SELECT zone_id, submission_id, seq, form_id, form_version, instance_id, dataset, \
     state, reason, review, entity_id, account_id, device_id, received_at, violations FROM record ";

fn row(r: &Row) -> Result<SubmissionRow> {
    Ok(SubmissionRow {
        zone_id: ZoneId(r.get(0)?),
        submission_id: r.get(1)?,
        seq: r.get(2)?,
        form_id: r.get(3)?,
        form_version: r.get(4)?,
        instance_id: r.get(5)?,
        dataset: r.get(6)?,
        state: r.get(7)?,
        reason: r.get(8)?,
        review: r.get(9)?,
        entity_id: r.get(10)?,
        account_id: r.get(11)?,
        device_id: r.get(12)?,
        received_at: Micros(r.get(13)?),
        violations: r.get(14)?,
    })
}

/// What of the queue is asked for; `None` = whatever it is.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// How the submissions stand; empty = what waits for a decision.
    pub state: String,
    /// Their form.
    pub form: Option<String>,
    /// Forms that are left out.
    pub but: Vec<String>,
    /// Their zone.
    pub zone: Option<ZoneId>,
    /// The device that sent them.
    pub device: Option<Uuid>,
    /// Received since then.
    pub since: Option<Micros>,
}

/// A page of the queue after a place, by zone and in the order of arrival.
pub async fn queue(
    tx: &mut Tx,
    scope: &Scope,
    wanted: &Wanted,
    after: (ZoneId, Uuid),
    limit: i64,
) -> Result<Vec<SubmissionRow>> {
    let mut query = tx
        .query(COLUMNS)
        .push("WHERE (zone_id, submission_id) > (")
        .push_bind(after.0.0)
        .push(", ")
        .push_bind(after.1)
        .push(")");
    query = match wanted.state.as_str() {
        "" => query.push(" AND review <> 'accepted' AND review IN ('waiting', 'edited')"),
        "accepted" => query.push(" AND review = 'accepted' AND state <> 'held'"),
        "held" => query.push(" AND state = 'held' AND review IN ('waiting', 'accepted')"),
        review @ ("rejected" | "returned" | "edited") => {
            query.push(" AND review <> 'accepted' AND review = ").push_bind(review)
        }
        state => query
            .push(" AND review <> 'accepted' AND review = 'waiting' AND state = ")
            .push_bind(state),
    };
    if let Some(form) = &wanted.form {
        query = query.push(" AND form_id = ").push_bind(form.as_str());
    }
    for form in &wanted.but {
        query = query.push(" AND form_id <> ").push_bind(form.as_str());
    }
    if let Some(zone) = wanted.zone {
        query = query.push(" AND zone_id = ").push_bind(zone.0);
    }
    if let Some(device) = wanted.device {
        query = query.push(" AND device_id = ").push_bind(device);
    }
    if let Some(since) = wanted.since {
        query = query.push(" AND received_at >= ").push_bind(since);
    }
    let query = scope.narrow(query).push(" ORDER BY zone_id, submission_id LIMIT ");
    query.push_bind(limit).fetch_all().await?.iter().map(row).collect()
}

/// The submissions that these intake keys stand for.
pub async fn by_keys(tx: &mut Tx, keys: Vec<[u8; 16]>) -> Result<Vec<(ZoneId, Uuid)>> {
    let keys = keys.into_iter().map(Value::from).collect();
    let rows = tx
        .fetch_in(
            "SELECT zone_id, COALESCE((SELECT DISTINCT t.submission_id FROM retold t WHERE t.zone_id = intake_key.zone_id \
             AND t.was = intake_key.submission_id), submission_id) FROM intake_key WHERE intake_key IN",
            keys,
            "",
        )
        .await?;
    rows.iter().map(|r| Ok((ZoneId(r.get(0)?), r.get(1)?))).collect()
}

/// One submission.
pub async fn one(tx: &mut Tx, zone: ZoneId, id: Uuid) -> Result<Option<SubmissionRow>> {
    let found = tx
        .query(COLUMNS)
        .push("WHERE zone_id = ")
        .push_bind(zone.0)
        .push(" AND submission_id = ")
        .push_bind(id)
        .fetch_optional()
        .await?;
    found.as_ref().map(row).transpose()
}

/// What somebody said of a submission; the words are in the journal.
#[derive(Clone, Debug)]
pub struct ReviewRow {
    /// Its id.
    pub review_id: Uuid,
    /// Its place in the journal.
    pub seq: i64,
    /// What was done.
    pub action: String,
    /// `taken` or `refused`.
    pub state: String,
    /// Why it was refused; empty otherwise.
    pub refusal: String,
    /// Who.
    pub account_id: Option<Uuid>,
    /// When.
    pub at: Micros,
}

const REVIEW: &str =
    "SELECT review_id, seq, action, state, refusal, account_id, reviewed_at FROM review ";

fn review(r: &Row) -> Result<ReviewRow> {
    Ok(ReviewRow {
        review_id: r.get(0)?,
        seq: r.get(1)?,
        action: r.get(2)?,
        state: r.get(3)?,
        refusal: r.get(4)?,
        account_id: r.get(5)?,
        at: Micros(r.get(6)?),
    })
}

/// What was said of one submission, in order.
pub async fn reviews(tx: &mut Tx, zone: ZoneId, submission: Uuid) -> Result<Vec<ReviewRow>> {
    let query = tx.query(REVIEW).push("WHERE zone_id = ").push_bind(zone.0);
    let query = query.push(" AND submission_id = ").push_bind(submission);
    query.push(" ORDER BY seq LIMIT 1000").fetch_all().await?.iter().map(review).collect()
}

/// These reviews, as far as apply has reached them.
pub async fn taken(tx: &mut Tx, wanted: &[(ZoneId, Uuid)]) -> Result<Vec<ReviewRow>> {
    let mut zones: std::collections::BTreeMap<ZoneId, Vec<Value>> =
        std::collections::BTreeMap::new();
    for (zone, id) in wanted {
        zones.entry(*zone).or_default().push((*id).into());
    }
    let mut found = Vec::new();
    for (zone, ids) in zones {
        let rows = tx
            .fetch_in_with(
                "SELECT review_id, seq, action, state, refusal, account_id, reviewed_at FROM review \
                 WHERE zone_id = $1 AND review_id IN",
                vec![zone.0.into()],
                ids,
                "",
            )
            .await?;
        for row in &rows {
            found.push(review(row)?);
        }
    }
    Ok(found)
}
