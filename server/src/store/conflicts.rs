//! Updates that did not know of others, as the queue shows them. Their values stand in the journal.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Scope, ZoneId};
use crate::db::{Result, Row, Tx, Value};

/// An update that did not know of others.
#[derive(Clone, Debug)]
pub struct ConflictRow {
    /// Where the entity lives.
    pub zone_id: ZoneId,
    /// The entity.
    pub entity_id: Uuid,
    /// The update: its place in the journal.
    pub seq: i64,
    /// The dataset of the entity.
    pub dataset: String,
    /// `hard` or `soft`.
    pub level: String,
    /// `open` or `settled`.
    pub state: String,
    /// The properties of which two say something else, as a JSON list.
    pub fields: String,
}

const COLUMNS: &str =
    "SELECT zone_id, entity_id, seq, dataset, level, state, fields FROM conflict ";

fn row(r: &Row) -> Result<ConflictRow> {
    Ok(ConflictRow {
        zone_id: ZoneId(r.get(0)?),
        entity_id: r.get(1)?,
        seq: r.get(2)?,
        dataset: r.get(3)?,
        level: r.get(4)?,
        state: r.get(5)?,
        fields: r.get(6)?,
    })
}

/// What of the queue is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The only dataset.
    pub dataset: Option<String>,
    /// Datasets that are left out.
    pub but: Vec<String>,
    /// The only level.
    pub level: Option<String>,
}

/// A page of what is not settled, after a place.
pub async fn queue(
    tx: &mut Tx,
    scope: &Scope,
    wanted: &Wanted,
    after: (ZoneId, Uuid, i64),
    limit: i64,
) -> Result<Vec<ConflictRow>> {
    let mut query =
        tx.query(COLUMNS).push("WHERE state = 'open' AND (zone_id, entity_id, seq) > (");
    query = query.push_bind(after.0.0).push(", ").push_bind(after.1).push(", ");
    query = query.push_bind(after.2).push(")");
    if let Some(dataset) = &wanted.dataset {
        query = query.push(" AND dataset = ").push_bind(dataset.as_str());
    }
    for dataset in &wanted.but {
        query = query.push(" AND dataset <> ").push_bind(dataset.as_str());
    }
    if let Some(level) = &wanted.level {
        query = query.push(" AND level = ").push_bind(level.as_str());
    }
    let query = scope.narrow(query).push(" ORDER BY zone_id, entity_id, seq LIMIT ");
    query.push_bind(limit).fetch_all().await?.iter().map(row).collect()
}

/// The conflicts of one entity, settled ones too.
pub async fn of_entity(tx: &mut Tx, zone: ZoneId, id: Uuid) -> Result<Vec<ConflictRow>> {
    let query = tx.query(COLUMNS).push("WHERE zone_id = ").push_bind(zone.0);
    let query = query.push(" AND entity_id = ").push_bind(id).push(" ORDER BY seq");
    query.fetch_all().await?.iter().map(row).collect()
}

/// Who sent these events: account and device.
pub async fn senders(
    tx: &mut Tx,
    seqs: Vec<i64>,
) -> Result<HashMap<i64, (Option<Uuid>, Option<Uuid>)>> {
    let seqs = seqs.into_iter().map(Value::from).collect();
    let sql = "SELECT seq, account_id, device_id FROM journal WHERE seq IN";
    let rows = tx.fetch_in(sql, seqs, "").await?;
    rows.iter().map(|r| Ok((r.get(0)?, (r.get(1)?, r.get(2)?)))).collect()
}
