//! The change feed: what devices pull, in commit order per zone.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Deserialize;
use sync_protocol::{Change, Cursor, Properties, ReceiptState, TombstoneReason};
use uuid::Uuid;

use super::{Scope, ZoneId, chains, versions};
use crate::{
    access::Caller,
    catalogue::Snapshot,
    db::{DbError, Result, Tx, Value},
};

/// One page of changes.
pub struct Page {
    /// The changes, zone by zone, in order.
    pub changes: Vec<Change>,
    /// Where in the journal the words of returned submissions lie, in their order.
    pub returned: Vec<i64>,
    /// Whether more are waiting.
    pub more: bool,
}

struct FeedRow {
    zone_id: ZoneId,
    kind: String,
    dataset: String,
    subject_id: Uuid,
    detail: String,
}

#[derive(Deserialize)]
struct ReceiptDetail {
    instance_id: String,
    state: String,
    rules: Vec<String>,
}

#[derive(Deserialize)]
struct ReturnedDetail {
    instance_id: String,
    rules: Vec<String>,
    seq: i64,
}

/// How a stored record state reads on a receipt.
fn receipt_state(state: &str) -> ReceiptState {
    match state {
        "quarantined" => ReceiptState::Quarantined,
        "held" => ReceiptState::Held,
        _ => ReceiptState::Applied,
    }
}

/// Reads on from the cursor and moves it. Receipts go to the device or account that sent the record only.
pub async fn page(
    tx: &mut Tx,
    by: &Caller,
    cursor: &mut Cursor,
    limit: u32,
    datasets: Option<&[String]>,
    forms: &Snapshot,
) -> Result<Page> {
    let zones = visible_zones(tx, &by.scope).await?;
    let mut left = i64::from(limit);
    let mut rows = Vec::new();
    let mut more = false;
    for (zone, head) in zones {
        let number = u32::try_from(zone.0)?;
        let from = i64::try_from(cursor.get(number)).unwrap_or(i64::MAX);
        if from >= head {
            continue;
        }
        if left == 0 {
            more = true;
            break;
        }
        let (found, last) = zone_page(tx, by, zone, from, left).await?;
        left -= i64::try_from(found.len())?;
        // Rows for other devices are passed over; the cursor passes them too.
        let reached = last.unwrap_or(head);
        more |= reached < head;
        cursor.advance(number, u64::try_from(reached)?);
        rows.extend(found);
    }
    rows.retain(|r| {
        r.kind != "entity" || datasets.is_none_or(|wanted| wanted.contains(&r.dataset))
    });
    let (changes, returned) = changes(tx, rows, forms).await?;
    Ok(Page { changes, returned, more })
}

/// How far the feed is in each zone that may be seen.
pub async fn heads(tx: &mut Tx, scope: &Scope) -> Result<BTreeMap<ZoneId, i64>> {
    Ok(visible_zones(tx, scope).await?.into_iter().collect())
}

/// Numbers of one zone that are looked through for what they spoke of.
const LOOKED_THROUGH: i64 = 200_000;

/// The entities of a dataset that the feed spoke of between two states of it; `None` when they are more than this, or too
/// much is to be looked through.
pub async fn spoken_of(
    tx: &mut Tx,
    dataset: &str,
    known: &BTreeMap<ZoneId, i64>,
    now: &BTreeMap<ZoneId, i64>,
    most: usize,
) -> Result<Option<BTreeSet<(ZoneId, Uuid)>>> {
    let mut found = BTreeSet::new();
    for (zone, last) in now {
        let from = known.get(zone).copied().unwrap_or(0);
        if last - from > LOOKED_THROUGH {
            return Ok(None);
        }
        if from == *last {
            continue;
        }
        let rows = tx
            .query(
                "SELECT DISTINCT subject_id FROM feed WHERE zone_id = $1 AND seq > $2 AND dataset = $3",
            )
            .bind(zone.0)
            .bind(from)
            .bind(dataset)
            .fetch_all()
            .await?;
        for row in &rows {
            found.insert((*zone, row.get(0)?));
        }
        if found.len() > most {
            return Ok(None);
        }
    }
    Ok(Some(found))
}

async fn visible_zones(tx: &mut Tx, scope: &Scope) -> Result<Vec<(ZoneId, i64)>> {
    let query = tx.query("SELECT zone_id, seq FROM feed_head WHERE seq > 0");
    let rows = scope.narrow(query).push(" ORDER BY zone_id").fetch_all().await?;
    rows.iter().map(|r| Ok((ZoneId(r.get(0)?), r.get(1)?))).collect()
}

/// Rows of a zone for this caller, and the last number read when the page is full.
async fn zone_page(
    tx: &mut Tx,
    by: &Caller,
    zone: ZoneId,
    from: i64,
    limit: i64,
) -> Result<(Vec<FeedRow>, Option<i64>)> {
    let rows = tx
        .query(
            "SELECT seq, kind, dataset, subject_id, detail FROM feed WHERE zone_id = $1 AND seq > $2 \
             AND (kind NOT IN ('receipt', 'returned') OR device_id = $3) ORDER BY seq LIMIT $4",
        )
        .bind(zone.0)
        .bind(from)
        .bind(by.device_id.or(by.account_id).unwrap_or(Uuid::nil()))
        .bind(limit)
        .fetch_all()
        .await?;
    let full = i64::try_from(rows.len())? == limit;
    let mut last = None;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        last = Some(row.get(0)?);
        found.push(FeedRow {
            zone_id: zone,
            kind: row.get(1)?,
            dataset: row.get(2)?,
            subject_id: row.get(3)?,
            detail: row.get(4)?,
        });
    }
    Ok((found, last.filter(|_| full)))
}

async fn changes(
    tx: &mut Tx,
    rows: Vec<FeedRow>,
    forms: &Snapshot,
) -> Result<(Vec<Change>, Vec<i64>)> {
    let mut wanted: BTreeMap<ZoneId, HashSet<Uuid>> = BTreeMap::new();
    for row in rows.iter().filter(|r| r.kind == "entity") {
        wanted.entry(row.zone_id).or_default().insert(row.subject_id);
    }
    let mut entities = current(tx, wanted, forms).await?;
    let mut changes = Vec::with_capacity(rows.len());
    let mut returned = Vec::new();
    let is_to_sender = |row: &FeedRow| matches!(row.kind.as_str(), "receipt" | "returned");
    // An entity that changed twice in this page, or went into another and came out again, is told once: as it is
    // now, where it was last spoken of.
    let last: HashMap<Uuid, usize> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| !is_to_sender(row))
        .map(|(i, row)| (row.subject_id, i))
        .collect();
    for (i, row) in rows.into_iter().enumerate() {
        if !is_to_sender(&row) && last.get(&row.subject_id) != Some(&i) {
            continue;
        }
        if row.kind == "receipt" {
            let detail: ReceiptDetail = serde_json::from_str(&row.detail)
                .map_err(|_| DbError::Inconsistent { table: "feed", column: "detail" })?;
            changes.push(Change::Receipt {
                submission_id: row.subject_id,
                instance_id: detail.instance_id,
                state: receipt_state(&detail.state),
                rules: detail.rules,
            });
        } else if row.kind == "returned" {
            let detail: ReturnedDetail = serde_json::from_str(&row.detail)
                .map_err(|_| DbError::Inconsistent { table: "feed", column: "detail" })?;
            returned.push(detail.seq);
            changes.push(Change::Returned {
                submission_id: row.subject_id,
                instance_id: detail.instance_id,
                // Sealed in the journal: see `Page::returned`.
                message: String::new(),
                rules: detail.rules,
            });
        } else if row.kind == "tombstone" {
            changes.push(Change::Tombstone {
                dataset: row.dataset,
                id: row.subject_id,
                reason: TombstoneReason::Deleted,
            });
        } else if row.kind == "merged" && crate::apply::is_on_devices(&row.dataset) {
            changes.push(Change::Tombstone {
                dataset: row.dataset,
                id: row.subject_id,
                reason: TombstoneReason::Merged,
            });
        } else if let Some(entity) = entities.remove(&row.subject_id) {
            changes.push(entity);
        }
    }
    Ok((changes, returned))
}

async fn current(
    tx: &mut Tx,
    wanted: BTreeMap<ZoneId, HashSet<Uuid>>,
    forms: &Snapshot,
) -> Result<HashMap<Uuid, Change>> {
    let mut found = HashMap::new();
    let mut shared: HashMap<String, Vec<String>> = HashMap::new();
    let places: Vec<(ZoneId, Uuid)> =
        wanted.iter().flat_map(|(zone, ids)| ids.iter().map(|id| (*zone, *id))).collect();
    let told = versions::told(tx, &places).await?;
    for (zone, ids) in wanted {
        let list: Vec<Value> = ids.into_iter().map(Value::from).collect();
        let rows = tx
            .fetch_in_with(
                "SELECT entity_id, dataset, version + shifts, label, props FROM entity WHERE zone_id = $1 \
                 AND merged_into IS NULL AND entity_id IN",
                vec![zone.0.into()],
                list,
                "",
            )
            .await?;
        for row in rows {
            let id: Uuid = row.get(0)?;
            let version = told.get(&id).copied().map_or_else(|| row.get(2), Ok)?;
            let props: String = row.get(4)?;
            let mut properties: Properties = serde_json::from_str(&props)
                .map_err(|_| DbError::Inconsistent { table: "entity", column: "props" })?;
            let version = u64::try_from(version)?;
            let dataset: String = row.get(1)?;
            // Only what must be on phones is sent to phones: what forms save into the list.
            let kept =
                shared.entry(dataset.clone()).or_insert_with(|| forms.shared_properties(&dataset));
            properties.retain(|name, _| kept.contains(name));
            let change = Change::Entity { dataset, id, version, label: row.get(3)?, properties };
            found.insert(id, change);
        }
    }
    Ok(found)
}

/// How these submissions stand; those not applied yet are left out.
pub async fn states(tx: &mut Tx, wanted: &[(ZoneId, Uuid)]) -> Result<HashMap<Uuid, ReceiptState>> {
    let stands = chains::standing(tx, &wanted.iter().copied().collect()).await?;
    let mut zones: BTreeMap<ZoneId, Vec<Value>> = BTreeMap::new();
    for place in wanted {
        zones
            .entry(place.0)
            .or_default()
            .push(stands.get(place).copied().unwrap_or(place.1).into());
    }
    let mut found = HashMap::new();
    for (zone, ids) in zones {
        let rows = tx
            .fetch_in_with(
                "SELECT submission_id, state FROM record WHERE zone_id = $1 AND submission_id IN",
                vec![zone.0.into()],
                ids,
                "",
            )
            .await?;
        for row in rows {
            let state: String = row.get(1)?;
            found.insert(row.get(0)?, receipt_state(&state));
        }
    }
    // Under the id that was asked for, too.
    for (place, into) in stands {
        if let Some(state) = found.get(&into).copied() {
            found.insert(place.1, state);
        }
    }
    Ok(found)
}
