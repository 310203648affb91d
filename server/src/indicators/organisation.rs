//! Cooperatives and their members (R27, R30 to R33); R26 is a rate of `coop_member`.

use jiff::{ToSpan, civil::Date};

/// A figure of the register beside a declared one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What the register counts.
    pub registered: u32,
    /// What was declared.
    pub declared: u32,
}

impl Difference {
    /// Registered less declared.
    pub fn difference(&self) -> i64 {
        i64::from(self.registered) - i64::from(self.declared)
    }
}

/// R27: whether registered and declared members of a cooperative are more than 30 % of the declared
/// apart, and must be reconciled; none when none was declared.
pub fn member_difference(members: Difference) -> Option<bool> {
    let apart = members.difference().unsigned_abs();
    (members.declared > 0).then(|| apart * 10 > u64::from(members.declared) * 3)
}

/// R30: whether the register differs from the declared table: listed, never forced to agree.
pub fn differs_from_declared(organisations: Difference) -> bool {
    organisations.difference() != 0
}

/// R31: whether a cooperative became conform in a year: registered under the OHADA act, in that year.
pub fn is_conform_in(year: i16, legal: Option<&str>, registered: Option<Date>) -> bool {
    legal == Some("registered_ohada") && registered.is_some_and(|day| day.year() == year)
}

/// R33: whether the term of a board is over on a day; none when date or term is not known.
pub fn board_is_overdue(elected: Option<Date>, term_years: Option<u8>, day: Date) -> Option<bool> {
    let end = elected?.checked_add(i32::from(term_years?).years()).ok()?;
    Some(end < day)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn more_than_thirty_percent_apart_is_reconciled() {
        let apart = |registered| member_difference(Difference { registered, declared: 100 });

        assert_eq!((apart(70), apart(130)), (Some(false), Some(false)));
        assert_eq!((apart(69), apart(131)), (Some(true), Some(true)));
        assert_eq!(member_difference(Difference { registered: 5, declared: 0 }), None);
    }

    #[test]
    fn the_register_is_shown_beside_the_declared_table() {
        let unions = Difference { registered: 15, declared: 17 };

        assert_eq!(unions.difference(), -2);
        assert!(differs_from_declared(unions));
        assert!(!differs_from_declared(Difference { registered: 8, declared: 8 }));
    }

    #[test]
    fn a_cooperative_is_conform_in_the_year_it_is_registered() {
        let day = Some(date(2026, 3, 1));

        assert!(is_conform_in(2026, Some("registered_ohada"), day));
        assert!(!is_conform_in(2025, Some("registered_ohada"), day));
        assert!(!is_conform_in(2026, Some("registered_old"), day));
        assert!(!is_conform_in(2026, Some("registered_ohada"), None));
    }

    #[test]
    fn a_board_is_overdue_the_day_after_its_term() {
        let elected = Some(date(2024, 2, 29));

        assert_eq!(board_is_overdue(elected, Some(3), date(2027, 2, 28)), Some(false));
        assert_eq!(board_is_overdue(elected, Some(3), date(2027, 3, 1)), Some(true));
        assert_eq!(board_is_overdue(elected, None, date(2027, 3, 1)), None);
    }
}
