//! The register read dataset by dataset: who sees what, pages, and what it said on a day that is over.

mod days;
mod history;

use serde_json::{Value, json};

use crate::{
    linkage::people::Miner,
    reviews::Reviewer,
    support::{
        places::{children_on, register},
        xml::{site, site_id, submit},
    },
};

fn names(answer: &Value) -> Vec<&str> {
    let all = answer["datasets"].as_array().expect("a list");
    all.iter().map(|d| d["name"].as_str().unwrap()).collect()
}

on_both! {
    fn everybody_reads_what_their_role_and_zone_allow_and_identities_one_by_one(server) {
        let [a, b] = ["zone-a", "zone-b"].map(|zone| server.phone(zone, Some(zone)));
        for xml in [site(1).xml, Miner::new(1).xml()] {
            assert_eq!(submit(&a.url, &xml).status, 201);
        }
        assert_eq!(submit(&b.url, &Miner { surname: "Keïta", ..Miner::new(2) }.xml()).status, 201);
        register(&server, &a.token, &children_on(1, 5, 2));
        let manager = Reviewer::new(&server, "manager", "data_manager", None);
        let of_b = Reviewer::new(&server, "of-b", "supervisor", Some("zone-b"));
        let protection = Reviewer::new(&server, "focal", "protection", None);
        let researcher = Reviewer::new(&server, "rita", "researcher", None);

        let all = manager.get("/v1/datasets").json();
        assert!(["orpailleurs", "enfants", "sites", "visites"].iter().all(|d| names(&all).contains(d)), "{all}");
        assert_eq!(names(&protection.get("/v1/datasets").json()), ["enfants"]);
        assert!(!names(&of_b.get("/v1/datasets").json()).contains(&"enfants"));
        let miners = manager.get("/v1/datasets/orpailleurs").json();
        assert_eq!((&miners["count"], &miners["title_en"]), (&json!(2), &json!("Gold miners")), "{miners}");
        assert_eq!(of_b.get("/v1/datasets/orpailleurs").json()["count"], 1);
        // What one may not see is not found; who sees nothing here is told so.
        for path in ["/v1/datasets/enfants", "/v1/datasets/nothing", "/v1/datasets/enfants/entities"] {
            assert_eq!(of_b.get(path).status, 404, "{path}");
        }
        assert_eq!(researcher.get("/v1/datasets").status, 403);
        assert_eq!(researcher.get("/v1/datasets/sites/entities").status, 404);
        let first = format!("/v1/datasets/orpailleurs/entities/{}", Miner::new(1).id());
        assert_eq!(of_b.get(&first).status, 404);
        assert_eq!(of_b.get("/v1/datasets/sites/entities").json()["entities"], json!([]));
        // An entity of another dataset is none of this one.
        assert_eq!(manager.get(&format!("/v1/datasets/sites/entities/{}", Miner::new(1).id())).status, 404);

        // Coded answers without a name; with a reason the name, and a line in the log.
        let coded = manager.get(&first);
        assert_eq!(coded.json()["values"]["main_role"], "pit_digger", "{}", coded.text());
        assert!(!coded.text().contains("Traor"), "{}", coded.text());
        let noted = "SELECT COUNT(*) FROM audit WHERE action = 'review' AND subject LIKE 'datasets/orpailleurs/%'";
        assert_eq!(server.sql(noted), "0");
        let named = manager.get(&format!("{first}?reason=carte%20perdue"));
        assert_eq!(named.json()["values"]["surname"], "Traoré", "{}", named.text());
        assert_eq!(server.sql(noted), "1");
        assert_eq!(server.sql("SELECT detail FROM audit WHERE action = 'review' AND subject LIKE 'datasets/%'"), "carte perdue");
        let second = format!("/v1/datasets/orpailleurs/entities/{}", Miner::new(2).id());
        assert!(!of_b.get(&format!("{second}?reason=curieux")).text().contains("Ke"), "a supervisor reads no name");
        let list = manager.get("/v1/datasets/orpailleurs/entities?reason=tout");
        assert_eq!(list.json()["entities"].as_array().map(Vec::len), Some(2));
        assert!(!list.text().contains("Traor") && !list.text().contains("card_no"), "{}", list.text());

        // Of children nothing without a reason, and in a list never who they are.
        assert_eq!(protection.get("/v1/datasets/enfants/entities").json()["type"], "urn:sanu:problem:reason-needed");
        let list = protection.get("/v1/datasets/enfants/entities?reason=visite");
        assert_eq!((list.status, list.json()["entities"].as_array().map(Vec::len)), (200, Some(2)));
        assert_eq!(list.json()["entities"][0]["commune"], Value::Null);
        assert!(!list.text().contains("caregiver_card"), "{}", list.text());
        let id = list.json()["entities"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(protection.get(&format!("/v1/datasets/enfants/entities/{id}")).status, 400);
        let one = protection.get(&format!("/v1/datasets/enfants/entities/{id}?reason=visite"));
        assert!(one.text().contains("caregiver_card"), "{}", one.text());
    }

    fn pages_tell_every_entity_once_and_hostile_parameters_are_refused(server) {
        let phone = server.phone("agent", Some("kayes"));
        let sites: Vec<_> = (1..=7).map(site).collect();
        register(&server, &phone.token, &sites);
        let awa = Reviewer::new(&server, "awa", "supervisor", Some("kayes"));
        let mut seen = Vec::new();
        let mut next = String::new();
        loop {
            let page = awa.get(&format!("/v1/datasets/sites/entities?limit=3{next}")).json();
            let entities = page["entities"].as_array().expect("a page");
            seen.extend(entities.iter().map(|e| e["id"].as_str().unwrap().to_owned()));
            let Some(after) = page["next"].as_str() else { break };
            next = format!("&after={after}");
        }
        let mut wanted: Vec<String> = (1..=7).map(site_id).collect();
        wanted.sort();
        seen.sort();
        assert_eq!(seen, wanted);

        for query in [
            "limit=0", "limit=501", "limit=x", "after=AAAA", "after=%00", "as_of=", "as_of=2026-02-30", "as_of=2999-01-01",
            "as_of=yesterday", "as_of=2026-1-1", "as_of=-001-01-01", "of=x", "reason=a%0Ab",
        ] {
            let answer = awa.get(&format!("/v1/datasets/sites/entities?{query}"));
            assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        }
        assert_eq!(awa.get("/v1/datasets/sites/entities/x").status, 404);
        assert_eq!(awa.get("/v1/sites.geojson?as_of=2999-01-01").status, 400);
    }
}
