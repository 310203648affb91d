//! Where a record was made (rules B01 to B10, B12 to B14).

use sanu_schemas::attribute;

use super::context::Context;
use super::finding::Hit;
use super::record::Record;
use super::register::Check;
use crate::forms::{AnswerKind, GeoPoint, Severity};
use crate::geo::{Position, PositionFlag, distance_m, is_outside_phase1_box, misplaced};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("B01", missing),
    ("B02", impossible),
    ("B03", outside_phase1),
    ("B04", accuracy),
    ("B05", outside_cercle),
    ("B06", commune_of_another_cercle),
    ("B07", outside_polygons),
    ("B08", another_place),
    ("B09", far_from_site),
    ("B10", repeated),
    ("B12", exactly_zero),
    ("B13", few_decimals),
    ("B14", neighbour),
];

/// Whether the record describes a site: its point matters more than where a person was met.
fn is_of_site(record: &Record<'_>) -> bool {
    matches!(record.form_id(), "site" | "visite_site")
}

/// Worse for a site than for a person.
fn weigh<'r>(record: &Record<'_>, site: Severity, person: Severity, name: &'r str) -> Hit<'r> {
    Hit::new(if is_of_site(record) { site } else { person }, [name])
}

fn position(point: GeoPoint) -> Option<Position> {
    Position::new(point.lon, point.lat)
}

fn missing<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    record
        .questions()
        .filter(|q| q.kind == AnswerKind::GeoPoint && q.asked && q.required && q.unconditional)
        .find(|q| !q.in_repeat && record.point(&q.name).is_none())
        .map(|q| Hit::error([q.name.as_str()]))
}

fn impossible<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let bad = |point| position(point).and_then(misplaced).is_some();
    record.points().find(|(_, point)| bad(*point)).map(|(name, _)| Hit::error([name]))
}

/// B03: outside the box, or in a region that is not of phase 1 as far as the place is no guess.
fn outside_phase1<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let by_place =
        context.placement.is_some_and(|at| at.flags.contains(&PositionFlag::OutsidePhase1));
    record
        .points()
        .filter_map(|(name, point)| Some((name, position(point)?)))
        .find(|(_, at)| misplaced(*at).is_none() && (is_outside_phase1_box(*at) || by_place))
        .map(|(name, _)| Hit::warning([name]))
}

fn accuracy<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let (name, metres) = record
        .points()
        .filter_map(|(name, point)| Some((name, point.acc?)))
        .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let (site, person) = match metres {
        _ if metres > 200.0 => (Severity::Error, Severity::Warning),
        _ if metres > 50.0 => (Severity::Warning, Severity::Warning),
        _ if metres > 20.0 => (Severity::Warning, Severity::Information),
        _ => return None,
    };
    Some(weigh(record, site, person, name))
}

/// B05: boundaries and GPS are uncertain, so up to 2 km is a warning. For a person the check is on
/// the site, and the distance only information.
fn outside_cercle<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let metres = context.outside_cercle_m.filter(|metres| *metres > 0.0)?;
    let site = if metres <= 2_000.0 { Severity::Warning } else { Severity::Error };
    let severity = if is_of_site(record) { site } else { Severity::Information };
    Some(Hit::new(severity, ["cercle", "gps"]))
}

fn commune_of_another_cercle<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let (commune, declared) = (record.code("commune")?, record.code("cercle")?);
    let severity = is_of_another_cercle(commune, declared)?;
    Some(Hit::new(severity, ["commune", "cercle"]))
}

/// How surely a commune is not of the declared cercle (rule B06); `None` when it may be.
///
/// Certain only where a source gives the commune's cercle of 2023 without doubt. Where none does, the cercle before the
/// reform, from which the declared one was cut, may still contradict.
pub fn is_of_another_cercle(commune: &str, declared: &str) -> Option<Severity> {
    if let Some(cercle) = attribute("communes", commune, "cercle_2023") {
        let source = attribute("communes", commune, "cercle_2023_source").unwrap_or_default();
        let doubtful = source.contains("fuzzy") || source.contains("to verify");
        let severity = if doubtful { Severity::Warning } else { Severity::Error };
        return (cercle != declared).then_some(severity);
    }
    let before = attribute("communes", commune, "cercle_pre2023")?;
    let cut_from = attribute("cercles", declared, "cercle_pre2023")?;
    (before != cut_from).then_some(Severity::Warning)
}

fn outside_polygons<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    context.placement?.flags.contains(&PositionFlag::OutsidePolygons).then_some(())?;
    record.points().next().map(|(name, _)| Hit::warning([name]))
}

/// B08: a guess from the nearest seat contradicts nobody.
fn another_place<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let at = context.placement?;
    let differs = |known: Option<&String>, typed: Option<&str>| {
        known.zip(typed).is_some_and(|(known, typed)| known != typed)
    };
    let cercle = !at.place_2023.basis.is_approximate()
        && differs(at.place_2023.codes.cercle.as_ref(), record.code("cercle"));
    let before = record.text("cercle_old").or_else(|| record.code("cercle_old"));
    let old = &at.place_2012;
    let division_2012 = !old.basis.is_approximate()
        && (differs(old.codes.cercle.as_ref(), before)
            || differs(old.codes.commune.as_ref(), record.code("commune")));
    (cercle || division_2012).then(|| Hit::warning(["cercle", "commune", "gps"]))
}

/// B09: 3 km around the centre holds the largest sites; beyond 15 km it is another place.
fn far_from_site<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let centre = context.site.found()?.position?;
    let (name, point) = record.points().next().filter(|_| record.form_id() != "site")?;
    let metres = distance_m(position(point)?, centre);
    match metres {
        _ if metres > 15_000.0 => Some(Hit::error([name, "site_id"])),
        _ if metres > 3_000.0 => Some(Hit::warning([name, "site_id"])),
        _ => None,
    }
}

fn repeated<'r>(record: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let (name, _) = record.points().next()?;
    context.device_day.is_repeated.then(|| Hit::warning([name]))
}

fn exactly_zero<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let zero = |metres: Option<f64>| metres.is_some_and(|m| m.abs() < f64::EPSILON);
    record
        .points()
        .find(|(_, point)| zero(point.alt) || zero(point.acc))
        .map(|(name, _)| Hit::warning([name]))
}

fn few_decimals<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    // A thousandth of a degree is 110 m: both coordinates that round is a place typed by hand.
    let round = |degrees: f64| ((degrees * 1e3).round() - degrees * 1e3).abs() < 1e-6;
    record
        .points()
        .find(|(_, point)| round(point.lat) && round(point.lon))
        .map(|(name, _)| Hit::warning([name]))
}

fn neighbour<'r>(_: &Record<'r>, context: &Context<'_>) -> Option<Hit<'r>> {
    let near = context.neighbours.iter().any(|site| site.distance_m < 200.0 && !site.same_name);
    near.then(|| Hit::warning(["gps", "site_name"]))
}
