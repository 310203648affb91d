//! How much of a site or area the register covers (R20 to R22).

use jiff::civil::Date;

/// How far an estimate of workers can be used, by the method it was made with (R20).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reliability {
    /// A full count or a count of pits.
    Usable,
    /// One informant or a look.
    Indicative,
    /// Other methods, between the two.
    Fair,
}

/// An estimate of the people at work on a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The day of the site record or visit.
    pub day: Date,
    /// People at work.
    pub workers: u32,
    /// How far it can be used.
    pub reliability: Reliability,
}

impl Reliability {
    /// Of a method of the code list `est_method`.
    pub fn of(method: Option<&str>) -> Self {
        match method {
            Some("full_count" | "count_pits") => Self::Usable,
            Some("single_informant" | "visual") | None => Self::Indicative,
            Some(_) => Self::Fair,
        }
    }
}

/// The estimate nearest to the days of enumeration, at most 30 days before or after them; of two as
/// near the later.
pub fn closest_estimate(estimates: &[Estimate], from: Date, to: Date) -> Option<Estimate> {
    let away = |day: Date| {
        let days = |a: Date, b: Date| a.duration_since(b).as_hours() / 24;
        days(from, day).max(days(day, to)).max(0)
    };
    estimates
        .iter()
        .copied()
        .filter(|estimate| away(estimate.day) <= 30)
        .min_by_key(|estimate| (away(estimate.day), std::cmp::Reverse(estimate.day)))
}

/// What a coverage says of the enumeration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoverageFlag {
    /// Below 0.5: people are missing, or the estimate is inflated.
    Under,
    /// Above 1.2: people are registered twice, or the estimate is old.
    Over,
}

/// R20: registered workers beside the estimate of workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Adults of R1 and working children of R3.
    pub registered: u32,
    /// Workers estimated; 0 when there is no estimate.
    pub estimated: u32,
}

impl Coverage {
    /// The ratio; none without an estimate.
    pub fn value(&self) -> Option<f64> {
        (self.estimated > 0).then(|| f64::from(self.registered) / f64::from(self.estimated))
    }

    /// What the ratio says.
    pub fn flag(&self) -> Option<CoverageFlag> {
        match self.value()? {
            ratio if ratio < 0.5 => Some(CoverageFlag::Under),
            ratio if ratio > 1.2 => Some(CoverageFlag::Over),
            _ => None,
        }
    }
}

/// R20 of a district or region: the sums over the sites that have both figures, and how many sites
/// have no estimate; those are listed, never imputed.
pub fn coverage_of_area(sites: &[Coverage]) -> (Coverage, u32) {
    let mut area = Coverage::default();
    let mut without = 0;
    for site in sites {
        if site.estimated == 0 {
            without += 1;
        } else {
            area.registered = area.registered.saturating_add(site.registered);
            area.estimated = area.estimated.saturating_add(site.estimated);
        }
    }
    (area, without)
}

/// R21: people of the areas of the post-enumeration survey, estimated from two independent counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DualSystem {
    /// Chapman's estimate.
    pub estimate: f64,
    /// Its variance.
    pub variance: f64,
    /// The share of the survey's people whom the census missed; none when it found nobody.
    pub undercoverage: Option<f64>,
}

/// R21: Chapman's form of the Lincoln-Petersen estimator (Chapman 1951) and its variance (Seber
/// 1970): `(n1+1)(n2+1)/(m+1) − 1` and `(n1+1)(n2+1)(n1−m)(n2−m) / ((m+1)²(m+2))`, where `census`
/// people were registered, `survey` people found, and `matched` are both. It assumes a population
/// that does not move between the two passes, independent teams and right matches. None when more
/// are matched than counted.
pub fn dual_system(census: u32, survey: u32, matched: u32) -> Option<DualSystem> {
    let missed = (census.checked_sub(matched)?, survey.checked_sub(matched)?);
    let [n1, n2, m] = [census, survey, matched].map(f64::from);
    let product = (n1 + 1.0) * (n2 + 1.0);
    Some(DualSystem {
        estimate: product / (m + 1.0) - 1.0,
        variance: product * f64::from(missed.0) * f64::from(missed.1)
            / ((m + 1.0) * (m + 1.0) * (m + 2.0)),
        undercoverage: (survey > 0).then(|| 1.0 - m / n2),
    })
}

/// R22: children linked to caregivers beside the children that caregivers said live with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildrenFound {
    /// Children expected.
    pub expected: u32,
    /// Children registered and linked.
    pub found: u32,
}

impl ChildrenFound {
    /// Whether less than half were found: the children of the site are not all enumerated.
    pub fn is_incomplete(&self) -> bool {
        self.expected > 0 && f64::from(self.found) / f64::from(self.expected) < 0.5
    }
}

/// R22 of a site: `said` is (household, `children_here`) by miner; miners of one household speak of
/// the same children, so the highest counts once.
pub fn children_found<'a>(
    said: impl IntoIterator<Item = (Option<&'a str>, u32)>,
    found: u32,
) -> ChildrenFound {
    let mut households = std::collections::BTreeMap::new();
    let mut expected = 0_u32;
    for (household, children) in said {
        match household {
            None => expected = expected.saturating_add(children),
            Some(id) => {
                let most = households.entry(id).or_insert(0);
                *most = children.max(*most);
            }
        }
    }
    let shared = households.into_values().fold(0_u32, u32::saturating_add);
    ChildrenFound { expected: expected.saturating_add(shared), found }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn chapman_gives_the_published_vectors() {
        #[derive(serde::Deserialize)]
        struct Vector {
            n1: u32,
            n2: u32,
            m: u32,
            #[serde(rename = "N")]
            estimate: f64,
            var: f64,
        }
        let json: serde_json::Value =
            serde_json::from_str(include_str!("../../../schemas/vectors/quality.json")).unwrap();
        let vectors: Vec<Vector> = serde_json::from_value(json["chapman"].clone()).unwrap();
        assert_eq!(vectors.len(), 3);
        for v in vectors {
            let both = dual_system(v.n1, v.n2, v.m).unwrap();

            assert!((both.estimate - v.estimate).abs() < 1e-6, "{both:?}");
            assert!((both.variance - v.var).abs() / v.var < 1e-6, "{both:?}");
        }
    }

    #[test]
    fn undercoverage_is_what_the_survey_found_and_the_census_did_not() {
        let both = dual_system(900, 500, 450).unwrap();

        assert!((both.undercoverage.unwrap() - 0.1).abs() < 1e-9);
        assert_eq!(dual_system(10, 0, 0).unwrap().undercoverage, None);
        assert_eq!(dual_system(10, 5, 6), None);
    }

    #[test]
    fn a_coverage_far_from_one_is_flagged_and_none_without_an_estimate() {
        let flag = |registered, estimated| Coverage { registered, estimated }.flag();

        assert_eq!(flag(49, 100), Some(CoverageFlag::Under));
        assert_eq!((flag(50, 100), flag(120, 100)), (None, None));
        assert_eq!(flag(121, 100), Some(CoverageFlag::Over));
        assert_eq!(Coverage { registered: 9, estimated: 0 }.value(), None);
    }

    #[test]
    fn the_coverage_of_an_area_leaves_out_sites_without_an_estimate() {
        let site = |registered, estimated| Coverage { registered, estimated };

        let (area, without) = coverage_of_area(&[site(50, 100), site(70, 0), site(90, 100)]);

        assert_eq!((area.value(), without), (Some(0.7), 1));
    }

    #[test]
    fn the_estimate_nearest_to_the_enumeration_counts_up_to_thirty_days() {
        let at = |day, workers| Estimate { day, workers, reliability: Reliability::Usable };
        let (from, to) = (date(2026, 11, 1), date(2026, 11, 10));
        let estimates =
            [at(date(2026, 10, 2), 1), at(date(2026, 12, 10), 2), at(date(2026, 11, 12), 3)];

        assert_eq!(closest_estimate(&estimates, from, to).unwrap().workers, 3);
        assert_eq!(closest_estimate(&estimates[..2], from, to).unwrap().workers, 2);
        assert_eq!(closest_estimate(&[at(date(2026, 10, 1), 1)], from, to), None);
        assert_eq!(Reliability::of(Some("visual")), Reliability::Indicative);
        assert_eq!(Reliability::of(Some("count_pits")), Reliability::Usable);
    }

    #[test]
    fn miners_of_one_household_speak_of_the_same_children() {
        let said = [(Some("a"), 3), (Some("a"), 2), (None, 1), (None, 4)];

        let children = children_found(said, 3);

        assert_eq!(children.expected, 8);
        assert!(children.is_incomplete());
        assert!(!ChildrenFound { expected: 8, found: 4 }.is_incomplete());
        assert!(!ChildrenFound { expected: 0, found: 0 }.is_incomplete());
    }
}
