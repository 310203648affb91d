//! Who is who: registrations stay, groups of them are one person, and every answer can be undone.

mod calendar;
mod cases;
mod crowds;
mod facts;
mod histories;
mod lookups;
mod movers;
pub(crate) mod people;
mod phones;
mod places;
mod readers;

use std::collections::BTreeMap;

use people::{Miner, card};
use serde_json::{Value, json};

use crate::{
    register::hashes,
    support::{
        Response, Server, request,
        server::basic,
        xml::{census, site, site_id, submit},
    },
};

/// Somebody who answers.
struct Reviewer<'s> {
    server: &'s Server,
    basic: String,
}

impl<'s> Reviewer<'s> {
    fn new(server: &'s Server, login: &str, role: &str) -> Self {
        Self::of(server, login, role, None)
    }

    fn of(server: &'s Server, login: &str, role: &str, zone: Option<&str>) -> Self {
        let password = server.account(login, role, zone);
        Self { server, basic: basic(login, &password) }
    }

    fn put(&self, number: u32, body: &Value) -> Response {
        let url = format!("{}/v1/reviews/decisions/{}", self.server.url, decision(number));
        let headers =
            [("Authorization", self.basic.as_str()), ("Content-Type", "application/json")];
        request("PUT", &url, &headers, body.to_string().as_bytes())
    }

    fn answers(&self, number: u32, a: &str, b: &str, answer: &str) -> Response {
        self.put(number, &json!({ "a": a, "b": b, "answer": answer, "reason": "vu ensemble" }))
    }

    fn get(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.server.url);
        request("GET", &url, &[("Authorization", &self.basic)], b"")
    }

    /// The same, with a reason in the header.
    fn get_because(&self, path: &str, reason: &str) -> Response {
        let url = format!("{}{path}", self.server.url);
        request("GET", &url, &[("Authorization", &self.basic), ("Sanu-Reason", reason)], b"")
    }

    /// Answers, and must be heard.
    fn says(&self, number: u32, a: &str, b: &str, answer: &str) {
        let response = self.answers(number, a, b, answer);
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(response.json()["state"], "standing", "{}", response.text());
    }
}

fn decision(number: u32) -> String {
    format!("00000000-0000-4000-a000-{number:012}")
}

/// Everything derived but the log of decisions, the feed and what only grows.
fn derived(server: &Server) -> BTreeMap<String, String> {
    let report = server.cli_json(&["derived-hash"]);
    let mut hashes: BTreeMap<String, String> =
        serde_json::from_value(report["hashes"].clone()).unwrap();
    hashes.remove("decision");
    hashes
}

/// The register derived again is the one that was lived through, and its counts add up.
fn is_sound(server: &mut Server) {
    let check = server.cli_json(&["check"]);
    assert_eq!(
        (&check["wrong_count_cells"], &check["wrong_places"]),
        (&json!(0), &json!(0)),
        "{check}"
    );
    server.stop();
    let live = server.cli_json(&["derived-hash"]);
    let live: BTreeMap<String, String> = serde_json::from_value(live["hashes"].clone()).unwrap();
    assert_eq!(live, hashes(server), "live and rebuilt differ");
}

fn send(phone: &str, miner: &Miner) {
    let answer = submit(phone, &miner.xml());
    assert_eq!(answer.status, 201, "{}", answer.text());
}

fn version(server: &Server, id: &str) -> String {
    let id = id.replace('-', "");
    server.sql(&format!(
        "SELECT version FROM entity WHERE REPLACE(LOWER({}), '-', '') = '{id}'",
        if server.database_url.is_some() { "CAST(entity_id AS text)" } else { "HEX(entity_id)" }
    ))
}

on_both! {
    fn a_card_shown_on_another_site_is_one_person_and_two_contacts(server) {
        let mut server = server;
        let kangaba = server.phone("kangaba", Some("koulikoro"));
        let kenieba = server.phone("kenieba", Some("kayes"));
        let first = Miner::new(1);
        let again = Miner { number: 2, card: first.card.clone(), given: "Moussa dit Balla", year: 1991, role: "crusher_hand", ..first.clone() };

        send(&kangaba.url, &first);
        send(&kenieba.url, &again);
        server.settled();

        assert_eq!(server.count("orpailleurs"), 1, "{}", server.sql("SELECT class, stops, evidence FROM match_pair"));
        assert_eq!(server.sql("SELECT COUNT(*) FROM entity"), "2");
        assert_eq!(server.sql("SELECT cause FROM link"), "card\ncard");
        assert_eq!(version(&server, &first.id()), "2", "the first shows both contacts");
        is_sound(&mut server);
    }

    fn one_card_does_not_make_one_person_of_a_man_and_a_woman(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let man = Miner::new(1);
        let woman = Miner { number: 2, card: man.card.clone(), sex: "female", ..man.clone() };
        let older = Miner { number: 3, card: man.card.clone(), year: 1960, ..man.clone() };
        let other = Miner { number: 4, card: man.card.clone(), surname: "Keïta", given: "Sidi", ..man.clone() };

        for miner in [&man, &woman, &older, &other] {
            send(&phone.url, miner);
        }
        server.settled();

        assert_eq!(server.sql("SELECT reason, violations FROM record WHERE state = 'quarantined'"), "");
        assert_eq!(server.count("orpailleurs"), 4);
        is_sound(&mut server);
    }

    fn one_nina_seen_twice_is_one_person_and_a_corrected_one_is_two(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let first = Miner { nina: "19005123456789A", ..Miner::new(1) };
        let again = Miner { number: 2, card: card("ORP", 2), ..first.clone() };
        send(&phone.url, &first);
        send(&phone.url, &again);
        server.settled();
        assert_eq!(server.count("orpailleurs"), 1);

        let corrected = Miner { nina: "19005999999999B", ..again }.xml_as("uuid:miner-2b").replace(
            "<instanceID>", "<deprecatedID>uuid:miner-2</deprecatedID><instanceID>");
        assert_eq!(submit(&phone.url, &corrected).status, 201);
        server.settled();

        assert_eq!(server.count("orpailleurs"), 2);
        assert_eq!(server.sql("SELECT COUNT(*) FROM link"), "0");
        is_sound(&mut server);
    }

    fn a_merge_taken_back_leaves_nothing_behind_even_after_later_edits(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let (a, b) = (Miner::new(1), Miner { surname: "Traore", role: "crusher_hand", ..Miner::new(2) });
        send(&phone.url, &a);
        send(&phone.url, &b);
        server.settled();
        let before = derived(&server);
        let awa = Reviewer::new(&server, "awa", "data_manager");

        awa.says(1, &a.id(), &b.id(), "same");
        assert_eq!(server.count("orpailleurs"), 1);
        assert_ne!(derived(&server), before);
        awa.says(2, &a.id(), &b.id(), "unmerge");

        assert_eq!(server.count("orpailleurs"), 2);
        assert_eq!(derived(&server), before);

        // The same once more, with an edit of each while they were one.
        let edit = |m: &Miner, role| Miner { role, ..m.clone() }
            .xml_as(&format!("uuid:edit-{}", m.number))
            .replace("<instanceID>", &format!("<deprecatedID>uuid:miner-{}</deprecatedID><instanceID>", m.number));
        let merged_again = json!({ "a": a.id(), "b": b.id(), "answer": "same", "reason": "", "replaces": decision(2) });
        assert_eq!(awa.put(3, &merged_again).status, 200);
        assert_eq!(submit(&phone.url, &edit(&a, "washer")).status, 201);
        assert_eq!(submit(&phone.url, &edit(&b, "washer")).status, 201);
        server.settled();
        assert_eq!(version(&server, &a.id()), "4");
        awa.says(4, &a.id(), &b.id(), "unmerge");
        let apart = derived(&server);
        assert_eq!(server.count("orpailleurs"), 2);

        let never = Server::sqlite();
        if server.database_url.is_none() {
            let phone = never.phone("agent", None);
            send(&phone.url, &a);
            send(&phone.url, &b);
            assert_eq!(submit(&phone.url, &edit(&a, "washer")).status, 201);
            assert_eq!(submit(&phone.url, &edit(&b, "washer")).status, 201);
            never.settled();
            // Other keys, so other seals; what is in clear and the counts must be those of a
            // register where nobody ever merged anything.
            assert_eq!(derived(&never)["count_cell"], apart["count_cell"]);
            let rows = "SELECT hex(entity_id), version, props, label, sex, age_group, site_id, created_seq, \
                        merged_into FROM entity ORDER BY entity_id";
            let seqs = |text: String| text;
            assert_eq!(seqs(never.sql(rows)), seqs(server.sql(rows)));
        }
        is_sound(&mut server);
    }

    fn different_is_remembered_and_outranks_the_card(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let a = Miner::new(1);
        let b = Miner { number: 2, card: a.card.clone(), ..a.clone() };
        send(&phone.url, &a);
        send(&phone.url, &b);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager");
        assert_eq!(server.count("orpailleurs"), 1, "{}", server.sql("SELECT class, stops, evidence FROM match_pair"));

        awa.says(1, &a.id(), &b.id(), "different");
        assert_eq!(server.count("orpailleurs"), 2);
        // A third with the same card may join one of them, never both.
        let c = Miner { number: 3, card: a.card.clone(), ..a.clone() };
        send(&phone.url, &c);
        server.settled();
        assert_eq!(server.count("orpailleurs"), 2);

        let again = awa.answers(2, &b.id(), &a.id(), "same");
        assert_eq!((again.status, again.json()["type"].as_str().unwrap().ends_with("already-decided")), (409, true), "{}", again.text());
        assert!(again.text().contains(&decision(1)), "{}", again.text());
        let through = awa.answers(3, &b.id(), &c.id(), "same");
        assert_eq!(through.status, 409, "{}", through.text());
        assert!(through.json()["type"].as_str().unwrap().ends_with("kept-apart"), "{}", through.text());
        is_sound(&mut server);
    }

    fn a_merge_shows_the_chosen_values_until_something_newer_is_said(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let (a, b) = (Miner { role: "pit_digger", ..Miner::new(1) }, Miner { role: "crusher_hand", ..Miner::new(2) });
        send(&phone.url, &a);
        send(&phone.url, &b);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let role = |server: &Server| server.sql("SELECT props FROM entity WHERE merged_into IS NULL");

        let body = json!({ "a": a.id(), "b": b.id(), "answer": "same", "choices": { "main_role": a.id() } });
        assert_eq!(awa.put(1, &body).status, 200);
        assert!(role(&server).contains("\"main_role\":\"pit_digger\""), "{}", role(&server));
        let newer = Miner { role: "washer", ..b.clone() }.xml_as("uuid:newer").replace(
            "<instanceID>", "<deprecatedID>uuid:miner-2</deprecatedID><instanceID>");
        assert_eq!(submit(&phone.url, &newer).status, 201);
        server.settled();

        assert!(role(&server).contains("\"main_role\":\"washer\""), "{}", role(&server));
        is_sound(&mut server);
    }

    fn two_sites_become_one_for_the_people_on_them_and_two_again(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        for number in [1, 2] {
            assert_eq!(submit(&phone.url, &site(number).xml).status, 201);
        }
        send(&phone.url, &Miner { site: Some(site_id(1)), ..Miner::new(1) });
        send(&phone.url, &Miner { site: Some(site_id(2)), ..Miner::new(2) });
        server.settled();
        let before = derived(&server);
        let awa = Reviewer::new(&server, "awa", "data_manager");

        awa.says(1, &site_id(1), &site_id(2), "same");
        assert_eq!((server.count("sites"), server.count("orpailleurs")), (1, 2));
        assert_eq!(server.get_admin("/v1/sites.geojson").json()["features"].as_array().unwrap().len(), 1);
        awa.says(2, &site_id(2), &site_id(1), "unmerge");

        assert_eq!(derived(&server), before);
        is_sound(&mut server);
    }

    fn answers_that_cannot_be_taken_say_why(server) {
        let phone = server.phone("agent", Some("kayes"));
        let (a, b) = (Miner::new(1), Miner { nina: "19005123456789A", ..Miner::new(2) });
        let c = Miner { nina: "19005999999999B", ..Miner::new(3) };
        for miner in [&a, &b, &c] {
            send(&phone.url, miner);
        }
        assert_eq!(submit(&phone.url, &site(1).xml).status, 201);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let far = Reviewer::of(&server, "far", "data_manager", Some("sikasso"));
        let agent = Reviewer::new(&server, "agent-2", "supervisor");
        let status = |r: Response| r.status;

        assert_eq!(status(awa.answers(1, &a.id(), &a.id(), "same")), 400);
        assert_eq!(status(awa.answers(1, &a.id(), &people::entity_id(99), "same")), 404);
        assert_eq!(status(awa.answers(1, &a.id(), &site_id(1), "same")), 400);
        assert_eq!(status(awa.answers(1, &a.id(), &b.id(), "perhaps")), 400);
        assert_eq!(status(awa.answers(1, &a.id(), &b.id(), "unmerge")), 409);
        assert_eq!(status(far.answers(2, &a.id(), &b.id(), "same")), 404);
        assert_eq!(status(agent.answers(2, &a.id(), &b.id(), "same")), 403);
        let long = json!({ "a": a.id(), "b": b.id(), "answer": "same", "reason": "x".repeat(2_001) });
        assert_eq!(status(awa.put(2, &long)), 400);
        // Replays are the same answer; another answer under its id is not.
        awa.says(3, &a.id(), &b.id(), "same");
        awa.says(3, &a.id(), &b.id(), "same");
        let other = awa.answers(3, &a.id(), &c.id(), "same");
        assert!(other.json()["type"].as_str().unwrap().ends_with("decision-id-used"), "{}", other.text());
        // Two NINA, both seen: a reason, and two people.
        let bare = awa.put(4, &json!({ "a": b.id(), "b": c.id(), "answer": "same" }));
        assert!(bare.json()["type"].as_str().unwrap().ends_with("hard-stop"), "{}", bare.text());
        let first = awa.answers(5, &b.id(), &c.id(), "same");
        assert_eq!(first.json()["state"], "waiting", "{}", first.text());
        assert_eq!(status(awa.answers(6, &b.id(), &c.id(), "same")), 409);
        let second = Reviewer::new(&server, "binta", "data_manager");
        second.says(7, &b.id(), &c.id(), "same");
        assert_eq!(server.count("orpailleurs"), 1);
    }

    fn two_people_decide_about_children_and_every_reading_is_noted(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let children: Vec<_> = census(5, 400)
            .into_iter()
            .filter(|s| s.form_id == "enfant" && s.xml.contains("<child_card>ENF") && s.xml.contains("<sex>male<"))
            .take(2)
            .collect();
        for child in &children {
            assert_eq!(submit(&phone.url, &child.xml).status, 201);
        }
        server.settled();
        let ids = uuids(&server, "SELECT entity_id FROM entity WHERE dataset = 'enfants' ORDER BY created_seq");
        let [a, b] = ids.as_slice() else { panic!("two children: {ids:?}") };
        let manager = Reviewer::new(&server, "awa", "data_manager");
        let focal = Reviewer::new(&server, "fanta", "protection");
        let supervisor = Reviewer::new(&server, "sidi", "supervisor");

        let first = manager.answers(1, a, b, "same");
        assert_eq!(first.json()["state"], "waiting", "{}", first.text());
        assert_eq!(server.count_as("enfants", &manager.basic), 2);
        focal.says(2, a, b, "same");
        assert_eq!(server.count_as("enfants", &manager.basic), 1);

        let path = format!("/v1/reviews/duplicates/{a}/{b}");
        assert_eq!(supervisor.get(&path).status, 404);
        assert_eq!(supervisor.get("/v1/reviews/duplicates?of=enfants").status, 403);
        let unsaid = focal.get(&path);
        assert_eq!((unsaid.status, unsaid.json()["type"].as_str().unwrap().ends_with("reason-needed")), (400, true), "{}", unsaid.text());
        assert_eq!(manager.get(&format!("{path}?reason=%20")).status, 400);
        assert_eq!(manager.get(&format!("{path}?reason={}", "x".repeat(201))).status, 400);
        let read = focal.get(&format!("{path}?reason=v%C3%A9rification%20d%27%C3%A2ge"));
        assert_eq!(read.status, 200, "{}", read.text());
        assert_eq!(manager.get_because(&path, "double%20inscription").status, 200);
        assert!(!read.text().contains("referral."), "{}", read.text());
        let noted = server.sql("SELECT subject FROM audit WHERE action = 'review'");
        assert!(noted.contains(a.as_str()) && noted.contains(b.as_str()), "{noted}");
        let reasons = server.sql("SELECT detail FROM audit WHERE action = 'review' ORDER BY at");
        assert_eq!(reasons, "duplicates: vérification d'âge\nduplicates: double inscription");
        // The words of a decision about a child are read for a reason too.
        let story = format!("/v1/reviews/entities/{a}");
        assert_eq!(manager.get(&story).json()["decisions"][0]["reason"], Value::Null);
        assert_eq!(manager.get(&format!("{story}?reason=suivi")).json()["decisions"][0]["reason"], "vu ensemble");
        is_sound(&mut server);
    }

    fn a_decision_in_the_journal_outlives_a_kill_before_it_was_applied(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let (a, b) = (Miner::new(1), Miner::new(2));
        send(&phone.url, &a);
        send(&phone.url, &b);
        server.settled();
        let password = server.account("awa", "data_manager", None);
        let body = json!({ "a": a.id(), "b": b.id(), "answer": "same" }).to_string();
        let put = |url: &str| {
            let basic = basic("awa", &password);
            let url = format!("{url}/v1/reviews/decisions/{}", decision(1));
            crate::support::http::try_request("PUT", &url, &[("Authorization", &basic)], body.as_bytes())
        };

        let url = server.url.clone();
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| put(&url));
            while server.sql("SELECT COUNT(*) FROM journal WHERE kind = 'decision'") == "0" {
                std::thread::yield_now();
            }
            server.kill();
            let _answered_or_cut = asked.join();
        });
        server.start();
        server.settled();

        assert_eq!(server.sql("SELECT state FROM decision"), "standing");
        assert_eq!(server.count("orpailleurs"), 1);
        let again = put(&server.url).unwrap();
        assert_eq!((again.status, again.json()["state"].as_str()), (200, Some("standing")));
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal WHERE kind = 'decision'"), "1");
        is_sound(&mut server);
    }

    fn what_a_reviewer_may_read_depends_on_role_and_zone(server) {
        let phone = server.phone("agent", Some("kayes"));
        let other = server.phone("agent-2", Some("sikasso"));
        let a = Miner { surname: "Sanogo", mother: "Nantenin Fofana", village: "Kita", ..Miner::new(1) };
        let (b, c) = (Miner { number: 2, card: card("ORP", 2), agent: "KK003", ..a.clone() }, Miner::new(3));
        send(&phone.url, &a);
        send(&phone.url, &b);
        send(&other.url, &c);
        server.settled();
        let manager = Reviewer::new(&server, "awa", "data_manager");
        let supervisor = Reviewer::of(&server, "sidi", "supervisor", Some("kayes"));
        let here = format!("/v1/reviews/duplicates/{}/{}", a.id(), b.id());
        let across = format!("/v1/reviews/duplicates/{}/{}", a.id(), c.id());
        let story = format!("/v1/reviews/entities/{}", c.id());

        let seen = manager.get(&here);
        assert_eq!(seen.json()["b"]["values"]["surname"], "Sanogo", "{}", seen.text());
        assert_eq!(manager.get(&across).status, 200);
        assert_eq!(manager.get(&story).json()["contacts"].as_array().unwrap().len(), 1);
        // A supervisor sees that there is a pair in the area, never who they are.
        let seen = supervisor.get(&here);
        assert_eq!(seen.status, 200, "{}", seen.text());
        assert!(!seen.text().to_lowercase().contains("sanogo") && !seen.text().contains("values"), "{}", seen.text());
        assert_eq!(supervisor.get(&across).status, 404);
        assert_eq!(supervisor.get(&story).status, 404);
        for role in ["admin", "enumerator", "researcher", "chamber", "cooperative", "protection", "public"] {
            let nobody = Reviewer::new(&server, &format!("one-{role}"), role);
            for path in [&here, &story] {
                assert_eq!(nobody.get(path).status, 404, "{role} {path}");
            }
            assert_eq!(nobody.get("/v1/reviews/duplicates").status, 403, "{role}");
        }
        for bad in ["?limit=0", "?limit=101", "?of=osc", "?after=zz", "?x=1"] {
            assert_eq!(manager.get(&format!("/v1/reviews/duplicates{bad}")).status, 400, "{bad}");
        }
        assert_eq!(manager.get(&format!("/v1/reviews/duplicates/{}/{}", a.id(), a.id())).status, 400);
        assert_eq!(manager.get("/v1/reviews/duplicates/x/y").status, 404);
    }
}

/// The ids in one column, as text, whatever the database.
fn uuids(server: &Server, sql: &str) -> Vec<String> {
    let found = server.sql(sql);
    let ids = found.lines().map(|l| l.trim().parse::<uuid::Uuid>().expect("an id").to_string());
    ids.collect()
}

#[test]
fn nothing_of_identity_lies_in_clear_in_what_linkage_stores() {
    let mut server = Server::sqlite();
    let phone = server.phone("agent", None);
    let a = Miner { surname: "Sangaredouble", mother: "Nantenin Fofana", ..Miner::new(1) };
    let b = Miner { number: 2, card: card("ORP", 2), ..a.clone() };
    send(&phone.url, &a);
    send(&phone.url, &b);
    server.settled();
    let awa = Reviewer::new(&server, "awa", "data_manager");
    let body = json!({ "a": a.id(), "b": b.id(), "answer": "same", "reason": "Sangaredouble en personne" });
    assert_eq!(awa.put(1, &body).status, 200);
    let told = awa.get(&format!("/v1/reviews/entities/{}", a.id()));
    assert!(told.text().contains("Sangaredouble en personne"), "{}", told.text());
    drop(awa);
    server.stop();

    let mut files: Vec<_> = vec![server.data()];
    let mut read = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for word in ["Sangaredouble", "Nantenin", &a.card, &b.card] {
            let found = bytes.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word.as_bytes()));
            assert!(!found, "{word} lies in {}", path.display());
        }
        read += 1;
    }
    assert!(read > 2, "the data folder was not read");
}
