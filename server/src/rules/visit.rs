//! A visit against the site as it was known (rules E15 to E20).

use super::context::Context;
use super::finding::Hit;
use super::record::Record;
use super::register::Check;
use crate::geo::{Position, distance_m};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("E15", date),
    ("E16", moved),
    ("E17", status_jump),
    ("E18", merger),
    ("E19", children),
    ("E20", no_change),
];

fn date<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let day = record.date("visit_date")?;
    let registered = context.site.found().and_then(|site| site.registered_on);
    (day > record.received_on() || registered.is_some_and(|first| day < first))
        .then(|| Hit::error(["visit_date", "site_id"]))
}

fn moved<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let at = record.point("gps")?;
    let metres = distance_m(Position::new(at.lon, at.lat)?, context.site.found()?.position?);
    (metres > 2_000.0).then(|| Hit::warning(["gps", "site_id"]))
}

fn status_jump<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let active = matches!(record.code("site_status")?, "active" | "active_reduced");
    let jump = match context.site.found()?.status.as_deref()? {
        "rehabilitated" => true,
        "abandoned" => record.integer("workers_total").is_some_and(|workers| workers > 500),
        _ => false,
    };
    (active && jump).then(|| Hit::warning(["site_status", "workers_total"]))
}

fn merger<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let other = record.code("merged_with")?;
    let circle = context.merged_site.found().is_some_and(|site| site.merged);
    (record.is("site_id", other) || circle).then(|| Hit::error(["merged_with", "site_id"]))
}

fn children<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let known = context.site.found()?.children > 0;
    (known && record.is("children_working", "none")).then(|| Hit::information(["children_working"]))
}

fn no_change<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let before = context.site.found()?.status.as_deref()?;
    let changed = record.code("site_status").is_some_and(|now| now != before);
    (changed && record.has("changes", "none")).then(|| Hit::warning(["changes", "site_status"]))
}
