//! When an interview took place, as far as it says so itself.

use jiff::civil::Date;

use super::Logic;
use crate::forms::outline::NodeIndex;
use crate::forms::xpath::{Moment, Tree};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Beginning and end of an interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::forms) struct Interview {
    pub(super) start: Moment,
    pub(super) end: Moment,
}

impl Interview {
    /// Reads the `start`, `end` and `today` answers; `received` is the day when they are missing.
    pub(in crate::forms) fn of(logic: &Logic, sent: &Tree<'_>, received: Date) -> Self {
        let day_received = Self::day(received);
        let text = |node: Option<NodeIndex>| {
            let found = sent.iter().find(|(_, sent)| Some(sent.origin) == node);
            found.map(|(_, sent)| sent.text.trim()).filter(|text| !text.is_empty())
        };
        let instant = |node| {
            let text = text(node)?;
            // An instant without an offset could be any; 0 is Mali's.
            Moment::parse(text, offset(text).unwrap_or(0))
        };
        let (start, end) = (instant(logic.start), instant(logic.end));
        let day = instant(logic.today).map_or(day_received, |day| Self {
            start: day,
            end: Moment { utc_ms: day.utc_ms.saturating_add(DAY_MS - 1), ..day },
        });
        match (start, end) {
            (Some(start), Some(end)) => Self { start, end },
            (Some(one), None) | (None, Some(one)) => Self { start: one, end: one },
            (None, None) => day,
        }
    }

    /// A whole day in Mali.
    fn day(day: Date) -> Self {
        let text = day.to_string();
        let start = Moment::parse(&text, 0).unwrap_or(Moment { utc_ms: 0, offset_ms: 0 });
        let end = Moment { utc_ms: start.utc_ms.saturating_add(DAY_MS - 1), ..start };
        Self { start, end }
    }
}

/// How far the clock that wrote an instant is ahead of UTC, in milliseconds.
fn offset(text: &str) -> Option<i64> {
    let (_, time) = text.split_once('T')?;
    let at = time.find(['+', '-'])?;
    let (sign, offset) = time.get(at..)?.split_at_checked(1)?;
    let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "0"));
    let minutes = hours.parse::<i64>().ok()?.checked_mul(60)? + minutes.parse::<i64>().ok()?;
    // No clock on Earth is further ahead or behind than 18 hours.
    let plausible = (0..=18 * 60).contains(&minutes);
    plausible.then_some(if sign == "-" { -minutes * 60_000 } else { minutes * 60_000 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_the_one_that_wrote_the_instant() {
        assert_eq!(offset("2026-11-22T10:00:00.000+05:30"), Some(19_800_000));
        assert_eq!(offset("2026-11-22T10:00:00.000-01:00"), Some(-3_600_000));
        assert_eq!(offset("2026-11-22T10:00:00.000Z"), None);
        assert_eq!(offset("2026-11-22T10:00:00.000+99:00"), None);
    }
}
