//! The OpenRosa door as ODK Collect uses it: what a phone is offered, and how it is turned away.

use std::collections::BTreeSet;
use std::io::Read as _;

use md5::{Digest as _, Md5};

use crate::support::{
    Response, Server,
    http::{self, request},
    server::basic,
    xml::{between, census, site, site_id, submit},
};

mod attachments;
mod publishing;
mod submissions;

/// GET as Collect does it: with the version, and the device in the query.
fn get(url: &str) -> Response {
    let mark = if url.contains('?') { '&' } else { '?' };
    request(
        "GET",
        &format!("{url}{mark}deviceID=collect%3AaZ09"),
        &[("X-OpenRosa-Version", "1.0")],
        b"",
    )
}

/// An XML answer that Collect would parse.
fn get_xml(url: &str) -> String {
    let response = get(url);
    assert_eq!(response.status, 200, "{url}: {}", response.text());
    assert_eq!(response.header("content-type"), Some("text/xml; charset=utf-8"), "{url}");
    assert_eq!(response.header("x-openrosa-version"), Some("1.0"), "{url}");
    response.text()
}

/// The content of every element of this name, which must have no attributes of its own.
fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).filter_map(|rest| Some(rest.split_once(&close)?.0)).collect()
}

fn md5(bytes: &[u8]) -> String {
    format!("md5:{}", hex::encode(Md5::digest(bytes)))
}

/// One file of a manifest.
#[derive(Clone, Debug)]
struct MediaFile {
    name: String,
    hash: String,
    url: String,
    is_list: bool,
    integrity: Option<String>,
}

/// The files a phone is told to fetch for a form.
fn files_of(phone_url: &str, form: &str) -> Vec<MediaFile> {
    let list = get_xml(&format!("{phone_url}/formList"));
    let entry = elements(&list, "xform")
        .into_iter()
        .find(|x| elements(x, "formID") == [form])
        .unwrap_or_else(|| panic!("{form} is not in {list}"));
    elements(entry, "manifestUrl").first().map_or_else(Vec::new, |url| manifest(url))
}

fn manifest(url: &str) -> Vec<MediaFile> {
    let xml = get_xml(url);
    assert!(xml.contains("xmlns=\"http://openrosa.org/xforms/xformsManifest\""), "{xml}");
    let one = |x: &str, name: &str| elements(x, name).first().map(|t| (*t).to_owned());
    xml.split("<mediaFile")
        .skip(1)
        .map(|x| MediaFile {
            name: one(x, "filename").expect("Collect needs a file name"),
            hash: one(x, "hash").expect("Collect needs a hash"),
            url: one(x, "downloadUrl").expect("Collect needs an address"),
            is_list: x.starts_with(" type=\"entityList\""),
            integrity: one(x, "integrityUrl"),
        })
        .collect()
}

fn sites_list(phone_url: &str) -> MediaFile {
    let files = files_of(phone_url, "visite_site");
    files.into_iter().find(|f| f.name == "sites.csv").expect("the visit chooses a site")
}

/// A refusal that the interviewer can read.
fn refused(response: &Response, status: u16) -> String {
    assert_eq!(response.status, status, "{}", response.text());
    assert_eq!(response.header("content-type"), Some("text/xml; charset=utf-8"));
    assert_eq!(response.header("x-openrosa-version"), Some("1.0"));
    let text = response.text();
    assert!(text.contains("<OpenRosaResponse"), "{text}");
    between(&text, "<message nature=\"error\">", "</message>").expect("a message").to_owned()
}

on_both! {
    fn the_form_list_is_what_collect_parses(server) {
        let phone = server.phone("agent-1", None);

        let list = get_xml(&format!("{}/formList", phone.url));

        assert!(list.contains("<xforms xmlns=\"http://openrosa.org/xforms/xformsList\">"), "{list}");
        let forms = elements(&list, "xform");
        assert_eq!(forms.len(), 11);
        for form in forms {
            for required in ["formID", "name", "version", "hash", "downloadUrl"] {
                assert_eq!(elements(form, required).len(), 1, "{required}: {form}");
            }
            let xform = get(elements(form, "downloadUrl")[0]);
            assert_eq!(xform.status, 200);
            assert_eq!(elements(form, "hash"), [md5(&xform.body)], "{form}");
            let has_files = xform.text().contains("\"jr://");
            assert_eq!(!elements(form, "manifestUrl").is_empty(), has_files, "{form}");
        }
    }

    fn every_file_of_every_manifest_can_be_fetched_and_is_what_its_hash_says(server) {
        let phone = server.phone("agent-1", None);
        let list = get_xml(&format!("{}/formList", phone.url));
        let mut media = 0;
        let mut lists = BTreeSet::new();

        for url in elements(&list, "manifestUrl") {
            let files = manifest(url);
            assert!(!files.is_empty(), "{url} is fetched for nothing");
            for file in files {
                let served = get(&file.url);
                assert_eq!(served.status, 200, "{file:?}");
                if file.is_list {
                    assert!(file.integrity.is_some() && served.text().starts_with("name,label,__version,"));
                    lists.insert(file.name);
                } else {
                    assert_eq!(file.hash, md5(&served.body), "{}", file.name);
                    media += 1;
                }
            }
        }

        assert!(media > 5, "{media}");
        assert_eq!(lists.into_iter().collect::<Vec<_>>(), ["cooperatives.csv", "sites.csv"]);
    }

    fn what_a_phone_has_is_not_sent_again_and_what_it_has_not_is_sent_small(server) {
        let phone = server.phone("agent-1", None);
        let sites = sites_list(&phone.url);
        let list = get_xml(&format!("{}/formList", phone.url));
        let manifest = elements(&list, "manifestUrl")[0].to_owned();
        let form = elements(&list, "downloadUrl")[0].to_owned();
        let manifests = elements(&list, "manifestUrl");
        let media = manifests.into_iter().flat_map(self::manifest).find(|f| !f.is_list).unwrap();

        for url in [&format!("{}/formList", phone.url), &manifest, &form, &sites.url, &media.url] {
            let first = request("GET", url, &[], b"");
            let etag = first.header("etag").unwrap_or_else(|| panic!("{url} has no ETag")).to_owned();
            let weak = format!("W/{etag}");
            for known in [etag.as_str(), weak.as_str()] {
                let again = request("GET", url, &[("If-None-Match", known)], b"");
                assert_eq!((again.status, again.body.len()), (304, 0), "{url}");
            }
            assert_eq!(request("GET", url, &[("If-None-Match", "\"other\"")], b"").status, 200);

            let small = request("GET", url, &[("Accept-Encoding", "gzip")], b"");
            if first.body.len() > 1_000 {
                assert_eq!(small.header("content-encoding"), Some("gzip"), "{url}");
                let mut plain = Vec::new();
                flate2::read::GzDecoder::new(&small.body[..]).read_to_end(&mut plain).unwrap();
                assert!(plain == first.body && small.body.len() < first.body.len(), "{url}");
            }
        }
    }

    fn the_list_of_sites_changes_when_a_site_does_and_not_otherwise(server) {
        let phone = server.phone("agent-1", None);
        let empty = sites_list(&phone.url);
        for number in [1, 2] {
            assert_eq!(submit(&phone.url, &site(number).xml).status, 201);
        }
        server.settled();

        let two = sites_list(&phone.url);
        assert_ne!(empty.hash, two.hash);
        let csv = get(&two.url).text();
        for number in [1, 2] {
            let row = format!("{},Site {number},1,", site_id(number));
            assert!(csv.lines().any(|line| line.starts_with(&row)), "{csv}");
        }
        assert_eq!(csv.lines().count(), 3, "{csv}");

        let miner = census(11, 60).into_iter().find(|s| s.form_id == "orpailleur").unwrap();
        assert_eq!(submit(&phone.url, &miner.xml).status, 201);
        assert_eq!(submit(&phone.url, &site(1).xml).status, 201);
        server.settled();
        assert_eq!(sites_list(&phone.url).hash, two.hash, "no site changed");
        let etag = format!("\"{}\"", two.hash.trim_start_matches("md5:"));
        let again = request("GET", &two.url, &[("If-None-Match", &etag)], b"");
        assert_eq!(again.status, 304);
    }

    fn no_list_of_people_leaves_for_a_phone(server) {
        let phone = server.phone("agent-1", None);
        for submission in census(11, 60) {
            assert_eq!(submit(&phone.url, &submission.xml).status, 201);
        }
        server.settled();
        assert!(server.count("orpailleurs") > 20);

        let people = sanu_schemas::datasets().into_iter().filter(|d| !d.on_devices);
        for dataset in people.map(|d| d.name) {
            for form in ["orpailleur", "visite_site"] {
                let list = get(&format!("{}/forms/{form}/lists/{dataset}.csv", phone.url));
                refused(&list, 404);
            }
        }
        let csv = get(&sites_list(&phone.url).url).text();
        let ids = server.sql("SELECT entity_id FROM entity WHERE dataset <> 'sites'").replace("\\x", "");
        assert!(ids.lines().count() > 20);
        for line in csv.lines().skip(1) {
            let id = line[..36].replace('-', "");
            assert!(!ids.contains(&id), "{line} is not a site");
        }
        let header = csv.lines().next().unwrap();
        for word in ["surname", "first", "phone", "card", "birth", "informant_name", "holder_name"] {
            assert!(!header.contains(word), "{header}");
        }
    }

    fn a_phone_offline_for_weeks_may_ask_for_1_500_entities_at_once(server) {
        let phone = server.phone("agent-1", None);
        assert_eq!(submit(&phone.url, &site(7).xml).status, 201);
        server.settled();
        let url = sites_list(&phone.url).integrity.expect("a list can be checked");
        let unknown: Vec<String> = (100..1_600).map(site_id).collect();

        let answer = get_xml(&format!("{url}?id={},{}", unknown.join(","), site_id(7)));

        let known = format!("<entity id=\"{}\"><deleted>false</deleted></entity>", site_id(7));
        assert_eq!(between(&answer, "<data><entities>", "</entities></data>"), Some(known.as_str()));
    }

    fn what_was_merged_or_rejected_is_deleted_for_the_phone_that_made_it(server) {
        let phone = server.phone("agent-1", None);
        for number in [1, 2, 3, 4] {
            assert_eq!(submit(&phone.url, &site(number).xml).status, 201);
        }
        server.settled();
        let url = sites_list(&phone.url).integrity.expect("a list can be checked");
        let asked = (1..=5).map(site_id).collect::<Vec<_>>().join(",");
        let said = || {
            let xml = get_xml(&format!("{url}?id={asked}"));
            (1..=5).map(|n| between(&xml, &format!("<entity id=\"{}\"><deleted>", site_id(n)), "</deleted>").map(str::to_owned)).collect::<Vec<_>>()
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(said(), [some("false"), some("false"), some("false"), some("false"), None]);
        let login = basic("awa", &server.account("awa", "data_manager", None));
        let put = |path: &str, body: serde_json::Value| {
            let headers = [("Authorization", login.as_str()), ("Content-Type", "application/json")];
            let url = format!("{}/v1/reviews/{path}", server.url);
            let answer = request("PUT", &url, &headers, body.to_string().as_bytes());
            assert_eq!(answer.status, 200, "{}", answer.text());
        };
        let about = |answer: &str| serde_json::json!({ "a": site_id(1), "b": site_id(2), "answer": answer });
        put("decisions/00000000-0000-4000-a000-000000000001", about("same"));
        let reject = serde_json::json!({ "instance_id": site(3).instance_id, "action": "reject", "reason": "pas un site" });
        put("submissions/decisions/00000000-0000-4000-a000-000000000002", reject);

        assert_eq!(said(), [some("false"), some("true"), some("true"), some("false"), None]);
        put("decisions/00000000-0000-4000-a000-000000000003", about("unmerge"));
        assert_eq!(said()[1], some("false"), "and comes back with the next list");
    }

    fn the_head_before_a_submission_says_where_and_how_much(server) {
        let phone = server.phone("agent-1", None);

        let head = request("HEAD", &format!("{}/submission?deviceID=x", phone.url), &[], b"");

        assert_eq!((head.status, head.body.len()), (204, 0));
        assert_eq!(head.header("x-openrosa-version"), Some("1.0"));
        assert_eq!(head.header("x-openrosa-accept-content-length"), Some("10000000"));
        let location = head.header("location").expect("it spares a HEAD per record");
        assert!(location.starts_with(&format!("{}/submission", phone.url)), "{location}");
    }

    fn who_is_turned_away_is_told_why_in_french(server) {
        let phone = server.phone("agent-1", None);
        let wrong = format!("{}/v1/key/{}/projects/1", server.url, "x".repeat(64));
        let turned_away = |url: &str| {
            for method in ["GET", "HEAD"] {
                let path = if method == "HEAD" { "submission" } else { "formList" };
                assert_eq!(request(method, &format!("{url}/{path}"), &[], b"").status, 403);
            }
            let message = refused(&submit(url, &site(1).xml), 403);
            assert!(message.starts_with("Accès refusé"), "{message}");
        };
        assert_eq!(submit(&phone.url, &site(1).xml).status, 201);

        turned_away(&wrong);
        assert!(server.cli(&["device", "revoke", "agent-1"]).status.success());
        turned_away(&phone.url);

        let unknown = site(2).xml.replacen("id=\"site\"", "id=\"nulle_part\"", 1);
        let other = server.phone("agent-2", None);
        let message = refused(&submit(&other.url, &unknown), 404);
        assert!(message.starts_with("Questionnaire inconnu"), "{message}");
        server.settled();
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal"), "1");
    }

    fn without_a_token_only_digest_is_offered_over_plain_http(server) {
        let password = server.account("agent", "enumerator", None);
        let right = basic("agent", &password);
        let url = &server.url;

        for (method, path) in [("GET", "formList"), ("HEAD", "submission"), ("POST", "submission")] {
            for headers in [&[][..], &[("Authorization", right.as_str())]] {
                let response = request(method, &format!("{url}/{path}"), headers, b"");
                assert_eq!(response.status, 401, "{method} {path}");
                let challenges = response.all("www-authenticate");
                assert_eq!(challenges.len(), 1, "{challenges:?}");
                assert!(challenges[0].starts_with("Digest "), "{challenges:?}");
                assert!(challenges[0].contains("qop=\"auth\"") && challenges[0].contains("nonce=\""));
            }
        }
    }
}

#[test]
fn with_small_posts_a_phone_is_asked_to_ask_each_time() {
    let server = Server::sqlite_with(&["--small-posts"]);
    let phone = server.phone("agent-1", None);

    let head = request("HEAD", &format!("{}/submission", phone.url), &[], b"");

    assert_eq!(head.status, 204);
    assert_eq!(head.header("location"), None);
    assert_eq!(head.header("x-openrosa-accept-content-length"), Some("1000000"));
}

#[test]
fn a_phone_that_is_turned_away_hears_why_after_a_long_post_too() {
    let server = Server::sqlite();
    let url = format!("{}/v1/key/wrong/projects/1/submission", server.url);
    let photo = vec![7_u8; 6_000_000];

    // OkHttp reads no answer when it could not send everything.
    let answer = http::send_then_read("POST", &url, &photo);

    let response = answer.expect("the phone can send all of it and read the answer");
    refused(&response, 403);
}
