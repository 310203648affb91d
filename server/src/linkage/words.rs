//! Every word once: its folded form, its sound, its group of aliases, and how often it is used as what.

use sanu_schemas::{NameRole, name_forms, twin_names};

use super::{
    fold,
    hashing::Map,
    similarity::{Likeness, jaro_winkler, within_one_edit},
    sound,
};

/// A word; 0 is "not recorded".
pub(super) type WordNo = u32;
/// A fine Mande key; 0 belongs to the missing word.
pub(super) type SoundNo = u32;

/// What is known of one word.
#[derive(Debug)]
pub(super) struct Word {
    /// The folded form.
    pub(super) text: Box<str>,
    /// Its fine key.
    pub(super) sound: SoundNo,
    /// Its coarse key, numbered among the fine ones.
    pub(super) coarse: SoundNo,
    /// The sound of the best-known form of its alias group, or its own sound.
    pub(super) group: SoundNo,
    /// Which of the usual names of twins it is, two bits for each pair: one for either side.
    pub(super) twin: u16,
}

/// How often a sound (or group) was written as what.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// As the first word of the given-name field.
    pub(super) given: u32,
    /// As the first word of the surname field.
    pub(super) surname: u32,
    /// As a place.
    pub(super) place: u32,
    /// As the given name, by alias group.
    pub(super) group: u32,
}

/// The table of words.
#[derive(Debug)]
pub(super) struct Words {
    all: Vec<Word>,
    by_text: Map<Box<str>, WordNo>,
    by_written: Map<Box<str>, WordNo>,
    sounds: Map<Box<str>, SoundNo>,
    usage: Vec<Usage>,
    groups: Map<SoundNo, SoundNo>,
    twins: Twins,
}

/// The usual names of twins.
#[derive(Debug, Default)]
struct Twins {
    /// By alias group.
    by_group: Map<SoundNo, u16>,
    /// By spelling, where both names of a pair are in one group.
    by_text: Map<String, u16>,
}

/// So many uses a form of the alias table counts for when it is asked whether a word is a given name or a surname.
const KNOWN_FORM: u32 = 3;

impl Default for Words {
    fn default() -> Self {
        let mut words = Self {
            all: Vec::new(),
            by_text: Map::default(),
            by_written: Map::default(),
            sounds: Map::default(),
            usage: Vec::new(),
            groups: Map::default(),
            twins: Twins::default(),
        };
        words.intern(String::new());
        for form in name_forms() {
            let group = words.sound(sound::fine(&form.group));
            let own = words.sound(sound::fine(&form.form));
            words.groups.entry(own).or_insert(group);
            if let Some(usage) = words.usage_mut(own) {
                match form.role {
                    NameRole::Given => usage.given += KNOWN_FORM,
                    NameRole::Surname => usage.surname += KNOWN_FORM,
                }
            }
        }
        words.learn_twins();
        words
    }
}

impl Words {
    /// The number of a written word, folding and adding it if it is new. Words that fold to nothing are missing.
    pub(super) fn word(&mut self, written: &str) -> WordNo {
        if let Some(&number) = self.by_text.get(written).or_else(|| self.by_written.get(written)) {
            return number;
        }
        let number = self.intern(fold::fold(written));
        self.remember(written, number);
        number
    }

    /// The number of a whole field taken as one word: a place, a site, a device.
    pub(super) fn phrase(&mut self, written: &str) -> WordNo {
        let written = fold::bounded(written);
        if let Some(&number) = self.by_written.get(written) {
            return number;
        }
        let number = self.intern(fold::fold_joined(written));
        self.remember(written, number);
        number
    }

    fn remember(&mut self, written: &str, number: WordNo) {
        self.by_written.insert(written.into(), number);
    }

    /// The number of a folded word, adding it if it is new.
    pub(super) fn intern(&mut self, text: String) -> WordNo {
        if let Some(&number) = self.by_text.get(text.as_str()) {
            return number;
        }
        let fine = sound::fine(&text);
        let coarse = self.sound(sound::coarse(&fine));
        let sound = self.sound(fine);
        let group = self.groups.get(&sound).copied().unwrap_or(sound);
        let twin = self.twins.by_group.get(&group).copied().unwrap_or(0)
            | self.twins.by_text.get(&undoubled(&text)).copied().unwrap_or(0);
        let number = u32::try_from(self.all.len()).expect("memory ends before four billion words");
        self.by_text.insert(text.as_str().into(), number);
        self.all.push(Word { text: text.into(), sound, coarse, group, twin });
        number
    }

    fn learn_twins(&mut self) {
        for (pair, names) in (0u16..8).zip(twin_names()) {
            let [one, other] = [&names.one, &names.other].map(|name| {
                let sound = self.sound(sound::fine(name));
                self.groups.get(&sound).copied().unwrap_or(sound)
            });
            let sides =
                [(1 << (2 * pair), one, &names.one), (2 << (2 * pair), other, &names.other)];
            for (side, group, name) in sides {
                let bits = if one == other {
                    self.twins.by_text.entry(name.clone()).or_default()
                } else {
                    self.twins.by_group.entry(group).or_default()
                };
                *bits |= side;
            }
        }
    }

    /// Whether two words are the names that families give to twins.
    pub(super) fn are_twins(&self, a: WordNo, b: WordNo) -> bool {
        /// The bits of one side of every pair.
        const ONE_SIDE: u16 = 0x5555;
        let (x, y) = (self.get(a).twin, self.get(b).twin);
        ((x & (y >> 1)) | ((x >> 1) & y)) & ONE_SIDE != 0
    }

    fn sound(&mut self, key: String) -> SoundNo {
        if let Some(&number) = self.sounds.get(key.as_str()) {
            return number;
        }
        let number = u32::try_from(self.usage.len()).expect("there are no more sounds than words");
        self.sounds.insert(key.into(), number);
        self.usage.push(Usage::default());
        number
    }

    /// The folded forms in order of their numbers.
    pub(super) fn texts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.all.iter().map(|word| &*word.text)
    }

    /// What is known of a word.
    pub(super) fn get(&self, number: WordNo) -> &Word {
        let index = usize::try_from(number).expect("usize is at least 32 bits wide");
        self.all.get(index).expect("word numbers come from this table")
    }

    /// How often a sound is used.
    pub(super) fn usage(&self, sound: SoundNo) -> Usage {
        let index = usize::try_from(sound).expect("usize is at least 32 bits wide");
        self.usage.get(index).copied().unwrap_or_default()
    }

    /// The counters of a sound.
    pub(super) fn usage_mut(&mut self, sound: SoundNo) -> Option<&mut Usage> {
        self.usage.get_mut(usize::try_from(sound).expect("usize is at least 32 bits wide"))
    }

    /// How alike two words are.
    pub(super) fn likeness(&self, a: WordNo, b: WordNo) -> Likeness {
        if a == 0 || b == 0 {
            return Likeness::Missing;
        }
        if a == b {
            return Likeness::Exact;
        }
        let (x, y) = (self.get(a), self.get(b));
        if x.sound == y.sound {
            return Likeness::Sound;
        }
        if x.group == y.group {
            return Likeness::Alias;
        }
        if !x.text.is_ascii() || !y.text.is_ascii() {
            return Likeness::Differs;
        }
        let [left, right] = [x.text.as_bytes(), y.text.as_bytes()];
        let slip = left.len().min(right.len()) >= 4 && within_one_edit(left, right);
        let similarity = jaro_winkler(left, right);
        if slip || similarity >= 0.93 || (x.coarse == y.coarse && similarity >= 0.75) {
            Likeness::Close
        } else if similarity >= 0.85 {
            Likeness::Near
        } else {
            Likeness::Differs
        }
    }
}

/// A word without doubled letters and a last h, which are written or left out without thought.
fn undoubled(text: &str) -> String {
    let mut last = None;
    let once = text.chars().filter(|&letter| last.replace(letter) != Some(letter));
    let mut word: String = once.collect();
    if word.len() > 2 && word.ends_with('H') {
        word.pop();
    }
    word
}

/// Remembers likenesses: a census has few words and compares them over and over. One per thread, bounded.
#[derive(Debug)]
pub(super) struct LikenessCache {
    bits: u32,
    slots: Vec<(u64, Likeness)>,
}

/// 32,768 slots of 16 bytes stay inside a second-level cache.
const SLOT_BITS: u32 = 15;

/// For one question a small cache is made faster than a large one.
const SMALL_SLOT_BITS: u32 = 8;

impl Default for LikenessCache {
    fn default() -> Self {
        Self::with_bits(SLOT_BITS)
    }
}

impl LikenessCache {
    /// A cache for the few comparisons of one question.
    pub(super) fn small() -> Self {
        Self::with_bits(SMALL_SLOT_BITS)
    }

    fn with_bits(bits: u32) -> Self {
        Self { bits, slots: vec![(0, Likeness::Missing); 1 << bits] }
    }

    /// How alike two words are, looked up or worked out.
    pub(super) fn likeness(&mut self, words: &Words, a: WordNo, b: WordNo) -> Likeness {
        if a == 0 || b == 0 {
            return Likeness::Missing;
        }
        if a == b {
            return Likeness::Exact;
        }
        let pair = (u64::from(a.min(b)) << 32) | u64::from(a.max(b));
        let slot = pair.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - self.bits);
        let index = usize::try_from(slot).expect("a slot number has at most 15 bits");
        let Some(entry) = self.slots.get_mut(index) else { return words.likeness(a, b) };
        if entry.0 != pair {
            *entry = (pair, words.likeness(a, b));
        }
        entry.1
    }
}
