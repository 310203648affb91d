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

/// Stores boundaries, replacing those of the same division, level, code and first day; one that does not say from when
/// it holds replaces all that was known of its code.
pub async fn put(tx: &mut Tx, rows: Vec<BoundaryRow>, now: Micros) -> Result<()> {
    for row in rows.iter().filter(|row| row.valid_from.is_empty()) {
        tx.query("DELETE FROM boundary WHERE division = $1 AND level = $2 AND code = $3")
            .bind(&*row.division)
            .bind(&*row.level)
            .bind(&*row.code)
            .execute()
            .await?;
    }
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
        "ON CONFLICT (division, level, code, valid_from) DO UPDATE SET geometry = excluded.geometry, \
         source = excluded.source, imported_at = excluded.imported_at, name = excluded.name, \
         code_system = excluded.code_system, source_code = excluded.source_code, \
         valid_to = excluded.valid_to, licence = excluded.licence",
        rows,
    )
    .await?;
    Ok(())
}

/// The stored features as they hold now, in a fixed order: of a code with several validities the last one.
pub async fn all(tx: &mut Tx) -> Result<Vec<String>> {
    let rows = tx
        .query(
            "SELECT geometry FROM boundary AS b WHERE NOT EXISTS (SELECT 1 FROM boundary AS later \
             WHERE later.division = b.division AND later.level = b.level AND later.code = b.code \
             AND later.valid_from > b.valid_from) ORDER BY division, level, code",
        )
        .fetch_all()
        .await?;
    rows.into_iter().map(|r| r.get(0)).collect()
}

/// A stored boundary without its outline: what it is and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Division, level, code.
    pub of: [String; 3],
    /// The first day on which it holds; empty where that is not known.
    pub valid_from: String,
    /// The file it came from.
    pub source: String,
    /// The terms it was given under.
    pub licence: String,
}

/// The boundaries that hold on a day (`YYYY-MM-DD`), one for each code at most: the last that began until then, if it
/// had not ended.
pub async fn on(tx: &mut Tx, day: &str) -> Result<Vec<Validity>> {
    let rows = tx
        .query(
            "SELECT division, level, code, valid_from, source, licence FROM boundary AS b \
             WHERE valid_from <= $1 AND (valid_to = '' OR valid_to >= $1) AND NOT EXISTS \
             (SELECT 1 FROM boundary AS later WHERE later.division = b.division AND later.level = b.level \
             AND later.code = b.code AND later.valid_from > b.valid_from AND later.valid_from <= $1) \
             ORDER BY division, level, code",
        )
        .bind(day)
        .fetch_all()
        .await?;
    let validity = |row: &crate::db::Row| {
        Ok(Validity {
            of: [row.get(0)?, row.get(1)?, row.get(2)?],
            valid_from: row.get(3)?,
            source: row.get(4)?,
            licence: row.get(5)?,
        })
    };
    rows.iter().map(validity).collect()
}

/// The stored features of those that hold on a day (`YYYY-MM-DD`), in the order of [`on`].
pub async fn all_on(tx: &mut Tx, day: &str) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for of in on(tx, day).await? {
        all.push(geometry(tx, &of).await?);
    }
    Ok(all)
}

/// The feature of a stored boundary.
pub async fn geometry(tx: &mut Tx, of: &Validity) -> Result<String> {
    let [division, level, code] = &of.of;
    tx.query(
        "SELECT geometry FROM boundary WHERE division = $1 AND level = $2 AND code = $3 AND valid_from = $4",
    )
    .bind(&**division)
    .bind(&**level)
    .bind(&**code)
    .bind(&*of.valid_from)
    .fetch_one()
    .await?
    .get(0)
}

/// A token that changes with every import.
pub async fn change_token(tx: &mut Tx) -> Result<(i64, i64)> {
    let row = tx
        .query("SELECT COUNT(*), COALESCE(MAX(imported_at), 0) FROM boundary")
        .fetch_one()
        .await?;
    Ok((row.get(0)?, row.get(1)?))
}
