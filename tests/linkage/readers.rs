//! Who reads what of whom in review: names are looked for in every answer, of every role.

use super::{
    Reviewer,
    people::{Miner, card, child},
    send, uuids,
};
use crate::support::{
    Server,
    places::site_at,
    xml::{between, site_id, submit},
};

const ROLES: [&str; 8] = [
    "admin",
    "supervisor",
    "enumerator",
    "researcher",
    "chamber",
    "cooperative",
    "protection",
    "public",
];
/// Names that nothing else contains: of miners, and of children.
const MINERS: [&str; 4] = ["sangaredouble", "nantenindouble", "kantedouble", "yoromadouble"];
const CHILDREN: [&str; 2] = ["drissadouble", "kadidiadouble"];

/// A child, its twin in writing under another id, and a miner with the child's names.
fn children() -> [String; 2] {
    let one = child("Drissadouble", "Kantedouble", "Kadidiadouble", 17, &site_id(1));
    let instance = between(&one, "<instanceID>", "</instanceID>").expect("an instance");
    let other = one.replace(instance, "uuid:another-child");
    [one, other]
}

/// A register with a stored pair of miners, one of children, one of both, and two who have nothing in common.
fn filled(server: &Server) -> Vec<String> {
    let phone = server.phone("agent", None);
    for number in [1, 2] {
        let at = site_at(number, 14.4469, -11.4445);
        assert_eq!(submit(&phone.url, &at.xml).status, 201);
    }
    let on_site = |miner: Miner| Miner { site: Some(site_id(1)), ..miner };
    let a = on_site(Miner {
        surname: "Sangaredouble",
        mother: "Nantenindouble Keïta",
        village: "Kita",
        ..Miner::new(1)
    });
    let b = Miner { number: 2, card: card("ORP", 2), agent: "KK003", ..a.clone() };
    let grown = on_site(Miner {
        given: "Drissadouble",
        surname: "Kantedouble",
        mother: "Kadidiadouble Kantedouble",
        year: 2008,
        agent: "KK003",
        ..Miner::new(3)
    });
    let far = on_site(Miner {
        surname: "Yoromadouble",
        given: "Bintou",
        sex: "female",
        year: 1961,
        ..Miner::new(4)
    });
    for miner in [&a, &b, &grown, &far] {
        send(&phone.url, miner);
    }
    for xml in children() {
        assert_eq!(submit(&phone.url, &xml).status, 201);
    }
    server.settled();
    uuids(server, "SELECT entity_id FROM entity ORDER BY dataset, created_seq")
}

fn assert_hides(answer: &crate::support::Response, words: &[&str], what: &str) {
    let text = answer.text().to_lowercase();
    for word in words {
        assert!(!text.contains(word), "{what} tells {word}: {text}");
    }
}

on_both! {
    fn no_answer_of_a_review_names_anybody_to_who_may_not_read_names(server) {
        let ids = filled(&server);
        assert_eq!(ids.len(), 8, "two children, four miners, two sites: {ids:?}");
        let awa = Reviewer::new(&server, "awa", "data_manager");
        // Somebody writes names into a reason.
        let said = serde_json::json!({ "a": ids[0], "b": ids[1], "answer": "cannot_tell", "reason": "Drissadouble est à part" });
        assert_eq!(awa.put(1, &said).status, 200);
        let mut read = 0;
        for role in ROLES {
            let reader = Reviewer::new(&server, &format!("one-{role}"), role);
            let hidden: Vec<&str> = match role {
                // The focal point reads children, whose mother's name is theirs.
                "protection" => MINERS.into_iter().filter(|w| *w != "kantedouble").collect(),
                _ => MINERS.into_iter().chain(CHILDREN).collect(),
            };
            let mut paths: Vec<String> = ["orpailleurs", "enfants", "sites", "cooperatives"]
                .map(|of| format!("/v1/reviews/duplicates?of={of}")).into();
            for a in &ids {
                paths.push(format!("/v1/reviews/entities/{a}?reason=contr%C3%B4le"));
                paths.extend(ids.iter().map(|b| format!("/v1/reviews/duplicates/{a}/{b}?reason=contr%C3%B4le")));
            }
            for path in &paths {
                let answer = reader.get(path);
                assert_hides(&answer, &hidden, &format!("{role} {path}"));
                read += u32::from(answer.status == 200);
            }
        }
        assert!(read > 10, "only {read} answers said anything");
    }

    fn the_focal_point_reads_the_child_of_a_mixed_pair_and_never_the_miner(server) {
        let ids = filled(&server);
        let focal = Reviewer::new(&server, "fanta", "protection");
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let [child, _, _, _, grown, far, site, _] = ids.as_slice() else { panic!("{ids:?}") };
        let of = |a: &str, b: &str| format!("/v1/reviews/duplicates/{a}/{b}?reason=suivi");

        let seen = focal.get(&of(child, grown));
        assert_eq!(seen.status, 200, "{}", seen.text());
        let (seen, miner_first) = (seen.json(), grown < child);
        let (miner, own) = if miner_first { (&seen["a"], &seen["b"]) } else { (&seen["b"], &seen["a"]) };
        assert_eq!(own["values"]["vault.given_name"], "Drissadouble", "{seen}");
        assert_eq!((&miner["id"], &miner["dataset"]), (&grown.as_str().into(), &"orpailleurs".into()));
        for hidden in ["values", "canonical_id", "site_id", "region", "registered_at"] {
            assert!(miner.get(hidden).is_none_or(serde_json::Value::is_null), "{hidden}: {seen}");
        }
        assert!(seen["evidence"].is_null() && seen["distance_m"].is_null(), "{seen}");
        // Who confirms it reads why the first said so, not what the engine found in the miner.
        let body = serde_json::json!({ "a": child, "b": grown, "answer": "same", "reason": "vu avec sa mère" });
        assert_eq!(awa.put(1, &body).status, 200);
        let told = focal.get(&of(child, grown)).json();
        assert_eq!(told["decisions"][0]["reason"], "vu avec sa mère", "{told}");
        assert!(told["evidence"].is_null(), "{told}");
        // Nothing that the register does not ask about, and never a person beside a place.
        assert_eq!(focal.get(&of(child, far)).status, 404);
        for reader in [&focal, &awa] {
            for id in [child, grown] {
                assert_eq!(reader.get(&of(id, site)).status, 404);
            }
        }
        assert_eq!(awa.get(&of(child, far)).status, 200);
    }

    fn a_supervisor_reads_pairs_that_the_register_asks_about_and_every_reading_is_noted(server) {
        let ids = filled(&server);
        let sidi = Reviewer::new(&server, "sidi", "supervisor");
        let [child, other_child, a, b, grown, far, _, _] = ids.as_slice() else { panic!("{ids:?}") };
        let of = |a: &str, b: &str| format!("/v1/reviews/duplicates/{a}/{b}");

        for (x, y) in [(a, far), (b, grown), (child, grown), (child, other_child)] {
            assert_eq!(sidi.get(&of(x, y)).status, 404, "{x} {y}");
        }
        assert_eq!(server.sql("SELECT COUNT(*) FROM audit WHERE action LIKE 'review%'"), "0");
        let seen = sidi.get(&of(a, b));
        assert_eq!(seen.status, 200, "{}", seen.text());
        assert!(seen.json()["evidence"]["fields"][0]["fr"].is_null(), "{}", seen.text());
        assert_eq!(sidi.get(&format!("/v1/reviews/entities/{far}")).status, 200);
        let noted = server.sql("SELECT subject FROM audit WHERE action = 'review.pair' ORDER BY at");
        assert_eq!(noted, format!("{} {}\n{far}", a.min(b), a.max(b)));
        // The families shown beside a pair hold no child either.
        for path in ["/v1/reviews/duplicates".to_owned(), of(a, b)] {
            let text = sidi.get(&path).text();
            assert!(!text.contains(child.as_str()) && !text.contains(other_child.as_str()), "{text}");
        }
    }

    fn people_are_as_far_apart_as_their_sites_and_no_nearer(server) {
        let phone = server.phone("agent", None);
        let a = Miner { mother: "Nantenin Fofana", village: "Kita", ..Miner::new(1) };
        let b = Miner { number: 2, card: card("ORP", 2), agent: "KK003", ..a.clone() };
        // Nobody wrote their sites down: what is left is where each stood.
        send(&phone.url, &a);
        send(&phone.url, &b);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let seen = awa.get(&format!("/v1/reviews/duplicates/{}/{}", a.id(), b.id())).json();
        assert!(seen["distance_m"].is_null(), "{seen}");

        let site = between(&a.xml(), "<site_id>", "</site_id>").expect("a site").to_owned();
        let known = site_at(1, 14.4469, -11.4445).xml.replace(&site_id(1), &site);
        assert_eq!(submit(&phone.url, &known).status, 201);
        server.settled();
        let seen = awa.get(&format!("/v1/reviews/duplicates/{}/{}", a.id(), b.id())).json();
        assert_eq!(seen["distance_m"], 0.0, "{seen}");
    }

    fn the_canonical_of_another_zone_is_not_named(server) {
        let (kayes, sikasso) = (server.phone("one", Some("kayes")), server.phone("two", Some("sikasso")));
        let a = Miner { mother: "Nantenin Fofana", village: "Kita", ..Miner::new(1) };
        let b = Miner { number: 2, agent: "KK003", ..a.clone() };
        let c = Miner { number: 3, card: card("ORP", 3), agent: "KK004", ..a.clone() };
        // The first of the group lies elsewhere.
        send(&sikasso.url, &a);
        server.settled();
        send(&kayes.url, &b);
        send(&kayes.url, &c);
        server.settled();
        assert_eq!(server.count("orpailleurs"), 2);
        let here = Reviewer::of(&server, "dmk", "data_manager", Some("kayes"));
        let awa = Reviewer::new(&server, "awa", "data_manager");
        let path = format!("/v1/reviews/duplicates/{}/{}", b.id(), c.id());

        assert_eq!(awa.get(&path).json()["a"]["canonical_id"], a.id());
        let seen = here.get(&path);
        assert_eq!(seen.status, 200, "{}", seen.text());
        assert!(seen.json()["a"]["canonical_id"].is_null() && !seen.text().contains(&a.id()), "{}", seen.text());
    }
}
