//! What expressions work on, and how one kind of value becomes another.

use std::borrow::Cow;

use super::date::Moment;
use super::number::{self, CLOSE, java_text};
use super::stop::Stop;
use super::tree::NodeId;

/// How the text of an answer is read, after the type of its bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// As it stands.
    Text,
    /// A number.
    Number,
    /// `true` or `1`, `false` or `0`.
    Boolean,
    /// A day.
    Date,
    /// A day and a time.
    DateTime,
    /// A time, on the day of the interview.
    Time,
    /// Points, whose numbers JavaRosa writes anew.
    Points,
}

/// A single value.
#[derive(Debug, Clone, PartialEq)]
pub enum Atom<'a> {
    /// Yes or no.
    Bool(bool),
    /// A number; NaN is the blank of numbers.
    Number(f64),
    /// A text; the empty one is the blank.
    Text(Cow<'a, str>),
    /// A day or an instant.
    Date(Moment),
}

/// Which tree nodes belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::forms) enum Source {
    /// The submission.
    Main,
    /// The list of this index.
    List(usize),
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::forms) struct Nodes {
    pub(in crate::forms) source: Source,
    pub(in crate::forms) ids: Vec<NodeId>,
}

/// The value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::forms) enum Value<'a> {
    Atom(Atom<'a>),
    Nodes(Nodes),
}

impl<'a> Atom<'a> {
    /// The blank.
    pub(super) const BLANK: Self = Self::Text(Cow::Borrowed(""));

    /// An owned text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(Cow::Owned(text.into()))
    }

    /// Reads the text of an answer; `today` is the day that times belong to.
    ///
    /// What cannot be read is a text: it was kept as one, with a violation of its own.
    pub(in crate::forms) fn read(kind: Kind, text: &'a str, today: Moment) -> Self {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Self::BLANK;
        }
        let read = match kind {
            Kind::Text => None,
            Kind::Number => trimmed.parse().ok().filter(|n: &f64| n.is_finite()).map(Self::Number),
            Kind::Boolean => match trimmed {
                "true" | "1" => Some(Self::Bool(true)),
                "false" | "0" => Some(Self::Bool(false)),
                _ => None,
            },
            Kind::Date => Moment::parse(trimmed, today.offset_ms).map(|m| Self::Date(m.midnight())),
            Kind::DateTime => Moment::parse(trimmed, today.offset_ms).map(Self::Date),
            Kind::Time => today.with_time(trimmed).map(Self::Date),
            Kind::Points => points(trimmed).map(Self::text),
        };
        read.unwrap_or(Self::Text(Cow::Borrowed(text)))
    }

    /// Whether it is the blank of texts or of numbers.
    pub(in crate::forms) fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Number(number) => number.is_nan(),
            Self::Bool(_) | Self::Date(_) => false,
        }
    }

    /// `boolean()`.
    pub fn to_bool(&self) -> bool {
        match self {
            Self::Bool(yes) => *yes,
            Self::Number(number) => number.abs() > CLOSE,
            Self::Text(text) => !text.is_empty(),
            Self::Date(_) => true,
        }
    }

    /// `number()`; a date is its whole days since 1970.
    pub fn to_number(&self) -> f64 {
        match self {
            Self::Bool(yes) => f64::from(u8::from(*yes)),
            Self::Number(number) => *number,
            Self::Text(text) => number::parse(text),
            Self::Date(moment) => number::from_long(moment.day()),
        }
    }

    /// The number that mathematical functions take: a date keeps its fraction of a day.
    pub(super) fn to_double(&self) -> f64 {
        match self {
            Self::Date(moment) => moment.fractional_days(),
            other => other.to_number(),
        }
    }

    /// `(int)` of `number()`.
    pub(super) fn to_int(&self) -> i32 {
        number::to_int(number::truncated(self.to_number()))
    }

    /// `string()`; a date is written without its time.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Number(number) => Cow::Owned(number::text(*number)),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Date(moment) => Cow::Owned(moment.iso_date()),
        }
    }

    /// A text that must be one already: where JavaRosa casts instead of converting.
    pub(super) fn cast_text(&self) -> Result<&str, Stop> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(Stop::Fails("a list of codes was expected")),
        }
    }

    /// `=`: as booleans if one is, else as numbers if one is, else as texts.
    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(_), _) | (_, Self::Bool(_)) => self.to_bool() == other.to_bool(),
            (Self::Number(_), _) | (_, Self::Number(_)) => {
                (self.to_number() - other.to_number()).abs() < CLOSE
            }
            (Self::Text(one), Self::Text(two)) => one == two,
            _ => self.to_text() == other.to_text(),
        }
    }
}

/// Writes the numbers of points as JavaRosa keeps them: `12.5 -8 0 5` is `12.5 -8.0 0.0 5.0`.
fn points(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 8);
    for (at, point) in text.split(';').filter(|point| !point.trim().is_empty()).enumerate() {
        if at > 0 {
            out.push_str("; ");
        }
        let numbers = coordinates(point)?;
        for (at, number) in numbers.iter().enumerate() {
            if at > 0 {
                out.push(' ');
            }
            out.push_str(&java_text(*number));
        }
    }
    Some(out)
}

/// Latitude, longitude, altitude and accuracy; what is missing is 0.
pub(super) fn coordinates(point: &str) -> Option<[f64; 4]> {
    let mut numbers = [0.0; 4];
    let parts = point.split(' ').filter(|part| !part.is_empty());
    for (at, part) in parts.enumerate() {
        *numbers.get_mut(at)? = part.parse().ok().filter(|n: &f64| n.is_finite())?;
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Moment = Moment { utc_ms: 1_795_305_600_000, offset_ms: 0 };

    #[test]
    fn answers_are_read_by_the_type_of_their_bind() {
        assert_eq!(Atom::read(Kind::Number, " 5 ", TODAY), Atom::Number(5.0));
        assert_eq!(Atom::read(Kind::Number, "five", TODAY), Atom::text("five"));
        assert_eq!(Atom::read(Kind::Points, "12.5 -8 0 5", TODAY), Atom::text("12.5 -8.0 0.0 5.0"));
        assert_eq!(Atom::read(Kind::Date, "2026-11-22", TODAY).to_int(), 20_779);
        assert_eq!(Atom::read(Kind::Time, "10:30", TODAY).to_text(), "2026-11-22");
        assert!(Atom::read(Kind::Boolean, "0", TODAY).to_text() == "false");
        assert!(Atom::read(Kind::Number, "  ", TODAY).is_blank());
    }

    #[test]
    fn equality_takes_the_wider_kind() {
        let text = Atom::text;
        assert!(Atom::Number(5.0).equals(&text("5.0")));
        assert!(!text("5").equals(&text("5.0")));
        assert!(Atom::Bool(true).equals(&text("false")));
        assert!(!Atom::Number(f64::NAN).equals(&Atom::Number(f64::NAN)));
    }
}
