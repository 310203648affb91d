//! `as_of=YYYY-MM-DD`: the register as it was at the end of that day, in UTC, which is the time of Bamako.
//!
//! A day that is over gives the same answer for ever; today gives what the register says now.

use std::time::Duration;

use jiff::civil::{Date, date};

use super::problem::Problem;
use crate::{
    app::App,
    runtime::Micros,
    store::{AsOf, as_of},
};

/// How long a reader waits for what was received that day to be in the register.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long after midnight what was received before it may still be on its way to the journal.
const ON_ITS_WAY: i64 = 10;

/// The day as written, exactly `YYYY-MM-DD`.
pub(super) fn read(text: &str) -> Option<Date> {
    let shape =
        |(i, c): (usize, char)| if matches!(i, 4 | 7) { c == '-' } else { c.is_ascii_digit() };
    if text.len() != 10 || !text.chars().enumerate().all(shape) {
        return None;
    }
    text.parse().ok()
}

/// The number of a day, counted from 1970-01-01.
pub(super) fn number(day: Date) -> i64 {
    i64::from(day.since(date(1970, 1, 1)).map_or(0, |span| span.get_days()))
}

/// The register of the day asked for.
pub(super) async fn as_of(app: &App, asked: Option<&str>) -> Result<AsOf, Problem> {
    let Some(text) = asked else { return Ok(AsOf::Now) };
    let day = read(text).map(number).ok_or_else(|| Problem::bad("as_of: YYYY-MM-DD"))?;
    let now = app.base.runtime.now();
    if day > now.day() {
        return Err(Problem::bad("as_of: a day that has come"));
    }
    let mut tx = app.base.db.read().await?;
    if day < as_of::first_day(&mut tx).await? {
        return Err(Problem::new("history-unknown", ""));
    }
    drop(tx);
    if day < now.day() {
        is_over(app, Micros((day + 1) * 86_400_000_000), now).await?;
    }
    Ok(AsOf::Day(day))
}

/// Waits until everything received before `end` is in the register.
pub(super) async fn is_over(app: &App, end: Micros, now: Micros) -> Result<(), Problem> {
    if now < end.plus_seconds(ON_ITS_WAY) {
        return Err(Problem::new("busy", ""));
    }
    let mut progress = app.applier.progress();
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let mut tx = app.base.db.read().await?;
        let all = as_of::has_all_before(&mut tx, end).await?;
        drop(tx);
        if all {
            return Ok(());
        }
        if !matches!(tokio::time::timeout_at(until, progress.changed()).await, Ok(Ok(()))) {
            return Err(Problem::new("busy", ""));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_it_is_written_and_in_no_other_way() {
        assert_eq!(read("2026-11-22").map(number), Some(20_779));
        assert_eq!(read("1970-01-01").map(number), Some(0));
        for wrong in
            ["", "2026-1-2", "2026-02-30", "2026-11-22T10", "+2026-11-2", "20261122", "2026/11/22"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(Micros(20_779 * 86_400_000_000).date(), date(2026, 11, 22));
    }
}
