//! The record ids of a list: kept in one piece, and proven to differ.

use std::{collections::hash_map::RandomState, hash::BuildHasher as _};

/// The ids of a list in its order, with their lines.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    text: String,
    ends: Vec<u32>,
    lines: Vec<u32>,
}

/// Two records with one id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twice {
    /// The id.
    pub id: String,
    /// The line of the first.
    pub first: u32,
    /// The line of the other.
    pub again: u32,
}

impl Ids {
    /// Adds the id of the next record. False when four gigabytes of ids are full.
    pub fn push(&mut self, id: &str, line: u64) -> bool {
        self.text.push_str(id);
        let Ok(end) = u32::try_from(self.text.len()) else { return false };
        self.ends.push(end);
        self.lines.push(u32::try_from(line).unwrap_or(u32::MAX));
        true
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The id of a record; empty beyond the last.
    pub fn get(&self, record: usize) -> &str {
        let place = |at: usize| self.ends.get(at).and_then(|&end| usize::try_from(end).ok());
        let start = record.checked_sub(1).map_or(Some(0), place);
        match (start, place(record)) {
            (Some(start), Some(end)) => self.text.get(start..end).unwrap_or_default(),
            _ => "",
        }
    }

    /// The record with this id.
    pub fn find(&self, id: &str) -> Option<usize> {
        (0..self.len()).find(|&record| self.get(record) == id)
    }

    /// The first records that share an id, at most so many, by line.
    pub fn twice(&self, most: usize) -> Vec<Twice> {
        let seed = RandomState::new();
        let mut hashes: Vec<(u64, u32)> = (0_u32..)
            .zip(0..self.len())
            .map(|(number, record)| (seed.hash_one(self.get(record)), number))
            .collect();
        hashes.sort_unstable();
        let place = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let line = |record: usize| self.lines.get(record).copied().unwrap_or(0);
        let mut found: Vec<Twice> = hashes
            .windows(2)
            .filter_map(|pair| {
                let [(hash, first), (other, again)] = pair else { return None };
                let (first, again) = (place(*first), place(*again));
                // Neighbours of one hash are ids of one text, but for a collision in 2^64.
                (hash == other && self.get(first) == self.get(again)).then(|| Twice {
                    id: String::from(self.get(first)),
                    first: line(first),
                    again: line(again),
                })
            })
            .collect();
        found.sort_by_key(|twice| twice.again);
        found.truncate(most);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_as_they_were_and_repeats_are_told_with_their_lines() {
        let mut ids = Ids::default();
        for (id, line) in [("a", 2), ("", 3), ("bc", 4), ("a", 9)] {
            assert!(ids.push(id, line));
        }

        assert_eq!((ids.get(0), ids.get(1), ids.get(2), ids.get(4)), ("a", "", "bc", ""));
        assert_eq!(ids.find("bc"), Some(2));
        assert_eq!(ids.twice(5), [Twice { id: String::from("a"), first: 2, again: 9 }]);
    }
}
