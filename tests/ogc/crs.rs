//! Part 2 (18-058r1): the abstract tests of its annex A. Expected positions come from PROJ 9.5.1.

use serde_json::{Value, json};

use super::{encoded, world};

const EPSG: &str = "http://www.opengis.net/def/crs/EPSG/0/";
const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// The first site (14.4469 N, 11.4445 W) in each system, as PROJ computes it.
const FIRST: [(&str, [f64; 2]); 4] = [
    ("4326", [14.4469, -11.4445]),
    ("3857", [-1_273_995.91, 1_625_538.66]),
    ("32629", [236_464.19, 1_598_555.31]),
    ("32630", [-413_054.90, 1_614_027.86]),
];

#[test]
fn fc_md_crs_list_and_storage_crs_are_in_every_collection() {
    let world = world();
    for collection in world.json("/collections")["collections"].as_array().unwrap() {
        let mut expected = vec![CRS84.to_owned()];
        expected.extend(["4326", "3857", "32629", "32630"].map(|c| format!("{EPSG}{c}")));
        assert_eq!(collection["crs"], json!(expected));
        assert_eq!(collection["storageCrs"], CRS84);
    }
}

#[test]
fn fc_crs_valid_default_and_action_and_the_header_says_which() {
    let world = world();
    let of = |crs: Option<&str>| {
        let mut query = vec![("bbox", "-12,14,-11,15")];
        query.extend(crs.map(|c| ("crs", c)));
        let answer = world.get(&format!("/collections/sites/items?{}", encoded(&query)));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let header = answer.header("content-crs").unwrap().to_owned();
        let feature = answer.json()["features"][0].clone();
        let id = feature["id"].as_str().unwrap();
        let alone = world.get(&format!("/collections/sites/items/{id}?{}", encoded(&query[1..])));
        assert_eq!(alone.header("content-crs"), Some(header.as_str()));
        assert_eq!(alone.json()["geometry"], feature["geometry"]);
        (header, feature["geometry"]["coordinates"].clone())
    };
    assert_eq!(of(None), (format!("<{CRS84}>"), json!([-11.4445, 14.4469])));
    assert_eq!(of(Some(CRS84)), of(None));
    for (code, expected) in FIRST {
        let uri = format!("{EPSG}{code}");
        let (header, position) = of(Some(&uri));
        assert_eq!(header, format!("<{uri}>"));
        let near = |i: usize| (position[i].as_f64().unwrap() - expected[i]).abs() < 0.02;
        assert!(near(0) && near(1), "{code}: {position} is not {expected:?}");
    }
}

#[test]
fn fc_bbox_crs_valid_and_action_the_box_is_read_in_its_system() {
    let world = world();
    for (code, [a, b]) in FIRST {
        let (uri, d) = (format!("{EPSG}{code}"), if code == "4326" { 0.001 } else { 20.0 });
        let bbox = format!("{},{},{},{}", a - d, b - d, a + d, b + d);
        assert_eq!(world.found(&[("bbox", &bbox), ("bbox-crs", &uri)]), "1", "{code}");
        let beside = format!("{},{},{},{}", a + d, b - d, a + 3.0 * d, b + d);
        assert_eq!(world.found(&[("bbox", &beside), ("bbox-crs", &uri)]), "", "{code}");
    }
}

#[test]
fn fc_crs_and_bbox_crs_invalid_are_refused() {
    let world = world();
    for name in ["crs", "bbox-crs", "filter-crs"] {
        for bad in ["", "EPSG:2154", "http://www.opengis.net/def/crs/EPSG/0/2154", "32629", "'--"] {
            let query = encoded(&[(name, bad), ("bbox", "-12,14,-11,15"), ("filter", "TRUE")]);
            let detail = world.refused(&format!("/collections/sites/items?{query}"));
            assert!(detail.starts_with(name), "{detail}");
        }
    }
}

#[test]
fn filter_crs_the_coordinates_of_a_filter_are_read_in_its_system() {
    let world = world();
    let uri = format!("{EPSG}4326");
    let filter = "S_INTERSECTS(geometry, BBOX(14,-12,15,-11))";
    assert_eq!(world.found(&[("filter", filter), ("filter-crs", &uri)]), "1");
    assert_eq!(world.found(&[("filter", filter)]), "");
}

#[test]
fn null_geometries_stay_null_in_every_system() {
    let world = world();
    for (code, _) in FIRST {
        let query = encoded(&[("crs", &format!("{EPSG}{code}"))]);
        let page = world.json(&format!("/collections/zones/items?{query}"));
        assert!(page["features"].as_array().unwrap().iter().all(|f| f["geometry"] == Value::Null));
    }
}
