//! Corrections: answers replaced by a data manager, with who and why, and taken back without a trace.

use serde_json::{Value, json};

use crate::{
    linkage::people::Miner,
    reviews::{Dice, Reviewer, a_season, decision, is_sound, said, same},
    support::{
        Response,
        places::children_on,
        xml::{edited, site, submit},
    },
};

fn corrects(who: &Reviewer<'_>, number: u32, of: &str, answers: &Value) -> Response {
    let body = json!({ "instance_id": of, "action": "correct", "reason": "vu sur la carte", "answers": answers });
    who.send("PUT", &format!("/v1/reviews/submissions/decisions/{}", decision(number)), &body)
}

fn withdraws(who: &Reviewer<'_>, number: u32, of: &str, correction: u32) -> Response {
    let body =
        json!({ "instance_id": of, "action": "withdraw", "correction": decision(correction) });
    who.send("PUT", &format!("/v1/reviews/submissions/decisions/{}", decision(number)), &body)
}

const MINER: &str = "uuid:miner-1";

on_both! {
    fn a_correction_changes_the_register_says_who_and_why_and_is_taken_back_exactly(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        for xml in [site(1).xml, Miner::new(1).xml()] {
            assert_eq!(submit(&phone.url, &xml).status, 201);
        }
        server.settled();
        let before = said(&server);
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let one = format!("/v1/datasets/orpailleurs/entities/{}?reason=x", Miner::new(1).id());
        let answers = json!({
            "/data/b_identity/surname": "Diallo", "/data/b_identity/sex": "female", "/data/b_identity/alias": null,
        });

        let answer = corrects(&awa, 1, MINER, &answers);
        assert_eq!(answer.status, 200, "{}", answer.text());

        let values = awa.get(&one).json()["values"].clone();
        assert_eq!((&values["surname"], &values["sex"], &values["alias"]), (&json!("Diallo"), &json!("female"), &Value::Null));
        assert_eq!(server.sql("SELECT sex FROM entity WHERE dataset = 'orpailleurs'"), "female");
        assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE answers LIKE '%Diallo%'"), "0");
        assert_eq!(server.sql("SELECT COUNT(*) FROM entity WHERE props LIKE '%Diallo%'"), "0");
        let seen = awa.get(&format!("/v1/reviews/submissions/{MINER}")).json();
        let newest = &seen["versions"][1];
        assert_eq!((&newest["kind"], &newest["reason"]), (&json!("correction"), &json!("vu sur la carte")), "{seen}");
        assert!(newest["account_id"].is_string() && seen["decisions"][0]["paths"].as_array().unwrap().len() == 3, "{seen}");
        // The same again is the same; other answers under its id are told, and so is what nobody asked for.
        assert_eq!(corrects(&awa, 1, MINER, &answers).status, 200);
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal WHERE kind = 'review'"), "1");
        assert_eq!(corrects(&awa, 1, MINER, &json!({ "/data/b_identity/surname": "Keïta" })).status, 409);
        assert_eq!(withdraws(&awa, 2, MINER, 9).status, 409);

        assert_eq!(withdraws(&awa, 3, MINER, 1).status, 200);
        same(&said(&server), &before);
        is_sound(&mut server);
    }

    fn what_is_wrong_with_a_correction_is_said_by_path_and_nothing_is_written(server) {
        let phone = server.phone("agent", Some("kayes"));
        assert_eq!(submit(&phone.url, &Miner::new(1).xml()).status, 201);
        let child = children_on(1, 5, 1).remove(0);
        assert_eq!(submit(&phone.url, &child.xml).status, 201);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let wrong = corrects(&awa, 1, MINER, &json!({
            "/data/b_identity/nothing": "x", "/data/b_identity/birth_year": "jadis", "/data/b_identity/sex": "x",
            "/data/b_identity/surname": "Fatoumata",
        }));
        assert_eq!(wrong.status, 400, "{}", wrong.text());
        let errors = wrong.json()["errors"].as_array().expect("each path").clone();
        assert_eq!(errors.len(), 3, "{errors:?}");
        assert!(errors.iter().all(|e| e["message"].as_str().is_some_and(|m| m.ends_with('.'))), "{errors:?}");
        assert!(!wrong.text().contains("Fatoumata") && !wrong.text().contains("jadis"));
        for body in [
            json!({ "instance_id": MINER, "action": "correct", "answers": { "/data/b_identity/surname": "X" } }),
            json!({ "instance_id": MINER, "action": "correct", "reason": "x" }),
            json!({ "instance_id": MINER, "action": "accept", "reason": "x", "answers": { "/data/b_identity/surname": "X" } }),
            json!({ "instance_id": MINER, "action": "delete", "reason": "x" }),
        ] {
            let path = format!("/v1/reviews/submissions/decisions/{}", decision(2));
            assert_eq!(awa.send("PUT", &path, &body).status, 400, "{body}");
        }
        // A supervisor does not correct; a name of a child, which a data manager may not read, nobody changes unseen.
        let of_kayes = Reviewer::new(&server, "sup", "supervisor", Some("kayes"));
        assert_eq!(corrects(&of_kayes, 3, MINER, &json!({ "/data/b_identity/surname": "X" })).status, 403);
        let far = Reviewer::new(&server, "far", "data_manager", Some("sikasso"));
        assert_eq!(corrects(&far, 4, MINER, &json!({ "/data/b_identity/surname": "X" })).status, 404);
        let blind = corrects(&awa, 5, &child.instance_id, &json!({ "/data/assent_block/nothing": "X" }));
        assert_eq!(blind.status, 400, "{}", blind.text());
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal WHERE kind = 'review'"), "0");
    }

    fn what_the_form_calculates_follows_a_correction(server) {
        let phone = server.phone("agent", Some("kayes"));
        let place = site(1);
        assert_eq!(submit(&phone.url, &place.xml).status, 201);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let answer = corrects(&awa, 1, &place.instance_id, &json!({ "/data/a_id/site_name": "Kobada" }));
        assert_eq!(answer.status, 200, "{}", answer.text());

        let label = server.sql("SELECT label FROM entity WHERE dataset = 'sites'");
        assert_eq!(label, "Kobada");
        let broken = awa.get(&format!("/v1/reviews/submissions/{}", place.instance_id)).json()["broken"].clone();
        assert!(!broken.to_string().contains("L04"), "{broken}");
    }

    fn corrections_and_reviews_in_any_order_are_taken_back_exactly(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let mut dice = Dice(3);
        let sent = a_season(&mut dice);
        for (_, xml) in &sent {
            assert_eq!(submit(&phone.url, xml).status, 201);
        }
        server.settled();
        let before = said(&server);
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let miners: Vec<&String> = sent.iter().map(|s| &s.0).filter(|id| id.contains("miner")).collect();
        let mut made: Vec<(u32, &String)> = Vec::new();
        let mut decided: Vec<&String> = Vec::new();
        for number in 1..40 {
            let of = miners[dice.below(u64::try_from(miners.len()).unwrap())];
            let role = ["pit_digger", "crusher_hand"][dice.below(2)];
            let year = 1960 + dice.below(40);
            match dice.below(4) {
                0 => {
                    awa.decides(number, of, ["reject", "return", "accept"][dice.below(3)]);
                    decided.push(of);
                }
                1 if !made.is_empty() => {
                    let (correction, of) = made.swap_remove(dice.below(u64::try_from(made.len()).unwrap()));
                    assert_eq!(withdraws(&awa, number, of, correction).status, 200);
                }
                _ => {
                    let answers = json!({ "/data/e_mining/main_role": role, "/data/b_identity/birth_year": year.to_string() });
                    let answer = corrects(&awa, number, of, &answers);
                    if answer.status == 200 {
                        made.push((number, of));
                    } else {
                        // A value that would break a rule.
                        assert_eq!(answer.status, 409, "{}", answer.text());
                    }
                }
            }
        }
        assert!(!made.is_empty());
        for (number, (correction, of)) in (1_000..).zip(made) {
            assert_eq!(withdraws(&awa, number, of, correction).status, 200);
        }
        for (number, of) in (2_000..).zip(decided) {
            assert_eq!(awa.decides(number, of, "reopen").status, 200);
        }

        same(&said(&server), &before);
        is_sound(&mut server);
    }

    fn a_correction_of_what_changed_meanwhile_is_refused(server) {
        let phone = server.phone("agent", Some("kayes"));
        let first = site(1);
        assert_eq!(submit(&phone.url, &first.xml).status, 201);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let read = awa.get(&format!("/v1/reviews/submissions/{}", first.instance_id)).json();
        assert_eq!(submit(&phone.url, &edited(&first, "uuid:again").xml).status, 201);
        server.settled();

        let body = json!({
            "instance_id": "uuid:again", "action": "correct", "reason": "x", "version": read["version"],
            "answers": { "/data/none": "x" },
        });
        let path = format!("/v1/reviews/submissions/decisions/{}", decision(1));
        let answer = awa.send("PUT", &path, &body);
        assert_eq!((answer.status, &answer.json()["type"]), (409, &json!("urn:sanu:problem:changed-meanwhile")));
    }
}
