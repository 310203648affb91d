//! What a miner does on the site, and with whom (rules C11, C12, C14 to C18, C23).

use super::context::Context;
use super::finding::Hit;
use super::record::Record;
use super::register::Check;
use crate::geo::distance_m;

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("C11", experience),
    ("C12", role_twice),
    ("C14", cooperative),
    ("C15", paid_without_work),
    ("C16", new_authority),
    ("C17", damantigi),
    ("C18", mercury),
    ("C23", civil_servant),
];

fn experience<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    const NAMES: [&str; 2] = ["years_mining", "age_years"];
    match record.integer("age_years")? - record.integer("years_mining")? {
        ..5 => Some(Hit::error(NAMES)),
        5 => Some(Hit::warning(NAMES)),
        _ => None,
    }
}

fn role_twice<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let role = record.code("main_role")?;
    record.has("other_roles", role).then(|| Hit::error(["main_role", "other_roles"]))
}

fn cooperative<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    const NAMES: [&str; 2] = ["coop_id", "coop_member"];
    record.code("coop_id")?;
    if !record.is("coop_member", "yes") {
        return Some(Hit::error(NAMES));
    }
    let (named, site) = (context.cooperative.found()?, context.site.found()?);
    let other_district =
        named.district.as_ref().zip(site.district.as_ref()).is_some_and(|(a, b)| a != b);
    let metres = distance_m(named.position?, site.position?);
    (other_district && metres > 150_000.0).then(|| Hit::warning(NAMES))
}

fn paid_without_work<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let paid = record.answered("employment_status") || record.answered("pay_mode");
    (record.is("main_role", "not_working") && paid)
        .then(|| Hit::warning(["main_role", "employment_status", "pay_mode"]))
}

fn new_authority<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let authority = matches!(record.code("main_role")?, "damantigi" | "tomboloma");
    (authority && record.is("time_on_site", "lt1"))
        .then(|| Hit::warning(["main_role", "time_on_site"]))
}

fn damantigi<'r>(_: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let site = context.site.found()?;
    let odd = site.damantigi > 3 || (site.damantigi == 0 && site.miners >= 100);
    odd.then(|| Hit::information(["site_id", "main_role"]))
}

fn mercury<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let clean = context.site.found()?.chemicals.iter().any(|code| code == "none");
    (clean && record.has("chemicals_handled", "mercury"))
        .then(|| Hit::information(["chemicals_handled", "site_id"]))
}

fn civil_servant<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    (record.is("main_role", "pit_digger") && record.has("social_protection", "amo_cmss"))
        .then(|| Hit::warning(["social_protection", "main_role"]))
}
