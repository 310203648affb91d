//! The files that come out: who is who, and the pairs with their reasons. Ids and numbers only, no value of the list.

use std::io::{self, Write};

use crate::linkage::{Comparison, Field, ScoredPair, Stops};

use super::{ids::Ids, words};

/// Fields whose level is told for each pair.
const LEVELS: [Field; 9] = [
    Field::Family,
    Field::Given,
    Field::Birth,
    Field::Sex,
    Field::Phone,
    Field::Nina,
    Field::Card,
    Field::Alias,
    Field::Circumstances,
];

/// Writes `record_id,cluster_id` for every record, in the order of the list; clusters are numbered from 1 as they are
/// met. `clusters` has for every record the number of the first record of its cluster. Returns how many clusters.
pub fn write_clusters(sink: impl Write, ids: &Ids, clusters: &[u32]) -> io::Result<u32> {
    let mut sink = csv::Writer::from_writer(sink);
    sink.write_record(["record_id", "cluster_id"])?;
    let mut numbers = vec![0_u32; clusters.len()];
    let mut count = 0;
    let mut number_text = String::new();
    for (record, &first) in clusters.iter().enumerate() {
        let number = usize::try_from(first).ok().and_then(|first| numbers.get_mut(first));
        let number = number.expect("clusters are named by one of their records");
        if *number == 0 {
            count += 1;
            *number = count;
        }
        number_text.clear();
        number_text.push_str(&number.to_string());
        sink.write_record([guarded(ids.get(record)).as_ref(), &number_text])?;
    }
    sink.flush()?;
    Ok(count)
}

/// Writes the scored pairs, surest first; `compare` gives the evidence of a pair.
pub fn write_pairs(
    sink: impl Write,
    ids: &Ids,
    pairs: &[ScoredPair],
    compare: impl Fn(&ScoredPair) -> Option<Comparison>,
) -> io::Result<()> {
    let mut sink = csv::Writer::from_writer(sink);
    let levels = LEVELS.map(words::field_code);
    let fixed = [
        "record_a",
        "record_b",
        "probability",
        "weight",
        "relative",
        "verdict",
        "stops",
        "found_by",
    ];
    sink.write_record(fixed.iter().copied().chain(levels.iter().map(String::as_str)))?;
    let mut order: Vec<&ScoredPair> = pairs.iter().collect();
    order.sort_by(|x, y| {
        y.probability
            .total_cmp(&x.probability)
            .then(y.weight.total_cmp(&x.weight))
            .then((x.a, x.b).cmp(&(y.a, y.b)))
    });
    for pair in order {
        let id = |record: u32| guarded(ids.get(usize::try_from(record).unwrap_or(usize::MAX)));
        let comparison = compare(pair);
        let level = |field: &Field| {
            let found =
                comparison.as_ref().and_then(|c| c.fields.iter().find(|e| e.field == *field));
            found.map_or("", |evidence| evidence.level.as_str())
        };
        sink.write_field(id(pair.a.0).as_ref())?;
        sink.write_field(id(pair.b.0).as_ref())?;
        sink.write_field(format!("{:.5}", pair.probability))?;
        sink.write_field(format!("{:.3}", pair.weight))?;
        sink.write_field(format!("{:.4}", pair.relative))?;
        sink.write_field(words::code(&pair.verdict))?;
        sink.write_field(stop_codes(pair.stops))?;
        sink.write_field(words::code(&pair.key))?;
        sink.write_record(LEVELS.iter().map(level))?;
    }
    sink.flush()
}

fn stop_codes(stops: Stops) -> String {
    stops.iter().map(|stop| words::code(&stop)).collect::<Vec<_>>().join(" ")
}

/// An id that no sheet takes for a formula: one that begins like a formula and is no number gets an apostrophe before.
fn guarded(id: &str) -> std::borrow::Cow<'_, str> {
    let like_a_formula = id.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if like_a_formula && id.parse::<f64>().is_err() {
        std::borrow::Cow::Owned(format!("'{id}"))
    } else {
        std::borrow::Cow::Borrowed(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(all: &[&str]) -> Ids {
        let mut ids = Ids::default();
        for (line, id) in (2..).zip(all) {
            assert!(ids.push(id, line));
        }
        ids
    }

    #[test]
    fn every_record_has_its_cluster_and_clusters_count_from_one() {
        let mut out = Vec::new();

        let count = write_clusters(&mut out, &ids(&["x", "y", "z"]), &[0, 1, 0]).unwrap();

        assert_eq!(String::from_utf8(out).unwrap(), "record_id,cluster_id\nx,1\ny,2\nz,1\n");
        assert_eq!(count, 2);
    }

    #[test]
    fn no_sheet_takes_an_id_for_a_formula() {
        for (id, safe) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2+3", "'-2+3"),
            ("-2", "-2"),
            ("+22370", "+22370"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(guarded(id), safe);
        }
    }
}
