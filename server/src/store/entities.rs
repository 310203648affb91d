//! Reading entities: lists for phones, pages for downloads, change tokens.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::{Scope, ZoneId};
use crate::{
    db::{DbError, Result, Tx, Value},
    keys::{MasterKeys, Realm},
};

/// How often each zone's part of a dataset has changed.
pub async fn heads(tx: &mut Tx, scope: &Scope, dataset: &str) -> Result<Vec<(i32, i64)>> {
    let query = tx.query("SELECT zone_id, seq FROM dataset_head WHERE dataset = $1").bind(dataset);
    let rows = scope.narrow(query).push(" ORDER BY zone_id").fetch_all().await?;
    rows.iter().map(|r| Ok((r.get(0)?, r.get(1)?))).collect()
}

/// One row of an entity list.
#[derive(Clone, Debug)]
pub struct ListRow {
    /// Its zone.
    pub zone_id: ZoneId,
    /// Its id.
    pub entity_id: Uuid,
    /// Its version.
    pub version: i64,
    /// Its label, when that names no person.
    pub label: String,
    /// Its properties, opened.
    pub properties: Map<String, Json>,
}

impl ListRow {
    /// A property.
    pub fn value(&self, name: &str) -> Option<&Json> {
        self.properties.get(name)
    }

    /// A property that is text.
    pub fn text(&self, name: &str) -> Option<String> {
        Some(self.properties.get(name)?.as_str()?.to_owned())
    }
}

/// A page of a list, by zone and id, after the given one.
pub async fn list_page(
    tx: &mut Tx,
    scope: &Scope,
    dataset: &str,
    after: Option<(ZoneId, Uuid)>,
    limit: i64,
    keys: &MasterKeys,
) -> Result<Vec<ListRow>> {
    let (zone, id) = after.unwrap_or((ZoneId(i32::MIN), Uuid::nil()));
    let query = tx
        .query(
            "SELECT zone_id, entity_id, version, label, props FROM entity WHERE dataset = $1 \
             AND merged_into IS NULL AND (zone_id, entity_id) > ($2, $3)",
        )
        .bind(dataset)
        .bind(zone.0)
        .bind(id);
    let rows = scope
        .narrow(query)
        .push(" ORDER BY zone_id, entity_id LIMIT ")
        .push_bind(limit)
        .fetch_all()
        .await?;
    let mut page = Vec::with_capacity(rows.len());
    for row in &rows {
        let props: String = row.get(4)?;
        let properties = serde_json::from_str(&props)
            .map_err(|_| DbError::Inconsistent { table: "entity", column: "props" })?;
        page.push(ListRow {
            zone_id: ZoneId(row.get(0)?),
            entity_id: row.get(1)?,
            version: row.get(2)?,
            label: row.get(3)?,
            properties,
        });
    }
    open_vaults(tx, &mut page, keys).await?;
    Ok(page)
}

/// Adds what is sealed: a list of somebody else's study carries what its form says it shares.
async fn open_vaults(tx: &mut Tx, page: &mut [ListRow], keys: &MasterKeys) -> Result<()> {
    let mut zones: HashMap<ZoneId, Vec<Value>> = HashMap::new();
    for row in page.iter() {
        zones.entry(row.zone_id).or_default().push(row.entity_id.into());
    }
    let broken = || DbError::Inconsistent { table: "vault", column: "sealed" };
    let mut opened: HashMap<Uuid, Map<String, Json>> = HashMap::new();
    for (zone, ids) in zones {
        let rows = tx
            .fetch_in_with(
                "SELECT v.entity_id, v.sealed, k.realm, k.wrapped FROM vault v JOIN subject_key k \
                 ON k.zone_id = v.zone_id AND k.subject = 'entity' AND k.subject_id = v.entity_id \
                 WHERE v.zone_id = $1 AND v.entity_id IN",
                vec![zone.0.into()],
                ids,
                "",
            )
            .await?;
        for row in rows {
            let id: Uuid = row.get(0)?;
            let sealed: Vec<u8> = row.get(1)?;
            let realm: String = row.get(2)?;
            let wrapped: Vec<u8> = row.get(3)?;
            if wrapped.is_empty() {
                continue;
            }
            let key =
                keys.unwrap(Realm::parse(&realm), id.as_bytes(), &wrapped).map_err(|_| broken())?;
            let plain = key.open(b"vault", &sealed).map_err(|_| broken())?;
            opened.insert(id, serde_json::from_slice(&plain).map_err(|_| broken())?);
        }
    }
    for row in page {
        for (name, value) in opened.remove(&row.entity_id).unwrap_or_default() {
            row.properties.entry(name).or_insert(value);
        }
    }
    Ok(())
}

/// Which of these ids are entities of the dataset that may be seen.
pub async fn known(
    tx: &mut Tx,
    scope: &Scope,
    dataset: &str,
    ids: &[Uuid],
) -> Result<HashSet<Uuid>> {
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
    let mut found = HashSet::new();
    for (zone, ids) in zones {
        let rows = tx
            .fetch_in_with(
                "SELECT entity_id FROM entity WHERE zone_id = $1 AND dataset = $2 \
                 AND merged_into IS NULL AND entity_id IN",
                vec![zone.0.into(), dataset.into()],
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
