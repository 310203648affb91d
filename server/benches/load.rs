//! How fast and how large: a real server process under a fleet of phones.
//!
//! `cargo bench -p sanu --bench load` runs all on both databases (PostgreSQL from `DATABASE_URL`,
//! skipped without it). `-- --records N` sets the size, `-- --stored N` first fills the register
//! through native sync (for "cost stays flat"), `-- --sites N` sizes the download, `-- --server FILE`
//! measures another build of the program: two builds in turn, in the same minute, can be compared.
//! Figures are for comparing on one machine: rates, CPU seconds per 1,000, milliseconds, megabytes.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its environment")]
#![expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a benchmark stops at the first surprise"
)]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sanu::simulate::{Plan, run};

struct Options {
    records: usize,
    stored: usize,
    sites: usize,
    server: PathBuf,
}

fn options() -> Options {
    let mut options = Options {
        records: 5_000,
        stored: 0,
        sites: 100_000,
        server: env!("CARGO_BIN_EXE_sanu").into(),
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--server" {
            options.server = args.next().expect("a file follows").into();
            continue;
        }
        let mut number = || args.next().and_then(|n| n.parse().ok()).expect("a number follows");
        match arg.as_str() {
            "--records" => options.records = number(),
            "--stored" => options.stored = number(),
            "--sites" => options.sites = number(),
            _ => {}
        }
    }
    options
}

struct Server {
    process: Child,
    url: String,
    admin: String,
    program: PathBuf,
    folder: tempfile::TempDir,
    database_url: Option<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _waited = self.process.wait();
    }
}

fn sanu(program: &Path, data: &Path, database_url: Option<&str>) -> Command {
    let mut command = Command::new(program);
    command.arg("--data").arg(data);
    if let Some(url) = database_url {
        command.args(["--database-url", url]);
    }
    command
}

impl Server {
    fn start(program: &Path, database_url: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut process = sanu(program, folder.path(), database_url.as_deref())
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(process.stderr.take().expect("stderr is piped")).lines();
        let mut admin = String::new();
        let url = loop {
            let line = lines.next().expect("the server says where it listens").expect("text");
            if let Some(rest) = line.trim().strip_prefix("Mot de passe") {
                rest.split_whitespace().next().unwrap_or_default().clone_into(&mut admin);
            }
            if let Some(rest) = line.strip_prefix("sanu listens on ") {
                break format!("http://{}", rest.split(' ').next().unwrap_or_default());
            }
        };
        std::thread::spawn(move || for _line in lines {});
        Self { process, url, admin, program: program.to_owned(), folder, database_url }
    }

    fn phone(&self, name: &str) -> String {
        let out = sanu(&self.program, self.folder.path(), self.database_url.as_deref())
            .args(["device", "add", name, "--json"])
            .output()
            .expect("the program runs");
        let answer: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
        format!("{}/v1/key/{}/projects/1", self.url, answer["token"].as_str().expect("a token"))
    }

    fn cpu(&self) -> f64 {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("/proc");
        let fields: Vec<&str> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) / 100.0
    }

    fn rss(&self, field: &str) -> f64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("/proc");
        let line = status.lines().find(|l| l.starts_with(field)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    }

    /// Kilobytes that the server has had written to the disk.
    fn written(&self) -> f64 {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.process.id())).expect("/proc");
        let line = io.lines().find(|l| l.starts_with("write_bytes")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    }

    /// Waits until everything accepted is applied.
    fn applied(&self) {
        loop {
            let out = sanu(&self.program, self.folder.path(), self.database_url.as_deref())
                .args(["check", "--quick", "--json"])
                .output()
                .expect("the program runs");
            let answer: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
            if answer["waiting_events"] == 0 {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn send(server: &Server, devices: usize, records: usize, seed: u64, native: bool) {
    let urls: Vec<String> =
        (0..devices.min(4)).map(|i| server.phone(&format!("p{seed}-{i}"))).collect();
    let plan = Plan {
        server_urls: urls,
        devices,
        records,
        seed,
        native,
        resend: 0.0,
        progress: false,
        day: jiff::civil::date(2026, 11, 21),
    };
    let threads = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let (cpu, written) = (server.cpu(), server.written());
    let start = Instant::now();
    let report = threads.block_on(run(plan)).expect("the fleet sends");
    let accepted = start.elapsed().as_secs_f64();
    server.applied();
    let applied = start.elapsed().as_secs_f64();
    let n = records as f64;
    println!(
        "| {} c={devices} | {records} | {:.0}/s | {:.0}/s | {:.2} | {:.0} | {:.1} | {:.1} | {:.0} |",
        if native { "native" } else { "OpenRosa" },
        n / accepted,
        n / applied,
        (server.cpu() - cpu) / n * 1000.0,
        (server.written() - written) / n,
        report.p50_ms,
        report.p99_ms,
        server.rss("VmRSS"),
    );
    assert_eq!(report.refused, 0, "{:?}", report.first_refusal);
}

/// Registers many sites: one real site form, again and again with another id and place, a kilometre apart.
fn fill_sites(server: &Server, count: usize) {
    let one = sanu::simulate::Census::new(5, jiff::civil::date(2026, 11, 21))
        .submissions(10)
        .find(|s| s.form_id == "site")
        .expect("a census has sites");
    let phone = server.phone("sites");
    let token = phone.split('/').nth(5).expect("a token").to_owned();
    let entity = one
        .xml
        .split("id=\"")
        .find_map(|p| p.get(..36).filter(|t| t.parse::<uuid::Uuid>().is_ok()))
        .expect("an entity id");
    let (before, rest) = one.xml.split_once("<gps>").expect("a site has a position");
    let (_, after) = rest.split_once("</gps>").expect("which ends");
    for start in (0..count).step_by(500) {
        let records = (start..count.min(start + 500))
            .map(|i| {
                let instance = format!("uuid:{}", uuid::Uuid::from_u128((7 << 64) + i as u128));
                let id = uuid::Uuid::from_u128(0x4000_8000_0000_0000_0000 + ((i as u128) << 90));
                let (lat, lon) = (11.0 + (i / 317) as f64 * 0.01, -11.0 + (i % 317) as f64 * 0.016);
                let xml = format!("{before}<gps>{lat:.5} {lon:.5} 0 5</gps>{after}");
                sync_protocol::PushRecord {
                    xml: xml.replace(&one.instance_id, &instance).replace(entity, &id.to_string()),
                    instance_id: instance,
                    form_id: one.form_id.to_owned(),
                    form_version: one.version.to_owned(),
                    attachments: Vec::new(),
                }
            })
            .collect();
        let batch = uuid::Uuid::from_u128(start as u128);
        let push = sync_protocol::PushRequest { protocol: 1, batch, records };
        let answer =
            http(server, "POST", "/v1/sync/push", &format!("Bearer {token}"), &push.to_json());
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
    server.applied();
}

fn http(server: &Server, method: &str, path: &str, authorization: &str, body: &[u8]) -> Vec<u8> {
    let host = server.url.strip_prefix("http://").expect("plain http");
    let mut stream = TcpStream::connect(host).expect("the server listens");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: {authorization}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    stream.write_all(body).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("answered");
    answer
}

fn download(server: &Server, sites: usize) {
    fill_sites(server, sites);
    let basic = format!("Basic {}", STANDARD.encode(format!("admin:{}", server.admin)));
    let before = server.rss("VmHWM").max(server.rss("VmRSS"));
    let mut speeds = Vec::new();
    let mut size = 0.0;
    for _ in 0..5 {
        let start = Instant::now();
        let bytes = http(server, "GET", "/v1/sites.geojson", &basic, b"").len() as f64;
        size = bytes / 1e6;
        speeds.push(size / start.elapsed().as_secs_f64());
    }
    speeds.sort_by(f64::total_cmp);
    let median = speeds.get(speeds.len() / 2).copied().unwrap_or(0.0);
    println!(
        "\nsites.geojson, {sites} sites: {size:.0} MB, median {median:.0} MB/s, peak RSS grew by {:.0} MB",
        (server.rss("VmHWM") - before).max(0.0)
    );
}

fn measure(name: &str, database_url: Option<String>, options: &Options) {
    let server = Server::start(&options.server, database_url);
    println!("\n## {name}\n\nidle RSS {:.0} MB\n", server.rss("VmRSS"));
    println!(
        "| load | records | accepted | and applied | CPU s per 1,000 | disk kB each | p50 ms | p99 ms | RSS MB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    if options.stored > 0 {
        send(&server, 2, options.stored, 90, true);
    }
    send(&server, 1, options.records / 5, 1, false);
    send(&server, 8, options.records, 2, false);
    send(&server, 32, options.records, 3, false);
    send(&server, 2, options.records * 4, 4, true);
    send(&server, 4, options.records * 4, 5, true);
    if options.sites > 0 {
        download(&server, options.sites);
    }
}

fn main() {
    let options = options();
    measure("SQLite", None, &options);
    match std::env::var("DATABASE_URL") {
        Ok(url) => measure("PostgreSQL", Some(url), &options),
        Err(_) => println!("\nPostgreSQL: not measured, DATABASE_URL is not set"),
    }
}
