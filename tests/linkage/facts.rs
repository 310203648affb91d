//! Rules that look at what the register holds of whatever a record names: since when, where, whose number.

use sanu::simulate::Submission;

use super::{
    is_sound,
    lookups::{breaks, found},
    people::{Miner, card},
    send,
};
use crate::reviews::Reviewer;
use crate::support::{
    Server,
    places::{register, site_at, visit_of, with_answer},
    xml::{between, census, edited, site_id, submit},
};

/// Visits of the site of this number that differ in their instance ids, without answers that the tests give.
fn visits(site: u32) -> impl Iterator<Item = Submission> {
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
    fn a_site_that_waits_for_review_is_not_accepted_by_visits_from_another_zone(server) {
        let mut server = server;
        let (here, there) = (server.phone("ici", Some("kayes")), server.phone("la", Some("sikasso")));
        accepted(&here.url, &registered_on(1, "2026-11-10"));
        server.settled();
        let on = |visit: Submission, day: &str| {
            let xml = with_answer(&with_answer(&visit.xml, "visit_date", day), "today", day);
            Submission { xml, ..visit }
        };
        let mut visits = visits(1);
        let early = on(visits.next().unwrap(), "2026-11-08");
        accepted(&here.url, &early.xml);
        server.settled();
        assert!(breaks(&server, &early.instance_id, "E15"));
        let review = "SELECT review FROM entity WHERE dataset = 'sites'";
        assert_eq!(server.sql(review), "pending", "its latest version waits");

        // Several that apply takes together.
        let foreign: Vec<Submission> = visits.take(4).map(|visit| on(visit, "2026-11-12")).collect();
        register(&server, &there.token, &foreign);

        assert!(foreign.iter().all(|v| breaks(&server, &v.instance_id, "A12")), "none reaches the site");
        assert_eq!(server.sql(review), "pending");
        is_sound(&mut server);
    }

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
        let mended = edited(&Submission { xml, ..site }, "uuid:site-mended");
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

    fn a_telephone_that_more_than_five_others_give_marks_all_of_them_while_they_do(server) {
        let mut server = server;
        let (here, there) = (server.phone("ici", Some("kayes")), server.phone("la", Some("sikasso")));
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let people = [
            ("Dembélé", "Oumar", "76123450"), ("Keïta", "Sira", "+223 76 12 34 50"), ("Coulibaly", "Awa", "76.12.34.50"),
            ("Sissoko", "Fodé", "0022376123450"), ("Diarra", "Bintou", "76 123 450"), ("Touré", "Salif", "76123450"),
            ("Maïga", "Hawa", "76123450"), ("Cissé", "Modibo", "76123450"),
        ];
        let people: Vec<Miner> = (1_u32..).zip(people).map(|(number, (surname, given, phone))| {
            Miner { surname, given, phone, year: 1968 + 3 * i32::try_from(number).unwrap(), ..Miner::new(number) }
        }).collect();
        let miner = |number: usize| people[number - 1].clone();
        let marked = |numbers: &[u32]| {
            server.settled();
            numbers.iter().map(|n| breaks(&server, &format!("uuid:miner-{n}"), "C21")).collect::<Vec<_>>()
        };
        (1..=6).for_each(|n| send(&here.url, &miner(n)));
        assert_eq!(marked(&[1, 2, 3, 4, 5, 6]), [false; 6], "five others share it");
        // One of another zone is told to nobody; who registers again with the same card is the same person.
        send(&there.url, &miner(7));
        send(&here.url, &Miner { number: 9, ..miner(1) });
        assert_eq!(marked(&[1, 2, 3, 4, 5, 6, 7, 9]), [false; 8]);

        send(&here.url, &miner(8));
        assert_eq!(marked(&[1, 2, 3, 4, 5, 6, 8, 9]), [true; 8], "{:?}", found(&server, "uuid:miner-1"));
        assert_eq!(marked(&[7]), [false]);
        assert_eq!(server.cli_json(&["check", "--rules"])["rules"], serde_json::json!({}));
        data.says(1, "uuid:miner-8", "reject", "rejected");
        assert_eq!(marked(&[1, 2, 3, 4, 5, 6, 9]), [false; 7]);
        data.says(2, "uuid:miner-8", "reopen", "flagged");
        assert_eq!(marked(&[1, 2, 3, 4, 5, 6, 8, 9]), [true; 8]);
        // The second corrects a digit.
        let mended = Miner { phone: "76123459", ..miner(2) }.xml();
        let mended = Submission { xml: mended, instance_id: String::from("uuid:miner-2"), ..site_at(1, 0.0, 0.0) };
        accepted(&here.url, &edited(&mended, "uuid:miner-2-mended").xml);
        assert_eq!(marked(&[1, 3, 4, 5, 6, 8, 9]), [false; 7]);
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
            let former = between(&visit.xml, "<changes>", "</changes>").unwrap();
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

    fn two_sites_of_other_names_at_one_place_are_both_marked_until_one_is_gone(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let north = |number: u32, metres: f64| site_at(number, 14.446_912 + metres / 111_195.0, -11.444_512);
        let marked = |server: &Server| {
            [1, 2, 3, 4].map(|n| breaks(server, &site_at(n, 0.0, 0.0).instance_id, "B14"))
        };
        // In one batch, in another, and one of the same name.
        accepted(&phone.url, &north(2, 150.0).xml);
        accepted(&phone.url, &north(1, 0.0).xml);
        server.settled();
        assert_eq!(marked_of(&server, &[1, 2]), [true, true], "whichever came first");
        accepted(&phone.url, &north(3, 390.0).xml);
        accepted(&phone.url, &north(4, 10_000.0).xml);
        server.settled();
        assert_eq!(marked(&server), [true, true, false, false]);
        assert_eq!(found(&server, &north(1, 0.0).instance_id).0, "flagged");

        data.says(1, &north(2, 0.0).instance_id, "reject", "rejected");
        assert!(!marked(&server)[0], "nobody is beside it any more");
        assert_eq!(found(&server, &north(1, 0.0).instance_id).0, "received");
        data.says(2, &north(2, 0.0).instance_id, "reopen", "flagged");
        assert_eq!(marked(&server)[..2], [true, true]);
        // The fourth was put where it is not, and stands 190 m from the third.
        let mended = Submission { xml: north(4, 580.0).xml, ..north(4, 10_000.0) };
        accepted(&phone.url, &edited(&mended, "uuid:site-mended").xml);
        server.settled();
        assert!(breaks(&server, "uuid:site-mended", "B14") && marked_of(&server, &[3])[0]);
        is_sound(&mut server);
    }

    fn a_zone_hears_nothing_of_a_site_of_another_zone(server) {
        let mut server = server;
        let (kayes, koulikoro) = (server.phone("kayes", Some("kayes")), server.phone("koulikoro", Some("koulikoro")));
        let country = server.phone("agent", None);
        accepted(&kayes.url, &site_at(1, 14.446_912, -11.444_512).xml);
        accepted(&koulikoro.url, &site_at(2, 14.446_912, -11.444_512).xml);
        server.settled();
        assert_eq!(marked_of(&server, &[1, 2]), [false, false]);

        accepted(&country.url, &site_at(3, 14.446_912, -11.444_512).xml);
        server.settled();

        assert_eq!(marked_of(&server, &[1, 2, 3]), [false, false, true]);
        is_sound(&mut server);
    }

    fn two_base_cooperatives_of_one_name_in_a_commune_are_both_marked(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let base = census(11, 400).into_iter().find(|s| s.form_id == "cooperative").expect("a cooperative");
        let entity = between(&base.xml, " id=\"", "\"><label>").unwrap().rsplit('"').next().unwrap().to_owned();
        let named = |number: u32, name: &str, commune: &str, level: &str| {
            let former = between(&base.xml, "<coop_name>", "</coop_name>").unwrap();
            let xml = base.xml.replace(&format!(">{former}<"), &format!(">{name}<"));
            let xml = with_answer(&with_answer(&xml, "commune", commune), "level", level);
            let xml = xml.replace(&entity, &site_id(900 + number)).replace(&base.instance_id, &format!("uuid:coop-{number}"));
            accepted(&phone.url, &xml);
        };
        let commune = between(&base.xml, "<commune>", "</commune>").unwrap();
        named(1, "Sabougnouma", commune, "base");
        server.settled();
        named(2, "Coopérative Sabugnuma", commune, "base");
        named(3, "Sabougnouma", commune, "union");
        named(4, "Benkadi", commune, "base");
        server.settled();

        let marked = [1, 2, 3, 4].map(|n| breaks(&server, &format!("uuid:coop-{n}"), "F10"));
        assert_eq!(marked, [true, true, false, false], "{:?}", found(&server, "uuid:coop-1"));
        is_sound(&mut server);
    }

    fn a_study_of_a_card_that_nobody_carries_is_marked_until_somebody_does(server) {
        let mut server = server;
        let (here, there) = (server.phone("ici", Some("kayes")), server.phone("la", Some("sikasso")));
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let base = census(8, 400).into_iter().find(|s| s.form_id == "profil").expect("a study");
        let of = |miner: &Miner| {
            let xml = with_answer(&base.xml, "card_no", &miner.card);
            let xml = with_answer(&xml, "deviceid", &format!("phone-{}", miner.number));
            xml.replace(&base.instance_id, &format!("uuid:study-{}", miner.number))
        };
        let (early, elsewhere) = (Miner::new(1), Miner { surname: "Dembélé", ..Miner::new(2) });
        let marked = |number: u32| {
            server.settled();
            breaks(&server, &format!("uuid:study-{number}"), "F01")
        };
        accepted(&here.url, &of(&early));
        assert!(marked(1));
        assert_eq!(found(&server, "uuid:study-1").0, "flagged", "an error of two records sets nobody aside");

        send(&here.url, &early);
        assert!(!marked(1));
        data.says(1, "uuid:miner-1", "reject", "rejected");
        assert!(marked(1), "nobody carries it any more");
        // Somebody of another zone does: whoever works here hears nothing of them.
        send(&there.url, &elsewhere);
        accepted(&here.url, &of(&elsewhere));
        assert!(!marked(2));
        is_sound(&mut server);
    }

    fn a_card_of_no_lot_of_its_agent_is_marked_whenever_lots_come_or_go(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let file = |name: &str, text: &str| {
            let path = server.data().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let import = |list: &str, path: &str| server.cli_json(&["import", list, path, "--apply"])["import_id"].clone();
        let marked = |numbers: &[u32]| {
            server.settled();
            numbers.iter().map(|n| breaks(&server, &format!("uuid:miner-{n}"), "C10")).collect::<Vec<_>>()
        };
        let within = Miner { card: card("ORP", 1_500), ..Miner::new(1) };
        let outside = Miner { surname: "Dembélé", ..Miner::new(2) };
        let of_another = Miner { surname: "Sissoko", agent: "KY002", ..Miner::new(3) };
        for miner in [&within, &outside, &of_another] {
            send(&phone.url, miner);
        }
        import("agents", &file("agents.csv", "code;nom\nKY001;Awa\nKY002;Bakary\n"));
        assert_eq!(marked(&[1, 2, 3]), [false; 3], "who was given no lot says nothing");

        import("card_lots", &file("lots.csv", "premiere;derniere;agent\n1000;1999;KY001\n"));
        assert_eq!(marked(&[1, 2, 3]), [false, true, false]);
        let second = import("card_lots", &file("plus.csv", "premiere;derniere;agent\n1;99;KY001\n"));
        send(&phone.url, &Miner { card: card("ORP", 700), surname: "Keïta", ..Miner::new(4) });
        assert_eq!(marked(&[1, 2, 3, 4]), [false, false, false, true]);
        assert!(server.cli(&["import", "--undo", second.as_str().unwrap()]).status.success());
        assert_eq!(marked(&[1, 2, 3, 4]), [false, true, false, true]);
        assert_eq!(server.cli_json(&["check", "--rules"])["rules"], serde_json::json!({}));
        is_sound(&mut server);
    }
}

/// Whether the sites of these numbers are marked as being where another is.
fn marked_of(server: &Server, numbers: &[u32]) -> Vec<bool> {
    let instance = |n: &u32| site_at(*n, 0.0, 0.0).instance_id;
    numbers.iter().map(|n| breaks(server, &instance(n), "B14")).collect()
}
