//! The interviews of one phone in one day: whether they overlap, repeat a position or are too many (A14, B10, D14).

use serde_json::json;

use super::{
    is_sound,
    lookups::{breaks, found},
    people::{Miner, card, child},
};
use crate::{
    erasure::erase,
    reviews::Reviewer,
    support::{
        Server,
        places::with_answer,
        xml::{between, submit},
    },
};

const DAY: &str = "2026-11-18";

fn accepted(url: &str, xml: &str) {
    assert_eq!(submit(url, xml).status, 201);
}

/// The same interview from one minute of the day to another, by this phone, at a spot of its own.
fn between_minutes(xml: &str, phone: &str, (from, to): (u32, u32), spot: u32) -> String {
    let at = |minute: u32| format!("{DAY}T{:02}:{:02}:00.000Z", minute / 60, minute % 60);
    let xml = with_answer(xml, "start", &at(from));
    let xml = with_answer(&with_answer(&xml, "end", &at(to)), "today", DAY);
    let xml = with_answer(&xml, "gps", &format!("12.84{spot:04} -11.2412345 300.0 5.0"));
    with_answer(&xml, "deviceid", phone)
}

/// A miner met from one minute of the day to another, each with a card and a name of their own.
fn met(number: u32, minutes: (u32, u32)) -> String {
    between_minutes(&of(number).xml(), "phone-a", minutes, number)
}

fn of(number: u32) -> Miner {
    let surnames = ["Traoré", "Dembélé", "Sissoko", "Coulibaly", "Keïta", "Diarra", "Kanouté"];
    let surname = surnames[usize::try_from(number).unwrap() % surnames.len()];
    let year = 1960 + i32::try_from(number).unwrap() * 4;
    Miner { card: card("ORP", number), surname, year, ..Miner::new(number) }
}

fn edited(xml: &str, number: u32, version: &str) -> String {
    let (old, new) = (format!("uuid:miner-{number}"), format!("uuid:miner-{number}{version}"));
    let ids = format!("<deprecatedID>{old}</deprecatedID><instanceID>{new}</instanceID>");
    xml.replace(&format!("<instanceID>{old}</instanceID>"), &ids)
}

/// Which of the miners of these numbers overlap with another interview.
fn overlapping(server: &Server, numbers: &[u32]) -> Vec<bool> {
    server.settled();
    numbers.iter().map(|n| breaks(server, &format!("uuid:miner-{n}"), "A14")).collect()
}

/// Registrations that count otherwise than their record stands.
fn counted_otherwise(server: &Server) -> String {
    server.sql(
        "SELECT COUNT(*) FROM record r JOIN entity e ON e.zone_id = r.zone_id AND e.entity_id = r.entity_id \
         WHERE (r.review = 'accepted') <> (e.review = 'accepted')",
    )
}

fn asked_again(server: &Server) -> serde_json::Value {
    server.cli_json(&["check", "--rules"])["rules"].clone()
}

on_both! {
    fn interviews_that_overlap_are_marked_whichever_came_first(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        accepted(&phone.url, &met(1, (600, 630)));
        assert_eq!(overlapping(&server, &[1]), [false]);
        // The second ends where the first begins, the third lies over both, the fourth is by another phone.
        accepted(&phone.url, &met(2, (571, 602)));
        assert_eq!(overlapping(&server, &[1, 2]), [false, false], "two minutes are none");
        accepted(&phone.url, &met(3, (590, 610)));
        accepted(&phone.url, &with_answer(&met(4, (600, 630)), "deviceid", "phone-b"));
        assert_eq!(overlapping(&server, &[1, 2, 3, 4]), [true, true, true, false]);
        assert_eq!(found(&server, "uuid:miner-1").0, "flagged");
        assert_eq!(counted_otherwise(&server), "0");
        assert_eq!(asked_again(&server), json!({}));
        is_sound(&mut server);
    }

    fn an_interview_that_changes_or_goes_leaves_the_others_as_they_were(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        for xml in [met(1, (600, 630)), met(2, (640, 660)), met(3, (620, 650))] {
            accepted(&phone.url, &xml);
        }
        assert_eq!(overlapping(&server, &[1, 2, 3]), [true; 3]);

        data.says(1, "uuid:miner-3", "reject", "rejected");
        assert_eq!(overlapping(&server, &[1, 2, 3]), [false, false, true], "what was rejected stays what it was");
        assert_eq!(asked_again(&server), json!({}));
        data.says(2, "uuid:miner-3", "reopen", "flagged");
        assert_eq!(overlapping(&server, &[1, 2, 3]), [true; 3]);

        // On another day nobody is beside it; the one that is sent again moves back.
        let elsewhere = met(3, (620, 650)).replace(DAY, "2026-11-17");
        accepted(&phone.url, &edited(&elsewhere, 3, "b"));
        server.settled();
        assert!(!breaks(&server, "uuid:miner-3b", "A14"));
        assert_eq!(overlapping(&server, &[1, 2]), [false, false]);
        let back = edited(&met(3, (640, 650)), 3, "c").replace(">uuid:miner-3<", ">uuid:miner-3b<");
        accepted(&phone.url, &back);
        server.settled();
        assert!(breaks(&server, "uuid:miner-3c", "A14"));
        assert_eq!(overlapping(&server, &[1, 2]), [false, true]);
        assert_eq!(counted_otherwise(&server), "0");
        is_sound(&mut server);
    }

    fn of_an_erased_interview_nothing_stays_in_its_day(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let protection = Reviewer::new(&server, "protection", "data_manager", None);
        accepted(&phone.url, &met(1, (600, 630)));
        accepted(&phone.url, &met(2, (610, 640)));
        accepted(&phone.url, &with_answer(&met(3, (600, 630)), "deviceid", "phone-b"));
        assert_eq!(overlapping(&server, &[1, 2, 3]), [true, true, false]);
        let days = || server.sql("SELECT COUNT(*), SUM(LENGTH(interviews)) FROM device_day");
        assert_eq!(days(), "2|120");

        for number in [1, 3] {
            assert_eq!(erase(&protection, number, &json!({ "card": of(number).card })).status, 200);
        }
        assert_eq!(overlapping(&server, &[2]), [false]);
        assert_eq!(days(), "1|40");
        is_sound(&mut server);
    }

    fn six_at_one_position_and_more_than_twenty_children_a_day_are_marked(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let at_one_spot = |n: u32| between_minutes(&of(n).xml(), "phone-a", (400 + n * 30, 420 + n * 30), 77);
        let base = child("Drissa", "Kanté", "Nantenin", 17, "00000000-0000-4000-9000-000000000001");
        let instance = between(&base, "<instanceID>", "</instanceID>").unwrap().to_owned();
        let entity = between(&base, " id=\"", "\"><label>").map(|id| id.rsplit('"').next().unwrap().to_owned());
        let about_child = |n: u32| {
            let xml = between_minutes(&base, "phone-b", (400 + n * 30, 420 + n * 30), n);
            let xml = with_answer(&xml, "child_card", &card("ENF", n)).replace(&instance, &format!("uuid:child-{n}"));
            entity.iter().fold(xml, |xml, id| xml.replace(id.as_str(), &format!("00000000-0000-4000-b000-{n:012}")))
        };
        let marked = |kind: &str, rule: &str, numbers: &[u32]| {
            server.settled();
            numbers.iter().filter(|n| breaks(&server, &format!("uuid:{kind}-{n}"), rule)).count()
        };
        let (miners, children): (Vec<u32>, Vec<u32>) = ((1..=6).collect(), (1..=21).collect());
        miners.iter().take(5).for_each(|n| accepted(&phone.url, &at_one_spot(*n)));
        children.iter().take(20).for_each(|n| accepted(&phone.url, &about_child(*n)));
        assert_eq!((marked("miner", "B10", &miners[..5]), marked("child", "D14", &children[..20])), (0, 0));

        accepted(&phone.url, &at_one_spot(6));
        accepted(&phone.url, &about_child(21));
        assert_eq!((marked("miner", "B10", &miners), marked("child", "D14", &children)), (6, 21));
        assert_eq!(asked_again(&server), json!({}));
        is_sound(&mut server);
    }
}
