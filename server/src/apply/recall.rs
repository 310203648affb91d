//! Loading everybody into the engine: at the start, and when another process has derived.

use std::collections::HashSet;

use futures_util::StreamExt as _;
use tracing::info;
use uuid::Uuid;

use super::{
    bring::bring,
    described::Described,
    load,
    memory::Stood,
    people::People,
    register::{Ground, Register},
};
use crate::{
    db::{Query, Result, Tx},
    runtime::Micros,
    store::ZoneId,
};

/// Registrations read at once.
const PAGE: usize = 1_000;

/// Puts every registered person, site and organisation into the engine, as of the event `seq`.
///
/// What it holds already is kept, or what its files hold at the start; then only those are read again whose rows were
/// written since. Otherwise all are, in the order of registration, so that the engine is what it would be had it
/// followed along.
pub(super) async fn recall(
    tx: &mut Tx,
    people: &mut People,
    seq: i64,
    ground: &Ground<'_>,
) -> Result<()> {
    let done = match people.seq.take() {
        Some(known) if known <= seq => since(tx, people, known, ground).await,
        _ => from_files(tx, people, ground).await,
    };
    if let Err(failure) = done {
        people.clear();
        return Err(failure);
    }
    people.keep(seq);
    Ok(())
}

/// From the files, where there are some that lead here; else from every vault.
async fn from_files(tx: &mut Tx, people: &mut People, ground: &Ground<'_>) -> Result<()> {
    people.clear();
    let now = Stood::read(tx).await?;
    let Some(stood) = people.read_files(&now, tx, ground.keys).await? else {
        let everybody = tx.query(REGISTERED).push(PEOPLE_AND_PLACES).push(" AND version > 0");
        return load_all(listed(everybody).await?, tx, people, ground).await;
    };
    info!(event.seq = stood.seq, people.count = people.len(), "people come from the files");
    let places = tx.query(REGISTERED).push("dataset IN ('sites', 'cooperatives')");
    load_all(listed(places.push(" AND version > 0")).await?, tx, people, ground).await?;
    if (stood.seq, stood.turn) == (now.seq, now.turn) {
        return Ok(());
    }
    since(tx, people, stood.seq, ground).await
}

/// Reads again whose row was written on the day of this event or later: no row that is derived after an event bears
/// a day before that event's.
async fn since(tx: &mut Tx, people: &mut People, seq: i64, ground: &Ground<'_>) -> Result<()> {
    let row = tx
        .query("SELECT received_at FROM journal WHERE seq = $1")
        .bind(seq)
        .fetch_optional()
        .await?;
    let day = row.map(|row| row.get(0).map(Micros)).transpose()?.map_or(0, Micros::day);
    // The dataset is no way in: whose row is of these days are few.
    let written = tx.query(REGISTERED).push("day >= ").push_bind(day);
    let written =
        written.push(" AND (dataset || '') IN ('orpailleurs', 'enfants', 'sites', 'cooperatives')");
    let rows = listed(written).await?;
    for (_, zone, id) in &rows {
        people.unload(*zone, *id);
    }
    load_all(rows, tx, people, ground).await
}

const REGISTERED: &str = "SELECT created_seq, zone_id, entity_id FROM entity WHERE ";
const PEOPLE_AND_PLACES: &str = "dataset IN ('orpailleurs', 'enfants', 'sites', 'cooperatives')";

/// Who and what, in the order of registration: 32 bytes each, so that they can be sorted here.
async fn listed(query: Query<'_>) -> Result<Vec<(i64, ZoneId, Uuid)>> {
    let mut all = Vec::new();
    let mut rows = query.stream();
    while let Some(row) = rows.next().await {
        let row = row?;
        all.push((row.get(0)?, ZoneId(row.get(1)?), row.get(2)?));
    }
    all.sort_unstable();
    Ok(all)
}

async fn load_all(
    rows: Vec<(i64, ZoneId, Uuid)>,
    tx: &mut Tx,
    people: &mut People,
    ground: &Ground<'_>,
) -> Result<()> {
    for page in rows.chunks(PAGE) {
        let wanted = page.iter().map(|(_, zone, id)| (*zone, *id)).collect();
        load_page(tx, people, &wanted, ground).await?;
    }
    Ok(())
}

async fn load_page(
    tx: &mut Tx,
    people: &mut People,
    wanted: &HashSet<(ZoneId, Uuid)>,
    ground: &Ground<'_>,
) -> Result<()> {
    let mut entities = load::entities(tx, wanted, ground.keys).await?;
    // The row of a canonical shows its group: its own registration must be folded from its versions.
    let linked = load::canonicals(tx, wanted).await?;
    if !linked.is_empty() {
        let mut register = Register::default();
        bring(tx, &mut register, linked.clone(), ground).await?;
        for entity in entities.iter_mut().filter(|e| linked.contains(&e.entity_id)) {
            if let Some(own) = register.entities.remove(&entity.entity_id) {
                *entity = own;
            }
        }
    }
    entities.sort_by_key(|e| (e.created_seq, e.entity_id));
    for entity in entities.into_iter().filter(|e| e.version > 0) {
        if let Some(as_is) = Described::of(&entity) {
            people.load(entity.zone_id, entity.entity_id, &as_is);
        }
    }
    Ok(())
}
