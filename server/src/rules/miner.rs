//! Who a miner is: age, residence, card holder, phone (rules C01, C04, C07, C08, C20 to C22).

use super::context::{Context, Person};
use super::finding::Hit;
use super::identity::birth_year;
use super::record::Record;
use super::register::Check;

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("C01", minor),
    ("C04", first_or_last_day),
    ("C07", card_of_another),
    ("C08", card_again),
    ("C20", children_and_residence),
    ("C21", shared_phone),
    ("C22", copied_parent),
];

fn minor<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    (record.integer("age_years")? < 18).then(|| Hit::error(["age_years"]))
}

fn first_or_last_day<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let born = record.date("dob").filter(|_| record.is("dob_precision", "full_date"))?;
    let rounded = matches!((born.month(), born.day()), (1, 1) | (12, 31));
    rounded.then(|| Hit::information(["dob", "dob_precision"]))
}

/// Whether the holder of the card cannot be the person of the record.
fn is_another(record: &Record<'_>, holder: &Person) -> bool {
    let sex = holder.sex.as_deref().zip(record.code("sex")).is_some_and(|(a, b)| a != b);
    let year = holder.birth_year.zip(birth_year(record)).is_some_and(|(a, b)| (a - b).abs() > 2);
    sex || year || holder.same_surname == Some(false)
}

fn card_of_another<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let holder = context.same_card.found()?;
    is_another(record, holder).then(|| Hit::error(["card_no", "sex", "birth_year", "age_years"]))
}

fn card_again<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let holder = context.same_card.found()?;
    (!is_another(record, holder)).then(|| Hit::information(["card_no"]))
}

fn children_and_residence<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let abroad = record.code("usual_country").is_some_and(|country| country != "ML");
    if abroad && record.answered("usual_cercle") {
        return Some(Hit::error(["usual_country", "usual_cercle"]));
    }
    (record.integer("children_here")? > 10).then(|| Hit::warning(["children_here"]))
}

fn shared_phone<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    record.text("phone")?;
    let shared = context.others.phone_uses.is_some_and(|uses| uses > 5);
    let of_agent = context.agent.found().is_some_and(|agent| agent.has_phone);
    (shared || of_agent).then(|| Hit::warning(["phone"]))
}

fn copied_parent<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let (surname, given) = (record.text("surname")?, record.text("given_names")?);
    let mother = record.text("mother_full_name").unwrap_or_default();
    let copied = same_words(mother, surname, given) || same_words(mother, given, surname);
    let father = record.text("father_given_names").unwrap_or_default();
    let namesake = father.to_lowercase() == given.to_lowercase()
        && context.others.father_age_gap.is_some_and(|years| years < 12);
    (copied || namesake).then(|| Hit::information(["mother_full_name", "father_given_names"]))
}

/// Whether a full name is these two names in this order, whatever the case.
fn same_words(full: &str, first: &str, second: &str) -> bool {
    let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    !full.is_empty() && words(full) == [words(first), words(second)].concat()
}
