//! Part 1 (17-069r4): the abstract tests of its annex A, by their names.

use serde_json::{Value, json};

use super::{below, encoded, link, world};

const ALL: [&str; 7] = [
    "sites",
    "site-visits",
    "cooperatives",
    "zones",
    "miners-by-commune",
    "communes-2012",
    "communes-2023",
];

#[test]
fn root_op_and_success_the_landing_page_leads_everywhere() {
    let world = world();
    for path in ["", "/"] {
        let page = world.json(path);
        for (rel, media) in [
            ("self", "application/json"),
            ("alternate", "text/html"),
            ("service-desc", "application/vnd.oai.openapi+json;version=3.0"),
            ("service-doc", "text/html"),
            ("conformance", "application/json"),
            ("data", "application/json"),
        ] {
            let href = link(&page, rel, media).unwrap_or_else(|| panic!("no {rel} {media}"));
            assert_eq!(world.get(below(&world, href)).status, 200, "{rel}");
        }
    }
}

#[test]
fn api_definition_op_and_success_the_description_covers_every_collection() {
    let world = world();
    let answer = world.get("/api");
    assert_eq!(answer.header("content-type"), Some("application/vnd.oai.openapi+json;version=3.0"));
    let api = answer.json();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.0"));
    for id in ALL {
        for tail in ["", "/items", "/items/{featureId}", "/queryables", "/sortables"] {
            let path = format!("/collections/{id}{tail}");
            assert!(api["paths"][&path]["get"]["responses"]["200"].is_object(), "{path}");
        }
    }
    let mut ids: Vec<&str> = api["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|p| p["get"]["operationId"].as_str().unwrap())
        .collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
    // Every reference leads somewhere.
    let text = api.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|t| t.split('"').next()) {
        assert!(api.pointer(reference).is_some(), "{reference}");
    }
}

#[test]
fn conformance_op_and_success_the_classes_are_declared() {
    let classes = world().json("/conformance")["conformsTo"].clone();
    for class in ["core", "geojson", "html", "oas30"] {
        let uri = format!("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{class}");
        assert!(classes.as_array().unwrap().contains(&json!(uri)), "{uri}");
    }
}

#[test]
fn fc_md_every_collection_is_listed_with_links_extent_and_the_same_description_alone() {
    let world = world();
    let list = world.json("/collections");
    assert!(link(&list, "self", "application/json").is_some());
    assert!(link(&list, "alternate", "text/html").is_some());
    let ids: Vec<&str> =
        list["collections"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ALL);
    for collection in list["collections"].as_array().unwrap() {
        let id = collection["id"].as_str().unwrap();
        assert_eq!(&world.json(&format!("/collections/{id}")), collection);
        let items = link(collection, "items", "application/geo+json").unwrap();
        assert_eq!(world.get(below(&world, items)).status, 200, "{id}");
        let bbox = collection["extent"]["spatial"]["bbox"][0].as_array().unwrap();
        assert_eq!(bbox.len(), 4);
        for l in collection["links"].as_array().unwrap() {
            assert!(l["rel"].is_string() && l["type"].is_string(), "{l}");
            assert_eq!(world.get(below(&world, l["href"].as_str().unwrap())).status, 200, "{l}");
        }
    }
    for missing in ["nothing", "SITES", "orpailleurs", "enfants", "..%2Fsites", "%00"] {
        assert_eq!(world.get(&format!("/collections/{missing}")).status, 404, "{missing}");
        assert_eq!(world.get(&format!("/collections/{missing}/items")).status, 404, "{missing}");
    }
}

#[test]
fn fc_response_links_numbers_and_time_stamp() {
    let world = world();
    for id in ALL {
        let page = world.json(&format!("/collections/{id}/items?limit=1"));
        assert_eq!(page["type"], "FeatureCollection");
        let features = page["features"].as_array().unwrap();
        assert_eq!(page["numberReturned"], features.len(), "{id}");
        assert!(page["numberMatched"].as_u64().unwrap() >= u64::try_from(features.len()).unwrap());
        assert!(page["timeStamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        assert!(link(&page, "self", "application/geo+json").is_some());
        assert!(link(&page, "alternate", "text/html").is_some());
        let _: geojson::GeoJson = page.to_string().parse().expect("RFC 7946");
    }
}

#[test]
fn fc_limit_definition_and_response_pages_follow_their_next_links_to_the_end() {
    let world = world();
    let all = world.json("/collections/communes-2012/items?limit=10000");
    assert_eq!(all["numberMatched"], 701);
    assert!(link(&all, "next", "").is_none());
    let ids = |page: &Value| -> Vec<String> {
        let features = page["features"].as_array().unwrap();
        features.iter().map(|f| f["id"].as_str().unwrap().to_owned()).collect()
    };
    for first in [
        "/collections/communes-2012/items?limit=100",
        "/collections/communes-2012/items?limit=100&sortby=-name",
    ] {
        let (mut seen, mut next, mut pages) = (Vec::new(), first.to_owned(), 0);
        loop {
            let page = world.json(&next);
            assert!(page["features"].as_array().unwrap().len() <= 100);
            seen.extend(ids(&page));
            pages += 1;
            match link(&page, "next", "application/geo+json") {
                Some(href) => below(&world, href).clone_into(&mut next),
                None => break,
            }
        }
        assert_eq!(pages, 8);
        seen.sort();
        assert_eq!(seen, ids(&all));
    }
    for (limit, length) in [("1", 1), ("10000", 701), ("10001", 701), ("1000000000", 701)] {
        let page = world.json(&format!("/collections/communes-2012/items?limit={limit}"));
        assert_eq!(page["features"].as_array().unwrap().len(), length);
    }
    for bad in ["0", "-1", "abc", "1e9", "1.5", "", "%20"] {
        let detail = world.refused(&format!("/collections/sites/items?limit={bad}"));
        assert!(detail.starts_with("limit:"), "{detail}");
    }
}

#[test]
fn fc_bbox_definition_and_response_only_what_lies_in_the_box() {
    let world = world();
    for (bbox, expected) in [
        ("-12,14,-11,15", "1"),
        ("-12,14,0,-11,15,500", "1"),
        ("-12.3,10,4.3,25", "12345678"),
        ("-8.1,12.5,-7.9,12.7", "456"),
        ("-8.0001,12.6001,-8.0001,12.6001", "4"),
        ("170,-90,-11,90", "18"),
        ("0,0,1,1", ""),
    ] {
        assert_eq!(world.found(&[("bbox", bbox)]), expected, "{bbox}");
    }
    for bad in [
        "1,2,3",
        "1,2,3,4,5",
        "NaN,0,1,1",
        "a,b,c,d",
        "-11,15,-12,14",
        "0,0,1,inf",
        "",
        "14,-200,15,1",
    ] {
        let detail =
            world.refused(&format!("/collections/sites/items?{}", encoded(&[("bbox", bad)])));
        assert!(detail.starts_with("bbox:"), "{detail}");
    }
}

#[test]
fn fc_time_definition_and_response_instants_intervals_and_open_ends() {
    let world = world();
    // Sites that were never visited have no time, and match every time.
    for datetime in [
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "../2026-01-01",
        "2026-01-01/..",
        "2020-01-01/2030-01-01",
    ] {
        assert_eq!(world.found(&[("datetime", datetime)]), "12345678", "{datetime}");
    }
    for bad in ["2026", "now", "2026-02-01/2026-01-01", "2026-13-01", "1/2/3", ""] {
        let query = encoded(&[("datetime", bad)]);
        let detail = world.refused(&format!("/collections/sites/items?{query}"));
        assert!(detail.starts_with("datetime:"), "{detail}");
    }
}

#[test]
fn f_op_success_and_links_one_feature_is_the_same_alone() {
    let world = world();
    let page = world.json("/collections/sites/items?limit=3");
    for feature in page["features"].as_array().unwrap() {
        let id = feature["id"].as_str().unwrap();
        let mut alone = world.json(&format!("/collections/sites/items/{id}"));
        for (rel, media) in [
            ("self", "application/geo+json"),
            ("alternate", "text/html"),
            ("collection", "application/json"),
        ] {
            assert!(link(&alone, rel, media).is_some(), "{rel}");
        }
        alone.as_object_mut().unwrap().remove("links");
        assert_eq!(&alone, feature);
    }
    for missing in ["x", "00000000-0000-4000-8000-000000000999", "%2e%2e", "'%20OR%201=1"] {
        assert_eq!(world.get(&format!("/collections/sites/items/{missing}")).status, 404);
    }
}

#[test]
fn query_param_unknown_and_invalid_are_refused_on_every_resource() {
    let world = world();
    let feature = world.json("/collections/sites/items?limit=1")["features"][0]["id"].clone();
    let one = format!("/collections/sites/items/{}", feature.as_str().unwrap());
    for path in [
        "/",
        "/api",
        "/conformance",
        "/collections",
        "/collections/sites",
        "/collections/sites/queryables",
        "/collections/sites/sortables",
        "/collections/sites/items",
        &one,
    ] {
        for query in ["bogus=1", "f=xml", "f=json&f=html", "F=json", "limit[]=1"] {
            world.refused(&format!("{path}?{query}"));
        }
    }
    world.refused(&format!("{one}?bbox=1,2,3,4"));
    world.refused("/collections?limit=5");
}

#[test]
fn content_is_negotiated_and_what_is_not_offered_is_406() {
    let world = world();
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for path in [
        "/",
        "/api",
        "/conformance",
        "/collections",
        "/collections/sites",
        "/collections/sites/items",
        "/collections/sites/queryables",
    ] {
        let kind = |accept: &str| {
            let answer = world.ask("supervisor", path, &[("Accept", accept)]);
            (answer.status, answer.header("content-type").unwrap_or_default().to_owned())
        };
        assert_eq!(kind(browser), (200, String::from("text/html; charset=utf-8")), "{path}");
        assert!(kind("application/json").1.contains("json"), "{path}");
        assert_eq!(kind("image/png").0, 406, "{path}");
        let page = world.get(&format!("{path}?f=html"));
        let text = page.text();
        assert!(text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>\n"), "{path}");
        assert!(!text.contains("<script") && !text.contains("src="), "{path} loads nothing");
        assert!(page.header("vary").unwrap().contains("Accept"));
        assert!(page.header("link").unwrap().contains("rel=\"self\""));
    }
    let items = world.get("/collections/sites/items");
    assert_eq!(items.header("content-type"), Some("application/geo+json"));
}

#[test]
fn other_methods_are_refused_and_preflights_answered() {
    let world = world();
    let items = format!("{}/ogc/collections/sites/items", world.server.url);
    let by = |method: &str, headers: &[(&str, &str)]| {
        crate::support::request(method, &items, headers, b"")
    };
    assert_eq!((by("POST", &[]).status, by("DELETE", &[]).status), (405, 405));
    let preflight = by(
        "OPTIONS",
        &[("Origin", "https://map.example"), ("Access-Control-Request-Method", "GET")],
    );
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-headers"), Some("Authorization, Accept"));
    let nobody = by("GET", &[]);
    assert_eq!(nobody.status, 401);
    assert!(
        nobody.all("www-authenticate").iter().any(|c| c.starts_with("Basic")),
        "QGIS asks for a password"
    );
    let bearer = format!("Bearer {}", world.token("supervisor", None));
    let head = by("HEAD", &[("Authorization", &bearer)]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-type"), Some("application/geo+json"));
}

#[test]
fn a_long_page_arrives_whole_compressed_or_not() {
    use std::io::Read as _;

    let world = world();
    let path = "/collections/communes-2012/items?limit=10000";
    let plain = world.get(path).json();
    let answer = world.ask("supervisor", path, &[("Accept-Encoding", "gzip")]);
    assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("gzip")));
    let mut text = String::new();
    flate2::read::GzDecoder::new(answer.body.as_slice()).read_to_string(&mut text).unwrap();
    let unpacked: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(unpacked["features"], plain["features"]);
    assert_eq!(unpacked["features"].as_array().unwrap().len(), 701);
}
