//! Telephone and identity numbers, packed so that they compare as integers.

use super::{fold, hashing, similarity::within_one_edit};

/// Marks a packed number that is only a hash: equality is all it can tell.
const OPAQUE: u64 = 1 << 63;
/// The same for a telephone.
const OPAQUE_PHONE: u32 = 1 << 31;

/// Packs a telephone: the 8 Malian digits whatever their writing (`+223`, `00223`, blanks), another country's number as
/// a hash, 0 for none and for placeholders such as 00000000.
pub(super) fn phone(written: &str) -> u32 {
    let mut digits: String =
        fold::bounded(written).chars().filter(char::is_ascii_digit).take(20).collect();
    for prefix in ["00223", "223"] {
        if let Some(rest) = digits.strip_prefix(prefix)
            && rest.len() == 8
        {
            digits = rest.to_owned();
        }
    }
    let first = digits.chars().next();
    if digits.len() < 6 || digits.chars().all(|d| Some(d) == first) {
        return 0;
    }
    match digits.parse::<u32>() {
        Ok(number) if digits.len() <= 8 => number,
        _ => {
            let hash = hashing::hash_text(&digits) & u64::from(OPAQUE_PHONE - 1);
            OPAQUE_PHONE | u32::try_from(hash).expect("31 bits are kept")
        }
    }
}

/// Whether two texts write the same telephone; placeholders are none.
pub fn is_same_phone(one: &str, other: &str) -> bool {
    let number = phone(one);
    number != 0 && number == phone(other)
}

/// Whether two Malian numbers differ in exactly one digit.
pub(super) fn phones_one_digit_apart(a: u32, b: u32) -> bool {
    if (a | b) & OPAQUE_PHONE != 0 {
        return false;
    }
    let (mut x, mut y, mut apart) = (a, b, 0);
    for _ in 0..9 {
        apart += u32::from(x % 10 != y % 10);
        x /= 10;
        y /= 10;
    }
    apart == 1
}

/// A packed NINA or any hash of one; 0 for none.
///
/// As written: the digits' value in bits 0–49, their count in 50–53, the letter (1–26, 0 none) in 54–58.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Nina(pub(super) u64);

/// How two NINA relate. The numbers are positions in the tables of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum NinaLevel {
    /// Equal.
    Same,
    /// One edit apart, a lost letter aside.
    Slip,
    /// Two numbers.
    Differs,
    /// One is not recorded: of two registrations of one person with a card, one more often than not has the number.
    OneMissing,
    /// Neither is recorded.
    Missing,
}

impl NinaLevel {
    /// Its position in the tables.
    #[expect(clippy::as_conversions, reason = "the discriminants are 0 to 4")]
    pub(super) const fn code(self) -> u8 {
        self as u8
    }
}

impl Nina {
    /// Packs a NINA as written, or anything else (a keyed hash) as opaque.
    pub(super) fn parse(written: &str) -> Self {
        let text: String = fold::bounded(written)
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let (digits, letter) = match text.as_bytes() {
            [rest @ .., l @ b'A'..=b'Z'] => (rest, l - b'A' + 1),
            rest => (rest, 0),
        };
        if text.len() < 6 || digits.iter().all(|d| *d == b'0') {
            return Self(0);
        }
        if digits.len() > 15 || !digits.iter().all(u8::is_ascii_digit) {
            return Self(OPAQUE | (hashing::hash_text(&text) >> 1));
        }
        let value = digits.iter().fold(0u64, |v, d| v * 10 + u64::from(d - b'0'));
        let count = u64::try_from(digits.len()).expect("at most 15");
        Self(value | (count << 50) | (u64::from(letter) << 54))
    }

    const fn is_opaque(self) -> bool {
        self.0 & OPAQUE != 0
    }

    const fn value(self) -> u64 {
        self.0 & ((1 << 50) - 1)
    }

    fn count(self) -> usize {
        usize::try_from((self.0 >> 50) & 15).expect("four bits")
    }

    /// The digits, without the letter.
    fn digits(self) -> ([u8; 15], usize) {
        let (mut digits, mut value) = ([0u8; 15], self.value());
        for slot in digits.iter_mut().take(self.count()).rev() {
            *slot = u8::try_from(value % 10).expect("a digit");
            value /= 10;
        }
        (digits, self.count())
    }

    /// Two keys of which at least one survives any single edit: the first digits, and the last ones.
    pub(super) fn keys(self) -> [u64; 2] {
        if self.0 == 0 {
            return [0, 0];
        }
        if self.is_opaque() {
            return [self.0, 0];
        }
        let head =
            self.value() / 10u64.pow(u32::try_from(self.count().saturating_sub(7)).unwrap_or(0));
        [1 + head, 1 + self.value() % 1_000_000]
    }

    /// Compares two.
    pub(super) fn level(self, other: Self) -> NinaLevel {
        if self.0 == 0 && other.0 == 0 {
            NinaLevel::Missing
        } else if self.0 == 0 || other.0 == 0 {
            NinaLevel::OneMissing
        } else if self == other {
            NinaLevel::Same
        } else if self.is_opaque() || other.is_opaque() {
            // A hash against a number as written says nothing; two hashes that differ may hide a slip of the pen,
            // but that is all the number can ever say.
            if self.is_opaque() && other.is_opaque() {
                NinaLevel::Differs
            } else {
                NinaLevel::Missing
            }
        } else {
            let ((x, n), (y, m)) = (self.digits(), other.digits());
            match (x.get(..n), y.get(..m)) {
                (Some(x), Some(y)) if within_one_edit(x, y) => NinaLevel::Slip,
                _ => NinaLevel::Differs,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malian_numbers_are_one_however_they_are_written() {
        for written in
            ["75715203", "75 71 52 03", "+22375715203", "00223 75715203", "223-75-71-52-03"]
        {
            assert_eq!(phone(written), 75_715_203, "{written}");
        }
        assert_eq!(phone("00000000"), 0);
        assert_eq!(phone("123"), 0);
        assert_ne!(phone("+33612345678"), phone("+33612345679"));
        assert!(phones_one_digit_apart(75_715_203, 75_715_303));
        assert!(!phones_one_digit_apart(75_715_203, 75_715_330));
    }

    #[test]
    fn a_nina_forgives_one_slip_and_a_lost_letter() {
        let level = |a, b| Nina::parse(a).level(Nina::parse(b));
        assert_eq!(level("19460279162633N", "19460279162633n"), NinaLevel::Same);
        assert_eq!(level("19460279162633N", "19460279162633"), NinaLevel::Slip);
        assert_eq!(level("19460279162633N", "1946027916263N"), NinaLevel::Slip);
        assert_eq!(level("19460279162633N", "19460279126633N"), NinaLevel::Slip);
        assert_eq!(level("19460279162633N", "11173015947714N"), NinaLevel::Differs);
        assert_eq!(level("19460279162633N", ""), NinaLevel::OneMissing);
        assert_eq!(level("", ""), NinaLevel::Missing);
    }

    #[test]
    fn a_hashed_nina_only_knows_equality() {
        let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert_eq!(Nina::parse(hash).level(Nina::parse(hash)), NinaLevel::Same);
        assert_eq!(
            Nina::parse(hash).level(Nina::parse("0a1b2c3d4e5f60718293a4b5c6d7e8f9")),
            NinaLevel::Differs
        );
        assert_eq!(Nina::parse(hash).level(Nina::parse("19460279162633N")), NinaLevel::Missing);
    }

    #[test]
    fn any_single_edit_leaves_one_key_standing() {
        let right = "10360317309708Z";
        let keys = Nina::parse(right).keys();
        for at in 0..14 {
            let mut lost = right.to_owned();
            lost.remove(at);
            let found = Nina::parse(&lost).keys();
            assert!(keys.iter().zip(found).any(|(a, b)| *a == b), "digit {at} lost");
        }
    }
}
