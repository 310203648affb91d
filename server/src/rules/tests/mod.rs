//! What holds for the rules as a whole; every rule's own cases stand in the files of the themes.

mod children;
mod envelopes;
mod filled;
mod miners;
mod places;
mod sites;
mod studies;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sanu_schemas::{RuleSeverity, RuleState, rule, rules};

use super::context::{Context, Known};
use super::finding::Finding;
use super::register::{check, checks};
use crate::forms::{Class, Severity, Value};
use filled::{DAY, Filled, form};

/// One record against one rule.
struct Case {
    rule: &'static str,
    form: &'static str,
    /// What is changed in a well-formed record; a blank text removes the answer.
    answers: &'static [(&'static str, &'static str)],
    context: fn() -> Context<'static>,
    expected: Option<Severity>,
}

/// A case of a rule that looks at the record alone.
const fn alone(
    rule: &'static str,
    form: &'static str,
    answers: &'static [(&'static str, &'static str)],
    expected: Option<Severity>,
) -> Case {
    Case { rule, form, answers, context: now, expected }
}

/// A case of a rule that looks something up.
const fn among(
    rule: &'static str,
    form: &'static str,
    answers: &'static [(&'static str, &'static str)],
    context: fn() -> Context<'static>,
    expected: Option<Severity>,
) -> Case {
    Case { rule, form, answers, context, expected }
}

const ERROR: Option<Severity> = Some(Severity::Error);
const WARNING: Option<Severity> = Some(Severity::Warning);
const INFORMATION: Option<Severity> = Some(Severity::Information);

/// Received the day after the last interviews, with nothing looked up.
fn now() -> Context<'static> {
    Context::at("2026-11-22T12:00:00Z".parse().expect("a moment"))
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn cases() -> impl Iterator<Item = &'static Case> {
    [children::CASES, envelopes::CASES, miners::CASES, places::CASES, sites::CASES, studies::CASES]
        .into_iter()
        .flatten()
}

impl Case {
    fn findings(&self) -> Vec<Finding> {
        let decoded = Filled::of(self.form).with(self.answers).decode();
        check(form(self.form), &decoded, &(self.context)())
    }
}

#[test]
fn every_case_gives_what_its_rule_says() {
    let mut wrong = Vec::new();
    for case in cases() {
        let findings = case.findings();
        let found = findings.iter().find(|it| it.rule == case.rule);

        let severity = found.map(|it| it.severity);
        if severity != case.expected {
            wrong.push(format!("{} {:?} {severity:?}", case.rule, case.answers));
        }
        assert!(found.is_none_or(|it| Some(it.version) == rule(it.rule).map(|r| r.version)));
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_rule_in_code_is_in_the_table_and_the_other_way_round() {
    let code: BTreeSet<&str> = checks().map(|(id, _)| id).collect();
    let in_code = |state| matches!(state, RuleState::Arrival | RuleState::Lookup);
    // Apply itself sees that a form version is unknown.
    let table: BTreeSet<&str> = rules()
        .iter()
        .filter(|it| in_code(it.state) && it.id != "A04")
        .map(|it| it.id.as_str())
        .collect();

    assert_eq!(code, table);
    assert_eq!(code.len(), checks().count(), "an id stands twice");
}

#[test]
fn every_rule_is_broken_in_each_of_its_severities_and_kept_at_least_once() {
    let mut seen: BTreeMap<&str, BTreeSet<Option<Severity>>> = BTreeMap::new();
    for case in cases() {
        seen.entry(case.rule).or_default().insert(case.expected);
    }
    for (id, _) in checks() {
        let mut expected: BTreeSet<_> = rule(id)
            .expect("it is in the table")
            .severities
            .iter()
            .map(|severity| match severity {
                RuleSeverity::Information => INFORMATION,
                RuleSeverity::Warning => WARNING,
                RuleSeverity::Error => ERROR,
                RuleSeverity::Refusal => panic!("{id}: the server never refuses a record"),
            })
            .collect();
        expected.insert(None);

        assert_eq!(seen.get(id), Some(&expected), "{id}");
    }
}

#[test]
fn the_synthetic_census_breaks_no_rule_and_raises_no_warning() {
    let mut counted: BTreeMap<(Severity, &str), (usize, Finding)> = BTreeMap::new();
    for seed in 1..6 {
        for submission in crate::simulate::Census::new(seed, DAY).submissions(1_500) {
            let form = form(submission.form_id);
            let decoded = filled::read(form, &submission.xml);
            for finding in check(form, &decoded, &now()) {
                let counted =
                    counted.entry((finding.severity, finding.rule)).or_insert((0, finding));
                counted.0 += 1;
            }
        }
    }
    // Contacts not to be published, birthdays on 1 January, a mother who bears her daughter's name.
    let harmless = |(severity, rule): &(Severity, &str)| {
        *severity == Severity::Information && ["C04", "C22", "F12"].contains(rule)
    };
    assert!(counted.keys().all(harmless), "{counted:#?}");
}

#[test]
fn a_finding_never_repeats_an_answer_that_tells_of_a_person() {
    for case in cases() {
        let form = form(case.form);
        for finding in case.findings() {
            for (path, value) in &finding.values {
                let question = form.question(path).expect("a question of the form");
                assert_eq!(question.class, Class::None, "{} {path} {value}", case.rule);
            }
            let text = finding.to_json().to_string();
            for (question, answer) in Filled::of(case.form).with(case.answers).answers() {
                if question.class != Class::None && matches!(&answer, Value::Text(t) if t.len() > 3)
                {
                    let Value::Text(secret) = &answer else { continue };
                    assert!(!text.contains(secret.as_str()), "{text} tells {secret}");
                }
            }
        }
    }
}

#[test]
fn a_form_of_somebody_else_meets_only_the_general_rules() {
    let form = crate::forms::XForm::parse(
        br#"<h><model><instance><data id="puits" version="1"><age_years/><card_no/></data></instance>
            <bind nodeset="/data/age_years" type="int"/><bind nodeset="/data/card_no" type="barcode"/>
            </model></h>"#,
    )
    .expect("a form");
    let xml = "<data id=\"puits\" version=\"1\"><age_years>4</age_years>\
               <card_no>ORP-0001234-A</card_no></data>";

    let found = check(&form, &filled::read(&form, xml), &now());

    let rules: Vec<&str> = found.iter().map(|it| it.rule).collect();
    assert_eq!(rules, ["C09"]);
}

#[test]
fn numbers_of_any_size_are_survived() {
    for number in ["9223372036854775807", "-9223372036854775808"] {
        for id in ["orpailleur", "enfant", "site", "visite_site", "cooperative", "profil"] {
            let mut filled = Filled::of(id);
            for question in &form(id).questions {
                if question.kind == crate::forms::AnswerKind::Integer {
                    filled = filled.with_one(&question.name, number);
                }
            }

            check(form(id), &filled.decode(), &now());
        }
    }
}

#[test]
fn what_was_not_looked_up_is_not_known() {
    let unknown: Known<u8> = Known::default();

    assert!(unknown.found().is_none() && !unknown.is_absent());
    assert!(Known::<u8>::Absent.is_absent());
}
