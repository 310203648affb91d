//! Counts of submissions: those that a batch touches leave their cells before it is written, and are
//! counted again as they stand after.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{
    cells::{CellKey, Cells},
    rows::Rows,
};
use crate::{
    db::{Result, Row, Tx, Value},
    runtime::Micros,
    store::ZoneId,
};

/// How a record stands is one word: what the checks say of it until a person decided.
const TOUCHED: &str = "SELECT zone_id, form_id, received_at, \
     CASE review WHEN 'waiting' THEN state ELSE review END FROM record \
     WHERE zone_id = $1 AND submission_id IN";

/// The next page of all records.
const PAGE: &str = "SELECT zone_id, form_id, received_at, \
     CASE review WHEN 'waiting' THEN state ELSE review END, submission_id FROM record \
     WHERE (zone_id, submission_id) > ($1, $2) ORDER BY zone_id, submission_id LIMIT 5000";

/// Counts every submission.
pub(super) async fn count_all(tx: &mut Tx, cells: &mut Cells) -> Result<()> {
    let mut after = (i32::MIN, Uuid::nil());
    loop {
        let rows = tx.query(PAGE).bind(after.0).bind(after.1).fetch_all().await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = (last.get(0)?, last.get(4)?);
        for row in &rows {
            cells.add(cell(row)?, 1);
        }
    }
}

/// Submissions whose record may change.
#[derive(Default)]
pub(super) struct Touched(BTreeMap<ZoneId, BTreeSet<Uuid>>);

impl Touched {
    /// Those that these rows write, release from waiting, or decide.
    pub(super) async fn by(tx: &mut Tx, rows: &Rows) -> Result<Self> {
        let mut touched = Self::default();
        for row in &rows.records {
            if let [Value::I32(Some(zone)), Value::Uuid(Some(id)), ..] = row.as_slice() {
                touched.add(ZoneId(*zone), *id);
            }
        }
        for (_, waited) in &rows.released {
            touched.add(waited.zone_id, waited.source.submission_id);
        }
        for stand in &rows.reviewed.stands {
            touched.add(stand.zone_id, stand.submission_id);
        }
        for record in &rows.recompared {
            touched.add(record.zone_id, record.submission_id);
        }
        for (zone, from, into) in &rows.chains.joined {
            touched.add(*zone, *from);
            touched.add(*zone, *into);
        }
        for record in rows.erased.records() {
            touched.add(ZoneId(record.zone_id), record.submission_id);
        }
        if !rows.reviewed.grounded.is_empty() {
            // A handful of zones, and where these were sent to is not known here.
            for zone in &tx.query("SELECT zone_id FROM zone").fetch_all().await? {
                let zone = ZoneId(zone.get(0)?);
                rows.reviewed.grounded.iter().for_each(|id| touched.add(zone, *id));
            }
        }
        Ok(touched)
    }

    fn add(&mut self, zone: ZoneId, id: Uuid) {
        self.0.entry(zone).or_default().insert(id);
    }

    /// Adds `n` to the cell of each that is stored.
    pub(super) async fn count(&self, tx: &mut Tx, cells: &mut Cells, n: i64) -> Result<()> {
        for (zone, ids) in &self.0 {
            let ids = ids.iter().map(|id| (*id).into()).collect();
            for row in tx.fetch_in_with(TOUCHED, vec![zone.0.into()], ids, "").await? {
                cells.add(cell(&row)?, n);
            }
        }
        Ok(())
    }
}

fn cell(row: &Row) -> Result<CellKey> {
    let (form, stands): (String, String) = (row.get(1)?, row.get(3)?);
    Ok(CellKey::submission(row.get(0)?, &form, Micros(row.get(2)?), &stands))
}
