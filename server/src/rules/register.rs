//! Which check stands behind which id, and running those of a form.

use std::collections::HashMap;
use std::sync::OnceLock;

use sanu_schemas::Rule;

use super::context::Context;
use super::finding::{Finding, Hit};
use super::record::Record;
use super::{
    card, child, cooperative, envelope, identity, miner, mining, outline, position, site, study,
    visit,
};
use crate::forms::{Decoded, XForm};

/// A rule in code: what it says of a record, if anything.
pub(super) type Check = for<'r> fn(&Record<'r>, &Context<'_>) -> Option<Hit<'r>>;

/// Every rule that is code, by theme.
pub(super) fn checks() -> impl Iterator<Item = (&'static str, Check)> {
    [
        envelope::CHECKS,
        position::CHECKS,
        outline::CHECKS,
        miner::CHECKS,
        identity::CHECKS,
        mining::CHECKS,
        card::CHECKS,
        child::CHECKS,
        site::CHECKS,
        visit::CHECKS,
        study::CHECKS,
        cooperative::CHECKS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Checks a record against every rule of its form; findings come in the order of the table.
pub fn check(form: &XForm, decoded: &Decoded, context: &Context<'_>) -> Vec<Finding> {
    let record = Record::new(form, decoded, context.received_at);
    let found = |(rule, check): &(&'static Rule, Check)| {
        check(&record, context).map(|hit| hit.found(rule, &record))
    };
    match by_form().get(form.form_id.as_str()) {
        Some(rules) => rules.iter().filter_map(found).collect(),
        None => general().iter().filter_map(found).collect(),
    }
}

/// Rules that say that somebody wrote down what the person did not agree to give.
const WITHOUT_CONSENT: [&str; 2] = ["A16", "D04"];

/// Which rules say that identity or answers were taken without consent: none of it may be kept.
pub fn without_consent(
    form: &XForm,
    decoded: &Decoded,
    context: &Context<'_>,
) -> Vec<&'static str> {
    let record = Record::new(form, decoded, context.received_at);
    let rules = by_form().get(form.form_id.as_str()).unwrap_or_else(|| general());
    let asked = rules.iter().filter(|(rule, _)| WITHOUT_CONSENT.contains(&rule.id.as_str()));
    asked
        .filter(|(_, check)| check(&record, context).is_some())
        .map(|(r, _)| r.id.as_str())
        .collect()
}

/// The rules that are asked again, with what a record is compared with, when it meets the register. The others
/// that look something up wait for who can tell: counts over other records, or the hour that passes.
const COMPARED: [&str; 37] = [
    "A08", "A11", "A12", "A13", "A14", "B03", "B05", "B07", "B08", "B09", "B10", "B14", "C07",
    "C08", "C10", "C14", "C18", "C21", "D14", "D15", "D16", "D17", "D18", "E12", "E14", "E15",
    "E16", "E17", "E18", "E20", "F01", "F08", "F10", "F11", "F13", "F15", "G06",
];

/// Those of [`COMPARED`] that speak of what was there when a record came or was edited, and are asked then and never again:
/// who carried a card before, what a site used when a miner was met there, the status that a visit found and has changed,
/// what a site had become when another was merged into it.
const ASKED_ONCE: [&str; 7] = ["C07", "C08", "C18", "D16", "E17", "E18", "E20"];

/// Those of [`COMPARED`] that compare a record with the boundaries, of these forms alone: a person is where their site is,
/// and how far they were from it when they were met, B09 says.
const BY_BOUNDARIES: [&str; 4] = ["B03", "B05", "B07", "B08"];
const PLACED: [&str; 3] = ["site", "visite_site", "cooperative"];

/// Those of [`COMPARED`] that ask the engine's memory: what is beside a place, who else gave a telephone.
const OF_MEMORY: [&str; 3] = ["B14", "C21", "F10"];

/// Those of [`COMPARED`] that ask the campaigns and the school holidays.
const OF_CALENDAR: [&str; 4] = ["A08", "D18", "E12", "G06"];

/// Those of [`COMPARED`] that ask the other interviews of a phone that day.
const OF_DEVICE_DAY: [&str; 3] = ["A14", "B10", "D14"];

/// Whether a rule asks the other interviews of a phone that day.
pub fn is_of_device_day(id: &str) -> bool {
    OF_DEVICE_DAY.contains(&id)
}

/// Whether a rule asks the engine's memory.
pub fn is_of_memory(id: &str) -> bool {
    OF_MEMORY.contains(&id)
}

/// Whether a rule asks the campaigns or the school holidays.
pub fn is_of_calendar(id: &str) -> bool {
    OF_CALENDAR.contains(&id)
}

/// Whether records of this form are compared with the boundaries.
pub fn is_placed(form_id: &str) -> bool {
    PLACED.contains(&form_id)
}

/// Whether a rule is asked again when what a record was compared with changes.
pub fn is_asked_again(id: &str) -> bool {
    COMPARED.contains(&id) && !ASKED_ONCE.contains(&id)
}

/// Whether a rule compares a record with what is there beside it, once or again.
pub fn is_compared(id: &str) -> bool {
    COMPARED.contains(&id)
}

/// Whether a rule compares a record with the boundaries.
pub fn is_by_boundaries(id: &str) -> bool {
    BY_BOUNDARIES.contains(&id)
}

/// Whether a rule compares records of this form with the register.
pub fn compares(form_id: &str) -> bool {
    compared().get(form_id).is_some_and(|rules| !rules.is_empty())
}

/// Checks a record against the rules that compare it with the register, in the order of the table.
pub fn compare(form: &XForm, decoded: &Decoded, context: &Context<'_>) -> Vec<Finding> {
    let Some(rules) = compared().get(form.form_id.as_str()) else { return Vec::new() };
    let record = Record::new(form, decoded, context.received_at);
    let found = |(rule, check): &(&'static Rule, Check)| {
        check(&record, context).map(|hit| hit.found(rule, &record))
    };
    rules.iter().filter_map(found).collect()
}

/// The rules of [`COMPARED`] of each of the census's own forms.
fn compared() -> &'static HashMap<&'static str, Rules> {
    static RULES: OnceLock<HashMap<&'static str, Rules>> = OnceLock::new();
    RULES.get_or_init(|| {
        let is_asked = |rule: &Rule, form: &str| {
            let id = rule.id.as_str();
            COMPARED.contains(&id) && (is_placed(form) || !BY_BOUNDARIES.contains(&id))
        };
        let of = |form: &str| rules(|rule| rule.is_about(form) && is_asked(rule, form));
        sanu_schemas::forms().iter().map(|form| (form.id, of(form.id))).collect()
    })
}

type Rules = Vec<(&'static Rule, Check)>;

/// The rules of each of the census's own forms.
fn by_form() -> &'static HashMap<&'static str, Rules> {
    static RULES: OnceLock<HashMap<&'static str, Rules>> = OnceLock::new();
    RULES.get_or_init(|| {
        let forms = sanu_schemas::forms().iter();
        forms.map(|form| (form.id, rules(|rule| rule.is_about(form.id)))).collect()
    })
}

/// The rules of every other form.
fn general() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| rules(|rule| rule.forms.is_empty()))
}

fn rules(keep: impl Fn(&Rule) -> bool) -> Rules {
    let mut rules: Rules = checks()
        .filter_map(|(id, check)| Some((sanu_schemas::rule(id)?, check)))
        .filter(|(rule, _)| keep(rule))
        .collect();
    rules.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    rules
}
