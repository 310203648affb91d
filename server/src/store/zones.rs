//! Zones: reference rows, few and rarely written.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::ZoneId;
use crate::{
    db::{Result, Tx, Value},
    runtime::Micros,
};

/// Ids by their zone, each once and in order, to be asked for in one statement per zone.
pub fn ids_by_zone(
    places: impl IntoIterator<Item = (ZoneId, Uuid)>,
) -> BTreeMap<ZoneId, Vec<Value>> {
    let mut zones: BTreeMap<ZoneId, Vec<Value>> = BTreeMap::new();
    for (zone, id) in places.into_iter().collect::<BTreeSet<_>>() {
        zones.entry(zone).or_default().push(id.into());
    }
    zones
}

/// A zone as listed.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its number in every large table.
    pub zone_id: ZoneId,
    /// Its code, as people type it.
    pub code: String,
}

/// The code of every zone.
pub async fn codes(tx: &mut Tx) -> Result<BTreeMap<ZoneId, String>> {
    Ok(all(tx).await?.into_iter().map(|zone| (zone.zone_id, zone.code)).collect())
}

/// The zone with this code, if there is one.
pub async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<ZoneId>> {
    let row = tx
        .query("SELECT zone_id FROM zone WHERE lower(code) = lower($1)")
        .bind(code)
        .fetch_optional()
        .await?;
    row.map(|r| Ok(ZoneId(r.get(0)?))).transpose()
}

/// The zone with this code, made when missing. Says whether it was made.
pub async fn ensure(tx: &mut Tx, code: &str, now: Micros) -> Result<(ZoneId, bool)> {
    if let Some(zone) = by_code(tx, code).await? {
        return Ok((zone, false));
    }
    let row = tx
        .query("SELECT CAST(COALESCE(MAX(zone_id), 0) + 1 AS integer) FROM zone")
        .fetch_one()
        .await?;
    let zone = ZoneId(row.get(0)?);
    tx.query("INSERT INTO zone (zone_id, code, name, created_at) VALUES ($1, $2, $2, $3)")
        .bind(zone.0)
        .bind(code)
        .bind(now)
        .execute()
        .await?;
    Ok((zone, true))
}

/// All zones.
pub async fn all(tx: &mut Tx) -> Result<Vec<Zone>> {
    let rows = tx.query("SELECT zone_id, code FROM zone ORDER BY zone_id").fetch_all().await?;
    rows.into_iter().map(|r| Ok(Zone { zone_id: ZoneId(r.get(0)?), code: r.get(1)? })).collect()
}
