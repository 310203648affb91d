//! Who filled a form, when and for how long; consent and free text (rules A07 to A17, C13, G04 to G06).

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::context::Context;
use super::finding::Hit;
use super::record::{Record, day_of};
use super::register::Check;
use crate::forms::{AnswerKind, Class, EntityBlock, Severity, Value};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("A07", end_before_start),
    ("A08", clock),
    ("A09", another_day),
    ("A10", duration),
    ("A11", agent),
    ("A12", assignment),
    ("A13", certificate),
    ("A14", overlap),
    ("A15", missing_files),
    ("A16", identity_without_consent),
    ("A17", telling_text),
    ("C13", none_with_others),
    ("G04", older_version),
    ("G05", clock_drift),
    ("G06", campaign_closed),
];

/// No interview of this operation is older: its plan begins in 2025. A clock of 1970 shows so.
const EARLIEST: Date = jiff::civil::date(2025, 1, 1);
/// A phone may be this far ahead of the server.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);
/// Further ahead than this nobody can say when the interview was.
const FAR_AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);

fn end_before_start<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let (start, end) = (record.instant("start")?, record.instant("end")?);
    (end < start).then(|| Hit::error(["start", "end"]))
}

/// A08: moments are compared with the receipt; the day written, with the day of the receipt.
fn clock<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    const NAMES: [&str; 3] = ["start", "end", "today"];
    let received = record.received_at();
    let latest = record.instant("start").max(record.instant("end"));
    let ahead = latest.map_or(SignedDuration::ZERO, |at| at.duration_since(received));
    let written = record.date("today");
    let days_ahead = |limit| written.is_some_and(|day| day > day_of(later(received, limit)));
    if ahead > FAR_AHEAD || days_ahead(FAR_AHEAD) {
        return Some(Hit::error(NAMES));
    }
    let earliest = context.campaign.map_or(EARLIEST, |campaign| campaign.starts);
    let early = [record.instant("start").map(day_of), record.instant("end").map(day_of), written];
    let before = early.into_iter().flatten().any(|day| day < earliest);
    (ahead > AHEAD || days_ahead(AHEAD) || before).then(|| Hit::warning(NAMES))
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn another_day<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let (today, start) = (record.date("today")?, record.instant("start")?);
    (today != day_of(start)).then(|| Hit::information(["today", "start"]))
}

fn duration<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let length = record.instant("end")?.duration_since(record.instant("start")?);
    let minutes = length.as_secs_f64() / 60.0;
    let median = context.site.found().and_then(|site| site.median_minutes);
    let short = minutes >= 0.0 && median.is_some_and(|median| minutes < 0.4 * median);
    (minutes > 180.0 || short).then(|| Hit::warning(["start", "end"]))
}

fn agent<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    const NAMES: [&str; 2] = ["enumerator_code", "supervisor_code"];
    record.enumerator()?;
    match context.agent.found() {
        Some(agent) if !agent.in_campaign => Some(Hit::error(NAMES)),
        Some(agent) if !agent.bound => Some(Hit::warning(NAMES)),
        None if context.agent.is_absent() => Some(Hit::error(NAMES)),
        Some(_) | None => None,
    }
}

fn assignment<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let assigned = context.agent.found()?.sites.as_ref()?;
    let site = record.code("site_id")?;
    let outside = !assigned.iter().any(|id| id == site);
    outside.then(|| Hit::warning(["site_id", "enumerator_code"]))
}

fn certificate<'r>(_: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let agent = context.agent.found()?;
    (!agent.child_certified).then(|| Hit::error(["enumerator_code"]))
}

fn overlap<'r>(_: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    context.device_day.overlaps.then(|| Hit::warning(["start", "end"]))
}

fn missing_files<'r>(_: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    (context.others.files_missing_days? > 7).then(|| Hit::warning([]))
}

/// A16: a card is no identity here, because a person registered before only shows it.
fn identity_without_consent<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    if record.is("consent", "given") {
        return None;
    }
    let filled: Vec<&str> = record
        .answers()
        .filter(|(question, _)| {
            question.class == Class::Direct
                && question.asked
                && question.kind != AnswerKind::Barcode
        })
        .map(|(question, _)| question.name.as_str())
        .collect();
    let names = std::iter::once("consent").chain(filled.iter().copied());
    (!filled.is_empty()).then(|| Hit::new(Severity::Error, names))
}

fn telling_text<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let telling: Vec<&str> = record
        .answers()
        .filter(|(question, _)| question.asked && question.class != Class::Direct)
        .filter(|(question, _)| question.kind == AnswerKind::Text)
        .filter_map(|(question, value)| match value {
            Value::Text(text) => Some((question.name.as_str(), text)),
            _ => None,
        })
        .filter(|(name, text)| holds_phone(text) || (*name == "remarks" && holds_name(text)))
        .map(|(name, _)| name)
        .collect();
    (!telling.is_empty()).then(|| Hit::new(Severity::Information, telling))
}

/// Eight digits of a Malian number, or more after a `+`, perhaps apart by spaces or points.
fn holds_phone(text: &str) -> bool {
    let mut digits = 0_u32;
    let mut begins_well = false;
    let mut abroad = false;
    let mut before = ' ';
    for letter in text.chars().chain(std::iter::once('|')) {
        match letter {
            _ if letter.is_ascii_digit() => {
                if digits == 0 {
                    abroad = before == '+';
                    begins_well = abroad || ('5'..='9').contains(&letter);
                    // A digit inside a reference such as CM-7 is not the first of a number.
                    begins_well &= !before.is_alphanumeric() && !matches!(before, '-' | '/');
                }
                digits += 1;
            }
            ' ' | '.' if digits > 0 => {}
            _ => {
                if begins_well && (digits == 8 || (abroad && (8..=15).contains(&digits))) {
                    return true;
                }
                digits = 0;
            }
        }
        before = letter;
    }
    false
}

/// Two capitalised words side by side, the first not at the start of a sentence.
fn holds_name(text: &str) -> bool {
    let mut starts = true;
    let mut named = false;
    for word in text.split_whitespace() {
        let mut letters = word.chars();
        let capital = letters.next().is_some_and(char::is_uppercase)
            && letters.next().is_some_and(char::is_alphabetic);
        if capital && named {
            return true;
        }
        named = capital && !starts;
        starts = word.ends_with(['.', '!', '?', ':']);
    }
    false
}

fn none_with_others<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let mixed: Vec<&str> = record
        .answers()
        .filter_map(|(question, value)| match value {
            Value::Codes(codes) if codes.len() > 1 && codes.iter().any(|code| code == "none") => {
                Some(question.name.as_str())
            }
            _ => None,
        })
        .collect();
    (!mixed.is_empty()).then(|| Hit::new(Severity::Error, mixed))
}

fn older_version<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let now = context.others.entity_version?;
    let older = |block: &EntityBlock| block.update && block.base_version.is_some_and(|v| v < now);
    record.entities().iter().any(older).then(|| Hit::warning([]))
}

fn clock_drift<'r>(_: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    (context.others.clock_drift_s?.unsigned_abs() > 600).then(|| Hit::information([]))
}

fn campaign_closed<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    (record.received_on() > context.campaign?.ends).then(|| Hit::warning([]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_are_told_from_other_numbers() {
        for phone in ["Appeler 76123456.", "70 12 34 56", "7.6.1.2.3.4.5.6", "(+223 76123456)"] {
            assert!(holds_phone(phone), "{phone}");
        }
        for other in ["CM-2020-1234", "ML/2019/71234567", "12345678", "7612345", "en 2025 : 50"] {
            assert!(!holds_phone(other), "{other}");
        }
    }

    #[test]
    fn a_name_is_two_capitalised_words_inside_a_sentence() {
        assert!(holds_name("Vu avec Awa Traoré au puits"));
        assert!(!holds_name("Vu avec Awa au puits"));
        assert!(!holds_name("Rien à dire. Le site est calme"));
    }
}
