//! The interviews of phones, a row for each phone and day, packed by whoever derives.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{ZoneId, zones::ids_by_zone};
use crate::db::{Result, Tx};

/// A zone, and the name that a day of a phone has in it.
pub type DeviceDay = (ZoneId, Uuid);

/// These days, as far as there are any.
pub async fn stored(
    tx: &mut Tx,
    wanted: &BTreeSet<DeviceDay>,
) -> Result<Vec<(DeviceDay, Vec<u8>)>> {
    let mut found = Vec::new();
    for (zone, names) in ids_by_zone(wanted.iter().copied()) {
        let rows = tx
            .fetch_in_with(
                "SELECT device_day, interviews FROM device_day WHERE zone_id = $1 AND device_day IN",
                vec![zone.0.into()],
                names,
                "",
            )
            .await?;
        for row in &rows {
            found.push(((zone, row.get(0)?), row.get(1)?));
        }
    }
    Ok(found)
}

/// Writes these days; one without interviews is there no longer.
pub async fn write(tx: &mut Tx, days: Vec<(DeviceDay, Vec<u8>)>) -> Result<()> {
    let mut rows = Vec::with_capacity(days.len());
    for ((zone, name), interviews) in days {
        if interviews.is_empty() {
            tx.query("DELETE FROM device_day WHERE zone_id = $1 AND device_day = $2")
                .bind(zone.0)
                .bind(name)
                .execute()
                .await?;
        } else {
            rows.push(vec![zone.0.into(), name.into(), interviews.into()]);
        }
    }
    tx.insert_rows(
        "INSERT INTO device_day (zone_id, device_day, interviews)",
        "ON CONFLICT (zone_id, device_day) DO UPDATE SET interviews = excluded.interviews",
        rows,
    )
    .await?;
    Ok(())
}
