//! A throw-away PostgreSQL: `DATABASE_URL` when given, else a cluster made for this run.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

enum Source {
    /// A server the operator gave; databases are made in it.
    Url(String),
    /// Socket folder of our own cluster.
    Cluster(PathBuf),
}

static SOURCE: OnceLock<Result<Source, String>> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// The URL of a fresh, empty database; `None` when PostgreSQL cannot be had here.
pub(crate) fn database() -> Option<String> {
    match SOURCE.get_or_init(start) {
        Ok(source) => {
            let name =
                format!("sanu_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            Some(create(source, &name))
        }
        Err(reason) => {
            let required = std::env::var_os("SANU_REQUIRE_POSTGRES").is_some();
            assert!(!required, "PostgreSQL is required and cannot be had: {reason}");
            say(&format!("sanu-tests: THE POSTGRESQL HALF DID NOT RUN: {reason}"));
            None
        }
    }
}

/// Past the capture of the test harness.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn start() -> Result<Source, String> {
    if let Ok(url) = std::env::var("DATABASE_URL") {
        say("sanu-tests: postgres ran");
        return Ok(Source::Url(url));
    }
    let bin =
        binaries().ok_or("no initdb under /usr/lib/postgresql (install package postgresql)")?;
    let (tell, told) = mpsc::channel();
    // The thread lives as long as the tests: the server dies with its parent thread.
    std::thread::spawn(move || run(&bin, &tell));
    let cluster = told.recv().map_err(|_| "the cluster's thread ended".to_owned())??;
    say("sanu-tests: postgres ran");
    Ok(Source::Cluster(cluster))
}

fn binaries() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|e| e.path().join("bin"))
        .filter(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
        .collect();
    found.sort();
    found.pop()
}

/// As root, PostgreSQL refuses to run: its own user does it.
fn command(program: &Path) -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.trim_ascii() == b"0");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if root {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
    }
    command.arg(program).current_dir("/").env("LC_ALL", "C.UTF-8");
    command
}

fn run(bin: &Path, tell: &mpsc::Sender<Result<PathBuf, String>>) {
    let folder = tempfile::Builder::new().prefix("sanu-pg-").tempdir_in("/tmp");
    let Ok(folder) = folder else {
        let _ = tell.send(Err("no temporary folder".to_owned()));
        return;
    };
    let path = folder.path().to_owned();
    let made = prepare(bin, &path).and_then(|()| serve(bin, &path));
    match made {
        Ok(mut server) => {
            let _ = tell.send(Ok(path));
            let _ = server.wait();
        }
        Err(reason) => {
            let _ = tell.send(Err(reason));
        }
    }
}

fn prepare(bin: &Path, path: &Path) -> Result<(), String> {
    let _ = Command::new("chmod").arg("777").arg(path).status();
    let made = command(&bin.join("initdb"))
        .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-N", "-D"])
        .arg(path.join("data"))
        .output()
        .map_err(|e| format!("initdb: {e}"))?;
    if made.status.success() {
        Ok(())
    } else {
        Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)))
    }
}

fn serve(bin: &Path, path: &Path) -> Result<std::process::Child, String> {
    let server = command(&bin.join("postgres"))
        .arg("-D")
        .arg(path.join("data"))
        .arg("-k")
        .arg(path)
        // The tests kill our server, never this one: its own fsync would only cost time.
        .args([
            "-h",
            "",
            "-c",
            "fsync=off",
            "-c",
            "max_connections=300",
            "-c",
            "shared_buffers=64MB",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("postgres: {e}"))?;
    let until = Instant::now() + Duration::from_mins(1);
    while psql(path, "postgres", "SELECT 1").is_none_or(|o| o.trim() != "1") {
        if Instant::now() > until {
            return Err("the cluster did not answer within a minute".to_owned());
        }
        std::thread::yield_now();
    }
    Ok(server)
}

fn psql(socket: &Path, database: &str, sql: &str) -> Option<String> {
    let out = Command::new("psql")
        .args(["-X", "-A", "-t", "-q", "-U", "postgres", "-h"])
        .arg(socket)
        .args(["-d", database, "-c", sql])
        .output()
        .ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}

fn create(source: &Source, name: &str) -> String {
    let sql = format!("CREATE DATABASE {name}");
    match source {
        Source::Cluster(socket) => {
            psql(socket, "postgres", &sql).expect("a database can be made in our own cluster");
            format!("postgres://postgres@localhost/{name}?host={}", socket.display())
        }
        Source::Url(url) => {
            let out = Command::new("psql").args(["-X", "-q", url, "-c", &sql]).status();
            assert!(out.is_ok_and(|s| s.success()), "CREATE DATABASE on DATABASE_URL failed");
            let (base, query) = url.split_once('?').map_or((url.as_str(), ""), |(b, q)| (b, q));
            let (server, _) = base.rsplit_once('/').expect("DATABASE_URL names a database");
            if query.is_empty() {
                format!("{server}/{name}")
            } else {
                format!("{server}/{name}?{query}")
            }
        }
    }
}

/// Runs SQL in a database made by [`database`]; for tests that look behind the server.
pub(crate) fn query(url: &str, sql: &str) -> String {
    let out = Command::new("psql").args(["-X", "-A", "-t", "-q", url, "-c", sql]).output();
    let out = out.expect("psql is there when PostgreSQL is");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}
