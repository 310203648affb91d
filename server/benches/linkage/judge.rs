//! Judges clusters and pairs by the truth.

use std::{collections::HashMap, path::Path};

use anyhow::Context as _;
use sanu::link::{at_precision, open, scores};

use super::child::Cost;

/// The head of the table.
pub(crate) const HEAD: &str = "\
| list | pair P | pair R | pair F1 | R at P ≥ 0.99 | B³ F1 | largest | wall s | CPU s | peak MB |
|---|---|---|---|---|---|---|---|---|---|";

/// Who every record is about.
pub(crate) struct Truth {
    /// By record id: the record's place and its person.
    records: HashMap<String, (usize, u32)>,
}

impl Truth {
    /// Reads `record_id,entity_id,…`.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let mut people: HashMap<String, u32> = HashMap::new();
        let mut records = HashMap::new();
        for row in rows(path, ["record_id", "entity_id"])? {
            let [record, person] = row?;
            let next = u32::try_from(people.len())?;
            let person = *people.entry(person).or_insert(next);
            records.insert(record, (records.len(), person));
        }
        Ok(Self { records })
    }

    /// One line of the table. A record without a cluster is one of its own.
    pub(crate) fn judge(
        &self,
        name: &str,
        clusters: &Path,
        pairs: Option<&Path>,
        cost: Cost,
    ) -> anyhow::Result<String> {
        let count = u32::try_from(self.records.len())?;
        let mut people = vec![0; self.records.len()];
        for &(place, person) in self.records.values() {
            *people.get_mut(place).context("places are below the count")? = person;
        }
        let mut found: Vec<u32> = (0..count).collect();
        let mut names: HashMap<String, u32> = HashMap::new();
        for row in rows(clusters, ["record_id", "cluster_id"])? {
            let [record, cluster] = row?;
            let &(place, _) =
                self.records.get(&record).context("a record the truth does not know")?;
            let next = count + u32::try_from(names.len())?;
            let cluster = *names.entry(cluster).or_insert(next);
            *found.get_mut(place).context("places are below the count")? = cluster;
        }
        let scores = scores(&found, &people);
        let precise = match pairs {
            Some(pairs) => format!("{:.4}", self.recall(pairs, scores.true_pairs)?),
            None => String::from("–"),
        };
        Ok(format!(
            "| {name} | {:.4} | {:.4} | **{:.4}** | {precise} | {:.4} | {} | {:.2} | {:.2} | {:.0} |",
            scores.precision,
            scores.recall,
            scores.f1,
            scores.bcubed_f1,
            scores.largest_cluster,
            cost.wall,
            cost.cpu,
            cost.memory
        ))
    }

    /// The recall of scored pairs while 99 of 100 are right.
    fn recall(&self, pairs: &Path, true_pairs: u64) -> anyhow::Result<f64> {
        let mut scored = Vec::new();
        for row in rows(pairs, ["record_a", "record_b", "weight"])? {
            let [a, b, weight] = row?;
            let person = |id: &str| self.records.get(id).map(|&(_, person)| person);
            scored.push((weight.parse()?, person(&a).is_some() && person(&a) == person(&b)));
        }
        Ok(at_precision(&mut scored, true_pairs, 0.99).recall)
    }
}

/// The named columns of a CSV file, compressed or not.
fn rows<const N: usize>(
    path: &Path,
    columns: [&str; N],
) -> anyhow::Result<impl Iterator<Item = anyhow::Result<[String; N]>>> {
    let source = open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut reader = csv::Reader::from_reader(source);
    let headers = reader.headers()?.clone();
    let mut at = [0; N];
    for (at, column) in at.iter_mut().zip(columns) {
        let found = headers.iter().position(|header| header == column);
        *at = found.with_context(|| format!("{} has no column {column}", path.display()))?;
    }
    Ok(reader.into_records().map(move |row| {
        let row = row?;
        Ok(at.map(|at| row.get(at).unwrap_or_default().to_owned()))
    }))
}
