//! Everything that counts can be broken down by, for whom.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    disclosure::{PLACES, miners_met, registered, token},
    reviews::Reviewer,
    support::{
        Server,
        places::{register, site_at},
        xml::between,
    },
};

fn get(server: &Server, token: &str, question: &str) -> Value {
    let answer = server.get_bearer(&format!("/v1/counts?{question}"), token);
    assert_eq!(answer.status, 200, "{question}: {}", answer.text());
    answer.json()
}

fn by(answer: &Value, dimension: &str) -> BTreeMap<String, i64> {
    let cells = answer["cells"].as_array().unwrap();
    let line = |cell: &Value| {
        (cell[dimension].as_str().unwrap_or_default().to_owned(), cell["n"].as_i64().unwrap())
    };
    cells.iter().map(line).collect()
}

on_both! {
    fn people_are_counted_by_what_they_said(server) {
        registered(&server);
        let manager = token(&server, "data_manager");
        let phone = server.phone("kayes", Some("kayes")).token;
        let miners = miners_met(1, 81, 20);
        register(&server, &phone, &miners);
        let expected = |question: &str, code: fn(&str) -> &str| {
            let mut found: BTreeMap<String, i64> = BTreeMap::new();
            for miner in &miners {
                let said = between(&miner.xml, &format!("<{question}>"), "<").unwrap_or_default();
                *found.entry(code(said).to_owned()).or_default() += 1;
            }
            found
        };
        let zone = token_in(&server, "kayes");

        let origin = get(&server, &manager, "of=orpailleurs&by=zone,nationality");
        let of_zone: BTreeMap<String, i64> = origin["cells"].as_array().unwrap().iter()
            .filter(|c| c["zone"] == "kayes")
            .map(|c| (c["nationality"].as_str().unwrap_or_default().to_owned(), c["n"].as_i64().unwrap()))
            .collect();
        let group = |code: &str| match code {
            "ML" => "mali",
            "BF" | "CI" | "SN" | "NE" | "TG" | "BJ" | "GW" => "uemoa",
            "GN" | "GH" | "NG" | "GM" | "SL" | "LR" => "ecowas",
            "" | "dont_know" | "refused" => "",
            _ => "other",
        };
        assert_eq!(of_zone, expected("nationality", group));
        assert_eq!(by(&get(&server, &zone, "of=orpailleurs&by=coop_member"), "coop_member"), expected("coop_member", |c| c));
        let roles = get(&server, &zone, "of=orpailleurs&by=role,sex");
        assert_eq!(roles["total"], 20);
        assert!(roles["cells"].as_array().unwrap().iter().any(|c| c["role_label"] == "Extraction"), "{roles}");
        let all = get(&server, &manager, "of=orpailleurs&by=protection,region");
        assert_eq!(all["total"], 73);
        let month = get(&server, &manager, "of=orpailleurs&by=month,region");
        assert_eq!((month["total"].as_i64(), month["cells"][0]["month"].as_str().unwrap().len()), (Some(73), 7));
    }

    fn people_are_counted_by_site_and_cooperative_for_who_works_on_the_register(server) {
        registered(&server);
        let [manager, chamber, supervisor] = ["data_manager", "chamber", "supervisor"].map(|r| token(&server, r));

        let sites = get(&server, &manager, "of=orpailleurs&by=site");
        let mut counts: Vec<i64> = sites["cells"].as_array().unwrap().iter().map(|c| c["n"].as_i64().unwrap()).collect();
        counts.sort_unstable();
        assert_eq!(counts, [3, 7, 12, 31]);
        assert!(sites["cells"][0]["site_label"].as_str().is_some_and(|name| name.len() > 2 && !name.contains('-')), "{sites}");
        assert_eq!(get(&server, &supervisor, "of=orpailleurs&by=cooperative")["total"], 53);
        for question in ["by=site", "by=cooperative", "by=zone", "by=month", "by=zone,sex", "by=role&division=2012&by=role,region"] {
            let path = format!("/v1/counts?of=orpailleurs&{question}");
            assert_eq!(server.get_bearer(&path, &chamber).status, 403, "{path}");
        }
        for question in ["of=orpailleurs&by=cercle,nationality", "of=orpailleurs&by=form", "of=sites&by=role", "of=fiches&by=cercle"] {
            let path = format!("/v1/counts?{question}");
            assert_eq!(server.get_bearer(&path, &manager).status, 400, "{path}");
        }
        // A zone's own part of a tree of the whole country would be a second sample.
        let far = token_of(&server, "chambre-kayes", "chamber", Some("kayes"));
        assert_eq!(server.get_bearer("/v1/counts?of=orpailleurs&by=role", &far).status, 403);
        let near = token_of(&server, "superviseur-kayes", "supervisor", Some("kayes"));
        assert_eq!(server.get_bearer("/v1/counts?of=orpailleurs&by=nationality", &near).status, 403);
    }

    fn numbers_follow_the_register_between_two_askings(server) {
        let phone = server.phone("phone", None).token;
        register(&server, &phone, &[site_at(1, PLACES[0].0, PLACES[0].1)]);
        let manager = Reviewer::new(&server, "awa", "data_manager", None);
        let asked = ["of=orpailleurs&by=region,sex", "of=orpailleurs&by=role", "of=orpailleurs&by=site", "of=fiches&by=form"];
        let totals = || asked.map(|of| manager.get(&format!("/v1/counts?{of}")).json()["total"].as_i64().unwrap());
        assert_eq!(totals(), [0, 0, 0, 1]);

        let mut all = Vec::new();
        for n in 1..=6_i64 {
            let met = miners_met(1, 80 + n.cast_unsigned(), 5);
            register(&server, &phone, &met);
            all.extend(met);
            assert_eq!(totals(), [5 * n, 5 * n, 5 * n, 5 * n + 1]);
        }
        manager.says(1, &all[0].instance_id, "reject", "rejected");
        assert_eq!(totals(), [29, 29, 29, 31]);
        // Another process: the places are computed again there.
        let region = |code: &str| {
            let table = by(&manager.get("/v1/counts?of=orpailleurs&by=region").json(), "region");
            table.get(code).copied().unwrap_or(0)
        };
        let before = region("nioro");
        let (lat, lon) = PLACES[0];
        let ring = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0]].map(|[x, y]| [lon + x, lat + y]);
        let limits = serde_json::json!({ "type": "FeatureCollection", "features": [{ "type": "Feature",
            "properties": { "law_2023_code": "11", "name": "Nioro" },
            "geometry": { "type": "Polygon", "coordinates": [ring] } }] });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("limits.geojson");
        std::fs::write(&file, limits.to_string()).unwrap();
        assert!(server.cli(&["geography", "import", file.to_str().unwrap()]).status.success());
        assert_eq!((before, region("nioro")), (0, 29));
        register(&server, &phone, &miners_met(1, 90, 3));
        assert_eq!((region("nioro"), totals()[0]), (32, 32));
    }

    fn sites_and_cooperatives_are_not_crossed(server) {
        let manager = token(&server, "data_manager");
        let answer = server.get_bearer("/v1/counts?of=orpailleurs&by=site,cooperative", &manager);
        assert_eq!(answer.status, 400, "{}", answer.text());
    }

    fn submissions_are_counted_as_they_stand(server) {
        registered(&server);
        let [manager, supervisor, chamber] = ["data_manager", "supervisor", "chamber"].map(|r| token(&server, r));
        let forms = by(&get(&server, &manager, "of=fiches&by=form"), "form");
        assert_eq!(forms.into_iter().collect::<Vec<_>>(), [("enfant".into(), 25), ("orpailleur".into(), 53), ("site".into(), 4)]);
        assert_eq!(get(&server, &supervisor, "of=fiches&by=zone,month")["total"], 57, "children's forms count children");
        assert_eq!(server.get_bearer("/v1/counts?of=fiches&by=form", &chamber).status, 403);

        let phone = server.phone("other", None).token;
        let more = miners_met(1, 82, 3);
        register(&server, &phone, &more);
        let reviewer = Reviewer::new(&server, "awa", "data_manager", None);
        reviewer.says(1, &more[0].instance_id, "reject", "rejected");
        reviewer.says(2, &more[1].instance_id, "return", "returned");
        let stands = by(&get(&server, &manager, "of=fiches&by=review"), "review");
        assert_eq!((stands["rejected"], stands["returned"]), (1, 1));
        assert_eq!(stands.values().sum::<i64>(), 85);
        reviewer.says(3, &more[0].instance_id, "reopen", "accepted");
        let stands = by(&get(&server, &manager, "of=fiches&by=review"), "review");
        assert_eq!(stands.get("rejected"), None, "{stands:?}");
        for format in ["csv", "excel", "xlsx"] {
            let answer = server.get_bearer(&format!("/v1/counts?of=fiches&by=form,review&format={format}"), &manager);
            assert_eq!(answer.status, 200);
        }
    }

    fn migrants_and_protection_are_fixed_tables_of_the_published_state(server) {
        registered(&server);
        let [manager, chamber, public] = ["data_manager", "chamber", "public"].map(|r| token(&server, r));
        let table = |name: &str, token: &str| server.get_bearer(&format!("/v1/tables/{name}"), token);

        let migrants = table("migrants-region-origine", &public).json();
        assert_eq!((&migrants["suppression"]["threshold"], &migrants["suppression"]["rounded_to"]), (&20.into(), &5.into()));
        for cell in migrants["cells"].as_array().unwrap() {
            assert!(cell["n"].as_i64().is_none_or(|n| n >= 20 && n % 5 == 0), "{migrants}");
        }
        assert_eq!(table("migrants-origine-activite", &public).status, 404);
        assert_eq!(table("migrants-origine-activite", &chamber).status, 200);
        let exact = table("protection-sociale-region", &manager).json();
        let whole = exact["coverage"].as_array().unwrap().last().unwrap();
        let covered = get(&server, &manager, "of=orpailleurs&by=protection,coop_member&review=accepted");
        let sum = |keep: &dyn Fn(&Value) -> bool| -> i64 {
            covered["cells"].as_array().unwrap().iter().filter(|c| keep(c)).map(|c| c["n"].as_i64().unwrap()).sum()
        };
        assert_eq!(whole["all"]["covered"], sum(&|c| c["protection"] == "covered"));
        assert_eq!(whole["all"]["known"], sum(&|c| !c["protection"].is_null()));
        assert_eq!(whole["members"]["known"], sum(&|c| !c["protection"].is_null() && c["coop_member"] == "yes"));
        let csv = server.get_bearer("/v1/tables/protection-sociale-region?format=excel", &manager).text();
        assert!(csv.contains(";Membres de coopératives (cible 50 %);Taux de couverture;"), "{csv}");
        assert_eq!(table("protection-sociale-region", &public).status, 200);
        // The sexes of a region are the same people in both trees.
        let [place, profile] = ["orpailleurs-region-sexe", "migrants-region-origine"].map(|n| table(n, &chamber).json());
        assert_eq!(place["total"], profile["total"]);
    }
}

fn token_in(server: &Server, zone: &str) -> String {
    token_of(server, &format!("chef-{zone}"), "data_manager", Some(zone))
}

fn token_of(server: &Server, login: &str, role: &str, zone: Option<&str>) -> String {
    let password = server.account(login, role, zone);
    let body = serde_json::json!({ "login": login, "password": password }).to_string();
    let url = format!("{}/v1/sessions", server.url);
    let answer = crate::support::http::request("POST", &url, &[], body.as_bytes());
    answer.json()["token"].as_str().unwrap().to_owned()
}
