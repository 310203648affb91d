//! Who may send, by user name and password, with and without TLS.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{all_well, engine, run};
use crate::support::{Response, Server, http, server::basic};

const SITE: &str = "--form site --answers samples/site.json --auto";
/// As KoboCollect, a fork of Collect, presents itself.
const KOBO: &str =
    "org.koboc.collect.android/v2025.2.3 Dalvik/2.1.0 (Linux; U; Android 13; SM-A047F)";

/// A certificate that nobody vouches for, made here, and its key.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"])
        .args(["-keyout", key.to_str().unwrap(), "-out", cert.to_str().unwrap()])
        .output()
        .expect("openssl is installed wherever the tests run");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (cert, key)
}

/// One request over TLS, by a client that knows the certificate.
fn over_tls(server: &Server, cert: &Path, request: &str) -> Response {
    let address = server.url.strip_prefix("http://").unwrap();
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_return_error", "-verify_ip", "127.0.0.1"])
        .args(["-CAfile", cert.to_str().unwrap(), "-connect", address])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl is installed wherever the tests run");
    let stdin = client.stdin.as_mut().expect("stdin is piped");
    stdin.write_all(request.as_bytes()).expect("the client takes the request");
    let out = client.wait_with_output().expect("the client ends");
    http::parse(&out.stdout, request.starts_with("HEAD")).expect("an HTTP answer")
}

#[test]
fn a_login_works_over_plain_http_by_digest_also_for_kobocollect() {
    let Some(engine) = engine() else { return };
    let server = Server::sqlite();
    let password = server.account("fatou", "enumerator", None);
    let auth = format!("fatou:{password}");

    let address = ["--server", &server.url, "--auth", &auth];
    let collect = all_well(run(engine, &address, &format!("{SITE} --count 2 --resync")), 2);
    let kobo = [address.as_slice(), &["--user-agent", KOBO]].concat();
    all_well(run(engine, &kobo, &format!("{SITE} --seed 2 --http2")), 1);
    server.settled();

    assert!(collect.json["authChallenges"].as_u64().unwrap() >= 1, "{:#}", collect.json);
    assert_eq!(server.count("sites"), 3);
    assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE account_id IS NOT NULL"), "3");
}

#[test]
fn a_wrong_password_or_token_sends_nothing() {
    let Some(engine) = engine() else { return };
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);
    server.account("fatou", "enumerator", None);
    let twisted = phone.url.replace(&phone.token, &phone.token.chars().rev().collect::<String>());

    let login = run(engine, &["--server", &server.url, "--auth", "fatou:wrong"], SITE);
    let token = run(engine, &["--key-url", &twisted], SITE);

    for (refused, status) in [(login, "401"), (token, "403")] {
        assert_eq!((refused.status, refused.ok), (1, 0), "{:#}", refused.json);
        let error = refused.json["errors"][0].as_str().unwrap();
        assert!(error.contains(status), "{error}");
    }
    assert_eq!(server.sql("SELECT COUNT(*) FROM journal"), "0");
}

#[test]
fn a_phone_works_over_tls_by_token_and_by_login() {
    let Some(engine) = engine() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(folder.path());
    let server = Server::sqlite_with(&[
        "--tls-cert",
        cert.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ]);
    let secure = |url: &str| url.replacen("http://", "https://", 1);
    let phone = secure(&server.phone("agent-1", None).url);
    let password = server.account("fatou", "enumerator", None);
    let auth = format!("fatou:{password}");

    all_well(run(engine, &["--insecure", "--key-url", &phone], &format!("{SITE} --resync")), 1);
    let address = ["--insecure", "--server", &secure(&server.url), "--auth", &auth];
    all_well(run(engine, &address, &format!("{SITE} --seed 2 --http2 --resync")), 1);
    let stranger = run(engine, &["--key-url", &phone], SITE);
    server.settled();

    assert_eq!(stranger.status, 1, "the certificate is self-signed: {:#}", stranger.json);
    assert_eq!(server.sql("SELECT COUNT(*) FROM entity WHERE dataset = 'sites'"), "2");
}

#[test]
fn a_password_may_be_sent_as_it_is_over_tls_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(folder.path());
    let tls = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let (secure, plain) = (Server::sqlite_with(&tls), Server::sqlite());
    let basic_of = |server: &Server| basic("fatou", &server.account("fatou", "enumerator", None));

    let head = |authorization: &str| {
        format!(
            "HEAD /submission HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{authorization}\r\n"
        )
    };
    let asked = over_tls(&secure, &cert, &head(""));
    let given =
        over_tls(&secure, &cert, &head(&format!("Authorization: {}\r\n", basic_of(&secure))));
    let url = format!("{}/submission", plain.url);
    let refused = http::request("HEAD", &url, &[("Authorization", &basic_of(&plain))], b"");

    let offers = |response: &Response| -> Vec<String> {
        let all = response.all("WWW-Authenticate");
        all.iter().filter_map(|c| c.split(' ').next()).map(str::to_owned).collect()
    };
    assert_eq!(
        (asked.status, offers(&asked)),
        (401, vec!["Digest".to_owned(), "Basic".to_owned()])
    );
    assert_eq!(given.status, 204);
    assert!(given.header("Location").is_some_and(|l| l.starts_with("https://")), "{given:?}");
    assert_eq!((refused.status, offers(&refused)), (401, vec!["Digest".to_owned()]));
}
