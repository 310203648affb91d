//! R25, coverage by social protection, from the lines of a table by region, membership and protection.

use std::collections::BTreeMap;

use super::{
    lines::Lines,
    table::{Manner, Shown},
};

/// Rates of fewer people than this are not shown.
///
/// Source: definitions of the derived indicators, conventions.
const LEAST: i64 = 20;

/// How many of those whose answer is known are covered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// Enrolled in a scheme that counts for the target.
    pub covered: Shown,
    /// Covered or not: who does not know or did not answer is in neither.
    pub known: Shown,
    /// The share, 0 to 1 to three decimals; none when there are too few.
    pub rate: Option<f64>,
}

/// Both denominators in one region, or (empty code) in all.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// The region.
    pub region: String,
    /// R25 (a): members of cooperatives, to which the target of 50 % applies.
    pub members: Ratio,
    /// R25 (b): everybody registered.
    pub all: Ratio,
}

#[derive(Default)]
struct Rate {
    covered: i64,
    known: i64,
}

impl Rate {
    fn add(&mut self, is_covered: bool, n: i64) {
        self.known += n;
        self.covered += if is_covered { n } else { 0 };
    }

    fn ratio(&self, manner: Manner) -> Ratio {
        let (covered, known) = (manner.show(self.covered), manner.show(self.known));
        let rate = match (covered.number(), known.number()) {
            (Some(covered), Some(known)) if known >= LEAST => {
                let thousandths = (covered * 2_000 / known + 1) / 2;
                i32::try_from(thousandths).ok().map(|n| f64::from(n.min(1_000)) / 1e3)
            }
            _ => None,
        };
        Ratio { covered, known, rate }
    }
}

/// The coverage of each region and, last, of all. Lines hold region, membership and protection.
///
/// Rates are made of numbers as they are shown: they tell nothing beside them.
pub fn coverage(lines: &Lines, manner: Manner) -> Vec<Coverage> {
    let mut regions: BTreeMap<&str, [Rate; 2]> = BTreeMap::new();
    let mut whole: [Rate; 2] = Default::default();
    for line in lines.iter() {
        let codes: Vec<&str> = line.codes().collect();
        let [region, member, protection] = *codes.as_slice() else { continue };
        let is_covered = match protection {
            "covered" => true,
            "not_covered" => false,
            _ => continue,
        };
        for [members, all] in [regions.entry(region).or_default(), &mut whole] {
            all.add(is_covered, line.n());
            if member == "yes" {
                members.add(is_covered, line.n());
            }
        }
    }
    let line = |region: &str, [members, all]: &[Rate; 2]| Coverage {
        region: region.to_owned(),
        members: members.ratio(manner),
        all: all.ratio(manner),
    };
    let mut found: Vec<_> =
        regions.iter().filter(|(r, _)| !r.is_empty()).map(|(r, t)| line(r, t)).collect();
    found.push(line("", &whole));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::Threshold;

    fn line(region: &str, member: &str, protection: &str, n: i64) -> (Vec<String>, i64) {
        ([region, member, protection].map(str::to_owned).to_vec(), n)
    }

    #[test]
    fn members_and_all_are_two_denominators_and_the_unknown_is_in_neither() {
        let lines = [
            line("kayes", "yes", "covered", 30),
            line("kayes", "yes", "not_covered", 10),
            line("kayes", "no", "not_covered", 60),
            line("kayes", "yes", "", 500),
            line("sikasso", "no", "covered", 5),
        ];

        let found = coverage(&lines.into_iter().collect(), Manner::EXACT);

        let rates = |i: usize| (found[i].members.rate, found[i].all.rate);
        assert_eq!(rates(0), (Some(0.75), Some(0.3)));
        assert_eq!(rates(1), (None, None), "too few for a rate");
        assert_eq!(found[1].all.known, Shown::Number(5));
        assert_eq!((found[2].region.as_str(), rates(2).1), ("", Some(0.333)));
    }

    #[test]
    fn a_rate_is_hidden_with_its_numbers() {
        let manner = Manner { threshold: Some(Threshold::ORIGIN), round_to: 5 };
        let lines = [line("kayes", "yes", "covered", 19), line("kayes", "yes", "not_covered", 81)];

        let found = coverage(&lines.into_iter().collect(), manner);

        assert_eq!(found[0].members.covered.number(), None);
        assert_eq!(found[0].members.known, Shown::Number(100));
        assert_eq!(found[0].members.rate, None);
    }
}
