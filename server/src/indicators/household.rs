//! Households and persons of the sampled studies (R28 to R29b).

/// A weighted mean or ratio, with the number of records behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighted {
    /// The estimate; none when nothing is below the line.
    pub value: Option<f64>,
    /// Records used.
    pub records: u32,
}

/// The members of a sampled household.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Household {
    /// All members.
    pub size: u32,
    /// Members of 0 to 5.
    pub aged_0_5: u32,
    /// Members of 6 to 14.
    pub aged_6_14: u32,
    /// Members of 65 and more.
    pub aged_65p: u32,
    /// Members who earn.
    pub earners: u32,
    /// Design weight: `1 / (P(site) × P(person | site))`.
    pub weight: f64,
}

/// R28: demographic dependency, `(P0-14 + P65+) / P15-64 × 100`; those of 15 to 17 are in the latter.
///
/// Households whose parts exceed their size are left out (rule F02).
pub fn demographic_dependency(households: &[Household]) -> Weighted {
    ratio(households, |it| {
        let dependent = it.aged_0_5.checked_add(it.aged_6_14)?.checked_add(it.aged_65p)?;
        Some((100.0 * f64::from(dependent), f64::from(it.size.checked_sub(dependent)?)))
    })
}

/// R28: economic dependency, members who do not earn for each who does.
pub fn economic_dependency(households: &[Household]) -> Weighted {
    ratio(households, |it| {
        Some((f64::from(it.size.checked_sub(it.earners)?), f64::from(it.earners)))
    })
}

/// The ratio of two weighted sums.
fn ratio(households: &[Household], parts: impl Fn(&Household) -> Option<(f64, f64)>) -> Weighted {
    let (mut above, mut below, mut records) = (0.0, 0.0, 0);
    for household in households {
        if let Some((numerator, denominator)) = parts(household) {
            above += household.weight * numerator;
            below += household.weight * denominator;
            records += 1;
        }
    }
    Weighted { value: (below > 0.0).then(|| above / below), records }
}

/// R29: disability by the short set of the Washington Group: at least "a lot of difficulty" in one of
/// the six domains. None when no answer says so and one is not known.
pub fn is_disabled(domains: &[Option<&str>; 6]) -> Option<bool> {
    if domains.iter().any(|it| matches!(it, Some("a_lot" | "cannot"))) {
        return Some(true);
    }
    let all_known = domains.iter().all(|it| matches!(it, Some("no_difficulty" | "some")));
    all_known.then_some(false)
}

/// R29b: the raw score of the Food Insecurity Experience Scale, 0 to 8, for internal checks only:
/// prevalence is estimated by the Rasch model of FAO, never by a cut of this score. None when one of
/// the eight items is not answered by yes or no.
pub fn fies_score(items: &[Option<&str>; 8]) -> Option<u8> {
    items.iter().try_fold(0, |score, item| match item {
        Some("yes") => Some(score + 1),
        Some("no") => Some(score),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Household =
        Household { size: 8, aged_0_5: 2, aged_6_14: 1, aged_65p: 1, earners: 2, weight: 1.0 };

    #[test]
    fn dependency_weighs_households_by_their_design() {
        let couple =
            Household { size: 2, aged_0_5: 0, aged_6_14: 0, aged_65p: 0, weight: 2.0, ..HOME };

        assert_eq!(demographic_dependency(&[HOME]).value, Some(100.0));
        assert_eq!(demographic_dependency(&[HOME, couple]).value, Some(50.0));
        assert_eq!(economic_dependency(&[HOME, couple]).value, Some(1.0));
        assert_eq!(economic_dependency(&[HOME, couple]).records, 2);
    }

    #[test]
    fn an_impossible_household_is_left_out_and_nobody_gives_no_ratio() {
        let impossible = Household { size: 3, ..HOME };

        assert_eq!(demographic_dependency(&[impossible]), Weighted { value: None, records: 0 });
        assert_eq!(economic_dependency(&[Household { earners: 0, ..HOME }]).value, None);
    }

    #[test]
    fn one_domain_is_enough_for_a_disability_and_all_for_none() {
        let fine = [Some("no_difficulty"); 6];
        let with = |answer| {
            let mut domains = fine;
            domains[2] = answer;
            is_disabled(&domains)
        };

        assert_eq!(with(Some("some")), Some(false));
        assert_eq!(with(Some("a_lot")), Some(true));
        assert_eq!(with(Some("cannot")), Some(true));
        assert_eq!((with(Some("refused")), with(None)), (None, None));
    }

    #[test]
    fn a_score_needs_all_eight_answers() {
        let mut items = [Some("yes"); 8];
        assert_eq!(fies_score(&items), Some(8));
        items[7] = Some("no");
        assert_eq!(fies_score(&items), Some(7));
        items[0] = Some("refused");
        assert_eq!(fies_score(&items), None);
    }
}
