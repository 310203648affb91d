//! What filters find, in both encodings, and what they refuse.

use serde_json::json;
use uuid::Uuid;

use super::{Language, filter};
use crate::ogc::{
    builder::Builder,
    crs::Crs,
    error::OgcError,
    features::{Features, Field},
    value::Kind,
};

/// name, status, workers, last visit, open to the public, longitude and latitude
type Site = (
    &'static str,
    Option<&'static str>,
    Option<i64>,
    Option<&'static str>,
    Option<bool>,
    Option<[f64; 2]>,
);

const SITES: [Site; 5] = [
    ("Kéniéba", Some("active"), Some(120), Some("2026-10-01"), Some(true), Some([-11.2, 12.8])),
    (
        "KENIEBANDI",
        Some("abandoned"),
        Some(0),
        Some("2026-03-15"),
        Some(false),
        Some([-11.0, 13.0]),
    ),
    ("Kôfi \"50%\"", Some("active"), None, None, None, Some([-8.0, 11.0])),
    ("O'Brien", None, Some(35), Some("2025-12-31"), Some(true), Some([-6.0, 10.5])),
    ("Yanfolila", Some("seasonal"), Some(60), Some("2026-11-02"), None, None),
];

fn features() -> Features {
    let mut builder = Builder::new(vec![
        Field::new("name", "Nom", Kind::Text),
        Field::new("status", "État", Kind::Text),
        Field::new("workers", "Travailleurs", Kind::Integer),
        Field::new("visit", "Visite", Kind::Date),
        Field::new("public", "Public", Kind::Boolean),
    ]);
    for (n, (name, status, workers, visit, public, at)) in (0_u128..).zip(SITES) {
        builder.point(Uuid::from_u128(n), at);
        let values = [json!(name), json!(status), json!(workers), json!(visit), json!(public)];
        for (field, value) in values.iter().enumerate() {
            builder.set_json(field, &value.to_string());
        }
    }
    builder.finish().unwrap()
}

/// The numbers of the sites that pass, as digits.
fn found(text: &str, language: Language, crs: Crs) -> Result<String, OgcError> {
    let features = features();
    let filter = filter(text, language, crs, &features)?;
    let mut rows = features.rows();
    let all = 0..SITES.len();
    Ok(all.filter(|r| filter.passes(rows.row(*r).unwrap())).map(|r| r.to_string()).collect())
}

fn text(filter: &str) -> String {
    found(filter, Language::Text, Crs::Crs84).unwrap_or_else(|e| panic!("{filter}: {e}"))
}

#[test]
fn text_filters_find_what_they_describe() {
    for (filter, expected) in [
        ("status = 'active'", "02"),
        ("status <> 'active'", "14"),
        ("NOT status = 'active'", "14"),
        ("status IS NULL", "3"),
        ("status IS NOT NULL AND workers > 50", "04"),
        ("workers BETWEEN 35 AND 60", "34"),
        ("workers NOT BETWEEN 35 AND 60", "01"),
        ("workers >= 1.2e2 or workers <= -0", "01"),
        ("status in ('active','seasonal')", "024"),
        ("status NOT IN ('active')", "14"),
        ("name LIKE 'K%'", "012"),
        ("name like '%50\\%%'", "2"),
        ("name NOT LIKE '%a%'", "123"),
        ("name = 'O''Brien'", "3"),
        ("name = 'O\\'Brien'", "3"),
        ("\"name\" = 'Yanfolila'", "4"),
        ("CASEI(name) LIKE casei('kéni%')", "0"),
        ("casei(accenti(name)) LIKE 'keni%'", "01"),
        ("ACCENTI(name) = ACCENTI('Kénieba')", "0"),
        ("CASEI(status) IN (CASEI('ACTIVE'))", "02"),
        ("public", "03"),
        ("public = false", "1"),
        ("NOT public", "1"),
        ("TRUE", "01234"),
        ("workers = 0 AND (status = 'active' OR public = false)", "1"),
        ("status = 'active' OR workers = 35 AND public", "023"),
        ("visit > DATE('2026-01-01')", "014"),
        ("visit = '2026-10-01'", "0"),
        ("120 = workers", "0"),
        ("workers < workers", ""),
    ] {
        assert_eq!(text(filter), expected, "{filter}");
    }
}

#[test]
fn times_lie_to_each_other_as_the_standard_says() {
    for (filter, expected) in [
        ("T_AFTER(visit, DATE('2026-10-01'))", "4"),
        ("T_BEFORE(visit, TIMESTAMP('2026-01-01T00:00:00Z'))", "3"),
        ("T_DURING(visit, INTERVAL('2026-01-01','2026-10-31'))", "01"),
        ("T_INTERSECTS(visit, INTERVAL('2026-10-01','..'))", "04"),
        ("T_DISJOINT(visit, INTERVAL('..','2026-10-01'))", "4"),
        ("T_EQUALS(visit, DATE('2026-11-02'))", "4"),
        ("T_CONTAINS(INTERVAL('2026-01-01','2026-12-31'), visit)", "014"),
        ("T_INTERSECTS(INTERVAL(visit,'..'), DATE('2026-01-01'))", "3"),
    ] {
        assert_eq!(text(filter), expected, "{filter}");
    }
}

#[test]
fn places_lie_to_each_other_as_the_standard_says() {
    for (filter, expected) in [
        ("S_INTERSECTS(geometry, BBOX(-12,12,-10,14))", "01"),
        ("S_INTERSECTS(geometry, POINT(-8 11))", "2"),
        ("S_EQUALS(geometry, POINT Z (-8 11 300))", "2"),
        ("S_DISJOINT(geometry, BBOX(-12,12,-10,14))", "23"),
        ("S_INTERSECTS(geometry, POLYGON((-11.2 12.8,-10 12.8,-10 14,-11.2 12.8)))", "01"),
        ("S_WITHIN(geometry, POLYGON((-11.2 12.8,-10 12.8,-10 14,-11.2 12.8)))", ""),
        ("S_TOUCHES(geometry, POLYGON((-11.2 12.8,-10 12.8,-10 14,-11.2 12.8)))", "01"),
        ("S_CONTAINS(BBOX(-9,10,-5,12), geometry)", "23"),
        ("S_INTERSECTS(geometry, LINESTRING(-9 11,-7 11))", "2"),
        ("S_INTERSECTS(geometry, MULTIPOINT((-8 11),(-6 10.5)))", "23"),
        ("S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(-8 11),POINT(-6 10.5)))", "23"),
        ("S_INTERSECTS(geometry, BBOX(170,-90,-5.5,90))", "0123"),
        ("geometry IS NULL", "4"),
        ("status = 'active' AND S_INTERSECTS(geometry, BBOX(-12,12,-10,14))", "0"),
    ] {
        assert_eq!(text(filter), expected, "{filter}");
    }
    let utm = Crs::Utm29.of_lonlat([-11.2, 12.8]);
    let [x, y] = utm;
    let near =
        format!("S_INTERSECTS(geometry, BBOX({},{},{},{}))", x - 9.0, y - 9.0, x + 9.0, y + 9.0);
    assert_eq!(found(&near, Language::Text, Crs::Utm29).unwrap(), "0");
    assert_eq!(
        found("S_INTERSECTS(geometry, POINT(11 -8))", Language::Text, Crs::Epsg4326).unwrap(),
        "2"
    );
}

#[test]
fn json_filters_say_the_same() {
    let geometry = json!({ "property": "geometry" });
    for (filter, expected) in [
        (json!({ "op": "=", "args": [{ "property": "status" }, "active"] }), "02"),
        (
            json!({ "op": "not", "args": [{ "op": "isNull", "args": [{ "property": "status" }] }] }),
            "0124",
        ),
        (
            json!({ "op": "and", "args": [true, { "op": "between", "args": [{ "property": "workers" }, 35, 60] }] }),
            "34",
        ),
        (json!({ "op": "in", "args": [{ "property": "status" }, ["active", "seasonal"]] }), "024"),
        (
            json!({ "op": "like", "args": [{ "op": "casei", "args": [{ "op": "accenti", "args": [{ "property": "name" }] }] }, "keni%"] }),
            "01",
        ),
        (
            json!({ "op": "t_after", "args": [{ "property": "visit" }, { "date": "2026-10-01" }] }),
            "4",
        ),
        (
            json!({ "op": "t_during", "args": [{ "property": "visit" }, { "interval": ["2026-01-01", "2026-10-31"] }] }),
            "01",
        ),
        (json!({ "op": "s_intersects", "args": [geometry, { "bbox": [-12, 12, -10, 14] }] }), "01"),
        (
            json!({ "op": "s_intersects", "args": [geometry, { "type": "Point", "coordinates": [-8, 11] }] }),
            "2",
        ),
        (
            json!({ "op": "s_within", "args": [geometry, { "type": "Polygon", "coordinates": [[[-9, 10], [-5, 10], [-5, 12], [-9, 12], [-9, 10]]] }] }),
            "23",
        ),
        (json!({ "property": "public" }), "03"),
    ] {
        let found = found(&filter.to_string(), Language::Json, Crs::Crs84);
        assert_eq!(found.unwrap_or_else(|e| panic!("{filter}: {e}")), expected, "{filter}");
    }
}

#[test]
fn what_is_not_cql2_is_refused_in_one_short_line() {
    let deep = format!("{}1=1{}", "(".repeat(10_000), ")".repeat(10_000));
    let nots = "NOT ".repeat(10_000);
    let ands = vec!["workers=1"; 2_000].join(" AND ");
    let calls = format!("{}name{} = 'a'", "casei(".repeat(3_000), ")".repeat(3_000));
    let bomb = format!("S_INTERSECTS(geometry, POLYGON(({})))", vec!["1 1"; 5_000].join(","));
    let nested = format!("S_INTERSECTS(geometry, POLYGON{}", "(".repeat(9_000));
    let huge = "x".repeat(1 << 20);
    for bad in [
        "",
        " ",
        "status",
        "status =",
        "= 1",
        "status = 'active",
        "status == 'a'",
        "(status = 'a'",
        "status = 'a')",
        "status = 5",
        "workers = 'many'",
        "workers = DATE('2026-01-01')",
        "salary > 5",
        "visit > 'soon'",
        "name LIKE 5",
        "name LIKE name",
        "workers LIKE '1%'",
        "AND",
        "status = 'a' AND",
        "NOT",
        "status IN ()",
        "status IN 'a'",
        "workers BETWEEN 1",
        "status IS 5",
        "A_CONTAINS(name, 'x')",
        "workers + 1 = 2",
        "name = 'a'; DROP TABLE entity",
        "casei(workers) = 'a'",
        "foo(name) = 1",
        "S_INTERSECTS(geometry)",
        "S_INTERSECTS(name, POINT(1 1))",
        "S_INTERSECTS(geometry, POINT(1))",
        "S_INTERSECTS(geometry, POINT(NaN 1))",
        "S_INTERSECTS(geometry, POINT(500 1))",
        "geometry = 1",
        "S_INTERSECTS(geometry, POLYGON((0 0,1 0,1 1)))",
        "S_INTERSECTS(geometry, POLYGON((0 0,1 0,1 1,0 1)))",
        "S_INTERSECTS(geometry, POLYGON((0 0,1 1,1 0,0 1,0 0)))",
        "S_INTERSECTS(geometry, BBOX(1,2,3))",
        "S_INTERSECTS(geometry, BBOX(0,9,1,8))",
        "T_AFTER(visit, DATE('2026-02-30'))",
        "T_AFTER(workers, DATE('2026-02-03'))",
        "T_DURING(visit, INTERVAL('2026-03-01','2026-01-01'))",
        "DATE('2026-01-01')",
        "1",
        "'a'",
        "1e999 = workers",
        "\u{0} = 1",
        "status = 'a' # b",
        &deep,
        &nots,
        &ands,
        &calls,
        &bomb,
        &nested,
        &huge,
    ] {
        let error = found(bad, Language::Text, Crs::Crs84).expect_err(bad);
        assert!(error.to_string().len() < 160, "{error}");
    }
}

#[test]
fn what_is_not_cql2_json_is_refused_in_one_short_line() {
    let deep = format!("{}true{}", r#"{"op":"not","args":["#.repeat(10_000), "]}".repeat(10_000));
    let ring = vec!["[0,0]"; 1_000].join(",");
    let bomb = format!(
        r#"{{"op":"s_intersects","args":[{{"property":"geometry"}},{{"type":"Polygon","coordinates":[[{ring}],[{ring}],[{ring}]]}}]}}"#
    );
    for bad in [
        "",
        "[]",
        "null",
        "5",
        r#""a""#,
        "{}",
        r#"{"op":"="}"#,
        r#"{"op":5,"args":[]}"#,
        r#"{"op":"=","args":[]}"#,
        r#"{"op":"=","args":[{"property":"status"},null]}"#,
        r#"{"op":"and","args":[]}"#,
        r#"{"op":"drop","args":[1,2]}"#,
        r#"{"op":"=","args":[{"property":"salary"},1]}"#,
        r#"{"op":"in","args":[{"property":"status"},"active"]}"#,
        r#"{"op":"=","args":[{"property":"workers"},1e999]}"#,
        r#"{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":[]}]}"#,
        r#"{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Cube","coordinates":[1,2]}]}"#,
        &deep,
        &bomb,
    ] {
        let error = found(bad, Language::Json, Crs::Crs84).expect_err(bad);
        assert!(error.to_string().len() < 160, "{error}");
    }
}

#[test]
fn a_condition_on_one_property_says_the_same_from_its_table() {
    // Six features have too few rows for some tables, many copies have enough for all.
    let filter_text =
        "casei(accenti(name)) LIKE 'k%' AND (workers > 50 OR status IS NULL) OR NOT public";
    let few = text(filter_text);
    let mut builder = Builder::new(features().fields().to_vec());
    for n in 0..500_usize {
        let (name, status, workers, visit, public, at) = SITES[n % SITES.len()];
        builder.point(Uuid::from_u128(u128::try_from(n).unwrap()), at);
        let values = [json!(name), json!(status), json!(workers), json!(visit), json!(public)];
        for (field, value) in values.iter().enumerate() {
            builder.set_json(field, &value.to_string());
        }
    }
    let many = builder.finish().unwrap();
    let filter = filter(filter_text, Language::Text, Crs::Crs84, &many).unwrap();
    for row in 0..500 {
        assert_eq!(
            filter.passes(many.rows().row(row).unwrap()),
            few.contains(&(row % SITES.len()).to_string()),
            "{row}"
        );
    }
}
