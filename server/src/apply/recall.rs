//! Loading everybody into the engine: at the start, and when another process has derived.

use std::collections::HashSet;

use futures_util::StreamExt as _;
use uuid::Uuid;

use super::{
    bring::bring,
    described::Described,
    fold::{Ground, Register},
    load,
    people::People,
};
use crate::{
    db::{Result, Tx},
    store::ZoneId,
};

/// Registrations read at once.
const PAGE: usize = 1_000;

/// Puts every registered person, site and organisation into the engine, as of the event `seq`.
///
/// In the order of registration, so that the engine is what it would be had it followed along.
pub(super) async fn recall(
    tx: &mut Tx,
    people: &mut People,
    seq: i64,
    ground: &Ground<'_>,
) -> Result<()> {
    people.clear();
    for page in everybody(tx).await?.chunks(PAGE) {
        let wanted = page.iter().map(|(_, zone, id)| (*zone, *id)).collect();
        load_page(tx, people, &wanted, ground).await?;
    }
    people.keep(seq);
    Ok(())
}

/// Who and what is registered, in the order of registration: 32 bytes each, so that they can be sorted here.
async fn everybody(tx: &mut Tx) -> Result<Vec<(i64, ZoneId, Uuid)>> {
    let mut all = Vec::new();
    let mut rows = tx
        .query(
            "SELECT created_seq, zone_id, entity_id FROM entity \
             WHERE version > 0 \
             AND dataset IN ('orpailleurs', 'enfants', 'sites', 'cooperatives')",
        )
        .stream();
    while let Some(row) = rows.next().await {
        let row = row?;
        all.push((row.get(0)?, ZoneId(row.get(1)?), row.get(2)?));
    }
    all.sort_unstable();
    Ok(all)
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
    for entity in entities {
        if let Some(as_is) = Described::of(&entity) {
            people.load(entity.zone_id, entity.entity_id, &as_is);
        }
    }
    Ok(())
}
