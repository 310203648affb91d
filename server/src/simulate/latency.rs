//! How long answers took, in a fixed number of counters however many there are.

use std::time::Duration;

/// Counters per power of two: a percentile is at most 3 % too high.
const STEPS: u32 = 32;

/// Counts of durations, by microseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Latencies {
    counts: Vec<u64>,
    total: u64,
}

impl Latencies {
    /// Counts one duration.
    pub(super) fn add(&mut self, took: Duration) {
        let at = bucket(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
            self.total += 1;
        }
    }

    /// Adds the counts of another device.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    /// The milliseconds within which so many of a hundred answers came; 0 when none did.
    pub(super) fn percentile_ms(&self, of_hundred: u64) -> f64 {
        let wanted = (self.total * of_hundred).div_ceil(100);
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if *count > 0 && seen >= wanted {
                return f64::from(longest(at)) / 1_000.0;
            }
        }
        0.0
    }
}

/// The counter of a duration: below `STEPS` exact, then `STEPS` per power of two.
fn bucket(micros: u32) -> usize {
    let shift = (micros / STEPS).checked_ilog2().map_or(0, |log| log + 1);
    let within = if shift == 0 { micros } else { (micros >> (shift - 1)) - STEPS };
    let at = if shift == 0 { within } else { shift * STEPS + within };
    usize::try_from(at).expect("there are about a thousand counters")
}

/// The longest duration that a counter holds, in microseconds.
fn longest(bucket: usize) -> u32 {
    let at = u32::try_from(bucket).unwrap_or(u32::MAX);
    match at / STEPS {
        0 => at,
        shift => {
            let last = u64::from(at % STEPS + STEPS + 1) << (shift - 1);
            u32::try_from(last - 1).unwrap_or(u32::MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_falls_in_a_counter_that_is_hardly_longer() {
        for micros in (0..2_000).chain([4_095, 4_096, 65_537, 1_000_000, 60_000_000, u32::MAX]) {
            let most = u64::from(longest(bucket(micros)));
            let micros = u64::from(micros);

            assert!(most >= micros && most * 31 <= micros * 32 + 31, "{micros} {most}");
        }
    }

    #[test]
    fn percentiles_are_those_of_all_devices_together() {
        let (mut fast, mut slow) = (Latencies::default(), Latencies::default());
        (0..98).for_each(|_| fast.add(Duration::from_millis(1)));
        (0..2).for_each(|_| slow.add(Duration::from_secs(1)));
        fast.merge(&slow);

        assert!((1.0..1.04).contains(&fast.percentile_ms(50)), "{}", fast.percentile_ms(50));
        assert!((1_000.0..1_040.0).contains(&fast.percentile_ms(99)), "{}", fast.percentile_ms(99));
        assert!(Latencies::default().percentile_ms(50).abs() < f64::EPSILON);
    }
}
