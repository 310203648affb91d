//! Dates as JavaRosa has them: instants, read and written in the phone's own time zone.

use super::number::{from_long, to_int};
use super::stop::Stop;

/// Milliseconds of a day.
pub(super) const DAY_MS: i64 = 86_400_000;

/// An instant, with the offset of the clock that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since 1970-01-01T00:00Z.
    pub utc_ms: i64,
    /// Milliseconds that the phone's clock is ahead of UTC.
    pub offset_ms: i64,
}

/// Date and time of day, as a clock shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fields {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    millis: i64,
}

impl Moment {
    /// Midnight of a day counted from 1970-01-01.
    pub(super) fn of_day(day: i64, offset_ms: i64) -> Self {
        Self { utc_ms: day.saturating_mul(DAY_MS).saturating_sub(offset_ms), offset_ms }
    }

    /// Days since 1970-01-01 on the phone's calendar.
    pub(super) fn day(self) -> i64 {
        self.local().div_euclid(DAY_MS)
    }

    /// The midnight before, on the phone's clock.
    pub(super) fn midnight(self) -> Self {
        Self::of_day(self.day(), self.offset_ms)
    }

    /// Days and fractions of days since 1970-01-01T00:00 on the phone's clock.
    pub(super) fn fractional_days(self) -> f64 {
        from_long(self.local()) / from_long(DAY_MS)
    }

    /// Days and fractions of days since 1970-01-01T00:00Z.
    pub(super) fn utc_days(self) -> f64 {
        from_long(self.utc_ms) / from_long(DAY_MS)
    }

    /// `2026-11-22`, on the phone's calendar.
    pub(super) fn iso_date(self) -> String {
        let fields = self.fields();
        format!("{}-{:02}-{:02}", fields.year, fields.month, fields.day)
    }

    /// Reads `2026-11-22` or `2026-11-22T10:00:00.000Z`; without an offset it is the phone's.
    pub(in crate::forms) fn parse(text: &str, offset_ms: i64) -> Option<Self> {
        let Some((day, time)) = text.split_once('T') else {
            return Some(Self::of_day(parse_day(text)?, offset_ms));
        };
        Self::of_day(parse_day(day)?, 0).at(time, offset_ms)
    }

    /// Reads a time of day, on the day of `self`.
    pub(super) fn with_time(self, text: &str) -> Option<Self> {
        Self::of_day(self.day(), 0).at(text, self.offset_ms)
    }

    /// The time of day that a text gives on this day of UTC.
    fn at(self, text: &str, offset_ms: i64) -> Option<Self> {
        let (clock, ahead) = split_offset(text)?;
        let ahead = ahead.unwrap_or(offset_ms);
        Some(Self { utc_ms: self.utc_ms.saturating_add(parse_clock(clock)?) - ahead, offset_ms })
    }

    /// `format-date` and `format-date-time`.
    pub(super) fn format(self, pattern: &str) -> Result<String, Stop> {
        let fields = self.fields();
        let mut text = String::with_capacity(pattern.len() + 8);
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                text.push(character);
                continue;
            }
            let piece = match characters.next() {
                Some('%') => "%".to_owned(),
                Some('Y') => format!("{:04}", fields.year),
                Some('y') => format!("{:04}", fields.year).split_off(2),
                Some('m') => format!("{:02}", fields.month),
                Some('n') => fields.month.to_string(),
                Some('d') => format!("{:02}", fields.day),
                Some('e') => fields.day.to_string(),
                Some('H') => format!("{:02}", fields.hour),
                Some('h') => fields.hour.to_string(),
                Some('M') => format!("{:02}", fields.minute),
                Some('S') => format!("{:02}", fields.second),
                Some('3') => format!("{:03}", fields.millis),
                // Names of days and months are in the phone's language, weeks in its locale.
                Some('a' | 'b' | 'W') => return Err(Stop::unsupported("a date in words")),
                _ => return Err(Stop::Fails("a date format that means nothing")),
            };
            text.push_str(&piece);
        }
        Ok(text)
    }

    fn local(self) -> i64 {
        self.utc_ms.saturating_add(self.offset_ms)
    }

    fn fields(self) -> Fields {
        let (year, month, day) = civil(self.day());
        let time = self.local().rem_euclid(DAY_MS);
        Fields {
            year,
            month,
            day,
            hour: time / 3_600_000,
            minute: time / 60_000 % 60,
            second: time / 1_000 % 60,
            millis: time % 1_000,
        }
    }
}

/// Days since 1970-01-01 of `year-month-day`; three whole numbers of any width.
fn parse_day(text: &str) -> Option<i64> {
    let mut parts = text.split('-').map(str::parse::<i32>);
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
    ((1..=12).contains(&month) && (1..=length_of_month(year, month)).contains(&day))
        .then(|| days(year, month, day))
}

/// Splits `10:00+01:00` into the clock and how far it is ahead of UTC, in milliseconds.
fn split_offset(text: &str) -> Option<(&str, Option<i64>)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, Some(0)));
    }
    let (clock, offset, sign) = match (text.split_once('+'), text.split_once('-')) {
        (Some((clock, offset)), _) => (clock, offset, 1),
        (None, Some((clock, offset))) => (clock, offset, -1),
        (None, None) => return Some((text, None)),
    };
    let offset = offset.split(['+', '-']).next().unwrap_or_default();
    let (hours, minutes) = match offset.split_once(':') {
        Some((hours, minutes)) => (hours, minutes.parse::<i32>().ok()?),
        None => (offset, 0),
    };
    let hours = hours.parse::<i32>().ok()?;
    Some((clock, Some(sign * (i64::from(hours) * 60 + i64::from(minutes)) * 60_000)))
}

/// Milliseconds since midnight of `10:00` or `10:00:00.000`.
fn parse_clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hour: i32 = parts.next()?.parse().ok()?;
    let minute: i32 = parts.next()?.parse().ok()?;
    let (mut second, mut millis) = (0, 0);
    if let Some(seconds) = parts.next() {
        let end = seconds.find(|c: char| !(c.is_ascii_digit() || c == '.'));
        let fraction: f64 = seconds.get(..end.unwrap_or(seconds.len()))?.parse().ok()?;
        second = to_int(fraction);
        // Cut, not rounded, on binary fractions: JavaRosa's own arithmetic.
        millis = to_int(1000.0 * fraction - 1000.0 * f64::from(second));
    }
    let fits = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    (fits && parts.next().is_none()).then(|| seconds * 1_000 + i64::from(millis))
}

fn length_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a Gregorian date, by eras of 400 years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The Gregorian date of a day: the inverse of [`days`].
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + shifted.div_euclid(146_097) * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_go_there_and_back() {
        for day in (-800_000..800_000).step_by(97) {
            let (year, month, of_month) = civil(day);
            assert_eq!(days(year, month, of_month), day);
        }
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(days(2026, 11, 22), 20_779);
    }

    #[test]
    fn dates_are_read_in_the_zone_of_the_phone() {
        let hour = 3_600_000;
        let at = |text, offset| Moment::parse(text, offset).map(|moment| moment.utc_ms);
        assert_eq!(at("1970-01-02", 0), Some(DAY_MS));
        assert_eq!(at("1970-01-02", hour), Some(DAY_MS - hour));
        assert_eq!(at("1970-01-01T10:00:00.250+02:00", hour), Some(8 * hour + 250));
        assert_eq!(at("1970-01-01T10:00Z", hour), Some(10 * hour));
        for bad in ["", "1970-02-30", "1970-01", "1970-01-01T", "1970-01-01T25:00", "x-y-z"] {
            assert_eq!(at(bad, 0), None, "{bad}");
        }
    }

    #[test]
    fn formats_are_those_of_javarosa_and_words_are_left_alone() {
        let moment = Moment::parse("2026-03-04T05:06:07.089Z", 0).expect("a moment");
        assert_eq!(
            moment.format("%Y%y %m%n %d%e %H%h:%M:%S.%3%%").as_deref(),
            Ok("202626 033 044 055:06:07.089%")
        );
        assert!(matches!(moment.format("%b"), Err(Stop::Unsupported(_))));
        assert!(matches!(moment.format("%"), Err(Stop::Fails(_))));
    }
}
