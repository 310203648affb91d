//! Finding the registrations of a person by card, and what became of erasures.

use std::collections::HashSet;

use uuid::Uuid;

use super::ZoneId;
use crate::db::{Result, Row, Tx, Value};

/// A registration.
#[derive(Clone, Copy, Debug)]
pub struct Carrier {
    /// Its zone.
    pub zone_id: ZoneId,
    /// Its id.
    pub entity_id: Uuid,
    /// The registration that shows its person.
    pub canonical_id: Uuid,
}

/// Of these ids those that the register shows somebody under: none that were deleted, or that nothing speaks for.
pub async fn standing(tx: &mut Tx, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
    let rows = tx
        .fetch_in(
            "SELECT h.entity_id FROM entity_home h JOIN entity e ON e.zone_id = h.zone_id \
             AND e.entity_id = h.entity_id WHERE e.version > 0 AND e.deleted_seq = 0 AND length(e.wrapped) > 0 \
             AND h.entity_id IN",
            ids.iter().map(|id| (*id).into()).collect(),
            "",
        )
        .await?;
    rows.iter().map(|r| r.get(0)).collect()
}

/// Where the submissions lie that spoke for whoever of a dataset is deleted: zone and id of each.
pub async fn sources_of_deleted(tx: &mut Tx, dataset: &str) -> Result<Vec<(ZoneId, Uuid)>> {
    let rows = tx
        .query(
            "SELECT DISTINCT s.record_zone_id, s.submission_id FROM entity e JOIN entity_source s \
             ON s.zone_id = e.zone_id AND s.entity_id = e.entity_id WHERE e.deleted_seq > 0 AND e.dataset = $1 \
             ORDER BY s.record_zone_id, s.submission_id",
        )
        .bind(dataset)
        .fetch_all()
        .await?;
    rows.iter().map(|r| Ok((ZoneId(r.get(0)?), r.get(1)?))).collect()
}

/// The zones of everybody who was deleted together with this one; none when it was not deleted.
pub async fn zones_deleted_with(tx: &mut Tx, id: Uuid) -> Result<Vec<ZoneId>> {
    let rows = tx
        .query(
            "SELECT DISTINCT zone_id FROM entity WHERE deleted_seq > 0 AND deleted_seq = \
             (SELECT e.deleted_seq FROM entity_home h JOIN entity e ON e.zone_id = h.zone_id \
             AND e.entity_id = h.entity_id WHERE h.entity_id = $1)",
        )
        .bind(id)
        .fetch_all()
        .await?;
    rows.iter().map(|r| Ok(ZoneId(r.get(0)?))).collect()
}

/// The sexes that these registrations give.
pub async fn sexes(tx: &mut Tx, ids: &[Uuid]) -> Result<HashSet<String>> {
    let rows = tx
        .fetch_in(
            "SELECT e.sex FROM entity_home h JOIN entity e ON e.zone_id = h.zone_id \
             AND e.entity_id = h.entity_id WHERE h.entity_id IN",
            ids.iter().map(|id| (*id).into()).collect(),
            "",
        )
        .await?;
    rows.iter().map(|r| r.get(0)).collect()
}

/// Registrations of one card that are looked at: more share one only by mistake.
const CARRIERS_MAX: i64 = 64;

/// Who carries a card, by its keyed hash.
pub async fn carriers(tx: &mut Tx, key: [u8; 32]) -> Result<Vec<Carrier>> {
    let rows = tx
        .query(
            "SELECT b.zone_id, b.entity_id, h.canonical_id FROM block_key b \
             JOIN entity_home h ON h.entity_id = b.entity_id \
             WHERE b.block_key = $1 ORDER BY b.zone_id, b.entity_id LIMIT $2",
        )
        .bind(key)
        .bind(CARRIERS_MAX)
        .fetch_all()
        .await?;
    rows.iter()
        .map(|r| {
            let zone_id = ZoneId(r.get(0)?);
            Ok(Carrier { zone_id, entity_id: r.get(1)?, canonical_id: r.get(2)? })
        })
        .collect()
}

/// The zones of everybody who is one with each of these registrations that show a person: as many statements for
/// none as for several.
pub async fn zones_of_groups(tx: &mut Tx, canonicals: &[Uuid]) -> Result<Vec<(Uuid, ZoneId)>> {
    let mut list: Vec<Value> = canonicals.iter().map(|id| (*id).into()).collect();
    if list.is_empty() {
        list.push(Uuid::nil().into());
    }
    let itself = "SELECT entity_id, zone_id FROM entity_home WHERE entity_id IN";
    let others = "SELECT canonical_id, zone_id FROM entity_home \
                  WHERE canonical_id <> entity_id AND canonical_id IN";
    let mut rows = tx.fetch_in(itself, list.clone(), "").await?;
    rows.extend(tx.fetch_in(others, list, "").await?);
    rows.iter().map(|r| Ok((r.get(0)?, ZoneId(r.get(1)?)))).collect()
}

/// What became of an erasure.
#[derive(Clone, Debug)]
pub struct ErasureRow {
    /// Its zone.
    pub zone_id: ZoneId,
    /// What it was about.
    pub dataset: String,
    /// The registration that it named.
    pub entity_id: Uuid,
    /// Whom it was asked to erase, by keyed hash.
    pub asked: [u8; 32],
    /// `erased` or `refused`.
    pub state: String,
    /// Why it was refused; empty otherwise.
    pub refusal: String,
    /// Registrations of the person.
    pub registrations: i64,
    /// Submissions whose content is gone.
    pub submissions: i64,
    /// Files that were removed.
    pub files: i64,
}

/// An erasure by its id, once apply has reached it. The table is short.
pub async fn erasure(tx: &mut Tx, id: Uuid) -> Result<Option<ErasureRow>> {
    let row = tx
        .query(
            "SELECT e.zone_id, e.dataset, e.state, e.refusal, e.registrations, e.submissions, e.files, \
             e.entity_id, j.content_hash FROM erasure e JOIN journal j ON j.zone_id = e.zone_id AND j.seq = e.seq \
             WHERE e.erasure_id = $1",
        )
        .bind(id)
        .fetch_optional()
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<ErasureRow> {
    Ok(ErasureRow {
        zone_id: ZoneId(row.get(0)?),
        dataset: row.get(1)?,
        state: row.get(2)?,
        refusal: row.get(3)?,
        registrations: row.get(4)?,
        submissions: row.get(5)?,
        files: row.get(6)?,
        entity_id: row.get(7)?,
        asked: row.bytes(8)?,
    })
}
