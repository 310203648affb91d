//! Programs that researchers use, against the running server: OGR, `OWSLib`, `geopandas`, QGIS.
//!
//! What is not on the machine is said loudly and passed over, unless `SANU_REQUIRE_CLIENTS` is set.
//! `SANU_CLIENTS_PYTHON` is a Python that has `OWSLib`, `geopandas`, pyogrio, openpyxl and pyarrow.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::{World, world};

/// Says past the capture of the harness what ran and what did not.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Whether this client can be had: when its probe succeeds.
pub(crate) fn has(name: &str, probe: &mut Command) -> bool {
    if probe.output().is_ok_and(|o| o.status.success()) {
        say(&format!("sanu-tests: {name} ran"));
        return true;
    }
    let required = std::env::var_os("SANU_REQUIRE_CLIENTS").is_some();
    assert!(!required, "{name} is required and cannot be had");
    say(&format!(
        "sanu-tests: THE CLIENT {name} DID NOT RUN (see docs/adr/0011-ogc-api-features.md)"
    ));
    false
}

/// A Python that has the clients.
pub(crate) fn python() -> String {
    std::env::var("SANU_CLIENTS_PYTHON").unwrap_or_else(|_| String::from("python3"))
}

/// The login that clients use: Basic, as QGIS and OGR send it.
fn with_login(world: &World, command: &mut Command) -> Output {
    command
        .env("SANU_URL", format!("{}/ogc", world.server.url))
        .env("SANU_LOGIN", "admin")
        .env("SANU_PASSWORD", &world.server.admin)
        .env("GDAL_HTTP_AUTH", "BASIC")
        .env("GDAL_HTTP_USERPWD", format!("admin:{}", world.server.admin))
        .env("QT_QPA_PLATFORM", "offscreen")
        .output()
        .expect("the client starts")
}

fn script(world: &World, python: &str, name: &str) {
    let file = client(name);
    judge(name, &with_login(world, Command::new(python).arg(file)));
}

fn client(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/clients").join(name)
}

/// Runs one of the scripts in `tests/clients`, which must find all well.
pub(crate) fn run_script(command: &mut Command, name: &str) {
    judge(name, &command.arg(client(name)).output().expect("the client starts"));
}

fn judge(name: &str, out: &Output) {
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success() && said.contains("all is well"), "{name}: {said}\n{wrong}");
}

#[test]
fn ogr_reads_lists_filters_and_counts() {
    if !has("OGR", Command::new("ogrinfo").arg("--version")) {
        return;
    }
    let world = world();
    let source = format!("OAPIF:{}/ogc", world.server.url);
    let ogr = |args: &[&str]| {
        let out = with_login(&world, Command::new("ogrinfo").arg("-q").arg(&source).args(args));
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    let layers = ogr(&[]);
    for id in
        ["sites", "site-visits", "cooperatives", "zones", "miners-by-commune", "communes-2023"]
    {
        assert!(layers.contains(&format!(": {id} ")), "{layers}");
    }
    let count = |args: &[&str]| ogr(args).matches("OGRFeature(").count();
    assert_eq!(count(&["sites"]), 8);
    assert_eq!(count(&["communes-2012"]), 701, "all pages");
    assert_eq!(count(&["sites", "-where", "status = 'active'"]), 6);
    assert_eq!(count(&["sites", "-spat", "-8.1", "12.5", "-7.9", "12.7"]), 3);
    let first = ogr(&["sites", "-where", "name = 'Kéniéba 1'"]);
    assert!(first.contains("POINT (-11.4445 14.4469)"), "{first}");
    assert!(first.contains("workers_total (Integer)"), "{first}");
}

#[test]
fn owslib_reads_everything_that_it_knows_of() {
    let python = python();
    if has("OWSLib", Command::new(&python).args(["-c", "import owslib.ogcapi.features"])) {
        script(&world(), &python, "owslib_client.py");
    }
}

#[test]
fn geopandas_makes_a_frame_of_the_sites() {
    let python = python();
    if has("geopandas", Command::new(&python).args(["-c", "import geopandas, pyogrio"])) {
        script(&world(), &python, "geopandas_client.py");
    }
}

#[test]
fn qgis_opens_a_collection_as_a_layer() {
    if has("QGIS", Command::new("/usr/bin/python3").args(["-c", "import qgis.core"])) {
        script(&world(), "/usr/bin/python3", "qgis_client.py");
    }
}

#[test]
fn a_validator_finds_no_mistake_in_the_description() {
    let python = python();
    if has(
        "openapi-spec-validator",
        Command::new(&python).args(["-c", "import openapi_spec_validator"]),
    ) {
        script(&world(), &python, "openapi_client.py");
    }
}
