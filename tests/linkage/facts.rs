//! Rules that look at what the register holds of whatever a record names: since when, where, whose number.

use super::{
    is_sound,
    lookups::{breaks, found},
    people::Miner,
    send,
};
use crate::support::{
    places::{site_at, visit_of, with_answer},
    xml::{census, edited, site_id, submit},
};

/// Visits of the site of this number that differ in their instance ids, without answers that the tests give.
fn visits(site: u32) -> impl Iterator<Item = sanu::simulate::Submission> {
    let visits = census(5, 900).into_iter().filter(|s| s.form_id == "visite_site");
    visits.map(move |visit| visit_of(&visit, site, 1))
}

fn accepted(url: &str, xml: &str) {
    assert_eq!(submit(url, xml).status, 201);
}

/// A site whose interview began on this day.
fn registered_on(number: u32, day: &str) -> String {
    let site = site_at(number, 14.446_912, -11.444_512);
    let site = with_answer(&site.xml, "start", &format!("{day}T09:00:00.000Z"));
    let site = with_answer(&site, "end", &format!("{day}T09:50:00.000Z"));
    with_answer(&site, "today", day)
}

/// An interview about moving to the site of this number, with the answers that the rule compares.
fn journey(instance_id: &str, site: u32, res5_cercle: &str) -> String {
    format!(
        "<data xmlns:jr=\"http://openrosa.org/javarosa\" id=\"mobilite\" version=\"2026112201\">\
         <start>2026-11-20T09:00:00.000Z</start><end>2026-11-20T09:30:00.000Z</end><today>2026-11-20</today>\
         <a><enumerator_code>KY001</enumerator_code><site_id>{}</site_id><consent>given</consent></a>\
         <b><res5_country>ML</res5_country><res5_cercle>{res5_cercle}</res5_cercle></b>\
         <c><arrival_month>m01</arrival_month><arrival_year>2026</arrival_year></c>\
         <meta><instanceID>{instance_id}</instanceID></meta></data>",
        site_id(site)
    )
}

on_both! {
    fn a_visit_before_its_site_was_registered_is_marked_whichever_came_first(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let mut visits = visits(1);
        let mut on = |day: &str| {
            let visit = visits.next().unwrap();
            let xml = with_answer(&with_answer(&visit.xml, "visit_date", day), "today", day);
            accepted(&phone.url, &xml);
            visit.instance_id
        };
        let early = on("2026-11-08");
        server.settled();
        accepted(&phone.url, &registered_on(1, "2026-11-10"));
        server.settled();
        let (before, same_day) = (on("2026-11-09"), on("2026-11-10"));
        server.settled();

        assert!(breaks(&server, &early, "E15"), "{:?}", found(&server, &early));
        assert!(breaks(&server, &before, "E15"), "{:?}", found(&server, &before));
        assert_eq!(found(&server, &before).0, "flagged", "who contradicts another is not set aside");
        assert!(!breaks(&server, &same_day, "E15"));

        // The day of the site was wrong: what was said of the visits is said no more.
        let site = site_at(1, 14.446_912, -11.444_512);
        let xml = registered_on(1, "2026-11-07");
        let mended = edited(&sanu::simulate::Submission { xml, ..site }, "uuid:site-mended");
        accepted(&phone.url, &mended.xml);
        server.settled();
        assert!(!breaks(&server, &early, "E15") && !breaks(&server, &before, "E15"));
        is_sound(&mut server);
    }

    fn who_lived_in_the_cercle_of_the_site_five_years_ago_did_not_arrive_this_year(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let site = with_answer(&site_at(1, 14.446_912, -11.444_512).xml, "cercle", "kayes");
        accepted(&phone.url, &site);
        server.settled();

        accepted(&phone.url, &journey("uuid:same", 1, "kayes"));
        accepted(&phone.url, &journey("uuid:other", 1, "kita"));
        server.settled();

        assert!(breaks(&server, "uuid:same", "F13"), "{:?}", found(&server, "uuid:same"));
        assert!(!breaks(&server, "uuid:other", "F13"));
        is_sound(&mut server);
    }

    fn a_miner_with_the_number_of_the_agent_is_marked_however_it_is_written(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let of_agent = Miner { phone: "76123456", ..Miner::new(1) };
        let own = Miner { phone: "76123457", surname: "Dembélé", ..Miner::new(2) };
        send(&phone.url, &of_agent);
        send(&phone.url, &own);
        server.settled();
        assert!(!breaks(&server, "uuid:miner-1", "C21"), "no list says whose number it is");
        let list = server.data().join("agents.csv");
        std::fs::write(&list, "code;nom;telephone\nKY001;Awa;+223 76 12 34 56\n").unwrap();

        let done = server.cli_json(&["import", "agents", list.to_str().unwrap(), "--apply"]);
        server.settled();

        assert!(breaks(&server, "uuid:miner-1", "C21"), "{:?}", found(&server, "uuid:miner-1"));
        assert!(!breaks(&server, "uuid:miner-2", "C21"));
        assert!(server.cli(&["import", "--undo", done["import_id"].as_str().unwrap()]).status.success());
        server.settled();
        assert!(!breaks(&server, "uuid:miner-1", "C21"));
        is_sound(&mut server);
    }

    fn a_site_cannot_become_one_with_a_site_that_became_another_before(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        for number in 1..=3 {
            accepted(&phone.url, &site_at(number, 14.446_912 + f64::from(number) * 0.1, -11.444_512).xml);
        }
        server.settled();
        let merged = |site: u32, into: u32| {
            let visit = visits(site).nth(usize::try_from(site).unwrap()).unwrap();
            let with = format!("<changes>merged</changes><merged_with>{}</merged_with>", site_id(into));
            let former = crate::support::xml::between(&visit.xml, "<changes>", "</changes>").unwrap();
            let xml = visit.xml.replace(&format!("<changes>{former}</changes>"), &with);
            accepted(&phone.url, &xml);
            server.settled();
            visit.instance_id
        };

        let (first, back, chain) = (merged(1, 2), merged(2, 1), merged(3, 2));

        assert!(!breaks(&server, &first, "E18"), "{:?}", found(&server, &first));
        assert!(breaks(&server, &back, "E18") && breaks(&server, &chain, "E18"));
        // A person who accepts one, and an edit of the other, say nothing twice.
        let rules = found(&server, &back).1;
        assert_eq!(rules.iter().filter(|rule| *rule == "E18").count(), 1, "{rules:?}");
        is_sound(&mut server);
    }
}
