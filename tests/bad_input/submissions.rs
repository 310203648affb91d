//! XML and multipart bodies that are not submissions.

use std::time::{Duration, Instant};

use super::{nothing_was_kept, refused};
use crate::support::{
    Server,
    http::{self, request},
    server::Phone,
    xml::{multipart, site, submit},
};

/// What a post may take in a debug build on a busy machine.
const QUICK: Duration = Duration::from_millis(500);

/// A submission with this before the root element and this inside it.
fn with(prolog: &str, inside: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\"?>{prolog}<data id=\"site\" version=\"1\">{inside}\
         <meta><instanceID>uuid:1</instanceID></meta></data>"
    )
    .into_bytes()
}

fn billion_laughs() -> Vec<u8> {
    let line = |i: u32| format!("<!ENTITY a{i} \"&a{0};&a{0};\">", i - 1);
    let lines = (1..30).map(line).collect::<Vec<_>>().concat();
    with(&format!("<!DOCTYPE data [<!ENTITY a0 \"ha\">{lines}]>"), "<x>&a29;</x>")
}

fn attributes(count: usize) -> Vec<u8> {
    let list: Vec<_> = (0..count).map(|i| format!(" a{i}=''")).collect();
    with("", &format!("<x{}/>", list.concat()))
}

fn post(phone: &Phone, xml: &[u8]) -> http::Response {
    let (kind, body) = multipart(&[("xml_submission_file", Some("s.xml"), "text/xml", xml)]);
    request("POST", &format!("{}/submission", phone.url), &[("Content-Type", &kind)], &body)
}

/// Bytes that are not the XML of a submission, each with its name.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let external = "<!DOCTYPE data [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    let parameter = "<!DOCTYPE data [<!ENTITY % x SYSTEM \"http://127.0.0.1:9/x\"> %x;]>";
    let whole = with("", "");
    vec![
        ("a DTD", with("<!DOCTYPE data>", "")),
        ("an external DTD", with("<!DOCTYPE data SYSTEM \"http://127.0.0.1:9/x.dtd\">", "")),
        ("a billion laughs", billion_laughs()),
        ("an external entity", with(external, "<x>&x;</x>")),
        ("a parameter entity", with(parameter, "")),
        ("an unknown entity", with("", "<x>&passwd;</x>")),
        ("100,000 levels", with("", &"<a>".repeat(100_000))),
        ("100,000 closed levels", with("", &("<a>".repeat(90_000) + &"</a>".repeat(90_000)))),
        ("200,000 attributes", attributes(200_000)),
        ("400,000 elements", with("", &"<a/>".repeat(400_000))),
        ("a text of 2 MB", with("", &"x".repeat(2_000_000))),
        ("an attribute of 2 MB", with("", &format!("<a b='{}'/>", "x".repeat(2_000_000)))),
        ("a comment that never ends", with("", &format!("<!--{}", "-".repeat(2_000_000)))),
        (
            "Latin-1",
            with("", "<x>XX</x>").into_iter().map(|b| if b == b'X' { 0xE9 } else { b }).collect(),
        ),
        (
            "UTF-16",
            String::from_utf8(whole.clone())
                .unwrap()
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
        ),
        (
            "a lie about the encoding",
            b"<?xml version='1.0' encoding='UTF-7'?><data id='site'/>".to_vec(),
        ),
        ("NUL", with("", "<x>a\0b</x>")),
        ("NUL as a reference", with("", "<x>&#0;</x>")),
        ("NUL in the form id", b"<data id='si&#0;te'/>".to_vec()),
        ("a surrogate", with("", "<x>&#xD800;</x>")),
        ("half of it", whole[..whole.len() / 2].to_vec()),
        ("two roots", [whole.clone(), b"<data/>".to_vec()].concat()),
        ("text after the end", [whole, b"and more".to_vec()].concat()),
        ("JSON", b"{\"id\": \"site\"}".to_vec()),
        ("nothing", Vec::new()),
        ("no form id", b"<data/>".to_vec()),
    ]
}

on_both! {
    fn xml_that_is_not_a_submission_is_refused_quickly_and_leaves_nothing(server) {
        let phone = server.phone("agent-1", None);

        for (what, xml) in hostile() {
            // The best of three: the machine may be busy, the parser may not.
            let taken = (0..3).map(|_| {
                let start = Instant::now();
                refused(&post(&phone, &xml), 400, what);
                start.elapsed()
            });
            let taken = taken.min().unwrap();
            assert!(taken < QUICK, "{what} took {taken:?}");
        }

        nothing_was_kept(&server);
        assert_eq!(submit(&phone.url, &site(1).xml).status, 201, "the server is well");
    }

    fn a_post_that_is_no_submission_is_refused_and_leaves_nothing(server) {
        let phone = server.phone("agent-1", None);
        let xml = site(1).xml;
        let form = ("xml_submission_file", Some("s.xml"), "text/xml", xml.as_bytes());
        let photo = ("p.jpg", Some("p.jpg"), "image/jpeg", &b"photo"[..]);
        let url = format!("{}/submission", phone.url);
        let send = |kind: &str, body: &[u8]| request("POST", &url, &[("Content-Type", kind)], body);

        let (kind, whole) = multipart(&[form]);
        let without_end = &whole[..whole.len() - 4];
        for (what, kind, body) in [
            ("no boundary", "multipart/form-data", &whole[..]),
            ("another boundary", "multipart/form-data; boundary=other", &whole),
            ("a boundary of 10 kB", &format!("multipart/form-data; boundary={}", "x".repeat(10_000)), &whole),
            ("not multipart", "text/xml", xml.as_bytes()),
            ("no type", "", &whole),
            ("an empty body", &kind, b""),
            ("a body without its end", &kind, without_end),
            ("only an end", &kind, b"--sanu-test-boundary--\r\n"),
        ] {
            refused(&send(kind, body), 400, what);
        }
        let packed = [("Content-Type", kind.as_str()), ("Content-Encoding", "gzip")];
        refused(&request("POST", &url, &packed, &whole), 400, "a compressed post");
        let long_name = "n".repeat(70_000);
        for (what, parts) in [
            ("no XML", vec![photo]),
            ("a photo before the XML", vec![photo, form]),
            ("two XML parts", vec![form, form]),
            ("two XML parts around a photo", vec![form, photo, form]),
            ("a name of 70 kB", vec![form, (long_name.as_str(), None, "image/jpeg", b"photo")]),
            ("a file name of 70 kB", vec![form, ("x", Some(long_name.as_str()), "image/jpeg", b"photo")]),
            ("a file name of 4 kB", vec![form, ("x", Some(&long_name[..4_096]), "image/jpeg", b"photo")]),
            ("a part without a name", vec![form, ("", None, "image/jpeg", b"photo")]),
        ] {
            let (kind, body) = multipart(&parts);
            refused(&send(&kind, &body), 400, what);
        }

        nothing_was_kept(&server);
    }

    fn a_submission_cut_off_midway_leaves_nothing(server) {
        let phone = server.phone("agent-1", None);
        let xml = site(1).xml;
        let photo = vec![7_u8; 300_000];
        let (kind, body) = multipart(&[
            ("xml_submission_file", Some("s.xml"), "text/xml", xml.as_bytes()),
            ("p.jpg", Some("p.jpg"), "image/jpeg", &photo),
            ("q.jpg", Some("q.jpg"), "image/jpeg", &photo),
        ]);
        let path = phone.url.strip_prefix(&server.url).unwrap();
        let head = |length: &str| format!(
            "POST {path}/submission HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n{length}\r\n\r\n"
        );
        let honest = head(&format!("Content-Length: {}", body.len()));
        let chunked = head("Transfer-Encoding: chunked");

        for kept in [0, 100, xml.len(), 200_000, 400_000, body.len() - 10] {
            let cut = [honest.as_bytes(), &body[..kept]].concat();
            without_fault(&http::cut(&server.url, &cut).unwrap_or_default());
        }
        let broken = [chunked.as_bytes(), b"ffff\r\n", &body[..1_000]].concat();
        without_fault(&http::cut(&server.url, &broken).unwrap_or_default());
        let longer = head(&format!("Content-Length: {}", body.len() + 5));
        without_fault(&http::cut(&server.url, &[longer.as_bytes(), &body].concat()).unwrap_or_default());
        for (what, length) in [
            ("shorter than the body", format!("Content-Length: {}", body.len() / 2)),
            ("negative", String::from("Content-Length: -1")),
            ("not a number", String::from("Content-Length: beaucoup")),
            ("beyond 64 bits", String::from("Content-Length: 99999999999999999999999")),
            ("two of them", String::from("Content-Length: 10\r\nContent-Length: 20")),
        ] {
            let lie = [head(&length).as_bytes(), &body].concat();
            let answer = http::raw(&server.url, &lie).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert!(without_fault(&answer) > 0, "{what}");
        }

        settled_files(&server);
        nothing_was_kept(&server);
        assert_eq!(submit(&phone.url, &site(2).xml).status, 201, "the server is well");
    }
}

/// None of these answers is a fault of ours or a success. How many there are.
fn without_fault(answer: &[u8]) -> usize {
    let text = String::from_utf8_lossy(answer);
    let statuses: Vec<_> =
        text.match_indices("HTTP/1.1 ").map(|(i, _)| &text[i + 9..i + 12]).collect();
    assert!(statuses.iter().all(|s| s.starts_with('4')), "{text}");
    statuses.len()
}

/// Waits for uploads whose connection is gone to be cleared away.
fn settled_files(server: &Server) {
    let until = Instant::now() + Duration::from_secs(20);
    let tmp = server.data().join("blobs/tmp");
    while std::fs::read_dir(&tmp).unwrap().count() > 0 {
        assert!(Instant::now() < until, "an upload that was cut off stays in {}", tmp.display());
        std::thread::yield_now();
    }
}

#[test]
fn five_thousand_parts_are_too_many() {
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);
    let xml = site(1).xml;
    let mut parts = vec![("xml_submission_file", Some("s.xml"), "text/xml", xml.as_bytes())];
    parts.extend((0..5_000).map(|_| ("p", Some("p.jpg"), "image/jpeg", &b"x"[..])));
    let (kind, body) = multipart(&parts);

    let url = format!("{}/submission", phone.url);
    let response = request("POST", &url, &[("Content-Type", &kind)], &body);

    refused(&response, 400, "5,000 parts");
    nothing_was_kept(&server);
}
