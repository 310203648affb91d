//! Days that are over, as questions name them.

use jiff::civil::Date;

use super::problem::Problem;
use crate::{
    app::App,
    apply::{Closed, close_through},
    runtime::Micros,
};

/// Reads `as_of`: a day that is over, in Mali.
pub(super) fn past_day(text: &str, now: Micros) -> Result<Date, Problem> {
    let date: Date = text.parse().map_err(|_| Problem::bad("as_of: a day such as 2026-11-30"))?;
    // The day that is still going on has no end yet: its number would change.
    if date >= now.date() || date.year() < 1970 {
        return Err(Problem::bad("as_of: a day that is over"));
    }
    Ok(date)
}

/// Closes a day that is over, and gives its number.
pub(super) async fn closed(app: &App, date: Date) -> Result<i64, Problem> {
    let day = day_number(date);
    match close_through(&app.base.db, day).await? {
        Closed::Yes => Ok(day),
        Closed::NotYet => Err(Problem::new("busy", "submissions of that day are being applied")),
        Closed::Before(first) => {
            let first = Micros(0).plus_seconds(first * 86_400).date();
            Err(Problem::bad(format!("as_of: known from {first} on")))
        }
    }
}

/// A day counted from 1970-01-01.
fn day_number(date: Date) -> i64 {
    let since = date.since(Date::constant(1970, 1, 1));
    since.map_or(0, |span| i64::from(span.get_days()))
}

/// The last moment of a day in Mali, which keeps UTC.
pub(super) fn end_of(date: Date) -> Micros {
    Micros((day_number(date) + 1) * 86_400_000_000 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_are_over_are_known() {
        let now = Micros(20_000 * 86_400_000_000 + 5);
        let today = now.date().to_string();
        let yesterday = now.date().yesterday().unwrap();

        assert!(past_day(&today, now).is_err());
        assert!(past_day("2026-13-01", now).is_err());
        assert!(past_day("hier", now).is_err());
        let day = past_day(&yesterday.to_string(), now).unwrap();
        assert_eq!((day, day_number(day)), (yesterday, 19_999));
        assert_eq!(end_of(day), Micros(20_000 * 86_400_000_000 - 1));
    }
}
