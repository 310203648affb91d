//! Two who say something else of one entity without knowing of each other: both are kept, the later one stands, and a
//! person decides.

use serde_json::{Value, json};

use crate::{
    register::hashes,
    reviews::Reviewer,
    support::{
        Server,
        places::with_answer,
        xml::{between, site, site_id, submit},
    },
};

/// An update of site 90 on its first version, under a name and status of its own.
fn update(number: u32, name: &str, status: &str) -> String {
    let xml = site(number).xml.replacen("create=\"1\"", "update=\"1\" baseVersion=\"1\"", 1);
    let known = site(90).xml;
    let place = between(&known, "<gps>", "</gps>").expect("a site has a position");
    with_answer(&xml, "gps", place)
        .replace(&site_id(number), &site_id(90))
        .replace(&format!(">Site {number}<"), &format!(">{name}<"))
        .replace("<site_status>active<", &format!("<site_status>{status}<"))
}

/// A site, and two phones that saw its first version and say something else of it.
fn contradicted(server: &Server) {
    let (one, other) = (server.phone("agent-1", None), server.phone("agent-2", None));
    assert_eq!(submit(&one.url, &site(90).xml).status, 201);
    assert_eq!(submit(&one.url, &update(91, "Nom d'Awa", "active")).status, 201);
    assert_eq!(submit(&other.url, &update(92, "Nom de Bakary", "active")).status, 201);
    server.settled();
}

fn read(reviewer: &Reviewer<'_>) -> Value {
    let answer = reviewer.get(&format!("/v1/reviews/conflicts/{}", site_id(90)));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn label(server: &Server) -> String {
    server.settled();
    server.sql("SELECT label, version FROM entity WHERE version > 0")
}

fn decide(reviewer: &Reviewer<'_>, number: u32, seen: &Value, choice: &Value) -> (u16, String) {
    let fields: serde_json::Map<String, Value> = seen["conflicts"][0]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["name"].as_str().unwrap().to_owned(), choice.clone()))
        .collect();
    let body = json!({ "entity_id": site_id(90), "conflict": seen["conflicts"][0]["conflict"],
        "version": seen["version"], "fields": fields, "reason": "appelé le chef de site" });
    let path = format!("/v1/reviews/conflicts/decisions/00000000-0000-4000-c000-{number:012}");
    let answer = reviewer.send("PUT", &path, &body);
    (answer.status, answer.text())
}

on_both! {
    fn what_two_said_is_shown_with_both_values_and_decided_by_a_person(server) {
        let mut server = server;
        contradicted(&server);
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let chief = Reviewer::new(&server, "chef", "supervisor", None);
        assert_eq!(label(&server), "Nom de Bakary|3", "the later one stands");

        let queue = data.get("/v1/reviews/conflicts?level=hard").json();
        assert_eq!(queue["conflicts"].as_array().unwrap().len(), 1, "{queue}");
        assert_eq!((&queue["conflicts"][0]["entity_id"], &queue["conflicts"][0]["fields"]), (&json!(site_id(90)), &json!(["label"])));
        let entity = data.get(&format!("/v1/datasets/sites/entities/{}", site_id(90))).json();
        assert_eq!(entity["conflicts"][0]["level"], "hard", "{entity}");
        let seen = read(&data);
        let field = &seen["conflicts"][0]["fields"][0];
        assert_eq!((&field["base"], &field["theirs"], &field["mine"]), (&json!("Site 90"), &json!("Nom d'Awa"), &json!("Nom de Bakary")), "{seen}");
        assert!(field["by"]["device_id"].is_string(), "{seen}");

        assert_eq!(decide(&chief, 1, &seen, &json!("theirs")).0, 403, "a supervisor reads, and decides nothing");
        let wrong = decide(&data, 1, &seen, &json!({ "value": 7 }));
        assert_eq!(wrong.0, 400, "{}", wrong.1);
        let done = decide(&data, 2, &seen, &json!("theirs"));
        assert_eq!(done.0, 200, "{}", done.1);
        assert_eq!(decide(&data, 2, &seen, &json!("theirs")).0, 200, "the same again is the same");
        assert_eq!(decide(&data, 3, &seen, &json!("mine")).0, 409, "somebody decided meanwhile");

        assert_eq!(label(&server), "Nom d'Awa|4");
        assert_eq!(data.get("/v1/reviews/conflicts").json()["conflicts"], json!([]));
        assert_eq!(read(&data)["conflicts"][0]["state"], "settled");
        let history = data.get(&format!("/v1/datasets/sites/entities/{}/history", site_id(90))).text();
        assert!(history.contains("settlement"), "{history}");
        // A rejection and its withdrawal, a deletion and a restoration leave what was decided.
        data.says(4, &site(92).instance_id, "reject", "rejected");
        assert!(label(&server).starts_with("Nom d'Awa|"));
        data.says(5, &site(92).instance_id, "reopen", "accepted");
        for (method, path) in [("DELETE", ""), ("POST", "/restore")] {
            let path = format!("/v1/datasets/sites/entities/{}{path}?reason=essai", site_id(90));
            assert_eq!(data.send(method, &path, &json!({})).status, 200);
        }
        assert!(label(&server).starts_with("Nom d'Awa|"), "{}", label(&server));
        server.stop();
        let live = server.cli_json(&["derived-hash"]);
        for (table, hash) in hashes(&server) {
            assert_eq!(live["hashes"][&table], hash, "{table}: live and rebuilt differ");
        }
    }

    fn a_conflict_is_shown_to_whom_it_concerns_and_two_who_agree_are_a_soft_one(server) {
        let (one, other) = (server.phone("agent-1", Some("kayes")), server.phone("agent-2", Some("kayes")));
        assert_eq!(submit(&one.url, &site(90).xml).status, 201);
        assert_eq!(submit(&one.url, &update(91, "Même nom", "active")).status, 201);
        assert_eq!(submit(&other.url, &update(92, "Même nom", "active")).status, 201);
        server.settled();
        let queue = |reviewer: &Reviewer<'_>, filter: &str| {
            let answer = reviewer.get(&format!("/v1/reviews/conflicts{filter}"));
            (answer.status, answer.json()["conflicts"].as_array().map(Vec::len))
        };
        let here = Reviewer::new(&server, "ici", "supervisor", Some("kayes"));
        let there = Reviewer::new(&server, "ailleurs", "supervisor", Some("sikasso"));
        let children = Reviewer::new(&server, "protection", "protection", None);

        assert_eq!(queue(&here, "?level=soft"), (200, Some(1)));
        assert_eq!(queue(&here, "?level=hard"), (200, Some(0)));
        assert_eq!(queue(&there, ""), (200, Some(0)));
        assert_eq!(queue(&children, ""), (200, Some(0)));
        assert_eq!(queue(&here, "?dataset=enfants").0, 403);
        assert_eq!(queue(&here, "?level=none").0, 400);
        for reviewer in [&there, &children] {
            let answer = reviewer.get(&format!("/v1/reviews/conflicts/{}", site_id(90)));
            assert_eq!(answer.status, 404, "{}", answer.text());
        }
        assert_eq!(read(&here)["conflicts"][0]["fields"], json!([]));
    }
}
