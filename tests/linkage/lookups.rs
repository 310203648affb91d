//! Rules that compare a record with what is registered: they mark it, and a rebuild says the same.

use super::{
    is_sound,
    people::{Miner, card, child},
    send,
};
use crate::{
    reviews::Reviewer,
    support::{
        Server,
        places::{site_at, visit_of, with_answer},
        xml::{between, census, edited, site_id, submit},
    },
};

/// How a record stands, and the rules it breaks.
pub(super) fn found(server: &Server, instance_id: &str) -> (String, Vec<String>) {
    let row = server
        .sql(&format!("SELECT state, violations FROM record WHERE instance_id = '{instance_id}'"));
    let (state, violations) = row.split_once('|').unwrap_or_else(|| panic!("{instance_id}: {row}"));
    let rules: serde_json::Value = serde_json::from_str(violations).unwrap();
    let rules = rules.as_array().unwrap().iter().map(|v| v["rule"].as_str().unwrap().to_owned());
    (state.to_owned(), rules.collect())
}

pub(super) fn breaks(server: &Server, instance_id: &str, rule: &str) -> bool {
    found(server, instance_id).1.iter().any(|known| known == rule)
}

/// Miners by how their records stand.
fn counted(server: &Server) -> String {
    server.sql("SELECT COUNT(*) || ' ' || review FROM entity WHERE dataset = 'orpailleurs' GROUP BY review")
}

on_both! {
    fn who_names_a_person_as_a_site_is_what_a_rebuild_makes_of_them_whatever_happens_to_the_person(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let person = Miner::new(1);
        let met = |number: u32, surname| Miner { surname, site: Some(person.id()), ..Miner::new(number) };
        // A visit of the person, who is no site; one who was met "there" before the person came, and one after.
        let visit = census(5, 900).into_iter().find(|s| s.form_id == "visite_site").unwrap();
        let former = between(&visit.xml, "<site_id>", "</site_id>").unwrap();
        let visit = visit.xml.replace(former, &person.id());
        send(&phone.url, &met(2, "Dembélé"));
        server.settled();
        send(&phone.url, &person);
        assert_eq!(submit(&phone.url, &visit).status, 201);
        send(&phone.url, &met(3, "Keïta"));
        server.settled();
        let edit = |number: u32, from: &str, to: &str| {
            let xml = met(number, "Cissé").xml_as(from);
            let xml = xml.replace(
                &format!("<instanceID>{from}<"),
                &format!("<deprecatedID>{from}</deprecatedID><instanceID>{to}<"),
            );
            assert_eq!(submit(&phone.url, &xml).status, 201);
            server.settled();
        };

        data.says(1, "uuid:miner-1", "reject", "rejected");
        edit(2, "uuid:miner-2", "uuid:edit-2");
        data.says(2, "uuid:miner-1", "reopen", "accepted");
        edit(3, "uuid:miner-3", "uuid:edit-3");
        data.says(3, "uuid:edit-3", "reject", "rejected");

        assert_eq!(server.count("orpailleurs"), 2);
        is_sound(&mut server);
    }

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
        assert!(breaks(&server, "uuid:miner-3", "B09"), "it is compared when the site comes");
        let edit = with_answer(&early.xml_as("uuid:miner-3b"), "gps", "14.4469234 -11.4445123 300.0 5.0").replace(
            "<instanceID>", "<deprecatedID>uuid:miner-3</deprecatedID><instanceID>");
        assert_eq!(submit(&phone.url, &edit).status, 201);
        server.settled();
        assert!(!breaks(&server, "uuid:miner-3b", "B09"));
        is_sound(&mut server);
    }

    fn a_zone_learns_nothing_of_the_places_of_another_by_what_is_found(server) {
        let mut server = server;
        let (here, there) = (server.phone("ici", Some("kayes")), server.phone("la", Some("sikasso")));
        assert_eq!(submit(&there.url, &site_at(1, 11.446_912, -6.444_512).xml).status, 201);
        server.settled();
        let far = |number: u32, surname: &'static str| {
            let miner = Miner { number, card: card("ORP", number), surname, site: Some(site_id(1)), ..Miner::new(number) };
            with_answer(&miner.xml(), "gps", "11.0351234 -6.4895123 300.0 5.0")
        };
        assert_eq!(submit(&here.url, &far(1, "Sissoko")).status, 201);
        assert_eq!(submit(&there.url, &far(2, "Dembélé")).status, 201);
        server.settled();

        assert!(!breaks(&server, "uuid:miner-1", "B09"), "the site is not of its zone");
        assert!(breaks(&server, "uuid:miner-2", "B09"));
        is_sound(&mut server);
    }

    fn a_record_is_compared_again_whenever_what_it_names_changes(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let far = Miner { site: Some(site_id(1)), ..Miner::new(1) };
        let far = with_answer(&far.xml(), "gps", "13.0351234 -9.4895123 300.0 5.0");
        let site = site_at(1, 14.446_912, -11.444_512);
        for xml in [&far, &site.xml] {
            assert_eq!(submit(&phone.url, xml).status, 201);
        }
        server.settled();
        assert_eq!(found(&server, "uuid:miner-1").0, "flagged");
        assert_eq!(counted(&server), "1 pending");

        data.says(1, &site.instance_id, "reject", "rejected");
        assert_eq!((found(&server, "uuid:miner-1").0.as_str(), &*counted(&server)), ("received", "1 accepted"));
        data.says(2, &site.instance_id, "reopen", "accepted");
        assert!(breaks(&server, "uuid:miner-1", "B09"));
        data.says(3, "uuid:miner-1", "accept", "accepted");
        let moved = site_at(1, 13.035_123, -9.489_512);
        let moved = edited(&site_at(1, 14.446_912, -11.444_512), "uuid:site-moved").xml.replace(
            &format!("<gps>{}<", between(&site.xml, "<gps>", "<").unwrap()),
            &format!("<gps>{}<", between(&moved.xml, "<gps>", "<").unwrap()));
        assert_eq!(submit(&phone.url, &moved).status, 201);
        server.settled();

        assert!(!breaks(&server, "uuid:miner-1", "B09"), "{:?}", found(&server, "uuid:miner-1"));
        assert_eq!(counted(&server), "1 accepted", "what a person decided stays so");
        is_sound(&mut server);
    }

    fn a_visit_is_compared_with_the_state_that_it_found_and_not_with_its_own(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let visits = census(5, 900).into_iter().filter(|s| s.form_id == "visite_site");
        let mut visits = visits.enumerate().map(|(before, s)| visit_of(&s, 1, 1 + before));
        let mut visit = |status: &str, changes: &str| {
            let visit = visits.next().unwrap();
            let xml = with_answer(&visit.xml, "site_status", status);
            let xml = with_answer(&with_answer(&xml, "changes", changes), "workers_total", "40");
            assert_eq!(submit(&phone.url, &xml).status, 201);
            visit.instance_id
        };
        let site = site_at(1, 14.446_912, -11.444_512);
        assert_eq!(submit(&phone.url, &with_answer(&site.xml, "site_status", "rehabilitated")).status, 201);
        let reopened = visit("active", "none");
        let unchanged = visit("active", "none");
        server.settled();
        let later = visit("active_reduced", "workers_down");
        server.settled();

        let of_visit = |id: &str| ["E17", "E20"].map(|rule| breaks(&server, id, rule));
        assert_eq!(of_visit(&reopened), [true, true], "{:?}", found(&server, &reopened));
        assert_eq!(of_visit(&unchanged), [false, false]);
        assert_eq!(of_visit(&later), [false, false]);
        is_sound(&mut server);
    }

    fn a_list_of_agents_is_asked_whenever_it_is_loaded_or_taken_back(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let early = Miner { agent: "KY001", ..Miner::new(1) };
        let late = Miner { agent: "KY002", surname: "Dembélé", ..Miner::new(2) };
        send(&phone.url, &early);
        server.settled();
        let list = server.data().join("agents.csv");
        std::fs::write(&list, "code;nom;premier jour;dernier jour;certificat\nKY001;Awa;2026-03-01;2026-12-31;non\nKY002;Bakary;2026-01-01;2026-12-31;oui\n").unwrap();

        let done = server.cli_json(&["import", "agents", list.to_str().unwrap(), "--apply"]);
        send(&phone.url, &late);
        server.settled();

        assert!(breaks(&server, "uuid:miner-1", "A11"), "{:?}: the interview is of February", found(&server, "uuid:miner-1"));
        assert!(!breaks(&server, "uuid:miner-2", "A11"));
        let undone = server.cli(&["import", "--undo", done["import_id"].as_str().unwrap()]);
        assert!(undone.status.success());
        server.settled();
        assert!(!breaks(&server, "uuid:miner-1", "A11"));
        is_sound(&mut server);
    }

    fn a_caregiver_too_young_for_the_child_is_seen_by_the_card(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let (young, old) = (Miner { year: 2001, ..Miner::new(1) }, Miner { year: 1980, surname: "Dembélé", ..Miner::new(2) });
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

        assert!(!breaks(&server, "uuid:young", "D15"), "nobody with this card is registered");
        send(&phone.url, &young);
        server.settled();
        assert!(breaks(&server, "uuid:young", "D15"), "{:?}", found(&server, "uuid:young"));
        assert!(!breaks(&server, "uuid:old", "D15"), "{:?}", found(&server, "uuid:old"));
        let twice = with_answer(&xml, "child_card", &card("ENF", 8)).replace(&instance, "uuid:twice");
        assert_eq!(submit(&phone.url, &twice).status, 201);
        server.settled();
        assert!(breaks(&server, "uuid:twice", "D16"));
        is_sound(&mut server);
    }

    fn what_is_found_does_not_depend_on_what_came_first(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let rules = |instance: &str| {
            let (state, mut rules) = found(&server, instance);
            rules.sort();
            (state, rules)
        };
        let mut expected = None;
        // Each order has a world of its own: other ids, cards and names, the same facts.
        for (round, order) in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]].iter().enumerate() {
            let number = u32::try_from(round).unwrap() * 3 + 1;
            let surname = ["Traoré", "Dembélé", "Sissoko", "Coulibaly"][round];
            let site = site_at(number, 14.446_912 + 0.5 * f64::from(number), -10.444_512);
            let guardian = Miner { year: 2003, surname, minute: Some(number * 30), ..Miner::new(number) };
            let far = Miner { number: number + 1, card: card("ORP", number + 1), given: "Oumar",
                site: Some(site_id(number)), minute: Some(number * 30 + 3_000), ..guardian.clone() };
            let far_instance = format!("uuid:miner-{}", number + 1);
            let far = with_answer(&far.xml(), "gps", "12.0351234 -9.4895123 300.0 5.0");
            let child = child("Drissa", surname, "Nantenin", 17, &site_id(number));
            let instance = between(&child, "<instanceID>", "</instanceID>").unwrap().to_owned();
            let entity = format!("uuid:child-{number}");
            let child = with_answer(&child, "caregiver_card", &guardian.card).replace(&instance, &entity);
            let child = with_answer(&child, "child_card", &card("ENF", number));
            // Nobody else was asked at once by the same phone.
            let child = with_answer(&child, "deviceid", &format!("phone-{number}"));
            let all = [site.xml, guardian.xml(), far, child];
            for place in order {
                assert_eq!(submit(&phone.url, &all[*place]).status, 201);
                if round % 2 == 0 {
                    server.settled();
                }
            }
            server.settled();
            let now = (rules(&far_instance), rules(&entity));
            assert!(now.0.1.contains(&String::from("B09")) && now.1.1.contains(&String::from("D15")), "{now:?}");
            assert_eq!(*expected.get_or_insert_with(|| now.clone()), now, "{order:?}");
        }
        is_sound(&mut server);
    }
}
