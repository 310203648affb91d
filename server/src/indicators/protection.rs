//! Social protection (R25) with both denominators: members of cooperatives, and everybody.

use sanu_schemas::attribute;

use super::rate::{Rate, yes_no};

/// What a miner's record says of social protection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Protection<'a> {
    /// Codes of the schemes of enrolment; empty when not answered.
    pub schemes: &'a [&'a str],
    /// Code of cooperative membership.
    pub member: Option<&'a str>,
}

/// Whether somebody is covered: enrolled in a scheme that counts for the target (column
/// `counts_for_target` of `sp_scheme`); none when the person does not know or did not answer.
pub fn covered(schemes: &[&str]) -> Option<bool> {
    if schemes.iter().any(|it| attribute("sp_scheme", it, "counts_for_target") == Some("yes")) {
        return Some(true);
    }
    let unknown = schemes.is_empty() || schemes.contains(&"dont_know");
    (!unknown).then_some(false)
}

/// R25: (a) among members of cooperatives, to which the target of 50 % applies, and (b) among all.
pub fn coverage_rates<'a>(miners: impl IntoIterator<Item = Protection<'a>>) -> (Rate, Rate) {
    let (mut members, mut all) = (Rate::default(), Rate::default());
    for miner in miners {
        let is_covered = covered(miner.schemes);
        all.add(is_covered);
        if yes_no(miner.member) == Some(true) {
            members.add(is_covered);
        }
    }
    (members, all)
}

impl Protection<'_> {
    /// R25 (c), sampled studies only: covered, with contributions up to date.
    pub fn is_effective(&self, level: Option<&str>) -> Option<bool> {
        if !covered(self.schemes)? {
            return Some(false);
        }
        level.map(|level| level == "up_to_date")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tontine_is_no_coverage_and_an_unknown_one_is_not_known() {
        assert_eq!(covered(&["tontine"]), Some(false));
        assert_eq!(covered(&["none"]), Some(false));
        assert_eq!(covered(&["tontine", "amv"]), Some(true));
        assert_eq!((covered(&["dont_know"]), covered(&[])), (None, None));
    }

    #[test]
    fn both_denominators_are_given() {
        let miner = |schemes, member| Protection { schemes, member: Some(member) };

        let (members, all) = coverage_rates([
            miner(&["amv"], "yes"),
            miner(&["none"], "yes"),
            miner(&["ramed"], "no"),
            miner(&["none"], "dont_know"),
            miner(&["dont_know"], "yes"),
        ]);

        assert_eq!((members.numerator, members.denominator, members.unknown), (1, 2, 1));
        assert_eq!((all.numerator, all.denominator, all.unknown), (2, 4, 1));
    }

    #[test]
    fn lapsed_coverage_is_not_effective() {
        let amv = Protection { schemes: &["amv"], member: None };

        assert_eq!(amv.is_effective(Some("up_to_date")), Some(true));
        assert_eq!(amv.is_effective(Some("lapsed")), Some(false));
        assert_eq!(amv.is_effective(None), None);
        assert_eq!(Protection::default().is_effective(Some("lapsed")), None);
    }
}
