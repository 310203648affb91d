//! What entities are called: labels in clear, of places and organisations.

use uuid::Uuid;

use super::ZoneId;
use crate::db::{Result, Tx};

/// An entity's name, and the one that stands for it when several were merged.
#[derive(Clone, Debug)]
pub struct Called {
    /// The id that was asked for.
    pub id: Uuid,
    /// Who stands for it.
    pub canonical: Uuid,
    /// Where that one was registered.
    pub zone_id: ZoneId,
    /// Its name.
    pub label: String,
}

/// The names of these entities; those that are not there are left out.
pub async fn called(tx: &mut Tx, mut ids: Vec<Uuid>) -> Result<Vec<Called>> {
    ids.sort_unstable();
    ids.dedup();
    let rows = tx
        .fetch_in(
            "SELECT h.entity_id, c.entity_id, c.zone_id, c.label FROM entity_home h \
             JOIN entity_home g ON g.entity_id = h.canonical_id \
             JOIN entity c ON c.zone_id = g.zone_id AND c.entity_id = g.entity_id \
             WHERE h.entity_id IN",
            ids.into_iter().map(Into::into).collect(),
            "",
        )
        .await?;
    let read = |row: &crate::db::Row| {
        Ok(Called {
            id: row.get(0)?,
            canonical: row.get(1)?,
            zone_id: ZoneId(row.get(2)?),
            label: row.get(3)?,
        })
    };
    rows.iter().map(read).collect()
}
