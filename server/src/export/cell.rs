//! One value of one feature as files with typed columns take it.

use jiff::civil::Date;

use crate::ogc::{Features, Kind, Value};

/// A value of the kind that its column has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    /// Not known, or not of the kind of its column.
    Empty,
    /// Text, a code, or codes joined by spaces.
    Text(&'a str),
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

/// The value of a property of a row.
pub(super) fn cell(features: &Features, field: usize, row: usize) -> Cell<'_> {
    features.column(field).map_or(Cell::Empty, |column| coded(features, field, column.code(row)))
}

/// The value of a property that a code stands for.
pub(super) fn coded(features: &Features, field: usize, code: usize) -> Cell<'_> {
    let (Some(column), Some(kind)) =
        (features.column(field), features.fields().get(field).map(|f| f.kind))
    else {
        return Cell::Empty;
    };
    match (kind, column.value(code)) {
        (Kind::Text | Kind::List, Value::Text(text)) => Cell::Text(text),
        (Kind::Integer, Value::Number(_)) => whole(column.json(code)),
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
fn whole(json: &str) -> Cell<'_> {
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
