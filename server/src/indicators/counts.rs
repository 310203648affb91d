//! Who and what is counted (R1 to R5).

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use sanu_schemas::attribute;

/// What a registered person is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Population {
    /// R1: an adult who consented, at work or not.
    Miner,
    /// R3: a child of 6 to 17.
    Child,
}

impl Population {
    /// Tells what a person of the register of adults is: R1 asks for consent and 18 years.
    pub fn of_adult(consent: Option<&str>, age: i64) -> Option<Self> {
        (consent == Some("given") && age >= 18).then_some(Self::Miner)
    }

    /// Tells what a person of the register of children is: R3 asks for an age of 6 to 17.
    pub fn of_child(age: i64) -> Option<Self> {
        Band::of(age).map(|_| Self::Child)
    }
}

/// The bands of age in which children are shown (code list `age_band_cl`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// 6 to 11.
    From6,
    /// 12 to 14.
    From12,
    /// 15 to 17.
    From15,
}

impl Band {
    /// The band of an age in completed years.
    pub fn of(age: i64) -> Option<Self> {
        match age {
            6..=11 => Some(Self::From6),
            12..=14 => Some(Self::From12),
            15..=17 => Some(Self::From15),
            _ => None,
        }
    }

    /// Its code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::From6 => "c06_11",
            Self::From12 => "c12_14",
            Self::From15 => "c15_17",
        }
    }
}

/// The part of the economy of a site that a role belongs to (column `chain_segment` of `site_role`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// R5: mining chain, extraction or processing.
    Chain,
    /// R5: service workers, services or trade.
    Service,
    /// At work in neither: owners, leaders, authorities.
    Other,
    /// R4 leaves them out.
    NotWorking,
}

/// The segment of a role; none for a role that is not in the list.
pub fn segment(main_role: &str) -> Option<Segment> {
    match attribute("site_role", main_role, "chain_segment")? {
        "extraction" | "processing" => Some(Segment::Chain),
        "service" | "trade" => Some(Segment::Service),
        "none" => Some(Segment::NotWorking),
        _ => Some(Segment::Other),
    }
}

/// How a site stands, as R2 groups the statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Activity {
    /// At work, fully or not.
    Active,
    /// Stopped for a time.
    Stopped,
    /// Abandoned or rehabilitated.
    Closed,
    /// Could not be reached.
    Inaccessible,
    /// Is no site, and is counted apart.
    NotFound,
}

/// The activity behind a status of the code list `site_status`.
pub fn activity(status: &str) -> Option<Activity> {
    match status {
        "active" | "active_reduced" => Some(Activity::Active),
        "suspended_season" | "suspended_authority" | "suspended_accident" => {
            Some(Activity::Stopped)
        }
        "abandoned" | "rehabilitated" => Some(Activity::Closed),
        "inaccessible" => Some(Activity::Inaccessible),
        "not_found" => Some(Activity::NotFound),
        _ => None,
    }
}

/// The status of a site on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteState<'a> {
    /// Its code.
    pub status: &'a str,
    /// The day it was seen.
    pub seen: Date,
    /// Whether that is more than 180 days ago: shown with its date.
    pub is_old: bool,
}

/// R2: the status seen last on or before `day`, among the registration and the accepted visits,
/// given as (day, status) in any order; of one day the later in the list counts.
pub fn state_as_of<'a>(seen: &[(Date, &'a str)], day: Date) -> Option<SiteState<'a>> {
    let (seen, status) = seen.iter().filter(|(at, _)| *at <= day).max_by_key(|(at, _)| *at)?;
    let is_old = day.checked_sub(180.days()).is_ok_and(|limit| *seen < limit);
    Some(SiteState { status, seen: *seen, is_old })
}

/// Counts units by a key; the sum over the keys is the number of units.
pub fn tally<K: Ord>(keys: impl IntoIterator<Item = K>) -> BTreeMap<K, u32> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_miner_is_an_adult_who_consented() {
        assert_eq!(Population::of_adult(Some("given"), 18), Some(Population::Miner));
        assert_eq!(Population::of_adult(Some("given"), 17), None);
        assert_eq!(Population::of_adult(Some("refused"), 30), None);
        assert_eq!(Population::of_child(5), None);
        assert_eq!(Population::of_child(17), Some(Population::Child));
    }

    #[test]
    fn bands_are_those_of_the_code_list() {
        let list = sanu_schemas::codelist("age_band_cl").unwrap();
        for age in 6..=17 {
            let code = Band::of(age).unwrap().code();
            assert!(list.codes.iter().any(|it| it.code == code));
            let min = attribute("age_band_cl", code, "min").unwrap().parse::<i64>().unwrap();
            let max = attribute("age_band_cl", code, "max").unwrap().parse::<i64>().unwrap();
            assert!((min..=max).contains(&age));
        }
        assert_eq!((Band::of(5), Band::of(18)), (None, None));
    }

    #[test]
    fn every_role_has_a_segment_and_every_status_an_activity() {
        for role in sanu_schemas::codelist("site_role").unwrap().codes {
            assert!(segment(&role.code).is_some(), "{}", role.code);
        }
        for status in sanu_schemas::codelist("site_status").unwrap().codes {
            assert!(activity(&status.code).is_some(), "{}", status.code);
        }
        assert_eq!(segment("pit_digger"), Some(Segment::Chain));
        assert_eq!(segment("food_vendor"), Some(Segment::Service));
        assert_eq!(segment("damantigi"), Some(Segment::Other));
        assert_eq!(segment("not_working"), Some(Segment::NotWorking));
        assert_eq!((segment("king"), activity("lost")), (None, None));
    }

    #[test]
    fn the_latest_status_on_or_before_the_day_counts() {
        let seen = [
            (date(2026, 5, 1), "abandoned"),
            (date(2026, 1, 1), "active"),
            (date(2026, 9, 1), "active_reduced"),
        ];

        assert_eq!(state_as_of(&seen, date(2025, 12, 31)), None);
        assert_eq!(state_as_of(&seen, date(2026, 4, 30)).unwrap().status, "active");
        let may = state_as_of(&seen, date(2026, 5, 1)).unwrap();
        assert_eq!((may.status, may.is_old), ("abandoned", false));
        let late = |day| state_as_of(&seen[..2], day).unwrap().is_old;
        assert!(!late(date(2026, 10, 28)) && late(date(2026, 10, 29)));
    }

    #[test]
    fn the_sum_over_areas_is_the_total() {
        let areas = ["kayes", "kita", "kayes", "sikasso"];

        let counts = tally(areas);

        assert_eq!(counts["kayes"], 2);
        assert_eq!(counts.values().sum::<u32>(), 4);
    }
}
