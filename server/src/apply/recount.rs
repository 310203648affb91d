//! Filling the cells that an older program did not keep: once, when a register is met that lacks them.

use std::collections::HashSet;

use uuid::Uuid;

use super::{
    cells::{CellKey, Cells},
    days, load, submissions,
    turn::Mark,
    write::write_cells,
};
use crate::{
    db::{Db, Result, Tx},
    keys::MasterKeys,
    store::ZoneId,
};

const PAGE: i64 = 500;

/// Whose key was destroyed: counted by their rows alone.
const ERASED: &str = "SELECT zone_id, dataset, region_2012, cercle_2012, commune_2012, region_2023, \
     cercle_2023, commune_2023, district, sex, age_group, status, review, COUNT(*) FROM entity \
     WHERE LENGTH(wrapped) = 0 AND merged_into IS NULL AND version > 0 GROUP BY zone_id, dataset, \
     region_2012, cercle_2012, commune_2012, region_2023, cercle_2023, commune_2023, district, sex, \
     age_group, status, review";

/// Whether every cube is filled.
async fn is_full(tx: &mut Tx) -> Result<bool> {
    let row = tx.query("SELECT cubes FROM apply_state WHERE id = 1").fetch_one().await?;
    Ok(row.get::<i64>(0)? > 0)
}

/// Counts everything again in the cubes but that of places, if that was never done. False when
/// another process derived meanwhile: to be tried again.
///
/// Entities are read beside the writer; only the cells are written under its lock.
pub(super) async fn fill(db: &Db, keys: &MasterKeys) -> Result<bool> {
    let mut tx = db.look_up().await?;
    if is_full(&mut tx).await? {
        return Ok(true);
    }
    let mark = Mark::read(&mut tx).await?;
    let mut cells = Cells::default();
    submissions::count_all(&mut tx, &mut cells).await?;
    let mut after = (ZoneId(i32::MIN), Uuid::nil());
    loop {
        let page = page_after(&mut tx, after).await?;
        let Some(last) = page.last().copied() else { break };
        after = last;
        let wanted: HashSet<_> = page.into_iter().collect();
        for entity in load::entities(&mut tx, &wanted, keys).await? {
            if !entity.counted.is_empty() {
                cells.add_all(CellKey::others(&entity), 1);
            }
        }
    }
    for row in tx.query(ERASED).fetch_all().await? {
        let (place, n) = (CellKey::of_row(&row)?, row.get(13)?);
        for key in place.clone().erased().into_iter().filter(|key| *key != place) {
            cells.add(key, n);
        }
    }
    drop(tx);
    let mut tx = db.write().await?;
    if !mark.advance(&mut tx, mark.seq, mark.day).await? {
        return Ok(false);
    }
    tx.query("DELETE FROM count_cell WHERE cube <> 'place'").execute().await?;
    write_cells(&mut tx, cells).await?;
    tx.query("UPDATE apply_state SET cubes = 1 WHERE id = 1").execute().await?;
    days::begin(&mut tx, mark.seq).await?;
    tx.commit().await?;
    Ok(true)
}

async fn page_after(tx: &mut Tx, after: (ZoneId, Uuid)) -> Result<Vec<(ZoneId, Uuid)>> {
    let rows = tx
        .query(
            "SELECT zone_id, entity_id FROM entity WHERE (zone_id, entity_id) > ($1, $2) \
             ORDER BY zone_id, entity_id LIMIT $3",
        )
        .bind(after.0.0)
        .bind(after.1)
        .bind(PAGE)
        .fetch_all()
        .await?;
    rows.iter().map(|r| Ok((ZoneId(r.get(0)?), r.get(1)?))).collect()
}
