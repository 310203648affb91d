//! Rules that compare a record with what is registered: they mark it, and a rebuild says the same.

use super::{
    is_sound,
    people::{Miner, card, child},
    send,
};
use crate::support::{
    Server,
    places::{site_at, with_answer},
    xml::{between, site_id, submit},
};

/// How a record stands, and the rules it breaks.
fn found(server: &Server, instance_id: &str) -> (String, Vec<String>) {
    let row = server
        .sql(&format!("SELECT state, violations FROM record WHERE instance_id = '{instance_id}'"));
    let (state, violations) = row.split_once('|').unwrap_or_else(|| panic!("{instance_id}: {row}"));
    let rules: serde_json::Value = serde_json::from_str(violations).unwrap();
    let rules = rules.as_array().unwrap().iter().map(|v| v["rule"].as_str().unwrap().to_owned());
    (state.to_owned(), rules.collect())
}

fn breaks(server: &Server, instance_id: &str, rule: &str) -> bool {
    found(server, instance_id).1.iter().any(|known| known == rule)
}

on_both! {
    fn a_card_shown_by_two_marks_the_second_and_keeps_both_in_the_register(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let man = Miner::new(1);
        let woman = Miner { number: 2, sex: "female", surname: "Keïta", given: "Sira", ..man.clone() };
        let again = Miner { number: 3, agent: "KK003", ..man.clone() };
        let other = Miner { surname: "Dembélé", given: "Oumar", ..Miner::new(4) };
        for miner in [&man, &woman, &again, &other] {
            send(&phone.url, miner);
        }
        server.settled();

        let cards = |name: &str| ["C07", "C08"].map(|rule| breaks(&server, name, rule));
        assert_eq!(cards("uuid:miner-1"), [false, false]);
        assert_eq!((cards("uuid:miner-2"), found(&server, "uuid:miner-2").0.as_str()), ([true, false], "flagged"));
        assert_eq!((cards("uuid:miner-3"), found(&server, "uuid:miner-3").0.as_str()), ([false, true], "received"));
        assert_eq!(cards("uuid:miner-4"), [false, false]);
        assert_eq!(server.count("orpailleurs"), 3, "the first and the third are one");

        // The card was written down wrong: the edit is compared anew, with everybody but herself.
        let edit = Miner { card: card("ORP", 77), ..woman }.xml_as("uuid:miner-2b").replace(
            "<instanceID>", "<deprecatedID>uuid:miner-2</deprecatedID><instanceID>");
        assert_eq!(submit(&phone.url, &edit).status, 201);
        server.settled();
        assert!(!breaks(&server, "uuid:miner-2b", "C07"));
        is_sound(&mut server);
    }

    fn a_record_far_from_its_site_is_marked_once_the_site_is_there(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let near = Miner { site: Some(site_id(1)), ..Miner::new(1) };
        let far = Miner { number: 2, card: card("ORP", 2), surname: "Dembélé", ..near.clone() };
        let at = |miner: &Miner, gps: &str| with_answer(&miner.xml(), "gps", &format!("{gps} 300.0 5.0"));
        let early = Miner { number: 3, card: card("ORP", 3), surname: "Sissoko", ..near.clone() };

        assert_eq!(submit(&phone.url, &at(&early, "13.0351234 -9.4895123")).status, 201);
        server.settled();
        assert_eq!(submit(&phone.url, &site_at(1, 14.446_912, -11.444_512).xml).status, 201);
        assert_eq!(submit(&phone.url, &at(&near, "14.4469234 -11.4445123")).status, 201);
        assert_eq!(submit(&phone.url, &at(&far, "13.0351234 -9.4895123")).status, 201);
        server.settled();

        assert!(!breaks(&server, "uuid:miner-1", "B09"));
        assert!(breaks(&server, "uuid:miner-2", "B09"));
        assert_eq!(found(&server, "uuid:miner-2").0, "flagged", "300 km off, and in the register all the same");
        assert!(!breaks(&server, "uuid:miner-3", "B09"), "nothing was there to compare with");
        let edit = with_answer(&early.xml_as("uuid:miner-3b"), "gps", "13.0351234 -9.4895123 300.0 5.0").replace(
            "<instanceID>", "<deprecatedID>uuid:miner-3</deprecatedID><instanceID>");
        assert_eq!(submit(&phone.url, &edit).status, 201);
        server.settled();
        assert!(breaks(&server, "uuid:miner-3b", "B09"));
        is_sound(&mut server);
    }

    fn a_caregiver_too_young_for_the_child_is_seen_by_the_card(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let (young, old) = (Miner { year: 2001, ..Miner::new(1) }, Miner { year: 1980, surname: "Dembélé", ..Miner::new(2) });
        send(&phone.url, &young);
        send(&phone.url, &old);
        server.settled();
        let site = "00000000-0000-4000-9000-000000000001";
        let xml = child("Drissa", "Kanté", "Nantenin", 17, site);
        let instance = between(&xml, "<instanceID>", "</instanceID>").unwrap().to_owned();
        for (name, miner) in [("uuid:young", &young), ("uuid:old", &old)] {
            let xml = with_answer(&xml, "caregiver_card", &miner.card).replace(&instance, name);
            let code = if name == "uuid:old" { card("ENF", 8) } else { card("ENF", 9) };
            assert_eq!(submit(&phone.url, &with_answer(&xml, "child_card", &code)).status, 201);
        }
        server.settled();

        assert!(breaks(&server, "uuid:young", "D15"), "{:?}", found(&server, "uuid:young"));
        assert!(!breaks(&server, "uuid:old", "D15"), "{:?}", found(&server, "uuid:old"));
        let twice = with_answer(&xml, "child_card", &card("ENF", 8)).replace(&instance, "uuid:twice");
        assert_eq!(submit(&phone.url, &twice).status, 201);
        server.settled();
        assert!(breaks(&server, "uuid:twice", "D16"));
        is_sound(&mut server);
    }
}
