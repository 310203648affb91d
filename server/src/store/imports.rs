//! Base lists that were imported, and where in the journal they stand.

use std::collections::HashMap;

use uuid::Uuid;

use super::ZoneId;
use crate::{
    db::{Result, Row, Tx, Value},
    runtime::Micros,
};

/// One import.
#[derive(Clone, Debug)]
pub struct ImportLine {
    /// Its id.
    pub import_id: Uuid,
    /// The base list.
    pub dataset: String,
    /// The name of the file.
    pub file_name: String,
    /// When.
    pub imported_at: Micros,
    /// Lines of which nothing was known.
    pub new_lines: i64,
    /// Lines that said something else than before.
    pub changed_lines: i64,
    /// Lines that said nothing new.
    pub same_lines: i64,
    /// The first of its events in the journal.
    pub first_seq: i64,
    /// The last of them.
    pub last_seq: i64,
    /// When it was taken back.
    pub undone_at: Option<Micros>,
}

/// Every import, oldest first.
pub async fn all(tx: &mut Tx) -> Result<Vec<ImportLine>> {
    let rows = tx
        .query(
            "SELECT import_id, dataset, file_name, imported_at, new_lines, changed_lines, same_lines, first_seq, \
             last_seq, undone_at FROM base_import ORDER BY first_seq",
        )
        .fetch_all()
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<ImportLine> {
    Ok(ImportLine {
        import_id: row.get(0)?,
        dataset: row.get(1)?,
        file_name: row.get(2)?,
        imported_at: Micros(row.get(3)?),
        new_lines: row.get(4)?,
        changed_lines: row.get(5)?,
        same_lines: row.get(6)?,
        first_seq: row.get(7)?,
        last_seq: row.get(8)?,
        undone_at: row.get::<Option<i64>>(9)?.map(Micros),
    })
}

/// Notes an import, in the transaction that appends its events.
pub async fn put(tx: &mut Tx, line: &ImportLine) -> Result<()> {
    tx.query(
        "INSERT INTO base_import (import_id, dataset, file_name, imported_at, new_lines, changed_lines, same_lines, \
         first_seq, last_seq, undone_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(line.import_id)
    .bind(line.dataset.as_str())
    .bind(line.file_name.as_str())
    .bind(line.imported_at)
    .bind(line.new_lines)
    .bind(line.changed_lines)
    .bind(line.same_lines)
    .bind(line.first_seq)
    .bind(line.last_seq)
    .bind(Value::from(line.undone_at))
    .execute()
    .await?;
    Ok(())
}

/// Notes that an import is taken back; says whether it stood.
pub async fn set_undone(tx: &mut Tx, import_id: Uuid, at: Micros) -> Result<bool> {
    let touched = tx
        .query("UPDATE base_import SET undone_at = $2 WHERE import_id = $1 AND undone_at IS NULL")
        .bind(import_id)
        .bind(at)
        .execute()
        .await?;
    Ok(touched > 0)
}

/// The events of an import: zone, submission id, form id.
pub async fn events(tx: &mut Tx, of: &ImportLine) -> Result<Vec<(ZoneId, Uuid, String)>> {
    let rows = tx
        .query(
            "SELECT zone_id, submission_id, form_id FROM journal WHERE seq >= $1 AND seq <= $2 AND kind = 'import' \
             ORDER BY seq",
        )
        .bind(of.first_seq)
        .bind(of.last_seq)
        .fetch_all()
        .await?;
    rows.iter().map(|r| Ok((ZoneId(r.get(0)?), r.get(1)?, r.get(2)?))).collect()
}

/// Where these entities were first registered: the code of the zone, the dataset.
pub async fn homes(tx: &mut Tx, ids: Vec<Value>) -> Result<HashMap<Uuid, (String, String)>> {
    let rows = tx
        .fetch_in(
            "SELECT e.entity_id, z.code, e.dataset FROM entity_home h JOIN entity e ON e.zone_id = h.zone_id \
             AND e.entity_id = h.entity_id JOIN zone z ON z.zone_id = h.zone_id WHERE h.entity_id IN",
            ids,
            "",
        )
        .await?;
    rows.iter().map(|r| Ok((r.get(0)?, (r.get(1)?, r.get(2)?)))).collect()
}

/// The last event of the journal, and the last that is applied.
pub async fn heads(tx: &mut Tx) -> Result<(i64, i64)> {
    let row = tx
        .query(
            "SELECT (SELECT seq FROM journal_head WHERE id = 1), (SELECT seq FROM apply_state WHERE id = 1) \
             FROM server_info WHERE id = 1",
        )
        .fetch_one()
        .await?;
    Ok((row.get(0)?, row.get(1)?))
}
