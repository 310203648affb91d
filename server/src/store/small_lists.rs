//! The base lists of which apply keeps every line in memory: few rows, changed by lists.

use uuid::Uuid;

use super::{ZoneId, releases};
use crate::db::{Result, Tx};

/// Which cards each enumerator was given.
pub const CARD_LOTS: &str = "card_lots";
/// The campaigns of the census: their days, and the prices of gold that are believable.
pub const CAMPAIGNS: &str = "campaigns";
/// The days on which schools are closed.
pub const HOLIDAYS: &str = "holidays";

/// A number that moves whenever a line of one of the lists changes; 0 while there never was one.
pub async fn token(tx: &mut Tx) -> Result<i64> {
    let mut sum = 0;
    for list in [CARD_LOTS, CAMPAIGNS, HOLIDAYS] {
        sum += releases::changes(tx, list).await?;
    }
    Ok(sum)
}

/// A line as stored.
pub struct Stored {
    /// Its list.
    pub dataset: String,
    /// Where it lies.
    pub place: (ZoneId, Uuid),
    /// What it says.
    pub props: String,
}

/// Each line that stands.
pub async fn all(tx: &mut Tx) -> Result<Vec<Stored>> {
    let rows = tx
        .query(
            "SELECT dataset, zone_id, entity_id, props FROM entity \
             WHERE dataset IN ('card_lots', 'campaigns', 'holidays') AND merged_into IS NULL \
             AND deleted_seq = 0",
        )
        .fetch_all()
        .await?;
    let stored = |row: &crate::db::Row| {
        let place = (ZoneId(row.get(1)?), row.get(2)?);
        Ok(Stored { dataset: row.get(0)?, place, props: row.get(3)? })
    };
    rows.iter().map(stored).collect()
}
