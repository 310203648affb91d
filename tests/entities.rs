//! Entities as the ODK specification has them, 2022.1 to 2025.1, sent by hand so that every attribute is known.
//!
//! Where ODK Central is known to fail its users, a test shows that this server does not:
//!
//! | Central | here | test |
//! |---|---|---|
//! | one entity that fails takes the others of its submission with it | the others are made, the record says which was not | `several`: `one_block_that_cannot_be_followed_does_not_take_the_others_with_it` |
//! | an update before its create is an error unless it is of a branch | held, then applied | `branches`: `an_update_of_no_branch_waits_for_its_create_too` |
//! | a chain is held in its own order, five days | any order, and forced by an event | `branches`; `held` |
//! | an upsert without a base version failed (issue 727) | made | `blocks`: `an_upsert_makes_what_is_not_there_and_changes_what_is` |
//! | an entity without a label is refused | made, marked, and shown by its id | `blocks`: `a_new_entity_without_a_label_is_made_and_marked` |
//! | a second create of an id is refused and lost in a log | kept as a version, shown as a conflict | `blocks`: `an_id_that_two_submissions_create_is_one_entity_and_a_conflict` |
//! | an error stands in a log of the server | a finding on the record, which reviewers see | `blocks`: `what_cannot_be_followed_is_kept_and_marked` |
//! | an integrity request of 400 ids is refused | thousands | `openrosa`: `an_integrity_request_may_name_a_thousand_entities` |
//! | the original sent again after an edit is refused for ever | a success | `openrosa::submissions` |
//! | an edit whose former version is not here is refused | one record in any order | `chains` |
//! | a submission without an instance id doubles when it is sent again | one record | `openrosa::submissions` |
//! | a conflict says which properties, and is "resolved" by a tick | both values, who and when; decided value by value | `conflicts` |

mod blocks;
mod branches;
mod given;
mod held;
mod several;

use std::collections::BTreeMap;

use crate::support::{Server, request, server::Phone, xml::submit};

/// What phones read of one entity: label, version, and its two properties.
type Row = (String, String, String, String);

/// A form of somebody else's study, whose submissions say something of a well in the list `puits`; `inside` are
/// groups and repeats with entities of their own.
fn form(id: &str, spec: &str, inside: &str) -> String {
    let bind = |path: &str, name: &str| {
        format!(
            "<bind nodeset=\"/data/{path}\" type=\"string\" entities:saveto=\"{name}\" sanu:class=\"none\"/>"
        )
    };
    let mut binds = bind("nom", "nom") + &bind("eau", "eau");
    if inside.contains("<pompe") {
        binds += &bind("pompe/nom", "nom");
    }
    format!(
        "<?xml version=\"1.0\"?><h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" \
         xmlns:jr=\"http://openrosa.org/javarosa\" xmlns:sanu=\"urn:sanu:form:1\" \
         xmlns:entities=\"http://www.opendatakit.org/xforms/entities\"><h:head><h:title>Puits</h:title>\
         <model entities:entities-version=\"{spec}\"><instance><data id=\"{id}\" version=\"1\"><nom/><eau/>{inside}<meta>\
         <instanceID/><entity dataset=\"puits\" create=\"1\" update=\"1\" id=\"\" baseVersion=\"\" trunkVersion=\"\" \
         branchId=\"\"><label/></entity></meta></data></instance>{binds}</model></h:head><h:body>{}</h:body></h:html>",
        if inside.contains("<pompe") {
            "<group ref=\"/data/pompe\"><repeat nodeset=\"/data/pompe\"/></group>"
        } else {
            ""
        }
    )
}

/// Publishes a form; what was said, when it was refused.
fn publish(server: &Server, xml: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("form.xml");
    std::fs::write(&file, xml).unwrap();
    let out = server.cli(&["form", "publish", file.to_str().unwrap()]);
    if out.status.success() { Ok(()) } else { Err(String::from_utf8(out.stderr).unwrap()) }
}

/// A server that has the form, and a phone.
fn study(server: &Server) -> Phone {
    publish(server, &form("puits", "2024.1.0", "")).unwrap();
    server.phone("agent-1", None)
}

/// The id of the well of this number.
fn well(number: u32) -> String {
    format!("5a5a5a5a-0000-4000-8000-{number:012}")
}

/// A submission: its number, the attributes of its block, label, name and water; `~` leaves a property out.
fn says(number: u32, block: &str, label: &str, [name, water]: [&str; 2]) -> String {
    let element = |tag: &str, text: &str| match text {
        "~" => String::new(),
        text => format!("<{tag}>{text}</{tag}>"),
    };
    format!(
        "<data id=\"puits\" version=\"1\">{}{}<meta><instanceID>uuid:5a5a5a5a-1111-4000-8000-{number:012}</instanceID>\
         <entity dataset=\"puits\" {block}><label>{label}</label></entity></meta></data>",
        element("nom", name),
        element("eau", water)
    )
}

/// Attributes that create this well.
fn create(number: u32) -> String {
    format!("create=\"1\" id=\"{}\"", well(number))
}

/// Attributes that update this well: its base, its trunk (0 = none) and its branch.
fn update(number: u32, base: u32, (branch, trunk): (&str, u32)) -> String {
    let trunk = if trunk == 0 { String::new() } else { trunk.to_string() };
    let id = well(number);
    format!(
        "update=\"1\" id=\"{id}\" baseVersion=\"{base}\" trunkVersion=\"{trunk}\" branchId=\"{branch}\""
    )
}

const NO_BRANCH: (&str, u32) = ("", 0);

fn send(phone: &Phone, xml: &str) {
    let answer = submit(&phone.url, xml);
    assert_eq!(answer.status, 201, "{}", answer.text());
}

/// The wells as a phone reads them.
fn wells(server: &Server, phone: &Phone) -> BTreeMap<String, Row> {
    server.settled();
    let list = request("GET", &format!("{}/forms/puits/lists/puits.csv", phone.url), &[], b"");
    assert_eq!(list.status, 200, "{}", list.text());
    let mut rows = csv::Reader::from_reader(list.body.as_slice());
    let cell =
        |row: &BTreeMap<String, String>, name: &str| row.get(name).cloned().unwrap_or_default();
    rows.deserialize()
        .map(|row| {
            let row: BTreeMap<String, String> = row.unwrap();
            let said = ["label", "__version", "nom", "eau"].map(|name| cell(&row, name));
            let [label, version, name, water] = said;
            (cell(&row, "name"), (label, version, name, water))
        })
        .collect()
}

/// One well as a phone reads it, joined by `|`.
fn shown(server: &Server, phone: &Phone, number: u32) -> String {
    let all = wells(server, phone);
    let Some((label, version, name, water)) = all.get(&well(number)) else {
        return String::from("none");
    };
    format!("{label}|{version}|{name}|{water}")
}

/// State and reason of every record, in order.
fn records(server: &Server) -> String {
    server.settled();
    server.sql("SELECT state, reason FROM record ORDER BY seq")
}

/// What rules the last record broke.
fn findings(server: &Server) -> String {
    server.settled();
    server.sql("SELECT violations FROM record ORDER BY seq DESC LIMIT 1")
}

fn same_when_rebuilt(server: &mut Server) {
    server.stop();
    let live = server.cli_json(&["derived-hash"]);
    assert_eq!(live["hashes"], server.cli_json(&["rebuild"])["hashes"], "live and rebuilt differ");
}
