//! People registered and visited off line: what arrives late or backwards ends up the same.

use std::collections::BTreeMap;

use serde_json::json;

use super::{all_well, answers, engine, publish_samples, records, run};
use crate::support::{Server, request};

/// The list of people as another phone would read it: id, then every other cell by column.
fn people(server: &Server) -> BTreeMap<String, BTreeMap<String, String>> {
    let other = server.phone("agent-other", None);
    let list = request("GET", &format!("{}/forms/visite/lists/personnes.csv", other.url), &[], b"");
    assert_eq!(list.status, 200, "{}", list.text());
    let mut rows = csv::Reader::from_reader(list.body.as_slice());
    let found: Vec<BTreeMap<String, String>> = rows.deserialize().map(|row| row.unwrap()).collect();
    found.into_iter().map(|mut row| (row.remove("name").expect("an id"), row)).collect()
}

on_both! {
    fn a_person_created_and_visited_twice_off_line_is_the_same_in_either_order(server) {
        let mut server = server;
        let Some(engine) = engine() else { return };
        publish_samples(&server);
        let phone = server.phone("agent-1", None);
        let key = ["--key-url", phone.url.as_str()];
        let folder = tempfile::tempdir().unwrap();
        let visit = |name, number: &str| {
            let content = json!({"personne": "$last", "change_tel": "oui", "nouveau_tel": number, "present": "oui"});
            answers(folder.path(), name, &content)
        };
        let (first, second) = (visit("first.json", "60000001"), visit("second.json", "60000002"));
        let chain = format!("--form personne,visite,visite --answers samples/personne.json,{first},{second} --auto --count 10 --concurrency 5");

        all_well(run(engine, &key, &chain), 10);
        all_well(run(engine, &key, &format!("{chain} --reverse-send --resync")), 10);
        server.settled();

        let people = people(&server);
        assert_eq!(people.len(), 20);
        for (id, person) in &people {
            assert_eq!((&*person["__version"], &*person["telephone"]), ("3", "60000002"), "{id}: {person:?}");
        }
        let mut values: Vec<_> = people.values().collect();
        values.sort();
        assert!(values.chunks(2).all(|pair| pair[0] == pair[1]), "same answers, other values: {values:#?}");
        assert_eq!((records(&server, "held"), &*server.sql("SELECT COUNT(*) FROM held")), (0, "0"));
        assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE state IN ('received', 'flagged')"), "60");
        server.stop();
        let live = server.cli_json(&["derived-hash"]);
        assert!(live["hashes"].is_object(), "{live}");
        assert_eq!(live["hashes"], server.cli_json(&["rebuild"])["hashes"], "live and rebuilt differ");
    }
}

#[test]
fn each_tree_of_a_household_is_an_entity_of_its_own() {
    let Some(engine) = engine() else { return };
    let server = Server::sqlite();
    publish_samples(&server);
    let phone = server.phone("agent-1", None);

    let menage = "--form menage --answers samples/menage.json --auto --count 2";
    all_well(run(engine, &["--key-url", &phone.url], menage), 2);
    server.settled();

    assert_eq!(server.sql("SELECT COUNT(*) FROM entity WHERE dataset = 'menages'"), "2");
    assert_eq!(server.sql("SELECT COUNT(*) FROM entity WHERE dataset = 'arbres'"), "4");
}

#[test]
fn a_site_that_arrives_after_its_miner_and_its_visit_takes_both() {
    let Some(engine) = engine() else { return };
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);
    let forms = ["site", "orpailleur", "visite_site"];
    let samples = forms.map(|form| format!("samples/{form}.json")).join(",");

    let backwards = format!("--form {} --answers {samples} --auto --reverse-send", forms.join(","));
    let run = all_well(run(engine, &["--key-url", &phone.url], &backwards), 1);
    server.settled();

    assert_eq!(run.json["localEntitiesUpdated"], 1, "the visit is about the new site");
    let sites = "SELECT version FROM entity WHERE dataset = 'sites'";
    assert_eq!(server.sql(sites), "2");
    let here = "SELECT COUNT(*) FROM entity m JOIN entity s ON s.entity_id = m.site_id \
                WHERE m.dataset = 'orpailleurs' AND m.commune_2023 = s.commune_2023 AND s.commune_2023 <> ''";
    assert_eq!(server.sql(here), "1", "the miner is counted where the site is");
    assert_eq!((records(&server, "held"), &*server.sql("SELECT COUNT(*) FROM held")), (0, "0"));
    assert_eq!(records(&server, "received") + records(&server, "flagged"), 3);
}
#[test]
fn two_phones_that_visit_the_same_person_off_line_each_keep_their_own_order() {
    let Some(engine) = engine() else { return };
    let server = Server::sqlite();
    publish_samples(&server);
    let (one, two) = (server.phone("agent-1", None), server.phone("agent-2", None));
    let folder = tempfile::tempdir().unwrap();
    let visit = |number: &str| {
        let content = json!({"personne": "$any", "change_tel": "oui", "nouveau_tel": number, "present": "oui"});
        answers(folder.path(), &format!("{number}.json"), &content)
    };
    let visits = |from: &str, to: &str| {
        format!("--form visite,visite --answers {},{} --auto", visit(from), visit(to))
    };
    all_well(
        run(
            engine,
            &["--key-url", &one.url],
            "--form personne --answers samples/personne.json --auto",
        ),
        1,
    );
    server.settled();
    let outbox = folder.path().join("outbox");
    let two = ["--key-url", two.url.as_str(), "--outbox", outbox.to_str().unwrap()];

    all_well(run(engine, &two, &format!("{} --no-send", visits("70000001", "70000002"))), 1);
    all_well(run(engine, &["--key-url", &one.url], &visits("60000001", "60000002")), 1);
    // The second phone's visits arrive last made first: folders are sent in the order of their names.
    for waiting in std::fs::read_dir(&outbox).unwrap().map(|entry| entry.unwrap().path()) {
        let xml = std::fs::read_to_string(waiting.join("submission.xml")).unwrap();
        let place = if xml.contains("70000002") { "a" } else { "b" };
        std::fs::rename(&waiting, outbox.join(place)).unwrap();
    }
    all_well(run(engine, &two, "--send-outbox"), 2);
    server.settled();

    let people = people(&server);
    let person = people.values().next().unwrap();
    assert_eq!((&*person["__version"], &*person["telephone"]), ("5", "70000002"), "{person:?}");
    assert_eq!(records(&server, "held"), 0);
}
