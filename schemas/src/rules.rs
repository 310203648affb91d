//! The validation rules: what each one says, of which forms, and how much it weighs.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer};

use crate::table;

/// How much breaking a rule weighs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Ord, PartialOrd)]
#[serde(rename_all = "snake_case")]
pub enum RuleSeverity {
    /// Kept for the quality indicators.
    Information,
    /// In the register, and shown to the supervisor.
    Warning,
    /// Kept aside until a person decides.
    Error,
    /// Not a submission at all: the only case in which a phone is refused.
    Refusal,
}

/// What must be known to check a rule.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum RuleScope {
    /// The record alone.
    Record,
    /// Other records or lists too.
    CrossRecord,
    /// All records of an area, a list or an enumerator.
    Batch,
    /// The exchange with the phone.
    Protocol,
}

/// Where a rule is checked today.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum RuleState {
    /// While the answers are decoded.
    Decoding,
    /// When a record is applied.
    Arrival,
    /// Written, and silent until somebody passes what it must look up.
    Lookup,
    /// By the front door, the intake or the sync protocol.
    Protocol,
    /// As an indicator over many records.
    Indicator,
    /// Nowhere; the note says why.
    NotExpressible,
}

/// One validation rule.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct Rule {
    /// The stable id, a letter and two digits.
    pub id: String,
    /// Counts up when what the rule says changes; stored with what it found.
    pub version: u32,
    /// The severities that it can give.
    #[serde(rename = "severity", deserialize_with = "severities")]
    pub severities: Vec<RuleSeverity>,
    /// Ids of the forms it is about; none means every form.
    #[serde(deserialize_with = "form_ids")]
    pub forms: Vec<String>,
    /// What must be known to check it.
    pub scope: RuleScope,
    /// Where it is checked.
    pub state: RuleState,
    /// The sentence that a field worker or a supervisor reads.
    pub message_fr: String,
    /// The same in English.
    pub message_en: String,
    /// Thresholds, and what is missing.
    pub note: String,
}

impl Rule {
    /// Says whether the rule is about this form.
    pub fn is_about(&self, form_id: &str) -> bool {
        self.forms.is_empty() || self.forms.iter().any(|id| id == form_id)
    }
}

/// Every rule, by theme and number.
pub fn rules() -> &'static [Rule] {
    static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
    RULES.get_or_init(|| table::rows(include_str!("../rules.csv")))
}

/// The rule of this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    static BY_ID: OnceLock<HashMap<&'static str, &'static Rule>> = OnceLock::new();
    BY_ID
        .get_or_init(|| rules().iter().map(|rule| (rule.id.as_str(), rule)).collect())
        .get(id)
        .copied()
}

fn severities<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RuleSeverity>, D::Error> {
    use serde::de::value::{Error, StrDeserializer};
    String::deserialize(deserializer)?
        .split_whitespace()
        .map(|word| RuleSeverity::deserialize(StrDeserializer::<Error>::new(word)))
        .collect::<Result<_, _>>()
        .map_err(serde::de::Error::custom)
}

fn form_ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text.split_whitespace().filter(|id| *id != "*").map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hundred_and_fifteen_rules_are_there_each_once_and_ten_of_our_own() {
        let expected: Vec<String> =
            [('A', 21), ('B', 14), ('C', 23), ('D', 20), ('E', 20), ('F', 15), ('G', 6), ('L', 6)]
                .into_iter()
                .flat_map(|(theme, last)| (1..=last).map(move |n| format!("{theme}{n:02}")))
                .collect();

        let ids: Vec<&str> = rules().iter().map(|rule| rule.id.as_str()).collect();

        assert_eq!(ids, expected);
        assert_eq!(ids.len(), 115 + 10);
    }

    #[test]
    fn every_rule_has_words_a_severity_and_forms_that_exist() {
        for rule in rules() {
            assert!(rule.version >= 1, "{}", rule.id);
            assert!(rule.message_fr.ends_with('.'), "{}", rule.id);
            assert!(rule.message_en.ends_with('.'), "{}", rule.id);
            assert!(!rule.severities.is_empty(), "{}", rule.id);
            for form in &rule.forms {
                assert!(crate::forms().iter().any(|known| known.id == form), "{form}");
            }
        }
    }

    #[test]
    fn a_rule_that_is_not_checked_or_waits_says_why() {
        use RuleState::{Lookup, NotExpressible};
        for rule in rules().iter().filter(|it| matches!(it.state, Lookup | NotExpressible)) {
            assert!(!rule.note.is_empty(), "{}", rule.id);
        }
    }

    #[test]
    fn a_rule_is_found_by_its_id() {
        assert!(rule("C01").is_some_and(|it| it.is_about("orpailleur") && !it.is_about("enfant")));
        assert!(rule("A07").is_some_and(|it| it.is_about("a form of somebody else's")));
        assert_eq!(rule("Z99"), None);
    }
}
