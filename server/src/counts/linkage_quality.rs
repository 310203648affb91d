//! How well pairs are told apart, estimated from what reviewers answered.
//!
//! Reviewed pairs are a sample of their band of probability; a band without answers counts with what
//! the model predicted. Shares carry Wilson's 95 % interval (Wilson, *JASA* 22, 1927). Pairs that no
//! key brought together are not seen here: only a second count of the same place sees those.

#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "numbers of pairs are far below 2^52"
)]

/// A scored pair and what reviewers said of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The model's probability that both are one person.
    pub probability: f64,
    /// What was answered; `None` while it is open.
    pub same: Option<bool>,
}

/// A share of something counted, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Share {
    /// How many have it.
    pub part: usize,
    /// Of how many.
    pub whole: usize,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// One band of probability.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Band {
    /// Probabilities from this.
    pub from: f64,
    /// To below this; the last band includes 1.
    pub to: f64,
    /// How many pairs there are.
    pub pairs: usize,
    /// What the model predicts, on average; 0 without pairs.
    pub predicted: f64,
    /// How many of the reviewed ones are one person.
    pub same: Share,
}

/// An estimate between bounds.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Between {
    /// The estimate.
    pub estimate: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// Where bands begin and end.
const EDGES: [f64; 7] = [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0];
/// 97.5 % of the standard normal distribution.
const Z: f64 = 1.959_964;

impl Share {
    /// Of `part` in `whole`; of nothing nothing is known.
    pub fn new(part: usize, whole: usize) -> Self {
        if whole == 0 {
            return Self { part, whole, low: 0.0, high: 1.0 };
        }
        let (n, p) = (whole as f64, part as f64 / whole as f64);
        let centre = p + Z * Z / (2.0 * n);
        let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        let (low, high) = ((centre - spread) / scale, (centre + spread) / scale);
        Self { part, whole, low: low.max(0.0), high: high.min(1.0) }
    }

    /// Whether the two cannot well be of one proportion: their intervals are apart.
    pub fn differs(&self, other: &Self) -> bool {
        self.low > other.high || other.low > self.high
    }
}

/// The bands of these pairs.
pub fn bands(pairs: &[Judged]) -> Vec<Band> {
    let edges = EDGES.iter().zip(EDGES.iter().skip(1));
    edges
        .map(|(from, to)| {
            let last = *to >= 1.0;
            let inside = |p: &&Judged| {
                p.probability >= *from && (p.probability < *to || last && p.probability <= 1.0)
            };
            let own: Vec<&Judged> = pairs.iter().filter(inside).collect();
            let reviewed = own.iter().filter_map(|p| p.same);
            let same = Share::new(reviewed.clone().filter(|same| *same).count(), reviewed.count());
            let sum: f64 = own.iter().map(|p| p.probability).sum();
            let predicted = if own.is_empty() { 0.0 } else { sum / own.len() as f64 };
            Band { from: *from, to: *to, pairs: own.len(), predicted, same }
        })
        .collect()
}

/// The share of pairs at or above `edge` that are one person; `None` when none was reviewed.
pub fn precision(bands: &[Band], edge: f64) -> Option<Share> {
    let above = bands.iter().filter(|b| b.from >= edge);
    let (part, whole) = above.fold((0, 0), |sum, b| (sum.0 + b.same.part, sum.1 + b.same.whole));
    (whole > 0).then(|| Share::new(part, whole))
}

/// The share of all true pairs among those scored that lie at or above `edge`. Bounds: every band at
/// the end of its interval that is worst, and best, for the share.
pub fn recall(bands: &[Band], edge: f64) -> Option<Between> {
    let rate = |b: &Band, end: fn(&Share) -> f64| {
        let n = b.pairs as f64;
        if b.same.whole == 0 { n * b.predicted } else { n * end(&b.same) }
    };
    let observed = |s: &Share| s.part as f64 / s.whole.max(1) as f64;
    let share = |above: fn(&Share) -> f64, below: fn(&Share) -> f64| {
        let sum = |is_above: bool, end| -> f64 {
            let side = bands.iter().filter(|b| (b.from >= edge) == is_above);
            side.map(|b| rate(b, end)).sum()
        };
        let (high, low) = (sum(true, above), sum(false, below));
        (high + low > 0.0).then(|| high / (high + low))
    };
    Some(Between {
        estimate: share(observed, observed)?,
        low: share(|s| s.low, |s| s.high)?,
        high: share(|s| s.high, |s| s.low)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 5e-4
    }

    #[test]
    fn shares_have_the_published_intervals() {
        // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        for (part, whole, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let share = Share::new(part, whole);
            assert!(close(share.low, low) && close(share.high, high), "{share:?}");
        }
        assert!(Share::new(1, 100).differs(&Share::new(50, 100)));
        assert!(!Share::new(0, 0).differs(&Share::new(50, 100)));
    }

    #[test]
    fn precision_and_recall_come_from_what_was_reviewed() {
        let mut pairs = Vec::new();
        // 100 pairs at 0.95, 40 reviewed, 38 the same; 200 at 0.4, 50 reviewed, 10 the same.
        for i in 0..100 {
            pairs.push(Judged { probability: 0.95, same: (i < 40).then_some(i < 38) });
        }
        for i in 0..200 {
            pairs.push(Judged { probability: 0.4, same: (i < 50).then_some(i < 10) });
        }
        let bands = bands(&pairs);

        assert_eq!(bands.iter().map(|b| b.pairs).collect::<Vec<_>>(), [0, 0, 200, 0, 0, 100]);
        let precision = precision(&bands, 0.9).unwrap();
        assert_eq!((precision.part, precision.whole), (38, 40));
        // 95 of 95 + 40 true pairs.
        let recall = recall(&bands, 0.9).unwrap();
        assert!(
            close(recall.estimate, 95.0 / 135.0)
                && recall.low < recall.estimate
                && recall.estimate < recall.high
        );
    }

    #[test]
    fn without_answers_the_model_is_taken_at_its_word_and_without_pairs_nothing_is_said() {
        let open = [0.95, 0.95, 0.2].map(|probability| Judged { probability, same: None });
        let of_open = bands(&open);
        assert!(precision(&of_open, 0.9).is_none());
        assert!(close(recall(&of_open, 0.9).unwrap().estimate, 1.9 / 2.1));
        assert!(recall(&bands(&[]), 0.9).is_none());
    }
}
