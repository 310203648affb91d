//! Counts, kept as cells that every change moves by one.

use std::collections::BTreeMap;

use crate::db::Value;

use super::entity::EntityState;

/// What one counted thing looks like; things that look alike share a cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CellKey {
    pub(super) zone_id: i32,
    pub(super) dataset: String,
    /// region, cercle, commune of 2012, then of 2023.
    pub(super) places: [String; 6],
    pub(super) district: String,
    pub(super) sex: String,
    pub(super) age_group: String,
    pub(super) status: String,
    /// Whether a record that speaks for it waits for review.
    pub(super) pending: bool,
}

impl CellKey {
    pub(super) fn of(entity: &EntityState) -> Self {
        Self {
            zone_id: entity.zone_id.0,
            dataset: entity.dataset.clone(),
            places: entity.place.codes(),
            district: entity.district.clone(),
            sex: entity.facts.sex.clone().unwrap_or_default(),
            age_group: entity.facts.age_group.clone().unwrap_or_default(),
            status: entity.facts.status.clone().unwrap_or_default(),
            pending: entity.pending,
        }
    }

    pub(super) fn row(self, n: i64) -> Vec<Value> {
        let mut row: Vec<Value> = vec![self.zone_id.into(), self.dataset.into()];
        row.extend(self.places.into_iter().map(Value::from));
        row.extend([
            self.district.into(),
            self.sex.into(),
            self.age_group.into(),
            self.status.into(),
            review_of(self.pending).into(),
        ]);
        row.push(n.into());
        row
    }
}

/// How a pending or accepted thing is written down.
pub(super) const fn review_of(pending: bool) -> &'static str {
    if pending { "pending" } else { "accepted" }
}

/// Movements of a batch, in a fixed order.
#[derive(Default)]
pub(super) struct Cells(BTreeMap<CellKey, i64>);

impl Cells {
    pub(super) fn add(&mut self, key: CellKey, n: i64) {
        *self.0.entry(key).or_insert(0) += n;
    }

    pub(super) fn into_rows(self) -> Vec<Vec<Value>> {
        self.0.into_iter().filter(|(_, n)| *n != 0).map(|(key, n)| key.row(n)).collect()
    }
}
