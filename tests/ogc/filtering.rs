//! Part 3 (19-079r2) and CQL2 (21-065r2) through the front door; the language itself is tested beside its code.

use serde_json::json;

use super::{World, encoded, world};

#[test]
fn queryables_and_sortables_are_schemas_of_what_can_be_asked() {
    let world = world();
    let answer = world.get("/collections/sites/queryables");
    assert_eq!(answer.header("content-type"), Some("application/schema+json"));
    let schema = answer.json();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["properties"]["workers_total"]["type"], "integer");
    assert_eq!(schema["properties"]["geometry"]["format"], "geometry-point");
    assert_eq!(schema["additionalProperties"], false);
    let states = schema["properties"]["status"]["enum"].as_array().unwrap();
    assert!(states.contains(&json!("active")) && states.len() > 3, "{states:?}");
    let sortables = world.json("/collections/sites/sortables");
    assert!(sortables["properties"].get("geometry").is_none());
    // Each one can be asked about, sorted by, and is a property of the features.
    let page = world.json("/collections/sites/items?limit=1");
    let properties = page["features"][0]["properties"].as_object().unwrap();
    assert_eq!(properties.len(), sortables["properties"].as_object().unwrap().len());
    for name in properties.keys() {
        let query =
            encoded(&[("filter", &format!("{name} IS NULL")), ("sortby", &format!("-{name}"))]);
        world.json(&format!("/collections/sites/items?{query}"));
    }
}

#[test]
fn filters_in_text_and_in_json_and_property_parameters_agree() {
    let world = world();
    let expected = "124678";
    assert_eq!(world.found(&[("status", "active")]), expected);
    assert_eq!(world.found(&[("filter", "status = 'active'")]), expected);
    let cql = json!({ "op": "=", "args": [{ "property": "status" }, "active"] }).to_string();
    assert_eq!(world.found(&[("filter", &cql), ("filter-lang", "cql2-json")]), expected);
    for (filter, expected) in [
        ("casei(accenti(name)) LIKE 'kenieba %'", "12345678"),
        ("accenti(name) = accenti('Kenieba 3')", "3"),
        ("status IN ('active_reduced', 'abandoned')", "35"),
        ("NOT (status = 'active')", "35"),
        ("S_WITHIN(geometry, POLYGON((-8.1 12.5,-7.9 12.5,-7.9 12.7,-8.1 12.7,-8.1 12.5)))", "456"),
        ("S_INTERSECTS(geometry, BBOX(-8.1,12.5,-7.9,12.7)) AND status = 'active'", "46"),
    ] {
        assert_eq!(world.found(&[("filter", filter)]), expected, "{filter}");
    }
    assert_eq!(
        world.found(&[("filter", "status='active'"), ("bbox", "-8.1,12.5,-7.9,12.7")]),
        "46"
    );
    assert_eq!(world.found(&[("status", "no_such_status")]), "");
}

#[test]
fn sortby_orders_both_ways_and_by_several_properties() {
    let world = world();
    let names = |sort: &str| -> Vec<String> {
        let path = format!("/collections/sites/items?{}", encoded(&[("sortby", sort)]));
        let page = world.json(&path);
        let features = page["features"].as_array().unwrap();
        features.iter().map(|f| f["properties"]["name"].as_str().unwrap().to_owned()).collect()
    };
    let mut expected: Vec<String> = (1..=8).map(|n| format!("Kéniéba {n}")).collect();
    assert_eq!(names("name"), expected);
    assert_eq!(names("+name"), expected);
    expected.reverse();
    assert_eq!(names("-name"), expected);
    assert_eq!(names("status,-name")[..2], ["Kéniéba 5", "Kéniéba 8"].map(str::to_owned));
}

#[test]
fn wrong_filters_are_refused_with_a_reason() {
    let world = world();
    for (filter, word) in [
        ("status = ", "early"),
        ("salary > 5", "queryable"),
        ("workers_total = 'many'", "number"),
        ("S_INTERSECTS(geometry, POLYGON((0 0,1 0,1 1)))", "ring"),
        ("status = 'a' OR", "early"),
    ] {
        let query = encoded(&[("filter", filter)]);
        let detail = world.refused(&format!("/collections/sites/items?{query}"));
        assert!(detail.starts_with("filter:") && detail.contains(word), "{filter}: {detail}");
    }
    world.refused(&format!(
        "/collections/sites/items?{}",
        encoded(&[("filter", "TRUE"), ("filter-lang", "sql")])
    ));
}

on_both! {
    fn both_databases_give_the_same_features_and_changes_are_seen_at_once(server) {
        let world = World::of(server);
        assert_eq!(world.found(&[("sortby", "-name"), ("limit", "3")]), "678");
        assert_eq!(world.found(&[("filter", "workers_total >= 0 AND status = 'active_reduced'")]), "3");
        let miners = world.json("/collections/miners-by-commune/items");
        let total: i64 = miners["features"].as_array().unwrap().iter()
            .map(|f| f["properties"]["miners"].as_i64().unwrap()).sum();
        assert_eq!(total, 29);
        let count = |world: &World| world.json("/collections/sites/items?limit=1")["numberMatched"].clone();
        assert_eq!(count(&world), 8);
        let phone = world.server.phone("late", None).token;
        crate::support::places::register(&world.server, &phone, &[crate::support::places::site_at(9, 12.0, -7.0)]);
        assert_eq!(count(&world), 9);
    }
}
