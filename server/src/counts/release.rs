//! A published state of the counts of one dataset: cells that any table is summed from.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{cube::Cube, dimension::Axis, lines::Lines, protect::BaseCell, tally::Tally};

/// Cells as they are published: 2 million people in a few megabytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Release {
    /// Cells by place.
    place: Tally,
    /// The same people by what they are: made of the same state, or their trunk would differ.
    profile: Tally,
    /// How many more waited for review: no cell holds them.
    pending: i64,
}

/// A release as text, its codes told once.
#[derive(Serialize, Deserialize)]
struct Written {
    /// The codes in use, one list per axis.
    codes: Vec<Vec<String>>,
    leaves: Vec<Leaf>,
    #[serde(default)]
    profile: Vec<Leaf>,
    #[serde(default)]
    pending: i64,
}

/// Zone, a number into the codes of each axis, how many.
#[derive(Serialize, Deserialize)]
struct Leaf(i32, Vec<u32>, i64);

/// The codes of a release while it is written.
#[derive(Default)]
struct Codes<'a> {
    lists: Vec<Vec<String>>,
    known: Vec<HashMap<&'a str, u32>>,
}

impl<'a> Codes<'a> {
    fn leaves(&mut self, tally: &'a Tally) -> Vec<Leaf> {
        tally.cells().map(|(codes, n)| self.leaf(codes, n)).collect()
    }

    /// The zone comes last.
    fn leaf(&mut self, mut codes: Vec<&'a str>, n: i64) -> Leaf {
        let zone = codes.pop().and_then(|zone| zone.parse().ok()).unwrap_or_default();
        self.lists.resize(codes.len(), Vec::new());
        self.known.resize(codes.len(), HashMap::new());
        let axes = self.lists.iter_mut().zip(&mut self.known).zip(codes);
        let ids = axes.map(|((list, known), code)| {
            *known.entry(code).or_insert_with(|| {
                list.push(code.to_owned());
                u32::try_from(list.len() - 1).unwrap_or(u32::MAX)
            })
        });
        Leaf(zone, ids.collect(), n)
    }
}

/// None yet of the cells that are published, whose axes are those of every table and the zone.
fn published() -> Tally {
    let axes: Vec<Axis> = Axis::ALL.into_iter().chain([Axis::Zone]).collect();
    Tally::over(&axes)
}

impl From<Release> for Written {
    fn from(release: Release) -> Self {
        let mut codes = Codes::default();
        let (leaves, profile) = (codes.leaves(&release.place), codes.leaves(&release.profile));
        Self { codes: codes.lists, leaves, profile, pending: release.pending }
    }
}

impl From<Written> for Release {
    fn from(written: Written) -> Self {
        let tally = |leaves: &[Leaf]| {
            let mut tally = published();
            for Leaf(zone, ids, n) in leaves {
                let zone = zone.to_string();
                // An axis that an older state did not have is not known of anybody.
                let codes = (0..Axis::ALL.len()).map(|axis| {
                    let id = usize::try_from(*ids.get(axis)?).ok()?;
                    written.codes.get(axis)?.get(id).map(String::as_str)
                });
                let codes = codes.map(Option::unwrap_or_default);
                tally.add(codes.chain([zone.as_str()]), *n);
            }
            tally
        };
        let (place, profile) = (tally(&written.leaves), tally(&written.profile));
        Self { place, profile, pending: written.pending }
    }
}

impl Release {
    /// Of these cells, by place and by profile, whose numbers are published as they are.
    pub fn new(cells: &[BaseCell], profile: &[BaseCell]) -> Self {
        let tally = |cells: &[BaseCell]| {
            let mut tally = published();
            for cell in cells {
                let zone = cell.zone.to_string();
                let codes = cell.codes.iter().map(String::as_str);
                tally.add(codes.chain([zone.as_str()]), cell.n);
            }
            tally
        };
        Self { place: tally(cells), profile: tally(profile), pending: 0 }
    }

    /// The same, beside so many that wait for review.
    #[must_use]
    pub const fn beside(mut self, pending: i64) -> Self {
        self.pending = pending;
        self
    }

    /// Whether the cells of this cube are in it: a state made by an older program has places alone.
    pub const fn has(&self, cube: Cube) -> bool {
        match cube {
            Cube::Place => true,
            Cube::Profile => self.place.is_empty() || !self.profile.is_empty(),
            Cube::Site | Cube::Cooperative | Cube::Month | Cube::Form => false,
        }
    }

    /// Of what is registered, the share that waits for review: 0 to 1, to two decimals.
    pub fn share_in_review(&self) -> f64 {
        share(self.place.total(), self.pending)
    }

    /// The table by these axes, of these zones (`None` = all), in the order of the codes.
    pub fn table(&self, cube: Cube, by: &[Axis], zones: Option<&[i32]>) -> Lines {
        let tally = if cube == Cube::Profile { &self.profile } else { &self.place };
        let zones = zones.map(|zones| (Axis::Zone, zones.iter().map(i32::to_string).collect()));
        tally.table(by, zones.as_slice())
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

        assert_eq!(by_region(None).to_vec(), [line("kayes", 9), line("sikasso", 3)]);
        assert_eq!(by_region(Some(&[2])).to_vec(), [line("kayes", 5)]);
        assert_eq!(by_region(Some(&[])).to_vec(), []);
        assert_eq!(release.table(Cube::Place, &[], None).to_vec(), [(Vec::new(), 12)]);
        let by_sex = release.table(Cube::Profile, &[Axis::Sex], None);
        assert_eq!(by_sex.to_vec(), [line("female", 5), line("male", 7)]);
        let text = serde_json::to_string(&release).unwrap();
        assert_eq!(serde_json::from_str::<Release>(&text).unwrap(), release);
    }

    #[test]
    fn a_state_of_an_older_program_is_read_and_says_nothing_of_newer_axes() {
        let text = r#"{"codes":[[""],[""],[""],["kayes"],[""],[""],[""],["male"],[""],[""]],
            "leaves":[[1,[0,0,0,0,0,0,0,0,0,0],12]]}"#;

        let release: Release = serde_json::from_str(text).unwrap();

        let by = release.table(Cube::Place, &[Axis::Region2023, Axis::Sex], None);
        assert_eq!(by.to_vec(), [(vec![String::from("kayes"), String::from("male")], 12)]);
        assert_eq!(release.table(Cube::Profile, &[Axis::Nationality], None).to_vec(), []);
    }
}
