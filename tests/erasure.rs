//! A person is erased: nothing of them stays but what counts are made of, live and rebuilt, whatever came when.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    linkage::people::{Miner, card, entity_id},
    reviews::{Dice, Reviewer, flagged, is_sound, said, same, set_aside},
    support::{
        Response, Server,
        places::{site_at, with_answer},
        xml::{between, census, site_id, submit, submit_with},
    },
};

/// The id of an erasure of this number.
pub(crate) fn erasure(number: u32) -> String {
    format!("00000000-0000-4000-a000-{number:012}")
}

pub(crate) fn erase(by: &Reviewer<'_>, number: u32, of: &Value) -> Response {
    let mut body =
        json!({ "id": erasure(number), "dataset": "orpailleurs", "reason": "demande écrite" });
    body.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
    by.send("POST", "/v1/erasures", &body)
}

pub(crate) fn access(by: &Reviewer<'_>, dataset: &str, card: &str) -> Response {
    let body = json!({ "dataset": dataset, "card": card, "reason": "demande de la personne" });
    by.send("POST", "/v1/persons/access", &body)
}

/// The same registration, said again under another instance id as its edit.
pub(crate) fn edit_of(miner: &Miner, id: &str, again: &str) -> String {
    let old = format!("<instanceID>{again}</instanceID>");
    let xml = miner.xml_as(again);
    assert!(xml.contains(&old));
    xml.replace(&old, &format!("<deprecatedID>{id}</deprecatedID>{old}"))
}

/// A study that names this card.
fn study(card: &str) -> sanu::simulate::Submission {
    let one =
        census(8, 400).into_iter().find(|s| s.form_id == "profil").expect("a census has studies");
    let former = between(&one.xml, "<card_no>", "</card_no>").expect("a card").to_owned();
    sanu::simulate::Submission { xml: one.xml.replace(&former, card), ..one }
}

/// Every wrapped key by where it lies.
fn keys(server: &Server) -> BTreeMap<String, String> {
    let hex = if server.database_url.is_some() {
        "encode(wrapped, 'hex')"
    } else {
        "lower(hex(wrapped))"
    };
    let events = server.sql(&format!("SELECT 'event ' || seq, {hex} FROM journal"));
    let entities = server
        .sql(&format!("SELECT 'entity ' || created_seq || ' ' || version, {hex} FROM entity"));
    let lines = events.lines().chain(entities.lines()).filter_map(|l| l.split_once('|'));
    lines.map(|(place, key)| (place.to_owned(), key.to_owned())).collect()
}

/// How many there are of each kind; of an erased person neither month nor site is told any more.
pub(crate) fn cells(server: &Server) -> BTreeSet<String> {
    let sql = "SELECT cube, zone_id, dataset, commune_2023, district, sex, age_group, status, review, SUM(n) \
               FROM count_cell WHERE n <> 0 AND cube NOT IN ('form', 'site', 'cooperative') \
               GROUP BY cube, zone_id, dataset, commune_2023, district, sex, age_group, status, review";
    server.sql(sql).lines().map(str::to_owned).collect()
}

/// Everything in the data folder, keys of the operator apart.
fn bytes_on_disk(server: &Server) -> Vec<(String, Vec<u8>)> {
    let (mut folders, mut found) = (vec![server.data()], Vec::new());
    while let Some(path) = folders.pop() {
        if path.is_dir() {
            folders.extend(std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
        } else if let Ok(bytes) = std::fs::read(&path) {
            found.push((path.display().to_string(), bytes));
        }
    }
    found
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    let first = wanted[0];
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|b| *b == first) {
        if bytes[at + next..].starts_with(wanted) {
            return true;
        }
        at += next + 1;
    }
    false
}

/// Waits until the log was emptied: old pages in it hold what the file holds no longer.
fn log_is_empty(server: &Server) {
    let until = Instant::now() + Duration::from_mins(1);
    let log = server.data().join("sanu.db-wal");
    while std::fs::metadata(&log).is_ok_and(|m| m.len() > 0) {
        assert!(Instant::now() < until, "the log was not emptied");
    }
}

fn files(server: &Server) -> usize {
    let folders = std::fs::read_dir(server.data().join("blobs")).unwrap();
    folders.map(|f| std::fs::read_dir(f.unwrap().path()).unwrap().count()).sum()
}

/// Two sites; somebody registered twice, edited, in conflict, set aside, in a study; somebody else.
fn a_person_and_another(server: &Server, url: &str) -> Miner {
    let one = Miner { surname: "Zzyxqname", site: Some(site_id(1)), ..Miner::new(1) };
    let again = Miner { number: 2, site: Some(site_id(2)), ..one.clone() };
    let other = Miner { site: Some(site_id(1)), surname: "Keïta", sex: "female", ..Miner::new(3) };
    for number in 1..=2 {
        let site = site_at(number, 14.4469 + f64::from(number) / 100.0, -11.4445);
        assert_eq!(submit(url, &site.xml).status, 201);
    }
    assert_eq!(
        submit_with(url, &one.xml(), &[("photo.jpg", b"the face of Zzyxqname")]).status,
        201
    );
    let edit = Miner { role: "crusher_hand", ..one.clone() };
    for xml in [
        again.xml(),
        other.xml(),
        edit_of(&edit, "uuid:miner-1", "uuid:miner-1-again"),
        // Another content under the first id, and one that breaks a rule.
        one.xml().replacen("<today>", "<today><!-- -->", 1),
        with_answer(&Miner { number: 9, ..one.clone() }.xml(), "age_years", "7"),
        study(&one.card).xml,
    ] {
        let answer = submit(url, &xml);
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    server.settled();
    one
}

on_both! {
    fn of_several_people_with_one_card_nobody_learns_who_is_out_of_sight(server) {
        let mut server = server;
        let (kangaba, kenieba) = (server.phone("kangaba", Some("koulikoro")), server.phone("kenieba", Some("kayes")));
        let man = Miner::new(1);
        let woman = Miner { number: 2, sex: "female", given: "Nantenin", ..man.clone() };
        assert_eq!(submit(&kangaba.url, &man.xml()).status, 201);
        assert_eq!(submit(&kenieba.url, &woman.xml()).status, 201);
        server.settled();
        let of = |login: &str, zone: Option<&str>| {
            let them = Reviewer::new(&server, login, "data_manager", zone);
            let answer = access(&them, "orpailleurs", &man.card);
            (answer.status, answer.text())
        };

        let (everybody, two) = of("all", None);
        let (kayes, one) = of("kayes", Some("kayes"));
        let (koulikoro, other) = of("koulikoro", Some("koulikoro"));
        let (sikasso, none) = of("sikasso", Some("sikasso"));

        assert_eq!((everybody, kayes, koulikoro, sikasso), (409, 200, 200, 404), "{two} {one} {other} {none}");
        assert!(two.contains(&man.id()) && two.contains(&woman.id()), "{two}");
        assert!(one.contains("Nantenin") && !one.contains(&man.id()), "{one}");
        assert!(other.contains(&man.id()) && !other.contains("Nantenin"), "{other}");
        let here = Reviewer::new(&server, "here", "data_manager", Some("kayes"));
        let erased = erase(&here, 1, &json!({ "card": man.card }));
        assert_eq!((erased.status, &erased.json()["registrations"]), (200, &json!(1)), "{}", erased.text());
        assert_eq!(of("again", Some("koulikoro")).0, 200, "the other one is as before");
        is_sound(&mut server);
    }

    fn an_erased_person_leaves_nothing_but_the_counts_they_are_in(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let one = a_person_and_another(&server, &phone.url);
        assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE state = 'quarantined'"), "2");
        let (before, counted) = (keys(&server), cells(&server));
        assert_eq!((server.count("orpailleurs"), files(&server)), (2, 1));
        let awa = Reviewer::new(&server, "awa", "data_manager", None);

        let answer = erase(&awa, 1, &json!({ "card": one.card }));

        assert_eq!(answer.status, 200, "{}", answer.text());
        // The registration and its edit, the second one, the conflict, the one set aside, the study.
        let done = answer.json();
        assert_eq!((&done["state"], &done["registrations"]), (&json!("erased"), &json!(2)), "{done}");
        assert_eq!((&done["submissions"], &done["files"]), (&json!(5), &json!(1)), "{done}");
        assert_eq!(cells(&server), counted, "counts do not change");
        assert_eq!(files(&server), 0);
        let after = keys(&server);
        let destroyed: Vec<&String> = before
            .iter()
            .filter(|(place, _)| after.get(*place).is_none_or(String::is_empty))
            .map(|(_, key)| key)
            .collect();
        assert_eq!(destroyed.len(), 6 + 3, "{before:?} {after:?}");
        for table in ["record", "entity", "entity_version", "feed", "audit", "attachment", "review"] {
            assert!(!server.sql(&format!("SELECT * FROM {table}")).contains("Zzyxq"), "{table}");
        }
        if server.database_url.is_none() {
            log_is_empty(&server);
            for (file, bytes) in bytes_on_disk(&server) {
                for key in &destroyed {
                    assert!(!holds(&bytes, &hex::decode(key).unwrap()), "{file} holds a destroyed key");
                }
            }
        }
        // The same again is answered, and changes nothing.
        assert_eq!(erase(&awa, 1, &json!({ "card": one.card })).json(), done);
        assert_eq!(access(&awa, "orpailleurs", &one.card).status, 404);
        is_sound(&mut server);
    }

    fn what_was_erased_is_known_and_never_stored_again(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let one = a_person_and_another(&server, &phone.url);
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        assert_eq!(erase(&awa, 1, &json!({ "entity": one.id() })).status, 200);
        let events = server.sql("SELECT COUNT(*) FROM journal");

        let photo: [(&str, &[u8]); 1] = [("photo.jpg", b"the face of Zzyxqname")];
        let edit = edit_of(&one, "uuid:miner-1-again", "uuid:miner-1-third");
        for (xml, files) in [
            (one.xml(), &photo[..]),
            (one.xml().replacen("<today>", "<today><!-- -->", 1), &[]),
            (one.xml().replacen("<today>", "<today><!-- again -->", 1), &photo[..]),
            (edit.clone(), &photo[..]),
            (edit_of(&one, "uuid:miner-1-third", "uuid:miner-1-fourth"), &[]),
        ] {
            assert_eq!(submit_with(&phone.url, &xml, files).status, 201);
        }
        let record = sync_protocol::PushRecord {
            instance_id: String::from("uuid:miner-1"),
            form_id: String::from("orpailleur"),
            form_version: String::new(),
            xml: one.xml(),
            attachments: vec![crate::support::native::attachment("photo.jpg", b"the face of Zzyxqname")],
        };
        let pushed = crate::support::native::push(&server, &phone.token, vec![record]);
        assert!(matches!(pushed.results[0].verdict, sync_protocol::Verdict::Duplicate { .. }), "{pushed:?}");
        assert_eq!(pushed.missing_blobs, []);

        server.settled();
        assert_eq!((server.sql("SELECT COUNT(*) FROM journal"), files(&server)), (events, 0));
        // Somebody comes with the same card: a new person, and nothing points to the old one.
        let anew = Miner { number: 12, ..one.clone() };
        assert_eq!(submit(&phone.url, &anew.xml()).status, 201);
        // Under an id that was erased nothing is made.
        assert_eq!(submit(&phone.url, &one.xml_as("uuid:other")).status, 201);
        server.settled();
        assert_eq!(server.count("orpailleurs"), 3);
        assert_eq!((server.sql("SELECT COUNT(*) FROM link"), server.sql("SELECT COUNT(*) FROM match_pair")), ("0".into(), "0".into()));
        let held = access(&awa, "orpailleurs", &one.card).json();
        let ids: Vec<&Value> = held["registrations"].as_array().unwrap().iter().map(|r| &r["id"]).collect();
        assert_eq!(ids, [&json!(entity_id(12))], "{held}");
        is_sound(&mut server);
    }

    fn nobody_decides_about_an_erased_registration(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let one = a_person_and_another(&server, &phone.url);
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let unmerge = json!({ "a": entity_id(1), "b": entity_id(2), "answer": "unmerge", "reason": "deux" });
        let different = json!({ "a": entity_id(1), "b": entity_id(3), "answer": "different", "reason": "deux" });
        let path = |n: u32| format!("/v1/reviews/decisions/00000000-0000-4000-c000-{n:012}");
        assert_eq!(awa.send("PUT", &path(1), &different).status, 200);
        assert_eq!(awa.decides(1, "uuid:miner-2", "accept").status, 200);
        assert_eq!(erase(&awa, 1, &json!({ "card": one.card })).status, 200);
        let counted = cells(&server);

        assert_eq!(awa.send("PUT", &path(2), &unmerge).status, 404);
        assert_eq!(awa.send("PUT", &path(3), &different).status, 404);
        for (number, action) in [(2, "accept"), (3, "reject"), (4, "reopen")] {
            assert_eq!(awa.decides(number, "uuid:miner-2", action).status, 409);
        }
        let seen = awa.get("/v1/reviews/submissions/uuid:miner-2").json();
        assert_eq!((&seen["state"], &seen["versions"]), (&json!("erased"), &json!([])), "{seen}");
        let waiting = awa.get("/v1/reviews/submissions?limit=100").text();
        assert!(!waiting.contains("uuid:miner-1\"") && !waiting.contains("uuid:miner-2\""), "{waiting}");
        assert_eq!(server.sql("SELECT COUNT(*) FROM decision"), "0");

        assert_eq!(cells(&server), counted);
        is_sound(&mut server);
    }

    fn all_that_is_held_of_a_person_is_handed_over_to_who_may_ask(server) {
        let phone = server.phone("agent", Some("kayes"));
        let one = a_person_and_another(&server, &phone.url);
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let held = access(&awa, "orpailleurs", &one.card);
        assert_eq!(held.status, 200, "{}", held.text());
        let held = held.json();

        assert_eq!(held["registrations"].as_array().map(Vec::len), Some(2), "{held}");
        let sent = held["submissions"].as_array().unwrap();
        assert_eq!(sent.len(), 5, "{held}");
        let first = sent.iter().find(|s| s["instance_id"] == "uuid:miner-1-again").expect("its last id");
        assert_eq!(first["versions"].as_array().map(Vec::len), Some(2), "{first}");
        assert_eq!(first["versions"][0]["answers"]["b_identity"]["surname"], "Zzyxqname", "{first}");
        assert_eq!((&first["versions"][0]["device"], &first["files"][0]["name"]), (&json!("agent"), &json!("photo.jpg")));
        assert!(!held.to_string().contains("Keïta"), "somebody else");
        assert_eq!(server.sql("SELECT COUNT(*) FROM audit WHERE action = 'person.access' AND detail = 'demande de la personne'"), "1");

        // Who may not ask does not learn whether there is anybody.
        for (login, role, zone, status) in [
            ("sup", "supervisor", Some("kayes"), 403),
            ("prot", "protection", None, 403),
            ("far", "data_manager", Some("sikasso"), 404),
        ] {
            let them = Reviewer::new(&server, login, role, zone);
            for of in [&one.card, &card("ORP", 77)] {
                assert_eq!(access(&them, "orpailleurs", of).status, status, "{login}");
                let erased = erase(&them, 9, &json!({ "card": of }));
                assert_eq!(erased.status, status, "{login}: {}", erased.text());
            }
        }
        for card in [card("ORP", 77), String::from("x")] {
            assert_eq!(access(&awa, "orpailleurs", &card).status, 404);
        }
        assert_eq!(access(&awa, "orpailleurs", "ORP-0000001-0").status, 400, "no card ends like this");
        for body in [
            json!({ "dataset": "orpailleurs", "card": one.card, "reason": " " }),
            json!({ "dataset": "sites", "card": one.card, "reason": "x" }),
            json!({ "dataset": "orpailleurs", "reason": "x" }),
            json!({ "dataset": "orpailleurs", "card": one.card, "entity": one.id(), "reason": "x" }),
        ] {
            assert_eq!(awa.send("POST", "/v1/persons/access", &body).status, 400, "{body}");
        }
        assert_eq!(server.count("orpailleurs"), 2);
    }

    fn a_child_is_erased_by_protection_alone(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let child = crate::linkage::people::child("Zzyxqname", "Keïta", "Awa", 17, &site_id(1));
        let code = between(&child, "<child_card>", "</child_card>").unwrap().to_owned();
        for xml in [&site_at(1, 14.4469, -11.4445).xml, &child] {
            assert_eq!(submit(&phone.url, xml).status, 201);
        }
        server.settled();
        let counted = cells(&server);
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let protection = Reviewer::new(&server, "prot", "protection", None);
        let of = json!({ "dataset": "enfants", "card": code });
        assert_eq!((erase(&awa, 1, &of).status, access(&awa, "enfants", &code).status), (403, 403));
        assert!(access(&protection, "enfants", &code).text().contains("Zzyxqname"));

        assert_eq!(erase(&protection, 1, &of).status, 200);

        assert_eq!(cells(&server), counted);
        assert_eq!(access(&protection, "enfants", &code).status, 404);
        is_sound(&mut server);
    }

    fn whatever_happened_before_and_after_a_rebuild_is_the_register_that_was_lived_through(server) {
        let mut server = server;
        let phones = [server.phone("a", Some("kayes")), server.phone("b", Some("sikasso"))];
        let mut erased = 0;
        {
            let awa = Reviewer::new(&server, "awa", "data_manager", None);
            for seed in [3, 19, 26] {
                erased += a_history(&server, &awa, &phones, seed);
            }
        }
        assert!(erased > 15, "only {erased} people were erased");
        // What a rebuild changed is easier to read in rows than in hashes.
        server.stop();
        let lived = said(&server);
        server.cli_json(&["rebuild"]);
        same(&said(&server), &lived);
        is_sound(&mut server);
    }

    fn an_erasure_that_was_cut_off_is_done_at_the_next_start(server) {
        let mut server = server;
        let mut phone = server.phone("agent", Some("kayes"));
        let password = server.account("awa", "data_manager", None);
        assert_eq!(submit(&phone.url, &site_at(1, 14.4469, -11.4445).xml).status, 201);
        for number in 1..=12 {
            let miner = Miner { site: Some(site_id(1)), ..Miner::new(number) };
            let photo = format!("the face of {number}");
            assert_eq!(submit_with(&phone.url, &miner.xml(), &[("p.jpg", photo.as_bytes())]).status, 201);
        }
        server.settled();
        let counted = cells(&server);
        for number in 1..=12_u32 {
            let body = json!({ "id": erasure(number), "dataset": "orpailleurs", "card": card("ORP", number), "reason": "r" });
            let basic = crate::support::server::basic("awa", &password);
            let url = format!("{}/v1/erasures", server.url);
            let body = body.to_string().into_bytes();
            let ask = std::thread::spawn(move || {
                crate::support::http::try_request("POST", &url, &[("Authorization", &basic)], &body).map(|r| r.status)
            });
            // Sooner or later after it reached the journal.
            let until = Instant::now() + Duration::from_secs(30);
            while server.sql("SELECT COUNT(*) FROM journal WHERE kind = 'erasure'") != number.to_string() {
                assert!(Instant::now() < until, "the erasure was not journalled");
            }
            for _ in 0..number % 4 {
                server.sql("SELECT COUNT(*) FROM entity");
            }
            server.kill();
            let _answer = ask.join().unwrap();
            server.start();
            phone = server.moved(&phone);
        }
        server.settled();

        assert_eq!(server.sql("SELECT COUNT(*) FROM erasure WHERE state = 'erased' AND submissions = 1"), "12");
        assert_eq!(server.sql("SELECT COUNT(*) FROM entity WHERE dataset = 'orpailleurs' AND length(wrapped) > 0"), "0");
        assert_eq!(cells(&server), counted);
        let until = Instant::now() + Duration::from_secs(30);
        while files(&server) > 0 || server.sql("SELECT COUNT(*) FROM lost_file") != "0" {
            assert!(Instant::now() < until, "{} files are still there", files(&server));
        }
        is_sound(&mut server);
    }
}

/// Submissions, reviews, answers and erasures as they come; says how many people were erased.
fn a_history(
    server: &Server,
    awa: &Reviewer<'_>,
    phones: &[crate::support::server::Phone],
    seed: u64,
) -> usize {
    let mut dice = Dice(seed);
    let base = u32::try_from(seed).unwrap() * 100;
    let (mut erased, mut sent): (usize, Vec<(String, u32)>) = (0, Vec::new());
    // An edit that speaks of somebody else takes what it said of them with it.
    let mut mixed = false;
    for number in 1..=3 {
        let site = site_at(base + number, 14.4469 + f64::from(number) / 100.0, -11.4445);
        assert_eq!(submit(&phones[0].url, &site.xml).status, 201);
    }
    assert_eq!(submit(&phones[0].url, &set_aside(base + 4).xml).status, 201);
    for step in 1..=80_u32 {
        let id = base * 100 + step;
        match dice.below(10) {
            0..=4 => {
                let cards = base + u32::try_from(dice.below(6)).unwrap();
                let edits = (!sent.is_empty() && dice.below(4) == 0)
                    .then(|| &sent[dice.below(u64::try_from(sent.len()).unwrap())]);
                let other = base + 10 + u32::try_from(dice.below(14)).unwrap();
                let number = edits.filter(|_| step < 60).map_or(other, |(_, number)| *number);
                mixed |= edits.is_some_and(|(_, of)| *of != number);
                let miner = Miner {
                    number,
                    card: card("ORP", cards),
                    surname: ["Traoré", "Keïta"][dice.below(2)],
                    sex: ["male", "male", "female"][dice.below(3)],
                    year: [1990, 1991, 1975][dice.below(3)],
                    site: Some(site_id(base + 1 + u32::try_from(dice.below(4)).unwrap())),
                    minute: Some(1 + u32::try_from(dice.below(38_000)).unwrap()),
                    ..Miner::new(number)
                };
                let instance = format!("uuid:{id}");
                let xml = edits.map_or_else(
                    || miner.xml_as(&instance),
                    |(of, _)| edit_of(&miner, of, &instance),
                );
                let xml = match dice.below(5) {
                    0 => flagged(&xml),
                    1 => with_answer(&xml, "age_years", "7"),
                    _ => xml,
                };
                assert_eq!(submit(&phones[dice.below(2)].url, &xml).status, 201);
                sent.push((instance, number));
            }
            5 => {
                let study = study(&card("ORP", base + u32::try_from(dice.below(6)).unwrap()));
                let xml = study.xml.replace(&study.instance_id, &format!("uuid:{id}"));
                // Two studies at once would say something of each other.
                let xml = with_answer(&xml, "deviceid", &format!("phone-{id}"));
                assert_eq!(submit(&phones[0].url, &xml).status, 201);
            }
            6 if !sent.is_empty() => {
                server.settled();
                let (of, _) = &sent[dice.below(u64::try_from(sent.len()).unwrap())];
                let action = ["reject", "accept", "return", "reopen"][dice.below(4)];
                awa.decides(id, of, action);
            }
            7 => {
                server.settled();
                let mut one = || entity_id(base + 10 + u32::try_from(dice.below(14)).unwrap());
                let (a, b) = (one(), one());
                let answer = ["same", "different", "unmerge"][dice.below(3)];
                let body = json!({ "a": a, "b": b, "answer": answer, "reason": "vu" });
                awa.send(
                    "PUT",
                    &format!("/v1/reviews/decisions/00000000-0000-4000-c000-{id:012}"),
                    &body,
                );
            }
            _ => {
                server.settled();
                let before = cells(server);
                let number = base + 10 + u32::try_from(dice.below(14)).unwrap();
                let answer = erase(awa, id, &json!({ "entity": entity_id(number) }));
                server.settled();
                let now = cells(server);
                let differ: Vec<_> = now.symmetric_difference(&before).collect();
                assert!(
                    mixed || differ.is_empty(),
                    "seed {seed}, step {step}: {} {differ:?}",
                    answer.text()
                );
                erased += usize::from(answer.status == 200);
            }
        }
    }
    server.settled();
    erased
}

#[test]
fn logs_say_nothing_of_whoever_is_erased() {
    let mut server = Server::sqlite_logging();
    let phone = server.phone("agent", Some("kayes"));
    let one = a_person_and_another(&server, &phone.url);
    let awa = Reviewer::new(&server, "awa", "data_manager", None);
    assert_eq!(access(&awa, "orpailleurs", &one.card).status, 200);
    assert_eq!(erase(&awa, 1, &json!({ "card": one.card })).status, 200);

    let log = server.stop_and_log();

    for said in ["Zzyxq", &one.card, "demande écrite", "demande de la personne", "Moussa"] {
        assert!(!log.contains(said), "{said} is in the log");
    }
}
