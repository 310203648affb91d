//! How fast places are given out at `/ogc`: a real server process over many sites.
//!
//! `cargo bench -p sanu --bench places` on SQLite; `-- --sites N` sets the size (500,000).
//! With `SANU_BENCH_PYGEOAPI=/path/to/venv/bin/python` (pygeoapi and flask in it) and `ogr2ogr` on the
//! path, pygeoapi answers the same questions over the same features from a `GeoPackage`, in the same run.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its environment")]
#![expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a benchmark stops at the first surprise"
)]

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A process that answers HTTP; ended when dropped.
struct Peer {
    process: Child,
    host: String,
    authorization: String,
    /// What stands before `/collections`.
    base: &'static str,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _waited = self.process.wait();
    }
}

impl Peer {
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

    fn try_get(&self, path: &str) -> std::io::Result<Vec<u8>> {
        self.ask(&format!("{}{path}", self.base))
    }

    fn ask(&self, path: &str) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(&self.host)?;
        write!(
            stream,
            "GET {path} HTTP/1.0\r\nHost: {}\r\nAccept: application/geo+json, application/json, */*\r\n\
             Authorization: {}\r\n\r\n",
            self.host, self.authorization
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }

    /// Head and body of an answer that must be good.
    fn get(&self, path: &str) -> Vec<u8> {
        self.get_at(&format!("{}{path}", self.base))
    }

    /// The same, from the root of the server.
    fn get_at(&self, path: &str) -> Vec<u8> {
        let answer = self.ask(path).expect("answered");
        let head = String::from_utf8_lossy(&answer[..answer.len().min(600)]).into_owned();
        assert!(head.lines().next().unwrap_or_default().contains(" 200"), "{path}: {head}");
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
        answer[end + 4..].to_vec()
    }

    /// Asks again and again; prints CPU and wall milliseconds each, and how much came.
    fn measure(&self, name: &str, times: usize, path: impl Fn(usize) -> String) {
        let _warm = self.get(&path(0));
        let (cpu, start, mut bytes) = (self.cpu(), Instant::now(), 0);
        for i in 0..times {
            bytes += self.get(&path(i)).len();
        }
        let wall = start.elapsed().as_secs_f64();
        let cpu = self.cpu() - cpu;
        println!(
            "| {name} | {:.2} | {:.2} | {:.0} kB | {:.0} MB/s |",
            cpu / times as f64 * 1000.0,
            wall / times as f64 * 1000.0,
            bytes as f64 / times as f64 / 1000.0,
            bytes as f64 / 1e6 / wall
        );
    }
}

fn sanu(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sanu"));
    command.arg("--data").arg(data);
    command
}

fn start(data: &Path) -> Peer {
    let mut process = sanu(data)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut lines = BufReader::new(process.stderr.take().expect("stderr is piped")).lines();
    let mut password = String::new();
    let host = loop {
        let line = lines.next().expect("the server says where it listens").expect("text");
        if let Some(rest) = line.trim().strip_prefix("Mot de passe") {
            rest.split_whitespace().next().unwrap_or_default().clone_into(&mut password);
        }
        if let Some(rest) = line.strip_prefix("sanu listens on ") {
            break rest.split(' ').next().unwrap_or_default().to_owned();
        }
    };
    std::thread::spawn(move || for _line in lines {});
    let authorization = format!("Basic {}", STANDARD.encode(format!("admin:{password}")));
    Peer { process, host, authorization, base: "/ogc" }
}

/// Forty real censuses of sites through the front door, then copies of what they became, each with an
/// id, a name and a place of its own.
fn fill(peer: &Peer, data: &Path, sites: usize) {
    let out = sanu(data).args(["device", "add", "b", "--json"]).output().expect("the program runs");
    let answer: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let token = answer["token"].as_str().expect("a token");
    let records: Vec<_> = sanu::simulate::Census::new(5, jiff::civil::date(2026, 11, 21))
        .submissions(6_000)
        .filter(|s| s.form_id == "site" && s.xml.contains("create=\"1\""))
        .take(40)
        .map(|s| sync_protocol::PushRecord {
            xml: s.xml,
            instance_id: s.instance_id,
            form_id: s.form_id.to_owned(),
            form_version: s.version.to_owned(),
            attachments: Vec::new(),
        })
        .collect();
    let sent = records.len();
    let batch = uuid::Uuid::from_u128(1);
    let body = sync_protocol::PushRequest { protocol: 1, batch, records }.to_json();
    let mut stream = TcpStream::connect(&peer.host).expect("the server listens");
    write!(
        stream,
        "POST /v1/sync/push HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .expect("sent");
    stream.write_all(&body).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.0 200"), "{answer}");
    let there = || {
        let items = peer.get("/collections/sites/items?limit=100");
        String::from_utf8_lossy(&items).matches("{\"type\":\"Feature\",").count()
    };
    while there() < sent {}
    let threads =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("threads");
    threads.block_on(copies(&data.join("sanu.db"), sites));
}

async fn copies(file: &Path, sites: usize) {
    use sqlx::ConnectOptions as _;
    let mut db = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(Duration::from_mins(1))
        .connect()
        .await
        .expect("the database opens");
    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info('entity')")
        .fetch_all(&mut db)
        .await
        .expect("the table has columns");
    let values: Vec<&str> = names
        .iter()
        .map(|name| match name.as_str() {
            "entity_id" => "CAST(printf('%016d', (i * 7919) % 1000003) AS BLOB)",
            "label" => "label || ' ' || i",
            "props" => {
                "replace(props, '\"latrines\":', '\"benches\":' || (i % 997) || ',\"latrines\":')"
            }
            "lon" => "-12.0 + ((i * 2654435761) % 16000000) / 1e6",
            "lat" => "10.5 + ((i * 320741) % 14000000) / 1e6",
            same => same,
        })
        .collect();
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {sites}), \
         m AS (SELECT *, row_number() OVER (ORDER BY entity_id) - 1 AS r, count(*) OVER () AS all_of \
               FROM entity WHERE dataset = 'sites') \
         INSERT INTO entity ({}) SELECT {} FROM n JOIN m ON m.r = n.i % m.all_of",
        names.join(", "),
        values.join(", ")
    );
    for sql in [sql.as_str(), "UPDATE dataset_head SET seq = seq + 1 WHERE dataset = 'sites'"] {
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
            .execute(&mut db)
            .await
            .expect("the SQL runs");
    }
}

/// A box of about a tenth of a degree somewhere in the country.
fn somewhere(i: usize) -> String {
    let west = -11.9 + (i * 37 % 155) as f64 / 10.0;
    let south = 10.6 + (i * 53 % 130) as f64 / 10.0;
    format!("{west:.2},{south:.2},{:.2},{:.2}", west + 0.5, south + 0.5)
}

fn questions(peer: &Peer, name: &str, times: usize) {
    println!("\n| {name} | CPU ms | ms | answer | |\n|---|---|---|---|---|");
    let items = "/collections/sites/items";
    peer.measure("100 in a box", times * 10, |i| {
        format!("{items}?limit=100&bbox={}", somewhere(i))
    });
    peer.measure("first 10,000", times, |_| format!("{items}?limit=10000"));
    peer.measure("100 of a status", times * 3, |_| format!("{items}?limit=100&status=active"));
}

fn whole(peer: &Peer) -> Vec<u8> {
    let (start, cpu, mut bytes) = (Instant::now(), peer.cpu(), 0);
    let mut all = Vec::new();
    let mut path = String::from("/collections/sites/items?limit=10000");
    loop {
        let page = peer.get(&path);
        bytes += page.len();
        let head = page.iter().take(4_000).copied().collect::<Vec<u8>>();
        let head = String::from_utf8_lossy(&head).into_owned();
        // The page's own address comes first and holds the token it was asked with.
        let links = head.split("\"features\"").next().unwrap_or_default();
        let next = links.contains("\"rel\":\"next\"").then(|| {
            let token = links.rsplit("next=").next().unwrap_or_default();
            token.split('"').next().unwrap_or_default().to_owned()
        });
        all.push(page);
        match next {
            Some(token) => path = format!("/collections/sites/items?limit=10000&next={token}"),
            None => break,
        }
    }
    let wall = start.elapsed().as_secs_f64();
    println!(
        "\nwhole collection, page by page: {:.0} MB, {:.0} MB/s, {:.2} CPU s",
        bytes as f64 / 1e6,
        bytes as f64 / 1e6 / wall,
        peer.cpu() - cpu
    );
    all.concat()
}

/// Every site as a file, made and sent, then sent again as it lies there.
fn downloads(peer: &Peer) {
    println!(
        "\n| download | s | CPU s | MB | MB/s | again, MB/s | peak RSS MB |\n|---|---|---|---|---|---|---|"
    );
    for format in ["geojson", "geojsonseq", "fgb", "csv", "gpkg"] {
        let path = format!("/v1/exports/sites.{format}");
        let (cpu, start) = (peer.cpu(), Instant::now());
        let bytes = peer.get_at(&path).len() as f64 / 1e6;
        let (first, cpu) = (start.elapsed().as_secs_f64(), peer.cpu() - cpu);
        let start = Instant::now();
        let again = peer.get_at(&path).len() as f64 / 1e6 / start.elapsed().as_secs_f64();
        println!(
            "| {format} | {first:.1} | {cpu:.1} | {bytes:.0} | {:.0} | {again:.0} | {:.0} |",
            bytes / first,
            peer.rss("VmHWM")
        );
    }
}

/// Features of all pages as one file, one feature a line.
fn as_lines(pages: &[u8], file: &Path) {
    let text = String::from_utf8_lossy(pages);
    let mut out = String::with_capacity(text.len());
    for line in text.lines().filter(|l| l.starts_with("{\"type\":\"Feature\",")) {
        let line = line.trim_end_matches(']').trim_end_matches("]}").trim_end_matches(',');
        writeln!(out, "{line}").expect("writing to a String cannot fail");
    }
    std::fs::write(file, out).expect("the file is written");
}

fn pygeoapi(python: &str, folder: &Path, pages: &[u8]) -> Option<Peer> {
    let (lines, gpkg) = (folder.join("sites.geojsonl"), folder.join("sites.gpkg"));
    as_lines(pages, &lines);
    let made = Command::new("ogr2ogr")
        .args(["-nln", "sites", "-lco", "FID=fid", "-oo", "ARRAY_AS_STRING=YES"])
        .arg(&gpkg)
        .arg(&lines)
        .status();
    if !made.is_ok_and(|s| s.success()) {
        println!("\nogr2ogr made no GeoPackage: pygeoapi did not run");
        return None;
    }
    let port = 18_000 + std::process::id() % 2_000;
    let config = folder.join("pygeoapi.yml");
    let text = format!(
        "server:\n  bind: {{host: 127.0.0.1, port: {port}}}\n  url: http://127.0.0.1:{port}\n  mimetype: application/json\n  \
         encoding: utf-8\n  gzip: false\n  languages: [en-US]\n  pretty_print: false\n  limits: {{default_items: 100, max_items: 10000}}\n  \
         map: {{url: '', attribution: ''}}\nlogging: {{level: ERROR}}\nmetadata:\n  identification: {{title: b, description: b, \
         keywords: [b], keywords_type: theme, terms_of_service: b, url: http://localhost}}\n  license: {{name: b, url: http://localhost}}\n  \
         provider: {{name: b, url: http://localhost}}\n  contact: {{name: b}}\nresources:\n  sites:\n    type: collection\n    title: sites\n    \
         description: sites\n    keywords: [b]\n    links: []\n    extents: {{spatial: {{bbox: [-12.3,10,4.3,25]}}}}\n    providers:\n      \
         - {{type: feature, name: SQLiteGPKG, data: {}, id_field: fid, table: sites}}\n",
        gpkg.display()
    );
    std::fs::write(&config, text).expect("the file is written");
    let openapi = folder.join("openapi.yml");
    let made = Command::new(python)
        .args([
            "-c",
            "from pygeoapi.openapi import generate_openapi_document as g; import pathlib, sys; \
               pathlib.Path(sys.argv[2]).write_text(g(pathlib.Path(sys.argv[1]), 'yaml'))",
        ])
        .arg(&config)
        .arg(&openapi)
        .status();
    assert!(made.is_ok_and(|s| s.success()), "pygeoapi makes its description");
    let process = Command::new(python)
        .args(["-c", "from pygeoapi.flask_app import APP; import sys; APP.run('127.0.0.1', int(sys.argv[1]), threaded=False)"])
        .arg(port.to_string())
        .env("PYGEOAPI_CONFIG", &config)
        .env("PYGEOAPI_OPENAPI", &openapi)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("pygeoapi starts");
    let peer =
        Peer { process, host: format!("127.0.0.1:{port}"), authorization: String::new(), base: "" };
    for _ in 0..100 {
        if peer.try_get("/conformance").is_ok_and(|a| !a.is_empty()) {
            return Some(peer);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    println!("\npygeoapi did not answer");
    None
}

fn main() {
    let mut args = std::env::args().skip_while(|a| a != "--sites").skip(1);
    let sites = args.next().and_then(|n| n.parse().ok()).unwrap_or(500_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let peer = start(&data);
    fill(&peer, &data, sites);
    let (before, start) = (peer.rss("VmRSS"), Instant::now());
    let first = peer.get("/collections/sites/items?limit=1");
    println!(
        "{sites} sites; first answer after {:.1} s, RSS {before:.0} -> {:.0} MB (peak {:.0})\n{}",
        start.elapsed().as_secs_f64(),
        peer.rss("VmRSS"),
        peer.rss("VmHWM"),
        String::from_utf8_lossy(&first).chars().take(90).collect::<String>()
    );
    questions(&peer, "sanu", 20);
    println!("\n| sanu | CPU ms | ms | answer | |\n|---|---|---|---|---|");
    let items = "/collections/sites/items";
    peer.measure("100 sorted", 20, |_| format!("{items}?limit=100&sortby=-workers_total"));
    peer.measure("filter on a name", 20, |_| {
        format!("{items}?limit=100&filter=casei(accenti(name))%20LIKE%20%27%25ko%2531%27")
    });
    peer.measure("100 in UTM", 50, |i| {
        format!(
            "{items}?limit=100&bbox={}&crs=http://www.opengis.net/def/crs/EPSG/0/32629",
            somewhere(i)
        )
    });
    let pages = whole(&peer);
    println!("RSS {:.0} MB (peak {:.0})", peer.rss("VmRSS"), peer.rss("VmHWM"));
    downloads(&peer);
    match std::env::var("SANU_BENCH_PYGEOAPI") {
        Err(_) => println!("\nSANU_BENCH_PYGEOAPI is not set: no peer beside it"),
        Ok(python) => {
            if let Some(other) = pygeoapi(&python, folder.path(), &pages) {
                questions(&other, "pygeoapi", 5);
                println!("RSS {:.0} MB", other.rss("VmRSS"));
            }
        }
    }
}
