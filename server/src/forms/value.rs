//! Typed answers: reading the text that JavaRosa writes, and giving it back as JSON.

use jiff::civil::Date;
use serde_json::{Map, json};

use super::model::AnswerKind;

/// A place as the device gave it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeoPoint {
    /// Latitude in degrees, within -90 and 90.
    pub lat: f64,
    /// Longitude in degrees, within -180 and 180.
    pub lon: f64,
    /// Altitude in metres.
    pub alt: Option<f64>,
    /// Accuracy in metres.
    pub acc: Option<f64>,
}

/// One answer, typed.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Free text, or an answer that does not have the type it should.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A finite decimal number.
    Decimal(f64),
    /// Yes or no.
    Boolean(bool),
    /// A calendar date, `2026-11-21`.
    Date(String),
    /// A time of day as given, validated.
    Time(String),
    /// A date and time as given, validated.
    DateTime(String),
    /// The code of the choice made.
    Code(String),
    /// The codes of the choices made, in the order given.
    Codes(Vec<String>),
    /// A point.
    Point(GeoPoint),
    /// The points of a trace or of the outline of a shape.
    Line(Vec<GeoPoint>),
    /// Name of an attached file.
    File(String),
}

/// Why a text is not a value of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadValue {
    WrongType,
    OutOfRange,
}

impl Value {
    /// Gives the answer as JSON: points as objects, several codes as an array.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text)
            | Self::Date(text)
            | Self::Time(text)
            | Self::DateTime(text)
            | Self::Code(text)
            | Self::File(text) => json!(text),
            Self::Integer(number) => json!(number),
            Self::Decimal(number) => json!(number),
            Self::Boolean(yes) => json!(yes),
            Self::Codes(codes) => json!(codes),
            Self::Point(point) => point.to_json(),
            Self::Line(points) => points.iter().map(|point| point.to_json()).collect(),
        }
    }

    /// Appends the answer as JSON.
    pub(super) fn write_json(&self, json: &mut String) {
        match self {
            Self::Text(text)
            | Self::Date(text)
            | Self::Time(text)
            | Self::DateTime(text)
            | Self::Code(text)
            | Self::File(text)
                if is_plain(text) =>
            {
                json.push('"');
                json.push_str(text);
                json.push('"');
            }
            _ => json.push_str(&self.to_json().to_string()),
        }
    }

    /// Reads a text that is not blank; text keeps its spaces, everything else is trimmed.
    pub(super) fn read(kind: AnswerKind, text: &str) -> Result<Self, BadValue> {
        let trimmed = text.trim();
        let typed = match kind {
            AnswerKind::Text => Some(Self::Text(text.to_owned())),
            AnswerKind::Barcode => Some(Self::Text(trimmed.to_owned())),
            AnswerKind::Attachment => Some(Self::File(trimmed.to_owned())),
            AnswerKind::SelectOne => Some(Self::Code(trimmed.to_owned())),
            AnswerKind::SelectMultiple => {
                Some(Self::Codes(trimmed.split_whitespace().map(str::to_owned).collect()))
            }
            AnswerKind::Integer => integer(trimmed).map(Self::Integer),
            AnswerKind::Decimal => decimal(trimmed).map(Self::Decimal),
            AnswerKind::Boolean => boolean(trimmed).map(Self::Boolean),
            AnswerKind::Date => date(trimmed).map(|_| Self::Date(trimmed.to_owned())),
            AnswerKind::Time => is_time(trimmed).then(|| Self::Time(trimmed.to_owned())),
            AnswerKind::DateTime => {
                is_date_time(trimmed).then(|| Self::DateTime(trimmed.to_owned()))
            }
            AnswerKind::GeoPoint => return point(trimmed).map(Self::Point),
            AnswerKind::GeoTrace | AnswerKind::GeoShape => return line(trimmed).map(Self::Line),
        };
        typed.ok_or(BadValue::WrongType)
    }
}

impl GeoPoint {
    fn to_json(self) -> serde_json::Value {
        let mut object = Map::new();
        object.insert("lat".to_owned(), json!(self.lat));
        object.insert("lon".to_owned(), json!(self.lon));
        for (name, value) in [("alt", self.alt), ("acc", self.acc)] {
            if let Some(value) = value {
                object.insert(name.to_owned(), json!(value));
            }
        }
        serde_json::Value::Object(object)
    }
}

/// Whether a text stands in JSON as it is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\')
}

fn integer(text: &str) -> Option<i64> {
    // `i64::from_str` takes exactly what is meant: an optional sign, then digits only.
    text.parse().ok()
}

/// Reads a finite number; words such as `NaN` or `inf`, which Rust would read, are not numbers.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let plain =
        text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse::<f64>().ok().filter(|number| plain && number.is_finite())
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// Reads `YYYY-MM-DD` of a day that exists.
pub(super) fn date(text: &str) -> Option<Date> {
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.strip_prefix('-')?.split_once('-')?;
    Date::new(digits(year, 4)?, digits(month, 2)?, digits(day, 2)?).ok()
}

fn digits<N: std::str::FromStr>(text: &str, length: usize) -> Option<N> {
    let plain = text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

fn is_date_time(text: &str) -> bool {
    text.split_once('T').is_some_and(|(day, time)| date(day).is_some() && is_time(time))
}

/// `10:00`, `10:00:00`, `10:00:00.000`, each with or without `Z`, `+01`, `+0100` or `+01:00`.
fn is_time(text: &str) -> bool {
    let (clock, offset) = match text.find(['Z', '+', '-']) {
        Some(at) => text.split_at_checked(at).unwrap_or((text, "")),
        None => (text, ""),
    };
    is_clock(clock) && is_offset(offset)
}

fn is_clock(text: &str) -> bool {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let mut parts = whole.split(':');
    let hour = parts.next().and_then(|part| digits::<u8>(part, 2));
    let minute = parts.next().and_then(|part| digits::<u8>(part, 2));
    let second = parts.next().map(|part| digits::<u8>(part, 2));
    let second_fits = match (second, fraction) {
        (None, None) => true,
        (Some(Some(second)), None) => second < 60,
        (Some(Some(second)), Some(fraction)) => {
            second < 60
                && (1..=9).contains(&fraction.len())
                && fraction.bytes().all(|b| b.is_ascii_digit())
        }
        _ => false,
    };
    hour.is_some_and(|h| h < 24)
        && minute.is_some_and(|m| m < 60)
        && second_fits
        && parts.next().is_none()
}

fn is_offset(text: &str) -> bool {
    if text.is_empty() || text == "Z" {
        return true;
    }
    let Some(body) = text.strip_prefix(['+', '-']) else {
        return false;
    };
    let (hours, minutes) = match (body.split_once(':'), body.len()) {
        (Some(parts), _) => parts,
        (None, 4) => body.split_at_checked(2).unwrap_or((body, "00")),
        (None, _) => (body, "00"),
    };
    digits::<u8>(hours, 2).is_some_and(|h| h < 24)
        && digits::<u8>(minutes, 2).is_some_and(|m| m < 60)
}

fn point(text: &str) -> Result<GeoPoint, BadValue> {
    let mut numbers = [None; 4];
    for (count, part) in text.split_whitespace().enumerate() {
        let slot = numbers.get_mut(count).ok_or(BadValue::WrongType)?;
        *slot = Some(decimal(part).ok_or(BadValue::WrongType)?);
    }
    let [Some(lat), Some(lon), alt, acc] = numbers else {
        return Err(BadValue::WrongType);
    };
    if lat.abs() > 90.0 || lon.abs() > 180.0 {
        return Err(BadValue::OutOfRange);
    }
    Ok(GeoPoint { lat, lon, alt, acc })
}

fn line(text: &str) -> Result<Vec<GeoPoint>, BadValue> {
    let points: Vec<_> = text
        .split(';')
        .filter(|part| !part.trim().is_empty())
        .map(point)
        .collect::<Result<_, _>>()?;
    if points.is_empty() { Err(BadValue::WrongType) } else { Ok(points) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(kind: AnswerKind, text: &str) -> bool {
        Value::read(kind, text).is_ok()
    }

    #[test]
    fn whole_numbers_are_digits_with_an_optional_sign() {
        for good in ["0", "-7", "+7", " 42 ", "9223372036854775807"] {
            assert!(reads(AnswerKind::Integer, good), "{good}");
        }
        for bad in ["1.0", "1e3", "9223372036854775808", "x", "1 2", "-"] {
            assert!(!reads(AnswerKind::Integer, bad), "{bad}");
        }
    }

    #[test]
    fn decimals_are_finite_numbers() {
        for good in ["0.5", "-12", "1.0E10", "3."] {
            assert!(reads(AnswerKind::Decimal, good), "{good}");
        }
        for bad in ["NaN", "inf", "-infinity", "1e999", "1,5", "."] {
            assert!(!reads(AnswerKind::Decimal, bad), "{bad}");
        }
    }

    #[test]
    fn days_that_do_not_exist_are_not_dates() {
        assert!(reads(AnswerKind::Date, "2024-02-29"));
        for bad in ["2026-02-29", "2026-02-30", "2026-13-01", "26-01-01", "2026-1-1", "2026-01-01Z"]
        {
            assert!(!reads(AnswerKind::Date, bad), "{bad}");
        }
    }

    #[test]
    fn times_are_read_as_javarosa_writes_them() {
        for good in ["10:00:00.000Z", "10:00:00.000+00:00", "23:59", "09:05:01-0530", "10:00+01"] {
            assert!(reads(AnswerKind::Time, good), "{good}");
            assert!(reads(AnswerKind::DateTime, &format!("2026-11-21T{good}")), "{good}");
        }
        for bad in ["24:00", "10", "10:60", "10:00:61", "10:00:00.", "10:00.5", "10:00+25:00", "é"]
        {
            assert!(!reads(AnswerKind::Time, bad), "{bad}");
            assert!(!reads(AnswerKind::DateTime, &format!("2026-11-21T{bad}")), "{bad}");
        }
        assert!(!reads(AnswerKind::DateTime, "2026-02-30T10:00:00Z"));
    }

    #[test]
    fn a_point_has_two_to_four_numbers_on_the_globe() {
        let full = Value::read(AnswerKind::GeoPoint, "12.5 -8.0 350.0 4.5");
        let expected = GeoPoint { lat: 12.5, lon: -8.0, alt: Some(350.0), acc: Some(4.5) };
        assert_eq!(full, Ok(Value::Point(expected)));
        assert!(reads(AnswerKind::GeoPoint, "12.5 -8"));
        assert_eq!(Value::read(AnswerKind::GeoPoint, "91 0"), Err(BadValue::OutOfRange));
        assert_eq!(Value::read(AnswerKind::GeoPoint, "0 -181"), Err(BadValue::OutOfRange));
        for bad in ["12.5", "a b", "1 2 3 4 5", "NaN 1"] {
            assert_eq!(Value::read(AnswerKind::GeoPoint, bad), Err(BadValue::WrongType), "{bad}");
        }
    }

    #[test]
    fn a_trace_is_points_between_semicolons() {
        let Ok(Value::Line(points)) =
            Value::read(AnswerKind::GeoTrace, "12.5 -8 0 0;12.6 -8.1 0 0; ")
        else {
            panic!("not a line")
        };
        assert_eq!(points.len(), 2);
        assert!(!reads(AnswerKind::GeoShape, ";"));
    }

    #[test]
    fn json_gives_points_as_objects_and_codes_as_arrays() {
        let point = Value::Point(GeoPoint { lat: 1.5, lon: 2.0, alt: None, acc: Some(3.0) });
        assert_eq!(point.to_json().to_string(), r#"{"acc":3.0,"lat":1.5,"lon":2.0}"#);
        let codes = Value::Codes(vec!["a".into(), "b".into()]);
        assert_eq!(codes.to_json().to_string(), r#"["a","b"]"#);
        assert_eq!(Value::Integer(7).to_json().to_string(), "7");
    }

    #[test]
    fn text_keeps_its_spaces_and_codes_do_not() {
        assert_eq!(Value::read(AnswerKind::Text, " a "), Ok(Value::Text(" a ".into())));
        assert_eq!(Value::read(AnswerKind::SelectOne, " a "), Ok(Value::Code("a".into())));
        let codes = Value::Codes(vec!["a".into(), "b".into()]);
        assert_eq!(Value::read(AnswerKind::SelectMultiple, " a  b\n"), Ok(codes));
    }
}
