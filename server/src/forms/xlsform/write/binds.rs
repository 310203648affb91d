//! The binds: what each question is, when it is asked, what it must be.

use std::collections::HashMap;

use super::{
    super::{
        book::{Faults, Row},
        expression::{only_name, paths},
        itext::{Said, Texts},
        survey::{is_no, is_yes, parameters},
        tree::{Form, Id, Kind},
        xml::Xml,
    },
    own_prefix,
};

/// One bind: its attributes, in order.
struct Bind {
    path: String,
    attributes: Vec<(String, String)>,
    /// Whether somebody answers it: then only its row can say what it reveals.
    is_asked: bool,
}

pub(super) fn write(form: &Form, texts: &mut Texts, faults: &mut Faults) -> String {
    let mut binds = Vec::new();
    for id in &form.roots {
        node(form, *id, &mut binds, texts, faults);
    }
    let mut sets_id = false;
    if let Some(entity) = &form.entity {
        sets_id = entity.get("entity_id").is_none();
        entity_binds(form, entity, &mut binds, faults);
    }
    if let Some(audit) = &form.audit {
        let mut attributes = vec![attribute("type", "binary")];
        attributes.extend(
            parameters(audit).map(|(name, value)| (format!("odk:{name}"), value.to_owned())),
        );
        binds.push(meta("audit", attributes));
    }
    let id = [("type", "string"), ("readonly", "true()"), ("jr:preload", "uid")];
    binds.push(meta("instanceID", id.map(|(n, v)| attribute(n, v)).to_vec()));
    if let Some(name) = form.settings.get("instance_name") {
        let name = paths(form, name, None, false, &form.settings.at("instance_name"), faults);
        binds.push(meta(
            "instanceName",
            vec![attribute("type", "string"), attribute("calculate", &name)],
        ));
    }
    if let Some(prefix) = own_prefix(form) {
        classify(&mut binds, &format!("{prefix}:class"));
    }
    let mut xml = Xml::default();
    for bind in binds {
        xml.open("bind").attribute("nodeset", &bind.path);
        for (name, value) in &bind.attributes {
            xml.attribute(name, value);
        }
        xml.close();
        if sets_id && bind.path == "/data/meta/entity/@id" {
            xml.open("setvalue").attribute("ref", &bind.path);
            xml.attribute("event", "odk-instance-first-load").attribute("value", "uuid()").close();
        }
    }
    xml.finish()
}

fn attribute(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn meta(name: &str, attributes: Vec<(String, String)>) -> Bind {
    Bind { path: format!("/data/meta/{name}"), attributes, is_asked: false }
}

fn node(form: &Form, id: Id, binds: &mut Vec<Bind>, texts: &mut Texts, faults: &mut Faults) {
    let node = form.node(id);
    let path = form.path(id);
    let mut attributes = Vec::new();
    let mut is_asked = false;
    match &node.kind {
        Kind::Count(expression) => {
            let place = node.row.at("repeat_count");
            let calculate = paths(form, expression, Some(id), false, &place, faults);
            attributes.extend([
                attribute("type", "string"),
                attribute("readonly", "true()"),
                attribute("calculate", &calculate),
            ]);
        }
        Kind::Question { of, .. } => {
            is_asked = of.control.is_some();
            if let Some((kind, parameter)) = of.preload {
                attributes.extend([
                    attribute("jr:preload", kind),
                    attribute("jr:preloadParams", parameter),
                ]);
            }
            attributes.push(attribute("type", of.bind));
            if of.is_readonly {
                attributes.push(attribute("readonly", "true()"));
            }
        }
        Kind::Group | Kind::Repeat => {}
    }
    if !matches!(node.kind, Kind::Count(_)) {
        said(form, id, &path, &mut attributes, (texts, faults));
    }
    if !attributes.is_empty() {
        binds.push(Bind { path, attributes, is_asked });
    }
    for child in &node.children {
        self::node(form, *child, binds, texts, faults);
    }
}

/// What the row says beside its type.
fn said(
    form: &Form,
    id: Id,
    path: &str,
    attributes: &mut Vec<(String, String)>,
    (texts, faults): (&mut Texts, &mut Faults),
) {
    let row = &form.node(id).row;
    for (column, name) in [
        ("read_only", "readonly"),
        ("required", "required"),
        ("relevant", "relevant"),
        ("constraint", "constraint"),
        ("calculation", "calculate"),
    ] {
        let Some(text) = row.get(column) else { continue };
        let is_truth = matches!(column, "read_only" | "required");
        let value = match text {
            text if is_truth && is_yes(text) => String::from("true()"),
            text if is_truth && is_no(text) => String::from("false()"),
            text => paths(form, text, Some(id), false, &row.at(column), faults),
        };
        attributes.retain(|(known, _)| known != name);
        attributes.push((name.to_owned(), value));
    }
    for (column, mark) in
        [("constraint_message", "jr:constraintMsg"), ("required_message", "jr:requiredMsg")]
    {
        let message = texts.said(form, row, (column, format!("{path}:{mark}")), Some(id), faults);
        match message {
            Some(Said::Id(of)) => attributes.push((mark.to_owned(), format!("jr:itext('{of}')"))),
            Some(Said::Here(_)) => {
                attributes.push((mark.to_owned(), row.get(column).unwrap_or_default().to_owned()));
            }
            None => {}
        }
    }
    if let Some(property) = row.get("save_to") {
        attributes.push(attribute("entities:saveto", property));
    }
    if let Some((_, pixels)) = parameters(row).find(|(name, _)| *name == "max-pixels") {
        attributes.push(attribute("orx:max-pixels", pixels));
    }
    for (column, value) in &row.cells {
        if let Some(name) = column.strip_prefix("bind::") {
            let value = paths(form, value, Some(id), false, &row.at(column), faults);
            attributes.retain(|(known, _)| known != name);
            attributes.push((name.to_owned(), value));
        }
    }
}

/// ODK Entities: which one, whether it is made or changed, on which version that builds.
fn entity_binds(form: &Form, entity: &Row, binds: &mut Vec<Bind>, faults: &mut Faults) {
    let mut add = |name: &str, calculate: Option<String>| {
        let mut attributes: Vec<_> =
            calculate.into_iter().map(|c| (String::from("calculate"), c)).collect();
        attributes.extend([attribute("readonly", "true()"), attribute("type", "string")]);
        binds.push(meta(&format!("entity/{name}"), attributes));
    };
    let mut said = |column: &str| {
        entity.get(column).map(|text| paths(form, text, None, false, &entity.at(column), faults))
    };
    let (create, update, id) = (said("create_if"), said("update_if"), said("entity_id"));
    if create.is_some() {
        add("@create", create);
    }
    if update.is_some() {
        add("@update", update);
    }
    if let Some(id) = &id {
        let list = entity.get("list_name").unwrap_or_default();
        let of = |column: &str| Some(format!("instance('{list}')/root/item[name={id}]/{column}"));
        add("@baseVersion", of("__version"));
        add("@trunkVersion", of("__trunkVersion"));
        add("@branchId", of("__branchId"));
    }
    add("@id", id);
    if let Some(label) = said("label") {
        // A label that is no name and no call is a text.
        add("label", Some(label));
    }
}

/// Gives a class to what nobody answers: as heavy as what it is calculated from. A question without one stays without,
/// and counts as sensitive.
fn classify(binds: &mut [Bind], class: &str) {
    const WEIGHTS: [&str; 4] = ["none", "quasi", "sensitive", "direct"];
    let weight = |class: &str| WEIGHTS.iter().position(|known| *known == class).unwrap_or(2);
    let mut weights: HashMap<String, usize> = HashMap::new();
    for bind in binds {
        let of =
            |name: &str| bind.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let own = match of(class) {
            Some(own) => Some(weight(own)),
            None if bind.is_asked => None,
            None if of("odk:track-changes") == Some("true") => Some(3),
            None => {
                let read = read_paths(of("calculate").unwrap_or_default(), &bind.path);
                Some(
                    read.iter()
                        .map(|path| weights.get(path).copied().unwrap_or(0))
                        .max()
                        .unwrap_or(0),
                )
            }
        };
        weights.insert(bind.path.clone(), own.unwrap_or(2));
        if let (Some(own), None) = (own, of(class)) {
            let name = WEIGHTS.get(own).copied().unwrap_or("sensitive");
            bind.attributes.push(attribute(class, name));
        }
    }
}

/// The questions that an expression reads: absolute paths, and those relative to where it stands.
fn read_paths(expression: &str, from: &str) -> Vec<String> {
    let words =
        expression.split(|c: char| !(c.is_alphanumeric() || matches!(c, '/' | '_' | '-' | '.')));
    let mut paths = Vec::new();
    for word in words {
        if word.starts_with("/data/") {
            paths.push(word.to_owned());
        } else if word.starts_with("../") {
            let mut steps: Vec<&str> = from.split('/').collect();
            for step in word.split('/') {
                if step == ".." {
                    steps.pop();
                } else {
                    steps.push(step);
                }
            }
            paths.push(steps.join("/"));
        }
    }
    paths
}

/// The path that a repeat is counted by.
pub(super) fn count_of(form: &Form, id: Id, faults: &mut Faults) -> Option<String> {
    let node = form.node(id);
    let count = node.row.get("repeat_count")?;
    let place = node.row.at("repeat_count");
    if only_name(count).is_some() {
        return Some(paths(form, count, Some(id), false, &place, faults));
    }
    Some(paths(form, &format!("${{{}_count}}", node.name), Some(id), false, &place, faults))
}
