//! Values of properties and literals, and how they compare.

use std::cmp::Ordering;

use jiff::civil::Date;
use serde_json::Value as Json;

/// What a property holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, or one code.
    Text,
    /// Several codes: an array in GeoJSON, compared as the codes joined by spaces.
    List,
    /// A decimal number.
    Number,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// An instant.
    Instant,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// None is known.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number, never NaN.
    Number(f64),
    /// A day.
    Date(Date),
    /// Microseconds since 1970.
    Instant(i64),
    /// Text.
    Text(Box<str>),
}

impl Value {
    /// Reads the value that a parameter or a text literal gives for a property of this kind.
    pub fn parse(text: &str, kind: Kind) -> Option<Self> {
        match kind {
            Kind::Text | Kind::List => Some(Self::Text(text.into())),
            Kind::Number | Kind::Integer => {
                text.parse().ok().filter(|n: &f64| n.is_finite()).map(Self::Number)
            }
            Kind::Boolean => match text {
                "true" => Some(Self::Bool(true)),
                "false" => Some(Self::Bool(false)),
                _ => None,
            },
            Kind::Date | Kind::Instant => Self::moment(text),
        }
    }

    /// A day (`2026-11-22`) or an instant with its offset (`2026-11-22T10:00:00Z`).
    pub fn moment(text: &str) -> Option<Self> {
        // jiff reads more than RFC 3339: only its shapes are let through.
        let bytes = text.as_bytes();
        let day = bytes.len() == 10;
        let shape = bytes.iter().enumerate().take(10).all(|(i, b)| match i {
            4 | 7 => *b == b'-',
            _ => b.is_ascii_digit(),
        });
        if !shape || bytes.len() < 10 {
            return None;
        }
        if day {
            return text.parse().ok().map(Self::Date);
        }
        text.parse::<jiff::Timestamp>().ok().map(|t| Self::Instant(t.as_microsecond()))
    }

    /// The value of JSON text as kept in the register.
    pub fn of_json(json: &str, kind: Kind) -> Self {
        if let Some(text) = plain(json).filter(|_| matches!(kind, Kind::Text | Kind::List)) {
            return Self::Text(text.into());
        }
        let parsed: Json = serde_json::from_str(json).unwrap_or(Json::Null);
        match (parsed, kind) {
            (Json::Bool(b), _) => Self::Bool(b),
            (Json::Number(n), _) => n.as_f64().map_or(Self::Null, Self::Number),
            (Json::String(s), Kind::Date | Kind::Instant) => {
                Self::moment(&s).unwrap_or(Self::Text(s.into()))
            }
            (Json::String(s), _) => Self::Text(s.into()),
            (Json::Array(list), _) => {
                let words: Vec<&str> = list.iter().filter_map(Json::as_str).collect();
                Self::Text(words.join(" ").into())
            }
            (Json::Null | Json::Object(_), _) => Self::Null,
        }
    }

    /// The first and last microsecond that it covers, for days and instants.
    pub fn span(&self) -> Option<(i64, i64)> {
        match self {
            Self::Instant(t) => Some((*t, *t)),
            Self::Date(day) => {
                let start = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
                let start = start.as_microsecond();
                Some((start, start + 86_400_000_000 - 1))
            }
            _ => None,
        }
    }

    /// The order of two values of a kind; `None` when they do not compare.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            (Self::Date(_) | Self::Instant(_), Self::Date(_) | Self::Instant(_)) => {
                Some(self.span()?.0.cmp(&other.span()?.0))
            }
            _ => None,
        }
    }

    /// An order of all values, for sorting: by kind where kinds differ, unknown ones first.
    pub fn rank(&self, other: &Self) -> Ordering {
        const fn class(v: &Value) -> u8 {
            match v {
                Value::Null => 0,
                Value::Bool(_) => 1,
                Value::Number(_) => 2,
                Value::Date(_) | Value::Instant(_) => 3,
                Value::Text(_) => 4,
            }
        }
        self.compare(other).unwrap_or_else(|| class(self).cmp(&class(other)))
    }
}

/// The text that JSON text stands for, where it is written as it is.
pub fn plain(json: &str) -> Option<&str> {
    let text = json.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('\\')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_instants_compare_and_nonsense_is_none() {
        let day = Value::moment("2026-11-22").unwrap();
        let noon = Value::moment("2026-11-22T12:00:00Z").unwrap();
        assert_eq!(day.compare(&noon), Some(Ordering::Less));
        assert_eq!(Value::moment("2026-11-22T13:00:00+01:00").unwrap(), noon);
        for bad in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-30",
            "20261122",
            "2026-11-22T12:00",
            "now",
            "é026-11-2",
        ] {
            assert_eq!(Value::moment(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_number_is_finite() {
        for bad in ["NaN", "inf", "1e999", "1,5", "0x10", ""] {
            assert_eq!(Value::parse(bad, Kind::Number), None, "{bad}");
        }
        assert_eq!(Value::parse("-1.5e2", Kind::Number), Some(Value::Number(-150.0)));
    }
}
