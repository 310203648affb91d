//! What tells how good the register is: answered pairs, back-checks.

use uuid::Uuid;

use super::Scope;
use crate::{
    db::{Result, Tx},
    runtime::Micros,
};

/// A scored pair and the answer that stands.
#[derive(Clone, Debug, PartialEq)]
pub struct AnsweredPair {
    /// Millionths.
    pub probability: i64,
    /// The key that found it.
    pub key: String,
    /// Levels by field, as JSON; no values.
    pub evidence: String,
    /// `same`, `different`, `relative`, `twins`, `cannot_tell`, `age_wrong`; `None` while nobody answered.
    pub answer: Option<String>,
    /// When that was.
    pub at: Option<Micros>,
}

/// Rows that are read at most, what changes most first.
const ROWS_MAX: i64 = 200_000;

/// The scored pairs of a dataset with their standing answers, both ends in scope. Fabrication
/// candidates are not among them: they are not a question of who is who.
pub async fn answered(tx: &mut Tx, scope: &Scope, dataset: &str) -> Result<Vec<AnsweredPair>> {
    let query = tx
        .query(
            "SELECT p.probability, p.match_key, p.evidence, d.answer, d.decided_at \
             FROM match_pair p LEFT JOIN decision d ON d.zone_id = p.zone_id \
             AND d.a_id = p.a_id AND d.b_id = p.b_id AND d.state = 'standing' \
             WHERE p.class <> 'quality' AND p.dataset = ",
        )
        .push_bind(dataset);
    let query = scope.narrow_on(query, " AND p.zone_id IN ");
    let rows = scope
        .narrow_on(query, " AND p.b_zone_id IN ")
        .push(" ORDER BY p.effect DESC, p.a_id, p.b_id LIMIT ")
        .push_bind(ROWS_MAX)
        .fetch_all()
        .await?;
    rows.iter()
        .map(|r| {
            Ok(AnsweredPair {
                probability: r.get(0)?,
                key: r.get(1)?,
                evidence: r.get(2)?,
                answer: r.get(3)?,
                at: r.get::<Option<i64>>(4)?.map(Micros),
            })
        })
        .collect()
}

/// The open answers of every back-check, as JSON.
pub async fn back_checks(tx: &mut Tx, scope: &Scope) -> Result<Vec<String>> {
    let query = tx.query("SELECT props FROM entity WHERE dataset = 'contre_visites'");
    let rows = scope
        .narrow(query)
        .push(" ORDER BY zone_id, entity_id LIMIT ")
        .push_bind(ROWS_MAX)
        .fetch_all()
        .await?;
    rows.iter().map(|r| r.get(0)).collect()
}

/// How many miners are registered on these sites, each person once.
pub async fn registered_on(tx: &mut Tx, scope: &Scope, sites: &[Uuid]) -> Result<i64> {
    let query = tx
        .query(
            "SELECT COUNT(*) FROM entity WHERE dataset = 'orpailleurs' AND merged_into IS NULL \
             AND site_id IN ",
        )
        .push_list(sites.iter().copied());
    scope.narrow(query).fetch_one().await?.get(0)
}
