//! Entities deleted with a reason and restored: gone for everybody who reads, and back as they were.

use serde_json::json;

use crate::{
    linkage::people::Miner,
    reviews::{Dice, Reviewer, a_season, decision, is_sound, said, same},
    support::{
        Response,
        native::pull_all,
        places::children_on,
        request,
        xml::{between, census, edited, site, site_id, submit},
    },
};

/// A visit of the first site, which changes its row.
fn visit() -> String {
    let visit = census(11, 200).into_iter().find(|s| s.form_id == "visite_site").expect("visits");
    let of = between(&visit.xml, "branchId=\"\" id=\"", "\"").expect("it visits a site").to_owned();
    visit.xml.replace(&of, &site_id(1))
}

fn deletes(who: &Reviewer<'_>, dataset: &str, id: &str, query: &str) -> Response {
    who.send("DELETE", &format!("/v1/datasets/{dataset}/entities/{id}?{query}"), &json!({}))
}

fn restores(who: &Reviewer<'_>, dataset: &str, id: &str) -> Response {
    let path = format!("/v1/datasets/{dataset}/entities/{id}/restore?reason=erreur");
    who.send("POST", &path, &json!({}))
}

on_both! {
    fn what_is_deleted_is_nowhere_and_comes_back_with_what_came_meanwhile(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let miner = Miner { site: Some(site_id(1)), ..Miner::new(1) };
        for xml in [site(1).xml, site(2).xml, miner.xml()] {
            assert_eq!(submit(&phone.url, &xml).status, 201);
        }
        server.settled();
        let before = said(&server);
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let here = format!("/v1/datasets/sites/entities/{}", site_id(1));
        let whole = awa.get(&here).json();
        let integrity = || {
            let url = format!("{}/forms/visite_site/integrity/sites?id={}", phone.url, site_id(1));
            request("GET", &url, &[], b"").text()
        };
        assert!(integrity().contains("<deleted>false</deleted>"), "{}", integrity());

        let gone = deletes(&awa, "sites", &site_id(1), "reason=n%27existe%20pas");
        assert_eq!((gone.status, &gone.json()["state"]), (200, &json!("taken")), "{}", gone.text());

        assert_eq!((server.count("sites"), server.count("orpailleurs")), (1, 1));
        let list = request("GET", &format!("{}/forms/visite_site/lists/sites.csv", phone.url), &[], b"").text();
        assert!(list.contains(&site_id(2)) && !list.contains(&site_id(1)), "{list}");
        assert!(integrity().contains("<deleted>true</deleted>"), "{}", integrity());
        assert_eq!(awa.get(&here).status, 404);
        for path in ["/v1/sites.geojson", "/v1/datasets/sites/entities", "/v1/exports/sites.geojson", "/ogc/collections/sites/items"] {
            let answer = awa.get(path);
            assert_eq!(answer.status, 200, "{path}");
            assert!(answer.text().contains(&site_id(2)) && !answer.text().contains(&site_id(1)), "{path}: {}", answer.text());
        }
        // Those who named it are compared again after it, and their phones told.
        let told = pull_all(&server, &phone.token, 100);
        let told = told.iter().map(|change| format!("{change:?}")).rfind(|c| !c.starts_with("Receipt"));
        let told = told.expect("something is told");
        assert!(told.contains("Tombstone") && told.contains(&site_id(1)), "{told}");
        assert_eq!(server.cli_json(&["check"])["wrong_count_cells"], 0);
        assert_eq!(deletes(&awa, "sites", &site_id(1), "reason=x").status, 404);

        // What phones say of it meanwhile waits, the visit and the correction of the first form.
        let late = [visit(), edited(&site(1), "uuid:late").xml.replace(">Site 1<", ">Site un<")];
        for xml in &late {
            assert_eq!(submit(&phone.url, xml).status, 201);
        }
        server.settled();
        assert_eq!(server.sql("SELECT COUNT(*) FROM held"), "2");
        assert_eq!(server.count("sites"), 1);
        server.stop();
        let live = server.cli_json(&["derived-hash"])["hashes"].clone();
        assert_eq!(server.cli_json(&["rebuild"])["hashes"], live, "deleted, live and rebuilt differ");
        server.start();
        server.settled();

        let password = server.account("bintou", "data_manager", None);
        let awa = Reviewer::known(&server, &crate::support::server::basic("bintou", &password));
        assert_eq!(restores(&awa, "sites", &site_id(1)).status, 200);
        server.settled();
        assert_eq!((server.count("sites"), server.sql("SELECT COUNT(*) FROM held").as_str()), (2, "0"));
        let now = awa.get(&here).json();
        assert_eq!((&now["label"], &now["version"]), (&json!("Site un"), &json!(3)), "{now}");
        assert_ne!(now["values"], whole["values"]);
        // Without what came meanwhile it is what it was.
        assert_eq!(awa.decides(1, "uuid:late", "reject").status, 200);
        assert_eq!(said(&server)["entity"].len(), before["entity"].len() + 1, "the visit stays");
        is_sound(&mut server);
    }

    fn deletions_reviews_and_restorations_in_any_order_leave_the_register_as_it_was(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let mut dice = Dice(5);
        let sent = a_season(&mut dice);
        for (_, xml) in &sent {
            assert_eq!(submit(&phone.url, xml).status, 201);
        }
        server.settled();
        let before = said(&server);
        let awa = Reviewer::new(&server, "awa", "data_manager", None);
        let everybody: Vec<(&str, String)> =
            (1..=4).map(|n| ("sites", site_id(n))).chain((1..=10).map(|n| ("orpailleurs", Miner::new(n).id()))).collect();
        let mut decided: Vec<&String> = Vec::new();
        // A site that was let in for once keeps its row, of which nothing speaks: not what this is about.
        let reviewed: Vec<&String> =
            sent.iter().map(|s| &s.0).filter(|id| **id != site(4).instance_id).collect();
        let mut deleted = 0;
        for number in 1..50 {
            let (dataset, id) = &everybody[dice.below(14)];
            match dice.below(3) {
                0 => {
                    let of = reviewed[dice.below(u64::try_from(reviewed.len()).unwrap())];
                    let action = ["reject", "accept", "reopen"][dice.below(3)];
                    assert_eq!(awa.decides(number, of, action).status, 200);
                    decided.push(of);
                }
                1 => {
                    let answer = deletes(&awa, dataset, id, "reason=doublon");
                    assert!([200, 404].contains(&answer.status), "{}", answer.text());
                    deleted += i32::from(answer.status == 200);
                }
                _ => {
                    let answer = restores(&awa, dataset, id);
                    assert!([200, 404].contains(&answer.status), "{}", answer.text());
                }
            }
        }
        assert!(deleted > 5 && server.sql("SELECT COUNT(*) FROM entity WHERE deleted_seq > 0") != "0", "{deleted}");
        let check = server.cli_json(&["check"]);
        assert_eq!((&check["wrong_count_cells"], &check["wrong_places"]), (&json!(0), &json!(0)), "{check}");

        for (dataset, id) in &everybody {
            restores(&awa, dataset, id);
        }
        for (number, of) in (1_000..).zip(decided) {
            assert_eq!(awa.decides(number, of, "reopen").status, 200);
        }

        same(&said(&server), &before);
        is_sound(&mut server);
    }

    fn a_person_registered_twice_is_deleted_and_restored_whole(server) {
        let mut server = server;
        let phone = server.phone("agent", Some("kayes"));
        let (first, second) = (Miner::new(1), Miner { card: Miner::new(1).card, ..Miner::new(2) });
        for xml in [first.xml(), second.xml()] {
            assert_eq!(submit(&phone.url, &xml).status, 201);
        }
        server.settled();
        assert_eq!(server.count("orpailleurs"), 1);
        let before = said(&server);
        let awa = Reviewer::new(&server, "awa", "data_manager", None);

        // By the id of either.
        assert_eq!(deletes(&awa, "orpailleurs", &second.id(), "reason=x").status, 200);
        assert_eq!(server.count("orpailleurs"), 0);
        assert_eq!(server.sql("SELECT COUNT(*) FROM block_key"), "0");
        // Somebody who shows the same card is a new person, and nobody is one with what is gone.
        let third = Miner { card: Miner::new(1).card, ..Miner::new(3) };
        assert_eq!(submit(&phone.url, &third.xml()).status, 201);
        server.settled();
        assert_eq!(server.count("orpailleurs"), 1);
        assert_eq!(awa.joins(7, &first.id(), &third.id(), "same").status, 404);
        assert_eq!(awa.decides(8, "uuid:miner-3", "reject").status, 200);
        assert_eq!(restores(&awa, "orpailleurs", &first.id()).status, 200);

        assert_eq!(server.count("orpailleurs"), 1);
        for table in ["link", "count_cell", "block_key", "held"] {
            assert_eq!(said(&server)[table], before[table], "{table}");
        }
        is_sound(&mut server);
    }

    fn who_may_not_delete_is_refused_and_the_same_decision_again_is_the_same(server) {
        let phone = server.phone("agent", Some("kayes"));
        let child = children_on(1, 5, 1).remove(0);
        for xml in [site(1).xml, child.xml] {
            assert_eq!(submit(&phone.url, &xml).status, 201);
        }
        server.settled();
        let child = server.sql(if server.database_url.is_some() {
            "SELECT entity_id FROM entity WHERE dataset = 'enfants'"
        } else {
            "SELECT lower(hex(entity_id)) FROM entity WHERE dataset = 'enfants'"
        });
        let supervisor = Reviewer::new(&server, "sup", "supervisor", Some("kayes"));
        let far = Reviewer::new(&server, "far", "data_manager", Some("sikasso"));
        let root = Reviewer::new(&server, "root2", "admin", None);
        let awa = Reviewer::new(&server, "awa", "data_manager", None);

        assert_eq!(deletes(&supervisor, "sites", &site_id(1), "reason=x").status, 403);
        assert_eq!(deletes(&far, "sites", &site_id(1), "reason=x").status, 404);
        assert_eq!(deletes(&root, "enfants", &child, "reason=x").status, 404);
        assert_eq!(deletes(&root, "orpailleurs", &site_id(1), "reason=x").status, 404);
        assert_eq!(deletes(&awa, "sites", &site_id(9), "reason=x").status, 404);
        for query in ["", "reason=", "reason=%20", "reason=x&decision=7", "reason=x&of=y"] {
            assert_eq!(deletes(&awa, "sites", &site_id(1), query).status, 400, "{query}");
        }
        assert_eq!(restores(&awa, "sites", &site_id(1)).status, 404);
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal WHERE kind = 'review'"), "0");

        let once = format!("reason=x&decision={}", decision(1));
        assert_eq!(deletes(&root, "sites", &site_id(1), &once).status, 200);
        assert_eq!(deletes(&root, "sites", &site_id(1), &once).status, 200);
        assert_eq!(deletes(&root, "sites", &site_id(1), &format!("reason=y&decision={}", decision(1))).status, 409);
        assert_eq!(server.sql("SELECT COUNT(*) FROM journal WHERE kind = 'review'"), "1");
        assert_eq!(deletes(&awa, "enfants", &child, "reason=x").status, 200);
        assert_eq!(server.sql("SELECT COUNT(*) FROM entity WHERE deleted_seq > 0"), "2");
    }
}
