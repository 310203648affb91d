//! Who may see what: logins, roles, scope, disclosure control, and a log that gives nobody away.

use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use crate::support::{
    Response, Server, http,
    native::with_token,
    places::{children_on, miners_on, register, site_at, with_answer},
    server::basic,
    xml::{census, multipart, site, submit},
};

const ROLES: [&str; 9] = [
    "admin",
    "data_manager",
    "supervisor",
    "enumerator",
    "researcher",
    "chamber",
    "cooperative",
    "protection",
    "public",
];

fn login(server: &Server, login: &str, password: &str) -> Response {
    let body = json!({ "login": login, "password": password }).to_string();
    http::request("POST", &format!("{}/v1/sessions", server.url), &[], body.as_bytes())
}

/// A bearer token of a fresh account of this role.
fn session(server: &Server, role: &str, zone: Option<&str>) -> String {
    let name = format!("{role}-{}", zone.unwrap_or("all"));
    let password = server.account(&name, role, zone);
    let answer = login(server, &name, &password);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["token"].as_str().unwrap().to_owned()
}

fn counted(server: &Server, token: &str, query: &str) -> Value {
    let answer = server.get_bearer(&format!("/v1/counts?{query}"), token);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// What a table shows of each place: a number, or null where it is suppressed.
fn cells(table: &Value, dimension: &str) -> Value {
    let cell = |c: &Value| (c[dimension].as_str().unwrap().to_owned(), c["n"].clone());
    table["cells"].as_array().unwrap().iter().map(cell).collect::<serde_json::Map<_, _>>().into()
}

fn md5_hex(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

/// The answer of a phone to a Digest challenge.
fn digest(account: (&str, &str), nonce: &str, method: &str, uri: &str) -> String {
    let ha1 = sanu::access::ha1(account.0, account.1);
    let ha2 = md5_hex(&format!("{method}:{uri}"));
    let response = md5_hex(&format!("{ha1}:{nonce}:00000001:c0ffee:auth:{ha2}"));
    format!(
        "Digest username=\"{}\", realm=\"Sanu\", nonce=\"{nonce}\", uri=\"{uri}\", qop=auth, \
         nc=00000001, cnonce=\"c0ffee\", response=\"{response}\", algorithm=MD5",
        account.0
    )
}

fn nonce(challenge: &str) -> String {
    crate::support::xml::between(challenge, "nonce=\"", "\"").expect("a nonce").to_owned()
}

/// Kayes town, Kita town, Sikasso town: three regions since the reform.
const PLACES: [(f64, f64); 3] = [(14.4469, -11.4445), (13.0350, -9.4895), (11.3176, -5.6665)];

fn three_sites() -> Vec<sanu::simulate::Submission> {
    (1..).zip(PLACES).map(|(n, (lat, lon))| site_at(n, lat, lon)).collect()
}

on_both! {
    fn a_session_lasts_until_its_logout_and_a_guesser_learns_nothing(server) {
        let password = server.account("awa", "supervisor", None);
        let ask = |token: &str| server.get_bearer("/v1/counts?of=sites", token).status;

        let opened = login(&server, "awa", &password);
        let token = opened.json()["token"].as_str().unwrap().to_owned();
        let cookie = opened.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let by_cookie = |method: &str, path: &str| {
            http::request(method, &format!("{}{path}", server.url), &[("Cookie", &cookie)], b"").status
        };
        assert!(opened.header("set-cookie").unwrap().contains("HttpOnly; SameSite=Strict"));
        assert_eq!((ask(&token), by_cookie("GET", "/v1/counts?of=sites")), (200, 200));
        assert_eq!(by_cookie("PUT", &format!("/v1/blobs/{}", "0".repeat(64))), 401, "a cookie only reads");

        let wrong = login(&server, "awa", "not her password");
        let nobody = login(&server, "nobody", "not her password");
        assert_eq!((wrong.status, wrong.text()), (401, nobody.text()));
        assert_eq!(wrong.headers.len(), nobody.headers.len());

        let closed = with_token(&server, "DELETE", "/v1/sessions/current", &token, &[], b"");
        assert_eq!((closed.status, ask(&token), by_cookie("GET", "/v1/counts?of=sites")), (204, 401, 401));
        assert_eq!((ask(""), ask("x"), ask(&"x".repeat(100_000))), (401, 401, 401));
    }

    fn a_disabled_account_and_a_revoked_phone_are_refused_at_once(server) {
        let password = server.account("moussa", "supervisor", None);
        let token = login(&server, "moussa", &password).json()["token"].as_str().unwrap().to_owned();
        let phone = server.phone("lost", None);
        let form_list = format!("{}/formList", server.url);
        let challenge = http::request("GET", &form_list, &[], b"");
        let nonce = nonce(challenge.header("www-authenticate").unwrap());
        let signed = digest(("moussa", &password), &nonce, "GET", "/formList");
        let by_digest = || http::request("GET", &form_list, &[("Authorization", &signed)], b"").status;
        let by_basic = || server.get("/v1/counts?of=sites", "moussa", &password).status;
        let by_session = || server.get_bearer("/v1/counts?of=sites", &token).status;
        assert_eq!((by_digest(), by_basic(), by_session()), (200, 200, 200));
        let site = site(1).xml;
        let blob = format!("/v1/blobs/{}", "0".repeat(64));
        let native = [("GET", "/v1/sync/hello"), ("POST", "/v1/sync/push"), ("GET", "/v1/sync/pull"),
            ("HEAD", &blob), ("PUT", &blob), ("GET", "/v1/sites.geojson")];
        let phones = [("GET", "formList"), ("GET", "forms/site"), ("GET", "forms/site/manifest"), ("HEAD", "submission")];
        let at_phone = |method: &str, path: &str| http::request(method, &format!("{}/{path}", phone.url), &[], b"");
        assert!(phones.iter().all(|(m, p)| at_phone(m, p).status < 400), "they answer before");

        assert!(server.cli(&["account", "disable", "moussa"]).status.success());
        assert!(server.cli(&["device", "revoke", "lost"]).status.success());

        assert_eq!((by_digest(), by_basic(), by_session()), (401, 401, 401));
        assert_eq!(login(&server, "moussa", &password).status, 401);
        for (method, path) in native {
            assert_eq!(with_token(&server, method, path, &phone.token, &[], b"{}").status, 401, "{path}");
        }
        for (method, path) in phones {
            let answer = at_phone(method, path);
            assert_eq!(answer.status, 403, "{path}");
            assert!(method == "HEAD" || answer.text().contains("code QR"), "{path}: {}", answer.text());
        }
        assert_eq!(submit(&phone.url, &site).status, 403);
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal"), "0");
    }

    fn every_role_gets_what_its_row_of_the_table_says(server) {
        // admin, data_manager, supervisor, enumerator, researcher, chamber, cooperative, protection, public
        let push = r#"{"protocol":1,"batch":"00000000-0000-0000-0000-00000000000b","records":[]}"#;
        let blob = format!("/v1/blobs/{}", "0".repeat(64));
        let table: [(&str, &str, [u16; 9]); 16] = [
            ("GET", "/v1/counts?of=orpailleurs", [200, 200, 200, 403, 200, 200, 403, 200, 403]),
            ("GET", "/v1/counts?of=orpailleurs&by=region", [200, 200, 200, 403, 200, 200, 403, 200, 403]),
            ("GET", "/v1/counts?of=orpailleurs&by=commune", [200, 200, 200, 403, 200, 200, 403, 200, 403]),
            ("GET", "/v1/counts?of=enfants&by=region", [200, 200, 200, 403, 200, 200, 403, 200, 403]),
            ("GET", "/v1/tables", [200, 200, 200, 403, 200, 200, 403, 200, 200]),
            ("GET", "/v1/tables/orpailleurs-region-sexe", [200, 200, 200, 404, 200, 200, 404, 200, 200]),
            ("GET", "/v1/tables/orpailleurs-cercle-sexe", [200, 200, 200, 404, 200, 200, 404, 200, 404]),
            ("GET", "/v1/tables/enfants-region-tranche-sexe", [200, 200, 200, 404, 200, 200, 404, 200, 404]),
            ("GET", "/v1/counts?of=enfants&by=commune", [403, 200, 403, 403, 403, 403, 403, 200, 403]),
            ("GET", "/v1/counts?of=sites&by=commune", [200, 200, 200, 403, 200, 200, 403, 200, 403]),
            ("GET", "/v1/sites.geojson", [200; 9]),
            ("GET", "/v1/sync/hello", [200, 200, 200, 200, 403, 403, 403, 403, 403]),
            ("GET", "/v1/sync/pull", [200, 200, 200, 200, 403, 403, 403, 403, 403]),
            ("POST", "/v1/sync/push", [200, 200, 200, 200, 403, 403, 403, 403, 403]),
            ("PUT", &blob, [422, 422, 422, 422, 403, 403, 403, 403, 403]),
            ("GET", "/v1/openapi.json", [200; 9]),
        ];
        let tokens = ROLES.map(|role| session(&server, role, None));

        for (method, path, expected) in table {
            let body = if path.ends_with("push") { push.as_bytes() } else { b"" };
            let got: Vec<u16> = tokens.iter().map(|t| with_token(&server, method, path, t, &[], body).status).collect();
            assert_eq!(got, expected, "{method} {path}");
            let anonymous = http::request(method, &format!("{}{path}", server.url), &[], body).status;
            assert_eq!(anonymous, if path.ends_with("openapi.json") { 200 } else { 401 }, "{path}");
        }
        for (role, token) in ROLES.iter().zip(&tokens) {
            let key = format!("{}/v1/key/{token}/projects/1/formList", server.url);
            let expected = if ["admin", "data_manager", "supervisor", "enumerator"].contains(role) { 200 } else { 403 };
            assert_eq!(http::request("GET", &key, &[], b"").status, expected, "{role}");
        }
    }

    fn few_people_are_not_shown_to_those_who_could_recognise_them(server) {
        let mut server = server;
        server.stop();
        // Warnings are not what this is about.
        server.start_with(&["--accept", "all"]);
        let phone = server.phone("phone", None).token;
        let mut all = three_sites();
        all.extend(miners_on(1, 41, 12));
        all.extend(miners_on(2, 42, 9));
        all.extend(miners_on(3, 43, 15));
        all.extend(children_on(1, 44, 5));
        register(&server, &phone, &all);
        let [admin, manager, chamber, researcher, public, protection] =
            ["admin", "data_manager", "chamber", "researcher", "public", "protection"].map(|r| session(&server, r, None));

        let children = |token: &str| counted(&server, token, "of=enfants&by=region");
        for token in [&manager, &protection] {
            assert_eq!(children(token)["total"], 5);
        }
        for token in [&admin, &chamber, &researcher] {
            let table = children(token);
            assert_eq!(table["total"], Value::Null, "{table}");
            let cells = table["cells"].as_array().unwrap();
            assert!(cells.iter().all(|c| c["n"] == Value::Null && c["suppressed"] == "small"), "{table}");
            assert_eq!(table["suppression"]["threshold"], 20);
            assert_eq!(counted(&server, token, "of=enfants")["total"], Value::Null);
        }
        let exact = json!({ "kayes": 12, "kita": 9, "sikasso": 15 });
        for token in [&admin, &manager] {
            let table = counted(&server, token, "of=orpailleurs&by=region");
            assert_eq!((cells(&table, "region"), &table["total"]), (exact.clone(), &json!(36)));
            assert_eq!(table["suppression"], Value::Null);
        }
        for token in [&chamber, &researcher] {
            let table = counted(&server, token, "of=orpailleurs&by=region");
            for cell in table["cells"].as_array().unwrap() {
                let (truth, shown) = (&exact[cell["region"].as_str().unwrap()], &cell["n"]);
                let close = |n: i64| (n - truth.as_i64().unwrap()).abs() <= 9 && n >= 10;
                assert!(shown.as_i64().map_or(cell["suppressed"] == "small", close), "{table}");
            }
            assert_eq!((&table["total"], &table["suppression"]["bound"]), (&json!(36), &json!(9)));
            let csv = server.get_bearer("/v1/counts?of=orpailleurs&by=region&format=csv", token).text();
            assert!(csv.starts_with("region,region_label,n,suppressed\r\nkayes,Kayes,"), "{csv}");
        }
        assert_eq!(server.get_bearer("/v1/counts?of=orpailleurs", &public).status, 403);
    }

    fn a_map_shows_each_reader_as_much_as_the_role_allows(server) {
        let phone = server.phone("phone", None).token;
        register(&server, &phone, &three_sites());
        let map = |role: &str| server.get_bearer("/v1/sites.geojson", &session(&server, role, None));
        let properties = |answer: &Response| -> Vec<String> {
            answer.json()["features"][0]["properties"].as_object().unwrap().keys().cloned().collect()
        };

        let (chamber, researcher, public) = (map("chamber"), map("researcher"), map("public"));

        let position = |answer: &Response| {
            let all = answer.json()["features"].as_array().unwrap().clone();
            let first = all.iter().find(|f| f["properties"]["region"] == "kayes").unwrap();
            first["geometry"]["coordinates"].clone()
        };
        assert_eq!(position(&chamber), json!([-11.4445, 14.4469]));
        assert_eq!(position(&researcher), json!([-11.4445, 14.4469]));
        assert_eq!(position(&public), json!([-11.44, 14.45]));
        for secret in ["workers_total", "informant_roles", "gold_price", "licence_no", "security", "deaths_12m"] {
            assert!(!researcher.text().contains(secret) && !public.text().contains(secret), "{secret}");
        }
        assert!(properties(&chamber).contains(&"workers_total".to_owned()), "{:?}", properties(&chamber));
        let tags: std::collections::BTreeSet<_> =
            [&chamber, &researcher, &public].iter().map(|a| a.header("etag").unwrap().to_owned()).collect();
        assert_eq!(tags.len(), 3, "a cache must not mix up readers");
        let token = session(&server, "admin", None);
        let admins = server.get_bearer("/v1/sites.geojson", &token);
        assert_ne!(admins.header("etag"), researcher.header("etag"));
        let again = with_token(&server, "GET", "/v1/sites.geojson", &token,
            &[("If-None-Match", admins.header("etag").unwrap())], b"");
        let other = with_token(&server, "GET", "/v1/sites.geojson", &token,
            &[("If-None-Match", researcher.header("etag").unwrap())], b"");
        assert_eq!((again.status, again.body.len(), other.status), (304, 0, 200));
    }

    fn a_supervisor_of_a_zone_counts_and_maps_that_zone_only(server) {
        let [a, b] = ["zone-a", "zone-b"].map(|zone| server.phone(zone, Some(zone)).token);
        let mut in_a = vec![site_at(1, PLACES[0].0, PLACES[0].1)];
        in_a.extend(miners_on(1, 45, 4));
        let mut in_b = vec![site_at(2, PLACES[1].0, PLACES[1].1), site_at(3, PLACES[2].0, PLACES[2].1)];
        in_b.extend(miners_on(2, 46, 7));
        register(&server, &a, &in_a);
        register(&server, &b, &in_b);

        let [of_a, of_b, of_none] = ["zone-a", "zone-b", "zone-c"].map(|z| session(&server, "supervisor", Some(z)));

        let seen = |token: &str| -> (Value, Value, usize) {
            let map = server.get_bearer("/v1/sites.geojson", token);
            (counted(&server, token, "of=orpailleurs")["total"].clone(),
             cells(&counted(&server, token, "of=sites&by=region"), "region"),
             map.json()["features"].as_array().unwrap().len())
        };
        assert_eq!(seen(&of_a), (json!(4), json!({ "kayes": 1 }), 1));
        assert_eq!(seen(&of_b), (json!(7), json!({ "kita": 1, "sikasso": 1 }), 2));
        assert_eq!(seen(&of_none), (json!(0), json!({}), 0));
        assert_eq!(server.count("orpailleurs"), 11);
        let tag = |token: &str| server.get_bearer("/v1/sites.geojson", token).header("etag").unwrap().to_owned();
        assert_ne!(tag(&of_a), tag(&of_b));
    }

    fn guessing_one_login_is_slowed_without_locking_out_who_is_in(server) {
        let password = server.account("agent", "supervisor", None);
        let inside = login(&server, "agent", &password).json()["token"].as_str().unwrap().to_owned();
        let other = server.account("other", "supervisor", None);

        let answers: Vec<u16> = (0..12).map(|n| login(&server, "agent", &format!("guess {n}")).status).collect();

        assert_eq!(answers[..10], [401; 10]);
        assert!(answers[10..].iter().all(|s| *s == 503), "{answers:?}");
        assert_eq!(login(&server, "agent", &password).status, 200, "a password known to be right");
        assert_eq!(server.get_bearer("/v1/counts?of=sites", &inside).status, 200);
        assert_eq!(login(&server, "other", &other).status, 200);
    }

    fn an_overheard_digest_answer_submits_nothing_a_second_time(server) {
        let password = server.account("agent", "enumerator", None);
        let account = ("agent", password.as_str());
        let address = format!("{}/submission", server.url);
        let fresh = nonce(http::request("GET", &format!("{}/formList", server.url), &[], b"").header("www-authenticate").unwrap());
        let signed = digest(account, &fresh, "POST", "/submission");
        let send = |one: &sanu::simulate::Submission| {
            let part = ("xml_submission_file", Some("submission.xml"), "text/xml", one.xml.as_bytes());
            let (kind, body) = multipart(&[part]);
            http::request("POST", &address, &[("Authorization", &signed), ("Content-Type", &kind)], &body)
        };

        assert_eq!(send(&site(1)).status, 201);
        let replay = send(&site(2));

        assert_eq!(replay.status, 401);
        assert!(replay.header("www-authenticate").unwrap().contains("stale=true"));
        server.settled();
        assert_eq!(server.count("sites"), 1);
    }

    fn digest_answers_serve_one_request_with_a_fresh_nonce(server) {
        let password = server.account("agent", "enumerator", None);
        let account = ("agent", password.as_str());
        let ask = |method: &str, path: &str, authorization: &str| {
            http::request(method, &format!("{}{path}", server.url), &[("Authorization", authorization)], b"")
        };
        let challenge = http::request("GET", &format!("{}/formList", server.url), &[], b"");
        let all = challenge.all("www-authenticate");
        assert!(challenge.status == 401 && all.len() == 1 && all[0].starts_with("Digest "), "{all:?}");
        let fresh = nonce(all[0]);
        let signed = digest(account, &fresh, "GET", "/formList");

        assert_eq!(ask("GET", "/formList", &signed).status, 200);
        assert_eq!(ask("GET", "/forms/site", &signed).status, 401, "another address");
        assert_eq!(ask("GET", "/formList?formID=site", &signed).status, 401, "another query");
        assert_eq!(ask("HEAD", "/submission", &signed).status, 401, "another method and address");
        assert_eq!(ask("GET", "/formList", &signed.replace("c0ffee", "c0ffef")).status, 401);
        let wrong = digest(("agent", "guess"), &fresh, "GET", "/formList");
        assert_eq!(ask("GET", "/formList", &wrong).status, 401);
        let made_up = digest(account, "1700000000-00112233445566778899aabbccddeeff", "GET", "/formList");
        let answer = ask("GET", "/formList", &made_up);
        assert!(answer.status == 401 && !answer.header("www-authenticate").unwrap().contains("stale=true"));

        let runtime = sanu::runtime::Runtime::system();
        let keys = sanu::keys::MasterKeys::load(&server.data().join("keys"), (None, None), sanu::keys::Make::No, &runtime).unwrap();
        let an_hour_ago = runtime.now().plus_seconds(-3_600);
        let old = nonce(&sanu::access::Challenge::digest(&keys, an_hour_ago, false).header);
        let stale = ask("GET", "/formList", &digest(account, &old, "GET", "/formList"));
        let guessed = ask("GET", "/formList", &digest(("agent", "guess"), &old, "GET", "/formList"));
        assert!(stale.status == 401 && stale.header("www-authenticate").unwrap().contains("stale=true"));
        assert!(guessed.status == 401 && !guessed.header("www-authenticate").unwrap().contains("stale=true"));
        assert_eq!(ask("GET", "/formList", &basic("agent", &password)).status, 401, "no password in clear");
    }
}

#[test]
fn refusals_of_the_api_are_problem_documents_in_the_readers_language() {
    let server = Server::sqlite();
    let token = session(&server, "admin", None);
    let bad = [
        ("GET", "/v1/counts", 400, "bad-parameter"),
        ("GET", "/v1/counts?of=gold", 400, "bad-parameter"),
        ("GET", "/v1/counts?of=sites&secret=1", 400, "bad-parameter"),
        ("GET", "/v1/counts?of=sites&by=card_no", 400, "bad-parameter"),
        ("GET", "/v1/counts?of=sites&by=sex,sex", 400, "bad-parameter"),
        ("GET", "/v1/counts?of=sites&by=region,cercle,commune,sex,status", 400, "bad-parameter"),
        ("GET", "/v1/counts?of=sites&division=1960", 400, "bad-parameter"),
        ("GET", "/v1/counts?of=sites&format=xml", 400, "bad-parameter"),
        ("GET", "/v1/tables?of=sites", 400, "bad-parameter"),
        ("GET", "/v1/tables/orpailleurs-region-sexe?by=commune", 400, "bad-parameter"),
        ("GET", "/v1/tables/orpailleurs-region-sexe?format=pdf", 400, "bad-parameter"),
        ("GET", "/v1/tables/orpailleurs-site", 404, "not-found"),
        ("GET", "/v1/sites.geojson?zone=kita", 400, "bad-parameter"),
        ("GET", "/v1/sync/pull?cursor=x", 400, "bad-parameter"),
        ("POST", "/v1/sync/push", 400, "not-json"),
        ("POST", "/v1/sessions", 400, "malformed"),
        ("HEAD", "/v1/blobs/xyz", 400, "bad-parameter"),
        ("GET", "/v1/nothing/here", 404, "not-found"),
    ];
    for (method, path, status, slug) in bad {
        let english = with_token(&server, method, path, &token, &[], b"");
        let french =
            with_token(&server, method, path, &token, &[("Accept-Language", "fr-ML, en")], b"");
        assert_eq!(english.status, status, "{path}");
        assert_eq!(english.header("content-type"), Some("application/problem+json"), "{path}");
        if method == "HEAD" {
            continue;
        }
        let (english, french) = (english.json(), french.json());
        assert_eq!(english["type"], format!("urn:sanu:problem:{slug}"), "{path}");
        assert_eq!(
            (english["status"].as_u64(), french["status"].as_u64()),
            (Some(status.into()), Some(status.into()))
        );
        assert!(
            english["title"] != french["title"] && french["title"].is_string(),
            "{path}: {french}"
        );
        for part in ["title_fr", "detail_fr"] {
            assert!(english.get(part).is_none() && french.get(part).is_none(), "{path}");
        }
        assert_ne!(english["detail"], "", "{path}");
    }
}

#[test]
fn a_refusal_says_what_helps_in_the_language_of_the_reader() {
    let server = Server::sqlite();
    let public = session(&server, "public", None);

    for (token, path, english, french) in [
        ("", "/v1/counts?of=sites", "POST /v1/sessions", "se connecter"),
        (&public, "/v1/counts?of=sites", "the role of this account", "le rôle de ce compte"),
        (&public, "/v1/tables/none", "there is nothing at this address", "il n'y a rien"),
        (&public, "/ogc/collections/none", "there is nothing at this address", "il n'y a rien"),
    ] {
        let ask = |language| {
            let answer =
                with_token(&server, "GET", path, token, &[("Accept-Language", language)], b"");
            answer.json()["detail"].as_str().unwrap().to_owned()
        };
        assert!(ask("en").contains(english), "{path}: {}", ask("en"));
        assert!(ask("fr").contains(french), "{path}: {}", ask("fr"));
    }
}

#[test]
fn a_password_travels_in_clear_only_inside_the_machine() {
    let outward = std::net::UdpSocket::bind("0.0.0.0:0")
        .and_then(|socket| socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr()));
    let Some(ip) =
        outward.ok().map(|a| a.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
    else {
        eprintln!("skipped: this machine has no other address than loopback");
        return;
    };
    let server = Server::sqlite_with(&["--listen", "0.0.0.0:0"]);
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    let given = basic("admin", &server.admin);
    let ask = |host: &str, path: &str| {
        http::request(
            "GET",
            &format!("http://{host}:{port}{path}"),
            &[("Authorization", &given)],
            b"",
        )
        .status
    };

    assert_eq!(ask("127.0.0.1", "/v1/counts?of=sites"), 200);
    assert_eq!(ask(&ip.to_string(), "/v1/counts?of=sites"), 401);

    drop(server);
    let server = Server::sqlite_with(&["--public-url", "https://census.example.ml"]);
    let given = basic("admin", &server.admin);
    let list = format!("{}/formList", server.url);
    let asked = http::request("GET", &list, &[], b"");
    assert_eq!(asked.all("www-authenticate").len(), 2, "Basic is offered behind TLS");
    assert_eq!(http::request("GET", &list, &[("Authorization", &given)], b"").status, 200);
}

#[test]
fn the_log_names_nobody_and_holds_no_secret() {
    let mut server = Server::sqlite_logging();
    let phone = server.phone("canary-phone", None);
    let password = server.account("awa", "enumerator", None);
    let token = login(&server, "awa", &password).json()["token"].as_str().unwrap().to_owned();
    let miner = census(47, 60)
        .into_iter()
        .find(|s| s.form_id == "orpailleur" && s.xml.contains("<phone>"))
        .unwrap();
    let xml = with_answer(&miner.xml, "surname", "Zzcanaryname");
    let xml = with_answer(&xml, "phone", "66553311");
    let card = crate::support::xml::between(&xml, "<card_no>", "</card_no>").unwrap().to_owned();

    assert_eq!(submit(&phone.url, &xml).status, 201);
    assert_eq!(submit(&phone.url, &xml.replace("</data>", "<zzcanarytag></data>")).status, 400);
    assert_eq!(submit(&phone.url, &xml.replacen("<sex>", "<sex>zzcanaryanswer", 1)).status, 201);
    assert_eq!(
        http::request(
            "GET",
            &format!("{}/v1/key/zzcanarytoken/projects/1/formList", server.url),
            &[],
            b""
        )
        .status,
        403
    );
    assert_eq!(server.get_bearer("/v1/counts?of=zzcanaryquery", &token).status, 400);
    assert_eq!(server.get_bearer("/v1/sync/pull", "zzcanarybearer").status, 401);
    assert_eq!(server.get("/v1/counts?of=sites", "awa", "zzcanaryguess").status, 401);
    assert_eq!(login(&server, "zzcanarylogin", "zzcanaryguess").status, 401);
    let pushed =
        with_token(&server, "POST", "/v1/sync/push", &phone.token, &[], b"{\"zzcanaryjson\":1}");
    assert_eq!(pushed.status, 400);
    server.settled();
    let log = server.stop_and_log();

    assert!(log.contains("DEBUG"), "the log was not on:\n{log}");
    // The first start shows its own secrets to the person at the terminal, before it listens.
    let (_, log) = log.split_once("sanu listens on ").unwrap();
    for secret in [phone.token.as_str(), &password, &token, &server.admin, &card, "66553311"] {
        assert!(!log.contains(secret), "{secret}");
    }
    let lower = log.to_lowercase();
    let found = lower
        .find("zzcanary")
        .map(|i| lower[i.saturating_sub(200)..].chars().take(300).collect::<String>());
    assert_eq!(found, None);
}
