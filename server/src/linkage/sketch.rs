//! A first glance at a pair: enough to see that it is hopeless, before anything is compared in earnest.

use super::{
    birth::Birth,
    hashing::{avalanche, hash_text},
    records::Row,
    words::{SoundNo, WordNo, Words},
};

/// The few parts of a row that are glanced at, 32 bytes. Zero is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sketch {
    given: Glimpse,
    surname: Glimpse,
    village: Glimpse,
    father: Glimpse,
    mother: Glimpse,
    phone: u32,
    nina: u32,
    year: u16,
    /// Month and day, where they are known and not the first of January, which stands for "unknown".
    day: u16,
}

/// A word seen from afar: 18 bits of its sound, 14 bits for the letters that occur in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Glimpse(u32);

/// How two words look from afar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Alike,
    /// At most two letters occur in only one of them: perhaps a slip of the pen.
    Close,
    Other,
    Missing,
}

const LETTER_BITS: u32 = 14;
const LETTERS: u32 = (1 << LETTER_BITS) - 1;

impl Glimpse {
    fn of(words: &Words, word: WordNo, sound: SoundNo) -> Self {
        if word == 0 {
            return Self(0);
        }
        let text = &words.get(word).text;
        let letters = if text.bytes().any(|b| b.is_ascii_digit()) {
            // « Camp 12 » is no slip of « Camp 13 »: a mere number of the text is close to nothing.
            u32::try_from(hash_text(text) >> (64 - LETTER_BITS)).expect("14 bits")
        } else {
            text.bytes().fold(0, |set, letter| set | letter_bit(letter))
        };
        // A word of other scripts may have no such letter; it must not look missing.
        Self((sound.wrapping_add(1) << LETTER_BITS) | letters | u32::from(letters == 0))
    }

    fn look(self, other: Self) -> Look {
        let apart = self.0 ^ other.0;
        if self.0 == 0 || other.0 == 0 {
            Look::Missing
        } else if apart >> LETTER_BITS == 0 {
            Look::Alike
        } else if (apart & LETTERS).count_ones() <= 2 {
            Look::Close
        } else {
            Look::Other
        }
    }
}

/// One of 14 bits; letters that are often taken for each other share one.
const fn letter_bit(letter: u8) -> u32 {
    let bit = match letter {
        b'A' => 0,
        b'E' => 1,
        b'I' | b'Y' => 2,
        b'O' => 3,
        b'U' | b'W' => 4,
        b'B' | b'P' => 5,
        b'C' | b'K' | b'Q' | b'X' => 6,
        b'D' | b'T' => 7,
        b'F' | b'V' => 8,
        b'G' | b'J' | b'H' => 9,
        b'L' => 10,
        b'M' | b'N' => 11,
        b'R' => 12,
        b'S' | b'Z' => 13,
        _ => return 0,
    };
    1 << bit
}

/// What each look is worth, in half bits: alike, close, other; a missing one is worth nothing.
type Worth = [i16; 3];

const GIVEN: Worth = [9, 0, -9];
const SURNAME: Worth = [1, -1, -10];
const VILLAGE: Worth = [13, 4, -5];
const FATHER: Worth = [6, -1, -7];
const MOTHER: Worth = [5, 0, -7];
/// Less than this, and the pair is hopeless: of such pairs one in ten thousand was scored above even odds.
const LEAST: i16 = 5;
/// Fewer registrations than this are few: their pairs are looked at with more patience.
const FEW: usize = 20_000;
/// Among few, so many disagreements make a pair hopeless.
const MOST_AGAINST: usize = 3;

/// How strictly pairs are looked at. The strict glance halves the candidates of large sets; in small ones that saves
/// nothing, and learning from few pairs was seen to go astray on what the strict glance leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glance {
    /// Three disagreements are too many, four where the date of birth is the same.
    Patient,
    /// The worths of the looks must add up.
    Strict,
}

impl Glance {
    /// The glance for a set of so many registrations.
    pub(super) const fn at(registrations: usize) -> Self {
        if registrations < FEW { Self::Patient } else { Self::Strict }
    }
}

const fn worth(look: Look, [alike, close, other]: Worth) -> i16 {
    match look {
        Look::Alike => alike,
        Look::Close => close,
        Look::Other => other,
        Look::Missing => 0,
    }
}

fn day_of(birth: Birth) -> u16 {
    let day = (u16::from(birth.month) << 8) | u16::from(birth.day);
    if birth.is_date() && day != 0x0101 { day } else { 0 }
}

/// What the distance of two birth years is worth; ages are told to the nearest five years.
const fn years_worth(a: u16, b: u16) -> i16 {
    if a == 0 || b == 0 {
        return 0;
    }
    match a.abs_diff(b) {
        0 => 6,
        1 => 1,
        2 | 3 => -1,
        _ => -6,
    }
}

impl Sketch {
    /// Draws the sketch of a row.
    pub(super) fn of(words: &Words, row: &Row) -> Self {
        let by_sound = |word| Glimpse::of(words, word, words.get(word).sound);
        let by_group = |word| Glimpse::of(words, word, words.get(word).group);
        let folded = |number: u64| u32::try_from(avalanche(number) >> 32).expect("32 bits");
        Self {
            given: by_group(row.given[0]),
            surname: by_sound(row.surname[0]),
            village: by_sound(row.village),
            father: by_group(row.father[0]),
            mother: by_group(row.mother[0]),
            phone: row.phone,
            nina: if row.nina.0 == 0 { 0 } else { folded(row.nina.0) },
            year: row.birth.year,
            day: day_of(row.birth),
        }
    }

    /// Whether a pair that shares a key may still be one person. The same NINA or telephone always makes it worth a look.
    pub(super) fn may_match(&self, other: &Self, glance: Glance) -> bool {
        let agrees = |a: u32, b: u32| a == b && a != 0;
        agrees(self.nina, other.nina)
            || agrees(self.phone, other.phone)
            || match glance {
                Glance::Patient => {
                    let same_day =
                        self.day != 0 && (self.year, self.day) == (other.year, other.day);
                    self.against(other) < MOST_AGAINST + usize::from(same_day)
                }
                Glance::Strict => self.worth(other) >= LEAST,
            }
    }

    /// Given name, surname, village, father and mother.
    fn looks(&self, other: &Self) -> [Look; 5] {
        [
            self.given.look(other.given),
            self.surname.look(other.surname),
            self.village.look(other.village),
            self.father.look(other.father),
            self.mother.look(other.mother),
        ]
    }

    /// How many disagreements there are. What may be a slip of the pen is none.
    fn against(&self, other: &Self) -> usize {
        let differ = |look: &Look| *look == Look::Other;
        let years = self.year != 0 && other.year != 0 && self.year.abs_diff(other.year) > 3;
        self.looks(other).iter().filter(|look| differ(look)).count() + usize::from(years)
    }

    fn worth(&self, other: &Self) -> i16 {
        let [mut given, mut surname, village, father, mother] = self.looks(other);
        if given == Look::Other && surname == Look::Other {
            let crossed = [self.given.look(other.surname), self.surname.look(other.given)];
            if crossed.contains(&Look::Alike) {
                (given, surname) = (Look::Alike, Look::Alike);
            }
        }
        worth(given, GIVEN)
            + worth(surname, SURNAME)
            + worth(village, VILLAGE)
            + worth(father, FATHER)
            + worth(mother, MOTHER)
            + years_worth(self.year, other.year)
    }
}
