//! A real `sanu serve` process over a data folder of its own.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{Response, http, postgres};

/// A running server; killed when dropped.
pub(crate) struct Server {
    process: Option<Child>,
    folder: tempfile::TempDir,
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    /// The admin's password, printed at the first start.
    pub(crate) admin: String,
    /// The PostgreSQL URL, when that is the database.
    pub(crate) database_url: Option<String>,
    /// Where figures are, with `--metrics`.
    pub(crate) metrics: String,
    /// What the server logs: `SANU_LOG`.
    level: &'static str,
    /// Collects what the server says on stderr.
    reader: Option<std::thread::JoinHandle<String>>,
}

/// A phone known to a server.
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    /// `BASE/v1/key/TOKEN/projects/1`
    pub(crate) url: String,
    /// The token alone.
    pub(crate) token: String,
}

impl Server {
    /// On the embedded database.
    pub(crate) fn sqlite() -> Self {
        Self::with(None, &[], "warn")
    }

    /// On the embedded database, logging everything: see [`Server::stop_and_log`].
    pub(crate) fn sqlite_logging() -> Self {
        Self::with(None, &[], "debug")
    }

    /// On PostgreSQL, when it can be had.
    pub(crate) fn postgres() -> Option<Self> {
        postgres::database().map(|url| Self::with(Some(url), &[], "warn"))
    }

    /// On the embedded database, with more arguments for `serve`.
    pub(crate) fn sqlite_with(args: &[&str]) -> Self {
        Self::with(None, args, "warn")
    }

    fn with(database_url: Option<String>, args: &[&str], level: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut server = Self {
            process: None,
            folder,
            url: String::new(),
            metrics: String::new(),
            admin: String::new(),
            database_url,
            level,
            reader: None,
        };
        server.start_with(args);
        server
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sanu"));
        command.arg("--data").arg(self.data());
        if let Some(url) = &self.database_url {
            command.arg("--database-url").arg(url);
        }
        command.env_remove("SANU_DATA").env_remove("SANU_DATABASE_URL").env("SANU_LOG", self.level);
        command
    }

    /// Starts (again) on a free port.
    pub(crate) fn start(&mut self) {
        self.start_with(&[]);
    }

    /// Starts with more arguments for `serve`.
    pub(crate) fn start_with(&mut self, args: &[&str]) {
        let listen: &[&str] =
            if args.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
        let mut process = self
            .command()
            .arg("serve")
            .args(listen)
            // Most tests look at what they just sent.
            .args(if args.contains(&"--public-delay") { &[][..] } else { &["--public-delay", "0"] })
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let stderr = process.stderr.take().expect("stderr is piped");
        let (tell, told) = mpsc::channel();
        self.reader = Some(std::thread::spawn(move || {
            let mut said = String::new();
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                said.push_str(&line);
                said.push('\n');
                if tell.send(line).is_err() {
                    // Nobody listens any more; keep draining so that the server never blocks.
                }
            }
            said
        }));
        self.process = Some(process);
        let mut seen = Vec::new();
        loop {
            let line = told.recv_timeout(Duration::from_mins(1)).unwrap_or_else(|_| {
                panic!("the server did not say where it listens:\n{}", seen.join("\n"))
            });
            if let Some(rest) = line.trim().strip_prefix("Mot de passe") {
                self.admin = rest.split_whitespace().next().unwrap_or_default().to_owned();
            }
            if let Some(rest) = line.strip_prefix("metrics on ") {
                rest.clone_into(&mut self.metrics);
            }
            if let Some(rest) = line.strip_prefix("sanu listens on ") {
                let address = rest.split(' ').next().unwrap_or_default();
                self.url = format!("http://{address}");
                return;
            }
            seen.push(line);
        }
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// SIGTERM, and waits until it has ended.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = Command::new("kill").arg(process.id().to_string()).status();
            let _ = process.wait();
        }
    }

    /// Stops, and gives all that was written to stderr since the start.
    pub(crate) fn stop_and_log(&mut self) -> String {
        self.stop();
        let reader = self.reader.take().expect("the server was started");
        reader.join().expect("the reader only reads")
    }

    /// The process id, for /proc.
    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().expect("the server runs").id()
    }

    /// Runs the command line over the same data.
    pub(crate) fn cli(&self, args: &[&str]) -> Output {
        self.command().args(args).stdin(Stdio::null()).output().expect("the program runs")
    }

    /// Starts the command line over the same data and does not wait for it.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.command();
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the program runs")
    }

    /// Runs the command line and reads its JSON answer; panics when it fails.
    pub(crate) fn cli_json(&self, args: &[&str]) -> Value {
        let mut all = args.to_vec();
        all.push("--json");
        let out = self.cli(&all);
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).expect("one JSON object on stdout")
    }

    /// Adds a phone, in a zone or in the whole country.
    pub(crate) fn phone(&self, name: &str, zone: Option<&str>) -> Phone {
        let mut args = vec!["device", "add", name];
        if let Some(zone) = zone {
            args.extend(["--zone", zone]);
        }
        let token = self.cli_json(&args)["token"].as_str().expect("a token").to_owned();
        Phone { url: format!("{}/v1/key/{token}/projects/1", self.url), token }
    }

    /// The same phone after the server started again on another port.
    pub(crate) fn moved(&self, phone: &Phone) -> Phone {
        Phone {
            url: format!("{}/v1/key/{}/projects/1", self.url, phone.token),
            token: phone.token.clone(),
        }
    }

    /// Adds an account and gives its password.
    pub(crate) fn account(&self, login: &str, role: &str, zone: Option<&str>) -> String {
        let mut args = vec!["account", "add", login, "--role", role];
        if let Some(zone) = zone {
            args.extend(["--zone", zone]);
        }
        self.cli_json(&args)["password"].as_str().expect("a password").to_owned()
    }

    /// GET of the API as somebody (Basic over loopback).
    pub(crate) fn get(&self, path: &str, login: &str, password: &str) -> Response {
        let basic = basic(login, password);
        http::request("GET", &format!("{}{path}", self.url), &[("Authorization", &basic)], b"")
    }

    /// GET of the API as the admin.
    pub(crate) fn get_admin(&self, path: &str) -> Response {
        self.get(path, "admin", &self.admin)
    }

    /// GET with a bearer token.
    pub(crate) fn get_bearer(&self, path: &str, token: &str) -> Response {
        let bearer = format!("Bearer {token}");
        http::request("GET", &format!("{}{path}", self.url), &[("Authorization", &bearer)], b"")
    }

    /// The total of a count, as the admin sees it.
    pub(crate) fn count(&self, of: &str) -> i64 {
        let response = self.get_admin(&format!("/v1/counts?of={of}"));
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()["total"].as_i64().unwrap_or_else(|| panic!("{}", response.text()))
    }

    /// The total of a count, as somebody else sees it.
    pub(crate) fn count_as(&self, of: &str, authorization: &str) -> i64 {
        let url = format!("{}/v1/counts?of={of}", self.url);
        let response = http::request("GET", &url, &[("Authorization", authorization)], b"");
        response.json()["total"].as_i64().unwrap_or_else(|| panic!("{}", response.text()))
    }

    /// Waits until everything in the journal is applied.
    pub(crate) fn settled(&self) {
        let until = Instant::now() + Duration::from_mins(2);
        loop {
            // Not `sanu check`: it reads the whole journal each time.
            let waiting = self.sql(
                "SELECT (SELECT seq FROM journal_head) - (SELECT seq FROM apply_state) \
                 + (SELECT COUNT(*) FROM setting WHERE name = 'ask_again') FROM server_info",
            );
            if waiting == "0" {
                return;
            }
            assert!(Instant::now() < until, "apply did not catch up: {waiting:?}");
        }
    }

    /// Waits until a query answers this: for what the server does by itself.
    pub(crate) fn eventually(&self, sql: &str, expected: &str) {
        let until = Instant::now() + Duration::from_mins(1);
        while self.sql(sql) != expected {
            assert!(Instant::now() < until, "{sql} is still not {expected}: {}", self.sql(sql));
            std::thread::yield_now();
        }
    }

    /// One value from the database behind the server.
    pub(crate) fn sql(&self, sql: &str) -> String {
        match &self.database_url {
            Some(url) => postgres::query(url, sql),
            None => sqlite(&self.data().join("sanu.db"), sql),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The value of an `Authorization` header.
pub(crate) fn basic(login: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{login}:{password}")))
}

/// Looks into the file while the server runs; a reader of its own.
fn sqlite(file: &Path, sql: &str) -> String {
    let threads =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    threads.block_on(async {
        use sqlx::{Column as _, ConnectOptions as _, Row as _, TypeInfo as _, ValueRef as _};
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(file)
            .busy_timeout(Duration::from_secs(20));
        let mut connection = options.connect().await.expect("the database opens");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_all(&mut connection)
            .await
            .expect("the SQL runs");
        let mut lines = Vec::new();
        for row in rows {
            let mut cells = Vec::new();
            for column in row.columns() {
                let i = column.ordinal();
                let raw = row.try_get_raw(i).expect("the column is there");
                let kind = raw.type_info().name().to_owned();
                cells.push(match kind.as_str() {
                    "INTEGER" => row.get::<i64, _>(i).to_string(),
                    "REAL" => row.get::<f64, _>(i).to_string(),
                    "BLOB" => hex::encode(row.get::<Vec<u8>, _>(i)),
                    "NULL" => String::new(),
                    _ => row.get::<String, _>(i),
                });
            }
            lines.push(cells.join("|"));
        }
        lines.join("\n")
    })
}
