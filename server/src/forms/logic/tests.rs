//! What the form's logic finds in submissions, and what it leaves alone.

use std::fmt::Write as _;

use jiff::civil::{Date, date};

use crate::forms::model::XForm;
use crate::forms::{Severity, decode};

const DAY: Date = date(2026, 11, 21);

/// A form with every kind of rule.
const VISIT: &str = r#"<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
  xmlns:jr="http://openrosa.org/javarosa" xmlns:entities="http://www.opendatakit.org/xforms/entities">
<h:head><h:title>Visite</h:title><model entities:entities-version="2024.1.0">
 <instance><data id="visite" version="1"><start/><end/><today/>
  <consent/><name/><why/><age/><minor/><double/><region/><town/><when/><stamp/><market/>
  <house><rooms/><roof/></house>
  <member jr:template=""><born/><older/><count/></member>
  <meta><instanceID/><instanceName/><entity dataset="visites" create="" id=""><label/></entity></meta>
 </data></instance>
 <instance id="towns"><root>
  <item><name>kita</name><region>kayes</region></item><item><name>bla</name><region>segou</region></item></root></instance>
 <instance id="markets" src="jr://file-csv/markets.csv"/>
 <bind nodeset="/data/start" type="dateTime" jr:preload="timestamp" jr:preloadParams="start"/>
 <bind nodeset="/data/end" type="dateTime" jr:preload="timestamp" jr:preloadParams="end"/>
 <bind nodeset="/data/today" type="date" jr:preload="date" jr:preloadParams="today"/>
 <bind nodeset="/data/consent" type="string" required="true()"/>
 <bind nodeset="/data/name" type="string" relevant=" /data/consent = 'yes' " required="true()"/>
 <bind nodeset="/data/why" type="string" required="/data/consent = 'no'"/>
 <bind nodeset="/data/age" type="int" constraint=". != 13 and regex(., '[0-9]+')"/>
 <bind nodeset="/data/minor" type="string" calculate="/data/age &lt; 18"/>
 <bind nodeset="/data/double" type="string" relevant="/data/minor" calculate="/data/age * 2 div 3"/>
 <bind nodeset="/data/when" type="date" constraint=". &lt;= today() or /data/age = 99"/>
 <bind nodeset="/data/stamp" type="string" calculate="uuid()"/>
 <bind nodeset="/data/house" relevant="/data/consent = 'yes'"/>
 <bind nodeset="/data/house/rooms" type="int" required="true()"/>
 <bind nodeset="/data/member/born" type="int" constraint=". &gt; 1900"/>
 <bind nodeset="/data/member/older" type="string" calculate="../born &lt; current()/../../member[position() = 1]/born"/>
 <bind nodeset="/data/member/count" type="int" calculate="count(../../member)"/>
 <bind nodeset="/data/meta/instanceName" type="string" calculate="concat('Visite ', /data/today)"/>
 <bind nodeset="/data/meta/entity/@create" type="string" calculate="/data/consent = 'yes'"/>
</model></h:head>
<h:body>
 <input ref="/data/consent"/><input ref="/data/name"/><input ref="/data/why"/><input ref="/data/age"/><input ref="/data/when"/>
 <input ref="/data/region"/>
 <select1 ref="/data/town"><itemset nodeset="instance('towns')/root/item[region = /data/region]"><value ref="name"/><label ref="name"/></itemset></select1>
 <select ref="/data/market"><itemset nodeset="instance('markets')/root/item[region = /data/region]"><value ref="name"/><label ref="name"/></itemset></select>
 <group ref="/data/house"><input ref="/data/house/rooms"/><input ref="/data/house/roof"/></group>
 <group ref="/data/member"><repeat nodeset="/data/member"><input ref="/data/member/born"/></repeat></group>
</h:body></h:html>"#;

fn visit() -> XForm {
    XForm::parse(VISIT.as_bytes()).expect("the form is valid")
}

fn found_with(form: &XForm, content: &str) -> Vec<(&'static str, String)> {
    let xml = format!("<data id=\"visite\" version=\"1\">{content}</data>");
    let decoded = decode(form, xml.as_bytes(), DAY).expect("it is XML");
    let all = decoded.violations.into_iter();
    all.map(|violation| (violation.rule, violation.path)).collect()
}

/// The rules broken by a submission that consented, or not.
fn found(content: &str) -> Vec<(&'static str, String)> {
    found_with(&visit(), content)
}

const YES: &str = "<consent>yes</consent><name>Awa</name><house><rooms>2</rooms></house>";
const NO: &str = "<consent>no</consent><why>absent</why>";

fn one(rule: &'static str, path: &str) -> Vec<(&'static str, String)> {
    vec![(rule, path.to_owned())]
}

#[test]
fn a_submission_that_follows_its_form_has_nothing_to_be_found() {
    let start = "<start>2026-11-20T10:00:00.000Z</start><end>2026-11-20T10:30:00.000Z</end><today>2026-11-20</today>";
    let meta = "<meta><instanceID>uuid:1</instanceID><instanceName>Visite 2026-11-20</instanceName>\
                <entity dataset='visites' create='1' id='8c1d1f5e-0000-4000-8000-000000000001'><label>Kita</label></entity></meta>";
    let content = format!(
        "{start}{YES}<age>12</age><minor>1</minor><double>8.0</double><region>kayes</region>\
         <town>kita</town><when>2026-11-20</when><stamp>1234</stamp>\
         <member><born>1990</born><older>0</older><count>2</count></member>\
         <member><born>1980</born><older>1</older><count>2</count></member>{meta}"
    );
    assert_eq!(found(&content), []);
    assert_eq!(found(NO), []);
}

#[test]
fn a_broken_constraint_marks_the_record_and_nothing_more() {
    let content = format!("{YES}<age>13</age>");
    assert_eq!(found(&content), one("L01", "/data/age"));
    let xml = format!("<data id=\"visite\" version=\"1\">{content}</data>");
    let decoded = decode(&visit(), xml.as_bytes(), DAY).expect("it is XML");
    assert!(decoded.violations.iter().all(|v| v.severity == Severity::Warning));
    // What is wrong by itself is not judged again.
    assert_eq!(found(&format!("{YES}<age>many</age>")), one("A18", "/data/age"));
}

#[test]
fn answers_that_the_form_would_not_have_asked_for_are_found() {
    assert_eq!(found(&format!("{NO}<name>Awa</name>")), one("L02", "/data/name"));
    let inside = format!("{NO}<house><rooms>2</rooms></house>");
    assert_eq!(found(&inside), one("L02", "/data/house/rooms"));
    // A zero that was calculated is false, not a text that happens to be there.
    let adult = format!("{YES}<age>30</age><minor>0</minor><double>20</double>");
    assert_eq!(found(&adult), one("L02", "/data/double"));
}

#[test]
fn what_is_asked_and_demanded_may_not_be_missing() {
    let nameless = "<consent>yes</consent><house><rooms>2</rooms></house>";
    assert_eq!(found(nameless), one("L03", "/data/name"));
    let homeless = "<consent>yes</consent><name>Awa</name>";
    assert_eq!(found(homeless), one("L03", "/data/house/rooms"));
    assert_eq!(found("<consent>no</consent><why/>"), one("L03", "/data/why"));
    // Always demanded and blank: an error, unless the form did not ask.
    assert_eq!(
        found(&format!("{YES}<name/>").replace("<name>Awa</name>", "")),
        one("A05", "/data/name")
    );
    assert_eq!(found(&format!("{NO}<name/>")), []);
}

#[test]
fn calculated_answers_are_calculated_again() {
    assert_eq!(found(&format!("{YES}<age>30</age><minor>1</minor>")), one("L04", "/data/minor"));
    let members = "<member><born>1990</born><older>0</older><count>1</count></member>\
                   <member><born>1980</born><older>0</older><count>2</count></member>";
    let broken = found(&format!("{YES}{members}"));
    assert_eq!(
        broken,
        [("L04", "/data/member[1]/count".to_owned()), ("L04", "/data/member[2]/older".to_owned())]
    );
    let named = "<today>2026-11-20</today><meta><instanceName>Visite</instanceName>\
                 <entity dataset='visites' create='0' id='x'><label/></entity></meta>";
    let broken = found(&format!("{YES}{named}"));
    assert_eq!(
        broken,
        [
            ("L04", "/data/meta/instanceName".to_owned()),
            ("L04", "/data/meta/entity/@create".to_owned())
        ]
    );
}

#[test]
fn a_choice_outside_its_filter_is_found() {
    let town = |region: &str| format!("{YES}<region>{region}</region><town>bla</town>");
    assert_eq!(found(&town("segou")), []);
    assert_eq!(found(&town("kayes")), one("L05", "/data/town"));
    // A code that is in no list at all is an error already.
    assert_eq!(found(&town("segou").replace("bla", "paris")), one("A06", "/data/town"));
}

#[test]
fn lists_in_files_are_checked_once_they_are_at_hand() {
    let content = format!("{YES}<region>kayes</region><market>a b</market>");
    let mut form = visit();
    assert_eq!(form.wanted_files().collect::<Vec<_>>(), ["markets.csv"]);
    assert_eq!(found_with(&form, &content), []);

    form.fill("markets.csv", b"name,region\na,kayes\nb,segou\n");

    assert_eq!(found_with(&form, &content), one("L05", "/data/market"));
    assert_eq!(found_with(&form, &content.replace("a b", "a")), []);
}

#[test]
fn the_clock_is_that_of_the_interview() {
    let at = |start: &str, end: &str| {
        found(&format!(
            "<start>{start}</start><end>{end}</end>{YES}<when>2026-11-20</when><age>20</age>"
        ))
    };
    assert_eq!(at("2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z"), []);
    assert_eq!(at("2026-11-19T08:00:00Z", "2026-11-19T09:00:00Z"), one("L01", "/data/when"));
    // It may have been asked before or after midnight.
    assert_eq!(at("2026-11-19T23:00:00Z", "2026-11-20T01:00:00Z"), []);
    // The phone's own day, not Mali's.
    assert_eq!(
        at("2026-11-19T23:30:00+02:00", "2026-11-19T23:50:00+02:00"),
        one("L01", "/data/when")
    );
    assert_eq!(at("2026-11-20T01:00:00+02:00", "2026-11-20T01:10:00+02:00"), []);
}

#[test]
fn another_version_of_the_form_is_not_judged_by_this_one() {
    let xml = "<data id=\"visite\" version=\"0\"><consent>no</consent><name>Awa</name></data>";
    let decoded = decode(&visit(), xml.as_bytes(), DAY).expect("it is XML");
    assert_eq!(decoded.violations, []);
}

#[test]
fn what_is_not_evaluated_is_said_and_finds_nothing() {
    let form = visit();
    let said: Vec<_> = form.not_evaluated().iter().map(|n| (n.path.as_str(), n.part)).collect();
    assert_eq!(said, [("/data/stamp", "calculate")]);

    let hostile =
        VISIT.replace(". &gt; 1900", &format!("{}1{}", "(".repeat(20_000), ")".repeat(20_000)));
    let form = XForm::parse(hostile.as_bytes()).expect("odd logic does not make a form unusable");
    assert_eq!(form.not_evaluated().len(), 2);
    let content = format!("{YES}<member><born>1</born><older>0</older><count>1</count></member>");
    assert_eq!(found_with(&form, &content), []);
}

#[test]
fn an_endless_calculation_ends() {
    let quadratic = VISIT
        .replace("count(../../member)", "count(../../member[count(../../member/born) &gt; 0])");
    let form = XForm::parse(quadratic.as_bytes()).expect("the form is valid");
    let mut content = YES.to_owned();
    for _ in 0..20_000 {
        write!(content, "<member><born>1980</born><older>0</older><count>20000</count></member>")
            .expect("a text grows");
    }
    let broken = found_with(&form, &content);
    assert_eq!(broken, one("L06", "/data"));
}
