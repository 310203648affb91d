//! Counts with disclosure control: pure, over cells already grouped.
//!
//! Source of the thresholds: `domain/privacy.md` section 5 (persons 10, children 20).

use std::collections::BTreeMap;

/// A dimension that counts can be broken down by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// Region of the chosen division.
    Region,
    /// Cercle of the chosen division.
    Cercle,
    /// Commune of the chosen division.
    Commune,
    /// Mining district of the confederation.
    District,
    /// Sex.
    Sex,
    /// Standard age group.
    AgeGroup,
    /// State of activity of a site.
    Status,
}

const ALL: [Dimension; 7] = [
    Dimension::Region,
    Dimension::Cercle,
    Dimension::Commune,
    Dimension::District,
    Dimension::Sex,
    Dimension::AgeGroup,
    Dimension::Status,
];

impl Dimension {
    /// Its name in requests and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Cercle => "cercle",
            Self::Commune => "commune",
            Self::District => "district",
            Self::Sex => "sex",
            Self::AgeGroup => "age_group",
            Self::Status => "status",
        }
    }

    /// Reads that name.
    pub fn parse(name: &str) -> Option<Self> {
        ALL.into_iter().find(|d| d.name() == name)
    }

    /// All of them, for messages.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.into_iter()
    }

    /// The French label of a code; the code itself when none is known.
    pub fn label(self, code: &str) -> String {
        use sanu_schemas::Level;
        let list = |name: &str| {
            let list = sanu_schemas::codelist(name)?;
            list.codes.into_iter().find(|c| c.code == code).map(|c| c.label_fr)
        };
        let label = match self {
            Self::Region => sanu_schemas::place_name(Level::Region, code),
            Self::Cercle => sanu_schemas::place_name(Level::Cercle, code),
            Self::Commune => sanu_schemas::place_name(Level::Commune, code),
            Self::District => sanu_schemas::place_name(Level::District, code),
            Self::Sex => list("sex"),
            Self::AgeGroup => list("age_group_std"),
            Self::Status => list("site_status"),
        };
        label.unwrap_or_else(|| code.to_owned())
    }
}

/// One line of a table: a code per dimension, empty where it is not known, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Codes, in the order of the dimensions asked for.
    pub codes: Vec<String>,
    /// How many; `None` = suppressed, never 0.
    pub n: Option<i64>,
}

/// A table as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The lines, in the order of their codes.
    pub cells: Vec<Cell>,
    /// The sum; `None` when it would give a suppressed cell away.
    pub total: Option<i64>,
}

/// Nobody under this number is shown to those who may not see exact counts.
pub const fn threshold(children: bool) -> i64 {
    if children { 20 } else { 10 }
}

/// The whole table, for those who may see it.
pub fn exact(cells: Vec<(Vec<String>, i64)>) -> Table {
    let total = cells.iter().map(|c| c.1).sum();
    let cells = cells.into_iter().map(|(codes, n)| Cell { codes, n: Some(n) }).collect();
    Table { cells, total: Some(total) }
}

/// The table with small cells suppressed, and a second one beside each that stands alone.
///
/// A cell alone in its group (same codes but for the last dimension) could be found by
/// subtraction from the group's own count, so the next smallest of the group goes too.
pub fn suppressed(cells: Vec<(Vec<String>, i64)>, threshold: i64) -> Table {
    let total: i64 = cells.iter().map(|c| c.1).sum();
    let mut hidden: Vec<bool> = cells.iter().map(|c| c.1 < threshold).collect();
    let dimensions = cells.first().map_or(0, |c| c.0.len());
    // Each dimension may be summed over, so each gives groups; hiding one cell may leave another
    // alone in a group of another dimension: repeated until nothing changes.
    loop {
        let before = hidden.clone();
        for over in 0..dimensions {
            for group in groups(&cells, over) {
                hide_a_second(&cells, &group, &mut hidden);
            }
        }
        if hidden == before {
            break;
        }
    }
    let any = hidden.contains(&true);
    let cells = cells
        .into_iter()
        .zip(hidden)
        .map(|((codes, n), hide)| Cell { codes, n: (!hide).then_some(n) })
        .collect();
    Table { cells, total: (!any).then_some(total) }
}

/// Indexes of the cells that differ in dimension `over` only.
fn groups(cells: &[(Vec<String>, i64)], over: usize) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<Vec<&str>, Vec<usize>> = BTreeMap::new();
    for (i, (codes, _)) in cells.iter().enumerate() {
        let key =
            codes.iter().enumerate().filter(|(d, _)| *d != over).map(|(_, c)| c.as_str()).collect();
        groups.entry(key).or_default().push(i);
    }
    groups.into_values().collect()
}

fn hide_a_second(cells: &[(Vec<String>, i64)], group: &[usize], hidden: &mut [bool]) {
    let is_hidden = |i: &usize| hidden.get(*i).copied().unwrap_or(false);
    let alone = group.iter().filter(|i| is_hidden(i)).count() == 1;
    if !alone {
        return;
    }
    let next = group
        .iter()
        .filter(|i| !is_hidden(i))
        .min_by_key(|i| cells.get(**i).map_or(i64::MAX, |c| c.1));
    if let Some(mark) = next.and_then(|i| hidden.get_mut(*i)) {
        *mark = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(codes: &[&str], n: i64) -> (Vec<String>, i64) {
        (codes.iter().map(ToString::to_string).collect(), n)
    }

    #[test]
    fn a_small_cell_and_its_neighbour_are_hidden_and_so_is_the_total() {
        let table = suppressed(
            vec![
                cell(&["kayes", "female"], 9),
                cell(&["kayes", "male"], 40),
                cell(&["sikasso", "male"], 50),
            ],
            threshold(false),
        );
        let shown: Vec<_> = table.cells.iter().map(|c| c.n).collect();

        // sikasso/male goes too: summed over regions, kayes/male would stand alone.
        assert_eq!(shown, [None, None, None]);
        assert_eq!(table.total, None);
    }

    #[test]
    fn large_cells_are_shown_with_their_total() {
        let table = suppressed(vec![cell(&["kayes"], 10), cell(&["sikasso"], 20)], 10);
        assert_eq!(table.total, Some(30));
        assert!(table.cells.iter().all(|c| c.n.is_some()));
    }

    #[test]
    fn no_group_keeps_a_single_hidden_cell() {
        let mut seed = 7_u64;
        for _ in 0..200 {
            let mut cells = Vec::new();
            for region in ["a", "b", "c"] {
                for sex in ["f", "m"] {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    cells.push(cell(&[region, sex], i64::try_from(seed >> 58).unwrap()));
                }
            }
            let table = suppressed(cells.clone(), 10);
            for over in 0..2 {
                for group in groups(&cells, over) {
                    let hidden = group.iter().filter(|i| table.cells[**i].n.is_none()).count();
                    assert_ne!(hidden, 1);
                }
            }
        }
    }

    #[test]
    fn labels_are_french() {
        assert_eq!(Dimension::Region.label("segou"), "Ségou");
        assert_eq!(Dimension::Sex.label("female"), "Féminin");
        assert_eq!(Dimension::Status.label("no_such"), "no_such");
    }
}
