//! A table as a reader sees it.

use super::{
    lines::{Line, Lines},
    protect::Threshold,
};

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

/// A table as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its lines, as they are summed.
    pub lines: Lines,
    /// How their numbers are shown.
    pub manner: Manner,
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
    pub const fn new(lines: Lines, manner: Manner) -> Self {
        Self { lines, manner }
    }

    /// The lines, in the order of their codes, and what is shown of their numbers.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = (Line<'_>, Shown)> {
        self.lines.iter().map(|line| (line, self.manner.show(line.n())))
    }

    /// The sum of the lines, shown or not.
    pub fn total(&self) -> Shown {
        self.manner.show(self.lines.total())
    }

    /// Whether anything is not shown.
    pub fn hides(&self) -> bool {
        self.total().reason().is_some() || self.cells().any(|(_, n)| n.reason().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_small_is_not_shown_and_zero_is_not_small() {
        let manner = Manner { threshold: Some(Threshold(10)), round_to: 5 };
        let line = |n: i64| (vec![format!("{n:02}")], n);
        let of = |lines: Vec<_>| Table::new(lines.into_iter().collect(), manner);
        let shown: Vec<_> = of(vec![line(0), line(1), line(9), line(10), line(12), line(13)])
            .cells()
            .map(|(_, n)| n.number())
            .collect();

        assert_eq!(shown, [Some(0), None, None, Some(10), Some(10), Some(15)]);
        assert_eq!(of(vec![line(9)]).total(), Shown::Not(Suppressed::Small));
        assert_eq!(Table { manner: Manner::EXACT, ..of(vec![line(9)]) }.total(), Shown::Number(9));
        assert_eq!(of(Vec::new()).total(), Shown::Number(0));
    }
}
