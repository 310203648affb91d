//! Submissions under review: what people decide of them, and that all of it can be taken back.

use std::collections::BTreeMap;

use sanu::simulate::Submission;
use serde_json::{Value, json};

use crate::{
    linkage::people::{Miner, card},
    register::hashes,
    support::{
        Response, Server,
        places::{register, site_at, with_answer},
        request,
        server::basic,
        xml::{edited, site, site_id, submit},
    },
};

/// Somebody who reviews.
pub(crate) struct Reviewer<'s> {
    server: &'s Server,
    basic: String,
}

impl<'s> Reviewer<'s> {
    pub(crate) fn new(server: &'s Server, login: &str, role: &str, zone: Option<&str>) -> Self {
        let password = server.account(login, role, zone);
        Self { server, basic: basic(login, &password) }
    }

    /// Somebody who has an account already, by their Authorization.
    pub(crate) fn known(server: &'s Server, basic: &str) -> Self {
        Self { server, basic: basic.to_owned() }
    }

    /// Says whether two entities are one.
    pub(crate) fn joins(&self, number: u32, a: &str, b: &str, answer: &str) -> Response {
        let body = json!({ "a": a, "b": b, "answer": answer, "reason": "vu sur place" });
        self.send("PUT", &format!("/v1/reviews/decisions/{}", decision(number)), &body)
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> Response {
        let headers =
            [("Authorization", self.basic.as_str()), ("Content-Type", "application/json")];
        request(
            method,
            &format!("{}{path}", self.server.url),
            &headers,
            body.to_string().as_bytes(),
        )
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        request(
            "GET",
            &format!("{}{path}", self.server.url),
            &[("Authorization", &self.basic)],
            b"",
        )
    }

    pub(crate) fn decides(&self, number: u32, of: &str, action: &str) -> Response {
        let body = json!({ "instance_id": of, "action": action, "reason": "vérifié sur place" });
        let path = format!("/v1/reviews/submissions/decisions/{}", decision(number));
        self.send("PUT", &path, &body)
    }

    /// Decides, and must be heard.
    pub(crate) fn says(&self, number: u32, of: &str, action: &str, becomes: &str) {
        let answer = self.decides(number, of, action);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["submission"]["state"], becomes, "{}", answer.text());
    }

    /// The instance ids of a queue.
    pub(crate) fn queue(&self, filter: &str) -> Vec<String> {
        let answer = self.get(&format!("/v1/reviews/submissions?{filter}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        let mut ids: Vec<String> = answer["submissions"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|s| s["instance_id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    }
}

pub(crate) fn decision(number: u32) -> String {
    format!("00000000-0000-4000-b000-{number:012}")
}

/// A form version that was never published: a warning (A04).
pub(crate) fn flagged(xml: &str) -> String {
    let at = xml.find(" version=\"").expect("a form has a version") + 10;
    let end = at + xml[at..].find('"').expect("it ends");
    format!("{}0{}", &xml[..at], &xml[end..])
}

/// Latitude and longitude the wrong way round: an error (B02).
pub(crate) fn set_aside(number: u32) -> Submission {
    site_at(number, -11.4445, 14.4469)
}

/// What the register says, but what only grows: the log, the feed, numbers that phones see.
pub(crate) fn said(server: &Server) -> BTreeMap<&'static str, Vec<String>> {
    let tables = [
        (
            "entity",
            "SELECT entity_id, dataset, version, label, props, region_2023, commune_2023, basis_2023, district, \
             sex, age_group, status, created_seq, updated_seq, merged_into, review, site_id, LENGTH(sealed) FROM entity",
        ),
        (
            "entity_version",
            "SELECT entity_id, version, seq, submission_id, props, review, LENGTH(sealed) FROM entity_version",
        ),
        ("entity_home", "SELECT entity_id, zone_id, canonical_id FROM entity_home"),
        // Not the place in the journal where a link is noted: that of the later of the two, once they came back.
        ("link", "SELECT entity_id, other_id, cause FROM link"),
        ("block_key", "SELECT block_key, entity_id FROM block_key"),
        ("held", "SELECT entity_id, seq, submission_id FROM held"),
        ("match_pair", "SELECT a_id, b_id, class, stops, weight, probability FROM match_pair"),
        (
            "count_cell",
            "SELECT zone_id, dataset, commune_2023, district, sex, age_group, status, review, n FROM count_cell WHERE n <> 0 AND cube <> 'form'",
        ),
        (
            "record",
            "SELECT submission_id, seq, state, reason, review, entity_id, violations FROM record",
        ),
    ];
    let mut said: BTreeMap<_, _> =
        tables.into_iter().map(|(table, sql)| (table, lines(server, sql))).collect();
    for line in said.get_mut("record").into_iter().flatten() {
        *line = without_comparisons(line);
    }
    said
}

/// A record's line without what it was found to be beside others, who may have changed since it was asked.
fn without_comparisons(line: &str) -> String {
    let Some((rest, broken)) = line.split_once("|[{") else { return line.to_owned() };
    let mut broken: Vec<Value> = serde_json::from_str(&format!("[{{{broken}")).unwrap();
    broken.retain(|b| !["B09", "C07", "C08"].contains(&b["rule"].as_str().unwrap()));
    // Which of two reasons came first may be such a comparison too.
    let rest = rest.replace("|flagged|entity_erased|", "|flagged|rules|");
    format!("{rest}|{}", Value::Array(broken))
}

/// The register as it concerns people and places, whoever sent it and when.
fn concerns(server: &Server) -> BTreeMap<&'static str, Vec<String>> {
    let tables = [
        (
            "entity",
            "SELECT entity_id, dataset, version, label, props, region_2023, commune_2023, district, sex, age_group, \
             status, merged_into, review, site_id FROM entity WHERE version > 0",
        ),
        ("link", "SELECT entity_id, other_id, cause FROM link"),
        ("held", "SELECT entity_id FROM held"),
        ("match_pair", "SELECT a_id, b_id, class, stops, weight FROM match_pair"),
        (
            "count_cell",
            "SELECT zone_id, dataset, commune_2023, district, sex, age_group, status, review, n FROM count_cell WHERE n <> 0 AND cube <> 'form'",
        ),
    ];
    tables.into_iter().map(|(table, sql)| (table, lines(server, sql))).collect()
}

/// Both registers say the same, or the lines that only one of them has.
pub(crate) fn same(one: &BTreeMap<&str, Vec<String>>, other: &BTreeMap<&str, Vec<String>>) {
    let missing = |from: &[String], others: &[String]| {
        from.iter().filter(|line| !others.contains(line)).cloned().collect::<Vec<_>>()
    };
    let mut differ = String::new();
    for (table, rows) in one {
        for line in missing(rows, &other[table]) {
            differ.push_str(&format!("{table}: + {line}\n"));
        }
        for line in missing(&other[table], rows) {
            differ.push_str(&format!("{table}: - {line}\n"));
        }
        assert_eq!(rows.len(), other[table].len(), "{table}: {differ}");
    }
    assert!(differ.is_empty(), "{differ}");
}

fn lines(server: &Server, sql: &str) -> Vec<String> {
    let mut lines: Vec<String> = server.sql(sql).lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The register derived again is the one that was lived through, and its counts add up.
pub(crate) fn is_sound(server: &mut Server) {
    let check = server.cli_json(&["check"]);
    assert_eq!(check["wrong_count_cells"], 0, "{check}");
    server.stop();
    let live = server.cli_json(&["derived-hash"]);
    let live: BTreeMap<String, String> = serde_json::from_value(live["hashes"].clone()).unwrap();
    assert_eq!(live, hashes(server), "live and rebuilt differ");
}

/// A generator of its own: the same seed, the same history.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: u64) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n).unwrap()
    }
}

/// Sites, people who carry each other's cards on them, edits, warnings and errors: instance id and XML.
pub(crate) fn a_season(dice: &mut Dice) -> Vec<(String, String)> {
    let mut sent = Vec::new();
    for number in 1..=3 {
        let lat = 14.4469 + f64::from(number) / 100.0;
        let site = site_at(number, lat, -11.4445);
        sent.push((site.instance_id.clone(), site.xml.clone()));
        if number == 2 {
            let again = edited(&site, &format!("{}-again", site.instance_id));
            sent.push((again.instance_id, with_answer(&again.xml, "site_name", "Site neuf")));
        }
    }
    let wrong = set_aside(4);
    sent.push((wrong.instance_id, wrong.xml));
    for number in 1..=10 {
        let cards = u32::try_from(dice.below(4)).unwrap();
        let miner = Miner {
            number,
            card: card("ORP", 1 + cards),
            site: Some(site_id(1 + u32::try_from(dice.below(4)).unwrap())),
            role: ["pit_digger", "crusher_hand"][dice.below(2)],
            ..Miner::new(number)
        };
        let (id, xml) = (format!("uuid:miner-{number}"), miner.xml());
        let xml = if dice.below(3) == 0 { flagged(&xml) } else { xml };
        sent.push((id.clone(), xml));
        if dice.below(3) == 0 {
            let other = Miner { card: card("ORP", 1 + (cards + 1) % 4), ..miner };
            let again = format!("uuid:miner-{number}-again");
            let xml = other.xml_as(&again).replace(
                &format!("<instanceID>{again}<"),
                &format!("<deprecatedID>{id}</deprecatedID><instanceID>{again}<"),
            );
            sent.push((again, xml));
        }
    }
    sent
}

on_both! {
    fn reviews_taken_back_leave_the_register_as_it_was(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let mut dice = Dice(1);
        let sent = a_season(&mut dice);
        for (_, xml) in &sent {
            assert_eq!(submit(&phone.url, xml).status, 201);
        }
        server.settled();
        let before = said(&server);
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let mut number = 0;
        let mut decided: Vec<&String> = Vec::new();
        for _ in 0..40 {
            number += 1;
            let (of, _) = &sent[dice.below(u64::try_from(sent.len()).unwrap())];
            let action = ["reject", "reject", "accept", "return", "comment", "reopen"][dice.below(6)];
            assert_eq!(awa.decides(number, of, action).status, 200);
            decided.push(of);
        }
        assert_ne!(said(&server)["entity"], before["entity"], "something was decided");

        for of in decided {
            number += 1;
            assert_eq!(awa.decides(number, of, "reopen").status, 200);
        }

        same(&said(&server), &before);
        is_sound(&mut server);
    }

    fn what_was_rejected_is_as_if_it_had_not_come_whenever_that_was_decided(server) {
        let mut server = server;
        let both = [server.phone("a", Some("kayes")), server.phone("b", Some("kayes"))];
        let mut dice = Dice(7);
        let sent = a_season(&mut dice);
        let rejected: Vec<&String> =
            sent.iter().filter(|(id, _)| !id.ends_with("-again")).filter(|_| dice.below(3) == 0).map(|s| &s.0).collect();
        assert!(rejected.len() > 2, "{rejected:?}");
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let mut late = Vec::new();
        for (number, (id, xml)) in (1..).zip(&sent) {
            assert_eq!(submit(&both[dice.below(2)].url, xml).status, 201);
            if rejected.contains(&id) {
                // Half at once, half when everything is there.
                if number % 2 == 0 {
                    server.settled();
                    awa.says(number, id, "reject", "rejected");
                } else {
                    late.push((number, id));
                }
            }
        }
        server.settled();
        for (number, id) in late {
            awa.says(number, id, "reject", "rejected");
        }
        let lived = concerns(&server);

        let without = if server.database_url.is_some() { Server::postgres().unwrap() } else { Server::sqlite() };
        let phone = without.phone("a", Some("kayes"));
        for (_, xml) in sent.iter().filter(|(id, _)| {
            !rejected.iter().any(|r| id == *r || id.strip_suffix("-again") == Some(r))
        }) {
            assert_eq!(submit(&phone.url, xml).status, 201);
        }
        without.settled();

        same(&lived, &concerns(&without));
        is_sound(&mut server);
    }

    fn an_error_leaves_quarantine_by_an_acceptance_alone_and_with_its_marks(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        register(&server, &phone.token, &[set_aside(1), site(2)]);
        let (wrong, fine) = (set_aside(1).instance_id, site(2).instance_id);
        assert_eq!(server.count("sites"), 1);
        let awa = Reviewer::new(&server, "awa", "supervisor", Some("kayes"));
        assert_eq!(awa.queue(""), std::slice::from_ref(&wrong));
        assert_eq!((awa.queue("rule=B02"), awa.queue("rule=B03")), (vec![wrong.clone()], vec![]));
        assert_eq!(awa.queue("state=accepted"), [fine]);

        awa.says(1, &wrong, "accept", "accepted");

        assert_eq!(server.count("sites"), 2);
        assert_eq!(awa.queue(""), Vec::<String>::new());
        let seen = awa.get(&format!("/v1/reviews/submissions/{wrong}")).json();
        assert_eq!((&seen["state"], &seen["checks"]), (&json!("accepted"), &json!("quarantined")), "{seen}");
        assert_eq!(seen["broken"][0]["rule"], "B02", "{seen}");
        assert!(seen["broken"][0]["message"].as_str().is_some_and(|m| m.contains(' ')), "{seen}");
        assert_eq!(seen["decisions"][0]["reason"], "vérifié sur place", "{seen}");
        assert_eq!(seen["versions"][0]["in_register"], true, "{seen}");
        assert_eq!(seen["answers"]["id_block"]["x"], Value::Null);
        // The same again is the same; another answer under its id is told.
        awa.says(1, &wrong, "accept", "accepted");
        assert_eq!(awa.decides(1, &wrong, "reject").status, 409);
        assert_eq!(server.sql("SELECT COUNT(*) FROM review"), "1");
        // A restart tries quarantined submissions again: this one is not among them.
        server.stop();
        server.start();
        server.settled();
        assert_eq!(server.count("sites"), 2);
        is_sound(&mut server);
    }

    fn only_accepted_records_are_in_official_figures_and_the_share_in_review_stands_beside(server) {
        let phone = server.phone("agent", Some("kayes"));
        let mut doubtful = site(2);
        doubtful.xml = flagged(&doubtful.xml);
        for of in [&site(1), &doubtful, &site(3)] {
            assert_eq!(submit(&phone.url, &of.xml).status, 201);
        }
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let total = |path: &str| awa.get(path).json()["total"].clone();

        assert_eq!(total("/v1/counts?of=sites"), 3);
        assert_eq!(total("/v1/counts?of=sites&review=accepted"), 2);
        assert_eq!(total("/v1/counts?of=sites&review=pending"), 1);
        assert_eq!(total("/v1/tables/sites-region-statut"), 2);
        let by = awa.get("/v1/counts?of=sites&by=review").json();
        assert_eq!(by["cells"][1]["review_label"], "En relecture", "{by}");
        assert_eq!(by["in_review"], json!({ "share": 0.33, "n": 1, "records": { "flagged": 1 } }), "{by}");
        let chamber = server.account("chamber", "chamber", None);
        let official = server.get("/v1/counts?of=sites", "chamber", &chamber).json();
        assert_eq!((&official["total"], &official["basis"]), (&json!(2), &json!("accepted")), "{official}");
        assert_eq!(server.get("/v1/counts?of=sites&by=review", "chamber", &chamber).status, 403);

        awa.says(1, &doubtful.instance_id, "accept", "accepted");

        assert_eq!(total("/v1/tables/sites-region-statut"), 3);
        assert_eq!(awa.get("/v1/counts?of=sites").json()["in_review"]["share"], 0.0);
        assert_eq!(server.cli_json(&["check"])["wrong_count_cells"], 0);
    }

    fn a_returned_record_comes_back_edited_and_waits_again(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let first = site(1);
        assert_eq!(submit(&phone.url, &first.xml).status, 201);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "supervisor", Some("kayes"));
        awa.says(1, &first.instance_id, "return", "returned");
        // A device that pulls is told, in the words of the supervisor; another one is not.
        let told = |token: &str| server.get_bearer("/v1/sync/pull", token).json()["changes"].to_string();
        assert!(told(&phone.token).contains("\"message\":\"vérifié sur place\""), "{}", told(&phone.token));
        assert!(!told(&server.phone("other", Some("kayes")).token).contains("vérifié"));
        assert_eq!(awa.get("/v1/counts?of=sites&review=accepted").json()["total"], 0);

        let again = edited(&first, "uuid:again");
        assert_eq!(submit(&phone.url, &again.xml).status, 201);
        server.settled();

        assert_eq!(awa.queue("state=edited"), ["uuid:again"]);
        assert_eq!(awa.get("/v1/counts?of=sites&review=pending").json()["total"], 1);
        // Known by either id; the version that was read must be the last.
        let seen = awa.get(&format!("/v1/reviews/submissions/{}", first.instance_id)).json();
        assert_eq!(seen["versions"].as_array().map(Vec::len), Some(2), "{seen}");
        let stale = json!({ "instance_id": "uuid:again", "action": "accept", "version": seen["versions"][0]["version"] });
        let path = format!("/v1/reviews/submissions/decisions/{}", decision(2));
        assert_eq!(awa.send("PUT", &path, &stale).status, 409);
        awa.says(3, "uuid:again", "accept", "accepted");
        assert_eq!(awa.get("/v1/counts?of=sites&review=accepted").json()["total"], 1);
        is_sound(&mut server);
    }

    fn people_on_a_rejected_site_stand_on_their_own_until_it_comes_back(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let place = site_at(1, 14.4469, -11.4445);
        let miner = Miner { site: Some(site_id(1)), ..Miner::new(1) };
        for xml in [&place.xml, &miner.xml()] {
            assert_eq!(submit(&phone.url, xml).status, 201);
        }
        server.settled();
        let where_is = |server: &Server| server.sql("SELECT cercle_2023 FROM entity WHERE dataset = 'orpailleurs'");
        let before = where_is(&server);
        let awa = Reviewer::new(&server, "awa", "supervisor", Some("kayes"));

        awa.says(1, &place.instance_id, "reject", "rejected");

        assert_eq!((server.count("sites"), server.count("orpailleurs")), (0, 1));
        let list = request("GET", &format!("{}/v1/sites.geojson", server.url), &[("Authorization", &awa.basic)], b"");
        assert_eq!(list.json()["features"], json!([]));
        assert_ne!(where_is(&server), before);
        awa.says(2, &place.instance_id, "reopen", "accepted");
        assert_eq!((server.count("sites"), where_is(&server)), (1, before));
        is_sound(&mut server);
    }

    fn what_was_marked_when_it_met_the_register_waits_again_once_reopened(server) {
        let mut server = server;
        let (here, there) = (server.phone("a", Some("kayes")), server.phone("b", Some("sikasso")));
        let first = site(1);
        assert_eq!(submit(&here.url, &first.xml).status, 201);
        server.settled();
        // The site of another zone: a warning (A12) that the submission alone does not show.
        let other = first.xml.replace(&first.instance_id, "uuid:far");
        assert_eq!(submit(&there.url, &other).status, 201);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        assert_eq!(awa.queue("state=flagged&rule=A12"), ["uuid:far"]);

        awa.says(1, "uuid:far", "accept", "accepted");
        awa.says(2, "uuid:far", "reopen", "flagged");

        assert_eq!(server.count("sites"), 1);
        is_sound(&mut server);
    }

    fn many_are_decided_at_once_and_each_is_answered(server) {
        let phone = server.phone("agent", Some("kayes"));
        let all: Vec<Submission> = (1..=30).map(site).collect();
        register(&server, &phone.token, &all);
        let awa = Reviewer::new(&server, "awa", "supervisor", Some("kayes"));
        let far = Reviewer::new(&server, "far", "supervisor", Some("sikasso"));
        let decisions = (0..).zip(&all).map(|(n, s)| {
            json!({ "id": decision(n), "instance_id": s.instance_id, "action": "reject", "reason": "doublon" })
        });
        let mut decisions: Vec<Value> = decisions.collect();
        decisions.push(json!({ "id": decision(99), "instance_id": "uuid:nowhere", "action": "reject", "reason": "x" }));
        let body = json!({ "decisions": decisions });

        let blind = far.send("POST", "/v1/reviews/submissions/decisions", &body).json();
        assert!(blind["results"].as_array().unwrap().iter().all(|r| r["problem"] == "not-found"), "{blind}");
        let answer = awa.send("POST", "/v1/reviews/submissions/decisions", &body).json();

        let results = answer["results"].as_array().expect("one each");
        assert_eq!(results.iter().filter(|r| r["state"] == "taken").count(), 30, "{answer}");
        assert_eq!(results[30], json!({ "id": decision(99), "problem": "not-found" }));
        assert_eq!(server.count("sites"), 0);
        let page = awa.get("/v1/reviews/submissions?state=rejected&limit=20").json();
        let next = page["next"].as_str().expect("there are more");
        let rest = awa.get(&format!("/v1/reviews/submissions?state=rejected&limit=20&after={next}")).json();
        let lens = [&page, &rest].map(|p| p["submissions"].as_array().map(Vec::len));
        assert_eq!((lens, &rest["next"]), ([Some(20), Some(10)], &Value::Null));
    }
}
