//! Cases of the rules of sites and visits (E).

use jiff::civil::date;

use super::envelopes::campaign;
use super::{Case, ERROR, INFORMATION, WARNING, alone, among, now};
use crate::geo::Position;
use crate::rules::context::{Context, Known, Site};

const WORKERS: [&str; 3] = ["workers_total", "workers_men", "workers_women"];
const AT: (&str, &str) = ("gps", "12.8412345 -11.2412345 150.5 8.5");
const CUT: (&str, &str) = ("licence_issued", "2025-03-06");

pub(super) const CASES: &[Case] = &[
    alone("E01", "site", &[(WORKERS[0], "100"), (WORKERS[1], "60"), (WORKERS[2], "41")], ERROR),
    alone("E01", "site", &[(WORKERS[0], "100"), (WORKERS[1], "60"), (WORKERS[2], "39")], WARNING),
    alone("E01", "site", &[(WORKERS[0], "100"), (WORKERS[1], "60"), (WORKERS[2], "40")], None),
    alone("E02", "site", &[(WORKERS[0], "501"), ("pits_active", "10")], WARNING),
    alone("E02", "site", &[(WORKERS[0], "500"), ("pits_active", "10")], None),
    alone("E02", "site", &[(WORKERS[0], "9000"), ("pits_active", "0")], None),
    alone("E02", "visite_site", &[(WORKERS[0], "20001")], WARNING),
    alone("E03", "site", &[("site_status", "active"), ("months_active", "m01 m02")], WARNING),
    alone(
        "E03",
        "site",
        &[("site_status", "active"), ("months_active", "m01 m11"), ("today", "2026-11-20")],
        None,
    ),
    alone("E03", "site", &[("site_status", "abandoned"), ("months_active", "m01")], None),
    alone(
        "E04",
        "site",
        &[("site_status", "active_reduced"), ("today", "2026-06-15")],
        INFORMATION,
    ),
    alone("E04", "visite_site", &[("site_status", "active"), ("today", "2026-09-30")], INFORMATION),
    alone("E04", "site", &[("site_status", "active"), ("today", "2026-06-14")], None),
    alone("E04", "site", &[("site_status", "suspended_season"), ("today", "2026-08-01")], None),
    alone("E05", "site", &[CUT, ("licence_expires", "2025-03-06")], ERROR),
    alone("E05", "site", &[CUT, ("licence_expires", "2025-03-07")], None),
    alone("E06", "site", &[("legal_status", "corridor"), ("licence_no", "")], WARNING),
    alone("E06", "site", &[("legal_status", "corridor"), ("licence_no", "CM-1")], None),
    alone("E06", "site", &[("legal_status", "none"), ("licence_no", "")], None),
    alone("E07", "site", &[("licence_holder", "individual_foreign"), CUT], INFORMATION),
    alone(
        "E07",
        "site",
        &[("licence_holder", "individual_foreign"), ("licence_issued", "2025-03-05")],
        None,
    ),
    alone("E08", "site", &[("chemicals", "mercury"), ("mercury_practices", "no_mercury")], ERROR),
    alone("E08", "site", &[("chemicals", "mercury"), ("mercury_practices", "open_burning")], None),
    alone(
        "E09",
        "site",
        &[("processing_methods", "none_here"), ("equipment", "pump mill")],
        WARNING,
    ),
    alone("E09", "site", &[("processing_methods", "none_here"), ("equipment", "pump")], None),
    alone(
        "E11",
        "site",
        &[("depth_max", "5"), ("extraction_methods", "riverbank"), ("pits_active", "0")],
        WARNING,
    ),
    alone(
        "E11",
        "site",
        &[("depth_max", "5"), ("extraction_methods", "riverbank shaft"), ("pits_active", "0")],
        None,
    ),
    alone(
        "E11",
        "site",
        &[("depth_max", "0"), ("extraction_methods", "riverbank"), ("pits_active", "0")],
        None,
    ),
    among("E12", "visite_site", &[("gold_price", "39999")], campaign, WARNING),
    among("E12", "visite_site", &[("gold_price", "90000")], campaign, None),
    alone("E13", "site", &[("start_year", "2027")], ERROR),
    alone("E13", "site", &[("start_year", "2026")], None),
    among(
        "E13",
        "site",
        &[("start_year", "2026")],
        || known(Site { registered_on: Some(date(2025, 5, 1)), ..Site::default() }),
        ERROR,
    ),
    alone("E14", "site", &[("deaths_12m", "51")], WARNING),
    alone("E14", "site", &[("deaths_12m", "50")], None),
    among(
        "E14",
        "visite_site",
        &[("deaths_30d", "3")],
        || known(Site { deaths_12m: Some(2), ..Site::default() }),
        WARNING,
    ),
    among(
        "E14",
        "visite_site",
        &[("deaths_30d", "2")],
        || known(Site { deaths_12m: Some(2), ..Site::default() }),
        None,
    ),
    alone("E15", "visite_site", &[("visit_date", "2026-11-23")], ERROR),
    alone("E15", "visite_site", &[("visit_date", "2026-11-22")], None),
    among(
        "E15",
        "visite_site",
        &[("visit_date", "2026-11-09")],
        || known(Site { registered_on: Some(date(2026, 11, 10)), ..Site::default() }),
        ERROR,
    ),
    among("E16", "visite_site", &[AT], || at(12.8412, -11.22), WARNING),
    among("E16", "visite_site", &[AT], || at(12.8412, -11.23), None),
    among("E17", "visite_site", &[("site_status", "active")], || status("rehabilitated"), WARNING),
    among(
        "E17",
        "visite_site",
        &[("site_status", "active"), (WORKERS[0], "501")],
        || status("abandoned"),
        WARNING,
    ),
    among(
        "E17",
        "visite_site",
        &[("site_status", "active"), (WORKERS[0], "500")],
        || status("abandoned"),
        None,
    ),
    alone("E18", "visite_site", &[("site_id", "one"), ("merged_with", "one")], ERROR),
    among(
        "E18",
        "visite_site",
        &[("site_id", "one"), ("merged_with", "two")],
        || merged(true),
        ERROR,
    ),
    among(
        "E18",
        "visite_site",
        &[("site_id", "one"), ("merged_with", "two")],
        || merged(false),
        None,
    ),
    among(
        "E19",
        "visite_site",
        &[("children_working", "none")],
        || known(Site { children: 1, ..Site::default() }),
        INFORMATION,
    ),
    among("E19", "visite_site", &[("children_working", "none")], || known(Site::default()), None),
    among(
        "E20",
        "visite_site",
        &[("site_status", "active"), ("changes", "none")],
        || status("abandoned"),
        WARNING,
    ),
    among(
        "E20",
        "visite_site",
        &[("site_status", "active"), ("changes", "none")],
        || status("active"),
        None,
    ),
    among(
        "E20",
        "visite_site",
        &[("site_status", "active"), ("changes", "reopened")],
        || status("abandoned"),
        None,
    ),
];

fn known(site: Site) -> Context<'static> {
    Context { site: Known::Found(site), ..now() }
}

fn at(lat: f64, lon: f64) -> Context<'static> {
    known(Site { position: Position::new(lon, lat), ..Site::default() })
}

fn status(code: &str) -> Context<'static> {
    known(Site { status: Some(code.to_owned()), ..Site::default() })
}

fn merged(merged: bool) -> Context<'static> {
    Context { merged_site: Known::Found(Site { merged, ..Site::default() }), ..now() }
}
