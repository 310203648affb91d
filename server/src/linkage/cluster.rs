//! From scored pairs to clusters: strongest pairs first, never over a hard stop, never larger than allowed.

use super::records::RecordNo;

/// An accepted pair as the clustering sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// The earlier registration.
    pub(super) a: RecordNo,
    /// The later one.
    pub(super) b: RecordNo,
    /// Log2 odds; `f32::INFINITY` for a reviewer's "same".
    pub(super) weight: f32,
}

/// Clusters and the edges that were refused.
#[derive(Debug, Default)]
pub(super) struct Clusters {
    /// For every record the first record of its cluster.
    pub(super) first: Vec<u32>,
    /// Edges that would have joined what may not be joined.
    pub(super) refused: Vec<Edge>,
}

/// Joins along `edges`, the heaviest first. `cross(a, b)` gives the log2 odds of any pair, `None` when it must stay apart.
///
/// Two clusters become one when no cross pair is forbidden and the mean over all cross pairs is not below `least`; each
/// cross pair counts with its real score, at most `CAPPED` either way, so that one certain pair cannot outvote the others.
pub(super) fn cluster(
    records: usize,
    mut edges: Vec<Edge>,
    largest: usize,
    least: f32,
    mut cross: impl FnMut(RecordNo, RecordNo) -> Option<f32>,
) -> Clusters {
    edges.sort_unstable_by(|x, y| y.weight.total_cmp(&x.weight).then((x.a, x.b).cmp(&(y.a, y.b))));
    let mut groups = Groups::new(records);
    let mut refused = Vec::new();
    for edge in edges {
        let (x, y) = (groups.home(edge.a), groups.home(edge.b));
        if x == y {
            continue;
        }
        let certain = edge.weight == f32::INFINITY;
        if certain || groups.may_join(x, y, largest, least, &mut cross) {
            groups.join(x, y);
        } else {
            refused.push(edge);
        }
    }
    Clusters { first: groups.first(), refused }
}

/// A single pair counts for at most so many bits.
const CAPPED: f32 = 8.0;

/// Records in groups; a group is named by its first record and holds its members while it has more than one.
struct Groups {
    home: Vec<u32>,
    members: super::hashing::Map<u32, Vec<u32>>,
}

impl Groups {
    fn new(records: usize) -> Self {
        Self {
            home: (0..RecordNo::at(records).0).collect(),
            members: super::hashing::Map::default(),
        }
    }

    fn home(&self, record: RecordNo) -> u32 {
        self.home.get(record.index()).copied().unwrap_or(record.0)
    }

    fn of(&self, home: u32) -> Vec<u32> {
        self.members.get(&home).cloned().unwrap_or_else(|| vec![home])
    }

    fn may_join(
        &self,
        x: u32,
        y: u32,
        largest: usize,
        least: f32,
        cross: &mut impl FnMut(RecordNo, RecordNo) -> Option<f32>,
    ) -> bool {
        let (left, right) = (self.of(x), self.of(y));
        if left.len() + right.len() > largest {
            return false;
        }
        let (mut sum, mut pairs) = (0.0, 0.0f32);
        for &a in &left {
            for &b in &right {
                let Some(weight) = cross(RecordNo(a.min(b)), RecordNo(a.max(b))) else {
                    return false;
                };
                sum += weight.clamp(-CAPPED, CAPPED);
                pairs += 1.0;
            }
        }
        sum >= least * pairs
    }

    fn join(&mut self, x: u32, y: u32) {
        let (into, from) = (x.min(y), x.max(y));
        let moved = self.members.remove(&from).unwrap_or_else(|| vec![from]);
        for &record in &moved {
            if let Some(home) = self.home.get_mut(RecordNo(record).index()) {
                *home = into;
            }
        }
        self.members.entry(into).or_insert_with(|| vec![into]).extend(moved);
    }

    fn first(self) -> Vec<u32> {
        self.home
    }
}
