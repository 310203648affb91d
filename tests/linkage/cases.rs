//! The twelve cases of the domain, each sent as phones send them.

use serde_json::{Value, json};

use super::{
    Reviewer, decision, derived, is_sound,
    people::{Miner, card, child},
    send,
};
use crate::support::{
    Server, request,
    xml::{census, submit},
};

/// What the register says of a pair: class, stops, probability in millionths.
fn pair(server: &Server, a: &str, b: &str) -> Option<(String, String, i64)> {
    let (a, b) = if a < b { (a, b) } else { (b, a) };
    let id = |column: &str| match server.database_url {
        Some(_) => format!("CAST({column} AS text)"),
        None => format!("LOWER(HEX({column}))"),
    };
    let plain =
        |id: &str| if server.database_url.is_some() { id.to_owned() } else { id.replace('-', "") };
    let sql = format!(
        "SELECT class, stops, probability FROM match_pair WHERE {} = '{}' AND {} = '{}'",
        id("a_id"),
        plain(a),
        id("b_id"),
        plain(b)
    );
    let row = server.sql(&sql);
    let mut cells = row.split('|');
    let class = cells.next().filter(|c| !c.is_empty())?.to_owned();
    let stops = cells.next()?.to_owned();
    Some((class, stops, cells.next()?.parse().ok()?))
}

fn first_case(reviewer: &Reviewer<'_>) -> Vec<String> {
    let queue = reviewer.get("/v1/reviews/duplicates").json();
    let first = &queue["cases"][0];
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let mut ids = vec![text(&first["a"]), text(&first["b"])];
    ids.sort();
    ids
}

on_both! {
    fn a_submission_sent_six_times_is_one_record(server) {
        let phone = server.phone("agent", None);
        let miner = Miner::new(1);
        for _ in 0..6 {
            send(&phone.url, &miner);
        }
        server.settled();
        assert_eq!((server.count("orpailleurs"), server.sql("SELECT COUNT(*) FROM record")), (1, "1".to_owned()));
        assert_eq!(server.sql("SELECT COUNT(*) FROM match_pair"), "0");
    }

    fn two_spellings_of_one_name_with_mother_and_village_lead_the_queue(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        for other in census(3, 60).iter().filter(|s| s.form_id == "orpailleur") {
            assert_eq!(submit(&phone.url, &other.xml).status, 201);
        }
        let one = Miner { surname: "DAFPE", given: "Amadou Sanoussi", year: 1984, mother: "Nantenin Keïta", village: "Narena", father: "Sidi", agent: "KY002", ..Miner::new(1) };
        let two = Miner { surname: "Daffé", given: "Amadou Sanoussy", agent: "KK003", number: 2, card: card("ORP", 2), ..one.clone() };
        send(&phone.url, &one);
        send(&phone.url, &two);
        server.settled();

        let found = pair(&server, &one.id(), &two.id());
        assert_eq!(found.as_ref().map(|p| p.0.as_str()), Some("review"), "{found:?}");
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let mut ids = vec![one.id(), two.id()];
        ids.sort();
        assert_eq!(first_case(&awa), ids);
        let case = awa.get(&format!("/v1/reviews/duplicates/{}/{}", one.id(), two.id())).json();
        let words = case["evidence"]["fields"].as_array().unwrap();
        assert!(words.iter().any(|w| !w["fr"].as_str().unwrap().is_empty()), "{case}");
        is_sound(&mut server);
    }

    fn two_homonyms_of_different_mothers_stay_two(server) {
        let phone = server.phone("agent", None);
        let one = Miner { year: 1998, mother: "Awa Diarra", ..Miner::new(1) };
        let two = Miner { year: 1998, mother: "Kadiatou Sissoko", agent: "KK003", ..Miner::new(2) };
        send(&phone.url, &one);
        send(&phone.url, &two);
        server.settled();

        assert_eq!(server.count("orpailleurs"), 2);
        let found = pair(&server, &one.id(), &two.id());
        assert!(found.as_ref().is_none_or(|p| p.2 < 500_000), "{found:?}");
    }

    fn twins_are_kept_apart_as_twins(server) {
        let phone = server.phone("agent", None);
        let one = Miner { given: "Fousseyni", surname: "Coulibaly", dob: "1996-05-14",
            year: 1996, mother: "Awa Diarra", father: "Bakary", village: "Sélingué", ..Miner::new(1) };
        let two = Miner { given: "Lassana", number: 2, card: card("ORP", 2), ..one.clone() };
        send(&phone.url, &one);
        send(&phone.url, &two);
        server.settled();

        assert_eq!(server.count("orpailleurs"), 2);
        let found = pair(&server, &one.id(), &two.id());
        assert_eq!(found.as_ref().map(|p| p.0.as_str()), Some("twins"), "{found:?}");
    }

    fn one_nina_on_a_man_and_a_woman_is_for_review(server) {
        let phone = server.phone("agent", None);
        let one = Miner { nina: "19005123456789A", ..Miner::new(1) };
        let two = Miner { sex: "female", given: "Moussa", number: 2, card: card("ORP", 2), agent: "KK003", ..one.clone() };
        send(&phone.url, &one);
        send(&phone.url, &two);
        server.settled();

        assert_eq!(server.count("orpailleurs"), 2);
        let found = pair(&server, &one.id(), &two.id());
        assert!(found.as_ref().is_some_and(|p| p.0 == "review" && p.1.contains("sex")), "{found:?}");
    }

    fn a_married_name_and_a_maiden_name_are_for_review(server) {
        let phone = server.phone("agent", None);
        let one = Miner { surname: "Mme DIARRA", given: "Djénéba SAMAKE", sex: "female", year: 1988, mother: "Sitan Camara", village: "Kita", ..Miner::new(1) };
        let two = Miner { surname: "SAMAKE", given: "Djénéba", number: 2, card: card("ORP", 2), agent: "KK003", ..one.clone() };
        send(&phone.url, &one);
        send(&phone.url, &two);
        server.settled();

        assert_eq!(server.count("orpailleurs"), 2);
        let found = pair(&server, &one.id(), &two.id());
        assert_eq!(found.as_ref().map(|p| p.0.as_str()), Some("review"), "{found:?}");
    }

    fn a_child_who_is_a_miner_elsewhere_is_linked_and_the_age_reviewed(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let xml = child("Drissa", "Kanté", "Nantenin", 17, "00000000-0000-4000-9000-000000000001");
        assert_eq!(submit(&phone.url, &xml).status, 201);
        let miner = Miner { given: "Drissa", surname: "Kanté", mother: "Nantenin Kanté", year: 2008, agent: "KK003", site: Some("00000000-0000-4000-9000-000000000001".to_owned()), ..Miner::new(1) };
        send(&phone.url, &miner);
        server.settled();

        assert_eq!(server.count("orpailleurs"), 1);
        assert_eq!(server.sql("SELECT COUNT(*) FROM entity WHERE merged_into IS NOT NULL"), "0");
        assert_eq!(server.sql("SELECT class, dataset FROM match_pair"), "age_review|enfants");
        is_sound(&mut server);
    }

    fn a_miner_who_is_a_child_elsewhere_is_answered_and_never_merged(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let site = "00000000-0000-4000-9000-000000000001";
        assert_eq!(submit(&phone.url, &child("Drissa", "Kanté", "Nantenin", 17, site)).status, 201);
        let miner = Miner { given: "Drissa", surname: "Kanté", mother: "Nantenin Kanté", year: 2008, agent: "KK003", site: Some(site.to_owned()), ..Miner::new(1) };
        send(&phone.url, &miner);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let fanta = Reviewer::new(&server, "fanta", "protection");
        let sidi = Reviewer::new(&server, "sidi", "supervisor");
        let list = |state: &str| fanta.get(&format!("/v1/reviews/duplicates?of=enfants&state={state}")).json();
        let case = list("unanswered")["cases"][0].clone();
        let (a, b) = (case["a"].as_str().unwrap(), case["b"].as_str().unwrap());
        let kid = if a == miner.id() { b } else { a };
        let before = derived(&server);

        assert_eq!(sidi.answers(1, a, b, "same").status, 403);
        let choice = json!({ "a": a, "b": b, "answer": "same", "choices": { "sex": a } });
        assert_eq!(awa.put(2, &choice).status, 400);
        let first = awa.answers(3, a, b, "same");
        assert_eq!(first.json()["state"], "waiting", "{}", first.text());
        assert_eq!(awa.answers(4, a, b, "same").status, 409);
        fanta.says(5, a, b, "same");

        assert_eq!(derived(&server), before, "nothing is merged, and nobody is counted otherwise");
        assert_eq!(list("unanswered")["cases"], json!([]));
        assert_eq!(list("age_wrong")["cases"][0]["pairs"][0]["answer"], "age_wrong");
        let told = awa.get_because(&format!("/v1/reviews/duplicates/{a}/{b}"), "age").json();
        assert_eq!((&told["together"], &told["next"]["to_do"]), (&json!(false), &json!("correct_age")), "{told}");
        assert_eq!(awa.answers(6, a, b, "unmerge").status, 409);
        // A supervisor reads the miner's story, and learns of no child.
        let story = sidi.get(&format!("/v1/reviews/entities/{}", miner.id()));
        assert_eq!((story.status, story.text().contains(kid)), (200, false), "{}", story.text());
        let words = awa.get(&format!("/v1/reviews/entities/{}", miner.id()));
        assert_eq!((words.text().contains("age_wrong"), words.text().contains("vu ensemble")), (true, false));

        let back = json!({ "a": a, "b": b, "answer": "cannot_tell", "reason": "", "replaces": decision(5) });
        assert_eq!(awa.put(7, &back).status, 200);
        assert_eq!((list("age_wrong")["cases"].clone(), list("unanswered")["cases"].clone()), (json!([]), json!([])));
        assert_eq!(list("undecided")["cases"].as_array().map(Vec::len), Some(1));
        fanta.says(8, a, b, "different");
        assert_eq!((list("undecided")["cases"].clone(), derived(&server)), (json!([]), before));
        is_sound(&mut server);
    }

    fn an_age_put_right_leaves_nothing_to_correct(server) {
        let mut server = server;
        let phone = server.phone("agent", None);
        let site = "00000000-0000-4000-9000-000000000001";
        assert_eq!(submit(&phone.url, &child("Drissa", "Kanté", "Nantenin", 17, site)).status, 201);
        let miner = Miner { given: "Drissa", surname: "Kanté", mother: "Nantenin Kanté", year: 2008, agent: "KK003", site: Some(site.to_owned()), ..Miner::new(1) };
        send(&phone.url, &miner);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let fanta = Reviewer::new(&server, "fanta", "protection");
        let case = awa.get("/v1/reviews/duplicates?of=enfants").json()["cases"][0].clone();
        let (a, b) = (case["a"].as_str().unwrap(), case["b"].as_str().unwrap());
        assert_eq!(awa.answers(1, a, b, "same").status, 200);
        fanta.says(2, a, b, "same");

        let rejected = json!({ "instance_id": "uuid:miner-1", "action": "reject", "reason": "17 ans, vu l'acte de naissance" });
        let url = format!("{}/v1/reviews/submissions/decisions/{}", server.url, decision(3));
        let headers = [("Authorization", awa.basic.as_str()), ("Content-Type", "application/json")];
        let answer = request("PUT", &url, &headers, rejected.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());

        assert_eq!(awa.get("/v1/reviews/duplicates?of=enfants&state=age_wrong").json()["cases"], json!([]));
        assert_eq!((server.count("orpailleurs"), server.count_as("enfants", &awa.basic)), (0, 1));
        is_sound(&mut server);
    }

    fn what_was_decided_is_a_list_the_last_first_as_far_as_the_reader_may_see(server) {
        let mut server = server;
        let (kayes, sikasso) = (server.phone("a", Some("kayes")), server.phone("b", Some("sikasso")));
        let people = [Miner::new(1), Miner { surname: "Traore", ..Miner::new(2) },
            Miner { surname: "Keïta", given: "Sidi", ..Miner::new(3) }, Miner { surname: "Keita", given: "Sidi", ..Miner::new(4) }];
        for miner in &people {
            send(&kayes.url, miner);
        }
        let far = Miner { surname: "Diallo", given: "Fatoumata", ..Miner::new(5) };
        send(&sikasso.url, &far);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let ids: Vec<String> = people.iter().map(Miner::id).collect();
        let list = |who: &Reviewer<'_>, rest: &str| who.get(&format!("/v1/reviews/duplicates?state=decided{rest}")).json();
        let told = |list: &Value| -> Vec<(String, String, String)> {
            let text = |value: &Value| value.as_str().expect("a word").to_owned();
            let case = |c: &Value| (text(&c["a"]), text(&c["b"]), text(&c["decision"]["answer"]));
            list["cases"].as_array().expect("a list").iter().map(case).collect()
        };
        let of = |a: &String, b: &String, answer: &str| (a.min(b).clone(), a.max(b).clone(), answer.to_owned());
        assert_eq!(told(&list(&awa, "")), []);

        awa.says(1, &ids[0], &ids[1], "same");
        awa.says(2, &ids[2], &ids[3], "same");
        awa.says(3, &ids[0], &ids[2], "cannot_tell");
        awa.says(4, &ids[0], &ids[1], "unmerge");
        awa.says(5, &ids[0], &far.id(), "different");

        let all = [of(&ids[0], &far.id(), "different"), of(&ids[0], &ids[1], "unmerge"), of(&ids[2], &ids[3], "same")];
        let found = list(&awa, "");
        assert_eq!((told(&found), &found["next"]), (all.to_vec(), &Value::Null), "{found}");
        assert_eq!(found["cases"][1]["decision"]["decision_id"], decision(4));
        assert_eq!(found["cases"][2]["pairs"][0]["answer"], "same", "{found}");
        let first = list(&awa, "&limit=2");
        let rest = list(&awa, &format!("&limit=2&after={}", first["next"].as_str().expect("there is more")));
        assert_eq!([told(&first), told(&rest)].concat(), all);
        // A supervisor of one zone is told of pairs inside it, and of no child.
        let sidi = Reviewer::of(&server, "sidi", "supervisor", Some("kayes"));
        assert_eq!(told(&list(&sidi, "")), all[1..]);
        assert_eq!(sidi.get("/v1/reviews/duplicates?state=decided&of=enfants").status, 403);
        let fanta = Reviewer::new(&server, "fanta", "protection");
        assert_eq!(fanta.get("/v1/reviews/duplicates?state=decided").status, 403);
        assert_eq!(told(&list(&fanta, "&of=enfants")), []);
        is_sound(&mut server);
    }

    fn nobody_could_tell_is_a_list_of_its_own(server) {
        let phone = server.phone("agent", None);
        let people = [Miner::new(1), Miner { surname: "Traore", ..Miner::new(2) },
            Miner { surname: "Keïta", given: "Sidi", ..Miner::new(3) }, Miner { surname: "Keita", given: "Sidi", ..Miner::new(4) }];
        for miner in &people {
            send(&phone.url, miner);
        }
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let list = |state: &str| awa.get(&format!("/v1/reviews/duplicates?of=orpailleurs&state={state}")).json();
        let ids = |list: &Value| list["cases"].as_array().unwrap().iter().map(|c| c["a"].clone()).collect::<Vec<_>>();
        let before = ids(&list("unanswered"));
        assert_eq!(before.len(), 2, "{}", list("unanswered"));

        let first = list("unanswered")["cases"][0].clone();
        awa.says(1, first["a"].as_str().unwrap(), first["b"].as_str().unwrap(), "cannot_tell");

        let rest = list("unanswered");
        assert_eq!((ids(&rest), rest["undecided"].clone(), rest["waiting"].clone()),
            (before.get(1..).unwrap().to_vec(), json!({ "review": 1 }), json!({ "review": 1 })));
        assert_eq!(ids(&list("undecided")), before.get(..1).unwrap());
        assert_eq!(awa.get("/v1/reviews/duplicates?state=all").status, 400);
        awa.says(2, first["b"].as_str().unwrap(), first["a"].as_str().unwrap(), "same");
        assert_eq!(ids(&list("undecided")), Vec::<Value>::new());
    }

    fn nine_forms_in_forty_minutes_are_for_quality_control_and_not_for_the_queue(server) {
        let phone = server.phone("agent", None);
        for number in 1..=9 {
            send(&phone.url, &Miner { phone: "70112233", village: "Kita", mother: "Awa Diarra", minute: Some(600 + number * 4), ..Miner::new(number) });
        }
        server.settled();

        assert_eq!(server.count("orpailleurs"), 9);
        assert_ne!(server.sql("SELECT COUNT(*) FROM match_pair WHERE class = 'quality'"), "0");
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let queue = awa.get("/v1/reviews/duplicates").json();
        assert_eq!(queue["cases"].as_array().map(Vec::len), Some(0), "{queue}");
    }

    fn one_card_at_kangaba_and_at_kenieba_is_two_contacts_and_the_last_site(server) {
        let phone = server.phone("agent", None);
        let one = Miner { site: Some("00000000-0000-4000-9000-000000000001".to_owned()), ..Miner::new(1) };
        let two = Miner { number: 2, site: Some("00000000-0000-4000-9000-000000000002".to_owned()), ..one.clone() };
        send(&phone.url, &one);
        send(&phone.url, &two);
        server.settled();

        assert_eq!(server.count("orpailleurs"), 1);
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let told = awa.get(&format!("/v1/reviews/entities/{}", two.id())).json();
        let sites: Vec<_> = told["contacts"].as_array().unwrap().iter().map(|c| c["site_id"].clone()).collect();
        assert_eq!(sites, [one.site.clone().unwrap(), two.site.clone().unwrap()]);
        assert_eq!(told["canonical_id"], one.id());
        let shown = server.sql("SELECT site_id FROM entity WHERE dataset = 'orpailleurs' AND merged_into IS NULL");
        assert_eq!(shown.parse::<uuid::Uuid>().unwrap().to_string(), two.site.unwrap());
    }
}
