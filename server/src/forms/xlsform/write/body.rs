//! The body: what the phone shows, in order.

use super::{
    super::{
        book::Faults,
        expression::paths,
        itext::{Said, Texts},
        tree::{Form, Id, Kind, Source},
        xml::Xml,
    },
    binds::count_of,
    is_translated,
};

pub(super) fn write(form: &Form, xml: &mut Xml, texts: &mut Texts, faults: &mut Faults) {
    for id in &form.roots {
        node(form, *id, xml, texts, faults);
    }
}

fn node(form: &Form, id: Id, xml: &mut Xml, texts: &mut Texts, faults: &mut Faults) {
    let node = form.node(id);
    let path = form.path(id);
    match &node.kind {
        Kind::Count(_) => {}
        Kind::Group => {
            xml.open("group").attribute("ref", &path);
            appearance(form, id, xml);
            words(form, id, &path, xml, texts, faults);
            children(form, id, xml, texts, faults);
            xml.close();
        }
        Kind::Repeat => {
            xml.open("group").attribute("ref", &path);
            words(form, id, &path, xml, texts, faults);
            xml.open("repeat").attribute("nodeset", &path);
            if let Some(count) = count_of(form, id, faults) {
                xml.attribute("jr:count", &count);
            }
            appearance(form, id, xml);
            children(form, id, xml, texts, faults);
            xml.close().close();
        }
        Kind::Question { of, choices } => {
            let Some(control) = of.control else { return };
            xml.open(control).attribute("ref", &path);
            if let Some(media) = of.media {
                xml.attribute("mediatype", media);
            }
            appearance(form, id, xml);
            words(form, id, &path, xml, texts, faults);
            if let Some(source) = choices {
                itemset(form, id, source, xml, faults);
            }
            xml.close();
        }
    }
}

fn children(form: &Form, id: Id, xml: &mut Xml, texts: &mut Texts, faults: &mut Faults) {
    for child in &form.node(id).children {
        node(form, *child, xml, texts, faults);
    }
}

fn appearance(form: &Form, id: Id, xml: &mut Xml) {
    if let Some(appearance) = form.node(id).row.get("appearance") {
        xml.attribute("appearance", appearance);
    }
}

fn words(form: &Form, id: Id, path: &str, xml: &mut Xml, texts: &mut Texts, faults: &mut Faults) {
    for column in ["label", "hint"] {
        let row = &form.node(id).row;
        match texts.said(form, row, (column, format!("{path}:{column}")), Some(id), faults) {
            Some(Said::Id(of)) => {
                xml.open(column).attribute("ref", &format!("jr:itext('{of}')")).close();
            }
            Some(Said::Here(text)) => {
                xml.open(column).raw_text(&text).close();
            }
            None => {}
        }
    }
}

fn itemset(form: &Form, id: Id, source: &Source, xml: &mut Xml, faults: &mut Faults) {
    let row = &form.node(id).row;
    let filter = row.get("choice_filter").map(|text| {
        let filter = paths(form, text, Some(id), true, &row.at("choice_filter"), faults);
        format!("[{filter}]")
    });
    let filter = filter.unwrap_or_default();
    let (name, value, label) = match source {
        Source::List(list) => {
            let rows = form
                .lists
                .iter()
                .find(|(known, _)| known == list)
                .map_or(&[][..], |(_, rows)| rows);
            (list, "name", if is_translated(form, rows) { "jr:itext(itextId)" } else { "label" })
        }
        Source::File { name, value, label, .. } => (name, value.as_str(), label.as_str()),
    };
    xml.open("itemset").attribute("nodeset", &format!("instance('{name}')/root/item{filter}"));
    xml.open("value").attribute("ref", value).close();
    xml.open("label").attribute("ref", label).close();
    xml.close();
}
