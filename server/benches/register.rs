//! What it costs to work out who is who as registrations come in, and to know everybody again after a start.
//!
//! `cargo bench -p sanu --bench register -- --records 200000[,1000000] [--asked 2000]` fills a register on the
//! embedded database with simulated registrations of people (duplicates among them), then applies others one by one:
//! CPU milliseconds of all threads, from the journal to the commit, beside the same for registrations of nobody in
//! particular, whom the engine is not asked about. Then a `sanu serve` is started on it: seconds until everybody is in
//! the engine's memory, and how much that takes.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a benchmark stops at the first surprise"
)]

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};

use sanu::{
    app::{Base, Settings},
    apply::Applier,
    catalogue,
    intake::{Incoming, Intake, Matter, Sender},
    keys::Realm,
    runtime::Runtime,
    simulate::{Mix, Registrations, Written},
    store::{Scope, ZoneId},
};

/// Properties of a miner, in the order of [`answers`].
const PROPERTIES: [&str; 16] = [
    "given_names",
    "surname",
    "alias",
    "sex",
    "dob",
    "birth_place",
    "usual_cercle",
    "nationality",
    "phone",
    "id_type",
    "id_number_hash",
    "coop_name",
    "father_given_names",
    "mother_full_name",
    "enumerator_code",
    "main_role",
];
/// The dataset of people, and one that nobody links: its records cost what all others cost.
const DATASETS: [&str; 2] = ["orpailleurs", "autres"];

fn answers(written: &Written) -> [&str; 16] {
    [
        &written.given,
        &written.surname,
        &written.alias,
        if written.sex == "M" { "male" } else { "female" },
        &written.birth,
        &written.village,
        &written.cercle,
        &written.nationality,
        &written.phone,
        if written.nina.is_empty() { "none" } else { "nina_card" },
        &written.nina,
        &written.cooperative,
        &written.father,
        &written.mother,
        &written.device,
        "pit_digger",
    ]
}

fn form(dataset: &str) -> String {
    let (mut fields, mut binds) = (String::new(), String::new());
    for name in PROPERTIES {
        let class = if matches!(name, "enumerator_code" | "main_role") { "none" } else { "direct" };
        write!(fields, "<{name}/>").expect("a String takes it");
        write!(
            binds,
            "<bind nodeset=\"/data/{name}\" type=\"string\" sanu:class=\"{class}\" sanu:property=\"{name}\"/>"
        )
        .expect("a String takes it");
    }
    format!(
        "<?xml version=\"1.0\"?><h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" \
         xmlns:sanu=\"urn:sanu:form:1\" xmlns:entities=\"http://www.opendatakit.org/xforms/entities\"><h:head>\
         <h:title>Fiches</h:title><model entities:entities-version=\"2024.1.0\" sanu:dataset=\"{dataset}\" \
         sanu:mode=\"create\" sanu:realm=\"adults\"><instance><data id=\"{dataset}-b\" version=\"1\">{fields}<meta>\
         <instanceID/><entity dataset=\"{dataset}\" create=\"1\" id=\"\"/></meta></data></instance>{binds}</model>\
         </h:head><h:body/></h:html>"
    )
}

fn incoming(dataset: &str, written: &Written, number: usize) -> Incoming {
    let mut xml = format!("<data id=\"{dataset}-b\" version=\"1\">");
    for (name, answer) in PROPERTIES.iter().zip(answers(written)) {
        write!(xml, "<{name}>{}</{name}>", answer.replace('&', "&amp;").replace('<', "&lt;"))
            .expect("a String takes it");
    }
    write!(
        xml,
        "<meta><instanceID>uuid:{dataset}-{number}</instanceID><entity dataset=\"{dataset}\" create=\"1\" \
         id=\"{:08x}-0000-4000-8000-{number:012}\"/></meta></data>",
        dataset.len()
    )
    .expect("a String takes it");
    Incoming {
        matter: Matter::Submission,
        form_id: format!("{dataset}-b"),
        form_version: String::from("1"),
        instance_id: format!("uuid:{dataset}-{number}"),
        deprecated_id: None,
        xml: xml.into_bytes().into(),
        files: Vec::new(),
        realm: Realm::Adults,
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

/// CPU milliseconds of every thread of this process that still runs.
fn cpu_ms() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").expect("/proc");
    let of = |path: &Path| {
        let text = fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        text.split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0)
    };
    tasks.filter_map(Result::ok).map(|task| of(&task.path())).sum::<f64>() / 1e6
}

/// CPU seconds of a whole process, threads that have ended too, in steps of a hundredth.
fn process_cpu_s(pid: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("/proc");
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    [11, 12].iter().map(|i| fields[*i].parse().unwrap_or(0.0)).sum::<f64>() / 100.0
}

fn rss_mb(pid: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("/proc");
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

struct Register {
    base: Base,
    intake: Intake,
    applier: Applier,
}

impl Register {
    async fn open(folder: &Path) -> Self {
        let base = Base::open(Settings::new(folder), Runtime::system()).await.expect("a register");
        let mut tx = base.db.write().await.expect("the database");
        for dataset in DATASETS {
            let now = base.runtime.now();
            let xml = form(dataset);
            catalogue::publish(&mut tx, xml.as_bytes(), Vec::new(), now).await.expect("a form");
        }
        tx.commit().await.expect("the database");
        let (hand_off, mut handed) = tokio::sync::mpsc::channel(64);
        // Apply reads the journal here.
        tokio::spawn(async move { while handed.recv().await.is_some() {} });
        let (keys, runtime) = (Arc::clone(&base.keys), base.runtime.clone());
        let (intake, _task) = Intake::start(base.db.clone(), keys, runtime, hand_off);
        let applier = base.applier();
        Self { base, intake, applier }
    }

    async fn accept(&self, batch: Vec<Incoming>) {
        self.intake.accept(batch).await.expect("it is kept");
    }

    async fn apply(&self) {
        self.applier.run_to_end(&mut |_| {}).await.expect("it is applied");
    }

    /// Applies these one by one; CPU milliseconds of each, in order.
    async fn one_by_one(&self, batch: Vec<Incoming>) -> Vec<f64> {
        let mut costs = Vec::with_capacity(batch.len());
        for one in batch {
            self.accept(vec![one]).await;
            let before = cpu_ms();
            self.apply().await;
            costs.push(cpu_ms() - before);
        }
        costs.sort_by(f64::total_cmp);
        costs
    }
}

fn line(what: &str, costs: &[f64]) {
    let at = |hundredths: usize| costs[(costs.len() - 1) * hundredths / 100];
    let mean = costs.iter().sum::<f64>() / costs.len() as f64;
    println!("| {what} | {:.2} | {:.2} | {:.2} | {mean:.2} |", at(50), at(99), at(100));
}

/// Starts a server on the folder: seconds until it knows everybody, CPU seconds, megabytes before and after.
fn start_again(folder: &Path) {
    let started = Instant::now();
    let mut process = Command::new(env!("CARGO_BIN_EXE_sanu"))
        .arg("--data")
        .arg(folder)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("SANU_LOG", "info")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let lines = BufReader::new(process.stderr.take().expect("stderr is piped")).lines();
    for said in lines.map_while(Result::ok) {
        if said.contains("everybody is in the engine's memory") {
            break;
        }
    }
    let wall = started.elapsed().as_secs_f64();
    let pid = process.id().to_string();
    println!(
        "\nStarted again: everybody known after {wall:.1} s ({:.1} s of CPU), {:.0} MB resident",
        process_cpu_s(&pid),
        rss_mb(&pid)
    );
    let _ended = process.kill();
    let _waited = process.wait();
}

async fn measure(records: usize, asked: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let set = Registrations::plan(1, records + asked, Mix::FIELD);
    let mut written = Written::default();
    let mut person = |dataset: &str, number: usize| {
        set.write(number, &mut written).expect("the set is long enough");
        incoming(dataset, &written, number)
    };
    let register = Register::open(folder.path()).await;
    let (started, before) = (Instant::now(), process_cpu_s("self"));
    for from in (0..records).step_by(500) {
        let to = (from + 500).min(records);
        register.accept((from..to).map(|n| person("orpailleurs", n)).collect()).await;
        register.apply().await;
    }
    println!(
        "{records} registrations accepted and applied in {:.0} s, {:.2} CPU ms each; {:.0} MB\n",
        started.elapsed().as_secs_f64(),
        (process_cpu_s("self") - before) / records as f64 * 1e3,
        rss_mb("self")
    );
    println!(
        "| CPU ms of apply, one record at a time | p50 | p99 | max | mean |\n|---|---|---|---|---|"
    );
    let others = (records..records + asked).map(|n| person("autres", n)).collect();
    line("not linked", &register.one_by_one(others).await);
    let people = (records..records + asked).map(|n| person("orpailleurs", n)).collect();
    line(&format!("against {records} people"), &register.one_by_one(people).await);
    let mut tx = register.base.db.read().await.expect("the database");
    let row = tx.query("SELECT (SELECT COUNT(*) FROM match_pair), (SELECT COUNT(*) FROM link) / 2");
    let row = row.fetch_one().await.expect("two numbers");
    let (pairs, links): (i64, i64) = (row.get(0).expect("pairs"), row.get(1).expect("links"));
    drop(tx);
    println!("\n{pairs} pairs and {links} links stored");
    register.base.db.close().await;
    drop(register);
    start_again(folder.path());
}

fn main() {
    let (mut records, mut asked) = (vec![200_000], 2_000);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut next = || args.next().expect("a number follows");
        match arg.as_str() {
            "--records" => {
                records = next().split(',').map(|n| n.parse().expect("a number")).collect();
            }
            "--asked" => asked = next().parse().expect("a number"),
            _ => {}
        }
    }
    let threads =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for records in records {
        threads.block_on(measure(records, asked));
    }
}
