//! Counts of submissions: those that a batch touches leave their cells before it is written, and are
//! counted again as they stand after.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::{
    cells::{CellKey, Cells},
    register::RecordOut,
    rows::Rows,
};
use crate::{
    db::{Result, Row, Tx},
    intake::EventKind,
    runtime::Micros,
    store::{ZoneId, submissions},
};

/// How a record stands is one word, as [`submissions::stands`] has it.
const TOUCHED: &str = "SELECT zone_id, form_id, received_at, state, review FROM record \
     WHERE zone_id = $1 AND submission_id IN";

/// The next page of all records.
const PAGE: &str = "SELECT zone_id, form_id, received_at, state, review, submission_id FROM record \
     WHERE (zone_id, submission_id) > ($1, $2) ORDER BY zone_id, submission_id LIMIT 5000";

/// Counts every submission.
pub(super) async fn count_all(tx: &mut Tx, cells: &mut Cells) -> Result<()> {
    let mut after = (i32::MIN, Uuid::nil());
    loop {
        let rows = tx.query(PAGE).bind(after.0).bind(after.1).fetch_all().await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = (last.get(0)?, last.get(5)?);
        for row in &rows {
            cells.add(cell(row)?, 1);
        }
    }
}

/// Submissions whose record may change.
#[derive(Default)]
pub(super) struct Touched {
    /// Records that are written as a whole, and the cell of each after that.
    written: HashMap<(ZoneId, Uuid), CellKey>,
    /// Records of which single columns change.
    changed: BTreeMap<ZoneId, BTreeSet<Uuid>>,
}

impl Touched {
    /// Those that these rows write, release from waiting, or decide.
    pub(super) async fn by(tx: &mut Tx, rows: &mut Rows) -> Result<Self> {
        let mut touched = Self::default();
        for (place, cell) in std::mem::take(&mut rows.standing) {
            match cell {
                Some(cell) => _ = touched.written.insert(place, cell),
                None => touched.change(place.0, place.1),
            }
        }
        for (_, waited) in &rows.released {
            touched.change(waited.zone_id, waited.source.submission_id);
        }
        for stand in &rows.reviewed.stands {
            touched.change(stand.zone_id, stand.submission_id);
        }
        for record in &rows.recompared {
            touched.change(record.zone_id, record.submission_id);
        }
        for (zone, from, into) in &rows.chains.joined {
            touched.change(*zone, *from);
            touched.change(*zone, *into);
        }
        for record in rows.erased.records() {
            touched.change(ZoneId(record.zone_id), record.submission_id);
        }
        if !rows.reviewed.grounded.is_empty() {
            // A handful of zones, and where these were sent to is not known here.
            for zone in &tx.query("SELECT zone_id FROM zone").fetch_all().await? {
                let zone = ZoneId(zone.get(0)?);
                rows.reviewed.grounded.iter().for_each(|id| touched.change(zone, *id));
            }
        }
        Ok(touched)
    }

    /// What changes after it is written is read again.
    fn change(&mut self, zone: ZoneId, id: Uuid) {
        self.written.remove(&(zone, id));
        self.changed.entry(zone).or_default().insert(id);
    }

    /// Takes each that is stored out of its cell.
    pub(super) async fn leave(&self, tx: &mut Tx, cells: &mut Cells) -> Result<()> {
        let mut all = self.changed.clone();
        for (zone, id) in self.written.keys() {
            all.entry(*zone).or_default().insert(*id);
        }
        count(tx, &all, cells, -1).await
    }

    /// Counts each as it stands now.
    pub(super) async fn enter(self, tx: &mut Tx, cells: &mut Cells) -> Result<()> {
        cells.add_all(self.written.into_values(), 1);
        count(tx, &self.changed, cells, 1).await
    }
}

async fn count(
    tx: &mut Tx,
    of: &BTreeMap<ZoneId, BTreeSet<Uuid>>,
    cells: &mut Cells,
    n: i64,
) -> Result<()> {
    for (zone, ids) in of {
        let ids = ids.iter().map(|id| (*id).into()).collect();
        for row in tx.fetch_in_with(TOUCHED, vec![zone.0.into()], ids, "").await? {
            cells.add(cell(&row)?, n);
        }
    }
    Ok(())
}

fn cell(row: &Row) -> Result<CellKey> {
    let (form, state, review): (String, String, String) = (row.get(1)?, row.get(3)?, row.get(4)?);
    let stands = submissions::stands(&state, &review);
    Ok(CellKey::submission(row.get(0)?, &form, Micros(row.get(2)?), stands))
}

/// The cell of a record that is about to be written, where its event alone says it: what an edit or a review
/// leaves of the stored one is not looked at here.
pub(super) fn cell_of(record: &RecordOut) -> Option<CellKey> {
    let event = &record.event;
    let stands = submissions::stands(record.state, record.stand.review.as_str());
    (event.kind == EventKind::Submission)
        .then(|| CellKey::submission(event.zone_id.0, &event.form_id, event.received_at, stands))
}
