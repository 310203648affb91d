//! Writes a submission as JavaRosa, the form engine of ODK Collect, does.

use std::{
    collections::BTreeMap,
    fmt::{Display, Write as _},
    sync::OnceLock,
};

/// The questionnaires that the census fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Form {
    Site,
    Cooperative,
    Orpailleur,
    Enfant,
    VisiteSite,
    Profil,
}

impl Form {
    /// The id of the form.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Cooperative => "cooperative",
            Self::Orpailleur => "orpailleur",
            Self::Enfant => "enfant",
            Self::VisiteSite => "visite_site",
            Self::Profil => "profil",
        }
    }

    /// The embedded version of the form.
    pub(super) fn version(self) -> &'static str {
        static VERSIONS: OnceLock<BTreeMap<&'static str, &'static str>> = OnceLock::new();
        let versions = VERSIONS.get_or_init(|| {
            let forms = sanu_schemas::forms().iter();
            forms.filter_map(|form| Some((form.id, embedded_version(form)?))).collect()
        });
        versions
            .get(self.id())
            .expect("sanu-schemas embeds these forms, and its tests read id and version")
    }

    /// JavaRosa copies the declarations of the form to the submission, in this order.
    fn namespaces(self) -> String {
        let orx = " xmlns:orx=\"http://openrosa.org/xforms\"";
        let entities = " xmlns:entities=\"http://www.opendatakit.org/xforms/entities\"";
        let (orx, entities) = match self {
            Self::Site | Self::VisiteSite => (orx, entities),
            Self::Cooperative | Self::Orpailleur => ("", entities),
            Self::Enfant | Self::Profil => ("", ""),
        };
        format!(
            " xmlns:sanu=\"urn:sanu:form:1\"{orx}{entities} xmlns:odk=\"http://www.opendatakit.org/xforms\" \
             xmlns:h=\"http://www.w3.org/1999/xhtml\" xmlns:jr=\"http://openrosa.org/javarosa\""
        )
    }
}

fn embedded_version(form: &sanu_schemas::FormFile) -> Option<&'static str> {
    let xml = std::str::from_utf8(form.xml).ok()?;
    let (_, rest) = xml.split_once(&format!("<data id=\"{}\" version=\"", form.id))?;
    rest.split('"').next()
}

/// A submission being written: answers in form order, what is not relevant left out.
#[derive(Debug)]
pub(super) struct Document {
    xml: String,
}

impl Document {
    /// Opens the submission of a form.
    pub(super) fn new(form: Form, version: &str) -> Self {
        let mut xml = String::with_capacity(4_096);
        xml.push_str("<?xml version='1.0' encoding='UTF-8' ?><data id=\"");
        xml.push_str(form.id());
        xml.push_str("\" version=\"");
        push_escaped(&mut xml, version);
        xml.push('"');
        xml.push_str(&form.namespaces());
        xml.push('>');
        Self { xml }
    }

    /// Writes a group of questions.
    pub(super) fn group(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.open(name);
        fill(self);
        self.close(name);
    }

    /// Writes an answer; a blank one is an empty element.
    pub(super) fn put(&mut self, name: &str, value: impl Display) {
        let start = self.xml.len();
        self.open(name);
        let content = self.xml.len();
        write!(Escaped(&mut self.xml), "{value}").expect("a string takes any text");
        if self.xml.len() == content {
            self.xml.truncate(start);
            self.blank(name);
        } else {
            self.close(name);
        }
    }

    /// Writes a relevant question without an answer.
    pub(super) fn blank(&mut self, name: &str) {
        self.xml.push('<');
        self.xml.push_str(name);
        self.xml.push_str(" />");
    }

    /// Writes a decimal as Java does, always with a point.
    pub(super) fn decimal(&mut self, name: &str, value: f64) {
        self.put(name, format_args!("{value:?}"));
    }

    /// Writes the entity that the submission makes; `label` is blank when it makes none.
    pub(super) fn new_entity(&mut self, dataset: &str, id: uuid::Uuid, label: Option<&str>) {
        let create = u8::from(label.is_some());
        self.raw(format_args!("<entity dataset=\"{dataset}\" create=\"{create}\" id=\"{id}\">"));
        self.put("label", label.unwrap_or_default());
        self.close("entity");
    }

    /// Writes the entity that the submission changes, and the version the phone knew.
    pub(super) fn changed_entity(&mut self, dataset: &str, id: uuid::Uuid, base_version: u32) {
        self.raw(format_args!(
            "<entity dataset=\"{dataset}\" update=\"1\" baseVersion=\"{base_version}\" trunkVersion=\"\" \
             branchId=\"\" id=\"{id}\" />"
        ));
    }

    /// Closes the submission.
    pub(super) fn finish(mut self) -> String {
        self.close("data");
        self.xml
    }

    fn open(&mut self, name: &str) {
        self.xml.push('<');
        self.xml.push_str(name);
        self.xml.push('>');
    }

    fn close(&mut self, name: &str) {
        self.xml.push_str("</");
        self.xml.push_str(name);
        self.xml.push('>');
    }

    fn raw(&mut self, text: std::fmt::Arguments<'_>) {
        self.xml.write_fmt(text).expect("a string takes any text");
    }
}

/// A point as Collect writes it: latitude, longitude, altitude, accuracy.
pub(super) fn point(lat: f64, lon: f64, altitude: f64, accuracy: f64) -> String {
    format!("{:?} {:?} {altitude:?} {accuracy:?}", seven_places(lat), seven_places(lon))
}

fn seven_places(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

struct Escaped<'a>(&'a mut String);

impl std::fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        push_escaped(self.0, text);
        Ok(())
    }
}

fn push_escaped(xml: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            _ => xml.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_answer_is_an_empty_element() {
        let mut document = Document::new(Form::Profil, "1");
        document.put("alias", "");
        document.put("surname", "Touré & fils <2>");

        let xml = document.finish();

        assert!(xml.ends_with("><alias /><surname>Touré &amp; fils &lt;2&gt;</surname></data>"));
    }

    #[test]
    fn a_refused_person_has_an_entity_that_is_not_made() {
        let mut document = Document::new(Form::Orpailleur, "1");
        document.new_entity("orpailleurs", uuid::Uuid::nil(), None);

        let xml = document.finish();

        assert!(xml.contains(
            "create=\"0\" id=\"00000000-0000-0000-0000-000000000000\"><label /></entity>"
        ));
    }

    #[test]
    fn a_point_is_written_as_java_writes_doubles() {
        assert_eq!(point(11.174_123_44, -8.16, 358.0, 4.5), "11.1741234 -8.16 358.0 4.5");
    }
}
