//! A site as it is registered (rules E01 to E09, E11 to E14).

use jiff::civil::{Date, date};

use super::context::Context;
use super::finding::Hit;
use super::record::Record;
use super::register::Check;

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("E01", men_and_women),
    ("E02", many_workers),
    ("E03", months_active),
    ("E04", closed_season),
    ("E05", licence_dates),
    ("E06", licence_number),
    ("E07", foreign_licence),
    ("E08", mercury_practice),
    ("E09", processing),
    ("E11", depth),
    ("E12", gold_price),
    ("E13", start_year),
    ("E14", deaths),
];

/// The council of ministers of this day suspended artisanal permits of foreigners (press).
const FOREIGN_PERMITS_SUSPENDED: Date = date(2025, 3, 5);

/// Whether the site is at work, fully or not.
fn is_active(record: &Record<'_>) -> bool {
    matches!(record.code("site_status"), Some("active" | "active_reduced"))
}

fn men_and_women<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    const NAMES: [&str; 3] = ["workers_total", "workers_men", "workers_women"];
    let [total, men, women] = NAMES.map(|name| record.integer(name));
    match (men? + women?).cmp(&total?) {
        std::cmp::Ordering::Greater => Some(Hit::error(NAMES)),
        std::cmp::Ordering::Less => Some(Hit::warning(NAMES)),
        std::cmp::Ordering::Equal => None,
    }
}

fn many_workers<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let workers = record.integer("workers_total")?;
    let pits = record.integer("pits_active").unwrap_or(0);
    (workers > 20_000 || (pits > 0 && workers > 50 * pits))
        .then(|| Hit::warning(["workers_total", "pits_active"]))
}

fn months_active<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let months = record.codes("months_active");
    let present = format!("m{:02}", record.day().month());
    let idle = !months.is_empty() && !months.contains(&present);
    (idle && is_active(record)).then(|| Hit::warning(["site_status", "months_active"]))
}

fn closed_season<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let day = record.day();
    let closed = ((6, 15)..=(9, 30)).contains(&(day.month(), day.day()));
    (closed && is_active(record)).then(|| Hit::information(["site_status", "today"]))
}

fn licence_dates<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    (record.date("licence_expires")? <= record.date("licence_issued")?)
        .then(|| Hit::error(["licence_expires", "licence_issued"]))
}

fn licence_number<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let licensed = matches!(record.code("legal_status")?, "artisanal_licence" | "corridor");
    (licensed && !record.answered("licence_no"))
        .then(|| Hit::warning(["legal_status", "licence_no"]))
}

fn foreign_licence<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let late = record.date("licence_issued")? > FOREIGN_PERMITS_SUSPENDED;
    (late && record.is("licence_holder", "individual_foreign"))
        .then(|| Hit::information(["licence_holder", "licence_issued"]))
}

fn mercury_practice<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    (record.has("chemicals", "mercury") && record.has("mercury_practices", "no_mercury"))
        .then(|| Hit::error(["chemicals", "mercury_practices"]))
}

fn processing<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let equipped =
        ["mill", "sluice", "cyanide_vat"].into_iter().any(|code| record.has("equipment", code));
    (equipped && record.has("processing_methods", "none_here"))
        .then(|| Hit::warning(["processing_methods", "equipment"]))
}

fn depth<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let dug = ["surface_pit", "shaft", "open_cut", "mechanised"]
        .into_iter()
        .any(|code| record.has("extraction_methods", code));
    let pits = record.integer("pits_active").unwrap_or(0);
    (record.integer("depth_max")? > 0 && !dug && pits == 0)
        .then(|| Hit::warning(["depth_max", "extraction_methods", "pits_active"]))
}

fn gold_price<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let price = record.integer("gold_price")?;
    (!context.campaign?.gold_price.contains(&price)).then(|| Hit::warning(["gold_price"]))
}

fn start_year<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let year = record.integer("start_year")?;
    let known = context.site.found().and_then(|site| site.registered_on);
    let last = known.map_or(record.received_on(), |day| day.min(record.received_on()));
    (year > i64::from(last.year())).then(|| Hit::error(["start_year"]))
}

/// E14: the deaths of a month are among those of the year that ends with it.
fn deaths<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    const NAMES: [&str; 2] = ["deaths_12m", "deaths_30d"];
    let year = record
        .integer("deaths_12m")
        .or_else(|| context.site.found().and_then(|site| site.deaths_12m));
    let month = record.integer("deaths_30d");
    let many = year.into_iter().chain(month).any(|deaths| deaths > 50);
    let more = month.zip(year).is_some_and(|(month, year)| month > year);
    (many || more).then(|| Hit::warning(NAMES))
}
