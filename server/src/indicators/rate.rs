//! A share with what it does not know: item non-response is shown beside every rate.

/// A share of known answers, and how many are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Units with the property.
    pub numerator: u32,
    /// Units of which it is known whether they have it.
    pub denominator: u32,
    /// Units that do not know, refused, or were not asked.
    pub unknown: u32,
}

impl Rate {
    /// A rate is not shown for fewer known units than this (`rules.md`, conventions).
    pub const MIN_DENOMINATOR: u32 = 20;

    /// The share between 0 and 1; none, never 0, when nothing is known.
    pub fn value(&self) -> Option<f64> {
        (self.denominator > 0).then(|| f64::from(self.numerator) / f64::from(self.denominator))
    }

    /// Whether enough is known for the rate to be shown.
    pub const fn is_shown(&self) -> bool {
        self.denominator >= Self::MIN_DENOMINATOR
    }

    /// The share of units without an answer; none when there is no unit.
    pub fn non_response(&self) -> Option<f64> {
        let all = self.denominator.saturating_add(self.unknown);
        (all > 0).then(|| f64::from(self.unknown) / f64::from(all))
    }

    /// Whether the rate is marked as fragile: more than 20 % without an answer.
    pub fn is_fragile(&self) -> bool {
        self.non_response().is_some_and(|share| share > 0.2)
    }

    /// Adds one unit: whether it has the property, if that is known.
    pub fn add(&mut self, has: Option<bool>) {
        match has {
            None => self.unknown += 1,
            Some(has) => {
                self.denominator += 1;
                self.numerator += u32::from(has);
            }
        }
    }
}

impl FromIterator<Option<bool>> for Rate {
    fn from_iter<I: IntoIterator<Item = Option<bool>>>(units: I) -> Self {
        let mut rate = Self::default();
        units.into_iter().for_each(|unit| rate.add(unit));
        rate
    }
}

/// Reads yes or no of the list `yes_no_dk`; anything else is not known.
pub(super) fn yes_no(code: Option<&str>) -> Option<bool> {
    match code {
        Some("yes") => Some(true),
        Some("no") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_outside_the_rate_and_beside_it() {
        let rate: Rate =
            [Some(true), Some(false), Some(false), Some(false), None].into_iter().collect();

        assert_eq!(rate.value(), Some(0.25));
        assert_eq!(rate.non_response(), Some(0.2));
        assert!(!rate.is_fragile() && !rate.is_shown());
        assert!(Rate { unknown: 2, ..rate }.is_fragile());
        assert!(Rate { denominator: 20, ..rate }.is_shown());
    }

    #[test]
    fn a_rate_of_nobody_is_not_zero() {
        assert_eq!(Rate::default().value(), None);
        assert_eq!(Rate::default().non_response(), None);
    }

    #[test]
    fn only_yes_and_no_are_known() {
        assert_eq!(yes_no(Some("yes")), Some(true));
        assert_eq!(yes_no(Some("no")), Some(false));
        assert_eq!(yes_no(Some("dont_know")), None);
        assert_eq!(yes_no(None), None);
    }
}
