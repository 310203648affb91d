//! Submissions that turned out to be versions of others (ADR 20).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::ZoneId;
use crate::db::{Result, Tx, Value};

/// Of these submissions those that became others, and which.
pub async fn standing(
    tx: &mut Tx,
    wanted: &BTreeSet<(ZoneId, Uuid)>,
) -> Result<HashMap<(ZoneId, Uuid), Uuid>> {
    let mut zones: BTreeMap<ZoneId, Vec<Value>> = BTreeMap::new();
    for (zone, id) in wanted {
        zones.entry(*zone).or_default().push((*id).into());
    }
    let mut found = HashMap::new();
    for (zone, ids) in zones {
        let rows = tx
            .fetch_in_with(
                "SELECT was, submission_id FROM retold WHERE zone_id = $1 AND was IN",
                vec![zone.0.into()],
                ids,
                "",
            )
            .await?;
        for row in &rows {
            found.insert((zone, row.get(0)?), row.get(1)?);
        }
    }
    Ok(found)
}
