//! All registrations as fixed rows of interned words.

use serde::{Deserialize, Serialize};

use super::{
    birth::Birth,
    fold,
    hashing::{hash_of, hash_text},
    names,
    numbers::{self, Nina},
    registration::{Kind, Registration, Sex},
    words::{SoundNo, WordNo, Words},
};

/// The number of a registration inside one engine, in order of arrival, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordNo(pub u32);

impl RecordNo {
    /// The number as an index.
    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).expect("usize is at least 32 bits wide")
    }

    /// The number of an index.
    pub(super) fn at(index: usize) -> Self {
        Self(u32::try_from(index).expect("record numbers are 32 bits wide"))
    }
}

/// One registration, normalised. Words are 0 when missing. About 110 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// Given names, first and second.
    pub(super) given: [WordNo; 2],
    /// Surname by birth and by marriage.
    pub(super) surname: [WordNo; 2],
    /// Nickname.
    pub(super) nick: WordNo,
    /// Father's given name and surname.
    pub(super) father: [WordNo; 2],
    /// Mother's.
    pub(super) mother: [WordNo; 2],
    /// Village or place of birth.
    pub(super) village: WordNo,
    /// Cercle.
    pub(super) cercle: WordNo,
    /// Site.
    pub(super) site: WordNo,
    /// Cooperative.
    pub(super) cooperative: WordNo,
    /// Device.
    pub(super) device: WordNo,
    /// Telephone, packed.
    pub(super) phone: u32,
    /// Minutes since 1970, 0 unknown.
    pub(super) minute: u32,
    /// NINA, packed.
    pub(super) nina: Nina,
    /// Hash of the card number, 0 none.
    pub(super) card: u64,
    /// Birth.
    pub(super) birth: Birth,
    /// Sex.
    pub(super) sex: Option<Sex>,
    /// Register.
    pub(super) kind: Kind,
    /// Country, 0 unknown.
    pub(super) nationality: u8,
    /// Whether the NINA was read from a document.
    pub(super) nina_seen: bool,
    /// Whether given name and surname were written in each other's field.
    pub(super) swapped: bool,
    /// Whether it was taken out again.
    pub(super) removed: bool,
}

/// Registrations, normalised and interned, about 120 bytes each.
#[derive(Debug)]
pub struct Records {
    pub(super) words: Words,
    pub(super) rows: Vec<Row>,
    crowds: Crowds,
    live: usize,
}

impl Default for Records {
    fn default() -> Self {
        Self { words: Words::default(), rows: Vec::new(), crowds: Crowds::new(), live: 0 }
    }
}

impl Records {
    /// Starts an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one registration.
    pub fn push(&mut self, registration: &Registration<'_>) -> RecordNo {
        let mut row = read(&mut self.words, registration);
        let number = RecordNo::at(self.rows.len());
        self.live += 1;
        self.tally(&row, 1);
        orient(&self.words, &mut row);
        self.crowd(&row, 1);
        self.rows.push(row);
        number
    }

    /// Reads a registration as `push` does, without keeping it.
    pub(super) fn read(&mut self, registration: &Registration<'_>) -> Row {
        let mut row = read(&mut self.words, registration);
        orient(&self.words, &mut row);
        row
    }

    /// Puts back a row of a snapshot as it was, its orientation included.
    pub(super) fn put_back(&mut self, row: Row) {
        if !row.removed {
            self.live += 1;
            self.tally(&row, 1);
            self.crowd(&row, 1);
        }
        self.rows.push(row);
    }

    /// Takes a registration out. Its number is not given out again. Returns false when it was not there.
    pub(super) fn remove(&mut self, record: RecordNo) -> bool {
        let Some(row) = self.rows.get_mut(record.index()).filter(|r| !r.removed) else {
            return false;
        };
        row.removed = true;
        let row = *row;
        self.live -= 1;
        self.crowd(&row, -1);
        self.tally(&row, -1);
        true
    }

    /// Decides again, now that all are known, which fields were swapped: what is known of words grows as records come.
    /// To be called once after many were pushed, before `train` or `link`.
    pub fn settle(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        self.crowds = Crowds::new();
        for row in rows.iter_mut().filter(|r| !r.removed) {
            orient(&self.words, row);
            self.crowd(row, 1);
        }
        self.rows = rows;
    }

    /// How many numbers were given out.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many were not taken out again.
    pub fn live(&self) -> usize {
        self.live
    }

    /// The row of a number, unless it is unknown or taken out.
    pub(super) fn row(&self, record: RecordNo) -> Option<&Row> {
        self.rows.get(record.index()).filter(|r| !r.removed)
    }

    /// How many share this row's village and given name; and its village and surname.
    pub(super) fn crowd_of(&self, row: &Row) -> [u32; 2] {
        crowd_keys(&self.words, row).map(|key| self.crowds.count(key))
    }

    fn crowd(&mut self, row: &Row, by: i8) {
        for key in crowd_keys(&self.words, row) {
            self.crowds.add(key, by);
        }
    }

    /// Counts the words of a row, as they were written.
    fn tally(&mut self, row: &Row, by: i8) {
        let (given, surname) =
            if row.swapped { (row.surname, row.given) } else { (row.given, row.surname) };
        let [given, group, surname, village] = {
            let word = |w| self.words.get(w);
            [
                word(given[0]).sound,
                word(given[0]).group,
                word(surname[0]).sound,
                word(row.village).sound,
            ]
        };
        let step = |n: &mut u32| *n = n.saturating_add_signed(i32::from(by));
        let mut count = |sound: SoundNo, field: fn(&mut super::words::Usage) -> &mut u32| {
            if sound != 0
                && let Some(usage) = self.words.usage_mut(sound)
            {
                step(field(usage));
            }
        };
        count(given, |u| &mut u.given);
        count(surname, |u| &mut u.surname);
        count(village, |u| &mut u.place);
        count(group, |u| &mut u.group);
    }
}

/// Puts given name and surname where they belong.
fn orient(words: &Words, row: &mut Row) {
    if names::is_swapped(words, row.given[0], row.surname[0]) {
        std::mem::swap(&mut row.given, &mut row.surname);
        row.swapped = !row.swapped;
    }
}

fn read(words: &mut Words, r: &Registration<'_>) -> Row {
    let given = names::name_field(words, r.given);
    let surname = names::name_field(words, r.surname);
    let alias = names::name_field(words, r.alias).first;
    Row {
        given: [given.first, given.second],
        surname: [surname.first, surname.second],
        nick: [alias, given.nick, surname.nick].into_iter().find(|&w| w != 0).unwrap_or(0),
        father: names::parent(words, r.father),
        mother: names::parent(words, r.mother),
        village: words.phrase(r.birth_place),
        cercle: words.phrase(r.cercle),
        site: words.phrase(r.site),
        cooperative: words.phrase(r.cooperative),
        device: words.phrase(r.device),
        phone: numbers::phone(r.phone),
        minute: r.at.and_then(|s| u32::try_from(s / 60).ok()).unwrap_or(0),
        nina: Nina::parse(r.nina),
        card: if r.card.trim().is_empty() { 0 } else { hash_text(&fold::fold_joined(r.card)) | 1 },
        birth: Birth::parse(r.birth, r.birth_document),
        sex: r.sex,
        kind: r.kind,
        nationality: nationality(r.nationality),
        nina_seen: r.nina_seen,
        swapped: false,
        removed: false,
    }
}

/// A country by any of its wordings; others by a hash.
fn nationality(written: &str) -> u8 {
    let folded = fold::fold_joined(written);
    match folded.as_bytes() {
        [] => 0,
        [b'M', b'L'] | [b'M', b'A', b'L', ..] => 1,
        [b'B', b'F'] | [b'B', b'U', b'R', ..] => 2,
        [b'G', b'N'] | [b'G', b'U', b'I', ..] => 3,
        [b'S', b'N'] | [b'S', b'E', b'N', ..] => 4,
        [b'C', b'I'] | [b'R', b'C', b'I'] | [b'C', b'O', b'T', ..] | [b'I', b'V', ..] => 5,
        [b'N', b'E'] | [b'N', b'I', b'G', ..] => 6,
        _ => 7 + u8::try_from(hash_text(&folded) % 200).expect("below 200"),
    }
}

/// Approximate counts of "how many share these", in a fixed table: collisions only ever make a crowd look larger.
#[derive(Debug)]
struct Crowds {
    counts: Vec<u16>,
}

const CROWD_BITS: u32 = 22;

impl Crowds {
    fn new() -> Self {
        Self { counts: vec![0; 1 << CROWD_BITS] }
    }

    fn slot(key: u64) -> usize {
        usize::try_from(key >> (64 - CROWD_BITS)).expect("22 bits")
    }

    fn add(&mut self, key: u64, by: i8) {
        if key != 0
            && let Some(count) = self.counts.get_mut(Self::slot(key))
        {
            *count = count.saturating_add_signed(i16::from(by));
        }
    }

    fn count(&self, key: u64) -> u32 {
        if key == 0 { 0 } else { self.counts.get(Self::slot(key)).copied().map_or(0, u32::from) }
    }
}

/// Village with given name, village with surname; 0 where one is missing.
fn crowd_keys(words: &Words, row: &Row) -> [u64; 2] {
    let village = words.get(row.village).sound;
    let key = |kind: u64, sound: SoundNo| {
        if village == 0 || sound == 0 {
            0
        } else {
            hash_of(&[kind, u64::from(village), u64::from(sound)])
        }
    };
    [key(1, words.get(row.given[0]).group), key(2, words.get(row.surname[0]).sound)]
}
