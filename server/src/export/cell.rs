//! One value of one feature as files with typed columns take it.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::ogc::{Column, Dictionary, Kind, Row, Value, plain};

/// A value of the kind that its column has.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    /// Not known, or not of the kind of its column.
    Empty,
    /// Text, a code, or codes joined by spaces.
    Text(Cow<'a, str>),
    /// A whole number.
    Whole(i64),
    /// A decimal number.
    Decimal(f64),
    /// Yes or no.
    Bool(bool),
    /// A day.
    Day(Date),
    /// Microseconds since 1970, UTC.
    Moment(i64),
}

/// The value of a property of a feature.
pub(super) fn cell<'r>(row: &Row<'r>, field: usize) -> Cell<'r> {
    let Some(kind) = row.features().fields().get(field).map(|f| f.kind) else { return Cell::Empty };
    if let Some(dictionary) = row.features().column(field).and_then(Column::dictionary) {
        return coded(dictionary, kind, row.code(field));
    }
    let json = row.json(field);
    if let Some(text) = plain(json).filter(|_| matches!(kind, Kind::Text | Kind::List)) {
        return Cell::Text(text.into());
    }
    match (kind, Value::of_json(json, kind)) {
        (Kind::Text | Kind::List, Value::Text(text)) => Cell::Text(String::from(text).into()),
        (_, value) => typed(kind, &value, json),
    }
}

/// The value of this kind that a code stands for.
pub(super) fn coded(dictionary: &Dictionary, kind: Kind, code: usize) -> Cell<'_> {
    match (kind, dictionary.value(code)) {
        (Kind::Text | Kind::List, Value::Text(text)) => Cell::Text((&**text).into()),
        (_, value) => typed(kind, value, dictionary.json(code)),
    }
}

fn typed<'v>(kind: Kind, value: &Value, json: &str) -> Cell<'v> {
    match (kind, value) {
        (Kind::Integer, Value::Number(_)) => whole(json),
        (Kind::Number, Value::Number(n)) => Cell::Decimal(*n),
        (Kind::Boolean, Value::Bool(b)) => Cell::Bool(*b),
        (Kind::Date, Value::Date(day)) => Cell::Day(*day),
        (Kind::Instant, Value::Instant(at)) => Cell::Moment(*at),
        (Kind::Instant, day @ Value::Date(_)) => {
            day.span().map_or(Cell::Empty, |(start, _)| Cell::Moment(start))
        }
        _ => Cell::Empty,
    }
}

/// Read from its digits: a number of 64 bits has more of them than a float.
fn whole<'v>(json: &str) -> Cell<'v> {
    json.strip_suffix(".0").unwrap_or(json).parse().map_or(Cell::Empty, Cell::Whole)
}

/// A length or count as files write it; none that fits into memory here is larger.
pub(super) fn short(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The same in 64 bits.
pub(super) fn long(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
