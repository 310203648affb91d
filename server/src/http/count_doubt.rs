//! The doubt beside a table: from the open pairs of the register to the expected number of people.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::problem::Problem;
use crate::{
    access::Caller,
    app::App,
    counts::{Assumptions, Axis, Doubt, OpenPair, Superfluous, doubt},
    store::doubt::{OPEN_MAX, Open, open},
};

/// The doubt of a table, by the codes of its lines.
pub(super) struct Doubts {
    found: Doubt,
    cells: BTreeMap<Vec<String>, usize>,
    complete: bool,
}

/// Reads the open pairs and weighs them.
pub(super) async fn doubts(
    app: &App,
    by: &Caller,
    dataset: &str,
    axes: &[Axis],
) -> Result<Doubts, Problem> {
    let pairs = open(&mut app.base.db.read().await?, &by.scope, dataset, axes).await?;
    tokio::task::spawn_blocking(move || weighed(pairs))
        .await
        .map_err(|_| Problem::new("internal", ""))
}

fn weighed(rows: Vec<Open>) -> Doubts {
    let complete = i64::try_from(rows.len()).is_ok_and(|n| n < OPEN_MAX);
    let mut people: HashMap<Uuid, usize> = HashMap::new();
    let mut cells: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    let mut cell_of = Vec::new();
    let mut pairs = Vec::with_capacity(rows.len());
    for row in rows {
        let mut ends = [0; 2];
        for ((id, codes), end) in row.ids.into_iter().zip(row.codes).zip(&mut ends) {
            let next = cells.len();
            let cell = *cells.entry(codes).or_insert(next);
            *end = *people.entry(id).or_insert_with(|| {
                cell_of.push(cell);
                cell_of.len() - 1
            });
        }
        let [a, b] = ends;
        let probability = f64::from(i32::try_from(row.probability).unwrap_or(0)) / 1e6;
        pairs.push(OpenPair { a, b, probability });
    }
    Doubts { found: doubt(&cell_of, &pairs, Assumptions::default()), cells, complete }
}

impl Doubts {
    /// Beside the whole table.
    pub(super) fn total(&self, counted: i64) -> Json {
        let mut total = distinct(counted, self.found.total);
        if let Some(map) = total.as_object_mut() {
            map.insert(String::from("open_pairs"), self.found.pairs.into());
            map.insert(String::from("largest_group"), self.found.largest.into());
            map.insert(String::from("complete"), self.complete.into());
        }
        total
    }

    /// Beside one line.
    pub(super) fn of(&self, codes: &[String], counted: i64) -> Json {
        let cell = self.cells.get(codes).and_then(|i| self.found.by_cell.get(i));
        distinct(counted, cell.copied().unwrap_or_default())
    }
}

/// How many people so many registrations are expected to be, to a tenth.
fn distinct(counted: i64, superfluous: Superfluous) -> Json {
    let counted = f64::from(i32::try_from(counted).unwrap_or(i32::MAX));
    let tenth = |x: f64| (x * 10.0).round() / 10.0;
    json!({
        "expected": tenth(counted - superfluous.expected),
        "low": tenth(counted - superfluous.high),
        "high": tenth(counted - superfluous.low),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_share_people_that_are_open_between_them() {
        let row = |a: u128, b: u128, places: [&str; 2], probability| Open {
            ids: [Uuid::from_u128(a), Uuid::from_u128(b)],
            codes: places.map(|p| vec![p.to_owned()]),
            probability,
        };
        let found = weighed(vec![
            row(1, 2, ["kayes", "kita"], 500_000),
            row(3, 4, ["kayes", "kayes"], 800_000),
        ]);

        assert_eq!(found.total(100)["expected"], 98.7);
        assert_eq!(found.total(100)["open_pairs"], 2);
        assert_eq!(found.of(&[String::from("kita")], 10)["expected"], 9.8);
        assert_eq!(
            found.of(&[String::from("sikasso")], 7),
            json!({ "expected": 7.0, "low": 7.0, "high": 7.0 })
        );
    }
}
