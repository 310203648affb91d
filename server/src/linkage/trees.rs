//! A small gradient-boosted forest over features below 64, for the pairs that the sum of weights leaves open.
#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "pure numbers: features are below FEATURES, values below BINS, node numbers below 2^16 by construction"
)]

use serde::{Deserialize, Serialize};

use super::{
    hashing::avalanche,
    pattern::{FEATURES, Features},
};

/// Values of a feature.
const BINS: usize = 64;

/// One pair to learn from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Example {
    /// What is seen.
    pub(super) features: Features,
    /// Probability that it is one person.
    pub(super) target: f32,
    /// How much it counts.
    pub(super) weight: f32,
    /// Natural log odds believed before: the trees only add to them.
    pub(super) offset: f32,
}

/// How a forest is grown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growth {
    /// Number of trees.
    pub(super) trees: usize,
    /// Leaves of each.
    pub(super) leaves: usize,
    /// Features that a tree may ask for, drawn anew for each.
    pub(super) features: usize,
    /// Step towards each tree's answer.
    pub(super) rate: f32,
    /// Least sum of second derivatives in a leaf.
    pub(super) least: f32,
    /// Ridge penalty on leaf values.
    pub(super) ridge: f32,
}

/// A node: an inner one asks `features[feature] <= bin` and goes to `left` or `left + 1`; a leaf has `left == 0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Node {
    feature: u8,
    bin: u8,
    left: u16,
    value: f32,
}

/// The forest. Its answer is in natural log odds, to be added to what was believed before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Forest {
    trees: Vec<Vec<Node>>,
}

impl Forest {
    /// Whether nothing was learnt.
    pub(super) fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }

    /// Whether every node leads forward to a node that exists: a forest read from a file must not run astray.
    pub(super) fn is_sound(&self) -> bool {
        self.trees.iter().all(|tree| {
            !tree.is_empty()
                && tree.iter().enumerate().all(|(i, n)| {
                    let left = usize::from(n.left);
                    left == 0
                        || (left > i && left + 1 < tree.len() && usize::from(n.feature) < FEATURES)
                })
        })
    }

    /// One forest whose answer is the mean of the answers of several.
    pub(super) fn mean(forests: Vec<Self>) -> Self {
        let share = 1.0 / forests.iter().fold(0.0f32, |count, _| count + 1.0).max(1.0);
        let mut trees: Vec<Vec<Node>> = forests.into_iter().flat_map(|f| f.trees).collect();
        for node in trees.iter_mut().flatten() {
            node.value *= share;
        }
        Self { trees }
    }

    /// What the features add to the natural log odds of one person.
    pub(super) fn log_odds(&self, features: &Features) -> f32 {
        self.trees.iter().map(|tree| answer(tree, features)).sum::<f32>()
    }

    /// Grows a forest by boosting with logistic loss and Newton steps. `threads` share the counting.
    pub(super) fn grow(examples: &[Example], growth: &Growth, threads: usize) -> Self {
        let total: f32 = examples.iter().map(|e| e.weight).sum();
        let positive: f32 = examples.iter().map(|e| e.weight * e.target).sum();
        if positive <= 0.0 || positive >= total {
            return Self::default();
        }
        let mut trees = Vec::with_capacity(growth.trees);
        let mut odds: Vec<f32> = examples.iter().map(|e| e.offset).collect();
        let mut slopes = vec![(0.0, 0.0); examples.len()];
        for number in 0..growth.trees {
            for ((slope, example), odd) in slopes.iter_mut().zip(examples).zip(&odds) {
                let p = 1.0 / (1.0 + (-odd).exp());
                *slope = (
                    example.weight * (p - example.target),
                    (example.weight * p * (1.0 - p)).max(1e-6),
                );
            }
            let mut grower = Grower {
                features: drawn(number, growth.features),
                examples,
                slopes: &slopes,
                growth,
                threads,
                open: Vec::new(),
                nodes: vec![Node::default()],
            };
            let tree = grower.grow();
            for (number, leaf) in grower.leaves() {
                let value = tree[number].value;
                for &i in leaf {
                    odds[i as usize] += value;
                }
            }
            trees.push(tree);
        }
        Self { trees }
    }
}

/// The features that a tree may ask for: fewer make the trees differ, and their sum steadier.
fn drawn(tree: usize, count: usize) -> Vec<usize> {
    let lot = |feature: usize| avalanche((tree * FEATURES + feature + 1) as u64);
    let mut features: Vec<usize> = (0..FEATURES).collect();
    features.sort_unstable_by_key(|&feature| lot(feature));
    features.truncate(count.max(1));
    features
}

fn answer(tree: &[Node], features: &Features) -> f32 {
    let mut node = tree[0];
    while node.left != 0 {
        let right = features[usize::from(node.feature)] > node.bin;
        node = tree[usize::from(node.left) + usize::from(right)];
    }
    node.value
}

/// First and second derivatives by drawn feature and value.
type Histogram = Vec<[(f32, f32); BINS]>;

struct Leaf {
    node: usize,
    members: Vec<u32>,
    histogram: Histogram,
    split: Option<Split>,
}

#[derive(Clone, Copy)]
struct Split {
    gain: f32,
    /// The feature itself, not its place among the drawn.
    feature: usize,
    bin: usize,
}

struct Grower<'a> {
    examples: &'a [Example],
    slopes: &'a [(f32, f32)],
    growth: &'a Growth,
    threads: usize,
    features: Vec<usize>,
    open: Vec<Leaf>,
    nodes: Vec<Node>,
}

impl Grower<'_> {
    fn leaves(&self) -> impl Iterator<Item = (usize, &[u32])> {
        self.open.iter().map(|leaf| (leaf.node, leaf.members.as_slice()))
    }

    /// Best first: always splits the leaf that gains most.
    fn grow(&mut self) -> Vec<Node> {
        let members: Vec<u32> = (0..self.examples.len() as u32).collect();
        let histogram = self.count(&members);
        self.add(0, members, histogram);
        while self.open.len() < self.growth.leaves {
            let best = (0..self.open.len())
                .filter_map(|i| self.open[i].split.map(|s| (i, s)))
                .max_by(|x, y| x.1.gain.total_cmp(&y.1.gain));
            let Some((at, split)) = best else { break };
            self.split(at, split);
        }
        self.nodes.clone()
    }

    fn add(&mut self, node: usize, members: Vec<u32>, histogram: Histogram) {
        let (g, h) = total(&histogram);
        self.nodes[node].value = -self.growth.rate * g / (h + self.growth.ridge);
        let split = self.best_split(&histogram);
        self.open.push(Leaf { node, members, histogram, split });
    }

    fn split(&mut self, at: usize, split: Split) {
        let leaf = self.open.swap_remove(at);
        let examples = self.examples;
        let (left, right): (Vec<u32>, Vec<u32>) = leaf.members.iter().partition(|&&i| {
            usize::from(examples[i as usize].features[split.feature]) <= split.bin
        });
        let first = self.nodes.len();
        self.nodes[leaf.node] = Node {
            feature: split.feature as u8,
            bin: split.bin as u8,
            left: first as u16,
            value: 0.0,
        };
        self.nodes.extend([Node::default(); 2]);
        // Only the smaller side is counted; the larger is what remains.
        let left_is_smaller = left.len() <= right.len();
        let counted = self.count(if left_is_smaller { &left } else { &right });
        let mut rest = leaf.histogram;
        for (r, c) in rest.iter_mut().flatten().zip(counted.iter().flatten()) {
            r.0 -= c.0;
            r.1 -= c.1;
        }
        let (l, r) = if left_is_smaller { (counted, rest) } else { (rest, counted) };
        self.add(first, left, l);
        self.add(first + 1, right, r);
    }

    fn count(&self, members: &[u32]) -> Histogram {
        if self.threads < 2 || members.len() < 20_000 {
            return self.count_part(members);
        }
        let parts: Vec<Histogram> = std::thread::scope(|scope| {
            let tasks: Vec<_> = members
                .chunks(members.len().div_ceil(self.threads))
                .map(|part| scope.spawn(|| self.count_part(part)))
                .collect();
            tasks.into_iter().map(|t| t.join().expect("counting does not panic")).collect()
        });
        let mut sum = vec![[(0.0, 0.0); BINS]; self.features.len()];
        for part in &parts {
            for (s, p) in sum.iter_mut().flatten().zip(part.iter().flatten()) {
                s.0 += p.0;
                s.1 += p.1;
            }
        }
        sum
    }

    fn count_part(&self, members: &[u32]) -> Histogram {
        let mut histogram = vec![[(0.0, 0.0); BINS]; self.features.len()];
        for &i in members {
            let (g, h) = self.slopes[i as usize];
            let features = &self.examples[i as usize].features;
            for (row, &feature) in histogram.iter_mut().zip(&self.features) {
                let cell = &mut row[usize::from(features[feature]) % BINS];
                cell.0 += g;
                cell.1 += h;
            }
        }
        histogram
    }

    fn best_split(&self, histogram: &Histogram) -> Option<Split> {
        let (g, h) = total(histogram);
        let ridge = self.growth.ridge;
        let worth = |g: f32, h: f32| g * g / (h + ridge);
        let mut best: Option<Split> = None;
        for (row, &feature) in histogram.iter().zip(&self.features) {
            let (mut gl, mut hl) = (0.0, 0.0);
            for (bin, cell) in row.iter().enumerate().take(BINS - 1) {
                gl += cell.0;
                hl += cell.1;
                if hl < self.growth.least || h - hl < self.growth.least {
                    continue;
                }
                let gain = worth(gl, hl) + worth(g - gl, h - hl) - worth(g, h);
                if gain > best.map_or(1e-3, |b| b.gain) {
                    best = Some(Split { gain, feature, bin });
                }
            }
        }
        best
    }
}

fn total(histogram: &Histogram) -> (f32, f32) {
    histogram[0].iter().fold((0.0, 0.0), |(g, h), c| (g + c.0, h + c.1))
}
