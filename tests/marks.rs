//! What is said of a record after it came (forced, corrected, taken back, kept out) marks it the same live, rebuilt and
//! asked again.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    reviews::{Dice, Reviewer, decision, is_sound},
    support::{
        Server,
        places::{site_at, visit_of, with_answer},
        xml::{census, edited, site, submit},
    },
};

/// Visits that differ in their instance ids.
fn visits() -> impl Iterator<Item = sanu::simulate::Submission> {
    census(5, 1_800).into_iter().filter(|s| s.form_id == "visite_site")
}

/// A visit of the site of this number on this version of it, where so many died within a month.
fn visit(
    of: &sanu::simulate::Submission,
    site: u32,
    version: usize,
    deaths: u32,
) -> sanu::simulate::Submission {
    let of = visit_of(of, site, version);
    let xml = with_answer(&of.xml, "deaths_30d", &deaths.to_string());
    sanu::simulate::Submission { xml, ..of }
}

fn sends(url: &str, xml: &str) {
    assert_eq!(submit(url, xml).status, 201);
}

/// The rules that a record breaks.
fn broken(server: &Server, instance_id: &str) -> BTreeSet<String> {
    server.settled();
    let lines =
        server.sql(&format!("SELECT violations FROM record WHERE instance_id = '{instance_id}'"));
    let lines: Value = serde_json::from_str(&lines).expect("findings are JSON");
    let rules = lines.as_array().expect("a list").iter();
    rules.map(|line| line["rule"].as_str().expect("an id").to_owned()).collect()
}

fn stands(server: &Server, instance_id: &str) -> String {
    server.settled();
    server.sql(&format!(
        "SELECT state, reason, review FROM record WHERE instance_id = '{instance_id}'"
    ))
}

/// Asked again nothing is found that is not stored, before a rebuild and after it, and both are the same register.
fn agrees(server: &mut Server) {
    server.settled();
    for _ in 0..2 {
        let found = server.cli_json(&["check", "--rules"]);
        assert_eq!(found["rules"], json!({}), "{found}");
        is_sound(server);
    }
}

fn corrects(who: &Reviewer<'_>, number: u32, of: &str, workers: u32) -> u16 {
    let answers = json!({ "/data/b/workers_total": workers.to_string() });
    let body =
        json!({ "instance_id": of, "action": "correct", "reason": "vu", "answers": answers });
    let path = format!("/v1/reviews/submissions/decisions/{}", decision(number));
    who.send("PUT", &path, &body).status
}

fn withdraws(who: &Reviewer<'_>, number: u32, of: &str, correction: u32) -> u16 {
    let correction = decision(correction);
    let body = json!({ "instance_id": of, "action": "withdraw", "correction": correction });
    let path = format!("/v1/reviews/submissions/decisions/{}", decision(number));
    who.send("PUT", &path, &body).status
}

on_both! {
    fn what_was_forced_onto_an_entity_that_is_there_stays_marked(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let mut of = visits();
        let mut next = |deaths| visit(&of.next().expect("enough visits"), 90, 9, deaths);
        // More than within the year that the site tells of: what it is compared with says so, not the visit itself.
        let (clean, deadly) = (next(0), next(30));
        sends(&phone.url, &site(90).xml);
        for held in [&clean, &deadly] {
            sends(&phone.url, &held.xml);
            assert!(stands(&server, &held.instance_id).starts_with("held|entity_not_here_yet|"));
        }

        data.says(1, &clean.instance_id, "force", "flagged");
        data.says(2, &deadly.instance_id, "force", "flagged");

        for forced in [&clean, &deadly] {
            assert_eq!(stands(&server, &forced.instance_id), "flagged|forced|waiting");
            assert!(broken(&server, &forced.instance_id).contains("G04"));
        }
        assert!(broken(&server, &deadly.instance_id).contains("E14"));
        agrees(&mut server);
        assert_eq!(stands(&server, &deadly.instance_id), "flagged|forced|waiting");
    }

    fn what_came_before_its_entity_changes_none_of_another_zone(server) {
        let mut server = server;
        let (here, there) = (server.phone("a", Some("kayes")), server.phone("b", Some("sikasso")));
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let mut of = visits();
        let mut next = || visit(&of.next().expect("enough visits"), 90, 1, 0);
        let (far, near) = (next(), next());
        for (phone, visit) in [(&there, &far), (&here, &near)] {
            sends(&phone.url, &visit.xml);
            assert!(stands(&server, &visit.instance_id).starts_with("held|entity_not_here_yet|"));
        }
        sends(&here.url, &site(90).xml);

        assert!(!stands(&server, &near.instance_id).starts_with("held|"), "the zone's own comes in");
        assert!(stands(&server, &far.instance_id).starts_with("held|"), "the other waits on");
        assert_eq!(server.sql("SELECT version FROM entity WHERE dataset = 'sites'"), "2");
        // Whatever is said of it but that it be forced or thrown out, it waits on.
        assert_eq!(data.decides(1, &far.instance_id, "accept").status, 200);
        assert!(stands(&server, &far.instance_id).starts_with("held|"));
        assert_eq!(server.sql("SELECT COUNT(*) FROM held"), "1");
        data.decides(2, &far.instance_id, "reopen");
        data.says(3, &far.instance_id, "force", "flagged");
        assert!(broken(&server, &far.instance_id).contains("A12"));
        assert_eq!(server.sql("SELECT COUNT(*) FROM held"), "0");
        assert_eq!(server.sql("SELECT version FROM entity WHERE dataset = 'sites'"), "2");
        agrees(&mut server);
    }

    fn what_waits_for_a_site_comes_in_when_somebody_lets_the_site_in(server) {
        let mut server = server;
        let (here, there) = (server.phone("a", Some("kayes")), server.phone("b", Some("sikasso")));
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let mut of = visits();
        let mut next = || visit(&of.next().expect("enough visits"), 90, 1, 0);
        let (near, far) = (next(), next());
        // In Paris.
        let aside = site_at(90, 48.85, 2.35);
        sends(&here.url, &aside.xml);
        assert!(stands(&server, &aside.instance_id).starts_with("quarantined|"));
        for (phone, visit) in [(&here, &near), (&there, &far)] {
            sends(&phone.url, &visit.xml);
            assert!(stands(&server, &visit.instance_id).starts_with("held|entity_not_here_yet|"));
        }

        assert_eq!(data.decides(1, &aside.instance_id, "accept").status, 200);

        assert!(!stands(&server, &near.instance_id).starts_with("held|"), "it came in");
        assert!(stands(&server, &far.instance_id).starts_with("held|"), "that of another zone waits on");
        assert_eq!(server.sql("SELECT COUNT(*) FROM held"), "1");
        assert_eq!(server.sql("SELECT version FROM entity WHERE dataset = 'sites'"), "2");
        data.says(2, &far.instance_id, "force", "flagged");
        assert!(broken(&server, &far.instance_id).contains("A12"));
        agrees(&mut server);
    }

    fn what_loses_its_site_waits_whatever_was_found_of_it(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let place = site_at(90, 14.4469, -11.4445);
        let of = visit(&visits().next().expect("a visit"), 90, 1, 0);
        // Far from the site: what is found of it goes when the site does.
        let far_off = with_answer(&of.xml, "gps", "13.9 -9.9 404.0 6.9");
        sends(&phone.url, &place.xml);
        sends(&phone.url, &far_off);
        assert!(stands(&server, &of.instance_id).starts_with("flagged|"));

        assert_eq!(data.decides(1, &place.instance_id, "reject").status, 200);

        assert!(stands(&server, &of.instance_id).starts_with("held|"), "{}", stands(&server, &of.instance_id));
        assert_eq!(server.sql("SELECT COUNT(*) FROM held"), "1");
        agrees(&mut server);
    }

    fn an_edit_that_is_marked_marks_what_waits(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let place = site_at(90, 14.4469, -11.4445);
        let first = visit(&visits().next().expect("a visit"), 90, 1, 0);
        let first = sanu::simulate::Submission {
            xml: with_answer(&first.xml, "gps", "14.4469 -11.4445 404.0 6.9"),
            ..first
        };
        let second = edited(&first, "uuid:second");
        sends(&phone.url, &first.xml);
        assert!(stands(&server, &first.instance_id).starts_with("held|"));
        sends(&phone.url, &with_answer(&second.xml, "gps", "48.85 2.35 404.0 6.9"));
        server.settled();
        sends(&phone.url, &place.xml);
        agrees(&mut server);
    }

    fn an_edit_that_names_another_site_marks_what_it_said_of_the_first(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let place = site_at(90, 14.4469, -11.4445);
        let visit = visit(&visits().next().expect("a visit"), 90, 1, 0);
        let first = sanu::simulate::Submission {
            xml: with_answer(&visit.xml, "gps", "14.4469 -11.4445 404.0 6.9"),
            ..visit
        };
        let second = visit_of(&edited(&first, "uuid:second"), 91, 1);
        sends(&phone.url, &place.xml);
        sends(&phone.url, &first.xml);
        server.settled();
        data.says(1, &first.instance_id, "accept", "accepted");
        assert_eq!(server.sql("SELECT review FROM entity_version WHERE version = 2"), "accepted");

        // Of a site that is not here, and far from the one that is.
        sends(&phone.url, &with_answer(&second.xml, "gps", "48.85 2.35 404.0 6.9"));

        server.settled();
        let of_second = server.sql("SELECT review FROM record WHERE instance_id = 'uuid:second'");
        assert_ne!(of_second, "accepted");
        assert_eq!(server.sql("SELECT review FROM entity_version WHERE version = 2"), "pending");
        agrees(&mut server);
    }

    fn a_correction_leaves_what_its_record_met_in_another_zone(server) {
        let mut server = server;
        let (here, there) = (server.phone("a", Some("kayes")), server.phone("b", Some("sikasso")));
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let far = visit(&visits().next().expect("a visit"), 90, 1, 0);
        let of = far.instance_id.as_str();
        sends(&here.url, &site(90).xml);
        server.settled();
        sends(&there.url, &far.xml);
        let met = "flagged|entity_of_another_zone|waiting";
        assert_eq!(stands(&server, of), met);
        let version = "SELECT version, shifts FROM entity WHERE dataset = 'sites'";
        let before = server.sql(version);

        assert_eq!(corrects(&data, 1, of, 120), 200);
        assert_eq!((stands(&server, of).as_str(), broken(&server, of).contains("A12")), (met, true));
        assert_eq!(withdraws(&data, 2, of, 1), 200);
        assert_eq!((stands(&server, of).as_str(), broken(&server, of).contains("A12")), (met, true));
        data.says(3, of, "reopen", "flagged");

        assert_eq!(server.sql(version), before, "the site of another zone is as it was");
        assert_eq!(broken(&server, of), BTreeSet::from([String::from("A12")]));
        agrees(&mut server);
    }

    fn a_record_that_a_version_between_makes_one_with_others_leaves_what_it_met(server) {
        let mut server = server;
        let (here, there) = (server.phone("a", Some("kayes")), server.phone("b", Some("sikasso")));
        let first = visit(&visits().next().expect("a visit"), 90, 1, 0);
        let second = edited(&first, "uuid:second");
        // The third replaces the second, which comes last.
        let third = edited(&first, "uuid:third").xml;
        let third = third.replacen(&format!("<deprecatedID>{}<", first.instance_id), "<deprecatedID>uuid:second<", 1);
        sends(&here.url, &site(90).xml);
        server.settled();
        for xml in [&first.xml, &third, &second.xml] {
            sends(&there.url, xml);
            server.settled();
        }

        assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE form_id = 'visite_site'"), "1");
        assert_eq!(stands(&server, "uuid:third"), "flagged|entity_of_another_zone|waiting");
        agrees(&mut server);
    }

    fn whatever_is_said_of_records_in_any_order_they_are_marked_the_same_when_asked_again(server) {
        let mut server = server;
        let urls = [Some("kayes"), Some("sikasso"), None].map(|zone| {
            server.phone(zone.unwrap_or("pays"), zone).url
        });
        let data = Reviewer::new(&server, "donnees", "data_manager", None);
        let mut dice = Dice(11);
        let mut fresh = visits();
        let (mut sent, mut corrected): (Vec<String>, Vec<(u32, String)>) = Default::default();
        let mut forced = 0;
        // Each site is its zone's from the start: what is forced meets it there.
        let home = |place: u32| [0, 0, 0, 1, 2][usize::try_from(place).expect("small")];
        for place in 1..=4 {
            sends(&urls[home(place)], &with_answer(&site(place).xml, "deaths_12m", "4"));
        }
        server.settled();
        for number in 1..=70_u32 {
            let place = 1 + u32::try_from(dice.below(4)).expect("small");
            let url = &urls[if dice.below(4) == 0 { dice.below(3) } else { home(place) }];
            match dice.below(9) {
                0 => sends(url, &with_answer(&site(place).xml, "deaths_12m", ["0", "4", "20"][dice.below(3)])),
                1 => {
                    let again = edited(&site(place), &format!("uuid:site-{place}-{number}"));
                    sends(url, &with_answer(&again.xml, "deaths_12m", ["0", "4", "20"][dice.below(3)]));
                }
                2..=4 => {
                    let of = fresh.next().expect("enough visits");
                    let deaths = [0, 3, 30][dice.below(3)];
                    let of = visit(&of, place, [1, 9, 9][dice.below(3)], deaths);
                    sends(url, &of.xml);
                    sent.push(of.instance_id);
                }
                _ if sent.is_empty() => {}
                5 if !corrected.is_empty() => {
                    let (correction, of) = corrected.swap_remove(dice.below(u64::try_from(corrected.len()).expect("small")));
                    withdraws(&data, number, &of, correction);
                }
                6 => {
                    let of = sent[dice.below(u64::try_from(sent.len()).expect("small"))].clone();
                    server.settled();
                    if corrects(&data, number, &of, 100 + number) == 200 {
                        corrected.push((number, of));
                    }
                }
                _ => {
                    let of = sent[dice.below(u64::try_from(sent.len()).expect("small"))].clone();
                    let action = ["force", "force", "force", "reopen", "reject", "accept"][dice.below(6)];
                    server.settled();
                    let is_taken = data.decides(number, &of, action).status == 200;
                    forced += u32::from(is_taken && action == "force");
                }
            }
        }
        server.settled();
        assert!(forced > 2 && !corrected.is_empty(), "{forced} forced, {} corrected", corrected.len());
        assert_ne!(server.sql("SELECT COUNT(*) FROM record WHERE violations LIKE '%\"A12\"%'"), "0");
        assert_ne!(server.sql("SELECT COUNT(*) FROM entity WHERE dataset = 'sites' AND version > 1"), "0");
        agrees(&mut server);
    }
}
