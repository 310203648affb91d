//! Birth and papers (rules C02, C03, C05, C06).

use super::context::Context;
use super::finding::Hit;
use super::record::{Record, completed_years};
use super::register::Check;

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("C02", age_and_birth),
    ("C03", impossible_birth),
    ("C05", nina_shape),
    ("C06", nina_and_person),
];

/// The year of birth: of the date, as said, or from the age at the interview.
pub(super) fn birth_year(record: &Record<'_>) -> Option<i64> {
    record
        .date("dob")
        .map(|born| i64::from(born.year()))
        .or_else(|| record.integer("birth_year"))
        .or_else(|| Some(i64::from(record.day().year()) - record.integer("age_years")?))
}

/// C02: somebody born in a year has one of two ages in another; the nearer one is compared.
fn age_and_birth<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    const NAMES: [&str; 3] = ["age_years", "dob", "birth_year"];
    let age = record.integer("age_years")?;
    let difference = if let Some(born) = record.date("dob") {
        (completed_years(born, record.day()) - age).abs()
    } else {
        let oldest = i64::from(record.day().year()) - record.integer("birth_year")?;
        (oldest - age).abs().min((oldest - 1 - age).abs())
    };
    match difference {
        0 => None,
        1 => Some(Hit::information(NAMES)),
        2..=4 => Some(Hit::warning(NAMES)),
        _ => Some(Hit::error(NAMES)),
    }
}

/// C03: a 29 February of a common year is no date for the decoder, which keeps it as text.
fn impossible_birth<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let no_day = record.text("dob").is_some_and(|text| text.ends_with("-02-29"));
    let out_of_time =
        record.date("dob").is_some_and(|born| born > record.received_on() || born.year() < 1920);
    (no_day || out_of_time).then(|| Hit::error(["dob"]))
}

/// The digits of a NINA, when the document shown is one.
fn nina<'r>(record: &Record<'r>) -> Option<&'r str> {
    let shown = matches!(record.code("id_type")?, "nina_card" | "nina_form");
    record.text("id_number").filter(|_| shown)
}

fn nina_shape<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let number = nina(record)?;
    let (digits, letter) = number.split_at_checked(14).unwrap_or_default();
    let sound = digits.len() == 14
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && letter.len() == 1
        && letter.bytes().all(|byte| byte.is_ascii_alphabetic());
    (!sound).then(|| Hit::warning(["id_number", "id_type"]))
}

/// C06: the first digit is the sex (1 male, 2 female), the next two the year of birth, as one press
/// article has it; the meaning is to be confirmed, so it is no more than a warning.
fn nina_and_person<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let number = nina(record)?;
    let (sex, rest) = number.split_at_checked(1)?;
    let year: i64 = rest.get(..2)?.parse().ok()?;
    let other_sex = match (sex, record.code("sex")) {
        ("1", Some(code)) => code != "male",
        ("2", Some(code)) => code != "female",
        _ => false,
    };
    let other_year =
        birth_year(record).is_some_and(|born| !matches!((year - born).rem_euclid(100), 0 | 1 | 99));
    (other_sex || other_year).then(|| Hit::warning(["id_number", "sex", "birth_year", "dob"]))
}
