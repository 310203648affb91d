//! A first glance at a pair: enough to see that it is hopeless, before anything is compared in earnest.

use super::{hashing::avalanche, records::Row, words::Words};

/// The few parts of a row that are glanced at, 32 bytes. Zero is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sketch {
    given: u32,
    surname: u32,
    village: u32,
    father: u32,
    mother: u32,
    phone: u32,
    nina: u32,
    year: u16,
}

impl Sketch {
    /// Draws the sketch of a row.
    pub(super) fn of(words: &Words, row: &Row) -> Self {
        let sound = |word| words.get(word).sound;
        let group = |word| words.get(word).group;
        let folded = |number: u64| u32::try_from(avalanche(number) >> 32).expect("32 bits");
        Self {
            given: group(row.given[0]),
            surname: sound(row.surname[0]),
            village: sound(row.village),
            father: group(row.father[0]),
            mother: group(row.mother[0]),
            phone: row.phone,
            nina: if row.nina.0 == 0 { 0 } else { folded(row.nina.0) },
            year: row.birth.year,
        }
    }

    /// Whether a pair that shares a key may still be one person.
    ///
    /// It is hopeless when three of village, father, mother, given name, surname and birth year disagree and neither
    /// telephone nor NINA agrees. A spelling that the Mande key does not fold counts as a disagreement here, so three
    /// slips in one pair of registrations are needed to lose it.
    pub(super) fn may_match(&self, other: &Self) -> bool {
        let differs = |a: u32, b: u32| u8::from(a != b && a != 0 && b != 0);
        let agrees = |a: u32, b: u32| a == b && a != 0;
        let years = self.year.abs_diff(other.year);
        let far = u8::from(self.year != 0 && other.year != 0 && years > NEAR_YEARS);
        let against = differs(self.village, other.village)
            + differs(self.father, other.father)
            + differs(self.mother, other.mother)
            + differs(self.given, other.given)
            + differs(self.surname, other.surname)
            + far;
        against < MOST_AGAINST || agrees(self.phone, other.phone) || agrees(self.nina, other.nina)
    }
}

/// Ages are told to the nearest five years.
const NEAR_YEARS: u16 = 3;
/// So many disagreements make a pair hopeless.
const MOST_AGAINST: u8 = 3;
