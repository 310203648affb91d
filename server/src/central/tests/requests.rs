//! What requests are refused, how groups and pages come out, what describes the tables.

use super::*;

#[test]
fn what_is_not_understood_is_named() {
    for (filter, said) in [
        ("", "missing"),
        ("age gt", "missing"),
        ("age", "condition"),
        ("age gt 'x'", "a number is compared with a text"),
        ("jour gt '2026-01-01'", "a date without quotes"),
        ("unknown eq 1", "no column unknown"),
        ("arbre eq 1", "no column arbre"),
        ("eau eq 1", "no column eau"),
        ("age gt 1)", "unexpected )"),
        ("(age gt 1", "missing"),
        ("eau/source_eau eq 'x", "quote"),
        ("sleep(10)", "no function sleep"),
        ("age gt 1; DROP TABLE record", "not understood"),
        ("lieu eq lieu", "place"),
        ("age gt 1e999", "no column"),
        ("concat(nom,'x') eq 'y'", "no function concat"),
        ("age eq 1 2", "unexpected 2"),
        ("age eq 1 and", "missing"),
        ("$root/Submissions/arbre/espece eq 'x'", "no column"),
    ] {
        let message = refused(&[("$filter", filter)]);
        assert!(message.starts_with("$filter: ") && message.contains(said), "{filter}: {message}");
    }
    for (name, value) in [
        ("$top", "abc"),
        ("$top", "-1"),
        ("$top", ""),
        ("$skip", "1.5"),
        ("$count", "1"),
        ("$wkt", "yes"),
        ("$expand", "arbre"),
        ("$orderby", "age desc"),
        ("$orderby", "__system/submissionDate sideways"),
        ("$format", "xml"),
        ("$skiptoken", "!!"),
        ("$select", "age,nothing"),
        ("$select", "arbre/espece"),
        ("$search", "x"),
        ("filter", "age gt 1"),
        ("$apply", "aggregate(age with sum as total)"),
        ("$apply", "groupby((age),aggregate($count as age))"),
        ("$apply", "groupby((eau/usages,eau/usages))"),
        ("$apply", "groupby((age)"),
        ("$apply", "filter(age gt 1)"),
        ("$apply", "topcount(5,age)"),
    ] {
        let message = refused(&[(name, value)]);
        assert!(message.starts_with(name), "{name}={value}: {message}");
    }
    assert!(refused(&[("$top", "1"), ("$top", "2")]).contains("twice"));
    assert!(refused(&[("$select", "age"), ("$expand", "*")]).contains("$select"));
}

#[test]
fn hostile_conditions_cost_little() {
    let nested = format!("{}age gt 1{}", "(".repeat(3_900), ")".repeat(3_900));
    assert!(refused(&[("$filter", &nested)]).contains("levels"));
    let nots = format!("{}age gt 1", "not ".repeat(1_900));
    assert!(refused(&[("$filter", &nots)]).contains("levels"));
    let calls = format!("{}nom{} eq 'x'", "tolower(".repeat(800), ")".repeat(800));
    assert!(refused(&[("$filter", &calls)]).contains("levels"));
    assert!(refused(&[("$filter", &"(".repeat(10_000))]).contains("longer"));
    assert!(refused(&[("$apply", &format!("groupby{}", "(".repeat(10_000)))]).contains("$apply"));
    let wide = vec!["age eq 1"; 600].join(" or ");
    assert_eq!(found(&wide), "");
    let many = format!("age in ({})", vec!["1"; 2_000].join(","));
    assert!(refused(&[("$filter", &many)]).contains("1000 values"));
}

#[test]
fn only_the_columns_asked_for_are_written() {
    let rows = shown(
        RecordTier::Coded,
        "Submissions",
        &[("$select", "__id, age,__system/edits,eau/usages")],
    );
    assert_eq!(
        rows[0],
        json!({"__id": "uuid:1", "__system": {"edits": null}, "age": 34, "eau": {"usages": "boire laver"}})
    );
    let rows = shown(RecordTier::Coded, "Submissions", &[("$select", "eau,__system")]);
    assert_eq!(rows[0]["eau"].as_object().expect("a group").len(), 3);
    assert_eq!(rows[0]["__system"].as_object().expect("a group").len(), 12);
    assert!(rows[0].get("age").is_none());
    let trees = shown(RecordTier::Coded, "Submissions.arbre", &[("$select", "espece")]);
    assert_eq!(trees[0], json!({"espece": "nere"}));
}

#[test]
fn groups_are_counted() {
    let count = |apply: &str| {
        let plan = plan(RecordTier::Coded, "Submissions", &[("$apply", apply)]).expect("good");
        let mut all = Groups::default();
        for row in rows() {
            let mut one = Groups::default();
            plan.group(&[row], &mut one).expect("few groups");
            all.add(one).expect("few groups");
        }
        json!(plan.grouped(&all))
    };
    assert_eq!(count("aggregate($count as n)"), json!([{"n": 3}]));
    assert_eq!(count("filter(age gt 99)/aggregate($count as n)"), json!([{"n": 0}]));
    assert_eq!(count("filter(age gt 99)/groupby((age),aggregate($count as n))"), json!([]));
    assert_eq!(
        count("groupby((eau/source_eau,sexe),aggregate($count as n))"),
        json!([
            {"eau": {"source_eau": "l'eau"}, "sexe": null, "n": 1},
            {"eau": {"source_eau": "puits"}, "sexe": "f", "n": 1},
            {"eau": {"source_eau": null}, "sexe": null, "n": 1},
        ])
    );
    assert_eq!(
        count("filter(eau/source_eau eq 'l''eau (x)' or age lt 18)/groupby((age))"),
        json!([{"age": 17}])
    );
}

#[test]
fn pages_end_where_they_say_and_go_on_there() {
    for table in ["Submissions", "Submissions.arbre", "Submissions.arbre.grp.rameau"] {
        let all = shown(RecordTier::Coded, table, &[]);
        let mut found = Vec::new();
        let mut token = None::<String>;
        loop {
            let mut pairs = vec![("$top", "1")];
            if let Some(token) = &token {
                pairs.push(("$skiptoken", token));
            }
            let plan = plan(RecordTier::Coded, table, &pairs).expect("good");
            let mut place = Place::start(&plan.options, false);
            let after = plan.options.after.clone().map(|a| a.0).unwrap_or_default();
            let mut out = vec![b'['];
            for row in rows().into_iter().filter(|r| after.is_empty() || r.mark > after) {
                place.take(&plan.page(&[row]), &mut out);
            }
            out.push(b']');
            let page: Vec<Json> = serde_json::from_slice(&out).expect("rows are JSON");
            assert!(page.len() <= 1);
            found.extend(page);
            token = place.next();
            if token.is_none() {
                break;
            }
        }
        assert_eq!(found, all, "{table}");
    }
    let nothing = plan(RecordTier::Coded, "Submissions", &[("$top", "0"), ("$count", "true")]);
    let nothing = nothing.expect("good");
    let mut place = Place::start(&nothing.options, true);
    let mut out = Vec::new();
    place.take(&nothing.page(&rows()), &mut out);
    assert_eq!((out.len(), place.matched, place.next()), (0, 3, None));
    assert_eq!(nothing.options.top, Options { top: Some(0), ..Options::default() }.top);
}

#[test]
fn tables_are_described_as_central_does() {
    let schema = schema(RecordTier::Coded);
    let document = service(&schema, "https://x/v1/projects/1/forms/menage.svc");
    let names: Vec<_> = document["value"]
        .as_array()
        .expect("sets")
        .iter()
        .map(|s| s["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["Submissions", "Submissions.arbre", "Submissions.arbre.grp.rameau"]);
    let text = metadata(&schema);
    for part in [
        r#"<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="org.opendatakit.user.menage">"#,
        r#"<Property Name="age" Type="Edm.Int64"/>"#,
        r#"<Property Name="lieu" Type="Edm.GeographyPoint"/>"#,
        r#"<Property Name="eau" Type="org.opendatakit.user.menage.eau"/>"#,
        r#"<NavigationProperty Name="arbre" Type="Collection(org.opendatakit.user.menage.Submissions.arbre)"/>"#,
        r#"<EntityType Name="Submissions.arbre.grp.rameau">"#,
        r#"<Property Name="__Submissions-arbre-id" Type="Edm.String"/>"#,
        r#"<ComplexType Name="arbre.grp">"#,
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn names_become_identifiers_as_in_central() {
    for (name, expected) in [
        ("age", "age"),
        ("a-b.c", "a_b_c"),
        ("1er", "_1er"),
        ("é", "__"),
        ("-a", "__a"),
        ("_x", "_x"),
    ] {
        assert_eq!(identifier(name), expected, "{name}");
    }
}

#[test]
fn addresses_lead_where_centrals_do_and_nowhere_else() {
    let read = |path: &str| {
        let segments: Vec<_> =
            path.split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect();
        Address::read(&segments)
    };
    assert_eq!(read(""), Some(Address::Projects));
    assert_eq!(read("1"), Some(Address::Project));
    for there in [
        "1/forms/a/submissions/uuid:1/attachments",
        "1/forms/a.svc/Submissions('uuid:1')/x('2')/y",
        "1/forms/a.svc/Submissions.x.y",
        "1/datasets/d.svc/$metadata",
        "1/datasets/d/entities.csv",
    ] {
        assert!(read(there).is_some(), "{there}");
    }
    for nowhere in [
        "2",
        "1/x",
        "1/forms/a/submissions/i.xml/x",
        "1/forms/a/submissions/i/attachments/photo.jpg",
        "1/forms/a.svc/Submissions('x",
        "1/forms/a/draft",
        "1/datasets/d/entities/e/versions",
    ] {
        assert_eq!(read(nowhere), None, "{nowhere}");
    }
}
