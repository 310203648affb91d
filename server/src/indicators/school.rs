//! School and birth registration of children (R17 to R19b).

use super::rate::yes_no;

/// What a child's record says of school.
#[derive(Clone, Copy, Debug, Default)]
pub struct School<'a> {
    /// Code of whether the child was ever at school.
    pub ever: Option<&'a str>,
    /// Code of whether the child attends this year.
    pub now: Option<&'a str>,
    /// Code of the type of school.
    pub kind: Option<&'a str>,
}

impl School<'_> {
    /// R17b: attends any education; none when not known.
    pub fn attends(&self) -> Option<bool> {
        if yes_no(self.ever) == Some(false) {
            return Some(false);
        }
        yes_no(self.now)
    }

    /// R17: attends formal education: Koranic school alone and non-formal centres are not.
    pub fn attends_formal(&self) -> Option<bool> {
        if !self.attends()? {
            return Some(false);
        }
        self.kind.map(|kind| !matches!(kind, "koranic_only" | "non_formal"))
    }

    /// R18: was never at school.
    pub fn never(&self) -> Option<bool> {
        yes_no(self.ever).map(|ever| !ever)
    }
}

/// R19: years behind the grade of the age, `a − 6 − (grade − 1)`, for the nine grades of the
/// compulsory cycle; negative when ahead.
pub fn age_grade_gap(age: i64, grade: &str) -> Option<i64> {
    let number: i64 = grade.strip_prefix('g')?.parse().ok()?;
    (1..=9).contains(&number).then(|| age - 6 - (number - 1))
}

/// R19: a gap of two years or more.
pub fn is_delayed(age: i64, grade: &str) -> Option<bool> {
    age_grade_gap(age, grade).map(|gap| gap >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::Rate;

    const fn school(
        ever: &'static str,
        now: Option<&'static str>,
        kind: Option<&'static str>,
    ) -> School<'static> {
        School { ever: Some(ever), now, kind }
    }

    #[test]
    fn only_formal_schools_count_as_attendance_and_any_as_education() {
        let koranic = school("yes", Some("yes"), Some("koranic_only"));
        let medersa = school("yes", Some("yes"), Some("medersa"));
        let left = school("yes", Some("no"), None);
        let never = school("no", None, None);
        let unsaid = school("yes", None, None);

        let formal: Rate =
            [koranic, medersa, left, never, unsaid].iter().map(School::attends_formal).collect();
        let any: Rate =
            [koranic, medersa, left, never, unsaid].iter().map(School::attends).collect();

        assert_eq!((formal.numerator, formal.denominator, formal.unknown), (1, 4, 1));
        assert_eq!((any.numerator, any.denominator), (2, 4));
        assert_eq!((never.never(), left.never()), (Some(true), Some(false)));
    }

    #[test]
    fn a_gap_of_two_years_is_a_delay() {
        assert_eq!(age_grade_gap(6, "g1"), Some(0));
        assert_eq!(age_grade_gap(14, "g9"), Some(0));
        assert_eq!((is_delayed(8, "g2"), is_delayed(9, "g2")), (Some(false), Some(true)));
        assert_eq!((age_grade_gap(12, "secondary"), age_grade_gap(12, "g10")), (None, None));
    }
}
