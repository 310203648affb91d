//! Tables of a small form with groups, nested repeats and every class, read from the outside.

use serde_json::{Value as Json, json};

use super::{
    Address, Asked, Cell, Groups, Options, Place, Plan, Row, Schema, field_list, form_schema,
    identifier, metadata, service,
};
use crate::{access::RecordTier, forms::XForm, runtime::Micros};

mod requests;

const FORM: &str = r#"<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
  xmlns:jr="http://openrosa.org/javarosa" xmlns:s="urn:sanu:form:1">
<h:head><h:title>Ménage</h:title><model>
 <instance><data id="menage" version="2"><start/><nom/><age/><sexe/><remarque/><lieu/><jour/>
  <eau><source-eau/><usages/><tracé/></eau>
  <arbre jr:template=""><espece/><grp><rameau jr:template=""><fruits/></rameau></grp></arbre></data></instance>
 <bind nodeset="/data/start" type="dateTime" s:class="none"/>
 <bind nodeset="/data/nom" type="string" s:class="direct"/>
 <bind nodeset="/data/age" type="int" s:class="quasi"/>
 <bind nodeset="/data/sexe" type="string" s:class="sensitive"/>
 <bind nodeset="/data/remarque" type="string" s:class="sensitive"/>
 <bind nodeset="/data/lieu" type="geopoint" s:class="none"/>
 <bind nodeset="/data/jour" type="date" s:class="none"/>
 <bind nodeset="/data/eau/source-eau" type="string" s:class="none"/>
 <bind nodeset="/data/eau/usages" type="string" s:class="none"/>
 <bind nodeset="/data/eau/tracé" type="geotrace" s:class="quasi"/>
 <bind nodeset="/data/arbre/espece" type="string" s:class="none"/>
 <bind nodeset="/data/arbre/grp/rameau/fruits" type="decimal" s:class="none"/>
</model></h:head><h:body>
 <input ref="/data/nom"/><input ref="/data/age"/><input ref="/data/remarque"/>
 <select1 ref="/data/sexe"><item><label>F</label><value>f</value></item></select1>
 <input ref="/data/lieu"/><input ref="/data/jour"/>
 <group ref="/data/eau"><input ref="/data/eau/source-eau"/><select ref="/data/eau/usages">
  <item><label>a</label><value>boire</value></item></select></group>
 <group ref="/data/arbre"><repeat nodeset="/data/arbre"><input ref="/data/arbre/espece"/>
  <group ref="/data/arbre/grp"><group ref="/data/arbre/grp/rameau"><repeat nodeset="/data/arbre/grp/rameau">
  <input ref="/data/arbre/grp/rameau/fruits"/></repeat></group></group></repeat></group>
</h:body></h:html>"#;

fn schema(tier: RecordTier) -> Schema {
    let form = XForm::parse(FORM.as_bytes()).expect("the form is valid");
    form_schema(&[&form], tier).expect("there is a version")
}

const NOW: Micros = Micros(1_700_000_000_000_000);

fn system(review: &str, at: i64) -> Vec<Cell> {
    let mut cells = vec![Cell::Null; 12];
    cells[0] = Cell::At(Micros(at));
    cells[5] = Cell::Number(0);
    if !review.is_empty() {
        cells[7] = Cell::Text(review.to_owned());
    }
    cells
}

fn row(n: i64, open: Json, sealed: Json) -> Row {
    let at = 1_600_000_000_000_000 + n * 86_400_000_000;
    let review = if n == 2 { "rejected" } else { "" };
    Row { mark: format!("m{n}"), id: format!("uuid:{n}"), system: system(review, at), open, sealed }
}

/// Three submissions: the second has trees, the third an age that nobody typed as a number.
fn rows() -> Vec<Row> {
    vec![
        row(
            1,
            json!({"meta": {"instanceID": "uuid:1"}, "jour": "2026-11-20",
                "start": "2026-11-21T10:00:00.000+01", "lieu": {"lat": 12.5, "lon": -8.25, "alt": 300.0, "acc": 4.5},
                "eau": {"source-eau": "puits", "usages": ["boire", "laver"]}}),
            json!({"nom": "Awa", "age": 34, "sexe": "f", "remarque": "chez Moussa",
                "eau": {"tracé": [{"lat": 12.123_456, "lon": -8.0, "alt": 1.0}, {"lat": 12.2, "lon": -8.1}]}}),
        ),
        row(
            2,
            json!({"arbre": [{"espece": "nere"}, {"espece": "karite", "grp": {"rameau": [{"fruits": 2.5}, {"fruits": 3}]}}]}),
            json!({"age": 17}),
        ),
        row(
            3,
            json!({"jour": "bientôt", "eau": {"source-eau": "l'eau"}}),
            json!({"age": "beaucoup"}),
        ),
    ]
}

fn plan(tier: RecordTier, table: &str, pairs: &[(&str, &str)]) -> Result<Plan, String> {
    let pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let asked = Asked::read(&pairs).map_err(|e| e.to_string())?;
    let path: Vec<_> = table.split('.').collect();
    let plan = Plan::of(schema(tier), &path, &asked, NOW).map_err(|e| e.to_string())?;
    plan.ok_or_else(|| String::from("no such table"))
}

fn shown(tier: RecordTier, table: &str, pairs: &[(&str, &str)]) -> Vec<Json> {
    let plan = plan(tier, table, pairs).expect("a good request");
    let mut place = Place::start(&plan.options, plan.options.count);
    let mut out = vec![b'['];
    for row in rows() {
        place.take(&plan.page(&[row]), &mut out);
    }
    out.push(b']');
    serde_json::from_slice(&out).expect("rows are JSON")
}

/// The numbers of the submissions that fulfil a condition.
fn found(filter: &str) -> String {
    let rows = shown(RecordTier::Coded, "Submissions", &[("$filter", filter), ("$select", "__id")]);
    rows.iter().map(|r| r["__id"].as_str().expect("an id").trim_start_matches("uuid:")).collect()
}

fn refused(pairs: &[(&str, &str)]) -> String {
    plan(RecordTier::Coded, "Submissions", pairs).expect_err("a bad request")
}

#[test]
fn a_row_has_every_column_typed_and_null_where_nothing_is() {
    let rows = shown(RecordTier::Coded, "Submissions", &[]);

    let first = &rows[0];
    assert_eq!(first["__id"], "uuid:1");
    assert_eq!(first["__system"]["submissionDate"], "2020-09-14T12:26:40.000Z");
    assert_eq!(first["__system"]["reviewState"], Json::Null);
    assert_eq!(first["meta"], json!({"instanceID": "uuid:1", "instanceName": null}));
    assert_eq!(first["age"], 34);
    assert_eq!(first["start"], "2026-11-21T09:00:00Z");
    let point = json!({"type": "Point", "coordinates": [-8.25, 12.5, 300], "properties": {"accuracy": 4.5}});
    assert_eq!(first["lieu"].to_string(), point.to_string());
    assert_eq!(first["eau"]["usages"], "boire laver");
    assert_eq!(first["eau"]["source_eau"], "puits");
    assert_eq!(first["arbre@odata.navigationLink"], "Submissions('uuid:1')/arbre");
    assert!(first.get("arbre").is_none());
    // What does not have the type of its column is null, never something else.
    assert_eq!((&rows[2]["age"], &rows[2]["jour"]), (&Json::Null, &Json::Null));
}

#[test]
fn names_are_withheld_from_everybody_and_the_rest_by_tier() {
    for (tier, age) in [(RecordTier::Coded, json!(34)), (RecordTier::Open, Json::Null)] {
        let rows = shown(tier, "Submissions", &[]);
        assert_eq!(rows[0]["nom"], Json::Null, "{tier:?}");
        assert_eq!(rows[0]["remarque"], Json::Null, "what somebody typed: {tier:?}");
        assert_eq!(rows[0]["age"], age, "{tier:?}");
        assert!(!json!(rows).to_string().contains("Awa"));
    }
    let fields = field_list(&schema(RecordTier::Coded), false);
    let withheld: Vec<_> = fields
        .as_array()
        .expect("a list")
        .iter()
        .filter(|f| f["withheld"] == true)
        .filter_map(|f| f["path"].as_str())
        .collect();
    assert_eq!(withheld, ["/nom", "/remarque", "/meta/instanceName"]);
}

#[test]
fn a_withheld_answer_cannot_be_asked_for_either() {
    assert_eq!(found("nom eq 'Awa'"), "");
    assert_eq!(found("startswith(nom,'A')"), "");
    assert_eq!(found("nom ne null"), "");
    assert_eq!(found("contains(remarque,'Moussa') or length(nom) gt 0"), "");
    let open = shown(RecordTier::Open, "Submissions", &[("$filter", "age gt 0")]);
    assert!(open.is_empty());
    let plan = plan(
        RecordTier::Coded,
        "Submissions",
        &[("$apply", "groupby((nom),aggregate($count as n))")],
    );
    let plan = plan.expect("a good request");
    let mut groups = Groups::default();
    plan.group(&rows(), &mut groups).expect("few groups");
    assert_eq!(plan.grouped(&groups), [json!({"nom": null, "n": 3})]);
}

#[test]
fn a_version_that_was_stricter_decides() {
    let old = FORM.replace(
        r#"nodeset="/data/age" type="int" s:class="quasi""#,
        r#"nodeset="/data/age" type="int" s:class="direct""#,
    );
    let [old, new] = [old.as_str(), FORM].map(|xml| XForm::parse(xml.as_bytes()).expect("valid"));

    let schema = form_schema(&[&old, &new], RecordTier::Coded).expect("two versions");

    let fields = field_list(&schema, false);
    assert!(
        fields
            .as_array()
            .expect("a list")
            .iter()
            .any(|f| f["path"] == "/age" && f["withheld"] == true)
    );
}

#[test]
fn places_of_people_are_rounded_in_every_form() {
    let rows = shown(RecordTier::Coded, "Submissions", &[]);
    assert_eq!(rows[0]["eau"]["trac_"]["coordinates"], json!([[-8, 12.123], [-8.1, 12.2]]));
    let rows = shown(RecordTier::Coded, "Submissions", &[("$wkt", "true")]);
    assert_eq!(rows[0]["eau"]["trac_"], "LINESTRING (-8 12.123,-8.1 12.2)");
    assert_eq!(rows[0]["lieu"], "POINT (-8.25 12.5 300)");
}

#[test]
fn repeats_are_tables_joined_by_stable_ids() {
    let trees = shown(RecordTier::Coded, "Submissions.arbre", &[]);
    let species: Vec<_> = trees.iter().map(|t| t["espece"].as_str().expect("a text")).collect();
    assert_eq!(species, ["nere", "karite"]);
    assert!(trees.iter().all(|t| t["__Submissions-id"] == "uuid:2"));
    assert_ne!(trees[0]["__id"], trees[1]["__id"]);

    let branches = shown(RecordTier::Coded, "Submissions.arbre.grp.rameau", &[]);
    let fruits: Vec<_> = branches.iter().map(|b| b["fruits"].as_f64().expect("a number")).collect();
    assert_eq!(fruits, [2.5, 3.0]);
    assert!(branches.iter().all(|b| b["__Submissions-arbre-id"] == trees[1]["__id"]));
    let link = trees[1]["grp"]["rameau@odata.navigationLink"].as_str().expect("a link");
    let id = trees[1]["__id"].as_str().expect("an id");
    assert_eq!(link, format!("Submissions('uuid:2')/arbre('{id}')/grp/rameau"));

    let whole = shown(RecordTier::Coded, "Submissions", &[("$expand", "*")]);
    assert_eq!(whole[1]["arbre"][1]["grp"]["rameau"][1]["fruits"], 3);
    assert_eq!(whole[1]["arbre"][1]["__id"], trees[1]["__id"]);
    assert_eq!(whole[0]["arbre"], json!([]));

    for wrong in ["Submissions.eau", "Submissions.arbre.grp", "Submissions.x", "Entities", ""] {
        assert!(plan(RecordTier::Coded, wrong, &[]).is_err(), "{wrong}");
    }
}

#[test]
fn conditions_follow_the_logic_of_odata() {
    for (filter, expected) in [
        ("age gt 18", "1"),
        ("age le 17 or age gt 30", "12"),
        ("not (age gt 18)", "23"),
        ("age eq null", "3"),
        ("age ne 34", "23"),
        ("age ne null and age lt 18.5", "2"),
        ("eau/source_eau eq 'l''eau'", "3"),
        ("eau/source_eau in ('puits','forage')", "1"),
        ("contains(eau/usages,'laver')", "1"),
        ("contains(eau/usages,'laver') eq true", "1"),
        ("startswith(tolower(sexe),'F')", ""),
        ("toupper(trim(sexe)) eq 'F'", "1"),
        ("jour eq 2026-11-20", "1"),
        ("year(jour) eq 2026 and month(jour) eq 11 and day(jour) eq 20", "1"),
        ("start lt 2026-11-21T09:00:00.001Z", "1"),
        ("date(start) eq 2026-11-21", "1"),
        ("__system/submissionDate ge 2020-09-15T12:26:40Z", "23"),
        ("year(__system/submissionDate) lt year(now())", "123"),
        ("__system/reviewState eq 'rejected'", "2"),
        ("__system/reviewState ne org.opendatakit.submission.ReviewState'rejected'", "13"),
        ("$root/Submissions/__system/reviewState eq 'rejected'", "2"),
        ("__id eq 'uuid:3'", "3"),
        ("lieu ne null", "1"),
        ("length(eau/source_eau) eq 5 and age ge 34", "1"),
        ("meta/instanceID eq 'uuid:1'", "1"),
        ("null eq null", "123"),
    ] {
        assert_eq!(found(filter), expected, "{filter}");
    }
    let of_trees =
        |filter| shown(RecordTier::Coded, "Submissions.arbre", &[("$filter", filter)]).len();
    assert_eq!(of_trees("espece eq 'karite'"), 1);
    assert_eq!(of_trees("$root/Submissions/__system/reviewState eq 'rejected'"), 2);
    assert_eq!(of_trees("$root/Submissions/age gt 17"), 0);
    assert_eq!(of_trees("__Submissions-id eq 'uuid:2'"), 2);
}
