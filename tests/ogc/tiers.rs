//! Every rule of who sees what holds for items, filters, sorts, counts, queryables and errors alike.

use serde_json::{Value, json};

use super::{SITES, encoded, world};

const ROLES: [&str; 9] = [
    "admin",
    "data_manager",
    "supervisor",
    "enumerator",
    "researcher",
    "chamber",
    "cooperative",
    "protection",
    "public",
];

fn items(role: &str, collection: &str, query: &[(&str, &str)]) -> Vec<Value> {
    let path = format!("/collections/{collection}/items?{}", encoded(query));
    world().json_as(role, &path)["features"].as_array().unwrap().clone()
}

#[test]
fn each_role_has_its_collections_and_no_other_exists_for_it() {
    let world = world();
    let every = ["sites", "site-visits", "cooperatives", "zones", "miners-by-commune"];
    for (role, expected) in [
        ("admin", "11111"),
        ("data_manager", "11111"),
        ("supervisor", "11111"),
        ("enumerator", "10100"),
        ("researcher", "11101"),
        ("chamber", "11101"),
        ("cooperative", "10100"),
        ("protection", "10101"),
        ("public", "10100"),
    ] {
        let seen: String = every
            .iter()
            .map(|id| {
                let answer = world.ask(role, &format!("/collections/{id}/items"), &[]);
                let there = answer.status == 200;
                assert!(there || answer.status == 404, "{role} {id} {}", answer.status);
                let tails = ["", "/queryables", "/items/x", "/items?bogus=1", "/items?filter=("];
                for tail in tails {
                    let status = world.ask(role, &format!("/collections/{id}{tail}"), &[]).status;
                    assert_eq!(
                        status == 404,
                        !there || tail == "/items/x",
                        "{role} {id}{tail}: {status}"
                    );
                }
                if there { '1' } else { '0' }
            })
            .collect();
        assert_eq!(seen, expected, "{role}");
        let api = world.json_as(role, "/api").to_string();
        for (id, there) in every.iter().zip(expected.chars()) {
            assert_eq!(
                api.contains(&format!("/collections/{id}/items\"")),
                there == '1',
                "{role} {id}"
            );
        }
    }
}

#[test]
fn a_hidden_property_is_answered_as_one_that_does_not_exist() {
    let world = world();
    for (role, hidden) in [
        (
            "researcher",
            vec!["workers_total", "gold_price", "licence_no", "enumerator_code", "buyers"],
        ),
        (
            "chamber",
            vec![
                "gold_price",
                "enumerator_code",
                "buyers",
                "informant_roles",
                "chemicals_evidence",
            ],
        ),
        (
            "public",
            vec!["workers_total", "commune", "place_basis", "version", "position_flags", "aliases"],
        ),
        (
            "admin",
            vec![
                "armed",
                "security",
                "deaths_12m",
                "gold_g_week",
                "children_working",
                "contact_phone",
            ],
        ),
    ] {
        let queryables = world.ask(role, "/collections/sites/queryables", &[]).text();
        let api = world.ask(role, "/api", &[]).json();
        let sites = api["paths"]["/collections/sites/items"].to_string();
        for name in hidden {
            assert!(!queryables.contains(&format!("\"{name}\"")), "{role} {name}");
            assert!(!sites.contains(&format!("\"{name}\"")), "{role} {name}");
            for query in [
                vec![("filter", format!("{name} IS NOT NULL"))],
                vec![("filter", format!("NOT ({name} = 'x' OR TRUE)"))],
                vec![("sortby", name.to_owned())],
                vec![(name, String::from("1"))],
            ] {
                let ask = |from: &str, to: &str| {
                    let pairs: Vec<(String, String)> = query
                        .iter()
                        .map(|(n, v)| (n.replace(from, to), v.replace(from, to)))
                        .collect();
                    let pairs: Vec<(&str, &str)> =
                        pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                    let path = format!("/collections/sites/items?{}", encoded(&pairs));
                    let answer = world.ask(role, &path, &[]);
                    (answer.status, answer.text().replace(to, "X"))
                };
                let (hidden, missing) = (ask(name, name), ask(name, "no_such_thing"));
                assert_eq!(hidden, missing, "{role} {name}");
                assert_eq!(hidden.0, 400, "{role} {name}");
            }
        }
    }
}

#[test]
fn the_public_sees_squares_and_no_attribute_of_a_site_alone_in_its_square() {
    let world = world();
    let all = items("public", "sites", &[]);
    assert_eq!(all.len(), 8);
    let mut shared = 0;
    for feature in &all {
        for c in feature["geometry"]["coordinates"].as_array().unwrap() {
            let c = c.as_f64().unwrap();
            assert!(((c * 100.0).round() / 100.0 - c).abs() < 1e-12, "{c}");
        }
        let in_square = feature["geometry"]["coordinates"] == json!([-8, 12.6]);
        shared += usize::from(in_square);
        for name in ["name", "status", "school_km", "health_km"] {
            let known = feature["properties"][name] != Value::Null;
            assert!(in_square || !known, "{feature}");
        }
        if in_square {
            assert!(feature["properties"]["name"].is_string(), "{feature}");
        }
    }
    assert_eq!(shared, 3);
    // The same mask in every format.
    let bearer = world.token("public", None);
    let download = world.server.get_bearer("/v1/sites.geojson", &bearer).json();
    assert_eq!(download["features"].as_array().unwrap(), &all);
    let page = world.ask("public", "/collections/sites/items?f=html", &[]).text();
    let exact = SITES.iter().flat_map(|(lat, lon)| [lat.to_string(), lon.to_string()]);
    for exact in exact.filter(|c| c.len() > 6) {
        assert!(!page.contains(&exact) && !download.to_string().contains(&exact), "{exact}");
    }
}

/// Halves a box, or a condition, around a site until it is as small as its mask allows.
#[test]
fn no_question_tells_the_public_where_in_its_square_a_site_is() {
    let world = world();
    let uri = |code: u32| format!("http://www.opengis.net/def/crs/EPSG/0/{code}");
    let (lat, lon) = SITES[6];
    let [masked_lon, masked_lat] = [-8.77, 12.35];
    let hits = |query: &[(&str, &str)]| items("public", "sites", query).len();
    let around = |x: f64, y: f64, d: f64| format!("{},{},{},{}", x - d, y - d, x + d, y + d);

    // A box around the exact position finds nothing, however it is asked; one around the square's middle does.
    for d in [0.000_1, 0.001, 0.003] {
        assert_eq!(hits(&[("bbox", &around(lon, lat, d))]), 0);
        assert_eq!(hits(&[("bbox", &around(masked_lon, masked_lat, d))]), 1);
        let exact = around(lat, lon, d);
        assert_eq!(hits(&[("bbox", &exact), ("bbox-crs", &uri(4326))]), 0);
        let filter = format!("S_INTERSECTS(geometry, BBOX({}))", around(lon, lat, d));
        assert_eq!(hits(&[("filter", &filter)]), 0);
        let filter = format!("NOT S_DISJOINT(geometry, BBOX({}))", around(lon, lat, d));
        assert_eq!(hits(&[("filter", &filter)]), 0);
    }
    // Boxes that end within the square all answer as its middle does.
    for east in [-8.7699, -8.7660, -8.7654, -8.7651] {
        assert_eq!(hits(&[("bbox", &format!("-8.9,12.3,{east},12.4"))]), 1, "{east}");
    }
    for east in [-8.7701, -8.7740] {
        assert_eq!(hits(&[("bbox", &format!("-8.9,12.3,{east},12.4"))]), 0, "{east}");
    }
    // In metres too, the answer is the projected middle of the square.
    let [x, y] = sanu::ogc::Crs::Utm29.of_lonlat([lon, lat]);
    assert_eq!(hits(&[("bbox", &around(x, y, 200.0)), ("bbox-crs", &uri(32_629))]), 0);
    let middle = sanu::ogc::Crs::Utm29.of_lonlat([masked_lon, masked_lat]);
    let page = items(
        "public",
        "sites",
        &[("crs", &uri(32_629)), ("bbox", &around(masked_lon, masked_lat, 0.001))],
    );
    let shown = page[0]["geometry"]["coordinates"][0].as_f64().unwrap();
    assert!((shown - middle[0]).abs() < 0.01, "{shown}");
    drop(world);
}

#[test]
fn a_zone_hides_the_rest_of_the_country_from_every_question() {
    let world = world();
    let bearer = format!("Bearer {}", world.token("supervisor", Some("zone-b")));
    let ask = |path: &str| {
        let url = format!("{}/ogc{path}", world.server.url);
        crate::support::request("GET", &url, &[("Authorization", &bearer)], b"")
    };
    let all = world.json("/collections/sites/items");
    let page = ask("/collections/sites/items").json();
    assert_eq!(
        (page["numberMatched"].clone(), page["numberReturned"].clone()),
        (json!(1), json!(1))
    );
    assert_eq!(page["features"][0]["properties"]["name"], "Kéniéba 8");
    assert_eq!(all["numberMatched"], 8);
    for feature in all["features"].as_array().unwrap() {
        let id = feature["id"].as_str().unwrap();
        let status = ask(&format!("/collections/sites/items/{id}")).status;
        assert_eq!(status == 200, feature["properties"]["name"] == "Kéniéba 8", "{id}");
    }
    for query in [
        "filter=TRUE",
        "sortby=-name",
        "bbox=-12.3,10,4.3,25",
        "status=active",
        "datetime=2026-01-01/..",
    ] {
        assert_eq!(
            ask(&format!("/collections/sites/items?{query}")).json()["numberMatched"],
            1,
            "{query}"
        );
    }
    let zones = ask("/collections/zones/items").json();
    assert_eq!(zones["features"].as_array().unwrap().len(), 1);
    assert_eq!(zones["features"][0]["properties"]["code"], "zone-b");
    assert_eq!(ask("/collections/miners-by-commune/items").json()["numberReturned"], 0);
}

#[test]
fn miners_come_out_only_through_the_protection_of_counts() {
    let world = world();
    let count = |role: &str| -> Vec<Value> {
        let mut all: Vec<Value> = items(role, "miners-by-commune", &[])
            .iter()
            .map(|f| json!([f["properties"]["miners"], f["properties"]["suppressed"]]))
            .collect();
        all.sort_by_key(|v| v[0].as_i64().unwrap_or(-1));
        all
    };
    assert_eq!(count("supervisor"), [json!([3, false]), json!([12, false]), json!([14, false])]);
    let shown: Vec<Value> = count("chamber").into_iter().map(|v| v[0].clone()).collect();
    // Each within 9 of the truth, and nothing under 10.
    let close = |n: i64| n >= 10 && [3_i64, 12, 14].iter().any(|truth| (n - truth).abs() <= 9);
    assert!(shown.iter().all(|n| n.as_i64().is_none_or(close)), "{shown:?}");
    let counts = world
        .server
        .get_bearer("/v1/counts?of=orpailleurs&by=commune", &world.token("chamber", None))
        .json();
    let mut same: Vec<Value> =
        counts["cells"].as_array().unwrap().iter().map(|c| c["n"].clone()).collect();
    same.sort_by_key(|v| v.as_i64().unwrap_or(-1));
    assert_eq!(same, shown, "the same protected numbers");
    assert_eq!(items("chamber", "miners-by-commune", &[("filter", "miners < 10")]).len(), 0);
}

#[test]
fn only_public_answers_may_be_read_from_other_sites_pages() {
    let world = world();
    for role in ROLES {
        let answer =
            world.ask(role, "/collections/sites/items", &[("Origin", "https://map.example")]);
        let open = answer.header("access-control-allow-origin");
        assert_eq!(open, ["cooperative", "public"].contains(&role).then_some("*"), "{role}");
        assert!(answer.header("vary").unwrap().contains("Authorization"), "{role}");
    }
}

#[test]
fn cooperatives_in_the_public_directory_are_those_that_agreed() {
    let agreed = items("public", "cooperatives", &[]);
    let all = items("supervisor", "cooperatives", &[]);
    assert!(!all.is_empty());
    for feature in &all {
        let listed = agreed.iter().any(|f| f["id"] == feature["id"]);
        assert_eq!(listed, feature["properties"]["contact_consent"] == "yes", "{feature}");
    }
    for feature in &agreed {
        assert!(feature["properties"].get("members_total").is_none());
    }
}
