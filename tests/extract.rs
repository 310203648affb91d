//! Extracts of people: nobody alone, nobody recognisable, the same file ever after; and sites that the
//! public is told of late.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    disclosure::{PLACES, children_met, miners_met},
    reviews::Reviewer,
    support::{
        places::{register, site_at},
        xml::{between, submit},
    },
};

/// Rows of a CSV without quoted commas, by column.
fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = csv.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), head.len(), "{line}");
        head.iter().zip(cells).map(|(h, c)| ((*h).to_owned(), c.to_owned())).collect()
    };
    lines.map(row).collect()
}

const QUASI: [&str; 5] = ["region", "cercle", "sex", "age_group", "role"];

on_both! {
    fn researchers_read_people_of_whom_nobody_is_alone(server) {
        let phone = server.phone("phone", None).token;
        register(&server, &phone, &(1..).zip(PLACES).map(|(n, (lat, lon))| site_at(n, lat, lon)).collect::<Vec<_>>());
        let miners: Vec<_> = [(1, 91, 150), (2, 92, 40), (3, 93, 3)].into_iter()
            .flat_map(|(site, seed, count)| miners_met(site, seed, count)).collect();
        register(&server, &phone, &miners);
        register(&server, &phone, &children_met(1, 94, 5));
        let manager = Reviewer::new(&server, "m", "data_manager", None);
        manager.says(1, &miners[0].instance_id, "reject", "rejected");
        let researcher = Reviewer::new(&server, "r", "researcher", None);
        assert!(researcher.get("/v1/exports").text().contains("/v1/exports/people.csv"));

        let csv = researcher.get("/v1/exports/people.csv");
        assert_eq!(csv.status, 200, "{}", csv.text());
        let text = csv.text();
        let people = rows(&text);
        assert!((188..=192).contains(&people.len()), "{}", people.len());
        let mut alike: BTreeMap<Vec<&String>, usize> = BTreeMap::new();
        for person in &people {
            *alike.entry(QUASI.iter().map(|q| &person[*q]).collect()).or_default() += 1;
        }
        assert!(alike.values().all(|n| *n >= 5), "{alike:?}");
        assert!(alike.len() > 5, "nothing is told: {alike:?}");
        let named: BTreeSet<&String> = people.iter().map(|p| &p["id"]).collect();
        assert_eq!(named.len(), people.len());
        for miner in &miners {
            for question in ["surname", "given_names", "mother_full_name", "phone", "card_no"] {
                let said = between(&miner.xml, &format!("<{question}>"), "<").filter(|s| s.len() > 3);
                assert!(said.is_none_or(|s| !text.contains(s)), "{question}");
            }
        }
        for column in ["nationality", "site_id", "coop_id", "longitude", "commune", "age_years", "birth_year"] {
            assert!(!people[0].contains_key(column), "{column}");
        }
        let readme = researcher.get("/v1/exports/people.README.txt").text();
        assert!(readme.contains("k-anonymat") && readme.contains("Lignes écartées"), "{readme}");
        assert!(readme.contains(&hash(&csv.body)), "{readme}");
        assert!(researcher.get("/v1/exports/people.codebook.csv").text().contains("age_group,Groupe d'âge"));

        // The same for ever, whatever comes; a line in the log for every download.
        register(&server, &phone, &miners_met(1, 95, 30));
        assert_eq!(researcher.get("/v1/exports/people.csv").body, csv.body);
        assert_eq!(manager.get("/v1/exports/people.csv").body, csv.body);
        assert!(researcher.get("/v1/exports/people.xlsx").body.starts_with(b"PK"));
        assert_eq!(server.sql("SELECT COUNT(*) FROM audit WHERE action = 'download' AND subject LIKE 'exports/people%'"), "4");
        assert_eq!(server.sql("SELECT COUNT(*) FROM audit WHERE action = 'extract.draw'"), "1");

        // Another month is another draw: no pseudonym is met again.
        let mut server = server;
        server.stop();
        server.sql("UPDATE extract_release SET period = '2026-01'");
        server.start();
        let later = Reviewer::new(&server, "r2", "researcher", None);
        assert_eq!(later.get("/v1/exports/people-2026-01.csv").body, csv.body);
        let now = rows(&later.get("/v1/exports/people.csv").text());
        let again: BTreeSet<String> = now.iter().map(|p| p["id"].clone()).collect();
        assert!(now.len() > people.len() && people.iter().all(|p| !again.contains(&p["id"])));
    }

    fn nobody_else_reads_people(server) {
        let phone = server.phone("phone", None).token;
        register(&server, &phone, &[site_at(1, PLACES[0].0, PLACES[0].1)]);
        register(&server, &phone, &miners_met(1, 96, 12));
        for role in ["admin", "supervisor", "chamber", "public", "cooperative", "enumerator", "protection"] {
            let somebody = Reviewer::new(&server, &format!("{role}-2"), role, None);
            assert_eq!(somebody.get("/v1/exports/people.csv").status, 404, "{role}");
            assert!(!somebody.get("/v1/exports").text().contains("people"), "{role}");
        }
        let near = Reviewer::new(&server, "near", "researcher", Some("kayes"));
        assert_eq!(near.get("/v1/exports/people.csv").status, 404, "an extract is of the whole country");
        let researcher = Reviewer::new(&server, "far", "researcher", None);
        for name in ["people.geojson", "people.gpkg", "people-2020-01.csv", "people-9999-01.csv", "people-.csv"] {
            assert_eq!(researcher.get(&format!("/v1/exports/{name}")).status, 404, "{name}");
        }
        assert_eq!(researcher.get("/v1/exports/people.csv?x=1").status, 400);
        assert_eq!(server.sql("SELECT COUNT(*) FROM extract_release"), "0");
    }

    fn the_public_is_told_of_sites_after_the_delay_in_every_format(server) {
        let mut server = server;
        server.stop();
        server.start_with(&["--public-delay", "30"]);
        let phone = server.phone("phone", None);
        let near: Vec<_> = (1..4).map(|n| site_at(n, PLACES[0].0, PLACES[0].1)).collect();
        register(&server, &phone.token, &near);
        let public = Reviewer::new(&server, "p", "public", None);
        let seen = |public: &Reviewer<'_>| -> Vec<Vec<Value>> {
            ["/v1/sites.geojson", "/ogc/collections/sites/items?f=json", "/v1/exports/sites.geojson"]
                .map(|path| {
                    let answer = public.get(path);
                    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
                    let features = answer.json()["features"].as_array().unwrap().clone();
                    features.iter().map(|f| f["properties"]["status"].clone()).collect()
                })
                .into()
        };
        assert_eq!(seen(&public), vec![Vec::<Value>::new(); 3], "nobody is told yet");

        // A month passes, and then one site is stopped by a revisit.
        server.sql("UPDATE entity SET day = day - 40");
        let former = between(&near[0].xml, "<site_status>", "<").unwrap().to_owned();
        let other = if former == "active" { "suspended_season" } else { "active" };
        let edited = near[0].xml
            .replacen("<meta>", &format!("<meta><deprecatedID>{}</deprecatedID>", near[0].instance_id), 1)
            .replacen(&format!("<instanceID>{}", near[0].instance_id), "<instanceID>uuid:revisited-1", 1)
            .replacen(&format!("<site_status>{former}<"), &format!("<site_status>{other}<"), 1);
        assert_eq!(submit(&phone.url, &edited).status, 201);
        server.settled();

        let expected: Vec<Value> = {
            let manager = Reviewer::new(&server, "m", "data_manager", None);
            let now = manager.get("/v1/sites.geojson").json();
            assert!(now.to_string().contains(other));
            let public = seen(&public);
            assert_eq!((&public[0], &public[1]), (&public[1], &public[2]), "one mask in every format");
            public[0].clone()
        };
        assert_eq!(expected.len(), 3);
        assert!(expected.iter().all(|status| status.as_str() == Some(former.as_str())), "{expected:?}");
    }
}

fn hash(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(Sha256::digest(bytes))
}
