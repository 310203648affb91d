//! Sampled studies and the back-check (rules F01 to F06, F11, F13 to F15).

use std::collections::BTreeSet;

use super::context::Context;
use super::finding::Hit;
use super::record::Record;
use super::register::Check;

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("F01", sampled),
    ("F02", household),
    ("F03", everybody_earns),
    ("F04", hunger),
    ("F05", gold_without_mining),
    ("F06", income_without_gold),
    ("F11", own_back_check),
    ("F13", journey),
    ("F14", young_carer),
    ("F15", enrolment),
];

fn sampled<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    record.text("card_no")?;
    match context.person.found() {
        Some(person) if person.in_sample == Some(false) => Some(Hit::warning(["card_no"])),
        None if context.person.is_absent() => Some(Hit::error(["card_no"])),
        Some(_) | None => None,
    }
}

fn household<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    const CLASSES: [&str; 4] = ["hh_0_5", "hh_6_14", "hh_15_17", "hh_65p"];
    let members: i64 = CLASSES.into_iter().filter_map(|name| record.integer(name)).sum();
    let names = CLASSES.into_iter().chain(["hh_size"]);
    (members > record.integer("hh_size")?).then(|| Hit::new(crate::forms::Severity::Error, names))
}

fn everybody_earns<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let all = record.integer("hh_earners")? == record.integer("hh_size")?;
    let children: i64 =
        ["hh_0_5", "hh_6_14"].into_iter().filter_map(|name| record.integer(name)).sum();
    (all && children > 0).then(|| Hit::warning(["hh_earners", "hh_size", "hh_0_5", "hh_6_14"]))
}

fn hunger<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    (record.is("fies_whlday", "yes") && record.is("fies_hungry", "no"))
        .then(|| Hit::warning(["fies_whlday", "fies_hungry"]))
}

fn gold_without_mining<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let gold = record.decimal("gold_g_month")? > 0.0;
    (gold && record.integer("months_mined") == Some(0))
        .then(|| Hit::warning(["months_mined", "gold_g_month"]))
}

fn income_without_gold<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let none = record.decimal("gold_g_month")? <= 0.0;
    (none && record.is("income_band", "gt500"))
        .then(|| Hit::information(["income_band", "gold_g_month"]))
}

fn own_back_check<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let first = context.person.found()?.enumerator.as_deref()?;
    (record.enumerator() == Some(first)).then(|| Hit::error(["supervisor_code", "card_no"]))
}

/// F13: who lived here five years ago cannot have come within the last four.
fn journey<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    const NAMES: [&str; 2] = ["arrival_year", "res5_cercle"];
    let arrival = record.integer("arrival_year")?;
    let born = context.person.found().and_then(|person| person.birth_year);
    if born.is_some_and(|born| arrival < born) {
        return Some(Hit::error(NAMES));
    }
    let here = context.site.found()?.cercle.as_deref()?;
    let recent = arrival >= i64::from(record.day().year()) - 4;
    (recent && record.is("res5_cercle", here)).then(|| Hit::warning(NAMES))
}

fn young_carer<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    (record.integer("carer_age")? < 10 && record.is("main_care", "sibling"))
        .then(|| Hit::information(["carer_age", "main_care", "left_alone"]))
}

/// F15: compares the schemes; none and "does not know" are no scheme.
fn enrolment<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    fn schemes(codes: &[String]) -> BTreeSet<&str> {
        let real = |code: &&str| !matches!(*code, "none" | "dont_know");
        codes.iter().map(String::as_str).filter(real).collect()
    }
    let person = context.person.found()?;
    (record.answered("enrolled")
        && schemes(record.codes("enrolled")) != schemes(&person.social_protection))
    .then(|| Hit::information(["enrolled"]))
}
