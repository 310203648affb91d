//! What a batch needs of the register, fetched before it is folded.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::{
    cells::{CellKey, review_of},
    change::{Facts, Props},
    entity::{EntityState, StoredPlace},
    groups::{Cause, DecisionRow, Link, Pair, Standing, pair},
};
use crate::{
    db::{DbError, Result, Row, Tx, Value},
    geo::Position,
    intake::Answer,
    keys::{MasterKeys, Realm, SubjectKey},
    runtime::Micros,
    store::{ZoneId, vault::Vault, zones::ids_by_zone},
};

const ENTITY: &str = "SELECT zone_id, entity_id, dataset, version, label, props, lon, lat, flags, site_id, \
     region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, basis_2012, \
     basis_2023, district, sex, age_group, status, created_seq, updated_seq, realm, wrapped, \
     sealed, merged_into, review, shifts, (SELECT created_at FROM entity_version v WHERE v.zone_id = entity.zone_id \
     AND v.seq = entity.created_seq AND v.entity_id = entity.entity_id AND v.version = 1), day, deleted_seq \
     FROM entity WHERE zone_id = $1 AND entity_id IN";

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

/// The links of these entities, to whichever other entity.
pub(super) async fn links(
    tx: &mut Tx,
    wanted: &HashSet<(ZoneId, Uuid)>,
) -> Result<Vec<(Pair, Link)>> {
    let mut found = Vec::new();
    for (zone, ids) in by_zone(wanted) {
        let rows = tx
            .fetch_in_with(
                "SELECT entity_id, other_id, cause, seq FROM link WHERE zone_id = $1 AND entity_id IN",
                vec![zone.0.into()],
                ids,
                "",
            )
            .await?;
        for row in &rows {
            let cause: String = row.get(2)?;
            let cause = Cause::parse(&cause)
                .ok_or(DbError::Inconsistent { table: "link", column: "cause" })?;
            found.push((pair(row.get(0)?, row.get(1)?), Link { cause, seq: row.get(3)? }));
        }
    }
    Ok(found)
}

/// Those of these entities that lead a group of several.
pub(super) async fn canonicals(
    tx: &mut Tx,
    wanted: &HashSet<(ZoneId, Uuid)>,
) -> Result<HashSet<Uuid>> {
    let ids: HashSet<Uuid> = wanted.iter().map(|(_, id)| *id).collect();
    let rows = tx
        .fetch_in(
            "SELECT canonical_id FROM entity_home WHERE canonical_id <> entity_id AND canonical_id IN",
            sorted(&ids),
            "",
        )
        .await?;
    rows.iter().map(|r| r.get(0)).collect()
}

/// The decisions about these entities.
pub(super) async fn decisions(
    tx: &mut Tx,
    wanted: &HashSet<(ZoneId, Uuid)>,
) -> Result<Vec<DecisionRow>> {
    const BY_A: &str = "SELECT zone_id, decision_id, seq, a_id, b_zone_id, b_id, dataset, answer, state, \
         account_id, decided_at, choices FROM decision WHERE state <> 'refused' AND zone_id = $1 AND a_id IN";
    const BY_B: &str = "SELECT zone_id, decision_id, seq, a_id, b_zone_id, b_id, dataset, answer, state, \
         account_id, decided_at, choices FROM decision WHERE state <> 'refused' AND b_zone_id = $1 AND b_id IN";
    let mut found = Vec::new();
    for (zone, ids) in by_zone(wanted) {
        for sql in [BY_A, BY_B] {
            let rows = tx.fetch_in_with(sql, vec![zone.0.into()], ids.clone(), "").await?;
            found.extend(rows.iter().map(decision).collect::<Result<Vec<_>>>()?);
        }
    }
    Ok(found)
}

fn decision(row: &Row) -> Result<DecisionRow> {
    let broken = |column| DbError::Inconsistent { table: "decision", column };
    let (answer, state, choices): (String, String, String) =
        (row.get(7)?, row.get(8)?, row.get(11)?);
    Ok(DecisionRow {
        zone_id: ZoneId(row.get(0)?),
        decision_id: row.get(1)?,
        seq: row.get(2)?,
        pair: (row.get(3)?, row.get(5)?),
        b_zone_id: ZoneId(row.get(4)?),
        dataset: row.get(6)?,
        answer: Answer::parse(&answer).ok_or_else(|| broken("answer"))?,
        state: Standing::parse(&state).ok_or_else(|| broken("state"))?,
        refusal: "",
        in_the_way: None,
        account_id: row.get(9)?,
        decided_at: Micros(row.get(10)?),
        choices: serde_json::from_str(&choices).map_err(|_| broken("choices"))?,
        dirty: false,
    })
}

/// One version of an entity: where in the journal it comes from.
pub(super) struct VersionPlace {
    pub(super) entity_id: Uuid,
    pub(super) seq: i64,
    /// Whether its record waits for review.
    pub(super) pending: bool,
}

/// The versions of these entities, each entity's oldest first.
pub(super) async fn versions(
    tx: &mut Tx,
    wanted: &HashSet<(ZoneId, Uuid)>,
) -> Result<Vec<VersionPlace>> {
    // The first version is where the entity was created; only the later ones have an index.
    const FIRST: &str = "SELECT e.entity_id, v.seq, v.review FROM entity e JOIN entity_version v \
         ON v.zone_id = e.zone_id AND v.seq = e.created_seq AND v.entity_id = e.entity_id \
         AND v.version = 1 WHERE e.zone_id = $1 AND e.entity_id IN";
    const LATER: &str = "SELECT entity_id, seq, review FROM entity_version \
         WHERE zone_id = $1 AND version > 1 AND entity_id IN";
    let mut found = Vec::new();
    for (zone, ids) in by_zone(wanted) {
        for (sql, order) in [(FIRST, ""), (LATER, "ORDER BY entity_id, version")] {
            let rows = tx.fetch_in_with(sql, vec![zone.0.into()], ids.clone(), order).await?;
            for row in &rows {
                let pending = row.get::<String>(2)? == review_of(true);
                found.push(VersionPlace { entity_id: row.get(0)?, seq: row.get(1)?, pending });
            }
        }
    }
    Ok(found)
}

fn sorted(ids: &HashSet<Uuid>) -> Vec<Value> {
    let mut ids: Vec<_> = ids.iter().copied().collect();
    ids.sort_unstable();
    ids.into_iter().map(Value::from).collect()
}

fn by_zone(wanted: &HashSet<(ZoneId, Uuid)>) -> BTreeMap<ZoneId, Vec<Value>> {
    ids_by_zone(wanted.iter().copied())
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
            let broken = |_| DbError::Inconsistent { table: "kept_key", column: "wrapped" };
            let unwrap = || keys.unwrap(Realm::parse(&realm), id.as_bytes(), &wrapped);
            let key = (!wrapped.is_empty()).then(unwrap).transpose().map_err(broken)?;
            found.insert(id, KeptKey { wrapped, key });
        }
    }
    Ok(found)
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

/// Those of these entities that were erased: their row is there, their key is not.
pub(super) async fn tombs(tx: &mut Tx, wanted: &HashSet<(ZoneId, Uuid)>) -> Result<HashSet<Uuid>> {
    let mut found = HashSet::new();
    for (zone, ids) in by_zone(wanted) {
        let rows = tx
            .fetch_in_with(
                "SELECT entity_id FROM entity WHERE zone_id = $1 AND length(wrapped) = 0 AND entity_id IN",
                vec![zone.0.into()],
                ids,
                "",
            )
            .await?;
        for row in &rows {
            found.insert(row.get(0)?);
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
    let vault = Vault::read(row, row.get(1)?, 24)?;
    let Some((key, plain)) = vault.open_with_key(keys)? else { return Ok(None) };
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
    let entity_id: Uuid = row.get(1)?;
    let mut state = EntityState {
        zone_id: ZoneId(row.get(0)?),
        entity_id,
        dataset: row.get(2)?,
        realm: vault.realm(),
        version: row.get(3)?,
        shifts: row.get(29)?,
        pending: row.get::<String>(28)? == review_of(true),
        label: row.get(4)?,
        open,
        sealed,
        key,
        wrapped: vault.wrapped().to_vec(),
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
        created_at: Micros(row.get::<Option<i64>>(30)?.unwrap_or(0)),
        counted: Vec::new(),
        // Into nothing: no record speaks for it.
        merged_into: row.get::<Option<Uuid>>(27)?.filter(|into| *into != entity_id),
        shown: None,
        dirty: false,
        stored_day: Some(row.get(31)?),
        deleted_seq: row.get(32)?,
        replaced: None,
        versions: Vec::new(),
    };
    let counts = state.merged_into.is_none() && state.version > 0;
    if counts {
        state.counted = CellKey::all(&state);
    }
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

/// The entities that were deleted together with this one, itself among them; none when it was not deleted.
pub(super) async fn deleted_with(tx: &mut Tx, id: Uuid) -> Result<Vec<(ZoneId, Uuid)>> {
    let rows = tx
        .query(
            "SELECT zone_id, entity_id FROM entity WHERE deleted_seq > 0 AND deleted_seq = \
             (SELECT e.deleted_seq FROM entity_home h JOIN entity e ON e.zone_id = h.zone_id \
             AND e.entity_id = h.entity_id WHERE h.entity_id = $1)",
        )
        .bind(id)
        .fetch_all()
        .await?;
    rows.iter().map(|r| Ok((ZoneId(r.get(0)?), r.get(1)?))).collect()
}

/// The submissions that an entity remembers: where their records lie, and their ids.
pub(super) async fn sources(tx: &mut Tx, zone: ZoneId, id: Uuid) -> Result<Vec<(ZoneId, Uuid)>> {
    let rows = tx
        .query(
            "SELECT record_zone_id, submission_id FROM entity_source \
             WHERE zone_id = $1 AND entity_id = $2 ORDER BY submission_id",
        )
        .bind(zone.0)
        .bind(id)
        .fetch_all()
        .await?;
    rows.iter().map(|r| Ok((ZoneId(r.get(0)?), r.get(1)?))).collect()
}
