//! Who carries a card or NINA, as far as it matters: a number that a crowd carries links nobody, so nobody of the
//! crowd is looked at, however large it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::identity::BlockKey;
use crate::{
    db::{Result, Tx},
    store::ZoneId,
};

/// A card or NINA that more people carry makes no further links: a number copied by a whole village
/// is a matter for quality control.
const HOLDERS_MAX: usize = 16;
/// Keys asked for in one statement.
const PART: usize = 256;

/// Those who carry one number.
#[derive(Debug, Default)]
pub(super) struct Holders {
    listed: BTreeSet<(ZoneId, Uuid)>,
    /// How many more there are, at least.
    unlisted: usize,
}

impl Holders {
    /// Whether nobody carries it.
    pub(super) fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.unlisted == 0
    }

    /// All of them, unless they are a crowd.
    pub(super) fn few(&self) -> impl Iterator<Item = &(ZoneId, Uuid)> {
        let is_crowd = self.listed.len() + self.unlisted > HOLDERS_MAX;
        self.listed.iter().filter(move |_| !is_crowd)
    }

    /// Those who are named, whether they are a crowd or not.
    pub(super) fn listed(&self) -> impl Iterator<Item = Uuid> {
        self.listed.iter().map(|(_, id)| *id)
    }

    /// Somebody takes the number.
    pub(super) fn insert(&mut self, place: (ZoneId, Uuid)) {
        self.listed.insert(place);
    }

    /// Somebody who carried it does not any more.
    pub(super) fn remove(&mut self, place: (ZoneId, Uuid)) {
        if !self.listed.remove(&place) {
            self.unlisted = self.unlisted.saturating_sub(1);
        }
    }
}

/// Fetches who carries these numbers; beside each, how many of its holders may leave it in this batch.
///
/// A number is a crowd from so many holders on that it stays one whoever of the batch leaves it: of such a number
/// nobody is listed, and no more than so many rows of it are read. Gives the number of rows read too.
pub(super) async fn fetch(
    tx: &mut Tx,
    leaving: &BTreeMap<BlockKey, usize>,
) -> Result<(HashMap<BlockKey, Holders>, usize)> {
    let mut read = 0;
    let all: Vec<(BlockKey, usize)> =
        leaving.iter().map(|(key, n)| (*key, HOLDERS_MAX + 1 + n)).collect();
    let mut found: HashMap<BlockKey, Holders> = HashMap::new();
    let mut parts: Vec<&[(BlockKey, usize)]> = all.chunks(PART).collect();
    while let Some(part) = parts.pop() {
        let most: usize = part.iter().map(|(_, crowd)| crowd).sum();
        let keys = part.iter().map(|(key, _)| (*key).into()).collect();
        let rows = tx
            .fetch_some_in(
                "SELECT block_key, zone_id, entity_id FROM block_key WHERE block_key IN",
                keys,
                i64::try_from(most)?,
            )
            .await?;
        read += rows.len();
        if rows.len() == most && part.len() > 1 {
            // Somebody's crowd may have taken the place of others: ask for less at once.
            let (one, other) = part.split_at(part.len() / 2);
            parts.extend([one, other]);
            continue;
        }
        for row in &rows {
            let place = (ZoneId(row.get(1)?), row.get(2)?);
            found.entry(row.bytes(0)?).or_default().insert(place);
        }
    }
    for (key, crowd) in all {
        if let Some(holders) = found.get_mut(&key).filter(|h| h.listed.len() >= crowd) {
            *holders = Holders { listed: BTreeSet::new(), unlisted: holders.listed.len() };
        }
    }
    Ok((found, read))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u128) -> (ZoneId, Uuid) {
        (ZoneId(1), Uuid::from_u128(number))
    }

    #[test]
    fn a_crowd_names_nobody_until_so_many_left_that_it_is_none() {
        let mut holders = Holders::default();
        for number in 0..16 {
            holders.insert(place(number));
        }
        assert_eq!(holders.few().count(), 16);
        holders.insert(place(16));
        assert_eq!(holders.few().count(), 0);
        holders.remove(place(3));
        assert_eq!(holders.few().count(), 16);
    }

    #[test]
    fn who_leaves_an_unlisted_crowd_is_taken_off_its_number() {
        let mut holders = Holders { listed: BTreeSet::new(), unlisted: 18 };
        holders.insert(place(1));
        holders.remove(place(99));
        holders.remove(place(98));
        assert_eq!(holders.few().count(), 0);
        assert_eq!((holders.listed.len(), holders.unlisted), (1, 16));
    }
}
