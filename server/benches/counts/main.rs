//! How fast counts are told over a register of two million people: a real server process, every cross-table.
//!
//! `cargo bench -p sanu --bench counts`. `-- --server FILE` asks another build of the program. The cells are put
//! into the database as the census would have made them: 701 communes, 350 sites, 600 cooperatives, a year of
//! closed days. Every pair and triple of dimensions that a role may ask is asked over one connection; then again
//! while two phones send.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a benchmark stops at the first surprise"
)]

mod census;
mod server;

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use census::fill;
use server::{Reader, Server};

const DIMENSIONS: [&str; 15] = [
    "region",
    "cercle",
    "commune",
    "district",
    "sex",
    "age_group",
    "nationality",
    "role",
    "coop_member",
    "protection",
    "site",
    "cooperative",
    "zone",
    "month",
    "review",
];

/// Every table of one to three dimensions.
fn cross_tables(more: &str) -> Vec<String> {
    let mut tables = Vec::new();
    let mut table =
        |by: &[&str]| tables.push(format!("/v1/counts?of=orpailleurs&by={}{more}", by.join(",")));
    for (i, a) in DIMENSIONS.iter().enumerate() {
        table(&[a]);
        for (j, b) in DIMENSIONS.iter().enumerate().skip(i + 1) {
            table(&[a, b]);
            for c in &DIMENSIONS[j + 1..] {
                table(&[a, b, c]);
            }
        }
    }
    tables
}

/// Asks every table that is answered, some times each; prints milliseconds and CPU.
fn measure(server: &Server, name: &str, reader: &mut Reader, tables: &[String], times: usize) {
    let start = Instant::now();
    let mut allowed: Vec<&String> = Vec::new();
    let mut first: f64 = 0.0;
    for path in tables {
        let asked = Instant::now();
        let (status, _) = reader.get(path);
        first = first.max(asked.elapsed().as_secs_f64() * 1e3);
        assert!([200, 400, 403].contains(&status), "{path}: {status}");
        if status == 200 {
            allowed.push(path);
        }
    }
    let met = start.elapsed();
    let (cpu, mut all, mut worst) = (server.cpu(), Vec::new(), Vec::new());
    for path in &allowed {
        let (mut each, mut size) = (Vec::new(), 0);
        for _ in 0..times {
            let asked = Instant::now();
            let (status, body) = reader.get(path);
            each.push(asked.elapsed().as_secs_f64() * 1e3);
            assert_eq!(status, 200, "{path}");
            size = body.len();
        }
        all.extend_from_slice(&each);
        each.sort_by(f64::total_cmp);
        worst.push((each[each.len() / 2], path.split("by=").last().unwrap_or_default(), size));
    }
    let cpu = (server.cpu() - cpu) / all.len() as f64 * 1e3;
    all.sort_by(f64::total_cmp);
    let part = |percent: usize| all[(all.len() - 1) * percent / 100];
    println!(
        "| {name} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {first:.0} | {:.0} |",
        allowed.len(),
        part(50),
        part(99),
        all[all.len() - 1],
        cpu,
        server.rss()
    );
    worst.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (ms, by, size) in worst.iter().take(4) {
        println!("<!-- {by}: {ms:.2} ms, {} kB -->", size / 1_000);
    }
    assert!(met < Duration::from_mins(10), "the first round ends");
}

fn main() {
    let mut args = std::env::args().skip_while(|a| a != "--server").skip(1);
    let program: PathBuf =
        args.next().unwrap_or_else(|| env!("CARGO_BIN_EXE_sanu").to_owned()).into();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(&program, folder.path());
    for seat in sanu_schemas::commune_seats() {
        if let Some(region) = seat.region_2023_code() {
            let zone = folder.path().join(format!("zone-{region}"));
            if !zone.exists() {
                std::fs::write(zone, "").expect("a file");
                server.run(&["device", "add", &region, "--zone", &region]);
            }
        }
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("threads");
    runtime.block_on(fill(&folder.path().join("sanu.db")));
    let idle = server.rss();
    println!(
        "idle {idle:.0} MB\n\n| reader | tables | p50 ms | p99 ms | max ms | CPU ms each | first asking, max ms | RSS MB |\n|---|---|---|---|---|---|---|---|"
    );
    let mut admin = server.reader("data_manager");
    measure(&server, "exact (data manager)", &mut admin, &cross_tables(""), 5);
    measure(
        &server,
        "exact, accepted, CSV",
        &mut admin,
        &cross_tables("&review=accepted&format=csv"),
        2,
    );
    // A connection that nobody uses for long is closed.
    let mut chamber = server.reader("chamber");
    measure(&server, "protected (Chambre)", &mut chamber, &cross_tables(""), 5);
    let mut public = server.reader("public");
    let (_, list) = public.get("/v1/tables");
    let list: serde_json::Value = serde_json::from_slice(&list).expect("JSON");
    let names = list["tables"].as_array().expect("a list").iter();
    let tables: Vec<String> =
        names.map(|t| format!("/v1/tables/{}", t["name"].as_str().unwrap_or_default())).collect();
    measure(&server, "fixed tables (public)", &mut public, &tables, 50);
    let mut admin = admin.on_a_new_connection(&server);
    let days: Vec<String> = ["2025-12-10", "2026-05-17", "2026-11-20"]
        .iter()
        .flat_map(|day| {
            ["sex,region", "commune,sex", "role,region"]
                .map(|by| format!("/v1/counts?of=orpailleurs&by={by}&as_of={day}"))
        })
        .collect();
    measure(&server, "exact, of three closed days", &mut admin, &days, 50);
    let mut phones = Command::new(&program)
        .args(["simulate", "--native", "--devices", "2", "--records", "20000", "--server"])
        .arg(server.phone())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let before = admin.told("/v1/counts?of=submissions");
    while admin.told("/v1/counts?of=submissions") == before {}
    measure(&server, "exact, while two phones send", &mut admin, &cross_tables(""), 1);
    println!(
        "<!-- the phones had {} -->",
        if phones.try_wait().ok().flatten().is_some() { "ended before" } else { "not ended" }
    );
    let _ended = phones.kill();
    let _waited = phones.wait();
}
