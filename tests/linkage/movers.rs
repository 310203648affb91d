//! People met on several sites: where they are counted, merged, taken apart again and edited since.

use super::{Reviewer, derived, is_sound, people::Miner, send};
use crate::support::{
    Server,
    places::site_at,
    xml::{site_id, submit},
};

/// Kayes and Sikasso: nothing of the two places is alike.
const WEST: (f64, f64) = (14.4469, -11.4445);
const SOUTH: (f64, f64) = (11.3170, -5.6660);

/// The same questionnaire again with another role, as an edit of the first.
fn edit(phone: &str, miner: &Miner, role: &'static str) {
    let xml = Miner { role, ..miner.clone() }
        .xml_as(&format!("uuid:edit-{}-{role}", miner.number))
        .replace(
            "<instanceID>",
            &format!("<deprecatedID>uuid:miner-{}</deprecatedID><instanceID>", miner.number),
        );
    assert_eq!(submit(phone, &xml).status, 201);
}

fn put_site(server: &Server, phone: &str, number: u32, (lat, lon): (f64, f64)) {
    assert_eq!(submit(phone, &site_at(number, lat, lon).xml).status, 201);
    server.settled();
}

fn miner_on(number: u32, site: u32) -> Miner {
    Miner { site: Some(site_id(site)), ..Miner::new(number) }
}

/// Where everybody who is counted is counted, in the order of registration.
fn places(server: &Server) -> Vec<String> {
    let sql = "SELECT region_2023, cercle_2023, district FROM entity \
               WHERE dataset = 'orpailleurs' AND merged_into IS NULL ORDER BY created_seq";
    server.sql(sql).lines().map(str::to_owned).collect()
}

on_both! {
    fn two_people_of_two_sites_taken_for_one_are_counted_where_they_were_when_they_are_two_again(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        put_site(&server, &phone.url, 1, WEST);
        put_site(&server, &phone.url, 2, SOUTH);
        let (a, b) = (miner_on(1, 1), miner_on(2, 2));
        for miner in [&a, &b] {
            send(&phone.url, miner);
            server.settled();
        }
        let before = derived(&server);
        let apart = places(&server);
        assert_ne!(apart[0], apart[1]);
        let awa = Reviewer::new(&server, "awa", "data_manager");

        awa.says(1, &a.id(), &b.id(), "same");
        assert_eq!(places(&server), [apart[1].clone()], "counted where last met");
        awa.says(2, &a.id(), &b.id(), "unmerge");

        assert_eq!(places(&server), apart);
        assert_eq!(derived(&server), before);
        edit(&phone.url, &a, "washer");
        server.settled();
        assert_eq!(places(&server), apart);
        is_sound(&mut server);
    }

    fn an_edit_of_the_first_of_two_who_are_one_leaves_each_where_they_were(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        put_site(&server, &phone.url, 1, WEST);
        put_site(&server, &phone.url, 2, SOUTH);
        let (a, b) = (miner_on(1, 1), miner_on(2, 2));
        for miner in [&a, &b] {
            send(&phone.url, miner);
            server.settled();
        }
        let apart = places(&server);
        let awa = Reviewer::new(&server, "awa", "data_manager");

        awa.says(1, &a.id(), &b.id(), "same");
        edit(&phone.url, &a, "washer");
        server.settled();
        assert_eq!(places(&server), [apart[0].clone()], "counted where last met");
        edit(&phone.url, &b, "crusher_hand");
        server.settled();
        assert_eq!(places(&server), [apart[1].clone()], "counted where last met");
        // The site that nobody shows moves meanwhile.
        let moved = site_at(1, SOUTH.0, SOUTH.1).xml
            .replace("uuid:00000000-0000-4000-8000-000000000001</instanceID>", "uuid:moved</instanceID><deprecatedID>uuid:00000000-0000-4000-8000-000000000001</deprecatedID>");
        assert_eq!(submit(&phone.url, &moved).status, 201);
        server.settled();
        awa.says(2, &a.id(), &b.id(), "unmerge");

        assert_eq!(places(&server), [apart[1].clone(), apart[1].clone()]);
        is_sound(&mut server);
    }

    fn somebody_met_on_three_sites_can_be_shown_on_the_one_that_a_reviewer_chose(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        put_site(&server, &phone.url, 1, WEST);
        put_site(&server, &phone.url, 2, SOUTH);
        put_site(&server, &phone.url, 3, (13.0, -9.5));
        let people = [miner_on(1, 1), miner_on(2, 2), miner_on(3, 3)];
        for miner in &people {
            send(&phone.url, miner);
            server.settled();
        }
        let apart = places(&server);
        let before = derived(&server);
        let awa = Reviewer::new(&server, "awa", "data_manager");

        awa.says(1, &people[1].id(), &people[2].id(), "same");
        let chosen = serde_json::json!({ "a": people[0].id(), "b": people[1].id(), "answer": "same",
            "choices": { "site_id": people[0].id() } });
        assert_eq!(awa.put(2, &chosen).status, 200);
        assert_eq!(places(&server), [apart[0].clone()]);
        awa.says(3, &people[0].id(), &people[1].id(), "unmerge");
        assert_eq!(places(&server), [apart[0].clone(), apart[2].clone()]);
        awa.says(4, &people[2].id(), &people[1].id(), "unmerge");

        assert_eq!(derived(&server), before);
        is_sound(&mut server);
    }
}
