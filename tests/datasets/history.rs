//! Every value over time: where it came from, who decided, what broke, and for whom it is.

use serde_json::{Value, json};

use crate::{
    linkage::people::Miner,
    reviews::{Reviewer, decision},
    support::xml::{edited, site, site_id, submit},
};

fn kinds(history: &Value) -> Vec<&str> {
    let events = history["events"].as_array().expect("a history");
    events.iter().map(|e| e["kind"].as_str().unwrap()).collect()
}

on_both! {
    fn every_value_is_told_with_its_source_and_what_people_decided(server) {
        let phone = server.phone("agent", Some("kayes"));
        assert_eq!(submit(&phone.url, &site(1).xml).status, 201);
        let again = edited(&site(1), "uuid:again").xml.replace(">Site 1<", ">Site un<");
        assert_eq!(submit(&phone.url, &again).status, 201);
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        assert_eq!(awa.decides(1, "uuid:again", "reject").status, 200);
        assert_eq!(awa.decides(2, "uuid:again", "reopen").status, 200);
        let body = json!({
            "instance_id": "uuid:again", "action": "correct", "reason": "nom du chef de village",
            "answers": { "/data/a_id/site_name": "Kobada" },
        });
        let path = format!("/v1/reviews/submissions/decisions/{}", decision(3));
        assert_eq!(awa.send("PUT", &path, &body).status, 200);
        let here = format!("/v1/datasets/sites/entities/{}", site_id(1));
        assert_eq!(awa.send("DELETE", &format!("{here}?reason=doublon"), &json!({})).status, 200);

        // Deleted, it is told to who may restore it and to nobody else.
        let sup = Reviewer::new(&server, "sup", "supervisor", Some("kayes"));
        assert_eq!(sup.get(&format!("{here}/history")).status, 404);
        let history = awa.get(&format!("{here}/history")).json();
        assert_eq!(kinds(&history), ["submission", "edit", "rejection", "reopening", "correction", "deletion"], "{history}");
        assert_eq!(awa.send("POST", &format!("{here}/restore?reason=erreur"), &json!({})).status, 200);

        let history = awa.get(&format!("{here}/history")).json();
        let events = history["events"].as_array().unwrap();
        let labels: Vec<&Value> = events.iter().map(|e| &e["values"]["label"]).collect();
        // Both versions of a submission are rejected with it.
        let wanted = [json!("Site 1"), json!("Site un"), Value::Null, json!("Site un"), json!("Kobada"), Value::Null, json!("Kobada")];
        assert_eq!(labels, wanted.iter().collect::<Vec<_>>(), "{history}");
        assert!(events[2]["values"].as_object().unwrap().contains_key("label"), "it says so: {}", events[2]);
        assert!(events[0]["device_id"].is_string() && events[0]["account_id"].is_null(), "{}", events[0]);
        assert_eq!(events[1]["instance_id"], "uuid:again");
        assert_eq!((&events[4]["reason"], &events[5]["reason"]), (&json!("nom du chef de village"), &json!("doublon")));
        assert!(events[4]["account_id"].is_string() && events[4]["decision_id"] == decision(3), "{}", events[4]);
        // What reviewers wrote is for those who read identities.
        let theirs = sup.get(&format!("{here}/history"));
        assert!(theirs.status == 200 && !theirs.text().contains("chef de village"), "{}", theirs.text());
        assert_eq!(sup.get(&format!("{here}/history?as_of=2026-01-01")).status, 400);
    }

    fn the_history_of_a_person_tells_merges_and_names_only_who_may_know(server) {
        let phone = server.phone("agent", Some("kayes"));
        let miners = [Miner::new(1), Miner { surname: "Diallo", given: "Awa", sex: "female", ..Miner::new(2) }];
        for miner in &miners {
            assert_eq!(submit(&phone.url, &miner.xml()).status, 201);
        }
        server.settled();
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let moussa = Reviewer::new(&server, "moussa", "data_manager", None);
        let (a, b) = (miners[0].id(), miners[1].id());
        // Two reviewers where the evidence contradicts: it stands when the second has said so.
        assert!([200, 202].contains(&awa.joins(1, &a, &b, "same").status));
        assert!([200, 202].contains(&moussa.joins(2, &a, &b, "same").status));
        server.settled();
        let of_group = awa.get(&format!("/v1/datasets/orpailleurs/entities/{b}/history")).json();
        assert_eq!(of_group["id"], json!(a), "{of_group}");
        assert_eq!(of_group["members"].as_array().map(Vec::len), Some(2));
        assert_eq!(awa.joins(3, &a, &b, "unmerge").status, 200);
        server.settled();

        let history = awa.get(&format!("/v1/datasets/orpailleurs/entities/{b}/history"));
        let told = history.json();
        assert_eq!(told["id"], json!(b));
        assert!(kinds(&told).contains(&"unmerge") && kinds(&told).contains(&"merge"), "{told}");
        assert!(history.text().contains("pit_digger") && !history.text().contains("Diallo"), "{told}");
        let named = awa.get(&format!("/v1/datasets/orpailleurs/entities/{b}/history?reason=demande"));
        assert_eq!(named.json()["events"][0]["values"]["surname"], "Diallo", "{}", named.text());
        let noted = "SELECT COUNT(*) FROM audit WHERE action = 'review' AND subject LIKE '%/history'";
        assert_eq!(server.sql(noted), "1");
        let sup = Reviewer::new(&server, "sup", "supervisor", Some("kayes"));
        let blind = sup.get(&format!("/v1/datasets/orpailleurs/entities/{b}/history?reason=curieux"));
        assert!(blind.status == 200 && !blind.text().contains("Diallo") && !blind.text().contains("vu sur place"), "{}", blind.text());
        let far = Reviewer::new(&server, "far", "data_manager", Some("sikasso"));
        assert_eq!(far.get(&format!("/v1/datasets/orpailleurs/entities/{b}/history")).status, 404);
    }
}
