//! Whether a calculated answer is what the form calculates.

use super::NodeLogic;
use crate::forms::model::AnswerKind;
use crate::forms::xpath::{Atom, Kind, Moment};

/// How far two numbers may be apart, relative to them: phones differ in their last digits.
const NEAR: f64 = 1e-9;

/// Tells whether a text is how the phone writes a value into a node of this type.
pub(super) fn agrees(node: &NodeLogic, value: &Atom<'_>, sent: &str, today: Moment) -> bool {
    let sent = sent.trim();
    if value.is_blank() || sent.is_empty() {
        return value.is_blank() && sent.is_empty();
    }
    match value {
        Atom::Bool(yes) => is_bool(sent, *yes),
        _ if node.answer == AnswerKind::Boolean => is_bool(sent, value.to_bool()),
        Atom::Number(number) => {
            let number = if node.answer == AnswerKind::Integer { number.trunc() } else { *number };
            sent.parse().is_ok_and(|sent: f64| near(sent, number))
        }
        Atom::Text(text) => agrees_as_text(node.answer, text.trim(), sent, today),
        Atom::Date(moment) => agrees_as_date(node.answer, *moment, sent),
    }
}

/// How a value is written into a node of this type, so that it agrees.
pub(super) fn written(node: &NodeLogic, value: &Atom<'_>) -> String {
    if value.is_blank() {
        return String::new();
    }
    match value {
        Atom::Number(number) if node.answer == AnswerKind::Integer => {
            Atom::Number(number.trunc()).to_text().into_owned()
        }
        _ => value.to_text().into_owned(),
    }
}

fn is_bool(sent: &str, yes: bool) -> bool {
    matches!((sent, yes), ("1" | "true", true) | ("0" | "false", false))
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= NEAR * other.abs().max(1.0)
}

fn agrees_as_text(answer: AnswerKind, text: &str, sent: &str, today: Moment) -> bool {
    match answer {
        AnswerKind::SelectMultiple => text.split_whitespace().eq(sent.split_whitespace()),
        AnswerKind::GeoPoint | AnswerKind::GeoTrace | AnswerKind::GeoShape => {
            let numbers = |text: &str| -> Vec<f64> {
                let read = Atom::read(Kind::Points, text, today);
                let read = read.to_text();
                read.split([' ', ';']).filter_map(|part| part.parse().ok()).collect()
            };
            let (one, other) = (numbers(text), numbers(sent));
            one.len() == other.len() && one.iter().zip(&other).all(|(a, b)| near(*a, *b))
        }
        _ => text == sent,
    }
}

fn agrees_as_date(answer: AnswerKind, moment: Moment, sent: &str) -> bool {
    if answer == AnswerKind::Time {
        let day = Atom::Date(moment);
        return Atom::read(Kind::Time, sent, moment) == day;
    }
    let written = Atom::read(Kind::DateTime, sent, moment);
    if sent.contains('T') && answer != AnswerKind::Date {
        return written == Atom::Date(moment);
    }
    written.to_text() == Atom::Date(moment).to_text()
}
