//! What the rules cost: on one record, on all that is stored, and what a rebuild of it takes.
//!
//! `cargo bench -p sanu --bench rules -- [--records 100000] [--parts rules,logic,check,rebuild]`. The census that is asked
//! is simulated; forms that it does not fill are not in the table. The register is the embedded one, in a temporary folder.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a benchmark prints its figures and ends at the first surprise"
)]

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Instant};

use jiff::civil::{Date, date};
use sanu::{
    app::{Base, Settings},
    apply::rebuild,
    forms::{Decoded, XForm, decode},
    intake::{Incoming, Intake, Matter, Sender},
    keys::Realm,
    rules,
    runtime::Runtime,
    simulate::{Census, Submission},
    store::{Scope, ZoneId},
};

const DAY: Date = date(2026, 11, 21);
/// Records of each form that are timed one by one, so many times.
const SAMPLE: usize = 300;
const ROUNDS: usize = 20;

/// A sample of one form.
struct Sample {
    form: XForm,
    as_sent: Vec<String>,
    /// The same under a version whose logic is not known: decoded without it.
    without_logic: Vec<String>,
}

fn samples() -> BTreeMap<&'static str, Sample> {
    let mut samples: BTreeMap<&str, Sample> = BTreeMap::new();
    for submission in Census::new(1, DAY).submissions(20_000) {
        let sample = samples.entry(submission.form_id).or_insert_with(|| Sample {
            form: form(submission.form_id),
            as_sent: Vec::new(),
            without_logic: Vec::new(),
        });
        if sample.as_sent.len() < SAMPLE {
            let version = format!("version=\"{}\"", submission.version);
            sample.without_logic.push(submission.xml.replacen(&version, "version=\"0\"", 1));
            sample.as_sent.push(submission.xml);
        }
    }
    samples
}

fn form(id: &str) -> XForm {
    let file = sanu_schemas::forms().iter().find(|form| form.id == id).unwrap();
    let mut form = XForm::parse(file.xml).unwrap();
    for file in form.wanted_files().map(str::to_owned).collect::<Vec<_>>() {
        if let Some(csv) = sanu_schemas::media(&file) {
            form.fill(&file, csv);
        }
    }
    form
}

/// Microseconds of each of these things, the quickest of several rounds: a core that was given to others says nothing.
fn each<T>(things: &[T], work: impl Fn(&T)) -> Vec<f64> {
    let mut best = vec![f64::INFINITY; things.len()];
    for _ in 0..ROUNDS {
        for (best, thing) in best.iter_mut().zip(things) {
            let start = Instant::now();
            work(thing);
            *best = best.min(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    best
}

/// Median and 99th percentile.
fn line(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let at = |hundredths: usize| times[(times.len() - 1) * hundredths / 100];
    format!("{:>8.1} {:>8.1}", at(50), at(99))
}

fn per_record() {
    println!("microseconds per record, quickest of {ROUNDS}: median, p99");
    println!(
        "{:<20} {:>7} {:>17} {:>17} {:>17} {:>9}",
        "form", "records", "rules", "decode", "decode and logic", "findings"
    );
    let mut all = Vec::new();
    for (id, sample) in samples() {
        let read = |xml: &String| decode(&sample.form, xml.as_bytes(), DAY).unwrap();
        let decoded: Vec<Decoded> = sample.as_sent.iter().map(read).collect();
        let known = rules::Context::at("2026-11-22T08:00:00Z".parse().unwrap());
        let found: usize =
            decoded.iter().map(|d| rules::check(&sample.form, d, &known).len()).sum();
        let asked = each(&decoded, |d| {
            std::hint::black_box(rules::check(&sample.form, d, &known));
        });
        let timed = |texts: &[String]| {
            each(texts, |xml| {
                std::hint::black_box(read(xml));
            })
        };
        println!(
            "{id:<20} {:>7} {} {} {} {found:>9}",
            decoded.len(),
            line(asked.clone()),
            line(timed(&sample.without_logic)),
            line(timed(&sample.as_sent)),
        );
        all.extend(asked);
    }
    println!("{:<20} {:>7} {}", "all", all.len(), line(all));
}

fn incoming(submission: Submission) -> Incoming {
    let children = submission.form_id == "enfant";
    Incoming {
        matter: Matter::Submission,
        form_id: submission.form_id.to_owned(),
        form_version: submission.version.to_owned(),
        instance_id: submission.instance_id,
        deprecated_id: None,
        xml: submission.xml.into_bytes().into(),
        files: Vec::new(),
        realm: if children { Realm::Children } else { Realm::Adults },
        sender: Sender {
            account_id: None,
            device_id: None,
            zone_id: ZoneId::COUNTRY,
            scope: Scope::All,
        },
        decoded: None,
        decoded_on: None,
        withheld: Vec::new(),
        content_hash: None,
    }
}

/// A register of so many records, applied.
async fn filled(folder: &Path, records: usize) -> Base {
    let base = Base::open(Settings::new(folder), Runtime::system()).await.unwrap();
    let (hand_off, mut handed) = tokio::sync::mpsc::channel(64);
    // Apply reads the journal here.
    tokio::spawn(async move { while handed.recv().await.is_some() {} });
    let (keys, runtime) = (Arc::clone(&base.keys), base.runtime.clone());
    let (intake, _task) = Intake::start(base.db.clone(), keys, runtime, hand_off);
    let applier = base.applier();
    let start = Instant::now();
    let mut census = Census::new(1, DAY).submissions(records);
    loop {
        let batch: Vec<Incoming> = census.by_ref().take(500).map(incoming).collect();
        if batch.is_empty() {
            break;
        }
        intake.accept(batch).await.unwrap();
    }
    println!("\n{records} records accepted in {:.1} s", start.elapsed().as_secs_f64());
    applier.run_to_end(&mut |_| {}).await.unwrap();
    println!("and applied in {:.1} s", start.elapsed().as_secs_f64());
    base
}

fn rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

async fn of_all(records: usize, parts: &str) {
    let folder = tempfile::tempdir().unwrap();
    let base = filled(folder.path(), records).await;
    let per = |seconds: f64| seconds / records as f64 * 1e5;
    if parts.contains("check") {
        let start = Instant::now();
        let found = base.applier().check_rules(&mut |_| {}).await.unwrap();
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "check --rules: {seconds:.1} s, {:.1} s per 100,000; {} records, {} findings, {} that differ",
            per(seconds),
            found.records,
            found.findings,
            found.differ
        );
        assert_eq!(found.differ, 0, "{:?}", found.rules);
    }
    if parts.contains("rebuild") {
        let start = Instant::now();
        rebuild(&base.db, base.applier(), &base.runtime, &mut |_| {}).await.unwrap();
        let seconds = start.elapsed().as_secs_f64();
        println!("rebuild: {seconds:.1} s, {:.1} s per 100,000", per(seconds));
    }
    println!("at most {:.0} MB resident", rss_mb());
    base.db.close().await;
}

fn main() {
    let (mut records, mut parts) = (100_000, String::from("rules,logic,check,rebuild"));
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--records" => records = args.next().unwrap().parse().unwrap(),
            "--parts" => parts = args.next().unwrap(),
            _ => {}
        }
    }
    if parts.contains("rules") || parts.contains("logic") {
        per_record();
    }
    if parts.contains("check") || parts.contains("rebuild") {
        let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        threads.block_on(of_all(records, &parts));
    }
}
