//! What the register said at the end of a day stays what it said.

use serde_json::{Value, json};

use crate::{
    linkage::people::Miner,
    reviews::Reviewer,
    support::{
        Server,
        places::with_answer,
        xml::{edited, site, site_id, submit},
    },
};

const DAY: i64 = 86_400_000_000;

/// The number of the day on which the last event came.
fn today(server: &Server) -> i64 {
    server.sql("SELECT MAX(received_at) FROM journal").parse::<i64>().expect("a time") / DAY
}

fn date(day: i64) -> String {
    let at = jiff::Timestamp::from_microsecond(day * DAY).unwrap();
    at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// Lets all that came so far have come this many days ago.
fn ago(server: &mut Server, from: i64, days: i64) {
    server.stop();
    server.sql(&format!(
        "UPDATE journal SET received_at = received_at - {} WHERE seq > {from}",
        days * DAY
    ));
    server.cli_json(&["rebuild"]);
    server.start();
    server.settled();
}

fn last(server: &Server) -> i64 {
    server.sql("SELECT MAX(seq) FROM journal").parse().expect("a number")
}

/// Everything that is told of a day: to those who see all, and to the public.
pub(super) fn told(server: &Server, who: &[&Reviewer<'_>], day: i64) -> Vec<Value> {
    let date = date(day);
    let mut all = Vec::new();
    for reader in who {
        for path in [
            "/v1/datasets/sites/entities",
            "/v1/datasets/orpailleurs/entities",
            "/v1/sites.geojson",
        ] {
            let answer = reader.get(&format!("{path}?as_of={date}"));
            all.push(if answer.status == 200 { answer.json() } else { json!(answer.status) });
        }
    }
    for id in [Miner::new(1).id(), Miner::new(2).id()] {
        let one = who[0].get(&format!("/v1/datasets/orpailleurs/entities/{id}?as_of={date}"));
        all.push(json!([one.status, one.json()["id"], one.json()["values"]]));
    }
    assert!(server.sql("SELECT COUNT(*) FROM audit") != "0");
    all
}

on_both! {
    fn a_day_that_is_over_says_the_same_for_ever(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let password = server.account("anyone", "public", None);
        let awa_password = server.account("awa", "data_manager", None);
        let public = crate::support::server::basic("anyone", &password);
        let manager = crate::support::server::basic("awa", &awa_password);
        let miners = [Miner::new(1), Miner { surname: "Diallo", ..Miner::new(2) }];
        // Five days ago: two sites, two people on the first.
        for xml in [site(1).xml, site(2).xml] {
            assert_eq!(submit(&phone.url, &xml).status, 201);
        }
        for miner in &miners {
            let xml = Miner { site: Some(site_id(1)), ..miner.clone() }.xml();
            assert_eq!(submit(&phone.url, &xml).status, 201);
        }
        server.settled();
        ago(&mut server, 0, 5);
        // Three days ago: the first site gets another name and place, the second is rejected, the two are one.
        let from = last(&server);
        let phone = server.moved(&phone);
        let again = edited(&site(1), "uuid:again");
        let moved = with_answer(&again.xml.replace(">Site 1<", ">Site neuf<"), "gps", "12.5 -8.0 300 5");
        assert_eq!(submit(&phone.url, &moved).status, 201);
        server.settled();
        {
            let awa = Reviewer::known(&server, &manager);
            assert_eq!(awa.decides(1, &site(2).instance_id, "reject").status, 200);
            assert_eq!(awa.joins(2, &miners[0].id(), &miners[1].id(), "same").status, 200);
        }
        server.settled();
        ago(&mut server, from, 3);
        let today = today(&server) + 3;
        let before: Vec<Vec<Value>> = {
            let awa = Reviewer::known(&server, &manager);
            let anyone = Reviewer::known(&server, &public);
            let days = [today - 6, today - 5, today - 4, today - 3, today - 1];
            days.map(|day| told(&server, &[&awa, &anyone], day)).into()
        };
        let (empty, first, same, third, yesterday) = (&before[0], &before[1], &before[2], &before[3], &before[4]);
        assert_eq!((&first[0]["entities"][0]["label"], &first[0]["entities"].as_array().unwrap().len()), (&json!("Site 1"), &2));
        assert_eq!(empty[0]["entities"], json!([]));
        assert_eq!(empty[6][0], 404);
        assert_eq!((first, third), (same, yesterday));
        assert_eq!(third[0]["entities"].as_array().unwrap().len(), 1, "{}", third[0]);
        assert_eq!(third[2]["features"][0]["properties"]["name"], "Site neuf");
        assert_eq!(third[5]["features"].as_array().map(Vec::len), Some(1), "the public too: {}", third[5]);
        assert_eq!(first[5]["features"].as_array().map(Vec::len), Some(2));
        // One person from the third day on, under the id of the first; each by itself before.
        assert_eq!((&first[6][1], &first[7][1]), (&json!(miners[0].id()), &json!(miners[1].id())));
        assert_eq!((&third[6][1], &third[7][1]), (&json!(miners[0].id()), &json!(miners[0].id())));
        // People are where their site is.
        assert_ne!(first[1]["entities"][0]["cercle"], third[1]["entities"][0]["cercle"]);

        // Today everything is changed again, and taken back.
        let phone = server.moved(&phone);
        {
            let awa = Reviewer::known(&server, &manager);
            assert_eq!(awa.decides(3, &site(2).instance_id, "reopen").status, 200);
            assert_eq!(awa.decides(4, "uuid:again", "reject").status, 200);
            assert_eq!(awa.joins(5, &miners[0].id(), &miners[1].id(), "unmerge").status, 200);
        }
        assert_eq!(submit(&phone.url, &site(3).xml).status, 201);
        server.settled();
        let now = {
            let awa = Reviewer::known(&server, &manager);
            let anyone = Reviewer::known(&server, &public);
            let days = [today - 6, today - 5, today - 4, today - 3, today - 1];
            let after: Vec<_> = days.map(|day| told(&server, &[&awa, &anyone], day)).into();
            assert_eq!(after, before);
            told(&server, &[&awa, &anyone], today)
        };
        assert_ne!(&now, yesterday);

        // Rebuilt, every day says what it said, and the copies are the same rows.
        server.stop();
        let live = server.cli_json(&["derived-hash"])["hashes"]["entity_past"].clone();
        assert_eq!(server.cli_json(&["rebuild"])["hashes"]["entity_past"], live);
        server.start();
        server.settled();
        let awa = Reviewer::known(&server, &manager);
        let anyone = Reviewer::known(&server, &public);
        let days = [today - 6, today - 5, today - 4, today - 3, today - 1];
        let after: Vec<_> = days.map(|day| told(&server, &[&awa, &anyone], day)).into();
        assert_eq!(after, before);
    }
}
