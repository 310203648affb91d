//! Pairs that may be one person or place: the queue of what nobody has decided yet.

use uuid::Uuid;

use super::{Scope, ZoneId, reviews::Subject};
use crate::db::{Query, Result, Row, Tx};

/// A pair as stored: stable words and numbers, no values.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// One registration, the smaller id.
    pub a: Uuid,
    /// Where it was registered.
    pub a_zone: ZoneId,
    /// The other.
    pub b: Uuid,
    /// Where it was registered.
    pub b_zone: ZoneId,
    /// What it is about; of a miner and a child, the children.
    pub dataset: String,
    /// `same`, `review`, `age_review`, `twins`, `relative` or `quality`.
    pub class: String,
    /// What forbids an automatic merge, words with spaces between.
    pub stops: String,
    /// The key that found it.
    pub key: String,
    /// Thousandths of a log2.
    pub weight: i64,
    /// Millionths.
    pub probability: i64,
    /// Millionths: two people of one family.
    pub relative: i64,
    /// What an answer is expected to change, for the order of the queue.
    pub effect: i64,
    /// The model that said so.
    pub model: String,
    /// The answer that stands; empty while nobody answered.
    pub answer: String,
}

/// Which pairs of the queue are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nobody has answered.
    Nobody,
    /// Somebody looked and could not tell: for another pair of eyes.
    Undecided,
    /// One person, registered as a miner and as a child: an age is to be corrected.
    AgeWrong,
}

impl Heard {
    /// The answer that stands.
    const fn answer(self) -> &'static str {
        match self {
            Self::Nobody => "",
            Self::Undecided => "cannot_tell",
            Self::AgeWrong => "age_wrong",
        }
    }
}

/// A place in the queue: after this pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// Its effect.
    pub effect: i64,
    /// Its smaller id.
    pub a: Uuid,
    /// Its larger id.
    pub b: Uuid,
}

const PAIR: &str = "SELECT p.a_id, p.zone_id, p.b_id, p.b_zone_id, p.class, p.stops, p.match_key, \
     p.weight, p.probability, p.relative, p.effect, p.model, p.dataset, \
     COALESCE((SELECT d.answer FROM decision d WHERE d.zone_id = p.zone_id AND d.a_id = p.a_id \
     AND d.b_id = p.b_id AND d.state = 'standing' ORDER BY d.seq DESC LIMIT 1), '') FROM match_pair p \
     JOIN entity_home ha ON ha.entity_id = p.a_id JOIN entity_home hb ON hb.entity_id = p.b_id \
     WHERE ha.canonical_id <> hb.canonical_id";

/// A standing answer closes a pair; "cannot tell" leaves it open.
const OPEN: &str = " AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.zone_id = p.zone_id \
     AND d.a_id = p.a_id AND d.b_id = p.b_id AND d.state = 'standing' AND d.answer <> 'cannot_tell')";

/// Nobody has answered.
const UNHEARD: &str = " AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.zone_id = p.zone_id \
     AND d.a_id = p.a_id AND d.b_id = p.b_id AND d.state = 'standing')";

/// This answer stands.
const HEARD: &str = " AND EXISTS (SELECT 1 FROM decision d WHERE d.zone_id = p.zone_id \
     AND d.a_id = p.a_id AND d.b_id = p.b_id AND d.state = 'standing' AND d.answer = ";

const FOR_REVIEW: &str = " AND p.class IN ('same', 'review', 'age_review')";

/// Both ends were written down by one enumerator within minutes of somebody much alike: quality
/// control looks first, because a merge would hide what it looks for.
const NOT_FABRICATED: &str = " AND NOT (EXISTS (SELECT 1 FROM match_pair q WHERE q.class = 'quality' \
     AND ((q.zone_id = p.zone_id AND q.a_id = p.a_id) OR (q.b_zone_id = p.zone_id AND q.b_id = p.a_id)) \
     AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.zone_id = q.zone_id AND d.a_id = q.a_id \
     AND d.b_id = q.b_id AND d.state = 'standing')) \
     AND EXISTS (SELECT 1 FROM match_pair q WHERE q.class = 'quality' \
     AND ((q.zone_id = p.b_zone_id AND q.a_id = p.b_id) OR (q.b_zone_id = p.b_zone_id AND q.b_id = p.b_id)) \
     AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.zone_id = q.zone_id AND d.a_id = q.a_id \
     AND d.b_id = q.b_id AND d.state = 'standing')))";

fn pair(row: &Row) -> Result<Pair> {
    Ok(Pair {
        a: row.get(0)?,
        a_zone: ZoneId(row.get(1)?),
        b: row.get(2)?,
        b_zone: ZoneId(row.get(3)?),
        class: row.get(4)?,
        stops: row.get(5)?,
        key: row.get(6)?,
        weight: row.get(7)?,
        probability: row.get(8)?,
        relative: row.get(9)?,
        effect: row.get(10)?,
        model: row.get(11)?,
        dataset: row.get(12)?,
        answer: row.get(13)?,
    })
}

/// The next pairs of a dataset that were so answered, what changes most first; both ends in scope.
pub async fn queue(
    tx: &mut Tx,
    scope: &Scope,
    (dataset, heard): (&str, Heard),
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Pair>> {
    let query = heard_as(tx.query(PAIR), heard).push(FOR_REVIEW).push(NOT_FABRICATED);
    let mut query = query.push(" AND p.dataset = ").push_bind(dataset);
    if let Some(after) = after {
        query = query
            .push(" AND (p.effect, p.a_id, p.b_id) < (")
            .push_bind(after.effect)
            .push(", ")
            .push_bind(after.a)
            .push(", ")
            .push_bind(after.b)
            .push(")");
    }
    let query = scope.narrow_on(query, " AND p.zone_id IN ");
    let rows = scope
        .narrow_on(query, " AND p.b_zone_id IN ")
        .push(" ORDER BY p.effect DESC, p.a_id DESC, p.b_id DESC LIMIT ")
        .push_bind(limit)
        .fetch_all()
        .await?;
    rows.iter().map(pair).collect()
}

fn heard_as(query: Query<'_>, heard: Heard) -> Query<'_> {
    match heard {
        Heard::Nobody => query.push(UNHEARD),
        _ => query.push(HEARD).push_bind(heard.answer()).push(")"),
    }
}

/// The open pairs of one registration, relatives and twins among them.
pub async fn around(tx: &mut Tx, scope: &Scope, zone: ZoneId, id: Uuid) -> Result<Vec<Pair>> {
    let mut found = Vec::new();
    for ends in [[" AND p.zone_id = ", " AND p.a_id = "], [" AND p.b_zone_id = ", " AND p.b_id = "]]
    {
        let [on_zone, on_id] = ends;
        let query =
            tx.query(PAIR).push(OPEN).push(" AND p.class <> 'quality'").push(NOT_FABRICATED);
        let query = query.push(on_zone).push_bind(zone.0).push(on_id).push_bind(id);
        let query = scope.narrow_on(query, " AND p.zone_id IN ");
        let rows = scope
            .narrow_on(query, " AND p.b_zone_id IN ")
            .push(" ORDER BY p.effect DESC, p.a_id DESC, p.b_id DESC LIMIT 40")
            .fetch_all()
            .await?;
        found.extend(rows.iter().map(pair).collect::<Result<Vec<_>>>()?);
    }
    Ok(found)
}

/// Whether the register holds a question or an answer about these two, the smaller id first. Quality control's own
/// are no such question.
pub async fn is_stored(tx: &mut Tx, a: &Subject, b: &Subject) -> Result<bool> {
    const OF: [&str; 2] = [
        "SELECT 1 FROM match_pair WHERE zone_id = $1 AND a_id = $2 AND b_id = $3 AND class <> 'quality'",
        "SELECT 1 FROM decision WHERE zone_id = $1 AND a_id = $2 AND b_id = $3 AND state <> 'refused' LIMIT 1",
    ];
    for sql in OF {
        let query = tx.query(sql).bind(a.zone_id.0).bind(a.entity_id).bind(b.entity_id);
        if query.fetch_optional().await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many pairs were so answered, by class.
pub async fn load(
    tx: &mut Tx,
    scope: &Scope,
    (dataset, heard): (&str, Heard),
) -> Result<Vec<(String, i64)>> {
    const OF: &str = "SELECT p.class, CAST(COUNT(*) AS bigint) FROM match_pair p \
         JOIN entity_home ha ON ha.entity_id = p.a_id JOIN entity_home hb ON hb.entity_id = p.b_id \
         WHERE ha.canonical_id <> hb.canonical_id";
    let query = heard_as(tx.query(OF), heard).push(" AND p.dataset = ").push_bind(dataset);
    let query = scope.narrow_on(query, " AND p.zone_id IN ");
    let query = scope.narrow_on(query, " AND p.b_zone_id IN ");
    let rows = query.push(" GROUP BY p.class").fetch_all().await?;
    let mut counts: Vec<(String, i64)> =
        rows.iter().map(|r| Ok((r.get(0)?, r.get(1)?))).collect::<Result<_>>()?;
    // The databases order text differently.
    counts.sort();
    Ok(counts)
}

/// A decision as people read it; its reason lies in the journal, at `seq`.
#[derive(Clone, Debug)]
pub struct DecisionLine {
    /// Its id.
    pub decision_id: Uuid,
    /// Its place in the journal.
    pub seq: i64,
    /// One entity.
    pub a: Uuid,
    /// The other.
    pub b: Uuid,
    /// The answer.
    pub answer: String,
    /// `standing`, `waiting`, `replaced` or `refused`.
    pub state: String,
    /// Why it was refused; empty otherwise.
    pub refusal: String,
    /// Who answered.
    pub account_id: Option<Uuid>,
    /// When, microseconds.
    pub at: i64,
    /// What it is about; of a miner and a child, the children.
    pub dataset: String,
}

/// The decision whose columns begin at this one.
fn line(row: &Row, from: usize) -> Result<DecisionLine> {
    Ok(DecisionLine {
        decision_id: row.get(from)?,
        seq: row.get(from + 1)?,
        a: row.get(from + 2)?,
        b: row.get(from + 3)?,
        answer: row.get(from + 4)?,
        state: row.get(from + 5)?,
        refusal: row.get(from + 6)?,
        account_id: row.get(from + 7)?,
        at: row.get(from + 8)?,
        dataset: row.get(from + 9)?,
    })
}

/// The answers about pairs of a dataset that stand and leave no question open, the newest first, each with its pair if
/// the engine found it; both ends in scope. What leaves one open has lists of its own ([`Heard`]).
pub async fn decided(
    tx: &mut Tx,
    scope: &Scope,
    dataset: &str,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<(DecisionLine, Option<Pair>)>> {
    const OF: &str = "SELECT d.a_id, d.zone_id, d.b_id, d.b_zone_id, COALESCE(p.class, ''), COALESCE(p.stops, ''), \
         COALESCE(p.match_key, ''), COALESCE(p.weight, 0), COALESCE(p.probability, 0), COALESCE(p.relative, 0), \
         COALESCE(p.effect, 0), COALESCE(p.model, ''), d.dataset, d.answer, \
         d.decision_id, d.seq, d.a_id, d.b_id, d.answer, d.state, d.refusal, d.account_id, d.decided_at, d.dataset \
         FROM decision d LEFT JOIN match_pair p ON p.zone_id = d.zone_id AND p.a_id = d.a_id AND p.b_id = d.b_id \
         WHERE d.state = 'standing' AND d.answer NOT IN ('cannot_tell', 'age_wrong') AND d.dataset = ";
    let mut query = tx.query(OF).push_bind(dataset);
    if let Some(before) = before {
        query = query.push(" AND d.seq < ").push_bind(before);
    }
    let query = scope.narrow_on(query, " AND d.zone_id IN ");
    let query = scope.narrow_on(query, " AND d.b_zone_id IN ");
    let rows = query.push(" ORDER BY d.seq DESC LIMIT ").push_bind(limit).fetch_all().await?;
    let of = |row: &Row| {
        let found = pair(row)?;
        Ok((line(row, 14)?, Some(found).filter(|pair| !pair.class.is_empty())))
    };
    rows.iter().map(of).collect()
}

/// What was decided about an entity, the newest first.
pub async fn decisions(
    tx: &mut Tx,
    scope: &Scope,
    zone: ZoneId,
    id: Uuid,
) -> Result<Vec<DecisionLine>> {
    const OF: &str = "SELECT d.decision_id, d.seq, d.a_id, d.b_id, d.answer, d.state, d.refusal, \
         d.account_id, d.decided_at, d.dataset FROM decision d WHERE ";
    let mut found = Vec::new();
    for ends in [["d.zone_id = ", " AND d.a_id = "], ["d.b_zone_id = ", " AND d.b_id = "]] {
        let [on_zone, on_id] = ends;
        let query = tx.query(OF).push(on_zone).push_bind(zone.0).push(on_id).push_bind(id);
        let query = scope.narrow_on(query, " AND d.zone_id IN ");
        let rows = scope
            .narrow_on(query, " AND d.b_zone_id IN ")
            .push(" ORDER BY d.seq DESC LIMIT 200")
            .fetch_all()
            .await?;
        found.extend(rows.iter().map(|row| line(row, 0)).collect::<Result<Vec<_>>>()?);
    }
    found.sort_by_key(|d| std::cmp::Reverse(d.seq));
    Ok(found)
}
