//! Requests made to break or to cost: refused with a problem document, soon.

use std::time::{Duration, Instant};

use super::{encoded, world};

/// What no answer of a small register may take, on a slow and busy machine.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn filters_made_to_cost_are_refused_soon() {
    let world = world();
    let deep = format!("{}TRUE{}", "(".repeat(10_000), ")".repeat(10_000));
    let deep_json =
        format!("{}true{}", r#"{"op":"not","args":["#.repeat(1_500), "]}".repeat(1_500));
    let many = vec!["name='a'"; 2_000].join(" OR ");
    let ring = vec!["0 0"; 6_000].join(",");
    let polygon = format!("S_INTERSECTS(geometry, POLYGON(({ring})))");
    for (filter, language) in [
        (&deep, "cql2-text"),
        (&deep_json, "cql2-json"),
        (&many, "cql2-text"),
        (&polygon, "cql2-text"),
    ] {
        let start = Instant::now();
        let path = format!(
            "/collections/sites/items?{}",
            encoded(&[("filter", filter), ("filter-lang", language)])
        );
        // Longer than any address may be: refused before it is read.
        let status = world.get(&path).status;
        assert!(matches!(status, 400 | 414 | 431), "{status}");
        assert!(start.elapsed() < SOON);
    }
    let bomb = format!("name LIKE '{}b'", "%a".repeat(2_000));
    let start = Instant::now();
    assert_eq!(world.found(&[("filter", &bomb)]), "");
    assert!(start.elapsed() < SOON);
}

#[test]
fn injections_through_every_parameter_are_only_text() {
    let world = world();
    let poisons = [
        "' OR '1'='1",
        "'; DROP TABLE entity; --",
        "\" onload=alert(1) x=\"",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "\0",
        "%s%n",
        "${jndi:ldap://x}",
        "\r\nX-Evil: 1",
        "\u{202e}",
        "{{7*7}}",
        "\\",
    ];
    let names = [
        "f",
        "limit",
        "bbox",
        "bbox-crs",
        "crs",
        "datetime",
        "filter",
        "filter-crs",
        "filter-lang",
        "sortby",
        "next",
        "status",
        "name",
        "workers_total",
        "last_visit",
    ];
    for poison in poisons {
        for name in names {
            for page in ["json", "html"] {
                let mut query = vec![(name, poison)];
                if name != "f" {
                    query.push(("f", page));
                }
                let answer = world.get(&format!("/collections/sites/items?{}", encoded(&query)));
                let text = answer.text();
                let harmless = matches!(name, "status" | "name");
                assert_eq!(
                    answer.status,
                    if harmless { 200 } else { 400 },
                    "{name}={poison:?}: {text}"
                );
                assert!(answer.header("x-evil").is_none());
                let is_page = answer.header("content-type").unwrap().starts_with("text/html");
                assert!(!is_page || !text.contains("<script>alert"), "{name}={poison:?}");
                assert!(text.len() < 60_000);
            }
        }
        let path = encoded(&[("x", poison)]);
        let id = path.trim_start_matches("x=");
        for at in [format!("/collections/{id}"), format!("/collections/sites/items/{id}")] {
            assert!(matches!(world.get(&at).status, 400 | 404), "{at}");
        }
    }
    assert_eq!(world.found(&[]), "12345678");
}

#[test]
fn a_host_that_is_no_host_leads_nowhere() {
    let world = world();
    for host in ["evil.example/x", "a\"b", "<b>", ""] {
        let answer = world.ask("supervisor", "/", &[("X-Forwarded-Host", "evil.example")]);
        assert!(!answer.text().contains("evil.example"));
        let request = format!(
            "GET /ogc/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
            world.token("supervisor", None)
        );
        let raw = crate::support::http::raw(&world.server.url, request.as_bytes()).unwrap();
        let text = String::from_utf8_lossy(&raw).into_owned();
        assert!(!text.contains("evil.example") && !text.contains("<b>"), "{host}: {text}");
    }
}
