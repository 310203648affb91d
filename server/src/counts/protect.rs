//! Disclosure control: one protected table per dataset, from which every answer is summed.
//!
//! Cells are perturbed once, down a tree of attributes, so that children add up to their parent and
//! every node stays within `threshold - 1` of the truth. Whoever asks for every table, filter, level
//! and division learns the leaves of this tree and nothing beyond. ADR 10 says why and what was left.

use super::dimension::{AXES, Axis};

/// The order in which the tree divides people. What stands first is least disturbed: a node keeps
/// the noise of one draw, a sum over many nodes that of many.
pub(super) const TREE: [Axis; AXES] = [
    Axis::Region2023,
    Axis::Sex,
    Axis::Cercle2023,
    Axis::AgeGroup,
    Axis::Region2012,
    Axis::Cercle2012,
    Axis::District,
    Axis::Commune2023,
    Axis::Commune2012,
    Axis::Status,
];

/// Under this many nobody is shown to those who may not see exact counts.
///
/// Source: persons 10, children 20 (rules on who sees what).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold(pub i64);

impl Threshold {
    /// For a dataset of adults or of children.
    pub const fn of(children: bool) -> Self {
        Self(if children { 20 } else { 10 })
    }

    /// How far a protected count may lie from the truth.
    pub const fn bound(self) -> i64 {
        self.0 - 1
    }
}

/// Some people who are alike: where they are, what they are, in which zone, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseCell {
    /// The zone that registered them.
    pub zone: i32,
    /// A code per axis, empty where it is not known.
    pub codes: [String; AXES],
    /// How many.
    pub n: i64,
}

impl BaseCell {
    fn code(&self, axis: Axis) -> &str {
        self.codes.get(axis.index()).map_or("", String::as_str)
    }

    fn is_before(&self, other: &Self) -> std::cmp::Ordering {
        let by_axis = TREE.iter().map(|a| self.code(*a).cmp(other.code(*a)));
        by_axis
            .fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
            .then(self.zone.cmp(&other.zone))
    }
}

/// A keyed pseudo-random function: the same text always gives the same bits, and nobody without
/// the key can tell them.
pub(super) type Draw<'a> = &'a dyn Fn(&str) -> [u8; 32];

/// The protected cells: `n` is what may be published and summed, those at 0 are left out.
///
/// The sum over everything stays exact: a total under the threshold is refused where it is shown.
pub fn protect(mut cells: Vec<BaseCell>, threshold: Threshold, draw: Draw<'_>) -> Vec<BaseCell> {
    cells.retain(|c| c.n > 0);
    cells.sort_by(BaseCell::is_before);
    cells.dedup_by(|later, kept| {
        let alike = later.zone == kept.zone && later.codes == kept.codes;
        kept.n += if alike { later.n } else { 0 };
        alike
    });
    let total = cells.iter().map(|c| c.n).sum();
    let mut path = String::new();
    share(&mut cells, 0, total, threshold.bound(), &mut path, draw);
    cells.retain(|c| c.n > 0);
    cells
}

/// Gives `protected` to the cells of one node, dividing by the axis at `depth`; after the last axis
/// by zone, so that somebody bound to a zone reads a part of the same table.
fn share(
    cells: &mut [BaseCell],
    depth: usize,
    protected: i64,
    bound: i64,
    path: &mut String,
    draw: Draw<'_>,
) {
    if let [only] = cells {
        only.n = protected;
        return;
    }
    let sizes = sizes(cells, depth);
    let mut children = Vec::with_capacity(sizes.len());
    let mut rest = &*cells;
    for size in &sizes {
        let Some((child, after)) = rest.split_at_checked(*size) else { break };
        children.push(Child::new(child, depth, path, bound, draw));
        rest = after;
    }
    match children.as_mut_slice() {
        // The same people: the same number.
        [only] => only.n = protected,
        _ => level(&mut children, protected),
    }
    let mut rest = cells;
    for (size, child) in sizes.into_iter().zip(children) {
        let (mine, after) = std::mem::take(&mut rest).split_at_mut(size);
        let mark = path.len();
        path.push_str(&child.name);
        share(mine, depth + 1, child.n, bound, path, draw);
        path.truncate(mark);
        rest = after;
    }
}

/// How many cells each child of a node holds, in order.
fn sizes(cells: &[BaseCell], depth: usize) -> Vec<usize> {
    let alike = |a: &BaseCell, b: &BaseCell| match TREE.get(depth) {
        Some(axis) => a.code(*axis) == b.code(*axis),
        None => a.zone == b.zone,
    };
    cells.chunk_by(alike).map(<[BaseCell]>::len).collect()
}

struct Child {
    name: String,
    n: i64,
    least: i64,
    most: i64,
    /// Who gives or takes first when the children do not add up.
    turn: [u8; 8],
}

impl Child {
    fn new(cells: &[BaseCell], depth: usize, path: &str, bound: i64, draw: Draw<'_>) -> Self {
        let truth: i64 = cells.iter().map(|c| c.n).sum();
        let name = match (cells.first(), TREE.get(depth)) {
            (Some(cell), Some(axis)) => format!("/{}", cell.code(*axis)),
            (Some(cell), None) => format!("/{}", cell.zone),
            (None, _) => String::new(),
        };
        // With the true number in the text a change of one person draws anew: the difference of
        // two releases does not show it.
        let bits = draw(&format!("{path}{name}={truth}"));
        let noise = tosses(&bits, bound);
        let mut turn = [0; 8];
        turn.iter_mut().zip(bits.iter().skip(8)).for_each(|(to, from)| *to = *from);
        let (least, most) = ((truth - bound).max(0), truth + bound);
        Self { name, n: (truth + noise).clamp(least, most), least, most, turn }
    }
}

/// The heads of `2 * bound` fair coins, less their mean: variance `bound / 2`, never past `bound`.
///
/// The sharpest distribution would be uniform, the most useful one narrow; coins are narrow and
/// still bounded.
fn tosses(bits: &[u8; 32], bound: i64) -> i64 {
    let coins = u32::try_from(2 * bound).unwrap_or(0).min(63);
    let mut word = [0; 8];
    word.iter_mut().zip(bits).for_each(|(to, from)| *to = *from);
    let heads = (u64::from_le_bytes(word) & ((1_u64 << coins) - 1)).count_ones();
    i64::from(heads) - bound
}

/// Makes the children add up to their parent, moving each as little as possible within its bounds.
///
/// Possible because the parent lies within `bound` of its own truth and is not negative.
fn level(children: &mut [Child], protected: i64) {
    let mut missing = protected - children.iter().map(|c| c.n).sum::<i64>();
    let mut order: Vec<usize> = (0..children.len()).collect();
    order.sort_by_key(|i| children.get(*i).map(|c| c.turn));
    while missing != 0 {
        let step = missing.signum();
        let mut moved = false;
        for i in &order {
            let Some(child) = children.get_mut(*i) else { continue };
            let next = child.n + step;
            if missing != 0 && (child.least..=child.most).contains(&next) {
                child.n = next;
                missing -= step;
                moved = true;
            }
        }
        if !moved {
            // Cannot happen while the parent keeps its bound; a loop without end would be worse.
            return;
        }
    }
}
