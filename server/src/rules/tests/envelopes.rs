//! Cases of the rules of every form (A, C13, G).

use jiff::civil::date;

use super::{Case, ERROR, INFORMATION, WARNING, alone, among, moment, now};
use crate::rules::context::{Agent, Campaign, Context, Known, Others, Site};
use crate::rules::interviews::DaySays;

const AT_TEN: (&str, &str) = ("start", "2026-11-20T10:00:00.000Z");
const HALF_PAST_TEN: (&str, &str) = ("end", "2026-11-20T10:30:00.000Z");
const HALF_AN_HOUR: &[(&str, &str)] = &[AT_TEN, HALF_PAST_TEN];

pub(super) const CASES: &[Case] = &[
    alone("A07", "site", &[AT_TEN, ("end", "2026-11-20T09:59:59.000Z")], ERROR),
    alone("A07", "site", &[AT_TEN, ("end", "2026-11-20T10:59:59.000+01:00")], ERROR),
    alone("A07", "site", HALF_AN_HOUR, None),
    alone("A08", "site", &[("end", "2026-11-22T12:10:01.000Z")], WARNING),
    alone("A08", "site", &[("end", "2026-11-22T12:10:00.000Z")], None),
    alone("A08", "site", &[("end", "2026-11-29T12:00:01.000Z")], ERROR),
    alone("A08", "site", &[("today", "2026-11-23")], WARNING),
    alone("A08", "site", &[("today", "2099-01-01")], ERROR),
    alone("A08", "site", &[("start", "1970-01-01T00:00:00.000Z")], WARNING),
    among("A08", "site", &[("today", "2026-11-09")], campaign, WARNING),
    among("A08", "site", &[AT_TEN, HALF_PAST_TEN, ("today", "2026-11-10")], campaign, None),
    alone("A09", "site", &[AT_TEN, ("today", "2026-11-19")], INFORMATION),
    alone("A09", "site", &[AT_TEN, ("today", "2026-11-20")], None),
    alone("A10", "site", &[AT_TEN, ("end", "2026-11-20T13:00:01.000Z")], WARNING),
    alone("A10", "site", &[AT_TEN, ("end", "2026-11-20T13:00:00.000Z")], None),
    among("A10", "site", HALF_AN_HOUR, || median(76.0), WARNING),
    among("A10", "site", HALF_AN_HOUR, || median(75.0), None),
    among("A11", "site", &[], || Context { agent: Known::Absent, ..now() }, ERROR),
    among("A11", "site", &[], || agent(Agent { in_campaign: false, ..good() }), ERROR),
    among("A11", "site", &[], || agent(Agent { bound: false, ..good() }), WARNING),
    among("A11", "site", &[], || agent(good()), None),
    alone("A11", "site", &[], None),
    among("A12", "orpailleur", &[("site_id", "elsewhere")], || agent(good()), WARNING),
    among("A12", "orpailleur", &[("site_id", "here")], || agent(good()), None),
    among("A13", "enfant", &[], || agent(Agent { child_certified: false, ..good() }), ERROR),
    among("A13", "enfant", &[], || agent(good()), None),
    among("A14", "site", HALF_AN_HOUR, || on_a_day(true), WARNING),
    among("A14", "site", HALF_AN_HOUR, || on_a_day(false), None),
    among("A15", "site", &[], || files(8), WARNING),
    among("A15", "site", &[], || files(7), None),
    alone("A16", "orpailleur", &[("consent", "refused")], ERROR),
    alone("A16", "orpailleur", &[("consent", "")], ERROR),
    alone("A16", "orpailleur", &[], None),
    // A sampled person is found by the card before anything is asked.
    alone(
        "A16",
        "protection_sociale",
        &[("card_no", "ORP-0000001-B"), ("consent", "refused")],
        None,
    ),
    alone("A17", "contre_visite", &[("remarks", "Rappeler au 76 12 34 56")], INFORMATION),
    alone("A17", "contre_visite", &[("remarks", "Il faut voir Moussa Keita demain")], INFORMATION),
    alone("A17", "contre_visite", &[("remarks", "Carte perdue en 2025")], None),
    alone("C13", "orpailleur", &[("chemicals_handled", "none mercury")], ERROR),
    alone("C13", "orpailleur", &[("chemicals_handled", "none")], None),
    among("G04", "visite_site", &[], || version(2), WARNING),
    among("G04", "visite_site", &[], || version(1), None),
    among("G05", "site", &[], || drift(-601), INFORMATION),
    among("G05", "site", &[], || drift(600), None),
    among(
        "G06",
        "site",
        &[],
        || Context { received_at: moment("2026-12-16T00:00:00Z"), ..campaign() },
        WARNING,
    ),
    among(
        "G06",
        "site",
        &[],
        || Context { received_at: moment("2026-12-15T23:59:59Z"), ..campaign() },
        None,
    ),
];

pub(super) fn campaign() -> Context<'static> {
    static HOLIDAYS: [std::ops::RangeInclusive<jiff::civil::Date>; 1] =
        [date(2026, 11, 15)..=date(2026, 11, 16)];
    static CAMPAIGN: std::sync::OnceLock<Campaign> = std::sync::OnceLock::new();
    let campaign = CAMPAIGN.get_or_init(|| Campaign {
        starts: date(2026, 11, 10),
        ends: date(2026, 12, 15),
        gold_price: 40_000..=90_000,
    });
    Context { campaign: Some(campaign), holidays: &HOLIDAYS, ..now() }
}

fn good() -> Agent {
    Agent {
        in_campaign: true,
        bound: true,
        child_certified: true,
        sites: Some(vec!["here".to_owned()]),
        ..Agent::default()
    }
}

fn agent(agent: Agent) -> Context<'static> {
    Context { agent: Known::Found(agent), ..now() }
}

fn median(minutes: f64) -> Context<'static> {
    let site = Site { median_minutes: Some(minutes), ..Site::default() };
    Context { site: Known::Found(site), ..now() }
}

fn files(days: i64) -> Context<'static> {
    Context { others: Others { files_missing_days: Some(days), ..Others::default() }, ..now() }
}

fn version(version: i64) -> Context<'static> {
    Context { others: Others { entity_version: Some(version), ..Others::default() }, ..now() }
}

fn drift(seconds: i64) -> Context<'static> {
    Context { others: Others { clock_drift_s: Some(seconds), ..Others::default() }, ..now() }
}

fn on_a_day(overlaps: bool) -> Context<'static> {
    Context { device_day: DaySays { overlaps, ..DaySays::default() }, ..now() }
}
