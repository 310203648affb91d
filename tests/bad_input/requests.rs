//! Request lines, headers and parameters that mean harm.

use crate::support::{
    Server,
    http::{parse, raw, request},
    server::basic,
    xml::{between, site, site_id, submit},
};

/// The answer to a request written by hand.
fn asked(server: &Server, request: &str) -> (u16, String) {
    let answer = raw(&server.url, request.as_bytes()).unwrap_or_default();
    let response = parse(&answer, false).unwrap_or_else(|e| panic!("{e}: {request:.200}"));
    (response.status, response.text())
}

#[test]
fn nothing_but_the_routes_can_be_fetched() {
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);
    let key = phone.url.strip_prefix(&server.url).unwrap();

    for path in [
        "/.git/config",
        "/sanu-data/sanu.db",
        "/data/sanu.db",
        "/keys/master.key",
        "/v1/key/x/projects/1/../../..",
        "/../../../../etc/passwd",
        "//etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%5c..%5cetc%5cpasswd",
        "/office.js/../../Cargo.toml",
        "/v1/blobs/../../keys/master",
        "/v1/sync/push/",
        "/v1",
        "/admin",
        "/\u{1f600}",
        "/%00",
        "/%ff%fe",
        &format!("{key}/forms/site/media/..%2f..%2fkeys%2fmaster"),
        &format!("{key}/forms/..%2f..%2fsanu.db"),
        &format!("{key}/forms/site/lists/..%2fsites.csv"),
        &format!("{key}/../../../../healthz"),
        &format!("{key}/forms/%00.xml"),
        &format!("{key}/forms/site/media/%00"),
    ] {
        let (status, text) =
            asked(&server, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        let is_wrong_token = path.starts_with("/v1/key/x/");
        assert!(
            status == 404 || status == 400 || is_wrong_token && status == 403,
            "{path}: {status} {text}"
        );
        assert!(!text.contains("root:") && !text.contains("SQLite"), "{path}: {text}");
    }
}

#[test]
fn a_long_request_line_is_answered_or_refused_and_never_hangs() {
    let server = Server::sqlite();
    let get = |bytes: usize| {
        let query = "x".repeat(bytes);
        asked(
            &server,
            &format!("GET /healthz?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        )
        .0
    };

    assert_eq!(get(64_000), 200);
    for bytes in [66_000, 100_000, 300_000, 3_000_000] {
        assert!(matches!(get(bytes), 414 | 431), "{bytes}");
    }
    let header =
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(1_000_000));
    assert_eq!(asked(&server, &header).0, 431);
    let headers = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(5_000));
    assert_eq!(asked(&server, &headers).0, 431);
    for nonsense in
        ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}\r\n\r\n"]
    {
        assert_eq!(asked(&server, nonsense).0, 400, "{nonsense:?}");
    }
    assert_eq!(get(1), 200);
}

#[test]
fn a_host_header_cannot_write_into_the_form_list() {
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);
    let path = phone.url.strip_prefix(&server.url).unwrap();

    for host in [
        "evil\"><script>alert(1)</script>",
        "evil</downloadUrl><x>",
        "a&b",
        "evil/path",
        "user:word@evil",
        "evil#x",
        "evil?x=",
        "evil x",
        "évil",
        "",
        "javascript:alert(1)",
    ] {
        let head = format!(
            "GET {path}/formList HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: evil\r\nConnection: close\r\n\r\n"
        );
        let (status, text) = asked(&server, &head);
        if status == 400 {
            continue;
        }
        assert_eq!(status, 200, "{host}: {text}");
        let link = between(&text, "<downloadUrl>", "</downloadUrl>").expect("forms are listed");
        assert!(link.starts_with("http://127.0.0.1"), "{host:?}: {link}");
        assert!(!text.contains("script") && !text.contains("evil"), "{host:?}: {link}");
    }
}

on_both! {
    fn characters_that_a_database_cannot_hold_are_no_fault_of_the_server(server) {
        let phone = server.phone("agent-1", None);
        assert_eq!(submit(&phone.url, &site(1).xml).status, 201);
        let url = &server.url;
        let nul = basic("ad\0min", "x\0y");
        let bearer = format!("Bearer {}", phone.token);
        let long = basic(&"x".repeat(40_000), "y");

        for (headers, path) in [
            (("Authorization", nul.as_str()), "/v1/counts?of=orpailleurs"),
            (("Authorization", &long), "/v1/counts?of=orpailleurs"),
            (("Authorization", "Basic !!!"), "/v1/counts?of=orpailleurs"),
            (("Authorization", "Digest username=\"a\\0b\", response=\"\""), "/formList"),
            (("Cookie", "sanu_session=%00; sanu_session="), "/v1/counts?of=orpailleurs"),
        ] {
            let response = request("GET", &format!("{url}{path}"), &[headers], b"");
            assert_eq!(response.status, 401, "{headers:.80?}: {}", response.text());
        }
        for path in [
            "/v1/sync/pull?datasets=%00",
            "/v1/sync/pull?datasets=%F0%28%8C%28",
            "/v1/sync/pull?cursor=%00",
            "/v1/sync/pull?limit=99999999999999999999",
            "/v1/counts?of=%00",
            "/v1/sites.geojson?bbox=%00",
            "/v1/sites.geojson?bbox=nan,nan,inf,-inf",
            "/v1/blobs/%00",
            "/v1/reviews/submissions?form=a%00b",
            "/v1/reviews/submissions?reason=%00",
            "/v1/reviews/submissions/uuid%3A%00",
        ] {
            let response = request("GET", &format!("{url}{path}"), &[("Authorization", &bearer)], b"");
            assert!(response.status < 500, "{path}: {} {}", response.status, response.text());
        }
        for path in [
            format!("forms/site/integrity/%00?id={}", site_id(1)),
            format!("forms/site/integrity/sites?id={}%00", site_id(1)),
            String::from("forms/site.xml?version=%00"),
        ] {
            let response = request("GET", &format!("{}/{path}", phone.url), &[], b"");
            assert!(response.status < 500, "{path}: {} {}", response.status, response.text());
        }
        for body in ["{\"login\": \"ad\\u0000min\", \"password\": \"x\"}", "[", "{\"login\": 1}"] {
            let response = request("POST", &format!("{url}/v1/sessions"), &[], body.as_bytes());
            assert!(matches!(response.status, 400 | 401), "{body}: {}", response.text());
        }
        let response = request("GET", &format!("{url}/v1/key/%00/projects/1/formList"), &[], b"");
        assert_eq!(response.status, 403);
    }
}
