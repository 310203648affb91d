//! Boundaries imported while the server runs: places follow them, and bad files change nothing.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use sanu::simulate::Submission;

use crate::support::{
    Server,
    places::{miners_on, register, site_at, visit_of, with_answer},
    xml::census,
};

/// A polygon with these properties around a box: west, south, east, north.
fn feature(properties: &Value, [w, s, e, n]: [f64; 4]) -> Value {
    let ring = json!([[w, s], [e, s], [e, n], [w, n], [w, s]]);
    json!({ "type": "Feature", "properties": properties,
            "geometry": { "type": "Polygon", "coordinates": [ring] } })
}

/// A commune as the files of the OCHA (COD-AB) describe it.
fn commune(name: &str, pcode: &str, area: [f64; 4]) -> Value {
    let properties = json!({
        "adm0_name": "Mali", "adm1_name": "Kayes", "adm1_pcode": "ML01", "adm2_name": "Kayes",
        "adm2_pcode": "ML0101", "adm3_name": name, "adm3_pcode": pcode, "valid_on": "2015-04-08",
    });
    feature(&properties, area)
}

/// Kayes town lies in the first, the rest of what the tests use of Kayes in the second.
const TOWN: [f64; 4] = [-11.60, 14.35, -11.30, 14.60];
const SOUTH: [f64; 4] = [-11.60, 13.60, -11.30, 14.35];

fn communes() -> Value {
    // On purpose not the communes that are there: only the polygons can say so.
    collection(&[commune("Sadiola", "ML010122", TOWN), commune("Bangassi", "ML010101", SOUTH)])
}

fn regions_of_2023() -> Value {
    collection(&[feature(
        &json!({ "law_2023_code": "11", "name": "Nioro" }),
        [-11.60, 14.0, -11.0, 15.0],
    )])
}

fn collection(features: &[Value]) -> Value {
    json!({ "type": "FeatureCollection", "features": features })
}

fn file(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn import(server: &Server, files: &[&Path]) -> std::process::Output {
    let mut args = vec!["geography", "import"];
    args.extend(files.iter().map(|f| f.to_str().unwrap()));
    server.cli(&args)
}

fn imported(server: &Server, content: &Value) {
    let folder = tempfile::tempdir().unwrap();
    let out =
        import(server, &[&file(folder.path(), "limits.geojson", content.to_string().as_bytes())]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// Counts of one division by one dimension, "-" where the place is not known.
fn by(server: &Server, of: &str, dimension: &str, division: &str) -> Value {
    let path = format!("/v1/counts?of={of}&by={dimension}&division={division}");
    let table = server.get_admin(&path).json();
    let line = |c: &Value| (c[dimension].as_str().unwrap_or("-").to_owned(), c["n"].clone());
    table["cells"].as_array().unwrap().iter().map(line).collect::<serde_json::Map<_, _>>().into()
}

/// Name, commune of 2012, basis and flags of every site, as the map shows them.
fn sites(server: &Server) -> Vec<[String; 4]> {
    let map = server.get_admin("/v1/sites.geojson").json();
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let mut sites: Vec<_> = map["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            ["name", "commune_2012", "place_basis_2012", "position_flags"]
                .map(|p| text(&f["properties"][p]))
        })
        .collect();
    sites.sort();
    sites
}

fn sites_are(server: &Server, expected: &[[&str; 4]]) {
    let found = sites(server);
    let found: Vec<_> = found.iter().map(|s| s.each_ref().map(String::as_str)).collect();
    assert_eq!(found, expected);
}

/// Stops the server; what it lived through is what a rebuild gives.
fn rebuild_gives_the_same(server: &mut Server) {
    server.stop();
    let live = server.cli_json(&["derived-hash"]);
    let rebuilt = server.cli_json(&["rebuild"]);
    assert_eq!(live["hashes"], rebuilt["hashes"]);
    assert_eq!(server.cli_json(&["check"])["ok"], true);
    server.start();
}

on_both! {
    fn names_terms_and_days_of_a_file_are_kept_with_its_boundaries(server) {
        let folder = tempfile::tempdir().unwrap();
        let limits = file(folder.path(), "limites.geojson", communes().to_string().as_bytes());
        let kept = "SELECT name, source_code, code_system, source, valid_from, valid_to, licence FROM boundary \
                    WHERE source = 'limites.geojson' ORDER BY name";
        let path = limits.to_str().unwrap();

        let wrong = server.cli(&["geography", "import", path, "--valid-to", "demain"]);
        let nothing = server.sql(kept);
        let right = server.cli(&["geography", "import", path, "--licence", "CC BY 3.0 IGO", "--valid-to", "2030-12-31"]);
        let with_terms = server.sql(kept);
        let again = server.cli(&["geography", "import", path]);

        assert_eq!(wrong.status.code(), Some(2), "{}", String::from_utf8_lossy(&wrong.stderr));
        assert_eq!(nothing, "");
        assert!(right.status.success() && again.status.success());
        assert_eq!(
            with_terms,
            "Bangassi|ML010101|COD-AB|limites.geojson|2015-04-08|2030-12-31|CC BY 3.0 IGO\n\
             Sadiola|ML010122|COD-AB|limites.geojson|2015-04-08|2030-12-31|CC BY 3.0 IGO"
        );
        assert!(!server.sql(kept).contains("CC BY"), "the file given last says all of them");
    }

    fn units_are_told_as_their_limits_were_on_the_day_asked_for(server) {
        imported(&server, &communes());
        let mut moved = commune("Sadiola", "ML010122", [-11.60, 14.40, -11.20, 14.60]);
        moved["properties"]["valid_on"] = json!("2020-01-01");
        imported(&server, &collection(&[moved]));
        let items = "/ogc/collections/communes-2012/items?f=json";
        // Name and the south-west corner of every unit.
        let told = |datetime: &str| {
            let page = server.get_admin(&format!("{items}{datetime}")).json();
            let mut all: Vec<String> = page["features"].as_array().unwrap().iter().map(|f| {
                let corner = &f["geometry"]["coordinates"][0][0][0];
                format!("{} {corner}", f["properties"]["name"].as_str().unwrap())
            }).collect();
            all.sort();
            all.join(", ")
        };

        let (newest, first) = ("Bangassi [-11.6,13.6], Sadiola [-11.6,14.4]", "Bangassi [-11.6,13.6], Sadiola [-11.6,14.35]");
        for datetime in ["", "&datetime=2020-01-01", "&datetime=2016-01-01/..", "&datetime=2026-01-01T00:00:00Z"] {
            assert_eq!(told(datetime), newest, "{datetime}");
        }
        for datetime in ["&datetime=2019-12-31", "&datetime=2015-04-08", "&datetime=../2016-01-01"] {
            assert_eq!(told(datetime), first, "{datetime}");
        }
        assert_eq!(told("&datetime=2015-04-07"), "", "no limits are known of that day");
        assert_eq!(server.get_admin(&format!("{items}&datetime=2020-13-01")).status, 400);
    }

    fn sites_and_people_move_into_the_polygons_that_are_imported(server) {
        let mut server = server;
        let phone = server.phone("phone", None);
        // Kayes town; further south; and far from every polygon.
        let mut all = vec![site_at(1, 14.4469, -11.4445), site_at(2, 13.95, -11.45), site_at(3, 13.0350, -9.4895)];
        all.extend(miners_on(1, 61, 6));
        all.extend(miners_on(3, 62, 2));
        register(&server, &phone.token, &all);
        let guessed = by(&server, "orpailleurs", "commune", "2012");
        assert_eq!(guessed["kayes__sadiola"], Value::Null, "{guessed}");
        assert!(sites(&server).iter().all(|s| s[2] == "nearest_seat"), "{:?}", sites(&server));

        imported(&server, &communes());
        let people = by(&server, "orpailleurs", "commune", "2012");
        register(&server, &phone.token, &[site_at(4, 14.36, -11.40)]);

        let far = sites(&server)[2][1].clone();
        let expected = [
            ["Site 1", "kayes__sadiola", "polygon", "[]"],
            ["Site 2", "kayes__bangassi", "polygon", "[]"],
            ["Site 3", &far, "nearest_seat", "[\"outside_polygons\"]"],
            ["Site 4", "kayes__sadiola", "polygon", "[]"],
        ];
        assert_eq!(people, json!({ "kayes__sadiola": 6, far.as_str(): 2 }));
        sites_are(&server, &expected);
        let bases = server.sql("SELECT DISTINCT basis_2012 FROM entity WHERE dataset = 'orpailleurs' AND commune_2012 = 'kayes__sadiola'");
        assert_eq!(bases, "polygon", "people stand where their site stands");
        assert_eq!(server.count("orpailleurs"), 8);
        rebuild_gives_the_same(&mut server);
        sites_are(&server, &expected);
        assert_eq!(by(&server, "orpailleurs", "commune", "2012"), people);
    }

    fn what_records_say_of_their_place_is_found_by_the_boundaries_of_today(server) {
        let mut server = server;
        let phone = server.phone("phone", None);
        let declared = |site: Submission, cercle: &str, commune: &str| {
            let former = if cercle == "sadiola" { "kayes" } else { cercle };
            let xml = with_answer(&with_answer(&site.xml, "cercle", cercle), "commune", commune);
            let xml = with_answer(&xml, "cercle_old", former);
            Submission { xml, ..site }
        };
        let far = site_at(2, 13.0350, -9.4895);
        let backwards = declared(site_at(4, 14.4471, -11.4445), "kita", "kita__kita_ouest");
        let backwards = Submission { xml: with_answer(&backwards.xml, "end", "2026-01-01T00:00:00.000Z"), ..backwards };
        let visit = census(5, 900).into_iter().find(|s| s.form_id == "visite_site").unwrap();
        let waiting = visit_of(&visit, 9, 1);
        let waiting = Submission { xml: with_answer(&waiting.xml, "gps", "13.0351234 -9.4895123 300.0 5.0"), ..waiting };
        let mut all = vec![
            declared(site_at(1, 14.4469, -11.4445), "kita", "kita__kita_ouest"),
            far.clone(),
            declared(site_at(3, 14.4473, -11.4445), "sadiola", "kayes__sadiola"),
            backwards.clone(),
            waiting.clone(),
        ];
        all.extend(miners_on(2, 64, 1));
        let found = |server: &Server, instance: &str| {
            let row = server.sql(&format!("SELECT state, review, violations FROM record WHERE instance_id = '{instance}'"));
            let mut parts = row.splitn(3, '|');
            let (state, review) = (parts.next().unwrap().to_owned(), parts.next().unwrap().to_owned());
            let lines: Value = serde_json::from_str(parts.next().unwrap()).unwrap();
            let rules = lines.as_array().unwrap().iter().map(|l| l["rule"].as_str().unwrap().to_owned());
            (state, review, rules.filter(|r| ["B03", "B05", "B07", "B08"].contains(&&**r)).collect::<Vec<_>>())
        };
        let rules = |server: &Server, of: &Submission| found(server, &of.instance_id).2;
        register(&server, &phone.token, &all);
        for one in &all {
            assert_eq!(rules(&server, one), Vec::<String>::new(), "{}", one.instance_id);
        }
        let before = found(&server, &far.instance_id);

        let cercle = json!({ "adm0_name": "Mali", "adm1_name": "Kayes", "adm1_pcode": "ML01", "adm2_name": "Kita",
            "adm2_pcode": "ML0105", "valid_on": "2015-04-08" });
        let mut limits = vec![commune("Sadiola", "ML010122", TOWN), commune("Bangassi", "ML010101", SOUTH)];
        limits.push(feature(&cercle, [-11.43, 14.35, -11.0, 14.60]));
        imported(&server, &collection(&limits));

        assert_eq!(rules(&server, &all[0]), ["B05", "B08"], "in a commune of Kayes, and 1.5 km from Kita");
        assert_eq!(rules(&server, &far), ["B07"]);
        assert_eq!(found(&server, &far.instance_id).0, "flagged");
        assert_eq!(rules(&server, &all[2]), Vec::<String>::new());
        assert_eq!(rules(&server, &backwards), ["B05", "B08"], "what was set aside is found the same way");
        assert_eq!((rules(&server, &waiting), &*found(&server, &waiting.instance_id).0), (vec!["B07".into()], "held"));
        assert_eq!(rules(&server, &all[5]), Vec::<String>::new(), "a person is where their site is");
        // Who comes after the import is found as if before it.
        let late = Submission { xml: with_answer(&site_at(5, 13.0350, -9.4895).xml, "cercle", "kita"), ..site_at(5, 0.0, 0.0) };
        register(&server, &phone.token, std::slice::from_ref(&late));
        assert!(rules(&server, &late).contains(&String::from("B07")));
        rebuild_gives_the_same(&mut server);

        // The commune where the far ones are is known at last.
        let beyond = json!({ "adm0_name": "Mali", "adm1_name": "Kayes", "adm1_pcode": "ML01", "adm2_name": "Kita",
            "adm2_pcode": "ML0105", "adm3_name": "Kita Ouest", "adm3_pcode": "ML010530", "valid_on": "2015-04-08" });
        imported(&server, &collection(&[feature(&beyond, [-9.6, 13.0, -9.4, 13.1])]));
        assert!(!rules(&server, &far).contains(&String::from("B07")), "{:?}", found(&server, &far.instance_id));
        assert_eq!(rules(&server, &waiting), Vec::<String>::new());
        assert_eq!(before.0, "received");
        rebuild_gives_the_same(&mut server);
    }

    fn the_crosswalk_follows_the_communes_until_limits_of_both_divisions_are_known(server) {
        let password = server.account("awa", "enumerator", Some("kayes"));
        let asked = |path: &str| server.get(&format!("/v1/geography/crosswalk{path}"), "awa", &password);
        let communes = asked("").json();
        let lines = communes["lines"].as_array().unwrap();
        assert_eq!(lines.len(), 701);
        assert!(lines.iter().all(|l| l["from"] == l["to"] && l["share_from"] == 1.0 && l["approximate"] == true));
        let sum = |path: &str, code: &str| -> f64 {
            let all = asked(path).json();
            let of = all["lines"].as_array().unwrap().iter().filter(|l| l["from"] == code);
            of.map(|l| l["share_from"].as_f64().unwrap()).sum()
        };
        for path in ["?level=region", "?level=cercle&from=2012", "?level=region&from=2023&to=2012"] {
            assert!((sum(path, "kayes") - 1.0).abs() < 0.001, "{path}");
        }
        let csv = asked("?level=region&format=csv").text();
        assert!(csv.starts_with("from,from_label,to,to_label,share_from,share_to,area_km2,basis,approximate\r\n"), "{csv}");
        assert!(csv.contains("\r\nkayes,Kayes,nioro,Nioro"), "{csv}");
        for wrong in ["?from=2012&to=2012", "?level=village", "?from=1991", "?as_of=hier", "?by=region", "?format=kml"] {
            assert_eq!(asked(wrong).status, 400, "{wrong}");
        }
        assert_eq!(crate::support::http::request("GET", &format!("{}/v1/geography/crosswalk", server.url), &[], b"").status, 401);

        // Nioro took a quarter of Kayes, and half of it from 2025 on.
        let old = json!({ "adm0_name": "Mali", "adm1_name": "Kayes", "adm1_pcode": "ML01", "valid_on": "2015-04-08" });
        imported(&server, &collection(&[feature(&old, [-12.0, 14.0, -11.0, 15.0])]));
        for (from, west) in [("2023-03-13", -11.25), ("2025-01-01", -11.5)] {
            let new = json!({ "law_2023_code": "11", "name": "Nioro", "valid_on": from });
            imported(&server, &collection(&[feature(&new, [west, 14.0, -11.0, 15.0])]));
        }
        let share = |day: &str| {
            let all = asked(&format!("?level=region&as_of={day}")).json();
            let lines = all["lines"].as_array().unwrap().clone();
            let line = lines.iter().find(|l| l["from"] == "kayes" && l["to"] == "nioro");
            line.map(|l| (l["share_from"].clone(), l["share_to"].clone(), l["basis"].clone()))
        };
        let areas = |part: f64| Some((json!(part), json!(1.0), json!("areas")));
        assert_eq!(share("2024-12-31"), areas(0.25));
        assert_eq!(share("2025-01-01"), areas(0.5));
        assert_eq!(share("2026-11-20"), areas(0.5));
        assert_eq!(share("2015-04-07").unwrap().2, "communes", "nothing is known of that day");
        assert_eq!(share("2020-01-01").unwrap().2, "communes", "the other division has no limits yet");
        // What says no day is all that is known.
        let new = json!({ "law_2023_code": "11", "name": "Nioro" });
        imported(&server, &collection(&[feature(&new, [-11.1, 14.0, -11.0, 15.0])]));
        assert_eq!([share("2023-06-01"), share("2026-01-01")], [areas(0.1), areas(0.1)]);
    }

    fn a_file_of_the_reform_sets_the_region_of_2023_and_leaves_2012(server) {
        let mut server = server;
        let phone = server.phone("phone", None);
        let mut all = vec![site_at(1, 14.4469, -11.4445)];
        all.extend(miners_on(1, 63, 5));
        register(&server, &phone.token, &all);
        let regions = |server: &Server| ["2012", "2023"].map(|d| by(server, "orpailleurs", "region", d));
        assert_eq!(regions(&server), [json!({ "kayes": 5 }), json!({ "kayes": 5 })]);

        imported(&server, &regions_of_2023());

        assert_eq!(regions(&server), [json!({ "kayes": 5 }), json!({ "nioro": 5 })]);
        let map = server.get_admin("/v1/sites.geojson").json();
        let site = &map["features"][0]["properties"];
        assert_eq!((&site["region"], &site["place_basis"]), (&json!("nioro"), &json!("polygon")));
        assert_eq!((&site["region_2012"], &site["place_basis_2012"]), (&json!("kayes"), &json!("nearest_seat")));
        rebuild_gives_the_same(&mut server);
        assert_eq!(regions(&server), [json!({ "kayes": 5 }), json!({ "nioro": 5 })]);
    }

    fn impossible_positions_are_quarantined_and_doubtful_ones_flagged(server) {
        let phone = server.phone("phone", None);
        let all = [
            site_at(1, 14.4469, -11.4445),
            site_at(2, -11.4445, 14.4469),
            site_at(3, 0.0, 0.0),
            site_at(4, 48.8566, 2.3522),
            site_at(5, 16.7666, -3.0026),
        ];
        let states = "SELECT COUNT(*) FROM record WHERE state = 'quarantined' AND violations LIKE '%\"B02\"%'";
        let flags = |server: &Server| sites(server).into_iter().map(|s| s[3].clone()).collect::<Vec<_>>();
        let regions = |server: &Server| by(server, "sites", "region", "2023");

        register(&server, &phone.token, &all);
        assert_eq!(server.sql(states), "3");
        assert_eq!(server.sql("SELECT COUNT(*) FROM record WHERE state = 'flagged'"), "1");
        assert_eq!(flags(&server), ["[]", "[\"outside_phase1\"]"]);
        assert_eq!(regions(&server), json!({ "kayes": 1, "tombouctou": 1 }));
        imported(&server, &communes());

        assert_eq!(regions(&server), json!({ "kayes": 1, "tombouctou": 1 }));
        assert_eq!(server.count("sites"), 2);
        let map: geojson::FeatureCollection = server.get_admin("/v1/sites.geojson").text().parse().unwrap();
        assert!(map.features.iter().all(|f| f.geometry.is_some()), "a position is kept as it was given");
        assert_eq!(flags(&server), ["[]", "[\"outside_phase1\",\"outside_polygons\"]"]);
    }

    fn a_bad_file_is_refused_in_one_line_and_nothing_changes(server) {
        let phone = server.phone("phone", None);
        register(&server, &phone.token, &[site_at(1, 14.4469, -11.4445)]);
        let before = sites(&server);
        let folder = tempfile::tempdir().unwrap();
        let utm = collection(&[commune("Sadiola", "ML010122", [236_000.0, 1_590_000.0, 260_000.0, 1_610_000.0])]);
        let line = json!({ "type": "Feature", "properties": { "adm1_name": "Kayes" },
            "geometry": { "type": "LineString", "coordinates": [[-11.5, 14.4], [-11.4, 14.5]] } });
        let mut garbage = b"{\"type\":\"FeatureCollection\",\"features\":[{\"a\":\"".to_vec();
        garbage.resize(50 << 20, b'x');
        let bad: [(&str, &[u8], &str); 9] = [
            ("empty.geojson", b"", "JSON"),
            ("shape.shp", &[0, 0, 0x27, 0x0a, 0xff, 0xfe, 0, 0], "JSON"),
            ("page.html", b"<html>Connexion</html>", "JSON"),
            ("array.json", b"[1,2,3]", ""),
            ("none.geojson", collection(&[]).to_string().leak().as_bytes(), "no polygon"),
            ("line.geojson", collection(&[line]).to_string().leak().as_bytes(), "LineString"),
            ("utm.geojson", utm.to_string().leak().as_bytes(), "EPSG:4326"),
            ("other.geojson", collection(&[feature(&json!({ "id": 1 }), TOWN)]).to_string().leak().as_bytes(), "adm1_name"),
            ("garbage.geojson", &garbage, "JSON"),
        ];
        let good = file(folder.path(), "good.geojson", communes().to_string().as_bytes());

        for (name, content, word) in bad {
            let path = file(folder.path(), name, content);
            for files in [vec![path.as_path()], vec![good.as_path(), path.as_path()]] {
                let out = import(&server, &files);
                let said = String::from_utf8_lossy(&out.stderr).into_owned();
                assert!(!out.status.success(), "{name} was taken");
                assert_eq!(said.trim().lines().count(), 1, "{name}: {said}");
                assert!(said.contains(name) && said.contains(word) && said.len() < 600, "{name}: {said}");
            }
        }
        assert!(!import(&server, &[&folder.path().join("missing.geojson")]).status.success());

        assert_eq!(server.sql("SELECT COUNT(*) FROM boundary"), "0");
        assert_eq!(sites(&server), before);
        let out = import(&server, &[&good]);
        assert!(out.status.success(), "the good file alone is taken");
        assert_eq!(server.sql("SELECT COUNT(*) FROM boundary"), "2");
    }
}
