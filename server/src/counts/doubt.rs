//! Counts that know about doubt: how many people the registrations stand for, given the pairs that
//! nobody has decided yet.
//!
//! With `n` registrations counted and `S` of them superfluous, `n - S` people are expected. `S` is a
//! sum over knots of pairs (connected components), which are independent of each other; `partition`
//! says how it is distributed in one knot.

#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "numbers of registrations are far below 2^52"
)]

use std::collections::BTreeMap;

use super::partition::{Expected, Knot, expected};

/// Two registrations that may be of one person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpenPair {
    /// One registration.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// How probable it is that both are of one person.
    pub probability: f64,
}

/// What is assumed where nothing was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assumptions {
    /// The probability that two registrations of one knot are of one person although the engine did
    /// not offer them as a pair.
    pub absent: f64,
    /// Where the random walk through large knots starts: the same seed gives the same answer.
    pub seed: u64,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self { absent: 0.01, seed: 1 }
    }
}

/// How many registrations are superfluous.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Superfluous {
    /// The expected number.
    pub expected: f64,
    /// Its variance.
    pub variance: f64,
    /// The lower end of a 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The doubt about a set of registrations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doubt {
    /// In all. The interval is the exact 2.5 and 97.5 % points while there are few superfluous
    /// registrations to expect, else of the normal distribution.
    pub total: Superfluous,
    /// By the cell of a registration. Somebody registered in several cells is shared evenly among
    /// the registrations, so that cells add up; intervals are of the normal distribution.
    pub by_cell: BTreeMap<usize, Superfluous>,
    /// How many pairs are open.
    pub pairs: usize,
    /// How many registrations the largest knot holds.
    pub largest: usize,
}

/// Superfluous registrations up to which their distribution is computed exactly.
const EXACT_TOTAL: usize = 4_000;
/// 97.5 % of the standard normal distribution.
const Z: f64 = 1.959_964;
/// No pair is certain until somebody decides it.
const SURE: f64 = 1e-6;

/// The doubt about registrations `0..cells.len()`, each in its cell, given the open pairs.
///
/// Pairs of unknown registrations and of one with itself are ignored; of a pair given twice the
/// higher probability counts. A pair that somebody decided to be two persons has probability 0.
pub fn doubt(cells: &[usize], pairs: &[OpenPair], assumptions: Assumptions) -> Doubt {
    let pairs = distinct(cells.len(), pairs);
    let mut found = Doubt { pairs: pairs.len(), ..Doubt::default() };
    let mut exact = vec![1.0];
    let mut most = 0;
    for (members, inner) in knots(cells.len(), &pairs) {
        let local: BTreeMap<usize, usize> = members.iter().copied().zip(0..).collect();
        let names = names(&members, cells);
        let knot = knot(&members, &inner, &local, &names, cells, assumptions.absent);
        let seed = assumptions.seed.wrapping_add(members.first().map_or(0, |m| *m as u64));
        let of = expected(&knot, seed);
        found.largest = found.largest.max(members.len());
        most += members.len() - 1;
        add(&mut found, &of, &names);
        if most <= EXACT_TOTAL {
            exact = convolved(&exact, &of.surplus);
        }
    }
    found.total.low = bounded(found.total, -Z, most);
    found.total.high = bounded(found.total, Z, most);
    if most <= EXACT_TOTAL {
        found.total.low = quantile(&exact, 0.025);
        found.total.high = quantile(&exact, 0.975);
    }
    for cell in found.by_cell.values_mut() {
        (cell.low, cell.high) = (bounded(*cell, -Z, most), bounded(*cell, Z, most));
    }
    found
}

/// The pairs by their ends, each once.
fn distinct(registrations: usize, pairs: &[OpenPair]) -> BTreeMap<(usize, usize), f64> {
    let mut found: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for pair in pairs {
        let ends = (pair.a.min(pair.b), pair.a.max(pair.b));
        if ends.0 != ends.1 && ends.1 < registrations && !pair.probability.is_nan() {
            let p = pair.probability.clamp(SURE, 1.0 - SURE);
            found.entry(ends).and_modify(|known| *known = known.max(p)).or_insert(p);
        }
    }
    found
}

type Inner = Vec<((usize, usize), f64)>;

/// The connected components: their members in order, and the pairs inside.
fn knots(
    registrations: usize,
    pairs: &BTreeMap<(usize, usize), f64>,
) -> impl Iterator<Item = (Vec<usize>, Inner)> {
    let mut parents: Vec<usize> = (0..registrations).collect();
    for (a, b) in pairs.keys() {
        let (a, b) = (root(&mut parents, *a), root(&mut parents, *b));
        if let Some(parent) = parents.get_mut(a.max(b)) {
            *parent = a.min(b);
        }
    }
    let mut found: BTreeMap<usize, (Vec<usize>, Inner)> = BTreeMap::new();
    for (ends, p) in pairs {
        let knot = found.entry(root(&mut parents, ends.0)).or_default();
        knot.0.extend([ends.0, ends.1]);
        knot.1.push((*ends, *p));
    }
    found.into_values().map(|(mut members, inner)| {
        members.sort_unstable();
        members.dedup();
        (members, inner)
    })
}

fn root(parents: &mut [usize], of: usize) -> usize {
    let up = |parents: &[usize], i: usize| parents.get(i).copied().unwrap_or(i);
    let mut at = of;
    while up(parents, at) != at {
        let above = up(parents, up(parents, at));
        if let Some(parent) = parents.get_mut(at) {
            *parent = above;
        }
        at = above;
    }
    at
}

/// The cells that the members are in, each once.
fn names(members: &[usize], cells: &[usize]) -> Vec<usize> {
    let mut names: Vec<usize> = members.iter().filter_map(|m| cells.get(*m)).copied().collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn knot(
    members: &[usize],
    pairs: &Inner,
    local: &BTreeMap<usize, usize>,
    names: &[usize],
    cells: &[usize],
    absent: f64,
) -> Knot {
    let log_odds = |p: f64| (p / (1.0 - p)).ln();
    let mut edges = vec![Vec::new(); members.len()];
    for ((a, b), p) in pairs {
        let (Some(a), Some(b)) = (local.get(a), local.get(b)) else { continue };
        for (from, to) in [(*a, *b), (*b, *a)] {
            if let Some(list) = edges.get_mut(from) {
                list.push((to, log_odds(*p)));
            }
        }
    }
    let place = |member: &usize| {
        let cell = cells.get(*member).copied().unwrap_or_default();
        names.binary_search(&cell).unwrap_or(0)
    };
    Knot {
        edges,
        absent: log_odds(absent.clamp(SURE, 1.0 - SURE)),
        cells: members.iter().map(place).collect(),
        cell_count: names.len(),
    }
}

fn add(found: &mut Doubt, of: &Expected, names: &[usize]) {
    let mean: f64 = of.surplus.iter().enumerate().map(|(k, p)| k as f64 * p).sum();
    let square: f64 = of.surplus.iter().enumerate().map(|(k, p)| (k * k) as f64 * p).sum();
    found.total.expected += mean;
    found.total.variance += (square - mean * mean).max(0.0);
    for (name, (mean, variance)) in names.iter().zip(&of.by_cell) {
        let cell = found.by_cell.entry(*name).or_default();
        cell.expected += mean;
        cell.variance += variance;
    }
}

fn bounded(of: Superfluous, z: f64, most: usize) -> f64 {
    (of.expected + z * of.variance.sqrt()).clamp(0.0, most as f64)
}

/// The distribution of the sum of two independent numbers.
fn convolved(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; a.len() + b.len() - 1];
    for (i, p) in a.iter().enumerate() {
        for (slot, q) in sum.iter_mut().skip(i).zip(b) {
            *slot += p * q;
        }
    }
    sum
}

fn quantile(distribution: &[f64], at: f64) -> f64 {
    let mut below = 0.0;
    let reached = distribution.iter().position(|p| {
        below += p;
        below >= at - 1e-12
    });
    reached.unwrap_or(distribution.len().saturating_sub(1)) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(a: usize, b: usize, probability: f64) -> OpenPair {
        OpenPair { a, b, probability }
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn nothing_open_is_no_doubt() {
        assert_eq!(doubt(&[0, 0, 1], &[], Assumptions::default()), Doubt::default());
        let wrong = [pair(1, 1, 0.9), pair(0, 9, 0.9), pair(0, 1, f64::NAN)];
        assert_eq!(doubt(&[0, 0, 1], &wrong, Assumptions::default()).pairs, 0);
    }

    #[test]
    fn independent_pairs_add_up_as_coins_do() {
        let cells = vec![0; 40];
        let pairs: Vec<_> = (0..20).map(|i| pair(2 * i, 2 * i + 1, 0.5)).collect();
        let of = doubt(&cells, &pairs, Assumptions::default()).total;

        // 20 fair coins: mean 10, variance 5, 95 % between 6 and 14.
        assert!(close(of.expected, 10.0) && close(of.variance, 5.0));
        assert_eq!((of.low.to_string(), of.high.to_string()), ("6".into(), "14".into()));
    }

    #[test]
    fn cells_share_a_person_and_add_up_to_the_total() {
        let cells = [7, 8, 8, 7, 9];
        let pairs = [pair(0, 1, 0.6), pair(1, 2, 0.4), pair(3, 4, 0.9)];
        let of = doubt(&cells, &pairs, Assumptions::default());

        let sum: f64 = of.by_cell.values().map(|c| c.expected).sum();
        assert!(close(sum, of.total.expected), "{of:?}");
        assert!(close(of.by_cell[&9].expected, 0.45));
        assert_eq!(of.largest, 3);
    }

    #[test]
    fn the_order_of_pairs_does_not_matter_and_the_higher_of_two_scores_counts() {
        let cells = [0; 6];
        let pairs = [pair(0, 1, 0.6), pair(2, 1, 0.4), pair(3, 4, 0.9), pair(4, 3, 0.2)];
        let mut turned: Vec<_> = pairs.iter().map(|p| pair(p.b, p.a, p.probability)).collect();
        turned.reverse();

        let of = doubt(&cells, &pairs, Assumptions::default());
        assert_eq!(of, doubt(&cells, &turned, Assumptions::default()));
        assert_eq!(of.pairs, 3);
    }

    #[test]
    fn a_knot_of_thousands_is_walked_through_and_says_the_same_twice() {
        let n = 3_000;
        let pairs: Vec<_> = (1..n).map(|i| pair(i - 1, i, 0.3)).collect();
        let cells = vec![0; n];
        let apart = Assumptions { absent: 0.0, ..Assumptions::default() };
        let of = doubt(&cells, &pairs, apart);

        // A chain in which no three are one person is the chain of monomers and dimers, whose
        // density is known: (1 - 1 / sqrt(1 + 4 z)) / 2 for odds z.
        let density = (1.0 - 1.0 / (1.0 + 4.0 * (0.3_f64 / 0.7)).sqrt()) / 2.0;
        assert!((of.total.expected - 3_000.0 * density).abs() < 10.0, "{of:?}");
        assert!(of.total.low < of.total.expected && of.total.expected < of.total.high);
        assert_eq!(of, doubt(&cells, &pairs, apart));
    }
}
