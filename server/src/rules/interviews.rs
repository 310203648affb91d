//! What the interviews that one phone made in one day say of each other (rules A14, B10, D14).
//!
//! Of an interview no more is needed than when it was and two numbers that stand for who was where: so a day of them is
//! small, and holds nothing that names anybody.

/// Two interviews may overlap by so much: a form is opened before the last one is closed.
const OVERLAP_MS: i64 = 2 * 60 * 1_000;
/// So many others at exactly one position say that it was not measured.
const SAME_SPOT: usize = 5;
/// So many other children in one day are more than one enumerator can ask.
const CHILDREN: usize = 20;

/// An interview, as far as others of its day are compared with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interview {
    /// When it began and how long it took, in milliseconds, on a clock that the day shares.
    pub span_ms: Option<(u32, u32)>,
    /// Stands for the enumerator and the position, to five decimals.
    pub spot: Option<u64>,
    /// Stands for the enumerator, of an interview about a child.
    pub child: Option<u64>,
}

/// What the other interviews of its day say of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DaySays {
    /// It overlaps with another one by more than two minutes.
    pub overlaps: bool,
    /// At least five others of the enumerator have its position.
    pub is_repeated: bool,
    /// At least twenty others of the enumerator are about children, as it is.
    pub are_many: bool,
}

impl Interview {
    fn overlaps(&self, other: &Self) -> bool {
        let (Some(a), Some(b)) = (self.span_ms, other.span_ms) else { return false };
        let end = |(start, length): (u32, u32)| i64::from(start) + i64::from(length);
        end(a).min(end(b)) - i64::from(a.0.max(b.0)) > OVERLAP_MS
    }

    fn is_at_spot_of(&self, other: &Self) -> bool {
        self.spot.is_some() && self.spot == other.spot
    }

    fn is_about_child_as(&self, other: &Self) -> bool {
        self.child.is_some() && self.child == other.child
    }

    /// Whether one may change what is said of the other.
    pub fn bears_on(&self, other: &Self) -> bool {
        self.overlaps(other) || self.is_at_spot_of(other) || self.is_about_child_as(other)
    }
}

impl DaySays {
    /// What these others say of an interview.
    pub fn of<'a>(own: &Interview, others: impl Iterator<Item = &'a Interview>) -> Self {
        let (mut overlaps, mut spot, mut children) = (false, 0, 0);
        for other in others {
            overlaps |= own.overlaps(other);
            spot += usize::from(own.is_at_spot_of(other));
            children += usize::from(own.is_about_child_as(other));
        }
        Self { overlaps, is_repeated: spot >= SAME_SPOT, are_many: children >= CHILDREN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u32 = 60_000;

    fn lasting(start: u32, length: u32) -> Interview {
        Interview { span_ms: Some((start, length)), ..Interview::default() }
    }

    fn says(own: &Interview, others: &[Interview]) -> DaySays {
        DaySays::of(own, others.iter())
    }

    #[test]
    fn two_minutes_together_are_no_overlap_and_a_moment_more_is_one() {
        let own = lasting(600 * MINUTE, 30 * MINUTE);
        let at = |start| says(&own, &[lasting(start, 60 * MINUTE)]).overlaps;

        assert!(!at(628 * MINUTE));
        assert!(at(628 * MINUTE - 1));
        assert!(!at(542 * MINUTE), "the one before");
        assert!(at(542 * MINUTE + 1));
        assert!(at(590 * MINUTE), "one within the other");
        assert!(!says(&own, &[Interview::default()]).overlaps, "when it was nobody knows");
        assert!(!says(&lasting(u32::MAX, u32::MAX), &[own]).overlaps);
    }

    #[test]
    fn six_at_one_position_and_twenty_one_children_are_too_many() {
        let spot = |n| Interview { spot: Some(n), ..Interview::default() };
        let child = |n| Interview { child: Some(n), ..Interview::default() };

        assert!(says(&spot(7), &[spot(7); 5]).is_repeated);
        assert!(!says(&spot(7), &[spot(7); 4]).is_repeated);
        assert!(!says(&spot(8), &[spot(7); 9]).is_repeated);
        assert!(!says(&Interview::default(), &[Interview::default(); 40]).is_repeated);
        assert!(says(&child(7), &[child(7); 20]).are_many);
        assert!(!says(&child(7), &[child(7); 19]).are_many);
        assert!(!says(&Interview::default(), &[child(7); 40]).are_many, "a miner among children");
    }

    #[test]
    fn whoever_changes_what_is_said_bears_on_it() {
        let all = [
            lasting(0, 30 * MINUTE),
            lasting(20 * MINUTE, 30 * MINUTE),
            lasting(55 * MINUTE, MINUTE),
            Interview { spot: Some(1), ..lasting(200 * MINUTE, MINUTE) },
            Interview { spot: Some(1), child: Some(2), span_ms: None },
            Interview { child: Some(2), ..Interview::default() },
        ];
        let bears = |a: usize, b: usize| (all[a].bears_on(&all[b]), all[b].bears_on(&all[a]));

        for (a, b) in [(0, 1), (3, 4), (4, 5)] {
            assert_eq!(bears(a, b), (true, true), "{a} {b}");
        }
        for (a, b) in [(0, 2), (1, 3), (3, 5), (2, 4)] {
            assert_eq!(bears(a, b), (false, false), "{a} {b}");
        }
    }
}
