//! A phone made of Collect's own form engine against the running server.

mod bad_links;
mod branches;
mod census;
mod crowd;
mod login;

use std::{fs, io::Write as _, path::Path, sync::Once};

use serde_json::Value;

use crate::support::{
    Server,
    phone::{Phone as Engine, PhoneRun, phone_or_skip},
};

/// The engine; `None` where it cannot be had, which it says past the capture of the harness.
fn engine() -> Option<&'static Engine> {
    static SAY: Once = Once::new();
    let engine = phone_or_skip();
    SAY.call_once(|| {
        let line = match engine {
            Some(_) => "sanu-tests: phone ran",
            None => "sanu-tests: THE PHONE DID NOT RUN (java, javac, pip install pyxform==4.5.0)",
        };
        let _ = writeln!(std::io::stderr(), "{line}");
    });
    engine
}

/// Runs the phone with options written as on a command line; none holds a space.
fn run(engine: &Engine, address: &[&str], options: &str) -> PhoneRun {
    let args: Vec<&str> = address.iter().copied().chain(options.split_whitespace()).collect();
    engine.run(&args)
}

/// Asserts that every chain was filled and acknowledged, and gives the report.
#[track_caller]
fn all_well(run: PhoneRun, chains: u64) -> PhoneRun {
    assert_eq!((run.status, run.failed, run.ok), (0, 0, chains), "{:#}\n{}", run.json, run.stderr);
    run
}

/// Publishes the sample forms, with the lists they choose from.
fn publish_samples(server: &Server) {
    let forms = crate::support::phone::device_dir().join("forms");
    let path = |name: &str| forms.join(name).to_str().expect("a path in UTF-8").to_owned();
    let lists = ["regions.csv", "cercles.csv", "communes.csv"].map(path);
    for form in ["personne", "visite", "menage", "medias"] {
        let file = path(&format!("{form}.xml"));
        let mut args = vec!["form", "publish", file.as_str()];
        if form == "personne" {
            args.extend(lists.iter().flat_map(|list| ["--media", list.as_str()]));
        }
        let published = server.cli_json(&args);
        assert_eq!(published["missing_media"], Value::Array(Vec::new()), "{form}: {published}");
    }
}

/// A file of answers of the test's own.
fn answers(folder: &Path, name: &str, content: &Value) -> String {
    let path = folder.join(name);
    fs::write(&path, content.to_string()).expect("a temporary file");
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// The lines that `--proof-json` left: what the phone says it sent.
fn proofs(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).expect("the phone left its proofs");
    text.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect()
}

/// One column of the database behind the server, sorted; bytes as lower-case hexadecimal.
fn column(server: &Server, sql: &str) -> Vec<String> {
    let mut rows: Vec<String> =
        server.sql(sql).lines().map(|row| row.trim_start_matches("\\x").to_owned()).collect();
    rows.sort();
    rows
}

/// The number of records in this state.
fn records(server: &Server, state: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM record WHERE state = '{state}'");
    server.sql(&sql).parse().expect("a number")
}
