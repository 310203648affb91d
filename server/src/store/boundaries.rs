//! Imported polygons, as stable GeoJSON text.

use crate::{
    db::{Result, Tx},
    runtime::Micros,
};

/// A boundary as stored.
#[derive(Clone, Debug)]
pub struct BoundaryRow {
    /// "2012" or "2023".
    pub division: String,
    /// "region", "cercle" or "commune".
    pub level: String,
    /// Its code.
    pub code: String,
    /// The feature, with names and validity.
    pub geometry: String,
    /// The file it came from.
    pub source: String,
    /// Its name as the file writes it.
    pub name: String,
    /// Whose numbering `source_code` is of; empty where there is none.
    pub code_system: String,
    /// Its number there.
    pub source_code: String,
    /// The first day on which it holds, `YYYY-MM-DD`; empty where the file does not say.
    pub valid_from: String,
    /// The last day; empty while it holds.
    pub valid_to: String,
    /// The terms it was given under, as the operator names them.
    pub licence: String,
}

/// Stores boundaries, replacing those of the same division, level and code.
pub async fn put(tx: &mut Tx, rows: Vec<BoundaryRow>, now: Micros) -> Result<()> {
    let rows = rows
        .into_iter()
        .map(|b| {
            vec![
                b.division.into(),
                b.level.into(),
                b.code.into(),
                b.geometry.into(),
                b.source.into(),
                now.into(),
                b.name.into(),
                b.code_system.into(),
                b.source_code.into(),
                b.valid_from.into(),
                b.valid_to.into(),
                b.licence.into(),
            ]
        })
        .collect();
    tx.insert_rows(
        "INSERT INTO boundary (division, level, code, geometry, source, imported_at, name, code_system, \
         source_code, valid_from, valid_to, licence)",
        "ON CONFLICT (division, level, code) DO UPDATE SET geometry = excluded.geometry, \
         source = excluded.source, imported_at = excluded.imported_at, name = excluded.name, \
         code_system = excluded.code_system, source_code = excluded.source_code, \
         valid_from = excluded.valid_from, valid_to = excluded.valid_to, licence = excluded.licence",
        rows,
    )
    .await?;
    Ok(())
}

/// The stored features, in a fixed order.
pub async fn all(tx: &mut Tx) -> Result<Vec<String>> {
    let rows = tx
        .query("SELECT geometry FROM boundary ORDER BY division, level, code")
        .fetch_all()
        .await?;
    rows.into_iter().map(|r| r.get(0)).collect()
}

/// A token that changes with every import.
pub async fn change_token(tx: &mut Tx) -> Result<(i64, i64)> {
    let row = tx
        .query("SELECT COUNT(*), COALESCE(MAX(imported_at), 0) FROM boundary")
        .fetch_one()
        .await?;
    Ok((row.get(0)?, row.get(1)?))
}
