//! Reading what reviewers decide: decisions, and the entities they are about.

use uuid::Uuid;

use super::ZoneId;
use crate::db::{Result, Tx};

/// An entity that a decision may be about.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its id.
    pub entity_id: Uuid,
    /// Where it was registered.
    pub zone_id: ZoneId,
    /// The entity that shows its group; itself when it is in none.
    pub canonical_id: Uuid,
    /// What it is.
    pub dataset: String,
}

/// Finds an entity by its id, wherever it lives; not one that was erased.
pub async fn subject(tx: &mut Tx, id: Uuid) -> Result<Option<Subject>> {
    let row = tx
        .query(
            "SELECT h.zone_id, h.canonical_id, e.dataset FROM entity_home h JOIN entity e \
             ON e.zone_id = h.zone_id AND e.entity_id = h.entity_id WHERE h.entity_id = $1 AND length(e.wrapped) > 0 \
             AND e.deleted_seq = 0",
        )
        .bind(id)
        .fetch_optional()
        .await?;
    row.map(|r| {
        Ok(Subject {
            entity_id: id,
            zone_id: ZoneId(r.get(0)?),
            canonical_id: r.get(1)?,
            dataset: r.get(2)?,
        })
    })
    .transpose()
}

/// How a decision stands.
#[derive(Clone, Debug)]
pub struct DecisionState {
    /// `standing`, `waiting`, `replaced` or `refused`.
    pub state: String,
    /// Why it was refused; empty otherwise.
    pub refusal: String,
    /// The decision that stands in the way.
    pub in_the_way: Option<Uuid>,
}

/// How a decision stands, once apply has reached it.
pub async fn decision_state(
    tx: &mut Tx,
    zone: ZoneId,
    decision: Uuid,
) -> Result<Option<DecisionState>> {
    let row = tx
        .query(
            "SELECT state, refusal, in_the_way FROM decision \
             WHERE zone_id = $1 AND decision_id = $2",
        )
        .bind(zone.0)
        .bind(decision)
        .fetch_optional()
        .await?;
    row.map(|r| Ok(DecisionState { state: r.get(0)?, refusal: r.get(1)?, in_the_way: r.get(2)? }))
        .transpose()
}
