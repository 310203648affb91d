//! Who may be whom in one knot of uncertain pairs: a distribution over the ways to group its members.
//!
//! A grouping has weight `product of p / (1 - p)` over the pairs that it puts together: pairs are
//! judged one by one, and only groupings that hold together (if A is B and B is C, A is C) count.
//! This is the posterior over partitions under pairwise likelihoods and a flat prior. Small knots are
//! enumerated, all of them by restricted growth strings; large ones are walked through by Gibbs
//! sampling, one member at a time.

#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "a numeric kernel over members 0..n of one knot; sizes are far below 2^52"
)]

/// Members up to which every grouping is visited: there are 21,147 groupings of 9.
const EXACT_MAX: usize = 9;
/// Steps that one large knot may cost.
const STEPS: usize = 1_000_000;

/// One knot: its members are 0..`edges.len()`.
pub(super) struct Knot {
    /// For each member the others it is compared with, and the log odds that they are the same.
    pub(super) edges: Vec<Vec<(usize, f64)>>,
    /// The log odds of two members that nobody found alike.
    pub(super) absent: f64,
    /// For each member the number of its cell within this knot.
    pub(super) cells: Vec<usize>,
    /// How many cells there are.
    pub(super) cell_count: usize,
}

/// What is expected of a knot.
pub(super) struct Expected {
    /// Probability of each number of superfluous registrations, from 0 to members less one.
    pub(super) surplus: Vec<f64>,
    /// Mean and variance of the superfluous registrations of each cell; somebody registered in
    /// several cells is shared evenly among the registrations.
    pub(super) by_cell: Vec<(f64, f64)>,
}

/// The expectation over all groupings of the knot.
pub(super) fn expected(knot: &Knot, seed: u64) -> Expected {
    let mut tally = Tally::new(knot);
    if knot.edges.len() <= EXACT_MAX {
        let mut odds = vec![vec![knot.absent.exp(); knot.edges.len()]; knot.edges.len()];
        for (a, edges) in knot.edges.iter().enumerate() {
            for (b, log) in edges {
                odds[a][*b] = log.exp();
            }
        }
        enumerate(&odds, &mut Vec::new(), 0, 1.0, &mut tally);
    } else {
        walk(knot, seed, &mut tally);
    }
    tally.expected()
}

struct Tally<'a> {
    knot: &'a Knot,
    weight: f64,
    surplus: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl<'a> Tally<'a> {
    fn new(knot: &'a Knot) -> Self {
        let cells = vec![0.0; knot.cell_count];
        let surplus = vec![0.0; knot.edges.len()];
        Self { knot, weight: 0.0, surplus, first: cells.clone(), second: cells }
    }

    /// Takes a grouping: the block of each member.
    fn take(&mut self, blocks: &[usize], weight: f64) {
        let mut sizes = vec![0_usize; blocks.len()];
        for block in blocks {
            sizes[*block] += 1;
        }
        let groups = sizes.iter().filter(|n| **n > 0).count();
        let mut cells = vec![0.0; self.first.len()];
        for (member, block) in blocks.iter().enumerate() {
            cells[self.knot.cells[member]] += 1.0 - 1.0 / sizes[*block] as f64;
        }
        self.weight += weight;
        self.surplus[blocks.len() - groups] += weight;
        for (i, x) in cells.into_iter().enumerate() {
            self.first[i] += weight * x;
            self.second[i] += weight * x * x;
        }
    }

    fn expected(self) -> Expected {
        let of = |sum: &f64| sum / self.weight;
        let moments = self.first.iter().zip(&self.second).map(|(first, second)| {
            let mean = of(first);
            (mean, (of(second) - mean * mean).max(0.0))
        });
        Expected { by_cell: moments.collect(), surplus: self.surplus.iter().map(of).collect() }
    }
}

/// Every grouping once: each member joins a block of those before it, or begins one.
fn enumerate(
    odds: &[Vec<f64>],
    blocks: &mut Vec<usize>,
    used: usize,
    weight: f64,
    tally: &mut Tally<'_>,
) {
    let member = blocks.len();
    if member == odds.len() {
        tally.take(blocks, weight);
        return;
    }
    for block in 0..=used {
        let with = blocks.iter().enumerate().filter(|(_, b)| **b == block);
        let joined: f64 = with.map(|(other, _)| odds[member][other]).product();
        blocks.push(block);
        enumerate(odds, blocks, used.max(block + 1), weight * joined, tally);
        blocks.pop();
    }
}

/// Gibbs sampling: each member in turn is put into a block anew, given all others.
fn walk(knot: &Knot, seed: u64, tally: &mut Tally<'_>) {
    let n = knot.edges.len();
    let edges: usize = knot.edges.iter().map(Vec::len).sum();
    let sweeps = (STEPS / (n + edges)).clamp(60, 500);
    let mut blocks: Vec<usize> = (0..n).collect();
    let mut sizes = vec![1_usize; n];
    let mut free: Vec<usize> = Vec::new();
    let mut random = seed;
    // A fifth of the sweeps forgets the start, in which everybody stands alone.
    for sweep in 0..sweeps {
        for member in 0..n {
            let old = blocks[member];
            sizes[old] -= 1;
            if sizes[old] == 0 {
                free.push(old);
            }
            let block = choose(knot, member, &blocks, &sizes, &mut random)
                .or_else(|| free.last().copied())
                .unwrap_or(old);
            if sizes[block] == 0 {
                free.retain(|b| *b != block);
            }
            blocks[member] = block;
            sizes[block] += 1;
        }
        if sweep >= sweeps / 5 {
            tally.take(&blocks, 1.0);
        }
    }
}

/// A block for a member, drawn by its odds; `None` = alone. Blocks without anybody alike are left
/// out: the odds of an unlike pair make them negligible.
fn choose(
    knot: &Knot,
    member: usize,
    blocks: &[usize],
    sizes: &[usize],
    random: &mut u64,
) -> Option<usize> {
    let mut found: Vec<(usize, usize, f64)> = Vec::new();
    for (other, log) in &knot.edges[member] {
        let block = blocks[*other];
        if sizes[block] == 0 {
            continue;
        }
        match found.iter_mut().find(|f| f.0 == block) {
            Some(f) => *f = (block, f.1 + 1, f.2 + log),
            None => found.push((block, 1, *log)),
        }
    }
    let total = |(block, alike, log): &(usize, usize, f64)| {
        log + (sizes[*block].saturating_sub(*alike)) as f64 * knot.absent
    };
    let highest = found.iter().map(total).fold(0.0, f64::max);
    let weights: Vec<f64> = found.iter().map(|f| (total(f) - highest).exp()).collect();
    let mut left = unit(random) * ((-highest).exp() + weights.iter().sum::<f64>());
    for (f, weight) in found.iter().zip(weights) {
        left -= weight;
        if left < 0.0 {
            return Some(f.0);
        }
    }
    None
}

/// The next number in 0..1 of a `splitmix64` sequence.
fn unit(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knot(n: usize, pairs: &[(usize, usize, f64)], absent: f64) -> Knot {
        let mut edges = vec![Vec::new(); n];
        for (a, b, p) in pairs {
            let log = (p / (1.0 - p)).ln();
            edges[*a].push((*b, log));
            edges[*b].push((*a, log));
        }
        Knot { edges, absent: (absent / (1.0 - absent)).ln(), cells: vec![0; n], cell_count: 1 }
    }

    fn close(a: f64, b: f64, by: f64) -> bool {
        (a - b).abs() <= by
    }

    #[test]
    fn a_pair_is_one_person_with_its_probability() {
        let of = expected(&knot(2, &[(0, 1, 0.3)], 0.01), 1);

        assert!(close(of.surplus[1], 0.3, 1e-12) && close(of.by_cell[0].0, 0.3, 1e-12));
        assert!(close(of.by_cell[0].1, 0.3 * 0.7, 1e-12));
    }

    #[test]
    fn a_chain_holds_together_or_breaks() {
        // Odds 4 and 4, and 1/99 between the ends. All alone 1, either pair 4, ends only 1/99,
        // all three 16/99.
        let of = expected(&knot(3, &[(0, 1, 0.8), (1, 2, 0.8)], 0.01), 1);
        let weight = 1.0 + 4.0 + 4.0 + 1.0 / 99.0 + 16.0 / 99.0;

        assert!(close(of.surplus[0], 1.0 / weight, 1e-12));
        assert!(close(of.surplus[2], 16.0 / 99.0 / weight, 1e-12));
    }

    #[test]
    fn walking_gives_what_enumerating_gives() {
        let mut pairs = Vec::new();
        for a in 0..9 {
            for b in a + 1..9 {
                if (a * 7 + b * 3) % 4 == 0 {
                    pairs.push((
                        a,
                        b,
                        0.2 + 0.07 * f64::from(u8::try_from((a + 2 * b) % 9).unwrap()),
                    ));
                }
            }
        }
        let knot = knot(9, &pairs, 0.05);
        let exact = expected(&knot, 1);
        let mut tally = Tally::new(&knot);

        for seed in 0..40 {
            walk(&knot, seed, &mut tally);
        }

        let walked = tally.expected();
        for (a, b) in exact.surplus.iter().zip(&walked.surplus) {
            assert!(close(*a, *b, 0.02), "{:?} {:?}", exact.surplus, walked.surplus);
        }
        assert!(close(exact.by_cell[0].0, walked.by_cell[0].0, 0.05));
        assert!(close(exact.by_cell[0].1, walked.by_cell[0].1, 0.1));
    }
}
