//! Records to change: a well-formed one of the synthetic census, or a blank one.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use jiff::civil::{Date, date};

use crate::forms::{Decoded, EntityBlock, GeoPoint, Question, Value, XForm, decode};
use crate::simulate::Census;

/// The day after the last interview of the census.
pub(super) const DAY: Date = date(2026, 11, 21);

/// One of the embedded forms.
pub(super) fn form(id: &str) -> &'static XForm {
    static FORMS: OnceLock<HashMap<&'static str, XForm>> = OnceLock::new();
    let forms = FORMS.get_or_init(|| {
        let forms = sanu_schemas::forms().iter();
        forms.map(|it| (it.id, XForm::parse(it.xml).expect(it.id))).collect()
    });
    &forms[id]
}

/// Decodes a submission received the day after.
pub(super) fn read(form: &XForm, xml: &str) -> Decoded {
    decode(form, xml.as_bytes(), date(2026, 11, 22)).expect("it is XML")
}

/// A record as texts by question.
#[derive(Clone)]
pub(super) struct Filled {
    form: &'static XForm,
    texts: BTreeMap<usize, String>,
    entities: Vec<EntityBlock>,
}

impl Filled {
    /// The first record of this form in the census in which somebody answered; blank for forms
    /// that the census does not fill.
    pub(super) fn of(id: &str) -> Self {
        static FIRST: OnceLock<HashMap<&'static str, String>> = OnceLock::new();
        let first = FIRST.get_or_init(|| {
            let mut first = HashMap::new();
            for it in Census::new(1, DAY).submissions(400) {
                if !it.xml.contains(">refused<") && !it.xml.contains("<safe_setting>no<") {
                    first.entry(it.form_id).or_insert(it.xml);
                }
            }
            first
        });
        let form = form(id);
        let Some(xml) = first.get(id) else {
            return Self { form, texts: BTreeMap::new(), entities: Vec::new() };
        };
        let decoded = read(form, xml);
        let texts = decoded.answers.iter().map(|it| (it.question, to_text(&it.value))).collect();
        Self { form, texts, entities: decoded.entities }
    }

    pub(super) fn with(mut self, answers: &[(&str, &str)]) -> Self {
        for (name, text) in answers {
            self = self.with_one(name, text);
        }
        self
    }

    pub(super) fn with_one(mut self, name: &str, text: &str) -> Self {
        let at = self.form.questions.iter().position(|question| question.name == name);
        let at = at.unwrap_or_else(|| panic!("{} has no {name}", self.form.form_id));
        if text.is_empty() {
            self.texts.remove(&at);
        } else {
            self.texts.insert(at, text.to_owned());
        }
        self
    }

    pub(super) fn answers(&self) -> impl Iterator<Item = (&'static Question, Value)> {
        let form = self.form;
        self.decode().answers.into_iter().map(|it| (&form.questions[it.question], it.value))
    }

    /// Writes the record as a phone does, and reads it.
    pub(super) fn decode(&self) -> Decoded {
        let mut xml = format!("<data id=\"{}\" version=\"1\">", self.form.form_id);
        let mut group: Option<&str> = None;
        for (at, text) in &self.texts {
            let question = &self.form.questions[*at];
            let steps: Vec<&str> = question.path.split('/').collect();
            let around = (steps.len() == 4).then(|| steps[2]);
            if around != group {
                xml.extend(group.map(|name| format!("</{name}>")));
                xml.extend(around.map(|name| format!("<{name}>")));
                group = around;
            }
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            xml.extend(["<", &question.name, ">", &text, "</", &question.name, ">"]);
        }
        xml.extend(group.map(|name| format!("</{name}>")));
        xml.push_str("</data>");
        Decoded { entities: self.entities.clone(), ..read(self.form, &xml) }
    }
}

fn to_text(value: &Value) -> String {
    match value {
        Value::Text(it)
        | Value::Date(it)
        | Value::Time(it)
        | Value::DateTime(it)
        | Value::Code(it)
        | Value::File(it) => it.clone(),
        Value::Integer(it) => it.to_string(),
        Value::Decimal(it) => it.to_string(),
        Value::Boolean(it) => it.to_string(),
        Value::Codes(it) => it.join(" "),
        Value::Point(it) => point(it),
        Value::Line(it) => it.iter().map(point).collect::<Vec<_>>().join(";"),
    }
}

fn point(it: &GeoPoint) -> String {
    format!("{} {} {} {}", it.lat, it.lon, it.alt.unwrap_or(0.0), it.acc.unwrap_or(0.0))
}
