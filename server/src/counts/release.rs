//! A published state of the counts of one dataset: cells that any table is summed from.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{
    dimension::{AXES, Axis},
    protect::BaseCell,
};

/// Cells with their codes interned, so that 2 million people fit in a few megabytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The codes in use, one list per axis.
    codes: [Vec<String>; AXES],
    leaves: Vec<Leaf>,
    /// How many more waited for review: no cell holds them.
    #[serde(default)]
    pending: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Leaf(i32, [u32; AXES], i64);

impl Release {
    /// Of these cells, whose numbers are published as they are.
    pub fn new(cells: &[BaseCell]) -> Self {
        let mut codes: [Vec<String>; AXES] = Default::default();
        let mut known: [HashMap<&str, u32>; AXES] = Default::default();
        let mut leaves = Vec::with_capacity(cells.len());
        for cell in cells {
            let mut leaf = Leaf(cell.zone, [0; AXES], cell.n);
            let axes = codes.iter_mut().zip(&mut known).zip(&cell.codes).zip(&mut leaf.1);
            for (((codes, known), code), slot) in axes {
                *slot = *known.entry(code).or_insert_with(|| {
                    codes.push(code.clone());
                    u32::try_from(codes.len() - 1).unwrap_or(u32::MAX)
                });
            }
            leaves.push(leaf);
        }
        Self { codes, leaves, pending: 0 }
    }

    /// The same, beside so many that wait for review.
    #[must_use]
    pub const fn beside(mut self, pending: i64) -> Self {
        self.pending = pending;
        self
    }

    /// Of what is registered, the share that waits for review: 0 to 1, to two decimals.
    pub fn share_in_review(&self) -> f64 {
        share(self.leaves.iter().map(|l| l.2).sum(), self.pending)
    }

    /// The table by these axes, of these zones (`None` = all), in the order of the codes.
    pub fn table(&self, by: &[Axis], zones: Option<&[i32]>) -> Vec<(Vec<String>, i64)> {
        let mut sums: HashMap<Vec<u32>, i64> = HashMap::new();
        let seen = self.leaves.iter().filter(|l| zones.is_none_or(|z| z.contains(&l.0)));
        let mut key = Vec::with_capacity(by.len());
        for leaf in seen {
            key.clear();
            key.extend(by.iter().filter_map(|a| leaf.1.get(a.index())));
            match sums.get_mut(key.as_slice()) {
                Some(n) => *n += leaf.2,
                None => _ = sums.insert(key.clone(), leaf.2),
            }
        }
        let named: BTreeMap<Vec<String>, i64> =
            sums.into_iter().map(|(key, n)| (self.names(by, &key), n)).collect();
        named.into_iter().collect()
    }

    fn names(&self, by: &[Axis], key: &[u32]) -> Vec<String> {
        let name = |(axis, id): (&Axis, &u32)| {
            let id = usize::try_from(*id).ok()?;
            self.codes.get(axis.index())?.get(id).cloned()
        };
        by.iter().zip(key).map(|pair| name(pair).unwrap_or_default()).collect()
    }
}

/// The share that is pending, to two decimals: about nobody in particular.
pub fn share(accepted: i64, pending: i64) -> f64 {
    let percent = (pending * 200 / (accepted + pending).max(1) + 1) / 2;
    f64::from(i32::try_from(percent).unwrap_or(0)) / 1e2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(zone: i32, region: &str, sex: &str, n: i64) -> BaseCell {
        let mut codes: [String; AXES] = Default::default();
        region.clone_into(&mut codes[Axis::Region2023.index()]);
        sex.clone_into(&mut codes[Axis::Sex.index()]);
        BaseCell { zone, codes, n }
    }

    #[test]
    fn tables_are_sums_of_the_cells_of_the_zones_that_are_seen() {
        let release = Release::new(&[
            cell(1, "sikasso", "male", 3),
            cell(1, "kayes", "male", 4),
            cell(2, "kayes", "female", 5),
        ]);
        let by_region = |zones| release.table(&[Axis::Region2023], zones);
        let line = |code: &str, n| (vec![code.to_owned()], n);

        assert_eq!(by_region(None), [line("kayes", 9), line("sikasso", 3)]);
        assert_eq!(by_region(Some(&[2])), [line("kayes", 5)]);
        assert_eq!(by_region(Some(&[])), []);
        assert_eq!(release.table(&[], None), [(Vec::new(), 12)]);
        let text = serde_json::to_string(&release).unwrap();
        assert_eq!(serde_json::from_str::<Release>(&text).unwrap(), release);
    }
}
