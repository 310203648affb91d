//! What of the register is still open: pairs that nobody has decided, records under review.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Scope, cells::column, submissions::stands};
use crate::{
    counts::Axis,
    db::{Result, Tx},
};

/// Two people of the register that may be one, as they are counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// Who they are counted as.
    pub ids: [Uuid; 2],
    /// Their codes on the axes asked for.
    pub codes: [Vec<String>; 2],
    /// Millionths.
    pub probability: i64,
}

/// Pairs that are read at most: those that change most come first.
pub const OPEN_MAX: i64 = 200_000;

/// The open pairs of a dataset, both ends counted and in scope. Fabrication candidates are left to
/// quality control.
pub async fn open(tx: &mut Tx, scope: &Scope, dataset: &str, axes: &[Axis]) -> Result<Vec<Open>> {
    let mut query = tx.query("SELECT ea.entity_id, eb.entity_id, p.probability");
    for end in ["ea.", "eb."] {
        for axis in axes {
            query = query.push(", ").push(end).push(column(*axis));
        }
    }
    let query = query
        .push(
            " FROM match_pair p \
             JOIN entity_home ha ON ha.entity_id = p.a_id \
             JOIN entity_home hb ON hb.entity_id = p.b_id \
             JOIN entity_home ca ON ca.entity_id = ha.canonical_id \
             JOIN entity_home cb ON cb.entity_id = hb.canonical_id \
             JOIN entity ea ON ea.zone_id = ca.zone_id AND ea.entity_id = ca.entity_id \
             JOIN entity eb ON eb.zone_id = cb.zone_id AND eb.entity_id = cb.entity_id \
             WHERE ha.canonical_id <> hb.canonical_id AND p.class <> 'quality' \
             AND ea.dataset = p.dataset AND eb.dataset = p.dataset \
             AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.zone_id = p.zone_id \
             AND d.a_id = p.a_id AND d.b_id = p.b_id AND d.state = 'standing' \
             AND d.answer <> 'cannot_tell') AND p.dataset = ",
        )
        .push_bind(dataset);
    let query = scope.narrow_on(query, " AND ea.zone_id IN ");
    let rows = scope
        .narrow_on(query, " AND eb.zone_id IN ")
        .push(" ORDER BY p.effect DESC, p.a_id, p.b_id LIMIT ")
        .push_bind(OPEN_MAX)
        .fetch_all()
        .await?;
    rows.iter()
        .map(|row| {
            let codes = |from: usize| {
                (0..axes.len()).map(|i| row.get(from + i)).collect::<Result<Vec<String>>>()
            };
            Ok(Open {
                ids: [row.get(0)?, row.get(1)?],
                codes: [codes(3)?, codes(3 + axes.len())?],
                probability: row.get(2)?,
            })
        })
        .collect()
}

/// How many records of a dataset are not accepted, by how they stand; see [`stands`].
pub async fn in_review(tx: &mut Tx, scope: &Scope, dataset: &str) -> Result<Vec<(String, i64)>> {
    // Two questions, each with an index of its own.
    const OPEN: &str =
        "SELECT state, review, COUNT(*) FROM record WHERE review <> 'accepted' AND dataset = ";
    const HELD: &str = "SELECT state, review, COUNT(*) FROM record WHERE state = 'held' \
         AND review = 'accepted' AND dataset = ";
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for sql in [OPEN, HELD] {
        let query = scope.narrow(tx.query(sql).push_bind(dataset));
        for row in &query.push(" GROUP BY state, review").fetch_all().await? {
            let (state, review): (String, String) = (row.get(0)?, row.get(1)?);
            *counts.entry(stands(&state, &review).to_owned()).or_default() += row.get::<i64>(2)?;
        }
    }
    Ok(counts.into_iter().collect())
}
