//! Cells held by columns, which any table is summed from in one pass.

#![expect(
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "places in lists that this file alone makes, of fewer than 2^32 codes; read tens of thousands of times a table"
)]

use std::collections::HashMap;

use super::{
    dimension::Axis,
    lines::{Lines, Row, WIDTH},
};

/// Tables with fewer places than this are summed in a plain array (1 MB).
const DENSE: u128 = 1 << 17;

/// Cells of one cube of one dataset, in any order; the same cell may be there several times, and counts
/// as their sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    axes: Vec<Axis>,
    columns: Vec<Column>,
    n: Vec<i64>,
}

/// The codes on one axis, each once, and of every cell which one it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Column {
    codes: Vec<String>,
    known: HashMap<String, u32>,
    at: Vec<u32>,
}

impl Column {
    fn push(&mut self, code: &str) {
        let at = if let Some(at) = self.known.get(code) {
            *at
        } else {
            let at = self.codes.len() as u32;
            self.codes.push(code.to_owned());
            self.known.insert(code.to_owned(), at);
            at
        };
        self.at.push(at);
    }
}

/// An axis of a table: its codes in order, and what the code of a cell adds to the place of its line.
struct Asked<'a> {
    at: &'a [u32],
    adds: Vec<u128>,
    order: Vec<&'a str>,
    stride: u128,
}

impl<'a> Asked<'a> {
    fn of(column: Option<&'a Column>, stride: u128) -> Self {
        // An axis that these cells do not have is not known of anybody.
        let Some(column) = column else {
            return Self { at: &[], adds: Vec::new(), order: vec![""], stride };
        };
        let mut ids: Vec<usize> = (0..column.codes.len()).collect();
        ids.sort_unstable_by_key(|id| &column.codes[*id]);
        let mut adds = vec![0; ids.len()];
        for (rank, id) in ids.iter().enumerate() {
            adds[*id] = rank as u128 * stride;
        }
        let order = ids.iter().map(|id| column.codes[*id].as_str()).collect();
        Self { at: &column.at, adds, order, stride }
    }

    fn size(&self) -> u128 {
        self.order.len().max(1) as u128
    }
}

impl Tally {
    /// None yet, of cells with these axes.
    pub fn over(axes: &[Axis]) -> Self {
        let columns = axes.iter().map(|_| Column::default()).collect();
        Self { axes: axes.to_vec(), columns, n: Vec::new() }
    }

    /// Its axes, in the order in which [`Tally::add`] takes codes.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// How many cells it holds.
    pub const fn len(&self) -> usize {
        self.n.len()
    }

    /// Whether it holds none.
    pub const fn is_empty(&self) -> bool {
        self.n.is_empty()
    }

    /// How many things its cells count.
    pub fn total(&self) -> i64 {
        self.n.iter().sum()
    }

    /// Adds so many to a cell; missing codes are not known.
    pub fn add<'c>(&mut self, codes: impl IntoIterator<Item = &'c str>, n: i64) {
        let mut codes = codes.into_iter();
        for column in &mut self.columns {
            column.push(codes.next().unwrap_or_default());
        }
        self.n.push(n);
    }

    /// Every cell, with its codes.
    pub fn cells(&self) -> impl Iterator<Item = (Vec<&str>, i64)> {
        let code = |column: &'_ Column, cell: usize| column.at[cell] as usize;
        self.n.iter().enumerate().map(move |(cell, n)| {
            let codes = self.columns.iter().map(|c| c.codes[code(c, cell)].as_str());
            (codes.collect(), *n)
        })
    }

    /// The table by at most [`WIDTH`] axes, of the cells that have one of these codes on each of these axes.
    ///
    /// Sums that are zero are in it.
    pub fn table(&self, by: &[Axis], only: &[(Axis, Vec<String>)]) -> Lines {
        debug_assert!(by.len() <= WIDTH, "a question has fewer dimensions");
        let mut asked: Vec<Asked<'_>> = Vec::with_capacity(by.len());
        let mut size = 1;
        for axis in by.iter().rev() {
            let next = Asked::of(self.column(*axis), size);
            size *= next.size();
            asked.push(next);
        }
        asked.reverse();
        let seen = self.seen(only);
        let cells = (0..self.n.len()).filter(|cell| seen.as_ref().is_none_or(|s| s[*cell]));
        let key = |cell: usize| {
            asked.iter().map(|a| a.at.get(cell).map_or(0, |at| a.adds[*at as usize])).sum()
        };
        let sums = if size <= DENSE {
            self.dense(cells, key, size as usize)
        } else {
            self.sparse(cells, key)
        };
        let rows = sums.into_iter().map(|(key, n)| {
            let mut at = [0; WIDTH];
            for (slot, axis) in at.iter_mut().zip(&asked) {
                *slot = (key / axis.stride % axis.size()) as u32;
            }
            Row { at, n }
        });
        let rows = rows.collect();
        let lists = asked.iter().map(|a| a.order.iter().map(|code| (*code).to_owned()).collect());
        Lines::ordered(lists.collect(), rows)
    }

    fn column(&self, axis: Axis) -> Option<&Column> {
        self.axes.iter().position(|a| *a == axis).map(|place| &self.columns[place])
    }

    /// Which cells have one of the codes; none = all.
    fn seen(&self, only: &[(Axis, Vec<String>)]) -> Option<Vec<bool>> {
        let mut seen: Option<Vec<bool>> = None;
        for (axis, codes) in only {
            let seen = seen.get_or_insert_with(|| vec![true; self.n.len()]);
            let Some(column) = self.column(*axis) else {
                seen.fill(codes.iter().any(String::is_empty));
                continue;
            };
            let wanted: Vec<bool> = column.codes.iter().map(|code| codes.contains(code)).collect();
            for (seen, at) in seen.iter_mut().zip(&column.at) {
                *seen = *seen && wanted[*at as usize];
            }
        }
        seen
    }

    fn dense(
        &self,
        cells: impl Iterator<Item = usize>,
        key: impl Fn(usize) -> u128,
        size: usize,
    ) -> Vec<(u128, i64)> {
        let mut sums: Vec<Option<i64>> = vec![None; size];
        for cell in cells {
            *sums[key(cell) as usize].get_or_insert(0) += self.n[cell];
        }
        let sums = sums.into_iter().enumerate();
        sums.filter_map(|(key, n)| Some((key as u128, n?))).collect()
    }

    fn sparse(
        &self,
        cells: impl Iterator<Item = usize>,
        key: impl Fn(usize) -> u128,
    ) -> Vec<(u128, i64)> {
        let mut keys: Vec<(u128, i64)> = cells.map(|cell| (key(cell), self.n[cell])).collect();
        keys.sort_unstable_by_key(|(key, _)| *key);
        keys.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        keys
    }

    /// The same cells, each once, and none that counts nothing.
    #[must_use]
    pub fn compact(&self) -> Self {
        let mut cells: Vec<usize> = (0..self.n.len()).collect();
        let place = |cell: &usize| {
            let cell = *cell;
            self.columns.iter().map(move |c| c.at[cell])
        };
        cells.sort_unstable_by(|a, b| place(a).cmp(place(b)));
        let mut compact = Self::over(&self.axes);
        let mut i = 0;
        while i < cells.len() {
            let first = cells[i];
            let mut n = 0;
            while i < cells.len() && place(&cells[i]).eq(place(&first)) {
                n += self.n[cells[i]];
                i += 1;
            }
            if n != 0 {
                let codes = self.columns.iter().map(|c| c.codes[c.at[first] as usize].as_str());
                compact.add(codes, n);
            }
        }
        compact
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally() -> Tally {
        let mut tally = Tally::over(&[Axis::Zone, Axis::Region2023, Axis::Sex]);
        tally.add(["1", "sikasso", "male"], 3);
        tally.add(["1", "kayes", "male"], 4);
        tally.add(["2", "kayes", "female"], 5);
        tally
    }

    fn line(codes: &[&str], n: i64) -> (Vec<String>, i64) {
        (codes.iter().map(|code| (*code).to_owned()).collect(), n)
    }

    #[test]
    fn a_table_is_the_sum_of_the_cells_in_the_order_of_their_codes() {
        let tally = tally();

        let by_region = tally.table(&[Axis::Region2023], &[]);
        assert_eq!(by_region.to_vec(), [line(&["kayes"], 9), line(&["sikasso"], 3)]);
        let both = tally.table(&[Axis::Sex, Axis::Region2023], &[]).to_vec();
        let expected = [
            line(&["female", "kayes"], 5),
            line(&["male", "kayes"], 4),
            line(&["male", "sikasso"], 3),
        ];
        assert_eq!(both, expected);
        assert_eq!(tally.table(&[], &[]).to_vec(), [line(&[], 12)]);
        assert_eq!(tally.table(&[Axis::Status], &[]).to_vec(), [line(&[""], 12)]);
        assert_eq!(Tally::over(&[Axis::Sex]).table(&[Axis::Sex], &[]).to_vec(), []);
    }

    #[test]
    fn only_what_may_be_seen_is_summed() {
        let zones =
            |zones: &[&str]| vec![(Axis::Zone, zones.iter().map(|z| (*z).to_owned()).collect())];
        let tally = tally();

        let of =
            |zones: Vec<(Axis, Vec<String>)>| tally.table(&[Axis::Region2023], &zones).to_vec();

        assert_eq!(of(zones(&["2"])), [line(&["kayes"], 5)]);
        assert_eq!(of(zones(&[])), []);
        assert_eq!(of(zones(&["3"])), []);
        let mut both = zones(&["1"]);
        both.push((Axis::Sex, vec![String::from("female")]));
        assert_eq!(of(both), []);
        assert_eq!(of(vec![(Axis::Review, vec![String::from("accepted")])]), []);
    }

    #[test]
    fn large_and_small_tables_are_summed_alike() {
        let axes = [Axis::Commune2023, Axis::Site, Axis::Cooperative];
        let mut tally = Tally::over(&axes);
        for i in 0..400_u32 {
            let codes = [i % 97, i % 89, i % 83].map(|code| code.to_string());
            tally.add(codes.iter().map(String::as_str), i64::from(i));
            tally.add(codes.iter().map(String::as_str), 1);
        }

        let large = tally.table(&axes, &[]);
        let folded: Lines = tally
            .cells()
            .map(|(codes, n)| (codes.into_iter().map(str::to_owned).collect(), n))
            .collect();

        assert_eq!(large.to_vec(), folded.to_vec());
        let small = large.without_last(|_| true);
        assert_eq!(small.to_vec(), tally.table(&axes[..2], &[]).to_vec());
    }

    #[test]
    fn moved_cells_count_as_their_sum_and_are_put_together() {
        let mut tally = tally();
        tally.add(["1", "sikasso", "male"], -3);
        tally.add(["2", "kayes", "female"], 1);

        let compact = tally.compact();

        assert_eq!((tally.len(), compact.len()), (5, 2));
        let by = [Axis::Region2023, Axis::Sex];
        assert_eq!(
            compact.table(&by, &[]).to_vec(),
            tally.table(&by, &[]).without_zeros().to_vec()
        );
    }
}
