//! Reading entities: lists for phones, pages for downloads, change tokens.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::{Scope, ZoneId, follow_up::Narrowed, vault::Vault, versions, zones::ids_by_zone};
use crate::{
    db::{DbError, Query, Result, Row, Tx, Value},
    keys::MasterKeys,
};

/// How often each zone's part of a dataset has changed.
pub async fn heads(tx: &mut Tx, scope: &Scope, dataset: &str) -> Result<Vec<(i32, i64)>> {
    let query = tx.query("SELECT zone_id, seq FROM dataset_head WHERE dataset = $1").bind(dataset);
    let rows = scope.narrow(query).push(" ORDER BY zone_id").fetch_all().await?;
    rows.iter().map(|r| Ok((r.get(0)?, r.get(1)?))).collect()
}

/// A place in a list: zone, the event that made the entity, its id. Lists are read in this order, in
/// which they are also written.
pub type Place = (ZoneId, i64, Uuid);

/// The next page of a list over `entity e`, in the order of [`Place`]: what comes after a place, as far as a caller may see.
pub(super) fn next_page<'t>(
    query: Query<'t>,
    scope: &Scope,
    after: Option<Place>,
    limit: i64,
) -> Query<'t> {
    let (zone, seq, id) = after.unwrap_or((ZoneId(i32::MIN), 0, Uuid::nil()));
    let query = query
        .push(" AND (e.zone_id, e.created_seq, e.entity_id) > (")
        .push_bind(zone.0)
        .push(", ")
        .push_bind(seq)
        .push(", ")
        .push_bind(id)
        .push(")");
    let query = scope.narrow_on(query, " AND e.zone_id IN ");
    query.push(" ORDER BY e.zone_id, e.created_seq, e.entity_id LIMIT ").push_bind(limit)
}

/// One row of an entity list.
#[derive(Clone, Debug)]
pub struct ListRow {
    /// Its zone.
    pub zone_id: ZoneId,
    /// Its id.
    pub entity_id: Uuid,
    /// The event that made it.
    pub created_seq: i64,
    /// Its version as phones know it: it only grows.
    pub version: i64,
    /// Its label, when that names no person.
    pub label: String,
    /// Its properties, opened.
    pub properties: Map<String, Json>,
}

impl ListRow {
    /// Where it stands in its list.
    pub const fn place(&self) -> Place {
        (self.zone_id, self.created_seq, self.entity_id)
    }

    /// A property.
    pub fn value(&self, name: &str) -> Option<&Json> {
        self.properties.get(name)
    }

    /// A property that is text.
    pub fn text(&self, name: &str) -> Option<String> {
        Some(self.properties.get(name)?.as_str()?.to_owned())
    }
}

/// A page of a list, in the order of registration, after the given place.
pub async fn list_page(
    tx: &mut Tx,
    (scope, narrowed): (&Scope, &Narrowed),
    dataset: &str,
    after: Option<Place>,
    limit: i64,
    keys: &MasterKeys,
) -> Result<Vec<ListRow>> {
    let (zone, seq, id) = after.unwrap_or((ZoneId(i32::MIN), 0, Uuid::nil()));
    let query = tx
        .query(
            "SELECT zone_id, entity_id, version + shifts, label, props, created_seq, realm, wrapped, sealed \
             FROM entity WHERE dataset = $1 AND merged_into IS NULL \
             AND (zone_id, created_seq, entity_id) > ($2, $3, $4)",
        )
        .bind(dataset)
        .bind(zone.0)
        .bind(seq)
        .bind(id);
    let mut query = scope.narrow(query);
    if narrowed.approved {
        // Once accepted it stays in the list, whatever waits to be said of it.
        query = query.push(
            " AND (review = 'accepted' OR EXISTS (SELECT 1 FROM entity_version v WHERE v.zone_id = entity.zone_id \
             AND v.entity_id = entity.entity_id AND v.review = 'accepted'))",
        );
    }
    if let Some(holder) = narrowed.to {
        // What became one with another is followed up there.
        query = query
            .push(
                " AND entity_id IN (SELECT COALESCE(h.canonical_id, f.entity_id) FROM follow_up f \
                 LEFT JOIN entity_home h ON h.entity_id = f.entity_id WHERE f.holder_id = ",
            )
            .push_bind(holder)
            .push(" AND f.dataset = ")
            .push_bind(dataset)
            .push(")");
    }
    let rows = query
        .push(" ORDER BY zone_id, created_seq, entity_id LIMIT ")
        .push_bind(limit)
        .fetch_all()
        .await?;
    told_rows(tx, &rows, dataset, keys).await
}

/// These entities of a list, as [`list_page`] gives them; what is in it no longer is left out.
pub async fn list_of(
    tx: &mut Tx,
    scope: &Scope,
    dataset: &str,
    of: BTreeSet<(ZoneId, Uuid)>,
    keys: &MasterKeys,
) -> Result<Vec<ListRow>> {
    let mut rows = Vec::new();
    for (zone, ids) in ids_by_zone(of.into_iter().filter(|(zone, _)| scope.contains(*zone))) {
        let found = tx
            .fetch_in_with(
                "SELECT zone_id, entity_id, version + shifts, label, props, created_seq, realm, wrapped, sealed \
                 FROM entity WHERE dataset = $1 AND merged_into IS NULL \
                 AND zone_id = $2 AND entity_id IN",
                vec![dataset.into(), zone.0.into()],
                ids,
                "",
            )
            .await?;
        rows.extend(found);
    }
    told_rows(tx, &rows, dataset, keys).await
}

/// Rows of a list, with the version of each as phones are told it.
async fn told_rows(
    tx: &mut Tx,
    rows: &[Row],
    dataset: &str,
    keys: &MasterKeys,
) -> Result<Vec<ListRow>> {
    // Whatever another form says it saves: what the census seals of its own lists stays sealed.
    let keys = (!is_of_census(dataset)).then_some(keys);
    let mut rows: Vec<ListRow> =
        rows.iter().map(|row| list_row(row, keys)).collect::<Result<_>>()?;
    let places: Vec<(ZoneId, Uuid)> = rows.iter().map(|r| (r.zone_id, r.entity_id)).collect();
    let told = versions::told(tx, &places).await?;
    for row in &mut rows {
        row.version = told.get(&row.entity_id).copied().unwrap_or(row.version);
    }
    Ok(rows)
}

fn is_of_census(dataset: &str) -> bool {
    sanu_schemas::datasets().iter().any(|d| d.name == dataset)
        || crate::import::lists().contains(&dataset)
}

/// A row, with what is sealed beside the rest where keys are given: a list of somebody else's study carries what its form
/// says it shares.
fn list_row(row: &Row, keys: Option<&MasterKeys>) -> Result<ListRow> {
    let broken = |column| DbError::Inconsistent { table: "entity", column };
    let id: Uuid = row.get(1)?;
    let props: String = row.get(4)?;
    let mut properties: Map<String, Json> =
        serde_json::from_str(&props).map_err(|_| broken("props"))?;
    let plain = keys.map(|keys| Vault::read(row, id, 6)?.open(keys)).transpose()?.flatten();
    if let Some(plain) = plain {
        let opened: Map<String, Json> =
            serde_json::from_slice(&plain).map_err(|_| broken("sealed"))?;
        for (name, value) in opened {
            properties.entry(name).or_insert(value);
        }
    }
    Ok(ListRow {
        zone_id: ZoneId(row.get(0)?),
        entity_id: id,
        created_seq: row.get(5)?,
        version: row.get(2)?,
        label: row.get(3)?,
        properties,
    })
}

/// Which of these ids are entities of the dataset that may be seen, and whether each is gone: merged into
/// another, or no record speaks for it any more.
pub async fn known(
    tx: &mut Tx,
    scope: &Scope,
    dataset: &str,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, bool>> {
    let list = ids.iter().map(|id| (*id).into()).collect();
    let homes = tx
        .fetch_in("SELECT entity_id, zone_id FROM entity_home WHERE entity_id IN", list, "")
        .await?;
    let mut zones: HashMap<ZoneId, Vec<Value>> = HashMap::new();
    for row in &homes {
        let zone = ZoneId(row.get(1)?);
        if scope.contains(zone) {
            let id: Uuid = row.get(0)?;
            zones.entry(zone).or_default().push(id.into());
        }
    }
    let mut found = BTreeMap::new();
    for (zone, ids) in zones {
        let rows = tx
            .fetch_in_with(
                "SELECT entity_id, CAST(CASE WHEN merged_into IS NOT NULL OR deleted_seq > 0 THEN 1 ELSE 0 END AS bigint) \
                 FROM entity WHERE zone_id = $1 AND dataset = $2 AND entity_id IN",
                vec![zone.0.into(), dataset.into()],
                ids,
                "",
            )
            .await?;
        for row in &rows {
            found.insert(row.get(0)?, row.get::<i64>(1)? > 0);
        }
    }
    Ok(found)
}

/// Where an entity lives, and whether it was deleted.
#[derive(Clone, Copy, Debug)]
pub struct Stood {
    /// Where it was registered.
    pub zone_id: ZoneId,
    /// Whether it was deleted.
    pub is_deleted: bool,
}

/// An entity of this dataset that is in the register, or was until it was deleted; `None` when there is none that
/// may be seen, itself and everybody of its group.
pub async fn stood(tx: &mut Tx, scope: &Scope, dataset: &str, id: Uuid) -> Result<Option<Stood>> {
    let row = tx
        .query(
            "SELECT e.zone_id, e.deleted_seq, h.canonical_id FROM entity_home h \
             JOIN entity e ON e.zone_id = h.zone_id AND e.entity_id = h.entity_id WHERE h.entity_id = $1 AND e.dataset = $2 AND (e.version > 0 OR e.deleted_seq > 0)",
        )
        .bind(id)
        .bind(dataset)
        .fetch_optional()
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (zone_id, deleted_seq, canonical) =
        (ZoneId(row.get(0)?), row.get::<i64>(1)?, row.get::<Uuid>(2)?);
    let group =
        "SELECT zone_id FROM entity_home WHERE canonical_id = $1 AND canonical_id <> entity_id";
    let with = "SELECT zone_id FROM entity WHERE deleted_seq > 0 AND deleted_seq = $1";
    let mut zones = vec![zone_id];
    for row in tx.query(group).bind(canonical).fetch_all().await? {
        zones.push(ZoneId(row.get(0)?));
    }
    for row in tx.query(with).bind(deleted_seq).fetch_all().await? {
        zones.push(ZoneId(row.get(0)?));
    }
    let is_seen = zones.into_iter().all(|zone| scope.contains(zone));
    Ok(is_seen.then_some(Stood { zone_id, is_deleted: deleted_seq > 0 }))
}
