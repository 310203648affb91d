//! Quality of ages (R50 to R53, rule D19): heaping on digits, and bunching at 17 and 18.

/// Persons by age in completed years, 0 first.
#[derive(Clone, Copy, Debug)]
pub struct Ages<'a>(pub &'a [u32]);

/// R50 and R51 are not shown for fewer persons; for an enumerator 100 are enough.
pub const MIN_PERSONS: u32 = 200;

impl Ages<'_> {
    fn at(&self, age: usize) -> f64 {
        self.0.get(age).copied().map_or(0.0, f64::from)
    }

    fn sum(&self, ages: impl IntoIterator<Item = usize>) -> f64 {
        ages.into_iter().map(|age| self.at(age)).sum()
    }
}

/// R50: Whipple's index of ages ending in 0 or 5 among 23 to 62: 100 for none, 500 for all. None
/// when nobody is of these ages (United Nations, Demographic Yearbook).
pub fn whipple(ages: Ages<'_>) -> Option<f64> {
    let all = ages.sum(23..=62);
    (all > 0.0).then(|| 500.0 * ages.sum((25..=60).step_by(5)) / all)
}

/// The grades in which the United Nations read Whipple's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgeGrade {
    /// Below 105.
    VeryAccurate,
    /// 105 to 109.9.
    RelativelyAccurate,
    /// 110 to 124.9.
    Approximate,
    /// 125 to 174.9.
    Rough,
    /// 175 and more.
    VeryRough,
}

impl AgeGrade {
    /// The grade of an index.
    pub fn of(whipple: f64) -> Self {
        match whipple {
            _ if whipple < 105.0 => Self::VeryAccurate,
            _ if whipple < 110.0 => Self::RelativelyAccurate,
            _ if whipple < 125.0 => Self::Approximate,
            _ if whipple < 175.0 => Self::Rough,
            _ => Self::VeryRough,
        }
    }
}

/// R51: Myers' blended index, 0 to 90 (Myers 1940): ages 20-69 and 30-79, two windows of equal
/// length. Digit `d` gets `(d+1)·A + (9−d)·B`; the index is half the sum of the distances of the
/// shares from 10 %. None when nobody is of these ages.
pub fn myers(ages: Ages<'_>) -> Option<f64> {
    let blended: Vec<f64> = (0_u8..10)
        .map(|digit| {
            let d = usize::from(digit);
            let first = ages.sum((20 + d..70).step_by(10));
            let second = ages.sum((30 + d..80).step_by(10));
            (f64::from(digit) + 1.0) * first + (9.0 - f64::from(digit)) * second
        })
        .collect();
    let all: f64 = blended.iter().sum();
    (all > 0.0)
        .then(|| blended.iter().map(|part| (100.0 * part / all - 10.0).abs()).sum::<f64>() / 2.0)
}

/// R52: an age to which people are moved to choose a form, against its neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bunching {
    /// Persons of the age for one of the mean neighbour.
    pub ratio: f64,
    /// How far the share of the age among the three is from the region's, in standard errors of a
    /// proportion, `(p − p0) / √(p0(1−p0)/n)`.
    pub z: f64,
    /// Persons of the three ages.
    pub persons: u32,
}

impl Bunching {
    /// Whether it is flagged: a reason to look at 30 persons or more, never a proof.
    pub fn is_flagged(&self) -> bool {
        self.persons >= 30 && self.ratio > 2.0 && self.z > 3.0
    }
}

/// R52: 18 against 19 and 20, of an enumerator or site against its region.
pub fn bunching_at_18(ages: Ages<'_>, region: Ages<'_>) -> Option<Bunching> {
    bunching(ages, region, 18, [19, 20])
}

/// R52: 17 against 15 and 16.
pub fn bunching_at_17(ages: Ages<'_>, region: Ages<'_>) -> Option<Bunching> {
    bunching(ages, region, 17, [15, 16])
}

/// None when a neighbour or the region has nobody to compare with.
fn bunching(ages: Ages<'_>, region: Ages<'_>, age: usize, beside: [usize; 2]) -> Option<Bunching> {
    let share = |of: &Ages<'_>| of.at(age) / (of.at(age) + of.sum(beside));
    let neighbours = ages.sum(beside) / 2.0;
    let usual = share(&region);
    let persons = [age].into_iter().chain(beside).filter_map(|at| ages.0.get(at)).sum();
    let error = (usual * (1.0 - usual) / f64::from(persons)).sqrt();
    (neighbours > 0.0 && error > 0.0).then(|| Bunching {
        ratio: ages.at(age) / neighbours,
        z: (share(&ages) - usual) / error,
        persons,
    })
}

/// R53: whether the age told and the age by the date or year of birth differ by a year at most.
pub fn age_agrees(told: i64, by_birth: i64) -> bool {
    told.abs_diff(by_birth) <= 1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn indices_are_those_of_the_published_vectors() {
        #[derive(serde::Deserialize)]
        struct Vector {
            ages_0_119: Vec<u32>,
            whipple: f64,
            myers: f64,
        }
        let json: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(include_str!("../../../schemas/vectors/quality.json")).unwrap();
        let mut seen = 0;
        for (name, value) in json.into_iter().filter(|(name, _)| name != "chapman") {
            let vector: Vector = serde_json::from_value(value).unwrap();
            let ages = Ages(&vector.ages_0_119);

            assert!((whipple(ages).unwrap() - vector.whipple).abs() < 0.05, "{name}");
            assert!((myers(ages).unwrap() - vector.myers).abs() < 0.05, "{name}");
            seen += 1;
        }
        assert_eq!(seen, 5);
    }

    #[test]
    fn nobody_has_no_index() {
        assert_eq!((whipple(Ages(&[])), myers(Ages(&[5; 10]))), (None, None));
    }

    #[test]
    fn grades_are_those_of_the_united_nations() {
        assert_eq!(AgeGrade::of(104.9), AgeGrade::VeryAccurate);
        assert_eq!(AgeGrade::of(105.0), AgeGrade::RelativelyAccurate);
        assert_eq!(AgeGrade::of(124.9), AgeGrade::Approximate);
        assert_eq!(AgeGrade::of(174.9), AgeGrade::Rough);
        assert_eq!(AgeGrade::of(175.0), AgeGrade::VeryRough);
    }

    #[test]
    fn many_of_eighteen_are_flagged_against_a_region_where_they_are_not() {
        let at = |eighteen, others: u32| {
            let mut ages = vec![0; 30];
            (ages[18], ages[19], ages[20]) = (eighteen, others, others);
            ages
        };
        let region = at(1_000, 1_000);
        let flagged = |mine: Vec<u32>| {
            bunching_at_18(Ages(&mine), Ages(&region)).is_some_and(|it| it.is_flagged())
        };

        assert!(flagged(at(30, 10)));
        assert!(!flagged(at(10, 10)));
        assert!(!flagged(at(14, 5)), "too few persons");
        assert_eq!(bunching_at_17(Ages(&at(9, 9)), Ages(&region)), None);
    }

    #[test]
    fn an_age_may_be_a_year_off() {
        assert!(age_agrees(30, 31) && age_agrees(31, 30));
        assert!(!age_agrees(30, 32));
    }
}
