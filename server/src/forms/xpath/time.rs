//! Functions of dates.

use super::date::Moment;
use super::function::Function;
use super::number::{from_long, to_int, to_long, truncated};
use super::stop::Stop;
use super::value::Atom;

/// Calls a function of dates; `offset_ms` is that of the phone's clock.
pub(super) fn call<'e>(
    function: Function,
    atoms: &[Atom<'e>],
    offset_ms: i64,
) -> Result<Atom<'e>, Stop> {
    let Some(first) = atoms.first() else { return Ok(Atom::BLANK) };
    match function {
        Function::Date => day(first, offset_ms),
        Function::DateTime => instant(first, offset_ms),
        Function::DecimalDateTime => decimal(first, offset_ms, true),
        Function::DecimalTime => decimal(first, offset_ms, false),
        _ => match (instant(first, offset_ms)?, atoms.get(1)) {
            (Atom::Date(moment), Some(format)) => moment.format(&format.to_text()).map(Atom::text),
            _ => Ok(Atom::BLANK),
        },
    }
}

/// `date()`: a number of days, or a text, whose time of day stays.
fn day<'e>(atom: &Atom<'e>, offset_ms: i64) -> Result<Atom<'e>, Stop> {
    match atom {
        Atom::Number(number) => match in_range(truncated(*number))? {
            None => Ok(atom.clone()),
            Some(days) => Ok(Atom::Date(Moment::of_day(to_int(days).into(), offset_ms))),
        },
        Atom::Date(moment) => Ok(Atom::Date(moment.midnight())),
        _ => instant(atom, offset_ms),
    }
}

/// `date-time()`: days and fractions of days, or a text; the blank stays blank.
fn instant<'e>(atom: &Atom<'e>, offset_ms: i64) -> Result<Atom<'e>, Stop> {
    match atom {
        Atom::Number(number) => match in_range(*number)? {
            None => Ok(atom.clone()),
            Some(days) => {
                Ok(Atom::Date(Moment { utc_ms: to_long(days * 86_400_000.0), offset_ms }))
            }
        },
        Atom::Text(text) if text.is_empty() => Ok(atom.clone()),
        Atom::Text(text) => {
            Moment::parse(text, offset_ms).map(Atom::Date).ok_or(Stop::Fails("not a date"))
        }
        Atom::Date(_) => Ok(atom.clone()),
        Atom::Bool(_) => Err(Stop::Fails("a date of a boolean")),
    }
}

/// `decimal-date-time()` and `decimal-time()`.
fn decimal<'e>(atom: &Atom<'e>, offset_ms: i64, with_day: bool) -> Result<Atom<'e>, Stop> {
    match instant(atom, offset_ms)? {
        Atom::Date(moment) => Ok(Atom::Number(match (atom, with_day) {
            // A number is already what is asked for.
            (Atom::Number(number), true) => *number,
            (Atom::Number(number), false) => number - number.floor(),
            (_, true) => moment.utc_days(),
            (_, false) => {
                let days = from_long(moment.utc_ms + offset_ms) / 86_400_000.0;
                days - days.floor()
            }
        })),
        blank => Ok(blank),
    }
}

/// NaN is no date, and beyond 32 bits of days is a mistake.
fn in_range(days: f64) -> Result<Option<f64>, Stop> {
    if days.is_nan() {
        return Ok(None);
    }
    let fits = (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&days);
    fits.then_some(Some(days)).ok_or(Stop::Fails("a number that is no date"))
}
