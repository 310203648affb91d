//! What checking a form's own logic costs, beside decoding: `cargo bench -p sanu --bench logic`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures and ends at the first surprise"
)]

use std::{collections::BTreeMap, time::Instant};

use jiff::civil::{Date, date};
use sanu::{
    forms::{XForm, decode},
    simulate::Census,
};

const DAY: Date = date(2026, 11, 21);

/// Submissions of one form: what they say as they are, and under a version whose logic is not known.
#[derive(Default)]
struct Sample {
    as_sent: Vec<String>,
    other_version: Vec<String>,
}

fn main() {
    let forms: BTreeMap<&str, XForm> =
        sanu_schemas::forms().iter().map(|form| (form.id, with_lists(form.xml))).collect();
    let mut samples: BTreeMap<&str, Sample> = BTreeMap::new();
    for submission in Census::new(1, DAY).submissions(4_000) {
        if samples.get(submission.form_id).is_some_and(|known| known.as_sent.len() == ROUND) {
            continue;
        }
        let version = format!("version=\"{}\"", submission.version);
        let sample = samples.entry(submission.form_id).or_default();
        sample.other_version.push(submission.xml.replacen(&version, "version=\"0\"", 1));
        sample.as_sent.push(submission.xml);
    }
    println!(
        "{:<20} {:>8} {:>10} {:>10} {:>10}",
        "form", "records", "decode µs", "logic µs", "found"
    );
    for (id, sample) in &samples {
        let form = forms.get(id).unwrap();
        let (without, _) = time(form, &sample.other_version);
        let (with, found) = time(form, &sample.as_sent);
        let count = sample.as_sent.len();
        println!("{id:<20} {count:>8} {without:>10.1} {:>10.1} {found:>10}", with - without);
    }
}

fn with_lists(xml: &[u8]) -> XForm {
    let mut form = XForm::parse(xml).unwrap();
    for file in form.wanted_files().map(str::to_owned).collect::<Vec<_>>() {
        if let Some(csv) = sanu_schemas::media(&file) {
            form.fill(&file, csv);
        }
    }
    form
}

/// Records of one form in a round: short enough to end before the system gives the core to others.
const ROUND: usize = 150;

/// Microseconds per record, the best of fifty rounds, and how many rules were broken.
fn time(form: &XForm, records: &[String]) -> (f64, usize) {
    let mut best = f64::INFINITY;
    let mut found = 0;
    let count = f64::from(u32::try_from(records.len()).unwrap());
    for _ in 0..50 {
        let start = Instant::now();
        found = records
            .iter()
            .map(|xml| decode(form, xml.as_bytes(), DAY).unwrap().violations.len())
            .sum();
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / count);
    }
    (best, found)
}
