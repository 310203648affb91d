//! The seeded stream of choices behind the synthetic census; never for secrets.

use std::fmt::Write as _;

use uuid::{Builder, Uuid};

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// What a stream of choices is for, so that a new question in one form shifts nothing elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    Area,
    Sites,
    Cooperatives,
    Enumerators,
    Kinds,
    People,
    Consent,
    Answers,
    Envelopes,
    Resends,
    Batches,
    Posts,
    Instances,
    Homes,
    Visits,
    Hand,
}

impl Stream {
    fn salt(self) -> u64 {
        // Any distinct numbers do; they are written out so that reordering the enum changes no census.
        match self {
            Self::Area => 1,
            Self::Sites => 2,
            Self::Cooperatives => 3,
            Self::Enumerators => 4,
            Self::Kinds => 5,
            Self::People => 6,
            Self::Consent => 7,
            Self::Answers => 8,
            Self::Envelopes => 9,
            Self::Resends => 10,
            Self::Batches => 11,
            Self::Posts => 12,
            Self::Instances => 13,
            Self::Homes => 14,
            Self::Visits => 15,
            Self::Hand => 16,
        }
    }
}

/// A `splitmix64` generator.
#[derive(Clone, Debug)]
pub(super) struct Rng(u64);

impl Rng {
    /// The choices for one thing: the same seed, stream and index give the same ones, in any order of asking.
    pub(super) fn of(seed: u64, stream: Stream, index: u64) -> Self {
        let salted = mix(seed ^ stream.salt().wrapping_mul(GOLDEN));
        Self(mix(salted ^ index.wrapping_mul(GOLDEN)))
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number from 0 to `bound - 1`; 0 when there is none.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u64::try_from(wide >> 64).expect("the upper half of 128 bits fits 64")
    }

    /// A number between both ends, which may come too.
    pub(super) fn between(&mut self, least: i32, most: i32) -> i32 {
        let span = u64::try_from(i64::from(most) - i64::from(least)).unwrap_or(0) + 1;
        least + i32::try_from(self.below(span)).expect("a span of i32 plus its start fits i32")
    }

    /// True in so many cases of a hundred.
    pub(super) fn percent(&mut self, of_hundred: u64) -> bool {
        self.below(100) < of_hundred
    }

    /// True in this part of the cases, from 0 to 1.
    pub(super) fn chance(&mut self, part: f64) -> bool {
        self.fraction() < part
    }

    /// A number from 0 to 1, which never comes.
    pub(super) fn fraction(&mut self) -> f64 {
        let drawn = u32::try_from(self.next() >> 32).expect("the upper half of 64 bits fits 32");
        f64::from(drawn) / (f64::from(u32::MAX) + 1.0)
    }

    /// One of these, all alike.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let at = usize::try_from(self.below(u64::try_from(from.len()).unwrap_or(0)));
        *at.ok().and_then(|at| from.get(at)).expect("lists to pick from are never empty")
    }

    /// One of these, by weight.
    pub(super) fn weighted<T: Copy>(&mut self, from: &[(T, u32)]) -> T {
        let mut left = self.below(from.iter().map(|&(_, weight)| u64::from(weight)).sum());
        for &(value, weight) in from {
            let Some(rest) = left.checked_sub(u64::from(weight)) else { return value };
            left = rest;
        }
        from.last().expect("lists to pick from are never empty").0
    }

    /// Between `least` and `most` of these in the order of the list, as Collect writes a multiple choice.
    pub(super) fn several(&mut self, from: &[&'static str], least: usize, most: usize) -> String {
        let spread = most.min(from.len()).saturating_sub(least);
        let extra = self.below(u64::try_from(spread).unwrap_or(0) + 1);
        let mut wanted = u64::try_from(least).unwrap_or(0) + extra;
        let mut left = u64::try_from(from.len()).unwrap_or(0);
        let mut chosen = String::new();
        for code in from {
            if self.below(left) < wanted {
                if !chosen.is_empty() {
                    chosen.push(' ');
                }
                chosen.push_str(code);
                wanted -= 1;
            }
            left -= 1;
        }
        chosen
    }

    /// So many decimal digits.
    pub(super) fn digits(&mut self, count: usize) -> String {
        let mut digits = String::with_capacity(count);
        for _ in 0..count {
            write!(digits, "{}", self.below(10)).expect("a string takes any text");
        }
        digits
    }

    /// A version 4 UUID.
    pub(super) fn uuid(&mut self) -> Uuid {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_between_their_ends_and_reach_both() {
        let mut rng = Rng::of(1, Stream::Answers, 0);
        let drawn: Vec<i32> = (0..1_000).map(|_| rng.between(-2, 3)).collect();

        assert_eq!(drawn.iter().min(), Some(&-2));
        assert_eq!(drawn.iter().max(), Some(&3));
    }

    #[test]
    fn weights_decide_how_often_a_value_comes() {
        let mut rng = Rng::of(1, Stream::Answers, 1);
        let heavy = (0..1_000).filter(|_| rng.weighted(&[(true, 9), (false, 1)])).count();

        assert!((850..950).contains(&heavy), "{heavy}");
    }

    #[test]
    fn several_choices_are_distinct_and_in_the_order_of_the_list() {
        let list = ["a", "b", "c", "d"];
        for index in 0..200 {
            let chosen = Rng::of(1, Stream::Answers, index).several(&list, 1, 3);
            let codes: Vec<&str> = chosen.split(' ').collect();

            assert!((1..=3).contains(&codes.len()), "{chosen}");
            assert!(codes.is_sorted() && codes.windows(2).all(|w| w[0] != w[1]), "{chosen}");
        }
    }

    #[test]
    fn streams_and_indexes_do_not_repeat_each_other() {
        let first = Rng::of(1, Stream::People, 1).next();

        assert_ne!(first, Rng::of(1, Stream::Answers, 1).next());
        assert_ne!(first, Rng::of(1, Stream::People, 2).next());
        assert_ne!(first, Rng::of(2, Stream::People, 1).next());
        assert_eq!(first, Rng::of(1, Stream::People, 1).next());
    }
}
