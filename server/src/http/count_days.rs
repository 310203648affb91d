//! Days that are over, as questions name them.

use std::cmp::Ordering;

use jiff::civil::Date;

use super::{
    as_of::{is_over, number, read},
    problem::Problem,
};
use crate::{
    app::App,
    apply::{Closed, close_through},
    runtime::Micros,
};

/// Reads `as_of`: a day that is over, in Mali; today is as it is now.
pub(super) fn past_day(text: &str, now: Micros) -> Result<Option<Date>, Problem> {
    let date = read(text).ok_or_else(|| Problem::bad("as_of: YYYY-MM-DD"))?;
    match date.cmp(&now.date()) {
        Ordering::Less if date.year() >= 1970 => Ok(Some(date)),
        Ordering::Equal => Ok(None),
        Ordering::Less | Ordering::Greater => Err(Problem::bad("as_of: a day that has come")),
    }
}

/// Closes a day that is over, and gives its number.
pub(super) async fn closed(app: &App, date: Date) -> Result<i64, Problem> {
    let day = number(date);
    is_over(app, Micros((day + 1) * 86_400_000_000), app.base.runtime.now()).await?;
    match close_through(&app.base.db, day).await? {
        Closed::Yes => Ok(day),
        Closed::NotYet => Err(Problem::new("busy", "submissions of that day are being applied")),
        Closed::Before(_) => Err(Problem::new("history-unknown", "")),
    }
}

/// The last moment of a day in Mali, which keeps UTC.
pub(super) fn end_of(date: Date) -> Micros {
    Micros((number(date) + 1) * 86_400_000_000 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_are_over_are_asked_for_and_today_is_now() {
        let now = Micros(20_000 * 86_400_000_000 + 5);
        let yesterday = now.date().yesterday().unwrap();

        assert!(past_day(&now.date().tomorrow().unwrap().to_string(), now).is_err());
        assert!(past_day("2026-13-01", now).is_err() && past_day("hier", now).is_err());
        assert!(past_day("1969-12-31", now).is_err());
        assert_eq!(past_day(&now.date().to_string(), now).unwrap(), None);
        assert_eq!(past_day(&yesterday.to_string(), now).unwrap(), Some(yesterday));
        assert_eq!(end_of(yesterday), Micros(20_000 * 86_400_000_000 - 1));
    }
}
