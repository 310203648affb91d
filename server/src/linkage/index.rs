//! The keys of all registrations, ready to answer "who shares a key with this one?" in memory and at once.

use super::{
    blocks::{LARGEST_BLOCK, WINDOW},
    hashing::{Map, hash_of},
    keys::{self, CARD_KEY, KEYS, Keys, REFINEMENTS},
    records::{RecordNo, Row},
    sketch::{Glance, Sketch},
    words::Words,
};

/// What the index keeps of one registration.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    keys: Keys,
    /// By key, the next older registration of the same slot, plus one; 0 ends the chain.
    next: Keys,
    sketch: Sketch,
}

/// For each key a table of chains. A chain never holds more than `LARGEST_BLOCK` registrations: later ones go to a list of the same key and one further field, and so on, exactly as batch splits its blocks. The last lists are
/// unbounded, but only their newest `WINDOW` are looked at.
#[derive(Debug)]
pub(super) struct Index {
    glance: Glance,
    heads: Vec<Vec<u32>>,
    /// How many are chained in each slot; at `LARGEST_BLOCK` the chain is closed for good: who came after is in the lists.
    chained: Vec<Vec<u8>>,
    entries: Vec<Entry>,
    /// Entries of those who were not taken out: how large the set is.
    live: usize,
    refined: Map<u64, Vec<u32>>,
}

/// Slots of a new table.
const FEWEST_SLOTS: usize = 1 << 10;

impl Default for Index {
    fn default() -> Self {
        Self::with_slots(FEWEST_SLOTS, Glance::Patient)
    }
}

impl Index {
    fn with_slots(slots: usize, glance: Glance) -> Self {
        Self {
            glance,
            heads: vec![vec![0; slots]; KEYS],
            chained: vec![vec![0; slots]; KEYS],
            entries: Vec::new(),
            live: 0,
            refined: Map::default(),
        }
    }

    /// How strictly pairs are looked at.
    pub(super) fn glance(&self) -> Glance {
        self.glance
    }

    /// Indexes all rows.
    pub(super) fn of(words: &Words, rows: &[Row]) -> Self {
        let live = rows.iter().filter(|row| !row.removed).count();
        let slots = live.next_power_of_two().max(FEWEST_SLOTS);
        let mut index = Self::with_slots(slots, Glance::at(live));
        index.entries.reserve(rows.len());
        for row in rows {
            index.add(words, rows, row);
        }
        index
    }

    /// Indexes the next row, which is the last of `rows`. A removed row takes its number and nothing else.
    pub(super) fn add(&mut self, words: &Words, rows: &[Row], row: &Row) {
        let slots = self.heads.first().map_or(FEWEST_SLOTS, Vec::len);
        // Where a set stops being small its keys change.
        let outgrown =
            self.glance == Glance::Patient && Glance::at(self.live + 1) == Glance::Strict;
        if outgrown || self.live >= slots * 2 {
            let slots = slots.max((self.live * 2).next_power_of_two());
            self.rebuild(words, rows, slots, Glance::at(self.live + 1));
        }
        let mut entry = Entry::default();
        if !row.removed {
            entry.keys = keys::keys_of(words, row, self.glance);
            entry.sketch = Sketch::of(words, row);
            self.live += 1;
        }
        let record = RecordNo::at(self.entries.len()).0;
        self.entries.push(entry);
        for (kind, key) in entry.keys.into_iter().enumerate().filter(|(_, key)| *key != 0) {
            self.file(words, row, record, kind, key);
        }
    }

    fn rebuild(&mut self, words: &Words, rows: &[Row], slots: usize, glance: Glance) {
        let count = self.entries.len();
        *self = Self::with_slots(slots, glance);
        for row in rows.iter().take(count) {
            self.add(words, rows, row);
        }
    }

    fn file(&mut self, words: &Words, row: &Row, record: u32, kind: usize, key: u32) {
        if !self.is_closed(kind, key) {
            if let Some(slots) = self.chained.get_mut(kind) {
                let number = slot_number(slots.len(), key);
                slots.iter_mut().skip(number).take(1).for_each(|n| *n += 1);
            }
            let Some(slot) = self.heads.get_mut(kind).and_then(|h| slot_of(h, key)) else { return };
            let older = std::mem::replace(slot, record + 1);
            if let Some(entry) = self.entries.get_mut(RecordNo(record).index())
                && let Some(next) = entry.next.get_mut(kind)
            {
                *next = older;
            }
            return;
        }
        let path = path(words, row, kind, key);
        let last = path.len() - 1;
        for (level, address) in path.into_iter().enumerate() {
            let members = self.refined.entry(address).or_default();
            if members.len() < LARGEST_BLOCK || level == last {
                members.push(record);
                return;
            }
        }
    }

    /// Whether the chain of a key takes no more: the rest is in the refined lists.
    fn is_closed(&self, kind: usize, key: u32) -> bool {
        let chained = self.chained.get(kind).and_then(|c| c.get(slot_number(c.len(), key)));
        chained.is_some_and(|&n| usize::from(n) >= LARGEST_BLOCK)
    }

    /// The registrations of one key in its chain, newest first.
    fn chain(&self, kind: usize, key: u32) -> impl Iterator<Item = (u32, &Entry)> {
        let head = self.heads.get(kind).and_then(|h| h.get(slot_number(h.len(), key))).copied();
        let follow = move |&at: &u32| {
            let entry = self.entries.get(RecordNo(at.checked_sub(1)?).index())?;
            Some(*entry.next.get(kind)?)
        };
        std::iter::successors(head.filter(|&h| h != 0), move |at| follow(at).filter(|&n| n != 0))
            .filter_map(move |at| Some((at - 1, self.entries.get(RecordNo(at - 1).index())?)))
            .filter(move |(_, entry)| entry.keys.get(kind) == Some(&key))
    }

    /// Those who share a key with this row and are worth comparing, with the first key they share, by number.
    pub(super) fn candidates(&self, words: &Words, row: &Row) -> Vec<(RecordNo, usize)> {
        let sketch = Sketch::of(words, row);
        let mut found: Vec<(RecordNo, usize)> = Vec::new();
        for (kind, key) in keys::keys_of(words, row, self.glance).into_iter().enumerate() {
            if key == 0 {
                continue;
            }
            for (record, entry) in self.chain(kind, key) {
                if kind == CARD_KEY || sketch.may_match(&entry.sketch, self.glance) {
                    found.push((RecordNo(record), kind));
                }
            }
            if self.is_closed(kind, key) {
                self.refined_candidates(words, row, &sketch, (kind, key), &mut found);
            }
        }
        found.sort_unstable();
        found.dedup_by_key(|(record, _)| *record);
        found
    }

    fn refined_candidates(
        &self,
        words: &Words,
        row: &Row,
        sketch: &Sketch,
        (kind, key): (usize, u32),
        found: &mut Vec<(RecordNo, usize)>,
    ) {
        for address in path(words, row, kind, key) {
            let Some(list) = self.refined.get(&address) else { return };
            for &record in list.iter().rev().take(LARGEST_BLOCK.max(WINDOW)) {
                let entry = self.entries.get(RecordNo(record).index());
                if entry
                    .is_some_and(|e| kind == CARD_KEY || sketch.may_match(&e.sketch, self.glance))
                {
                    found.push((RecordNo(record), kind));
                }
            }
        }
    }

    /// Takes a row out of every chain and list.
    pub(super) fn remove(&mut self, words: &Words, row: &Row, record: RecordNo) {
        let Some(entry) = self.entries.get(record.index()).copied() else { return };
        self.live = self.live.saturating_sub(1);
        for (kind, (key, next)) in entry.keys.into_iter().zip(entry.next).enumerate() {
            if key == 0 {
                continue;
            }
            if self.unchain(kind, key, record.0 + 1, next) {
                self.make_room(kind, key);
            } else {
                for address in path(words, row, kind, key) {
                    if let Some(list) = self.refined.get_mut(&address) {
                        list.retain(|&r| r != record.0);
                    }
                }
            }
        }
        if let Some(entry) = self.entries.get_mut(record.index()) {
            *entry = Entry::default();
        }
    }

    /// Who leaves a chain that never was full leaves it as it was before they came: a batch that is taken back, or people who
    /// are read again, change nothing of who is found.
    fn make_room(&mut self, kind: usize, key: u32) {
        if self.is_closed(kind, key) {
            return;
        }
        if let Some(slots) = self.chained.get_mut(kind) {
            let number = slot_number(slots.len(), key);
            slots.iter_mut().skip(number).take(1).for_each(|n| *n = n.saturating_sub(1));
        }
    }

    /// Links past `gone`. Returns false when it is not in the chain.
    fn unchain(&mut self, kind: usize, key: u32, gone: u32, next: u32) -> bool {
        let Some(slot) = self.heads.get_mut(kind).and_then(|h| slot_of(h, key)) else {
            return false;
        };
        if *slot == gone {
            *slot = next;
            return true;
        }
        let mut at = *slot;
        while at != 0 {
            let entry = self.entries.get_mut(RecordNo(at - 1).index());
            let Some(link) = entry.and_then(|e| e.next.get_mut(kind)) else { return false };
            if *link == gone {
                *link = next;
                return true;
            }
            at = *link;
        }
        false
    }
}

/// Slots are powers of two; keys are hashes already.
fn slot_number(slots: usize, key: u32) -> usize {
    usize::try_from(key).expect("usize is at least 32 bits wide") & (slots.max(1) - 1)
}

fn slot_of(heads: &mut [u32], key: u32) -> Option<&mut u32> {
    let number = slot_number(heads.len(), key);
    heads.get_mut(number)
}

/// Where a row stands among the refinements of a key, coarsest first.
fn path(words: &Words, row: &Row, kind: usize, key: u32) -> [u64; 4] {
    let mut address = hash_of(&[u64::try_from(kind).expect("a small number"), u64::from(key)]);
    let fields = REFINEMENTS.get(kind).copied().unwrap_or(REFINEMENTS[0]);
    fields.map(|field| {
        address = hash_of(&[address, u64::from(keys::refinement(words, row, field))]);
        address
    })
}
