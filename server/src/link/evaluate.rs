//! How right a linkage is, where the truth is known: for benches and tests. Truth never reaches the engine.

use std::collections::HashMap;

use serde::Serialize;

/// A clustering against the truth. Pairs are all pairs inside a cluster, that is, over the transitive closure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Scores {
    /// Pairs of records of one person.
    pub true_pairs: u64,
    /// Pairs of records in one cluster.
    pub found_pairs: u64,
    /// Pairs that are both.
    pub right_pairs: u64,
    /// `right_pairs / found_pairs`; 1 when none was found.
    pub precision: f64,
    /// `right_pairs / true_pairs`; 1 when there is none.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
    /// B-cubed precision: for the average record, the part of its cluster that is the same person
    /// (Bagga and Baldwin 1998).
    pub bcubed_precision: f64,
    /// B-cubed recall: for the average record, the part of its person's records that are in its cluster.
    pub bcubed_recall: f64,
    /// The harmonic mean of both.
    pub bcubed_f1: f64,
    /// Records of the largest cluster.
    pub largest_cluster: u64,
}

/// Compares a clustering with the truth. Both name a group for every record; a record without a partner in the other
/// list is left out.
pub fn scores(clusters: &[u32], people: &[u32]) -> Scores {
    let mut cluster_sizes: HashMap<u32, u64> = HashMap::new();
    let mut person_sizes: HashMap<u32, u64> = HashMap::new();
    let mut cells: HashMap<(u32, u32), u64> = HashMap::new();
    for (&cluster, &person) in clusters.iter().zip(people) {
        *cluster_sizes.entry(cluster).or_default() += 1;
        *person_sizes.entry(person).or_default() += 1;
        *cells.entry((cluster, person)).or_default() += 1;
    }
    let (mut precision_sum, mut recall_sum, mut records) = (0.0, 0.0, 0);
    let mut ordered: Vec<((u32, u32), u64)> = cells.into_iter().collect();
    // Sums of fractions depend on their order in the last digit.
    ordered.sort_unstable();
    for ((cluster, person), shared) in &ordered {
        let squared = number(*shared) * number(*shared);
        precision_sum += squared / number(cluster_sizes.get(cluster).copied().unwrap_or(1));
        recall_sum += squared / number(person_sizes.get(person).copied().unwrap_or(1));
        records += shared;
    }
    let true_pairs = person_sizes.values().copied().map(pairs).sum();
    let found_pairs = cluster_sizes.values().copied().map(pairs).sum();
    let right_pairs = ordered.iter().map(|&(_, shared)| pairs(shared)).sum();
    let (precision, recall) = (part(right_pairs, found_pairs), part(right_pairs, true_pairs));
    let average = |sum: f64| if records == 0 { 1.0 } else { sum / number(records) };
    let (bcubed_precision, bcubed_recall) = (average(precision_sum), average(recall_sum));
    Scores {
        true_pairs,
        found_pairs,
        right_pairs,
        precision,
        recall,
        f1: harmonic(precision, recall),
        bcubed_precision,
        bcubed_recall,
        bcubed_f1: harmonic(bcubed_precision, bcubed_recall),
        largest_cluster: cluster_sizes.values().copied().max().unwrap_or(0),
    }
}

/// Where a list of scored pairs reaches a precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct AtPrecision {
    /// Pairs of that weight and above are taken.
    pub weight: f64,
    /// Their precision, at least what was asked.
    pub precision: f64,
    /// The part of all true pairs among them.
    pub recall: f64,
}

/// The highest recall that scored pairs reach while their precision is at least `least`: pairs are taken by falling
/// weight, those of one weight together. `pairs` are weights and whether the pair is true.
pub fn at_precision(pairs: &mut [(f64, bool)], true_pairs: u64, least: f64) -> AtPrecision {
    pairs.sort_by(|x, y| y.0.total_cmp(&x.0));
    let (mut taken, mut right) = (0_u64, 0_u64);
    let mut best = AtPrecision { weight: f64::INFINITY, precision: 1.0, recall: 0.0 };
    let mut left = pairs.iter().peekable();
    while let Some(&(weight, is_true)) = left.next() {
        taken += 1;
        right += u64::from(is_true);
        let last_of_weight = left.peek().is_none_or(|(next, _)| next.total_cmp(&weight).is_ne());
        let precision = part(right, taken);
        if last_of_weight && precision >= least {
            best = AtPrecision { weight, precision, recall: part(right, true_pairs) };
        }
    }
    best
}

fn pairs(records: u64) -> u64 {
    records * records.saturating_sub(1) / 2
}

fn part(of: u64, all: u64) -> f64 {
    if all == 0 { 1.0 } else { number(of) / number(all) }
}

fn harmonic(a: f64, b: f64) -> f64 {
    if a + b > 0.0 { 2.0 * a * b / (a + b) } else { 0.0 }
}

/// Exact up to 2^53, far beyond any count here.
fn number(count: u64) -> f64 {
    let high = u32::try_from(count >> 32).unwrap_or(u32::MAX);
    let low = u32::try_from(count & u64::from(u32::MAX)).unwrap_or(0);
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, told: f64) {
        assert!((found - told).abs() < 1e-12, "{found} is not {told}");
    }

    #[test]
    fn a_hand_computed_clustering() {
        // People: {0,1,2} {3,4} {5}. Clusters: {0,1} {2,3,4} {5}.
        let scores = scores(&[0, 0, 2, 2, 2, 5], &[0, 0, 0, 1, 1, 2]);

        // True pairs: 3 + 1. Found: 1 + 3. Right: {0,1} and {3,4}.
        assert_eq!((scores.true_pairs, scores.found_pairs, scores.right_pairs), (4, 4, 2));
        near(scores.precision, 0.5);
        near(scores.recall, 0.5);
        near(scores.f1, 0.5);
        // Precision by record: 1, 1, 1/3, 2/3, 2/3, 1. Recall: 2/3, 2/3, 1/3, 1, 1, 1.
        near(scores.bcubed_precision, (1.0 + 1.0 + 1.0 / 3.0 + 2.0 / 3.0 + 2.0 / 3.0 + 1.0) / 6.0);
        near(scores.bcubed_recall, (2.0 / 3.0 + 2.0 / 3.0 + 1.0 / 3.0 + 3.0) / 6.0);
        assert_eq!(scores.largest_cluster, 3);
    }

    #[test]
    fn all_apart_is_precise_and_finds_nothing() {
        let scores = scores(&[0, 1, 2], &[7, 7, 8]);

        near(scores.precision, 1.0);
        near(scores.recall, 0.0);
        near(scores.f1, 0.0);
        near(scores.bcubed_recall, (0.5 + 0.5 + 1.0) / 3.0);
    }

    #[test]
    fn the_truth_scores_one() {
        let scores = scores(&[4, 4, 9], &[0, 0, 1]);

        near(scores.f1, 1.0);
        near(scores.bcubed_f1, 1.0);
    }

    #[test]
    fn recall_at_a_precision_takes_pairs_of_one_weight_together() {
        let mut pairs = [(1.0, true), (5.0, true), (3.0, true), (3.0, false), (9.0, true)];

        // 9, 5: 2 of 2 right. 3, 3: 3 of 4. 1: 4 of 5.
        let strict = at_precision(&mut pairs, 5, 0.99);
        near(strict.recall, 0.4);
        near(strict.weight, 5.0);
        // Precision may rise again below a dip.
        near(at_precision(&mut pairs, 5, 0.8).recall, 0.8);
    }
}
