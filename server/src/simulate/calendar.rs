//! Who interviewed whom when: a campaign that ended the day before, without two interviews at once.

use jiff::civil::Date;

use super::rng::{Rng, Stream};

/// Interviews per enumerator and day; more would look invented to the quality indicators.
const PER_DAY: u64 = 12;
/// Minutes from one interview's start to the next, longer than any interview.
const STEP: u64 = 50;
/// Days that the campaign lasts at most, after the sites are listed.
const DAYS: u64 = 30;
/// Minute of the day at which work begins.
const MORNING: u64 = 7 * 60;
/// Days for the listing of sites, before the census proper.
const LISTING_DAYS: u64 = 14;
/// Sites that one team lists a day.
const LISTED_PER_DAY: u64 = 8;

/// One interview's place in the campaign.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// Index of the enumerator within the census.
    pub(super) enumerator: u64,
    /// Code of the enumerator.
    pub(super) code: String,
    /// Id of the phone.
    pub(super) device_id: String,
    /// Day of the interview.
    pub(super) day: Date,
    /// Days since the enumerator began.
    pub(super) day_number: u64,
    /// Second of the day at which the interview began.
    started: u64,
}

impl Slot {
    /// The moment so many seconds after the start, as Collect writes it.
    pub(super) fn moment(&self, after: u64) -> String {
        let second = self.started + after;
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        // Phones count milliseconds; any that depend on the slot alone do.
        let millis = (second * 37 + after * 7) % 1_000;
        format!("{}T{hour:02}:{minute:02}:{:02}.{millis:03}Z", self.day, second % 60)
    }
}

/// The campaign of one census.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    seed: u64,
    day: Date,
    sites: u64,
    listing_teams: u64,
    enumerators: u64,
    days: u64,
}

impl Calendar {
    /// Plans a campaign whose last interviews are on the eve of `day`.
    pub(super) fn new(seed: u64, day: Date, sites: u64, records: u64) -> Self {
        let interviews = records.saturating_sub(sites);
        let enumerators = interviews.div_ceil(PER_DAY * DAYS).max(4);
        let days = interviews.div_ceil(enumerators).div_ceil(PER_DAY).max(1);
        let listing_teams = sites.div_ceil(LISTED_PER_DAY * LISTING_DAYS).max(2);
        Self { seed, day, sites, listing_teams, enumerators, days }
    }

    /// The interview at this position of the census.
    pub(super) fn slot(&self, position: u64) -> Slot {
        match position.checked_sub(self.sites) {
            None => self.listing(position),
            Some(interview) => self.interview(interview),
        }
    }

    fn listing(&self, site: u64) -> Slot {
        let (team, turn) = (site % self.listing_teams, site / self.listing_teams);
        let day_number = turn / LISTED_PER_DAY;
        let before = self.days + LISTING_DAYS + 1 - day_number.min(LISTING_DAYS);
        let started = (MORNING + turn % LISTED_PER_DAY * 70) * 60 + self.seconds_late(site);
        Slot {
            enumerator: team,
            code: format!("SI{:03}", team % 999 + 1),
            device_id: self.device(u64::MAX - team),
            day: self.days_before(before),
            day_number,
            started,
        }
    }

    fn interview(&self, interview: u64) -> Slot {
        let (enumerator, turn) = (interview % self.enumerators, interview / self.enumerators);
        let day_number = turn / PER_DAY;
        let started =
            (MORNING + turn % PER_DAY * STEP) * 60 + self.seconds_late(self.sites + interview);
        Slot {
            enumerator,
            code: enumerator_code(enumerator),
            device_id: self.device(enumerator),
            day: self.days_before(self.days.saturating_sub(day_number).max(1)),
            day_number,
            started,
        }
    }

    fn seconds_late(&self, position: u64) -> u64 {
        Rng::of(self.seed, Stream::Envelopes, position).below(90)
    }

    fn days_before(&self, days: u64) -> Date {
        let days = i64::try_from(days).unwrap_or(0);
        self.day.saturating_sub(jiff::Span::new().days(days))
    }

    fn device(&self, enumerator: u64) -> String {
        let mut rng = Rng::of(self.seed, Stream::Enumerators, enumerator);
        let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let id: String = (0..16).map(|_| char::from(rng.pick(letters))).collect();
        format!("collect:{id}")
    }
}

fn enumerator_code(enumerator: u64) -> String {
    let letter = |at: u64| {
        let offset = u8::try_from(at % 26).expect("a number below 26 fits a byte");
        char::from(b'A' + offset)
    };
    let team = enumerator / 999;
    // K first: the codes of the pilot in Kayes and Koulikoro began with it.
    format!("{}{}{:03}", letter(10 + team / 26), letter(team), enumerator % 999 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_works_on_the_day_itself_or_by_night() {
        let calendar = Calendar::new(1, jiff::civil::date(2026, 11, 21), 11, 5_000);
        for position in 0..5_000 {
            let slot = calendar.slot(position);

            assert!(slot.day < calendar.day, "{position}");
            assert!(slot.moment(48 * 60).as_str() < "2026-11-20T18:00", "{position}");
            assert!((7..18).contains(&(slot.started / 3_600)), "{position}");
        }
    }

    #[test]
    fn sites_are_listed_before_anyone_is_interviewed() {
        let calendar = Calendar::new(1, jiff::civil::date(2026, 11, 21), 11, 5_000);
        let last_site = (0..11).map(|site| calendar.slot(site).day).max();
        let first_interview = (11..5_000).map(|position| calendar.slot(position).day).min();

        assert!(last_site < first_interview, "{last_site:?} {first_interview:?}");
    }

    #[test]
    fn an_enumerator_has_one_interview_at_a_time() {
        let calendar = Calendar::new(1, jiff::civil::date(2026, 11, 21), 11, 2_000);
        let mut turns: Vec<_> = (11..2_000)
            .map(|position| calendar.slot(position))
            .map(|slot| (slot.code, slot.day, slot.started))
            .collect();
        turns.sort();

        for pair in turns.windows(2) {
            let same = pair[0].0 == pair[1].0 && pair[0].1 == pair[1].1;
            assert!(!same || pair[1].2 - pair[0].2 >= 48 * 60, "{pair:?}");
        }
    }
}
