//! Who gave which telephone.

use super::{
    hashing::Map,
    records::{RecordNo, Row},
    registration::Kind,
};

/// Registrations of miners by their telephone. Most numbers are one person's: only of the others is there a list.
#[derive(Debug, Default)]
pub(super) struct Phones {
    first: Map<u32, RecordNo>,
    more: Map<u32, Vec<RecordNo>>,
}

impl Phones {
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut phones = Self::default();
        for (at, row) in rows.iter().enumerate().filter(|(_, row)| !row.removed) {
            phones.add(row, RecordNo::at(at));
        }
        phones
    }

    pub(super) fn add(&mut self, row: &Row, record: RecordNo) {
        let Some(phone) = phone_of(row) else { return };
        match self.first.entry(phone) {
            std::collections::hash_map::Entry::Vacant(none) => drop(none.insert(record)),
            std::collections::hash_map::Entry::Occupied(_) => {
                self.more.entry(phone).or_default().push(record);
            }
        }
    }

    pub(super) fn remove(&mut self, row: &Row, record: RecordNo) {
        let Some(phone) = phone_of(row) else { return };
        let mut rest = self.more.remove(&phone).unwrap_or_default();
        if self.first.get(&phone) == Some(&record) {
            self.first.remove(&phone);
            if !rest.is_empty() {
                self.first.insert(phone, rest.remove(0));
            }
        } else {
            rest.retain(|of| *of != record);
        }
        if !rest.is_empty() {
            self.more.insert(phone, rest);
        }
    }

    /// Who gave it, whoever came first first.
    pub(super) fn with(&self, phone: u32) -> impl Iterator<Item = RecordNo> {
        let more = self.more.get(&phone).into_iter().flatten();
        self.first.get(&phone).into_iter().chain(more).copied()
    }
}

fn phone_of(row: &Row) -> Option<u32> {
    (row.phone != 0 && row.kind == Kind::Miner).then_some(row.phone)
}
