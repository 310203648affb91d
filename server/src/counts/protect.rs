//! Disclosure control: one protected table per dataset, from which every answer is summed.
//!
//! Cells are perturbed once, down a tree of attributes, so that children add up to their parent and
//! every node stays within its bound of the truth. Whoever asks for every table, filter, level
//! and division learns the leaves of this tree and nothing beyond. Trees of the same people share
//! their trunk, so that none is a second sample of what another tells. ADR 10 and 18 say why.

use super::dimension::{AXES, Axis};

/// The order in which a tree divides people. What stands first is least disturbed: a node keeps
/// the noise of one draw, a sum over many nodes that of many.
#[derive(Clone, Copy, Debug)]
pub struct Tree {
    /// The axes, from the trunk to the leaves.
    pub(super) axes: &'static [Axis],
    /// Past this many axes the bound is the one of what is told of origins.
    trunk: usize,
}

impl Tree {
    /// Places, sex and age.
    pub const PLACE: Self = Self {
        axes: &[
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
        ],
        trunk: usize::MAX,
    };
    /// Who people are. Its trunk is that of [`Tree::PLACE`]: the same people, the same path, the same draw.
    pub const PROFILE: Self = Self {
        axes: &[
            Axis::Region2023,
            Axis::Sex,
            Axis::Nationality,
            Axis::Member,
            Axis::Protection,
            Axis::RoleGroup,
        ],
        trunk: 2,
    };

    /// How far the children of a node at this depth may lie from the truth.
    pub(super) fn bound(self, depth: usize, threshold: Threshold) -> i64 {
        if depth < self.trunk { threshold.bound() } else { Threshold::ORIGIN.bound() }
    }
}

/// Under this many nobody is shown to those who may not see exact counts.
///
/// Source: persons 10, children 20 (rules on who sees what).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold(pub i64);

impl Threshold {
    /// For what is told of origins.
    ///
    /// Source: nationality 20 (rules on who sees what).
    pub const ORIGIN: Self = Self(20);

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
        axis.index().and_then(|i| self.codes.get(i)).map_or("", String::as_str)
    }

    fn is_before(&self, other: &Self, tree: Tree) -> std::cmp::Ordering {
        let by_axis = tree.axes.iter().map(|a| self.code(*a).cmp(other.code(*a)));
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
pub fn protect(
    mut cells: Vec<BaseCell>,
    tree: Tree,
    threshold: Threshold,
    draw: Draw<'_>,
) -> Vec<BaseCell> {
    cells.retain(|c| c.n > 0);
    for cell in &mut cells {
        // What the tree does not divide by is not told of anybody.
        for (axis, code) in Axis::ALL.iter().zip(&mut cell.codes) {
            if !tree.axes.contains(axis) {
                code.clear();
            }
        }
    }
    cells.sort_by(|a, b| a.is_before(b, tree));
    cells.dedup_by(|later, kept| {
        let alike = later.zone == kept.zone && later.codes == kept.codes;
        kept.n += if alike { later.n } else { 0 };
        alike
    });
    let total = cells.iter().map(|c| c.n).sum();
    let mut path = String::new();
    Work { tree, threshold, draw }.share(&mut cells, 0, total, &mut path);
    cells.retain(|c| c.n > 0);
    cells
}

struct Work<'a> {
    tree: Tree,
    threshold: Threshold,
    draw: Draw<'a>,
}

impl Work<'_> {
    /// Gives `protected` to the cells of one node, dividing by the axis at `depth`; after the last axis
    /// by zone, so that somebody bound to a zone reads a part of the same table.
    fn share(&self, cells: &mut [BaseCell], depth: usize, protected: i64, path: &mut String) {
        if let [only] = cells {
            only.n = protected;
            return;
        }
        let sizes = self.sizes(cells, depth);
        let bound = self.tree.bound(depth, self.threshold);
        let mut children = Vec::with_capacity(sizes.len());
        let mut rest = &*cells;
        for size in &sizes {
            let Some((child, after)) = rest.split_at_checked(*size) else { break };
            let (axis, place) = (self.tree.axes.get(depth), (path.as_str(), self.branch(depth)));
            children.push(Child::new(child, axis, place, bound, self.draw));
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
            self.share(mine, depth + 1, child.n, path);
            path.truncate(mark);
            rest = after;
        }
    }

    /// What stands before a name in a path: the same on the trunk, another on each tree's branches.
    const fn branch(&self, depth: usize) -> &'static str {
        if depth < self.tree.trunk { "/" } else { "/+" }
    }

    /// How many cells each child of a node holds, in order.
    fn sizes(&self, cells: &[BaseCell], depth: usize) -> Vec<usize> {
        let alike = |a: &BaseCell, b: &BaseCell| match self.tree.axes.get(depth) {
            Some(axis) => a.code(*axis) == b.code(*axis),
            None => a.zone == b.zone,
        };
        cells.chunk_by(alike).map(<[BaseCell]>::len).collect()
    }
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
    fn new(
        cells: &[BaseCell],
        axis: Option<&Axis>,
        (path, branch): (&str, &str),
        bound: i64,
        draw: Draw<'_>,
    ) -> Self {
        let truth: i64 = cells.iter().map(|c| c.n).sum();
        let name = match (cells.first(), axis) {
            (Some(cell), Some(axis)) => format!("{branch}{}", cell.code(*axis)),
            (Some(cell), None) => format!("{branch}{}", cell.zone),
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
