//! Devices: each carries one opaque token, stored only as its hash.

use uuid::Uuid;

use super::ZoneId;
use crate::{
    db::{Result, Row, Tx},
    runtime::Micros,
};

/// A device as stored.
#[derive(Clone, Debug)]
pub struct DeviceRow {
    /// Its id.
    pub device_id: Uuid,
    /// What the office calls it.
    pub name: String,
    /// The zone it works in.
    pub zone_id: Option<ZoneId>,
}

fn read(row: &Row) -> Result<DeviceRow> {
    let zone: Option<i32> = row.get(2)?;
    Ok(DeviceRow { device_id: row.get(0)?, name: row.get(1)?, zone_id: zone.map(ZoneId) })
}

/// Adds a device.
pub async fn add(tx: &mut Tx, device: &DeviceRow, token_hash: [u8; 32], now: Micros) -> Result<()> {
    tx.query(
        "INSERT INTO device (device_id, name, zone_id, token_hash, created_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(device.device_id)
    .bind(device.name.as_str())
    .bind(device.zone_id.map(|z| z.0))
    .bind(token_hash)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// The device that carries this token, unless it was revoked.
pub async fn by_token(tx: &mut Tx, token_hash: [u8; 32]) -> Result<Option<DeviceRow>> {
    let row = tx
        .query(
            "SELECT device_id, name, zone_id FROM device WHERE token_hash = $1 AND revoked_at IS NULL",
        )
        .bind(token_hash)
        .fetch_optional()
        .await?;
    row.as_ref().map(read).transpose()
}

/// Revokes every device of this name (or this id, as text); says how many.
pub async fn revoke(tx: &mut Tx, name: &str, now: Micros) -> Result<u64> {
    let id = name.parse::<Uuid>().unwrap_or(Uuid::nil());
    tx.query("UPDATE device SET revoked_at = $1 WHERE revoked_at IS NULL AND (name = $2 OR device_id = $3)")
        .bind(now)
        .bind(name)
        .bind(id)
        .execute()
        .await
}

/// Devices in use, by name.
pub async fn all(tx: &mut Tx) -> Result<Vec<DeviceRow>> {
    let rows = tx
        .query("SELECT device_id, name, zone_id FROM device WHERE revoked_at IS NULL ORDER BY name")
        .fetch_all()
        .await?;
    rows.iter().map(read).collect()
}
