//! A table as a reader sees it.

use super::protect::Threshold;

/// Why a number is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppressed {
    /// Too few people: they could be recognised.
    Small,
}

impl Suppressed {
    /// Its word in answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Small => "small",
        }
    }
}

/// How many, or why that is not said. Never 0 for what is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The number.
    Number(i64),
    /// Not said.
    Not(Suppressed),
}

impl Shown {
    /// The number, if it is shown.
    pub const fn number(self) -> Option<i64> {
        match self {
            Self::Number(n) => Some(n),
            Self::Not(_) => None,
        }
    }

    /// The reason, if it is not.
    pub const fn reason(self) -> Option<Suppressed> {
        match self {
            Self::Number(_) => None,
            Self::Not(reason) => Some(reason),
        }
    }
}

/// One line of a table: a code per dimension, empty where it is not known, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Codes, in the order of the dimensions asked for.
    pub codes: Vec<String>,
    /// How many.
    pub n: Shown,
}

/// A table as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The lines, in the order of their codes.
    pub cells: Vec<Cell>,
    /// The sum of the lines, shown or not.
    pub total: Shown,
}

/// How numbers are shown to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Numbers from 1 to below it are not shown; `None` shows all.
    pub threshold: Option<Threshold>,
    /// What numbers are rounded to; 1 leaves them.
    pub round_to: i64,
}

impl Manner {
    /// Every number as it is.
    pub const EXACT: Self = Self { threshold: None, round_to: 1 };

    /// A number as this manner shows it.
    pub fn show(self, n: i64) -> Shown {
        if n != 0 && self.threshold.is_some_and(|t| n < t.0) {
            return Shown::Not(Suppressed::Small);
        }
        Shown::Number((n + self.round_to / 2).div_euclid(self.round_to) * self.round_to)
    }
}

impl Table {
    /// Of these lines, in this manner.
    pub fn new(lines: Vec<(Vec<String>, i64)>, manner: Manner) -> Self {
        let total = manner.show(lines.iter().map(|l| l.1).sum());
        let cells = lines.into_iter().map(|(codes, n)| Cell { codes, n: manner.show(n) }).collect();
        Self { cells, total }
    }

    /// Whether anything is not shown.
    pub fn hides(&self) -> bool {
        self.total.reason().is_some() || self.cells.iter().any(|c| c.n.reason().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_small_is_not_shown_and_zero_is_not_small() {
        let manner = Manner { threshold: Some(Threshold(10)), round_to: 5 };
        let line = |n| (vec![String::from("kayes")], n);
        let shown: Vec<_> =
            Table::new(vec![line(0), line(1), line(9), line(10), line(12), line(13)], manner)
                .cells
                .iter()
                .map(|c| c.n.number())
                .collect();

        assert_eq!(shown, [Some(0), None, None, Some(10), Some(10), Some(15)]);
        assert_eq!(Table::new(vec![line(9)], manner).total, Shown::Not(Suppressed::Small));
        assert_eq!(Table::new(vec![line(9)], Manner::EXACT).total, Shown::Number(9));
        assert_eq!(Table::new(Vec::new(), manner).total, Shown::Number(0));
    }
}
