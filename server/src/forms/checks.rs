//! What a submission can be told to have wrong from its form alone.

use jiff::civil::Date;
use serde::Serialize;

use super::model::{AnswerKind, Choices, Question};
use super::value::{BadValue, Value};

/// A question that is always required is present and blank.
pub const RULE_REQUIRED_MISSING: &str = "A05";
/// A code is not in the choice list of the form.
pub const RULE_UNKNOWN_CODE: &str = "A06";
/// An answer does not have the type of its question.
pub const RULE_WRONG_TYPE: &str = "A18";
/// An answer is outside the limits that the form sets.
pub const RULE_OUT_OF_RANGE: &str = "A19";
/// An entity without a usable id, or of a list that the form does not declare there.
pub(super) const RULE_NO_ENTITY: &str = "A20";
/// A new entity without a label.
pub(super) const RULE_NO_LABEL: &str = "A21";

/// The longest text that enters the register, in bytes: what is typed on a phone is far below.
const TEXT_MAX: usize = 20_000;
/// An answer breaks the constraint of its question.
pub const RULE_CONSTRAINT: &str = "L01";
/// A question is answered although the form would not have asked it.
pub const RULE_IRRELEVANT: &str = "L02";
/// A question that the form asked and demanded has no answer.
pub const RULE_RELEVANT_MISSING: &str = "L03";
/// A calculated answer is not what the form calculates from the others.
pub const RULE_CALCULATION: &str = "L04";
/// A choice is not among those that the form offered with the other answers.
pub const RULE_NOT_OFFERED: &str = "L05";
/// The form's logic was not followed to its end: it takes too many steps on these answers.
pub const RULE_LOGIC_TOO_LONG: &str = "L06";

/// How much a violation weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Kept for the quality indicators.
    Information,
    /// Loaded, and shown to the supervisor.
    Warning,
    /// Kept aside until someone corrects or accepts it.
    Error,
}

/// One rule that one answer breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Id of the rule.
    pub rule: &'static str,
    /// Path of the answer; the steps of repeats carry their position, counted from 1.
    pub path: String,
    /// How much it weighs.
    pub severity: Severity,
}

/// The rule that a blank answer breaks, if any.
///
/// JavaRosa leaves out what is not relevant, so blank means skipped. Photos may follow later.
pub(super) fn check_blank(question: &Question) -> Option<&'static str> {
    let demanded = question.required && question.asked && question.kind != AnswerKind::Attachment;
    demanded.then_some(RULE_REQUIRED_MISSING)
}

/// Types an answer that is not blank, and names the first rule it breaks.
pub(super) fn check_answer(
    question: &Question,
    text: &str,
    today: Date,
) -> (Value, Option<&'static str>) {
    let value = match Value::read(question.kind, text) {
        Ok(value) => value,
        Err(bad) => {
            let rule = match bad {
                BadValue::WrongType => RULE_WRONG_TYPE,
                BadValue::OutOfRange => RULE_OUT_OF_RANGE,
            };
            return (Value::Text(text.to_owned()), Some(rule));
        }
    };
    let rule = if has_unknown_code(&question.choices, &value) {
        Some(RULE_UNKNOWN_CODE)
    } else if is_endless(&value) || question.bounds.broken_by(&value, today) {
        Some(RULE_OUT_OF_RANGE)
    } else {
        None
    };
    (value, rule)
}

fn is_endless(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.len() > TEXT_MAX)
}

fn has_unknown_code(choices: &Choices, value: &Value) -> bool {
    let Choices::Inline(known) = choices else {
        return false;
    };
    match value {
        Value::Code(code) => !known.contains(code),
        Value::Codes(codes) => codes.iter().any(|code| !known.contains(code)),
        _ => false,
    }
}
