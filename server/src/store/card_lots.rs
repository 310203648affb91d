//! The lots of cards of the register: few rows, changed by lists.

use uuid::Uuid;

use super::{ZoneId, releases};
use crate::db::{Result, Tx};

/// A number that moves whenever a lot changes; 0 while there never was one.
pub async fn token(tx: &mut Tx) -> Result<i64> {
    releases::changes(tx, "card_lots").await
}

/// The properties of each lot that stands, as stored.
pub async fn all(tx: &mut Tx) -> Result<Vec<(ZoneId, Uuid, String)>> {
    let rows = tx
        .query(
            "SELECT zone_id, entity_id, props FROM entity \
             WHERE dataset = 'card_lots' AND merged_into IS NULL AND deleted_seq = 0",
        )
        .fetch_all()
        .await?;
    rows.iter().map(|row| Ok((ZoneId(row.get(0)?), row.get(1)?, row.get(2)?))).collect()
}
