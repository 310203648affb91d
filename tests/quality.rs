//! What the register says of its own doubt and quality.

use serde_json::{Value, json};

use crate::support::{
    Server,
    places::{miners_on, register, site_at},
    xml::{between, site_id, submit},
};

/// A site with twelve miners, and a pair of them, a man and a woman, that nobody has decided.
///
/// The pair is written by hand: what the engine finds is not what is tested here.
fn with_an_open_pair(server: &Server) {
    let phone = server.phone("phone", None).token;
    let mut all = vec![site_at(1, 14.4469, -11.4445)];
    all.extend(miners_on(1, 71, 12));
    register(server, &phone, &all);
    server.sql(
        "INSERT INTO match_pair (zone_id, a_id, b_zone_id, b_id, dataset, class, stops, match_key, \
         weight, probability, relative, effect, model, evidence, seq) \
         SELECT a.zone_id, a.entity_id, b.zone_id, b.entity_id, 'orpailleurs', 'review', '', 'name', \
         3000, 400000, 0, 400000, 'test', '{}', 1 FROM entity a JOIN entity b ON a.entity_id < b.entity_id \
         WHERE a.dataset = 'orpailleurs' AND b.dataset = 'orpailleurs' AND a.sex <> b.sex \
         ORDER BY a.entity_id, b.entity_id LIMIT 1",
    );
}

/// A back-check by hand: the person of a card was there, and what the matching concluded.
fn back_check(number: u32, card: &str, area: &str, conclusion: &str) -> String {
    let version = sanu_schemas::forms()
        .iter()
        .find_map(|f| {
            let xml = String::from_utf8_lossy(f.xml);
            let root = between(&xml, "<data id=\"contre_visite\"", ">")?;
            between(root, "version=\"", "\"").map(str::to_owned)
        })
        .expect("the form ships with the program");
    format!(
        "<data id=\"contre_visite\" version=\"{version}\"><start>2026-11-20T09:00:00.000Z</start>\
         <end>2026-11-20T09:10:00.000Z</end><today>2026-11-20</today><deviceid>x</deviceid><username>x</username>\
         <supervisor_code>KY001</supervisor_code><card_no>{card}</card_no><pes_area>{area}</pes_area>\
         <result>not_interviewed</result><gps>14.4469 -11.4445 300.0 5.0</gps><card_given>no</card_given><decision>{conclusion}</decision>\
         <meta><instanceID>uuid:back-check-{number}</instanceID><instanceName>contre_visite</instanceName></meta></data>"
    )
}

on_both! {
    fn a_count_says_how_many_people_it_expects_while_pairs_are_open(server) {
        with_an_open_pair(&server);
        let password = server.account("manager", "data_manager", None);
        let get = |path: &str| server.get(path, "manager", &password);

        let table = get("/v1/counts?of=orpailleurs&by=sex&doubt=1").json();

        assert_eq!((&table["total"], &table["doubt"]["open_pairs"]), (&Value::from(12), &Value::from(1)), "{table}");
        let doubt = &table["doubt"];
        assert_eq!((&doubt["expected"], &doubt["low"], &doubt["high"]), (&json!(11.6), &json!(11.0), &json!(12.0)));
        for cell in table["cells"].as_array().unwrap() {
            let less = cell["n"].as_f64().unwrap() - cell["doubt"]["expected"].as_f64().unwrap();
            assert!((less - 0.2).abs() < 1e-9, "shared evenly: {table}");
        }
        assert!(get("/v1/counts?of=orpailleurs").json().get("doubt").is_none());
        assert_eq!(get("/v1/counts?of=sites&doubt=1").status, 400);
        assert_eq!(get("/v1/counts?of=orpailleurs&doubt=2").status, 400);
        assert_eq!(get("/v1/counts?of=orpailleurs&doubt=1&format=csv").status, 400);
        let chamber = server.account("chamber", "chamber", None);
        assert_eq!(server.get("/v1/counts?of=orpailleurs&doubt=1", "chamber", &chamber).status, 403);
        assert_eq!(server.get("/v1/counts?of=orpailleurs", "chamber", &chamber).json().get("under_review"), None);
    }

    fn linkage_quality_is_told_in_figures_to_those_who_may_count_exactly(server) {
        with_an_open_pair(&server);
        let [manager, supervisor, chamber, admin] = ["data_manager", "supervisor", "chamber", "admin"]
            .map(|role| (format!("a-{role}"), server.account(&format!("a-{role}"), role, None)));
        let get = |who: &(String, String), path: &str| server.get(path, &who.0, &who.1);

        let report = get(&manager, "/v1/quality/linkage").json();

        assert_eq!(report["review"]["open"], 1, "{report}");
        assert_eq!((&report["review"]["registered"], &report["review"]["over_capacity"]), (&json!(12), &json!(true)));
        assert_eq!((&report["precision"], &report["bands"][2]["pairs"]), (&Value::Null, &json!(1)));
        assert_eq!(report["pairs_by_key"], json!({ "name": 1 }));
        assert_eq!(get(&supervisor, "/v1/quality/linkage").status, 200);
        assert_eq!(get(&supervisor, "/v1/quality/linkage?of=enfants").status, 403);
        assert_eq!(get(&admin, "/v1/quality/linkage?of=enfants").status, 403);
        assert_eq!(get(&chamber, "/v1/quality/linkage").status, 403);
        assert_eq!(get(&manager, "/v1/quality/linkage?of=sites").status, 400);
        assert_eq!(get(&manager, "/v1/quality/linkage?limit=1").status, 400);
    }

    fn coverage_is_estimated_from_back_checks_of_an_area_and_its_sites(server) {
        let phone = server.phone("phone", None);
        let mut all = vec![site_at(1, 14.4469, -11.4445)];
        all.extend(miners_on(1, 72, 12));
        register(&server, &phone.token, &all);
        let conclusions = ["same", "same", "same", "same", "same", "unsure", "different", "different"];
        for ((number, miner), conclusion) in (1..).zip(&all[1..]).zip(conclusions) {
            let card = between(&miner.xml, "<card_no>", "</card_no>").unwrap();
            assert_eq!(submit(&phone.url, &back_check(number, card, "EPC1", conclusion)).status, 201);
        }
        server.settled();
        assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE dataset = 'contre_visites' AND state IN ('received', 'flagged')"), "8");
        let password = server.account("manager", "data_manager", None);
        let get = |path: &str| server.get(path, "manager", &password);

        let areas = get("/v1/quality/coverage").json();
        let estimate = get(&format!("/v1/quality/coverage?area=EPC1&site={}", site_id(1))).json();

        assert_eq!(areas, json!({ "areas": [{ "area": "EPC1", "found": 8, "matched": 5, "unresolved": 1 }] }));
        let number = |of: &str| estimate[of]["estimate"].as_f64().unwrap();
        // Chapman: 13 * 9 / (m + 1) - 1, for 6 and for 5 matches.
        assert!((number("if_all_unresolved_match") - 15.714_285).abs() < 1e-5, "{estimate}");
        assert!((number("if_none_match") - 18.5).abs() < 1e-9, "{estimate}");
        assert_eq!(get("/v1/quality/coverage?area=EPC1").status, 400);
        assert_eq!(get(&format!("/v1/quality/coverage?area=EPC2&site={}", site_id(1))).status, 404);
        assert_eq!(get(&format!("/v1/quality/coverage?area=EPC1&site={}", site_id(2))).status, 400, "fewer registered than matched");
        assert_eq!(get("/v1/quality/coverage?area=EPC1&site=x").status, 400);
        let chamber = server.account("chamber", "chamber", None);
        assert_eq!(server.get("/v1/quality/coverage", "chamber", &chamber).status, 403);
    }
}
