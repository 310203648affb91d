//! Little that becomes much: compressed bombs, deep JSON, bodies that never end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};

use super::{nothing_was_kept, peak, problem, refused};
use crate::support::{
    Response, Server,
    http::{parse, request},
    server::Phone,
    xml::site,
};

/// What refused bombs may add to the server's memory, in kB. The largest body it takes is 16 MiB; a vector that
/// doubles while it is read leaves as much behind in the allocator, and two threads may have served two.
const GROWTH: u64 = 96 * 1024;

fn push(server: &Server, phone: &Phone, encoding: &str, body: &[u8]) -> Response {
    let bearer = format!("Bearer {}", phone.token);
    let mut headers =
        vec![("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    if !encoding.is_empty() {
        headers.push(("Content-Encoding", encoding));
    }
    request("POST", &format!("{}/v1/sync/push", server.url), &headers, body)
}

fn gzip(repeated: &[u8], times: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..times {
        encoder.write_all(repeated).unwrap();
    }
    encoder.finish().unwrap()
}

fn zstd_bomb(megabytes: usize) -> Vec<u8> {
    let space = vec![b' '; 1 << 20];
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..megabytes {
        encoder.write_all(&space).unwrap();
    }
    encoder.finish().unwrap()
}

/// A frame that asks for a window of 2 GiB and holds nothing.
const WIDE_ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA8, 0x01, 0x00, 0x00];

#[test]
fn a_compressed_bomb_is_refused_in_bounded_memory() {
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);
    problem(&push(&server, &phone, "gzip", &gzip(b"{}", 1)), 400, "malformed");
    let before = peak(&server);

    let gzipped = gzip(&vec![b' '; 1 << 20], 100);
    let twice = gzip(&gzipped, 1);
    problem(&push(&server, &phone, "gzip", &gzipped), 413, "too-large");
    problem(&push(&server, &phone, "zstd", &zstd_bomb(200)), 413, "too-large");
    problem(&push(&server, &phone, "gzip", &[gzip(b" ", 9), gzipped].concat()), 413, "too-large");
    assert!(matches!(push(&server, &phone, "zstd", WIDE_ZSTD).status, 400 | 413));

    let growth = peak(&server).saturating_sub(before);
    assert!(growth < GROWTH, "{growth} kB");
    // Packed twice it is opened once, and what comes out is no JSON.
    assert_eq!(push(&server, &phone, "gzip", &twice).status, 400);
    nothing_was_kept(&server);
}

#[test]
fn other_encodings_and_damaged_bodies_are_refused_by_name() {
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);
    let whole = gzip(b"{\"protocol\": 1}", 1);

    for encoding in ["br", "deflate", "compress", "gzip, gzip", "gzip,zstd", "../../x", "\u{e9}"] {
        problem(&push(&server, &phone, encoding, &whole), 415, "unsupported-encoding");
    }
    problem(&push(&server, &phone, "gzip", &whole[..whole.len() / 2]), 400, "malformed");
    problem(&push(&server, &phone, "zstd", &whole), 400, "malformed");
    problem(&push(&server, &phone, "gzip", b"{}"), 400, "malformed");
    problem(&push(&server, &phone, "", &whole), 400, "not-json");
    nothing_was_kept(&server);
}

#[test]
fn json_that_is_deep_endless_or_ambiguous_is_refused() {
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);
    let batch = "\"batch\": \"00000000-0000-4000-8000-000000000001\"";
    let nested = |open: &str| open.repeat(10_000_000 / open.len());
    let before = peak(&server);

    for (what, body) in [
        ("10 MB of arrays", nested("[")),
        ("10 MB of objects", nested("{\"a\":")),
        ("deep records", format!("{{\"protocol\": 1, {batch}, \"records\": {}", nested("["))),
        (
            "a deep record",
            format!("{{\"protocol\": 1, {batch}, \"records\": [{{\"xml\": {}", nested("[")),
        ),
        ("a key twice", format!("{{\"protocol\": 1, \"protocol\": 1, {batch}, \"records\": []}}")),
        (
            "records twice",
            format!("{{\"protocol\": 1, {batch}, \"records\": [], \"records\": []}}"),
        ),
        (
            "an unknown key",
            format!("{{\"protocol\": 1, {batch}, \"records\": [], \"root\": true}}"),
        ),
        ("a huge number", format!("{{\"protocol\": 1e999, {batch}, \"records\": []}}")),
        (
            "a long number",
            format!("{{\"protocol\": {}, {batch}, \"records\": []}}", "9".repeat(1_000_000)),
        ),
        ("half a surrogate", format!("{{\"protocol\": 1, {batch}, \"records\": [\"\\ud800\"")),
        ("nothing", String::new()),
    ] {
        let response = push(&server, &phone, "", body.as_bytes());
        assert_eq!(response.status, 400, "{what}: {}", response.text());
        assert_eq!(response.header("content-type"), Some("application/problem+json"), "{what}");
    }
    let many = format!("{{\"protocol\": 1, {batch}, \"records\": [{}0]}}", "0,".repeat(4_000_000));
    problem(&push(&server, &phone, "", many.as_bytes()), 413, "too-many-records");
    problem(&push(&server, &phone, "", &vec![b' '; 17 << 20]), 413, "too-large");

    let growth = peak(&server).saturating_sub(before);
    assert!(growth < GROWTH, "{growth} kB");
    nothing_was_kept(&server);
}

#[test]
fn one_ambiguous_record_does_not_spoil_its_batch() {
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);
    let good = site(1);
    let record = serde_json::json!({
        "instance_id": good.instance_id, "form_id": good.form_id, "form_version": good.version, "xml": good.xml,
    })
    .to_string();
    let twice = record.replacen('{', "{\"instance_id\": \"uuid:other\",", 1);
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let body = format!(
        "{{\"protocol\": 1, \"batch\": \"00000000-0000-4000-8000-000000000001\", \
         \"records\": [{twice}, {deep}, null, {record}]}}"
    );

    let response = push(&server, &phone, "", body.as_bytes());

    assert_eq!(response.status, 200, "{}", response.text());
    let answer = response.json();
    let verdicts: Vec<_> =
        answer["results"].as_array().unwrap().iter().map(|r| r["verdict"].to_string()).collect();
    assert_eq!(verdicts.len(), 4, "{answer}");
    assert!(verdicts[..3].iter().all(|v| v.contains("refused")), "{verdicts:?}");
    assert!(verdicts[3].contains("accepted"), "{verdicts:?}");
}

/// Posts `head`, then `piece` again and again, up to so many bytes or until the server closes.
fn stream(
    server: &Server,
    phone: &Phone,
    head: &str,
    piece: &[u8],
    bytes: usize,
) -> (Response, usize) {
    let path = phone.url.strip_prefix(&server.url).unwrap();
    let length = head.len() + bytes;
    let request = format!(
        "POST {path}/submission HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: \
         multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n{head}"
    );
    let mut socket = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    let mut sent = 0;
    while sent < bytes && socket.write_all(piece).is_ok() {
        sent += piece.len();
    }
    let mut answer = Vec::new();
    // The rest of what we sent may come back as a reset after the answer.
    let _reset = socket.read_to_end(&mut answer);
    (parse(&answer, false).expect("an answer before the end"), sent)
}

#[test]
fn a_text_of_200_mb_is_refused_long_before_its_end_in_bounded_memory() {
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);
    let piece = vec![b'x'; 1 << 16];
    let part = "--b\r\nContent-Disposition: form-data; name=\"xml_submission_file\"\r\n\r\n";
    let head = format!("{part}<data id=\"site\"><x>");
    let before = peak(&server);

    let (response, sent) = stream(&server, &phone, &head, &piece, 200 << 20);

    refused(&response, 413, "200 MB of XML");
    assert!(sent < 60 << 20, "{sent} bytes were taken");
    let growth = peak(&server).saturating_sub(before);
    assert!(growth < GROWTH, "{growth} kB");
    nothing_was_kept(&server);
}

#[test]
fn a_header_of_a_part_that_never_ends_is_refused() {
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);
    let piece = vec![b'x'; 1 << 16];
    let before = peak(&server);

    for head in ["--b\r\nContent-Disposition: form-data; name=\"", "--b\r\nX", "", "--b\r\n\r\n--"]
    {
        let (response, _) = stream(&server, &phone, head, &piece, 40 << 20);
        assert!(matches!(response.status, 400 | 413), "{head:?}: {}", response.text());
    }

    let growth = peak(&server).saturating_sub(before);
    assert!(growth < GROWTH, "{growth} kB");
    nothing_was_kept(&server);
}

#[test]
fn a_post_that_goes_on_after_its_photo_is_refused_and_the_photo_not_kept() {
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);
    let part = "--b\r\nContent-Disposition: form-data; name=";
    // The mark of an incomplete post is read and dropped: what it costs is the reading alone.
    let head = format!(
        "{part}\"xml_submission_file\"\r\n\r\n{}\r\n{part}\"p\"; filename=\"p.jpg\"\r\n\r\n{}\r\n\
         {part}\"*isIncomplete*\"\r\n\r\n",
        site(1).xml,
        "photo".repeat(100_000),
    );
    let before = peak(&server);

    let (response, _) = stream(&server, &phone, &head, &vec![7; 1 << 20], 130 << 20);

    refused(&response, 413, "130 MB in one post");
    let growth = peak(&server).saturating_sub(before);
    assert!(growth < GROWTH, "{growth} kB");
    nothing_was_kept(&server);
}
