//! What a rule found: enough for a supervisor to look at the right answers, never who it is about.

use serde_json::{Map, Value as Json, json};

use crate::forms::{Class, Severity, Value};

use super::record::Record;

/// One rule that a record breaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Id of the rule.
    pub rule: &'static str,
    /// Version of the rule.
    pub version: u32,
    /// How much it weighs here.
    pub severity: Severity,
    /// Paths of the answers it looked at.
    pub paths: Vec<String>,
    /// By path, the answers among them that reveal nothing of a person: class "none", no free text.
    pub values: Map<String, Json>,
}

impl Finding {
    /// A finding about the record as a whole.
    pub fn of(rule: &'static str, severity: Severity) -> Self {
        let version = sanu_schemas::rule(rule).map_or(1, |rule| rule.version);
        Self { rule, version, severity, paths: Vec::new(), values: Map::new() }
    }

    /// A finding about one answer, whose value stays where it is.
    pub fn at(rule: &'static str, severity: Severity, path: String) -> Self {
        Self { paths: vec![path], ..Self::of(rule, severity) }
    }

    /// The finding as it is stored with the record.
    pub fn to_json(&self) -> Json {
        let mut json = json!({
            "rule": self.rule, "version": self.version, "severity": self.severity,
        });
        if let Json::Object(fields) = &mut json {
            if !self.paths.is_empty() {
                fields.insert("paths".to_owned(), json!(self.paths));
            }
            if !self.values.is_empty() {
                fields.insert("values".to_owned(), Json::Object(self.values.clone()));
            }
        }
        json
    }
}

/// What a check says before it is tied to its rule: how much it weighs, and the questions' names.
pub(super) struct Hit<'r> {
    severity: Severity,
    questions: Vec<&'r str>,
}

impl<'r> Hit<'r> {
    pub(super) fn new(severity: Severity, questions: impl IntoIterator<Item = &'r str>) -> Self {
        Self { severity, questions: questions.into_iter().collect() }
    }

    pub(super) fn error<const N: usize>(questions: [&'r str; N]) -> Self {
        Self::new(Severity::Error, questions)
    }

    pub(super) fn warning<const N: usize>(questions: [&'r str; N]) -> Self {
        Self::new(Severity::Warning, questions)
    }

    pub(super) fn information<const N: usize>(questions: [&'r str; N]) -> Self {
        Self::new(Severity::Information, questions)
    }

    /// Ties it to a rule and to the answers of a record.
    pub(super) fn found(self, rule: &'static sanu_schemas::Rule, record: &Record<'_>) -> Finding {
        let mut paths = Vec::with_capacity(self.questions.len());
        let mut values = Map::new();
        for name in self.questions {
            let Some(question) = record.question(name) else { continue };
            paths.push(question.path.clone());
            let open = question.class == Class::None;
            if let Some(value) = record.value(name).filter(|it| open && !is_free(it)) {
                values.insert(question.path.clone(), value.to_json());
            }
        }
        Finding { rule: &rule.id, version: rule.version, severity: self.severity, paths, values }
    }
}

/// Tells whether somebody typed the answer freely, or a file is named: it may say anything.
fn is_free(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::File(_))
}
