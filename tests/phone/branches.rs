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
