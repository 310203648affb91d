//! When somebody was born, and how well that is known: most dates in a census are ages in disguise.

/// How well a birth is known, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(super) enum Precision {
    /// A full date read from a document.
    Document,
    /// A full date as told.
    Date,
    /// A year, also when written as 1 January or 31 December.
    Year,
    /// "vers 1986", or an age.
    About,
    /// Not recorded or not readable.
    #[default]
    Unknown,
}

/// A birth: `year` is 0 when unknown; `month` and `day` are 0 unless a full date is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Birth {
    /// Calendar year.
    pub(super) year: u16,
    /// 1..=12, or 0.
    pub(super) month: u8,
    /// 1..=31, or 0.
    pub(super) day: u8,
    /// How well it is known.
    pub(super) precision: Precision,
}

impl Birth {
    /// Reads a birth as written; what cannot be read is unknown. Accepts `1996-02-03`, `19960203`, `06/12/1999`,
    /// `1986`, `vers 1986`, `32 ans en 2026`.
    pub(super) fn parse(written: &str, from_document: bool) -> Self {
        let mut numbers = [(0u32, 0usize); 4];
        let count = numbers_in(written, &mut numbers);
        let [first, second, third, _] = numbers;
        let text = written.as_bytes();
        let age = text.windows(2).any(|w| matches!(w, b"an" | b"AN" | b"ag" | b"Ag" | b"AG"));
        let about = text.iter().any(|b| matches!(b, b'v' | b'V' | b'~' | b'?' | b'c' | b'C'));
        match (first, second, third, count) {
            ((y, 4), (m, 1..=2), (d, 1..=2), 3..) | ((d, 1..=2), (m, 1..=2), (y, 4), 3..) => {
                Self::dated(y, m, d, from_document)
            }
            ((n, 8), _, _, 1) if !about => {
                Self::dated(n / 10_000, n / 100 % 100, n % 100, from_document)
            }
            ((a, 1..=2), (y, 4), _, 2..) if age => {
                Self::of_year(y.saturating_sub(a), Precision::About)
            }
            ((y, 4), (a, 1..=2), _, 2..) if age => {
                Self::of_year(y.saturating_sub(a), Precision::About)
            }
            ((y, 4), ..) => {
                Self::of_year(y, if about { Precision::About } else { Precision::Year })
            }
            _ => Self::default(),
        }
    }

    fn of_year(year: u32, precision: Precision) -> Self {
        match u16::try_from(year) {
            Ok(year @ 1880..=2100) => Self { year, month: 0, day: 0, precision },
            _ => Self::default(),
        }
    }

    /// A full date. 1 January and 31 December stand for "some time that year", unless a document says so.
    fn dated(year: u32, month: u32, day: u32, from_document: bool) -> Self {
        let birth = Self::of_year(year, Precision::Year);
        let (Ok(month @ 1..=12), Ok(day @ 1..=31)) = (u8::try_from(month), u8::try_from(day))
        else {
            return birth;
        };
        if birth.year == 0 || matches!((month, day), (1, 1) | (12, 31)) {
            return birth;
        }
        let precision = if from_document { Precision::Document } else { Precision::Date };
        Self { month, day, precision, ..birth }
    }

    /// Whether day and month are known.
    pub(super) fn is_date(self) -> bool {
        self.precision <= Precision::Date
    }

    /// Whether anything is known.
    pub(super) fn is_known(self) -> bool {
        self.precision < Precision::Unknown
    }
}

/// Finds up to four runs of digits: value and length. Returns how many.
fn numbers_in(text: &str, found: &mut [(u32, usize); 4]) -> usize {
    let mut count = 0;
    let runs =
        super::fold::bounded(text).split(|c: char| !c.is_ascii_digit()).filter(|r| !r.is_empty());
    for (slot, run) in found.iter_mut().zip(runs) {
        *slot = (run.parse().unwrap_or(0), run.len());
        count += 1;
    }
    count
}

/// How two births relate. The numbers are positions in the tables of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum BirthLevel {
    /// The same full date.
    SameDate,
    /// Full dates, one of day, month, year differs, or day and month are exchanged.
    OneSlip,
    /// Full dates of one year that differ in more.
    SameYearOtherDate,
    /// Full dates of years at most two apart.
    DatesNear,
    /// Other full dates.
    DatesFar,
    /// Years, both firm: equal; then 1; 2; 3 to 5; 6 to 9; 10 and more apart.
    Firm(YearGap),
    /// At least one is "vers" or an age.
    Soft(YearGap),
    /// Both are.
    Vague(YearGap),
    /// At least one unknown.
    Missing,
}

/// Years between two births, in classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum YearGap {
    None,
    One,
    Two,
    ThreeToFive,
    SixToNine,
    TenOrMore,
}

impl YearGap {
    fn of(gap: u16) -> Self {
        match gap {
            0 => Self::None,
            1 => Self::One,
            2 => Self::Two,
            3..=5 => Self::ThreeToFive,
            6..=9 => Self::SixToNine,
            _ => Self::TenOrMore,
        }
    }
}

impl BirthLevel {
    /// How many levels there are.
    pub(super) const COUNT: usize = 24;

    /// Compares two births.
    pub(super) fn of(a: Birth, b: Birth) -> Self {
        if !a.is_known() || !b.is_known() {
            return Self::Missing;
        }
        let gap = a.year.abs_diff(b.year);
        if a.is_date() && b.is_date() {
            let differences = components_apart(a, b);
            let exchanged = gap == 0 && a.day == b.month && a.month == b.day;
            return match (differences, gap) {
                (0, _) => Self::SameDate,
                (1, _) => Self::OneSlip,
                _ if exchanged => Self::OneSlip,
                (_, 0) => Self::SameYearOtherDate,
                (_, 1..=2) => Self::DatesNear,
                _ => Self::DatesFar,
            };
        }
        let vague =
            u8::from(a.precision == Precision::About) + u8::from(b.precision == Precision::About);
        let gap = YearGap::of(gap);
        match vague {
            0 => Self::Firm(gap),
            1 => Self::Soft(gap),
            _ => Self::Vague(gap),
        }
    }

    /// Its position in the tables.
    #[expect(clippy::as_conversions, reason = "the discriminants of YearGap are 0 to 5")]
    pub(super) fn index(self) -> u8 {
        match self {
            Self::SameDate => 0,
            Self::OneSlip => 1,
            Self::SameYearOtherDate => 2,
            Self::DatesNear => 3,
            Self::DatesFar => 4,
            Self::Firm(gap) => 5 + gap as u8,
            Self::Soft(gap) => 11 + gap as u8,
            Self::Vague(gap) => 17 + gap as u8,
            Self::Missing => 23,
        }
    }
}

/// How many of day, month and year differ between two full dates.
pub(super) fn components_apart(a: Birth, b: Birth) -> u8 {
    u8::from(a.year != b.year) + u8::from(a.month != b.month) + u8::from(a.day != b.day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn birth(written: &str) -> (u16, u8, u8, Precision) {
        let b = Birth::parse(written, false);
        (b.year, b.month, b.day, b.precision)
    }

    #[test]
    fn every_way_of_writing_a_birth_is_read() {
        assert_eq!(birth("1996-02-03"), (1996, 2, 3, Precision::Date));
        assert_eq!(birth("06/12/1999"), (1999, 12, 6, Precision::Date));
        assert_eq!(birth("19960203"), (1996, 2, 3, Precision::Date));
        assert_eq!(birth("1996-01-01"), (1996, 0, 0, Precision::Year));
        assert_eq!(birth("1986"), (1986, 0, 0, Precision::Year));
        assert_eq!(birth("vers 1986"), (1986, 0, 0, Precision::About));
        assert_eq!(birth("32 ans en 2026"), (1994, 0, 0, Precision::About));
        assert_eq!(birth("age 32 en 2026"), (1994, 0, 0, Precision::About));
        for nonsense in ["", "?", "99/99/99", "0000-00-00", "٣٣", "123456789012345678901234567890"]
        {
            assert_eq!(birth(nonsense).3, Precision::Unknown, "{nonsense}");
        }
        assert_eq!(Birth::parse("1996-02-03", true).precision, Precision::Document);
    }

    #[test]
    fn a_gap_between_two_guesses_is_not_a_gap_between_two_dates() {
        let level =
            |a: &str, b: &str| BirthLevel::of(Birth::parse(a, false), Birth::parse(b, false));
        assert_eq!(level("1990-05-04", "1990-04-05"), BirthLevel::OneSlip);
        assert_eq!(level("vers 1990", "vers 1993"), BirthLevel::Vague(YearGap::ThreeToFive));
        assert_eq!(level("1990", "1993-01-01"), BirthLevel::Firm(YearGap::ThreeToFive));
        assert_eq!(level("", "1990"), BirthLevel::Missing);
    }
}
