//! What a batch needs of the register, fetched before it is folded.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    cells::CellKey,
    change::{Facts, Props},
    entity::{EntityState, StoredPlace},
};
use crate::{
    db::{DbError, Result, Row, Tx, Value},
    geo::Position,
    keys::{MasterKeys, Realm, SubjectKey},
    store::ZoneId,
};

const ENTITY: &str = "SELECT zone_id, entity_id, dataset, version, label, props, lon, lat, flags, site_id, \
     region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, basis_2012, \
     basis_2023, district, sex, age_group, status, created_seq, updated_seq, realm, wrapped, \
     sealed FROM entity WHERE zone_id = $1 AND entity_id IN";

/// Entity ids to the zone they live in and the id they are known under.
pub(super) async fn homes(
    tx: &mut Tx,
    ids: &HashSet<Uuid>,
) -> Result<HashMap<Uuid, (ZoneId, Uuid)>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = tx
        .fetch_in(
            "SELECT entity_id, zone_id, canonical_id FROM entity_home WHERE entity_id IN",
            sorted(ids),
            "",
        )
        .await?;
    rows.iter().map(|r| Ok((r.get(0)?, (ZoneId(r.get(1)?), r.get(2)?)))).collect()
}

/// Card keys to the entity that carries the card.
pub(super) async fn cards(
    tx: &mut Tx,
    keys: &HashSet<[u8; 32]>,
) -> Result<HashMap<[u8; 32], (ZoneId, Uuid)>> {
    let list: Vec<Value> = keys.iter().map(|k| (*k).into()).collect();
    let rows = tx
        .fetch_in(
            "SELECT block_key, zone_id, entity_id FROM block_key WHERE block_key IN",
            list,
            "",
        )
        .await?;
    let mut found = HashMap::new();
    for row in &rows {
        let place: (ZoneId, Uuid) = (ZoneId(row.get(1)?), row.get(2)?);
        let slot = found.entry(row.bytes(0)?).or_insert(place);
        // One card, one entity; should there ever be two, the first id decides everywhere.
        *slot = (*slot).min(place);
    }
    Ok(found)
}

fn sorted(ids: &HashSet<Uuid>) -> Vec<Value> {
    let mut ids: Vec<_> = ids.iter().copied().collect();
    ids.sort_unstable();
    ids.into_iter().map(Value::from).collect()
}

fn by_zone(wanted: &HashSet<(ZoneId, Uuid)>) -> HashMap<ZoneId, Vec<Value>> {
    let mut zones: HashMap<ZoneId, Vec<Value>> = HashMap::new();
    let mut wanted: Vec<_> = wanted.iter().copied().collect();
    wanted.sort_unstable();
    for (zone, id) in wanted {
        zones.entry(zone).or_default().push(id.into());
    }
    zones
}

/// The key that an entity had before a rebuild threw it away.
#[derive(Clone)]
pub(super) struct KeptKey {
    /// As stored; empty when it was destroyed.
    pub(super) wrapped: Vec<u8>,
    /// `None` when it was destroyed.
    pub(super) key: Option<SubjectKey>,
}

/// The keys that these entities had before a rebuild; empty unless one is under way.
pub(super) async fn kept_keys(
    tx: &mut Tx,
    wanted: &HashSet<(ZoneId, Uuid)>,
    keys: &MasterKeys,
) -> Result<HashMap<Uuid, KeptKey>> {
    let mut found = HashMap::new();
    let any = tx.query("SELECT zone_id FROM kept_key LIMIT 1").fetch_optional().await?;
    if any.is_none() {
        return Ok(found);
    }
    for (zone, ids) in by_zone(wanted) {
        let rows = tx
            .fetch_in_with(
                "SELECT entity_id, realm, wrapped FROM kept_key WHERE zone_id = $1 AND entity_id IN",
                vec![zone.0.into()],
                ids,
                "",
            )
            .await?;
        for row in &rows {
            let id: Uuid = row.get(0)?;
            let realm: String = row.get(1)?;
            let wrapped: Vec<u8> = row.get(2)?;
            let key = unwrap("kept_key", id, &realm, &wrapped, keys)?;
            found.insert(id, KeptKey { wrapped, key });
        }
    }
    Ok(found)
}

/// Opens a wrapped key; `None` when it was destroyed.
fn unwrap(
    table: &'static str,
    id: Uuid,
    realm: &str,
    wrapped: &[u8],
    keys: &MasterKeys,
) -> Result<Option<SubjectKey>> {
    if wrapped.is_empty() {
        return Ok(None);
    }
    keys.unwrap(Realm::parse(realm), id.as_bytes(), wrapped)
        .map(Some)
        .map_err(|_| DbError::Inconsistent { table, column: "wrapped" })
}

/// Entities with their vaults opened; those whose key was destroyed are left out.
pub(super) async fn entities(
    tx: &mut Tx,
    wanted: &HashSet<(ZoneId, Uuid)>,
    keys: &MasterKeys,
) -> Result<Vec<EntityState>> {
    let mut found = Vec::new();
    for (zone, ids) in by_zone(wanted) {
        for row in tx.fetch_in_with(ENTITY, vec![zone.0.into()], ids, "").await? {
            found.extend(state(&row, keys)?);
        }
    }
    Ok(found)
}

/// A person's position lies in the vault, never in a column.
fn point(geometry: &serde_json::Value) -> Option<Position> {
    Position::new(geometry.get("lon")?.as_f64()?, geometry.get("lat")?.as_f64()?)
}

fn state(row: &Row, keys: &MasterKeys) -> Result<Option<EntityState>> {
    let broken = |column| DbError::Inconsistent { table: "entity", column };
    let (realm, wrapped): (String, Vec<u8>) = (row.get(24)?, row.get(25)?);
    let Some(key) = unwrap("entity", row.get(1)?, &realm, &wrapped, keys)? else {
        return Ok(None);
    };
    let vault: Vec<u8> = row.get(26)?;
    let plain = key.open(b"vault", &vault).map_err(|_| broken("sealed"))?;
    let sealed: Props = serde_json::from_slice(&plain).map_err(|_| broken("sealed"))?;
    let props: String = row.get(5)?;
    let position = match (row.get::<Option<f64>>(6)?, row.get::<Option<f64>>(7)?) {
        (Some(lon), Some(lat)) => Position::new(lon, lat),
        _ => sealed.get("geometry").and_then(point),
    };
    let some = |i| -> Result<Option<String>> {
        let text: String = row.get(i)?;
        Ok((!text.is_empty()).then_some(text))
    };
    let open: Props = serde_json::from_str(&props).map_err(|_| broken("props"))?;
    let declared = open.get("mining_district").and_then(|v| v.as_str()).map(str::to_owned);
    let mut state = EntityState {
        zone_id: ZoneId(row.get(0)?),
        entity_id: row.get(1)?,
        dataset: row.get(2)?,
        realm: Realm::parse(&realm),
        version: row.get(3)?,
        label: row.get(4)?,
        open,
        sealed,
        key,
        wrapped,
        position,
        flags: row.get(8)?,
        site_id: row.get(9)?,
        place: StoredPlace {
            codes: [
                row.get(10)?,
                row.get(11)?,
                row.get(12)?,
                row.get(13)?,
                row.get(14)?,
                row.get(15)?,
            ],
            basis: [row.get(16)?, row.get(17)?],
        },
        district: row.get(18)?,
        facts: Facts {
            sex: some(19)?,
            age_group: some(20)?,
            status: some(21)?,
            district: declared,
        },
        created_seq: row.get(22)?,
        updated_seq: row.get(23)?,
        counted: None,
        dirty: false,
        versions: Vec::new(),
    };
    state.counted = Some(CellKey::of(&state));
    Ok(Some(state))
}

/// The steps of off-line branches that these entities have taken: entity, branch, base version.
pub(super) async fn branches(
    tx: &mut Tx,
    wanted: &HashSet<(ZoneId, Uuid)>,
    any: bool,
) -> Result<HashSet<(Uuid, String, i64)>> {
    let mut found = HashSet::new();
    if !any {
        return Ok(found);
    }
    for (zone, ids) in by_zone(wanted) {
        let rows = tx
            .fetch_in_with(
                "SELECT entity_id, branch_id, base_version FROM entity_version \
                 WHERE zone_id = $1 AND branch_id <> '' AND entity_id IN",
                vec![zone.0.into()],
                ids,
                "",
            )
            .await?;
        for row in &rows {
            found.insert((row.get(0)?, row.get(1)?, row.get(2)?));
        }
    }
    Ok(found)
}

/// A change that waits for its entity.
pub(super) struct HeldRow {
    pub(super) entity_id: Uuid,
    pub(super) seq: i64,
}

/// Changes that wait for these entities, in the order they would apply.
pub(super) async fn held(tx: &mut Tx, ids: &HashSet<Uuid>) -> Result<Vec<HeldRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx
        .fetch_in(
            "SELECT entity_id, seq FROM held WHERE entity_id IN",
            sorted(ids),
            "ORDER BY base_version, seq",
        )
        .await?;
    rows.iter().map(|r| Ok(HeldRow { entity_id: r.get(0)?, seq: r.get(1)? })).collect()
}

/// The entities that records of these submissions made or changed.
pub(super) async fn record_entities(
    tx: &mut Tx,
    wanted: &HashSet<(ZoneId, Uuid)>,
) -> Result<HashMap<Uuid, Uuid>> {
    let mut found = HashMap::new();
    for (zone, ids) in by_zone(wanted) {
        let rows = tx
            .fetch_in_with(
                "SELECT submission_id, entity_id FROM record WHERE zone_id = $1 AND entity_id IS NOT NULL \
                 AND submission_id IN",
                vec![zone.0.into()],
                ids,
                "",
            )
            .await?;
        for row in &rows {
            found.insert(row.get(0)?, row.get(1)?);
        }
    }
    Ok(found)
}
