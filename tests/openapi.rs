//! `/v1/openapi.json` says what the program does: every route is in it, and no request finds an answer that is not.

use std::{collections::BTreeSet, path::Path, process::Command};

use serde_json::{Value, json};

use crate::{
    ogc::clients::{has, python, run_script},
    support::{Server, http, places},
};

/// A path with its parameters unnamed: their names differ between code and document.
fn unnamed(path: &str) -> String {
    let mut rest = path;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        plain += before;
        plain += "{}";
        rest = after.split_once('}').expect("a parameter ends").1;
    }
    plain + rest
}

/// Every path that the sources route.
fn routed(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            routed(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let by_token = path.ends_with("openrosa/door.rs");
        for after in text.split(".route(").skip(1) {
            let Some(literal) = after.trim_start().strip_prefix('"') else { continue };
            let literal = literal.split('"').next().unwrap();
            found.insert(unnamed(literal));
            if by_token {
                found.insert(unnamed(&format!("/v1/key/{{t}}/projects/{{p}}{literal}")));
            }
        }
    }
}

fn described() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/openapi.json");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn every_route_is_described_and_everything_described_is_a_route() {
    let mut routes = BTreeSet::new();
    routed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut routes);
    // `/ogc` has a description of its own, and figures another listener; Central's paths are told apart below theirs.
    let elsewhere =
        |path: &String| path.starts_with("/ogc") || path == "/metrics" || path == "/v1/projects/{}";
    routes.retain(|path| !elsewhere(path));
    let document = described();
    let paths = document["paths"].as_object().unwrap().keys();
    // The router hands on the whole last segment.
    let mut paths: BTreeSet<String> =
        paths.map(|path| unnamed(path).replace("{}.mvt", "{}")).collect();
    paths.retain(|path| !path.starts_with("/v1/projects/"));

    assert!(routes.len() > 40, "{routes:?}");
    assert_eq!(
        routes.difference(&paths).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "not described"
    );
    assert_eq!(paths.difference(&routes).collect::<Vec<_>>(), Vec::<&String>::new(), "not routed");
}

#[test]
fn a_method_that_is_described_is_taken_and_another_is_not() {
    let server = Server::sqlite();
    let document = described();
    let authorization = format!("Bearer {}", token(&server, "data_manager"));
    let headers = [("Authorization", authorization.as_str())];
    for (path, methods) in document["paths"].as_object().unwrap() {
        if path.contains("/sessions/current") || path.starts_with("/v1/projects") {
            continue;
        }
        let url = format!("{}{}", server.url, unnamed(path).replace("{}", "1"));
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let is_described = methods.get(method.to_lowercase()).is_some();
            let status = http::request(method, &url, &headers, b"").status;
            assert_eq!(status != 405, is_described, "{method} {path}: {status}");
            assert!(status < 500, "{method} {path}: {status}");
        }
    }
}

fn token(server: &Server, role: &str) -> String {
    let password = server.account(&format!("f-{role}"), role, None);
    let body = json!({ "login": format!("f-{role}"), "password": password }).to_string();
    let answer =
        http::request("POST", &format!("{}/v1/sessions", server.url), &[], body.as_bytes());
    answer.json()["token"].as_str().unwrap().to_owned()
}

/// Requests for each role are made for so long; all four within a minute and a half.
const SECONDS: &str = "18";

#[test]
fn nothing_that_is_sent_finds_an_answer_that_is_not_described() {
    if !has("schemathesis", Command::new(python()).args(["-c", "import schemathesis"])) {
        return;
    }
    let server = Server::sqlite();
    let phone = server.phone("phone", None).token;
    let mut all = vec![places::site_at(1, 14.4469, -11.4445)];
    all.extend(places::miners_on(1, 71, 30));
    all.extend(places::children_on(1, 5, 4));
    places::register(&server, &phone, &all);
    // It guesses passwords, more or fewer as the machine is fast: the answer is the same from the start.
    let guess = json!({ "login": "admin", "password": "no" }).to_string();
    let kind = [("Content-Type", "application/json")];
    let guessed = |_| {
        http::request("POST", &format!("{}/v1/sessions", server.url), &kind, guess.as_bytes())
            .status
    };
    let answers: Vec<u16> = (0..11).map(guessed).collect();
    assert_eq!(answers.last(), Some(&503), "{answers:?}");
    for role in ["data_manager", "chamber", "enumerator", "public"] {
        let mut command = Command::new(python());
        command
            .env("SANU_URL", &server.url)
            .env("SANU_TOKEN", token(&server, role))
            .env("SANU_SECONDS", SECONDS);
        run_script(&mut command, "schemathesis_client.py");
    }
}
