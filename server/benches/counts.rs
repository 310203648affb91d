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

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, SqliteConnection};

struct Server {
    process: Child,
    host: String,
    program: PathBuf,
    data: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _waited = self.process.wait();
    }
}

impl Server {
    fn start(program: &Path, data: &Path) -> Self {
        let mut process = Command::new(program)
            .arg("--data")
            .arg(data)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(process.stderr.take().expect("stderr is piped")).lines();
        let host = loop {
            let line = lines.next().expect("the server says where it listens").expect("text");
            if let Some(rest) = line.strip_prefix("sanu listens on ") {
                break rest.split(' ').next().unwrap_or_default().to_owned();
            }
        };
        std::thread::spawn(move || for _line in lines {});
        Self { process, host, program: program.to_owned(), data: data.to_owned() }
    }

    fn run(&self, args: &[&str]) -> serde_json::Value {
        let out = Command::new(&self.program)
            .arg("--data")
            .arg(&self.data)
            .args(args)
            .arg("--json")
            .output()
            .expect("the program runs");
        serde_json::from_slice(&out.stdout).unwrap_or_default()
    }

    /// The address of a new phone.
    fn phone(&self) -> String {
        let phone = self.run(&["device", "add", "bench"]);
        let token = phone["token"].as_str().expect("a token");
        format!("http://{}/v1/key/{token}/projects/1", self.host)
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).expect("/proc")
    }

    /// CPU seconds until now.
    fn cpu(&self) -> f64 {
        let stat = self.proc("stat");
        let fields: Vec<&str> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) / 100.0
    }

    /// Megabytes in memory.
    fn rss(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    }

    fn connect(&self) -> BufReader<TcpStream> {
        let stream = TcpStream::connect(&self.host).expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        BufReader::new(stream)
    }

    /// A reader of this role, with a session.
    fn reader(&self, role: &str) -> Reader {
        let account = self.run(&["account", "add", &format!("b-{role}"), "--role", role]);
        let mut reader = Reader { stream: self.connect(), token: String::new() };
        let body =
            serde_json::json!({ "login": account["login"], "password": account["password"] });
        let body = body.to_string();
        let head = format!(
            "POST /v1/sessions HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        let (_, answer) = reader.exchange(&head);
        let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
        answer["token"].as_str().expect("a token").clone_into(&mut reader.token);
        reader
    }
}

/// One connection of somebody.
struct Reader {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Reader {
    fn on_a_new_connection(self, server: &Server) -> Self {
        Self { stream: server.connect(), ..self }
    }

    fn exchange(&mut self, request: &str) -> (u16, Vec<u8>) {
        self.stream.get_mut().write_all(request.as_bytes()).expect("sent");
        let (mut status, mut length) = (0, 0);
        let mut line = String::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("answered");
            let text = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = text.strip_prefix("http/1.1 ") {
                status = rest.split(' ').next().and_then(|s| s.parse().ok()).unwrap_or(0);
            }
            if let Some(rest) = text.strip_prefix("content-length:") {
                length = rest.trim().parse().expect("a length");
            }
            assert!(!text.starts_with("transfer-encoding"), "an answer of known length");
            if text.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("answered");
        (status, body)
    }

    fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {}\r\n\r\n",
            self.token
        );
        self.exchange(&request)
    }
}

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

type Codes = BTreeMap<&'static str, String>;

/// Cells as a census of two million people makes them.
struct Census {
    dice: Dice,
    zones: BTreeMap<String, i64>,
    /// Crossed cubes, as programs before kept them.
    is_old: bool,
    sites: Vec<String>,
    cooperatives: Vec<String>,
}

const AGES: [&str; 14] = [
    "a06_09", "a10_14", "a15_17", "a18_19", "a20_24", "a25_29", "a30_34", "a35_39", "a40_44",
    "a45_49", "a50_54", "a55_59", "a60_64", "a65p",
];

/// Zone, dataset, cube, codes, how many.
type Cell = (i64, &'static str, &'static str, Codes, i64);

impl Census {
    fn zone(&self, region: &str) -> i64 {
        self.zones.get(region).copied().unwrap_or(1)
    }

    /// Accepted nearly all, and a few that wait.
    fn both(&mut self, cells: &mut Vec<Cell>, cell: &Cell) {
        for review in ["accepted", "pending"] {
            let mut cell = cell.clone();
            cell.3.insert("review", review.to_owned());
            let n = cell.4.cast_unsigned();
            cell.4 = if review == "accepted" {
                cell.4
            } else {
                self.dice.below(n / 20 + 2).cast_signed()
            };
            if cell.4 > 0 {
                cells.push(cell);
            }
        }
    }

    fn places(&mut self, cells: &mut Vec<Cell>) {
        for seat in sanu_schemas::commune_seats() {
            let text = |code: Option<String>| code.unwrap_or_default();
            let (region, commune) = (text(seat.region_2023_code()), text(seat.commune_code()));
            let place: Codes = [
                ("region_2012", text(seat.region_2012_code())),
                ("cercle_2012", text(seat.cercle_2012_code())),
                ("commune_2012", commune.clone()),
                ("region_2023", region.clone()),
                ("cercle_2023", text(seat.cercle_2023_code())),
                ("commune_2023", commune),
            ]
            .into();
            let zone = self.zone(&region);
            for sex in ["female", "male"] {
                for age in AGES {
                    let mut codes = place.clone();
                    codes.extend([("sex", sex.to_owned()), ("age_group", age.to_owned())]);
                    let n = 1 + self.dice.below(200).cast_signed();
                    self.both(cells, &(zone, "orpailleurs", "place", codes.clone(), n));
                    if age.starts_with("a1") || age.starts_with("a06") {
                        self.both(cells, &(zone, "enfants", "place", codes, n / 4 + 1));
                    }
                }
            }
        }
    }

    fn profiles(&mut self, cells: &mut Vec<Cell>) {
        let codes = |list: &[&str]| list.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let axes = [
            ("sex", codes(&["female", "male"])),
            ("nationality", codes(&["mali", "uemoa", "ecowas", "other", ""])),
            (
                "role_group",
                codes(&[
                    "extraction",
                    "processing",
                    "service",
                    "trade",
                    "management",
                    "authority",
                    "none",
                ]),
            ),
            ("coop_member", codes(&["yes", "no", ""])),
            ("protection", codes(&["covered", "not_covered", ""])),
        ];
        let mut all: Vec<Codes> = vec![Codes::new()];
        for (axis, codes) in axes {
            let longer = |of: &Codes| {
                let with = |code: &String| {
                    let mut of = of.clone();
                    of.insert(axis, code.clone());
                    of
                };
                codes.iter().map(with).collect::<Vec<_>>()
            };
            all = all.iter().flat_map(longer).collect();
        }
        let regions: BTreeMap<String, String> = sanu_schemas::commune_seats()
            .iter()
            .filter_map(|seat| Some((seat.region_2023_code()?, seat.region_2012_code()?)))
            .collect();
        for (region, old) in regions {
            for of in &all {
                let mut codes = of.clone();
                codes.extend([("region_2023", region.clone()), ("region_2012", old.clone())]);
                let n = self.dice.below(320).cast_signed();
                self.both(cells, &(self.zone(&region), "orpailleurs", "profile", codes, n));
            }
            for month in 0..24 {
                for sex in ["female", "male"] {
                    let name = format!("{}-{:02}", 2025 + month / 12, month % 12 + 1);
                    let codes: Codes = [
                        ("region_2023", region.clone()),
                        ("region_2012", old.clone()),
                        ("sex", sex.to_owned()),
                        ("month", name.clone()),
                    ]
                    .into();
                    self.both(cells, &(self.zone(&region), "orpailleurs", "month", codes, 2_100));
                    for form in ["orpailleur", "enfant", "site", "cooperative", "profil"] {
                        let codes = [("form", form.to_owned()), ("month", name.clone())].into();
                        self.both(cells, &(self.zone(&region), "fiches", "form", codes, 800));
                    }
                }
            }
        }
    }

    fn sites(&mut self, cells: &mut Vec<Cell>) {
        let (sites, cooperatives) = (self.sites.clone(), self.cooperatives.clone());
        for sex in ["female", "male"] {
            for (i, site) in sites.iter().enumerate() {
                let codes = |cooperative: &str| -> Codes {
                    [
                        ("site", site.clone()),
                        ("cooperative", cooperative.to_owned()),
                        ("sex", sex.to_owned()),
                    ]
                    .into()
                };
                if self.is_old {
                    for k in 0..20 {
                        let cooperative = &cooperatives[(i * 7 + k * 13) % cooperatives.len()];
                        self.both(cells, &(1, "orpailleurs", "site", codes(cooperative), 140));
                    }
                } else {
                    self.both(cells, &(1, "orpailleurs", "site", codes(""), 2_800));
                }
            }
            for cooperative in if self.is_old { &[][..] } else { &cooperatives[..] } {
                let codes = [("cooperative", cooperative.clone()), ("sex", sex.to_owned())].into();
                self.both(cells, &(1, "orpailleurs", "cooperative", codes, 1_600));
            }
        }
    }
}

async fn write(db: &mut SqliteConnection, sql: &str) {
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(db).await.expect(sql);
}

const AXES: [&str; 19] = [
    "region_2012",
    "cercle_2012",
    "commune_2012",
    "region_2023",
    "cercle_2023",
    "commune_2023",
    "district",
    "sex",
    "age_group",
    "status",
    "nationality",
    "role_group",
    "coop_member",
    "protection",
    "site",
    "cooperative",
    "month",
    "form",
    "review",
];

async fn insert(db: &mut SqliteConnection, table: &str, last: &str, cells: &[Cell], days: &[i64]) {
    let mut marks = String::new();
    for i in 0..AXES.len() {
        write!(marks, ", ?{}", i + 4).expect("text");
    }
    let sql = format!(
        "INSERT OR IGNORE INTO {table} (zone_id, dataset, cube, {}, n, {last}) VALUES (?1, ?2, ?3{marks}, ?{}, ?{})",
        AXES.join(", "),
        AXES.len() + 4,
        AXES.len() + 5
    );
    for (i, (zone, dataset, cube, codes, n)) in cells.iter().enumerate() {
        let mut query = sqlx::query(AssertSqlSafe(sql.clone())).bind(zone).bind(dataset).bind(cube);
        for axis in AXES {
            query = query.bind(codes.get(axis).map_or("", String::as_str));
        }
        let last = if days.is_empty() { *n } else { days[i] };
        query.bind(n).bind(last).execute(&mut *db).await.expect("a cell");
    }
}

/// A row of any table, with nothing in the columns that are not named.
async fn plain(db: &mut SqliteConnection, table: &str, rows: &str, named: &[(&str, &str)]) {
    let columns = sqlx::query(AssertSqlSafe(format!("PRAGMA table_info({table})")))
        .fetch_all(&mut *db)
        .await
        .expect("columns");
    let (mut listed, mut values) = (String::new(), String::new());
    for column in columns {
        let (name, kind): (String, String) = (column.get(1), column.get(2));
        let value = named.iter().find(|(n, _)| *n == name).map_or_else(
            || match (column.get::<i64, _>(3), kind.as_str()) {
                (0, _) => "NULL",
                (_, "TEXT") => "''",
                (_, "BLOB") => "x''",
                _ => "0",
            },
            |(_, value)| value,
        );
        let comma = if listed.is_empty() { "" } else { ", " };
        write!(listed, "{comma}{name}").expect("text");
        write!(values, "{comma}{value}").expect("text");
    }
    write(db, &format!("INSERT INTO {table} ({listed}) SELECT {values} FROM {rows}")).await;
}

/// The day that the register has come to.
const TODAY: i64 = 20_779;

/// A year of closed days: each touches some forty communes and what belongs to them.
async fn year(db: &mut SqliteConnection, census: &mut Census, cells: &[Cell]) {
    let (mut moved, mut days) = (Vec::new(), Vec::new());
    for day in TODAY - 365..TODAY {
        for _ in 0..2_300 {
            let at = usize::try_from(census.dice.below(cells.len() as u64)).expect("a place");
            moved.push((cells[at].0, cells[at].1, cells[at].2, cells[at].3.clone(), 2));
            days.push(day);
        }
    }
    insert(db, "count_day", "day", &moved, &days).await;
    for month in (1..=12).filter(|_| !census.is_old) {
        let columns = AXES.join(", ");
        let end = TODAY - 365 + month * 30;
        let sql = format!(
            "INSERT INTO count_month (zone_id, dataset, cube, {columns}, day, n) \
             SELECT zone_id, dataset, cube, {columns}, {end}, SUM(n) FROM count_day WHERE day <= {end} \
             GROUP BY zone_id, dataset, cube, {columns}"
        );
        write(db, &sql).await;
    }
    println!("{} rows of days", moved.len());
}

/// What cells are called by, and records that wait.
async fn names(db: &mut SqliteConnection) {
    for (of, dataset, n) in [("1", "sites", 350), ("2", "cooperatives", 600)] {
        let rows = format!(
            "(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n)",
            n - 1
        );
        let id = format!("CAST(unhex(printf('%016x%016x', {of}, i)) AS BLOB)");
        let dataset = format!("'{dataset}'");
        plain(
            db,
            "entity",
            &rows,
            &[
                ("zone_id", "1"),
                ("entity_id", &id),
                ("dataset", &dataset),
                ("label", "'Nom ' || i"),
                ("version", "1"),
                ("review", "'accepted'"),
                ("props", "'{}'"),
            ],
        )
        .await;
        plain(
            db,
            "entity_home",
            &rows,
            &[("zone_id", "1"), ("entity_id", &id), ("canonical_id", &id), ("dataset", &dataset)],
        )
        .await;
    }
    let rows = "(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 39999) SELECT i FROM n)";
    plain(
        db,
        "record",
        rows,
        &[
            ("zone_id", "1"),
            ("submission_id", "CAST(unhex(printf('%032x', i)) AS BLOB)"),
            ("dataset", "'orpailleurs'"),
            ("state", "'flagged'"),
            ("review", "'waiting'"),
            ("seq", "i + 1"),
            ("form_id", "'orpailleur'"),
        ],
    )
    .await;
}

async fn fill(file: &Path) -> i64 {
    let mut db = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(Duration::from_mins(1))
        .connect()
        .await
        .expect("the database opens");
    let db = &mut db;
    let zones =
        sqlx::query("SELECT code, zone_id FROM zone").fetch_all(&mut *db).await.expect("zones");
    let months = sqlx::query("SELECT name FROM sqlite_schema WHERE name = 'count_month'")
        .fetch_all(&mut *db)
        .await;
    let id = |i: usize, of: u128| uuid::Uuid::from_u128((of << 64) + i as u128).to_string();
    let mut census = Census {
        dice: Dice(7),
        zones: zones.iter().map(|z| (z.get(0), z.get(1))).collect(),
        is_old: months.expect("tables").is_empty(),
        sites: (0..350).map(|i| id(i, 1)).collect(),
        cooperatives: (0..600).map(|i| id(i, 2)).collect(),
    };
    let mut cells = Vec::new();
    census.places(&mut cells);
    census.profiles(&mut cells);
    census.sites(&mut cells);
    let people = cells.iter().filter(|c| (c.1, c.2) == ("orpailleurs", "place")).map(|c| c.4).sum();
    write(db, "BEGIN").await;
    write(db, "DELETE FROM count_cell").await;
    insert(db, "count_cell", "closed", &cells, &[]).await;
    year(db, &mut census, &cells).await;
    names(db).await;
    write(db, &format!("UPDATE apply_state SET turn = turn + 1, open_day = {TODAY}, day = {TODAY}, known_from = 0")).await;
    write(db, "INSERT OR IGNORE INTO dataset_head (zone_id, dataset, seq) VALUES (1, 'orpailleurs', 0), (1, 'enfants', 0), (1, 'sites', 0)").await;
    write(db, "UPDATE dataset_head SET seq = seq + 1000").await;
    write(db, "COMMIT").await;
    println!("{people} people, {} cells", cells.len());
    people
}

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
    std::thread::sleep(Duration::from_millis(1_500));
    measure(&server, "exact, while two phones send", &mut admin, &cross_tables(""), 1);
    println!(
        "<!-- the phones had {} -->",
        if phones.try_wait().ok().flatten().is_some() { "ended before" } else { "not ended" }
    );
    let _ended = phones.kill();
    let _waited = phones.wait();
}
