//! Who is not in the register any more, or never was, is found and erased as well; and nothing of it comes back.

use serde_json::{Value, json};

use crate::{
    erasure::{access, cells, edit_of, erase},
    linkage::people::{Miner, child},
    reviews::{Reviewer, is_sound},
    support::{
        Server,
        places::with_answer,
        xml::{between, site_id, submit},
    },
};

/// Somebody with a name that nobody else has.
fn somebody(number: u32) -> Miner {
    Miner { surname: "Zzyxqname", site: Some(site_id(1)), ..Miner::new(number) }
}

/// Events that hold something, of these kinds.
fn readable(server: &Server, kinds: &str) -> String {
    let sql =
        format!("SELECT COUNT(*) FROM journal WHERE kind IN ({kinds}) AND length(wrapped) > 0");
    server.sql(&sql)
}

/// Takes a registration out of the register, or puts it back.
fn removes(by: &Reviewer<'_>, dataset: &str, id: &str, restore: bool) {
    let path = format!("/v1/datasets/{dataset}/entities/{id}");
    let answer = if restore {
        by.send("POST", &format!("{path}/restore?reason=Zzyxqname%20revenu"), &json!({}))
    } else {
        by.send("DELETE", &format!("{path}?reason=Zzyxqname%20parti"), &json!({}))
    };
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// Everything that is kept of a card, as text; must be found.
fn kept(by: &Reviewer<'_>, dataset: &str, card: &str) -> Value {
    let answer = access(by, dataset, card);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

on_both! {
    fn one_id_erases_one_person(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let (one, other) = (somebody(1), Miner::new(2));
        for xml in [one.xml(), other.xml()] {
            assert_eq!(submit(&phone.url, &xml).status, 201);
        }
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let (by_card, by_id) = (json!({ "card": one.card }), json!({ "entity": one.id() }));
        let first = erase(&awa, 1, &by_card);
        assert_eq!(first.status, 200, "{}", first.text());

        for of in [json!({ "card": other.card }), json!({ "entity": other.id() })] {
            let again = erase(&awa, 1, &of);
            assert_eq!(again.status, 409, "{}", again.text());
            assert!(again.text().contains("decision-id-used"), "{}", again.text());
        }
        for of in [by_card, by_id] {
            let again = erase(&awa, 1, &of);
            assert_eq!((again.status, again.text()), (200, first.text()));
        }

        assert_eq!(access(&awa, "orpailleurs", &other.card).status, 200, "nobody erased the other one");
        is_sound(&mut server);
    }

    fn why_somebody_was_deleted_and_put_back_is_handed_over_and_erased(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let one = somebody(1);
        assert_eq!(submit(&phone.url, &one.xml()).status, 201);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        removes(&awa, "orpailleurs", &one.id(), false);
        removes(&awa, "orpailleurs", &one.id(), true);

        let held = kept(&awa, "orpailleurs", &one.card);
        let said: Vec<_> = held["registrations"][0]["reviews"].as_array().unwrap().iter().map(|r| &r["reason"]).collect();
        assert_eq!(said, ["Zzyxqname parti", "Zzyxqname revenu"], "{held}");
        assert_eq!(erase(&awa, 1, &json!({ "card": one.card })).status, 200);

        assert_eq!(readable(&server, "'review', 'submission'"), "0");
        assert_eq!(server.sql("SELECT COUNT(*) FROM review"), "0");
        is_sound(&mut server);
    }

    fn whoever_is_not_in_the_register_is_found_by_card_and_erased(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let (deleted, rejected, aside) = (somebody(1), somebody(2), somebody(3));
        // Somebody else with the card of the one set aside, whom it must not take along.
        let other = Miner { card: aside.card.clone(), sex: "female", ..Miner::new(4) };
        let waits = somebody(5);
        let waiting = waits.xml().replacen(" create=\"1\"", " update=\"1\" baseVersion=\"1\" branchId=\"\" trunkVersion=\"1\"", 1);
        for xml in [
            deleted.xml(),
            rejected.xml(),
            with_answer(&aside.xml(), "age_years", "7"),
            waiting,
        ] {
            assert_eq!(submit(&phone.url, &xml).status, 201);
        }
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let far = Reviewer::new(&server, "far", "data_manager", Some("sikasso"));
        removes(&awa, "orpailleurs", &deleted.id(), false);
        awa.says(1, "uuid:miner-2", "reject", "rejected");
        server.settled();
        let states = server.sql("SELECT state, review FROM record WHERE form_id = 'orpailleur' ORDER BY seq");
        assert_eq!(states, "received|accepted\nreceived|rejected\nquarantined|waiting\nheld|accepted");
        assert_eq!(server.count("orpailleurs"), 0);
        let counted = cells(&server);

        for (number, of) in (1..).zip([&deleted, &rejected, &aside, &waits]) {
            let instance = format!("uuid:miner-{}", of.number);
            assert_eq!(access(&far, "orpailleurs", &of.card).status, 404, "{instance}: another zone's");
            let held = kept(&awa, "orpailleurs", &of.card);
            assert!(held["submissions"].to_string().contains("Zzyxqname"), "{instance}: {held}");
            let erased = erase(&awa, number, &json!({ "card": of.card }));
            assert_eq!((erased.status, &erased.json()["submissions"]), (200, &json!(1)), "{instance}: {}", erased.text());
            let seen = awa.get(&format!("/v1/reviews/submissions/{instance}"));
            assert!(!seen.text().contains("Zzyxq"), "{instance}: {}", seen.text());
            assert_eq!(access(&awa, "orpailleurs", &of.card).status, 404, "{instance}");
        }

        assert_eq!(readable(&server, "'review'"), "0");
        assert_eq!(cells(&server), counted);
        assert_eq!(submit(&phone.url, &other.xml()).status, 201);
        server.settled();
        assert!(kept(&awa, "orpailleurs", &other.card)["registrations"].to_string().contains("Traoré"));
        is_sound(&mut server);
    }

    fn somebody_set_aside_is_found_beside_whoever_carries_the_same_card(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let aside = somebody(1);
        let other = Miner { card: aside.card.clone(), sex: "female", ..Miner::new(2) };
        // Set aside as well and of the same sex: the same man.
        let again = Miner { number: 3, ..aside.clone() };
        let wrong = |of: &Miner| with_answer(&of.xml(), "age_years", "7");
        for xml in [wrong(&aside), other.xml(), wrong(&again)] {
            assert_eq!(submit(&phone.url, &xml).status, 201);
        }
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let both = access(&awa, "orpailleurs", &aside.card);
        assert_eq!(both.status, 409, "{}", both.text());
        assert!(both.text().contains(&aside.id()) && both.text().contains(&other.id()), "{}", both.text());

        let erased = erase(&awa, 1, &json!({ "entity": aside.id() }));

        assert_eq!((erased.status, &erased.json()["submissions"]), (200, &json!(2)), "{}", erased.text());
        assert!(!kept(&awa, "orpailleurs", &other.card).to_string().contains("Zzyxq"));
        assert_eq!(server.count("orpailleurs"), 1);
        is_sound(&mut server);
    }

    fn a_child_whom_a_data_manager_deleted_is_in_reach_of_the_focal_point(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let boy = child("Zzyxqname", "Keïta", "Awa", 17, &site_id(1));
        let code = between(&boy, "<child_card>", "</child_card>").unwrap().to_owned();
        assert_eq!(submit(&phone.url, &boy).status, 201);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let protection = Reviewer::new(&server, "prot", "protection", None);
        let held = kept(&protection, "enfants", &code);
        let id = held["registrations"][0]["id"].as_str().unwrap().to_owned();
        removes(&awa, "enfants", &id, false);

        assert!(kept(&protection, "enfants", &code).to_string().contains("Zzyxqname"));
        let of = json!({ "dataset": "enfants", "entity": id });
        assert_eq!(erase(&awa, 1, &of).status, 403);
        assert_eq!(erase(&protection, 1, &of).status, 200);

        assert_eq!(readable(&server, "'review', 'submission'"), "0");
        assert_eq!(access(&protection, "enfants", &code).status, 404);
        is_sound(&mut server);
    }

    fn a_later_version_of_what_was_erased_goes_when_the_one_between_comes(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let one = somebody(1);
        assert_eq!(submit(&phone.url, &one.xml()).status, 201);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        assert_eq!(erase(&awa, 1, &json!({ "card": one.card })).status, 200);
        let counted = cells(&server);
        let second = edit_of(&one, "uuid:miner-1", "uuid:second");
        let third = edit_of(&one, "uuid:second", "uuid:third");
        let fourth = edit_of(&one, "uuid:third", "uuid:fourth");

        for xml in [&third, &fourth] {
            assert_eq!(submit(&phone.url, xml).status, 201);
            server.settled();
        }
        assert_eq!(submit(&phone.url, &second).status, 201);
        server.settled();

        assert_eq!(readable(&server, "'submission', 'edit', 'late_original'"), "0");
        for xml in [&one.xml(), &second, &third, &fourth, &edit_of(&one, "uuid:fourth", "uuid:fifth")] {
            assert_eq!(submit(&phone.url, xml).status, 201);
        }
        server.settled();
        assert_eq!(readable(&server, "'submission', 'edit', 'late_original'"), "0");
        assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE state <> 'erased'"), "0");
        assert_eq!(cells(&server), counted);
        is_sound(&mut server);
    }

    fn what_came_of_an_erased_person_since_is_found_by_card_and_erased(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let one = somebody(1);
        assert_eq!(submit(&phone.url, &one.xml()).status, 201);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let of = json!({ "card": one.card });
        assert_eq!(erase(&awa, 1, &of).status, 200);
        // What it replaces never comes.
        assert_eq!(submit(&phone.url, &edit_of(&one, "uuid:second", "uuid:third")).status, 201);
        server.settled();

        assert!(kept(&awa, "orpailleurs", &one.card)["submissions"].to_string().contains("Zzyxqname"));
        let again = erase(&awa, 2, &of);

        assert_eq!((again.status, &again.json()["submissions"]), (200, &json!(1)), "{}", again.text());
        assert_eq!(readable(&server, "'submission'"), "0");
        assert_eq!(access(&awa, "orpailleurs", &one.card).status, 404);
        is_sound(&mut server);
    }
}
