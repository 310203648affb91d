//! One value: as `OData` JSON, as text, and as something that filters compare.

use std::borrow::Cow;

use jiff::{Timestamp, civil::Date, civil::DateTime, tz::TimeZone};
use serde_json::Value as Json;

use super::schema::{Field, Kind};

/// A value as filters see it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    /// No answer, or one that may not be seen.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// An instant, or the beginning of a day: microseconds since 1970.
    Time(i64),
    /// A place: all that can be asked is whether there is one.
    Place,
}

/// Writes a text as a JSON string.
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("writing a string to memory cannot fail");
}

fn json(out: &mut Vec<u8>, value: &Json) {
    serde_json::to_writer(out, value).expect("writing JSON to memory cannot fail");
}

/// Writes the value of a column; what does not have the type of the column is null, as in Central.
pub(super) fn write(out: &mut Vec<u8>, field: &Field, value: Option<&Json>, wkt: bool) {
    let start = out.len();
    let written = match value.filter(|v| !v.is_null() && !field.withheld) {
        Some(value) => typed(out, field, value, wkt),
        None => false,
    };
    if !written {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

/// Writes a value; false when it does not have the type.
fn typed(out: &mut Vec<u8>, field: &Field, value: &Json, wkt: bool) -> bool {
    match field.kind {
        Kind::Text => string(out, &text(value)),
        Kind::Integer if value.is_i64() => json(out, value),
        Kind::Decimal if value.is_number() => json(out, value),
        Kind::Boolean if value.is_boolean() => json(out, value),
        Kind::Date => match value.as_str().filter(|t| day(t).is_some()) {
            Some(text) => string(out, text),
            None => return false,
        },
        Kind::DateTime => match value.as_str().and_then(instant) {
            Some(text) => string(out, &text),
            None => return false,
        },
        Kind::Point => {
            let Some(point) = Point::read(value, field.rounded) else { return false };
            if wkt {
                wkt_point(out, &point);
            } else {
                geojson_point(out, &point);
            }
        }
        Kind::Line | Kind::Area => {
            let Some(points) = points(value, field.rounded) else { return false };
            if wkt {
                wkt_line(out, field.kind, &points);
            } else {
                geojson_line(out, field.kind, &points);
            }
        }
        Kind::Integer | Kind::Decimal | Kind::Boolean => return false,
    }
    true
}

/// A value as text: codes joined by spaces, a point as phones write it.
pub fn text(value: &Json) -> Cow<'_, str> {
    match value {
        Json::String(text) => Cow::Borrowed(text),
        Json::Array(all) => Cow::Owned(all.iter().map(text).collect::<Vec<_>>().join(" ")),
        Json::Object(_) => Point::read(value, false).map_or(Cow::Borrowed(""), |p| {
            let all = [p.lat, p.lon, p.alt.unwrap_or(0.0), p.acc.unwrap_or(0.0)];
            Cow::Owned(all.map(|n| n.to_string()).join(" "))
        }),
        Json::Null => Cow::Borrowed(""),
        Json::Bool(_) | Json::Number(_) => Cow::Owned(value.to_string()),
    }
}

/// The value of a column as filters see it.
pub(super) fn scalar(kind: Kind, value: Option<&Json>) -> Scalar<'_> {
    let Some(value) = value.filter(|v| !v.is_null()) else { return Scalar::Null };
    let found = match kind {
        Kind::Text => Some(Scalar::Text(text(value))),
        Kind::Integer | Kind::Decimal => value.as_f64().map(Scalar::Number),
        Kind::Boolean => value.as_bool().map(Scalar::Bool),
        Kind::Date | Kind::DateTime => value.as_str().and_then(micros).map(Scalar::Time),
        Kind::Point => Point::read(value, false).map(|_| Scalar::Place),
        Kind::Line | Kind::Area => points(value, false).map(|_| Scalar::Place),
    };
    found.unwrap_or(Scalar::Null)
}

fn day(text: &str) -> Option<Date> {
    if text.len() == 10 { text.parse().ok() } else { None }
}

/// Microseconds of an instant or of the beginning of a day. Mali keeps UTC: so does a time without offset.
pub(super) fn micros(text: &str) -> Option<i64> {
    if let Some(day) = day(text) {
        return Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond());
    }
    Some(timestamp(text)?.as_microsecond())
}

fn timestamp(text: &str) -> Option<Timestamp> {
    if !text.contains(['T', 't']) {
        return None;
    }
    text.parse().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

/// An instant in the form that `Edm.DateTimeOffset` demands: as it was given where that will do.
fn instant(text: &str) -> Option<Cow<'_, str>> {
    let at = timestamp(text)?;
    let offset = text.split_at_checked(text.len().checked_sub(6)?).map_or("", |(_, end)| end);
    let whole = offset.starts_with(['+', '-']) && offset.get(3..4) == Some(":");
    if text.ends_with('Z') || whole {
        Some(Cow::Borrowed(text))
    } else {
        Some(Cow::Owned(at.to_string()))
    }
}

struct Point {
    lat: f64,
    lon: f64,
    alt: Option<f64>,
    acc: Option<f64>,
}

impl Point {
    /// Reads a stored point; rounded ones lose what would tell more than their place.
    fn read(value: &Json, rounded: bool) -> Option<Self> {
        let number = |name: &str| value.get(name).and_then(Json::as_f64);
        let (lat, lon) = (number("lat")?, number("lon")?);
        if rounded {
            let round = |n: f64| (n * 1_000.0).round() / 1_000.0;
            return Some(Self { lat: round(lat), lon: round(lon), alt: None, acc: None });
        }
        Some(Self { lat, lon, alt: number("alt"), acc: number("acc") })
    }

    fn coordinates(&self, between: &str) -> String {
        let numbers = [Some(self.lon), Some(self.lat), self.alt];
        let texts: Vec<_> = numbers.into_iter().flatten().map(|n| n.to_string()).collect();
        texts.join(between)
    }
}

fn points(value: &Json, rounded: bool) -> Option<Vec<Point>> {
    let all = value.as_array()?;
    let points: Option<Vec<_>> = all.iter().map(|p| Point::read(p, rounded)).collect();
    points.filter(|points| !points.is_empty())
}

fn geojson_point(out: &mut Vec<u8>, point: &Point) {
    let at = point.coordinates(",");
    out.extend_from_slice(format!("{{\"type\":\"Point\",\"coordinates\":[{at}]").as_bytes());
    if let Some(accuracy) = point.acc {
        out.extend_from_slice(format!(",\"properties\":{{\"accuracy\":{accuracy}}}").as_bytes());
    }
    out.push(b'}');
}

fn geojson_line(out: &mut Vec<u8>, kind: Kind, points: &[Point]) {
    let all: Vec<_> = points.iter().map(|p| format!("[{}]", p.coordinates(","))).collect();
    let all = all.join(",");
    let text = if kind == Kind::Line {
        format!("{{\"type\":\"LineString\",\"coordinates\":[{all}]}}")
    } else {
        format!("{{\"type\":\"Polygon\",\"coordinates\":[[{all}]]}}")
    };
    out.extend_from_slice(text.as_bytes());
}

fn wkt_point(out: &mut Vec<u8>, point: &Point) {
    out.extend_from_slice(format!("\"POINT ({})\"", point.coordinates(" ")).as_bytes());
}

fn wkt_line(out: &mut Vec<u8>, kind: Kind, points: &[Point]) {
    let all: Vec<_> = points.iter().map(|p| p.coordinates(" ")).collect();
    let all = all.join(",");
    let text = if kind == Kind::Line {
        format!("\"LINESTRING ({all})\"")
    } else {
        format!("\"POLYGON (({all}))\"")
    };
    out.extend_from_slice(text.as_bytes());
}
