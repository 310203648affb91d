//! Writing the XForm: instance, binds, body, in the order that phones and pyxform know.

mod binds;
mod body;

use super::{
    book::Faults,
    itext::Texts,
    tree::{Form, Id, Kind, Source},
    xml::Xml,
};
use crate::forms::form::{ENTITIES, SANU};

/// The version of the Entities specification that what is written follows.
const ENTITIES_VERSION: &str = "2024.1.0";

/// Writes the form; what cannot be written goes to `faults`.
pub(super) fn write(form: &Form, faults: &mut Faults) -> String {
    let mut texts = Texts::new(form);
    let lists = choices(form, &mut texts, faults);
    let mut body = Xml::default();
    let binds = binds::write(form, &mut texts, faults);
    body::write(form, &mut body, &mut texts, faults);
    let mut xml = Xml::default();
    xml.raw("<?xml version=\"1.0\"?>");
    head(form, &mut xml);
    if !texts.is_empty() {
        texts.write(form, &mut xml);
    }
    instance(form, &mut xml);
    external(form, &mut xml);
    xml.raw(&lists);
    xml.raw(&binds);
    if let Some(url) = form.settings.get("submission_url") {
        xml.open("submission").attribute("action", url).attribute("method", "post").close();
    }
    xml.close().close();
    xml.open("h:body");
    if let Some(style) = form.settings.get("style") {
        xml.attribute("class", style);
    }
    xml.raw(&body.finish());
    xml.close().close();
    xml.finish()
}

fn head(form: &Form, xml: &mut Xml) {
    xml.open("h:html").attribute("xmlns", "http://www.w3.org/2002/xforms");
    for (prefix, uri) in [
        ("h", "http://www.w3.org/1999/xhtml"),
        ("jr", "http://openrosa.org/javarosa"),
        ("orx", "http://openrosa.org/xforms"),
        ("odk", "http://www.opendatakit.org/xforms"),
    ] {
        xml.attribute(&format!("xmlns:{prefix}"), uri);
    }
    for (prefix, uri) in &form.namespaces {
        xml.attribute(&format!("xmlns:{prefix}"), uri);
    }
    if form.entity.is_some() {
        xml.attribute("xmlns:entities", ENTITIES);
    }
    let title =
        form.settings.get("form_title").or(form.settings.get("form_id")).unwrap_or_default();
    xml.open("h:head").open("h:title").text(title).close();
    xml.open("model").attribute("odk:xforms-version", "1.0.0");
    if form.entity.is_some() {
        xml.attribute("entities:entities-version", ENTITIES_VERSION);
    }
    if let Some(prefix) = own_prefix(form) {
        for name in ["dataset", "mode", "realm", "log"] {
            let attribute = format!("{prefix}:{name}");
            if let Some(value) = form.settings.get(&attribute) {
                xml.attribute(&attribute, value);
            }
        }
    }
}

/// The prefix under which a form declares the server's own attributes.
fn own_prefix(form: &Form) -> Option<&str> {
    form.namespaces.iter().find(|(_, uri)| *uri == SANU).map(|(prefix, _)| prefix.as_str())
}

fn instance(form: &Form, xml: &mut Xml) {
    let version = form.settings.get("version").unwrap_or_default();
    let id = form.settings.get("form_id").unwrap_or_default();
    xml.open("instance").open("data").attribute("id", id);
    if !version.is_empty() {
        xml.attribute("version", version);
    }
    for id in &form.roots {
        node(form, *id, false, xml);
    }
    xml.open("meta");
    if let Some(entity) = &form.entity {
        xml.open("entity").attribute("dataset", entity.get("list_name").unwrap_or_default());
        let changes = entity.get("entity_id").is_some();
        if !changes || entity.get("create_if").is_some() {
            xml.attribute("create", "1");
        }
        if changes {
            xml.attribute("update", "1").attribute("baseVersion", "");
            xml.attribute("trunkVersion", "").attribute("branchId", "");
        }
        xml.attribute("id", "");
        if entity.get("label").is_some() {
            xml.open("label").close();
        }
        xml.close();
    }
    if form.audit.is_some() {
        xml.open("audit").close();
    }
    xml.open("instanceID").close();
    if form.settings.get("instance_name").is_some() {
        xml.open("instanceName").close();
    }
    xml.close().close().close();
}

/// Writes a node of the instance. A repeat is written as its template and as its first round, in which there are no
/// templates any more.
fn node(form: &Form, id: Id, in_round: bool, xml: &mut Xml) {
    let node = form.node(id);
    let is_repeat = matches!(node.kind, Kind::Repeat);
    if is_repeat && !in_round {
        xml.open(&node.name).attribute("jr:template", "");
        for child in &node.children {
            self::node(form, *child, false, xml);
        }
        xml.close();
    }
    xml.open(&node.name);
    if let Some(default) = node.row.get("default") {
        xml.text(default);
    }
    for child in &node.children {
        self::node(form, *child, in_round || is_repeat, xml);
    }
    xml.close();
}

/// Lists that lie in files beside the form, each once.
fn external(form: &Form, xml: &mut Xml) {
    let mut seen: Vec<String> = Vec::new();
    let mut add = |name: &str, ending: &str, xml: &mut Xml| {
        if seen.iter().any(|known| known == name) {
            return;
        }
        seen.push(name.to_owned());
        let kind = if ending == "csv" { "file-csv" } else { "file" };
        let src = format!("jr://{kind}/{name}.{ending}");
        xml.open("instance").attribute("id", name).attribute("src", &src).close();
    };
    for node in &form.nodes {
        if let Kind::Question { choices: Some(Source::File { name, ending, .. }), .. } = &node.kind
        {
            add(name, ending, xml);
        }
        for column in
            ["calculation", "constraint", "relevant", "required", "read_only", "choice_filter"]
        {
            for name in pulled(node.row.get(column).unwrap_or_default()) {
                add(name, "csv", xml);
            }
        }
    }
}

/// The files that `pulldata('file', …)` reads.
fn pulled(expression: &str) -> impl Iterator<Item = &str> {
    expression.split("pulldata(").skip(1).filter_map(|rest| {
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        rest.get(1..)?.split(quote).next().map(str::trim)
    })
}

/// The lists of the workbook, as instances.
fn choices(form: &Form, texts: &mut Texts, faults: &mut Faults) -> String {
    let mut xml = Xml::default();
    for (list, rows) in &form.lists {
        xml.open("instance").attribute("id", list).open("root");
        for (at, row) in rows.iter().enumerate() {
            xml.open("item");
            let id = format!("{list}-{at}");
            let said = texts.said(form, row, ("label", id.clone()), None, faults);
            if is_translated(form, rows) {
                xml.open("itextId").text(&id).close();
            }
            xml.open("name").text(row.get("name").unwrap_or_default()).close();
            if let Some(super::itext::Said::Here(label)) = said {
                xml.open("label").raw_text(&label).close();
            }
            for extra in &form.extras {
                if let Some(value) = row.get(extra) {
                    xml.open(extra).text(value).close();
                }
            }
            xml.close();
        }
        xml.close().close();
    }
    xml.finish()
}

/// Whether the labels of a list are looked up by language.
fn is_translated(form: &Form, rows: &[super::book::Row]) -> bool {
    !form.languages.is_empty()
        || rows.iter().any(|row| row.cells.keys().any(|c| c.starts_with("media::")))
}
