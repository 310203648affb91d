//! `/ogc`: the checks of the standard one by one, who sees what, hostile requests, and real clients.

pub(crate) mod clients;
mod core;
mod crs;
mod exports;
mod filtering;
mod hostile;
mod tiers;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
};

use serde_json::{Value, json};

use crate::support::{
    Response, Server, http,
    places::{miners_on, register, site_at, with_answer},
    xml::census,
};

/// Latitude and longitude of the sites 1 to 8; 4, 5 and 6 share a square of a hundredth of a degree.
const SITES: [(f64, f64); 8] = [
    (14.4469, -11.4445),
    (13.0350, -9.4895),
    (11.3176, -5.6665),
    (12.6001, -8.0001),
    (12.6020, -8.0030),
    (12.5990, -7.9990),
    (12.3456, -8.7654),
    (13.9876, -11.1234),
];
/// The last one is registered in a zone of its own.
const IN_ZONE_B: usize = 1;

/// A server with a small register.
pub(crate) struct World {
    server: Server,
    tokens: Mutex<HashMap<String, String>>,
}

/// The register that tests which only read share while any of them runs.
fn world() -> Arc<World> {
    static SHARED: Mutex<Weak<World>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(world) = shared.upgrade() {
        return world;
    }
    let world = Arc::new(World::of(Server::sqlite()));
    *shared = Arc::downgrade(&world);
    world
}

impl World {
    fn of(server: Server) -> Self {
        let [a, b] = ["zone-a", "zone-b"].map(|zone| server.phone(zone, Some(zone)).token);
        let mut all: Vec<_> =
            (1..).zip(SITES).map(|(n, (lat, lon))| site_at(n, lat, lon)).collect();
        for (site, (n, status)) in all.iter_mut().zip((1..).zip([
            "active",
            "active",
            "active_reduced",
            "active",
            "abandoned",
            "active",
            "active",
            "active",
        ])) {
            site.xml = with_answer(&site.xml, "site_status", status);
            site.xml = with_answer(&site.xml, "label", &format!("Kéniéba {n}"));
        }
        let in_b = all.split_off(all.len() - IN_ZONE_B);
        all.extend(miners_on(1, 71, 14));
        all.extend(miners_on(2, 72, 3));
        all.extend(miners_on(3, 73, 12));
        all.extend(census(11, 900).into_iter().filter(|s| s.form_id == "cooperative").take(3));
        register(&server, &a, &all);
        register(&server, &b, &in_b);
        Self { server, tokens: Mutex::default() }
    }

    /// A bearer token of a role, in a zone or in the whole country.
    fn token(&self, role: &str, zone: Option<&str>) -> String {
        let login = format!("{role}-{}", zone.unwrap_or("all"));
        let mut tokens = self.tokens.lock().unwrap();
        if let Some(token) = tokens.get(&login) {
            return token.clone();
        }
        let password = self.server.account(&login, role, zone);
        let body = json!({ "login": login, "password": password }).to_string();
        let opened = format!("{}/v1/sessions", self.server.url);
        let answer = http::request("POST", &opened, &[], body.as_bytes());
        let token = answer.json()["token"].as_str().expect("a token").to_owned();
        tokens.insert(login, token.clone());
        token
    }

    /// GET below `/ogc` as a role, with more headers.
    fn ask(&self, role: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let bearer = format!("Bearer {}", self.token(role, None));
        let mut all = vec![("Authorization", bearer.as_str())];
        all.extend(headers);
        http::request("GET", &format!("{}/ogc{path}", self.server.url), &all, b"")
    }

    /// GET below `/ogc` as a supervisor of the whole country.
    fn get(&self, path: &str) -> Response {
        self.ask("supervisor", path, &[])
    }

    /// The JSON of a good answer.
    #[track_caller]
    fn json(&self, path: &str) -> Value {
        self.json_as("supervisor", path)
    }

    /// The JSON of a good answer to a role.
    #[track_caller]
    fn json_as(&self, role: &str, path: &str) -> Value {
        let answer = self.ask(role, path, &[]);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// The numbers at the end of the names of the sites that are found, as digits.
    #[track_caller]
    fn found(&self, query: &[(&str, &str)]) -> String {
        let path = format!("/collections/sites/items?{}", encoded(query));
        let mut numbers: Vec<char> = self.json(&path)["features"]
            .as_array()
            .expect("features")
            .iter()
            .filter_map(|f| f["properties"]["name"].as_str()?.chars().last())
            .collect();
        numbers.sort_unstable();
        numbers.into_iter().collect()
    }

    /// The detail of a refusal for bad parameters.
    #[track_caller]
    fn refused(&self, path: &str) -> String {
        let answer = self.get(path);
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
        answer.json()["detail"].as_str().expect("a detail").to_owned()
    }
}

/// A query string of these parameters.
fn encoded(query: &[(&str, &str)]) -> String {
    let one = |text: &str| {
        text.bytes()
            .map(|b| match b {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                    char::from(b).to_string()
                }
                _ => format!("%{b:02X}"),
            })
            .collect::<String>()
    };
    query.iter().map(|(n, v)| format!("{}={}", one(n), one(v))).collect::<Vec<_>>().join("&")
}

/// The link of this relation and type.
fn link<'j>(document: &'j Value, rel: &str, media: &str) -> Option<&'j str> {
    let links = document["links"].as_array()?;
    let wanted =
        |l: &&Value| l["rel"] == rel && l["type"].as_str().is_some_and(|t| t.starts_with(media));
    links.iter().find(wanted)?["href"].as_str()
}

/// Path and query below `/ogc` of a link.
fn below<'j>(world: &World, href: &'j str) -> &'j str {
    let rest = href.strip_prefix(world.server.url.as_str()).expect("a link to this server");
    rest.strip_prefix("/ogc").expect("a link below /ogc")
}
