//! Sites: licences, safety, mercury, services, and the gold of a region (R34, R40 to R43, rule E10).

use jiff::{ToSpan, civil::Date};
use sanu_schemas::attribute;

use super::declared::DECLARED;

/// How a licence stands on a day (R34).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LicenceState {
    /// Its last day is past.
    Expired,
    /// Its last day is within 90 days, today included.
    Expiring,
    /// Later.
    Valid,
}

/// R34: a licence whose last day is `expires`, on `day`.
pub fn licence_state(expires: Date, day: Date) -> LicenceState {
    let soon = day.checked_add(90.days()).unwrap_or(Date::MAX);
    match expires {
        _ if expires < day => LicenceState::Expired,
        _ if expires <= soon => LicenceState::Expiring,
        _ => LicenceState::Valid,
    }
}

/// R40: deaths of 12 months for 1,000 workers, over sites whose workers were counted; given as
/// (deaths, workers, method). None without workers. For regions only, never for a site.
pub fn fatality_rate<'a>(
    sites: impl IntoIterator<Item = (u32, u32, Option<&'a str>)>,
) -> Option<f64> {
    let counted = ["full_count", "count_pits", "register", "count_sample"];
    let (mut deaths, mut workers) = (0.0, 0.0);
    for (dead, at_work, method) in sites {
        if method.is_some_and(|method| counted.contains(&method)) {
            deaths += f64::from(dead);
            workers += f64::from(at_work);
        }
    }
    (workers > 0.0).then(|| deaths * 1_000.0 / workers)
}

/// R41: whether mercury or cyanide is used with evidence seen, alone or with a report; none when the
/// answer is not known. R41 is the rate of it.
pub fn uses_toxic(chemicals: &[&str], evidence: Option<&str>) -> Option<bool> {
    let unknown = |it: &&str| matches!(*it, "dont_know" | "refused");
    if chemicals.is_empty() || chemicals.iter().all(unknown) {
        return None;
    }
    let toxic = chemicals.iter().any(|it| matches!(*it, "mercury" | "cyanide"));
    Some(toxic && matches!(evidence, Some("observed" | "both")))
}

/// R42: among sites with mercury, whether one of the four worst practices of the Minamata convention
/// (annex C) is used; none for other sites and when the practices are not known.
pub fn uses_worst_practice(chemicals: &[&str], practices: &[&str]) -> Option<bool> {
    let known = practices.iter().any(|it| *it != "dont_know");
    (chemicals.contains(&"mercury") && known).then(|| {
        let worst = |it: &&str| attribute("mercury_practice", it, "minamata_worst") == Some("yes");
        practices.iter().any(worst)
    })
}

/// R43: the median distance of active sites to a service, in kilometres.
pub fn median_distance(kilometres: &[f64]) -> Option<f64> {
    let even: Vec<(f64, u32)> = kilometres.iter().map(|km| (*km, 1)).collect();
    weighted_median_distance(&even)
}

/// R43, variant weighted by workers: the distance that half of the workers have at most; the mean of
/// two when a half falls between them.
pub fn weighted_median_distance(sites: &[(f64, u32)]) -> Option<f64> {
    let mut sites: Vec<(f64, u32)> = sites.iter().copied().filter(|(_, w)| *w > 0).collect();
    sites.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let all: u64 = sites.iter().map(|(_, workers)| u64::from(*workers)).sum();
    let mut before = 0_u64;
    let mut sites = sites.into_iter().peekable();
    while let Some((km, workers)) = sites.next() {
        before += u64::from(workers);
        if before * 2 == all {
            let (next, _) = sites.peek()?;
            return Some(f64::midpoint(km, *next));
        }
        if before * 2 > all {
            return Some(km);
        }
    }
    None
}

/// E10: whether the weekly gold of the sites of a region, in grams, makes more in a year than three
/// times what was declared for the country.
pub fn exceeds_declared_gold(grams_per_week: impl IntoIterator<Item = f64>) -> bool {
    let tonnes = grams_per_week.into_iter().sum::<f64>() * 52.0 / 1e6;
    tonnes > 3.0 * f64::from(DECLARED.gold_t)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_licence_expires_within_ninety_days() {
        let day = date(2026, 11, 22);
        let state = |expires| licence_state(expires, day);

        assert_eq!(state(date(2026, 11, 21)), LicenceState::Expired);
        assert_eq!(state(day), LicenceState::Expiring);
        assert_eq!(state(date(2027, 2, 20)), LicenceState::Expiring);
        assert_eq!(state(date(2027, 2, 21)), LicenceState::Valid);
    }

    #[test]
    fn deaths_are_for_a_thousand_counted_workers() {
        let sites = [
            (2, 900, Some("full_count")),
            (1, 600, Some("register")),
            (9, 100, Some("visual")),
            (9, 100, None),
        ];

        assert_eq!(fatality_rate(sites), Some(2.0));
        assert_eq!(fatality_rate([(1, 0, Some("register"))]), None);
    }

    #[test]
    fn mercury_is_present_when_it_was_seen() {
        assert_eq!(uses_toxic(&["mercury"], Some("both")), Some(true));
        assert_eq!(uses_toxic(&["mercury"], Some("reported")), Some(false));
        assert_eq!(uses_toxic(&["none"], None), Some(false));
        assert_eq!(uses_toxic(&["dont_know"], None), None);
    }

    #[test]
    fn worst_practices_are_asked_of_sites_with_mercury() {
        assert_eq!(uses_worst_practice(&["mercury"], &["retort_used", "open_burning"]), Some(true));
        assert_eq!(uses_worst_practice(&["mercury"], &["retort_used"]), Some(false));
        assert_eq!(uses_worst_practice(&["mercury"], &["dont_know"]), None);
        assert_eq!(uses_worst_practice(&["cyanide"], &["open_burning"]), None);
    }

    #[test]
    fn medians_are_of_sites_or_of_workers() {
        assert_eq!(median_distance(&[9.0, 1.0, 4.0]), Some(4.0));
        assert_eq!(median_distance(&[9.0, 1.0, 4.0, 6.0]), Some(5.0));
        assert_eq!(median_distance(&[]), None);
        assert_eq!(weighted_median_distance(&[(1.0, 10), (4.0, 20), (9.0, 100)]), Some(9.0));
        assert_eq!(weighted_median_distance(&[(1.0, 0)]), None);
    }

    #[test]
    fn sixty_tonnes_a_year_are_believed_and_more_are_not() {
        assert!(!exceeds_declared_gold([60e6 / 52.0]));
        assert!(exceeds_declared_gold([60e6 / 52.0, 1.0]));
    }
}
