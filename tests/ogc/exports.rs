//! Downloads: who gets what, parts of files, and every format read by the program that reads it.

use std::path::Path;

use serde_json::json;

use super::{
    World,
    clients::{has, python},
    world,
};
use crate::support::{Response, Server, http};

const FORMATS: [&str; 9] =
    ["csv", "excel.csv", "xlsx", "geojson", "geojsonseq", "gpkg", "fgb", "parquet", "kml"];

impl World {
    fn export(&self, role: &str, file: &str, headers: &[(&str, &str)]) -> Response {
        let bearer = format!("Bearer {}", self.token(role, None));
        let mut all = vec![("Authorization", bearer.as_str())];
        all.extend(headers);
        http::request("GET", &format!("{}/v1/exports/{file}", self.server.url), &all, b"")
    }
}

fn read(folder: &Path, name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/clients/exports_client.py");
    let out = std::process::Command::new(python())
        .arg(file)
        .arg(folder)
        .arg(name)
        .output()
        .expect("the client starts");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success() && said.contains("all is well"), "{name}: {said}\n{wrong}");
}

fn has_readers() -> bool {
    let imports = "import geopandas, pyogrio, openpyxl, pandas, pyarrow";
    has("exports", std::process::Command::new(python()).args(["-c", imports]))
}

#[test]
fn every_format_holds_the_same_sites() {
    if !has_readers() {
        return;
    }
    let world = world();
    for (role, name) in [("supervisor", "sites"), ("public", "sites"), ("chamber", "cooperatives")]
    {
        let folder = tempfile::tempdir().unwrap();
        let beside: &[&str] =
            if name == "sites" { &["csv-metadata.json", "codebook.csv"] } else { &[] };
        for suffix in FORMATS.iter().chain(beside) {
            let answer = world.export(role, &format!("{name}.{suffix}"), &[]);
            assert_eq!(answer.status, 200, "{suffix}: {}", answer.text());
            std::fs::write(folder.path().join(format!("{name}.{suffix}")), answer.body).unwrap();
        }
        read(folder.path(), name);
    }
}

/// An area of more vertices than a page of a database holds.
fn round(lon: f64, lat: f64) -> serde_json::Value {
    let points: Vec<_> = (0..=4_000)
        .map(|i| f64::from(i % 4_000) * std::f64::consts::TAU / 4_000.0)
        .map(|a| [lon + 0.1 * a.cos(), lat + 0.1 * a.sin()])
        .collect();
    json!({ "type": "Polygon", "coordinates": [points] })
}

#[test]
fn areas_are_written_to_every_format_by_the_command_line() {
    if !has_readers() {
        return;
    }
    let server = Server::sqlite();
    let folder = tempfile::tempdir().unwrap();
    let features: Vec<_> = [("Sadiola", 13.9), ("Bangassi", 13.2)]
        .into_iter()
        .zip(1..)
        .map(|((name, lat), n)| {
            json!({ "type": "Feature", "geometry": round(-11.4, lat), "properties": {
                "adm0_name": "Mali", "adm1_name": "Kayes", "adm1_pcode": "ML01",
                "adm2_name": "Kayes", "adm2_pcode": "ML0101", "adm3_name": name,
                "adm3_pcode": format!("ML01010{n}"), "valid_on": "2015-04-08" } })
        })
        .collect();
    let limits = folder.path().join("limits.json");
    let all = json!({ "type": "FeatureCollection", "features": features });
    std::fs::write(&limits, all.to_string()).unwrap();
    let imported = server.cli(&["geography", "import", limits.to_str().unwrap()]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    for suffix in FORMATS {
        let file = folder.path().join(format!("communes-2012.{suffix}"));
        let out = file.to_str().unwrap();
        let answer =
            server.cli_json(&["export", "communes-2012", "--format", suffix, "--out", out]);
        assert_eq!(answer["rows"], 2);
        let bytes = std::fs::read(&file).unwrap();
        assert_eq!(answer["bytes"], bytes.len());
        assert_eq!(answer["sha256"], hex(&bytes), "{suffix}");
    }
    read(folder.path(), "communes-2012");
    let noted =
        server.sql("SELECT count(*) FROM audit WHERE action = 'download' AND actor = 'console'");
    assert_eq!(noted.trim(), FORMATS.len().to_string());
}

fn hex(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}

#[test]
fn a_broken_off_download_goes_on_where_it_stopped() {
    let world = world();
    let whole = world.export("supervisor", "sites.gpkg", &[("Accept-Encoding", "gzip")]);
    assert_eq!(whole.header("content-encoding"), None);
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let etag = whole.header("etag").expect("a tag").to_owned();
    let half = whole.body.len() / 2;
    let rest = [("Range", format!("bytes={half}-")), ("If-Range", etag.clone())];
    let rest: Vec<_> = rest.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let part = world.export("supervisor", "sites.gpkg", &rest);
    assert_eq!(part.status, 206);
    let size = whole.body.len();
    let range = format!("bytes {half}-{}/{size}", size - 1);
    assert_eq!(part.header("content-range"), Some(range.as_str()));
    assert_eq!(part.body, whole.body[half..]);
    let known = world.export("supervisor", "sites.gpkg", &[("If-None-Match", &etag)]);
    assert_eq!((known.status, known.body.len()), (304, 0));
    let beyond = world.export("supervisor", "sites.gpkg", &[("Range", "bytes=999999999-")]);
    assert_eq!(beyond.status, 416);
    let other =
        world.export("supervisor", "sites.gpkg", &[("Range", "bytes=5-"), ("If-Range", "\"x\"")]);
    assert_eq!((other.status, other.body.len()), (200, size));
}

#[test]
fn a_download_holds_what_its_reader_may_see_and_no_more() {
    let world = world();
    for (role, gold, workers) in [
        ("supervisor", true, true),
        ("chamber", false, true),
        ("researcher", false, false),
        ("public", false, false),
    ] {
        for suffix in ["csv", "geojson", "codebook.csv", "csv-metadata.json", "do", "sps"] {
            let text = world.export(role, &format!("sites.{suffix}"), &[]).text();
            assert!(text.contains("school_km"), "{role} {suffix}");
            assert_eq!(text.contains("gold_price"), gold, "{role} {suffix}");
            assert_eq!(text.contains("workers_total"), workers, "{role} {suffix}");
        }
    }
    let items = world.json_as("public", "/collections/sites/items?limit=100");
    let file = world.export("public", "sites.geojson", &[]).json();
    let shown = |list: &serde_json::Value| -> Vec<String> {
        let all = list["features"].as_array().unwrap();
        all.iter().map(|f| format!("{}{}", f["geometry"], f["properties"])).collect()
    };
    assert_eq!(shown(&items), shown(&file), "one mask in every format");
    for (role, file) in [
        ("public", "site-visits.csv"),
        ("cooperative", "zones.gpkg"),
        ("supervisor", "people.csv"),
        ("supervisor", "sites.exe"),
        ("supervisor", "sites"),
    ] {
        assert_eq!(world.export(role, file, &[]).status, 404, "{role} {file}");
    }
    let readme = world.export("researcher", "sites.README.txt", &[]).text();
    let csv = world.export("researcher", "sites.csv", &[]);
    assert!(readme.contains(&hex(&csv.body)) && readme.contains("Lignes : 8"), "{readme}");
    let noted = world.server.sql("SELECT count(*) FROM audit WHERE subject = 'exports/sites.csv'");
    assert!(noted.trim().parse::<u32>().unwrap() >= 4, "{noted}");
}

#[test]
fn tiles_cluster_sites_from_far_and_show_each_from_near() {
    let world = world();
    let tile = |role: &str, path: &str| {
        let bearer = format!("Bearer {}", world.token(role, None));
        let url = format!("{}/v1/tiles/{path}", world.server.url);
        http::request("GET", &url, &[("Authorization", &bearer)], b"")
    };
    for bad in ["sites/0/1/0.mvt", "sites/30/0/0.mvt", "sites/0/0/0.png", "people/0/0/0.mvt"] {
        assert_eq!(tile("supervisor", bad).status, 404, "{bad}");
    }
    // Sites 4, 5 and 6 lie near 12.6 N, 8 W.
    let near = tile("supervisor", "sites/9/244/237.mvt");
    assert_eq!(near.header("content-type"), Some("application/vnd.mapbox-vector-tile"));
    let has = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|w| w == word.as_bytes());
    for name in ["Kéniéba 4", "Kéniéba 5", "Kéniéba 6"] {
        assert!(has(&near.body, name), "{name}");
    }
    let far = tile("supervisor", "sites/5/15/14.mvt");
    assert!(has(&far.body, "count") && !has(&far.body, "Kéniéba 4"));
    // The public sees names where three share a square, and of no other site.
    let public = tile("public", "sites/9/244/237.mvt");
    assert!(has(&public.body, "Kéniéba 4"));
    let alone = tile("public", "sites/5/14/14.mvt");
    assert!(!alone.body.is_empty() && !has(&alone.body, "Kéniéba"));
    if !has_readers() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, count) in [("near", &near.body, 3), ("far", &far.body, 0)] {
        let file = folder.path().join(format!("{name}.mvt"));
        std::fs::write(&file, bytes).unwrap();
        let out = std::process::Command::new("ogrinfo").args(["-q", "-al"]).arg(&file).output();
        let said = String::from_utf8_lossy(&out.unwrap().stdout).into_owned();
        let found = said.matches("OGRFeature(sites)").count();
        assert!(if count > 0 { found == count } else { found > 0 }, "{said}");
    }
}
