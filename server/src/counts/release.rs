//! A published state of the counts of one dataset: cells that any table is summed from.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{cube::Cube, dimension::Axis, protect::BaseCell};

/// Cells with their codes interned, so that 2 million people fit in a few megabytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The codes in use, one list per axis.
    codes: Vec<Vec<String>>,
    /// Cells by place.
    leaves: Vec<Leaf>,
    /// The same people by what they are: made of the same state, or their trunk would differ.
    #[serde(default)]
    profile: Vec<Leaf>,
    /// How many more waited for review: no cell holds them.
    #[serde(default)]
    pending: i64,
}

/// Zone, a number into the codes of each axis, how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Leaf(i32, Vec<u32>, i64);

/// The codes of a release while it is made.
#[derive(Default)]
struct Codes<'a> {
    lists: Vec<Vec<String>>,
    known: Vec<HashMap<&'a str, u32>>,
}

impl<'a> Codes<'a> {
    fn leaf(&mut self, cell: &'a BaseCell) -> Leaf {
        self.lists.resize(cell.codes.len(), Vec::new());
        self.known.resize(cell.codes.len(), HashMap::new());
        let axes = self.lists.iter_mut().zip(&mut self.known).zip(&cell.codes);
        let ids = axes.map(|((list, known), code)| {
            *known.entry(code).or_insert_with(|| {
                list.push(code.clone());
                u32::try_from(list.len() - 1).unwrap_or(u32::MAX)
            })
        });
        Leaf(cell.zone, ids.collect(), cell.n)
    }
}

impl Release {
    /// Of these cells, by place and by profile, whose numbers are published as they are.
    pub fn new(cells: &[BaseCell], profile: &[BaseCell]) -> Self {
        let mut codes = Codes::default();
        let leaves = cells.iter().map(|cell| codes.leaf(cell)).collect();
        let profile = profile.iter().map(|cell| codes.leaf(cell)).collect();
        Self { codes: codes.lists, leaves, profile, pending: 0 }
    }

    /// The same, beside so many that wait for review.
    #[must_use]
    pub const fn beside(mut self, pending: i64) -> Self {
        self.pending = pending;
        self
    }

    /// Whether the cells of this cube are in it: a state made by an older program has places alone.
    pub fn has(&self, cube: Cube) -> bool {
        match cube {
            Cube::Place => true,
            Cube::Profile => self.leaves.is_empty() || !self.profile.is_empty(),
            Cube::Site | Cube::Cooperative | Cube::Month | Cube::Form => false,
        }
    }

    /// Of what is registered, the share that waits for review: 0 to 1, to two decimals.
    pub fn share_in_review(&self) -> f64 {
        share(self.leaves.iter().map(|l| l.2).sum(), self.pending)
    }

    /// The table by these axes, of these zones (`None` = all), in the order of the codes.
    pub fn table(&self, cube: Cube, by: &[Axis], zones: Option<&[i32]>) -> Lines {
        let leaves = if cube == Cube::Profile { &self.profile } else { &self.leaves };
        let mut sums: HashMap<Vec<u32>, i64> = HashMap::new();
        let seen = leaves.iter().filter(|l| zones.is_none_or(|z| z.contains(&l.0)));
        let places: Vec<usize> = by.iter().filter_map(|a| a.index()).collect();
        let mut key = Vec::with_capacity(by.len());
        for leaf in seen {
            key.clear();
            // An axis that an older state did not have is not known of anybody.
            key.extend(places.iter().map(|i| leaf.1.get(*i).copied().unwrap_or(u32::MAX)));
            match sums.get_mut(key.as_slice()) {
                Some(n) => *n += leaf.2,
                None => _ = sums.insert(key.clone(), leaf.2),
            }
        }
        let named: BTreeMap<Vec<String>, i64> =
            sums.into_iter().map(|(key, n)| (self.names(&places, &key), n)).collect();
        named.into_iter().collect()
    }

    fn names(&self, places: &[usize], key: &[u32]) -> Vec<String> {
        let name = |(axis, id): (&usize, &u32)| {
            let id = usize::try_from(*id).ok()?;
            self.codes.get(*axis)?.get(id).cloned()
        };
        places.iter().zip(key).map(|pair| name(pair).unwrap_or_default()).collect()
    }
}

/// Lines of a table: codes in the order asked for, and how many.
pub type Lines = Vec<(Vec<String>, i64)>;

/// The share that is pending, to two decimals: about nobody in particular.
pub fn share(accepted: i64, pending: i64) -> f64 {
    let percent = (pending * 200 / (accepted + pending).max(1) + 1) / 2;
    f64::from(i32::try_from(percent).unwrap_or(0)) / 1e2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::AXES;

    fn cell(zone: i32, region: &str, sex: &str, n: i64) -> BaseCell {
        let mut codes: [String; AXES] = Default::default();
        region.clone_into(&mut codes[Axis::Region2023.index().unwrap()]);
        sex.clone_into(&mut codes[Axis::Sex.index().unwrap()]);
        BaseCell { zone, codes, n }
    }

    #[test]
    fn tables_are_sums_of_the_cells_of_the_zones_that_are_seen() {
        let profile = [cell(1, "kayes", "male", 7), cell(1, "kayes", "female", 5)];
        let release = Release::new(
            &[
                cell(1, "sikasso", "male", 3),
                cell(1, "kayes", "male", 4),
                cell(2, "kayes", "female", 5),
            ],
            &profile,
        );
        let by_region = |zones| release.table(Cube::Place, &[Axis::Region2023], zones);
        let line = |code: &str, n| (vec![code.to_owned()], n);

        assert_eq!(by_region(None), [line("kayes", 9), line("sikasso", 3)]);
        assert_eq!(by_region(Some(&[2])), [line("kayes", 5)]);
        assert_eq!(by_region(Some(&[])), []);
        assert_eq!(release.table(Cube::Place, &[], None), [(Vec::new(), 12)]);
        let by_sex = release.table(Cube::Profile, &[Axis::Sex], None);
        assert_eq!(by_sex, [line("female", 5), line("male", 7)]);
        let text = serde_json::to_string(&release).unwrap();
        assert_eq!(serde_json::from_str::<Release>(&text).unwrap(), release);
    }

    #[test]
    fn a_state_of_an_older_program_is_read_and_says_nothing_of_newer_axes() {
        let text = r#"{"codes":[[""],[""],[""],["kayes"],[""],[""],[""],["male"],[""],[""]],
            "leaves":[[1,[0,0,0,0,0,0,0,0,0,0],12]]}"#;

        let release: Release = serde_json::from_str(text).unwrap();

        let by = release.table(Cube::Place, &[Axis::Region2023, Axis::Sex], None);
        assert_eq!(by, [(vec![String::from("kayes"), String::from("male")], 12)]);
        assert_eq!(release.table(Cube::Profile, &[Axis::Nationality], None), []);
    }
}
