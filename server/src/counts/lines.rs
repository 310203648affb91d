//! The lines of a table. A code is held once however many lines have it: a table of sixty thousand lines is
//! made, and written out, without a copy of a word per line.

use std::collections::BTreeMap;

/// Dimensions of a line at most: more than anybody may ask for, as many as a cell has that is divided.
pub const WIDTH: usize = 12;

/// Where a line's codes stand in the lists of the dimensions, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) at: [u32; WIDTH],
    pub(super) n: i64,
}

/// Lines of a table: codes in the order asked for, and how many; each combination once, in the order of
/// the codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// The codes of each dimension, in order, each once; not all need be in use.
    codes: Vec<Vec<String>>,
    rows: Vec<Row>,
}

/// One line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    codes: &'a [Vec<String>],
    row: &'a Row,
}

impl<'a> Line<'a> {
    /// How many.
    pub const fn n(self) -> i64 {
        self.row.n
    }

    /// Its codes, in the order of the dimensions; empty = not known.
    pub fn codes(self) -> impl Iterator<Item = &'a str> {
        let list = |(list, at): (&'a Vec<String>, usize)| list.get(at).map_or("", String::as_str);
        self.codes.iter().zip(self.places()).map(list)
    }

    /// The same as places in [`Lines::codes`].
    pub fn places(self) -> impl Iterator<Item = usize> {
        let at = self.row.at.iter().take(self.codes.len());
        at.map(|at| usize::try_from(*at).unwrap_or(usize::MAX))
    }
}

impl Lines {
    /// Of rows in order, over lists of codes in order.
    pub(super) const fn ordered(codes: Vec<Vec<String>>, rows: Vec<Row>) -> Self {
        Self { codes, rows }
    }

    /// The codes of the dimension at this place, in order.
    pub fn codes(&self, dimension: usize) -> &[String] {
        self.codes.get(dimension).map_or(&[], Vec::as_slice)
    }

    /// The lines.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Line<'_>> {
        self.rows.iter().map(|row| Line { codes: &self.codes, row })
    }

    /// How many in all.
    pub fn total(&self) -> i64 {
        self.rows.iter().map(|row| row.n).sum()
    }

    /// Every line with its codes.
    pub fn to_vec(&self) -> Vec<(Vec<String>, i64)> {
        self.iter().map(|line| (line.codes().map(str::to_owned).collect(), line.n())).collect()
    }

    /// Without lines that say zero.
    #[must_use]
    pub fn without_zeros(mut self) -> Self {
        self.rows.retain(|row| row.n != 0);
        self
    }

    /// With the codes of a dimension called otherwise; lines whose codes become the same are one.
    #[must_use]
    pub fn renamed(self, dimension: usize, name: impl Fn(&str) -> Option<String>) -> Self {
        let Some(list) = self.codes.get(dimension) else { return self };
        let new: Vec<String> =
            list.iter().map(|code| name(code).unwrap_or_else(|| code.clone())).collect();
        let lines = self.iter().map(|line| {
            let place = line.places().nth(dimension).and_then(|at| new.get(at));
            let codes = line.codes().enumerate();
            let codes = codes.map(|(i, code)| match place {
                Some(name) if i == dimension => name.clone(),
                _ => code.to_owned(),
            });
            (codes.collect(), line.n())
        });
        lines.collect()
    }

    /// Summed over the last dimension, of whose codes only some count.
    #[must_use]
    pub fn without_last(&self, counts: impl Fn(&str) -> bool) -> Self {
        let last = self.codes.len().saturating_sub(1);
        let lines = self.iter().filter_map(|line| {
            let mut codes: Vec<String> = line.codes().map(str::to_owned).collect();
            let code = codes.pop().filter(|_| codes.len() == last)?;
            counts(&code).then_some((codes, line.n()))
        });
        lines.collect()
    }
}

/// Lines that have the same codes are one.
impl FromIterator<(Vec<String>, i64)> for Lines {
    fn from_iter<I: IntoIterator<Item = (Vec<String>, i64)>>(lines: I) -> Self {
        let mut sums: BTreeMap<Vec<String>, i64> = BTreeMap::new();
        for (codes, n) in lines {
            *sums.entry(codes).or_default() += n;
        }
        let width = sums.keys().next().map_or(0, Vec::len);
        let mut lists: Vec<Vec<String>> = vec![Vec::new(); width];
        for codes in sums.keys() {
            for (list, code) in lists.iter_mut().zip(codes) {
                list.push(code.clone());
            }
        }
        for list in &mut lists {
            list.sort_unstable();
            list.dedup();
        }
        let rows = sums.iter().map(|(codes, n)| {
            let mut at = [0; WIDTH];
            for ((slot, list), code) in at.iter_mut().zip(&lists).zip(codes) {
                let found = list.binary_search(code).unwrap_or(usize::MAX);
                *slot = u32::try_from(found).unwrap_or(u32::MAX);
            }
            Row { at, n: *n }
        });
        let rows = rows.collect();
        Self { codes: lists, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(codes: &[&str], n: i64) -> (Vec<String>, i64) {
        (codes.iter().map(|code| (*code).to_owned()).collect(), n)
    }

    #[test]
    fn lines_are_in_the_order_of_their_codes_and_none_is_there_twice() {
        let lines: Lines = [line(&["b", "x"], 1), line(&["a", "y"], 2), line(&["b", "x"], 3)]
            .into_iter()
            .collect();

        assert_eq!(lines.to_vec(), [line(&["a", "y"], 2), line(&["b", "x"], 4)]);
        assert_eq!(
            (lines.total(), lines.codes(1)),
            (6, &[String::from("x"), String::from("y")][..])
        );
    }

    #[test]
    fn sites_that_became_one_are_one_line() {
        let lines: Lines = [line(&["b", "f"], 1), line(&["a", "f"], 2), line(&["c", "f"], 3)]
            .into_iter()
            .collect();

        let lines = lines.renamed(0, |code| (code != "a").then(|| String::from("0")));

        assert_eq!(lines.to_vec(), [line(&["0", "f"], 4), line(&["a", "f"], 2)]);
    }

    #[test]
    fn what_does_not_count_is_left_out_of_the_sum() {
        let lines: Lines =
            [line(&["m", "site"], 1), line(&["m", "enfant"], 9), line(&["n", "site"], 2)]
                .into_iter()
                .collect();

        let lines = lines.without_last(|form| form != "enfant");

        assert_eq!(lines.to_vec(), [line(&["m"], 1), line(&["n"], 2)]);
        assert_eq!(Lines::default().without_last(|_| true).to_vec(), []);
    }
}
