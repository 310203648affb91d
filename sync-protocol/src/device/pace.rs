//! How much to send at once, and how long to wait after a failure: small at first, then as much as the network carries.

use std::time::Duration;

use crate::hello::Limits;

/// A request that took longer is a gamble on 2G (the rule is `CSPro`'s, learnt in many censuses).
const PATIENCE: Duration = Duration::from_secs(30);

/// More than this at once gains nothing and loses much when the line drops (`CSPro`'s rule too).
const CEILING_BYTES: u64 = 10 * 1024 * 1024;

/// Less than this is one record and its headers: the round trip costs more than the bytes.
const FLOOR_BYTES: u64 = 4 * 1024;

const FIRST_DELAY: Duration = Duration::from_secs(1);
const LONGEST_DELAY: Duration = Duration::from_mins(5);

/// The size of the next batch, learnt from how the last ones went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    target: u64,
    last_good: Option<u64>,
    failures_in_a_row: u32,
}

impl Pace {
    /// Starts at the server's preferred size.
    pub fn new(limits: &Limits) -> Self {
        Self {
            target: clamp(limits.preferred_body_bytes, limits),
            last_good: None,
            failures_in_a_row: 0,
        }
    }

    /// The bytes to aim for.
    pub const fn target(&self) -> u64 {
        self.target
    }

    /// Learns from a batch that was answered: double when quick, halve when slow.
    pub fn succeeded(&mut self, bytes: u64, took: Duration, limits: &Limits) {
        self.failures_in_a_row = 0;
        if took > PATIENCE {
            self.target = clamp(self.target / 2, limits);
        } else {
            self.last_good = Some(clamp(bytes, limits));
            // A nearly empty batch says nothing about what the network carries.
            if bytes >= self.target / 2 {
                self.target = clamp(self.target.saturating_mul(2), limits);
            }
        }
    }

    /// Learns from a batch that failed: back to the last good size, and below it when that fails as well.
    pub fn failed(&mut self, limits: &Limits) {
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        let halved = self.target / 2;
        let back = self.last_good.take().filter(|good| *good < self.target).unwrap_or(halved);
        self.target = clamp(back, limits);
    }

    /// How long to wait before the next attempt; the jitter (any random number) keeps a team of phones that came
    /// home together from knocking together.
    pub fn delay(&self, jitter: u32) -> Duration {
        if self.failures_in_a_row == 0 {
            return Duration::ZERO;
        }
        let doublings = (self.failures_in_a_row - 1).min(16);
        let longest = FIRST_DELAY.saturating_mul(1 << doublings).min(LONGEST_DELAY);
        let half = longest / 2;
        half + half.mul_f64(f64::from(jitter) / f64::from(u32::MAX))
    }
}

fn clamp(bytes: u64, limits: &Limits) -> u64 {
    bytes.clamp(FLOOR_BYTES, CEILING_BYTES).min(limits.max_body_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_secs(2);
    const SLOW: Duration = Duration::from_secs(31);

    fn pace() -> (Pace, Limits) {
        (Pace::new(&Limits::default()), Limits::default())
    }

    #[test]
    fn full_quick_batches_double_up_to_ten_megabytes() {
        let (mut pace, limits) = pace();
        assert_eq!(pace.target(), 64 * 1024);

        pace.succeeded(pace.target(), QUICK, &limits);
        assert_eq!(pace.target(), 128 * 1024);
        for _ in 0..20 {
            pace.succeeded(pace.target(), QUICK, &limits);
        }
        assert_eq!(pace.target(), CEILING_BYTES);
    }

    #[test]
    fn a_nearly_empty_batch_teaches_nothing() {
        let (mut pace, limits) = pace();

        pace.succeeded(3_000, QUICK, &limits);

        assert_eq!(pace.target(), 64 * 1024);
    }

    #[test]
    fn a_failure_goes_back_to_the_last_good_size_and_then_below() {
        let (mut pace, limits) = pace();
        pace.succeeded(64 * 1024, QUICK, &limits);

        pace.failed(&limits);
        assert_eq!(pace.target(), 64 * 1024);
        pace.failed(&limits);
        assert_eq!(pace.target(), 32 * 1024);
        for _ in 0..20 {
            pace.failed(&limits);
        }
        assert_eq!(pace.target(), FLOOR_BYTES);
    }

    #[test]
    fn a_slow_batch_halves_the_next() {
        let (mut pace, limits) = pace();

        pace.succeeded(pace.target(), SLOW, &limits);

        assert_eq!(pace.target(), 32 * 1024);
    }

    #[test]
    fn the_wait_grows_with_failures_and_ends_with_success() {
        let (mut pace, limits) = pace();
        assert_eq!(pace.delay(7), Duration::ZERO);

        pace.failed(&limits);
        assert_eq!((pace.delay(0), pace.delay(u32::MAX)), (FIRST_DELAY / 2, FIRST_DELAY));
        for _ in 0..100 {
            pace.failed(&limits);
        }
        assert_eq!(pace.delay(u32::MAX), LONGEST_DELAY);
        pace.succeeded(1, QUICK, &limits);
        assert_eq!(pace.delay(7), Duration::ZERO);
    }
}
