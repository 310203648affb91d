//! From a score to a probability that can be believed: isotonic regression by pooling adjacent violators.

use serde::{Deserialize, Serialize};

/// A rising step function given by its corners, interpolated between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Calibration {
    /// (log2 odds before, log2 odds after), rising in both.
    corners: Vec<(f32, f32)>,
}

/// Observations per corner at least: fewer would follow noise.
const LEAST: f32 = 60.0;
/// Probabilities are kept this far from 0 and 1 while learning.
const MARGIN: f32 = 0.0005;

impl Calibration {
    /// Learns from `(log2 odds, whether it was one person, weight)`.
    pub(super) fn learn(mut seen: Vec<(f32, f32, f32)>) -> Self {
        seen.sort_by(|x, y| x.0.total_cmp(&y.0));
        // (sum of weight*score, sum of weight*outcome, sum of weight, number)
        let mut pools: Vec<(f32, f32, f32, f32)> = Vec::new();
        let mean = |p: &(f32, f32, f32, f32)| p.1 / p.2;
        for (score, outcome, weight) in seen {
            pools.push((weight * score, weight * outcome, weight, 1.0));
            while let [.., x, y] = pools.as_slice()
                && (mean(x) >= mean(y) || x.3 < LEAST)
            {
                let joined = (x.0 + y.0, x.1 + y.1, x.2 + y.2, x.3 + y.3);
                pools.truncate(pools.len() - 2);
                pools.push(joined);
            }
        }
        let corners = pools
            .iter()
            .filter(|p| p.3 >= LEAST)
            .map(|p| {
                let probability = mean(p).clamp(MARGIN, 1.0 - MARGIN);
                (p.0 / p.2, (probability / (1.0 - probability)).log2())
            })
            .collect();
        Self { corners }
    }

    /// Log2 odds after calibration. Beyond the corners the score is shifted as at the nearest one.
    pub(super) fn apply(&self, score: f32) -> f32 {
        let after = self.corners.partition_point(|c| c.0 <= score);
        let before = after.checked_sub(1).and_then(|i| self.corners.get(i));
        match (before, self.corners.get(after)) {
            (Some(x), Some(y)) => {
                let part = if y.0 > x.0 { (score - x.0) / (y.0 - x.0) } else { 0.0 };
                part.mul_add(y.1 - x.1, x.1)
            }
            (Some(x), None) => x.1 + (score - x.0),
            (None, Some(y)) => y.1 + (score - y.0),
            (None, None) => score,
        }
    }
}

/// Probability from log2 odds.
pub(super) fn probability(log2_odds: f32) -> f32 {
    1.0 / (1.0 + (-log2_odds).exp2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overconfident_score_is_brought_back() {
        let seen = (0..3600u16)
            .map(|i| {
                let score = f32::from(i % 9) - 4.0;
                let p = probability(score * 0.5);
                (score, f32::from(u8::from(f32::from(i / 9 % 100) / 100.0 < p)), 1.0)
            })
            .collect();

        let calibration = Calibration::learn(seen);

        for score in [-3.0, -1.0, 1.0, 3.0] {
            let (got, expected) = (calibration.apply(score), score * 0.5);
            assert!((got - expected).abs() < 0.3, "{score}: {got} instead of {expected}");
        }
    }

    #[test]
    fn without_observations_nothing_changes() {
        assert!((Calibration::learn(Vec::new()).apply(3.5) - 3.5).abs() < 1e-6);
    }
}
