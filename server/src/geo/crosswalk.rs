//! Which units of one division lie in which of the other, and by how much.
//!
//! From the areas of both where the limits of both are known; else from the communes, which the reform left as
//! they were, weighed by their area or, as a last resort, one each.

use std::collections::{BTreeMap, HashMap};

use ::geo::{BooleanOps as _, ChamberlainDuquetteArea as _, MultiPolygon};
use rstar::{AABB, RTree, RTreeObject};

use super::{
    boundary::Boundary,
    place::{Division, Level, PlaceCodes},
    seats::SeatPoint,
};

/// Common parts under this share of both units are where two drawings of one border differ.
const SLIVER: f64 = 0.001;
const M2_PER_KM2: f64 = 1e6;

/// What the shares of a correspondence rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// The areas of both units.
    Areas,
    /// The areas of the communes that both hold, by the table of communes.
    CommuneAreas,
    /// How many communes both hold, by the table of communes.
    Communes,
}

impl Ground {
    /// Its word in answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Areas => "areas",
            Self::CommuneAreas => "commune_areas",
            Self::Communes => "communes",
        }
    }

    /// Whether the shares are less than measured.
    pub const fn is_approximate(self) -> bool {
        !matches!(self, Self::Areas)
    }
}

/// What a unit of one division and a unit of the other have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Common {
    /// The code in the first division.
    pub from: String,
    /// The code in the other; none where it is not known.
    pub to: Option<String>,
    /// How much of the first lies in the other, 0 to 1.
    pub share_from: f64,
    /// How much of the other comes from the first, 0 to 1; none where the other is not known.
    pub share_to: Option<f64>,
    /// Square kilometres in common, where areas are known.
    pub area_km2: Option<f64>,
    /// What this rests on.
    pub ground: Ground,
}

/// The units of `from` at this level with those of the other division that they have something in common with, in
/// the order of their codes.
pub fn crosswalk(
    from: Division,
    level: Level,
    boundaries: &[Boundary],
    seats: &[SeatPoint],
) -> Vec<Common> {
    let at = |division: Division| -> Vec<&Boundary> {
        boundaries.iter().filter(|b| b.division == division && b.level == level).collect()
    };
    let (old, new) = (at(from), at(from.other()));
    let mut found = if new.is_empty() { Vec::new() } else { overlaid(&old, &new) };
    let measured: Vec<String> = found.iter().map(|c| c.from.clone()).collect();
    let by_commune = through_communes(from, level, boundaries, seats);
    found.extend(by_commune.into_iter().filter(|c| !measured.contains(&c.from)));
    found.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
    found
}

/// A unit of the other division, by its box.
struct Unit<'a> {
    boundary: &'a Boundary,
    area: f64,
}

impl RTreeObject for Unit<'_> {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        envelope(self.boundary)
    }
}

fn envelope(boundary: &Boundary) -> AABB<[f64; 2]> {
    let (low, high) = (boundary.bbox.min(), boundary.bbox.max());
    AABB::from_corners([low.x, low.y], [high.x, high.y])
}

fn km2(area: &MultiPolygon<f64>) -> f64 {
    area.chamberlain_duquette_unsigned_area() / M2_PER_KM2
}

fn overlaid(old: &[&Boundary], new: &[&Boundary]) -> Vec<Common> {
    let units = new.iter().map(|boundary| Unit { boundary, area: km2(&boundary.geometry) });
    let tree = RTree::bulk_load(units.collect());
    let mut found = Vec::new();
    for from in old {
        let whole = km2(&from.geometry);
        for to in tree.locate_in_envelope_intersecting(&envelope(from)) {
            let common = km2(&from.geometry.intersection(&to.boundary.geometry));
            let (share_from, share_to) = (share(common, whole), share(common, to.area));
            if share_from.max(share_to) < SLIVER {
                continue;
            }
            found.push(Common {
                from: from.code.clone(),
                to: Some(to.boundary.code.clone()),
                share_from,
                share_to: Some(share_to),
                area_km2: Some(common),
                ground: Ground::Areas,
            });
        }
    }
    found
}

/// Part of a whole, 0 to 1.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).min(1.0) } else { 0.0 }
}

/// By the table of communes. All of them are weighed by area, or none of them.
fn through_communes(
    from: Division,
    level: Level,
    boundaries: &[Boundary],
    seats: &[SeatPoint],
) -> Vec<Common> {
    let communes = boundaries.iter().filter(|b| b.level == Level::Commune);
    let areas: HashMap<&str, f64> = communes.map(|b| (b.code.as_str(), km2(&b.geometry))).collect();
    let area = |seat: &SeatPoint| {
        let commune = seat.place_2012.commune.as_deref().or(seat.place_2023.commune.as_deref())?;
        areas.get(commune).copied()
    };
    let has_areas = !seats.is_empty() && seats.iter().all(|seat| area(seat).is_some());
    let ground = if has_areas { Ground::CommuneAreas } else { Ground::Communes };
    let mut parts: BTreeMap<(String, Option<String>), f64> = BTreeMap::new();
    let (mut whole, mut other): (HashMap<String, f64>, HashMap<String, f64>) = Default::default();
    for seat in seats {
        let Some(code) = code_at(seat.place(from), level) else { continue };
        let to = code_at(seat.place(from.other()), level);
        let weight = area(seat).filter(|_| has_areas).unwrap_or(1.0);
        *whole.entry(code.clone()).or_default() += weight;
        if let Some(to) = &to {
            *other.entry(to.clone()).or_default() += weight;
        }
        *parts.entry((code, to)).or_default() += weight;
    }
    let common = |((from, to), part): ((String, Option<String>), f64)| Common {
        share_from: share(part, whole.get(&from).copied().unwrap_or(0.0)),
        share_to: to.as_ref().map(|to| share(part, other.get(to).copied().unwrap_or(0.0))),
        area_km2: has_areas.then_some(part),
        from,
        to,
        ground,
    };
    parts.into_iter().map(common).collect()
}

fn code_at(codes: &PlaceCodes, level: Level) -> Option<String> {
    match level {
        Level::Region => codes.region.clone(),
        Level::Cercle => codes.cercle.clone(),
        Level::Commune => codes.commune.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(commune: &str, old: [&str; 2], new: [&str; 2]) -> SeatPoint {
        let codes = |[region, cercle]: [&str; 2]| PlaceCodes {
            region: Some(region.to_owned()),
            cercle: (!cercle.is_empty()).then(|| cercle.to_owned()),
            commune: Some(commune.to_owned()),
        };
        SeatPoint { lon: 0.0, lat: 0.0, place_2012: codes(old), place_2023: codes(new) }
    }

    /// A box of so many degrees from the equator up and from Greenwich on.
    fn unit(division: Division, level: Level, code: &str, [west, east]: [f64; 2]) -> Boundary {
        let geometry =
            MultiPolygon::new(vec![::geo::Rect::new((west, 0.0), (east, 0.5)).to_polygon()]);
        Boundary {
            division,
            level,
            code: code.to_owned(),
            name: code.to_owned(),
            pcode: None,
            parent: None,
            region: None,
            valid_on: None,
            bbox: super::super::boundary::bounding_box(&geometry),
            geometry,
        }
    }

    fn line(common: &Common) -> (&str, Option<&str>, f64, Option<f64>) {
        let round = |x: f64| (x * 1e3).round() / 1e3;
        (&common.from, common.to.as_deref(), round(common.share_from), common.share_to.map(round))
    }

    fn seats() -> Vec<SeatPoint> {
        vec![
            seat("a", ["kayes", "kita"], ["kita", "kita"]),
            seat("b", ["kayes", "kita"], ["kita", "sefeto"]),
            seat("c", ["kayes", "kita"], ["kita", ""]),
            seat("d", ["kayes", "kayes"], ["kayes", "kayes"]),
        ]
    }

    #[test]
    fn without_limits_communes_are_counted_and_the_unknown_is_told() {
        let found = crosswalk(Division::D2012, Level::Cercle, &[], &seats());

        let third = 0.333;
        let expected = [
            ("kayes", Some("kayes"), 1.0, Some(1.0)),
            ("kita", None, third, None),
            ("kita", Some("kita"), third, Some(1.0)),
            ("kita", Some("sefeto"), third, Some(1.0)),
        ];
        assert_eq!(found.iter().map(line).collect::<Vec<_>>(), expected);
        assert!(found.iter().all(|c| c.ground == Ground::Communes && c.ground.is_approximate()));
        let back = crosswalk(Division::D2023, Level::Region, &[], &seats());
        let expected =
            [("kayes", Some("kayes"), 1.0, Some(0.25)), ("kita", Some("kayes"), 1.0, Some(0.75))];
        assert_eq!(back.iter().map(line).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn communes_weigh_by_their_area_where_all_are_known() {
        let commune = |code: &str, west: f64, east: f64| {
            unit(Division::D2012, Level::Commune, code, [west, east])
        };
        let mut limits =
            vec![commune("a", 0.0, 0.6), commune("b", 0.6, 0.9), commune("c", 0.9, 1.0)];
        let one_missing = crosswalk(Division::D2012, Level::Region, &limits, &seats());
        assert_eq!(one_missing[0].ground, Ground::Communes);

        limits.push(commune("d", 1.0, 2.0));
        let found = crosswalk(Division::D2012, Level::Region, &limits, &seats());

        let expected =
            [("kayes", Some("kayes"), 0.5, Some(1.0)), ("kayes", Some("kita"), 0.5, Some(1.0))];
        assert_eq!(found.iter().map(line).collect::<Vec<_>>(), expected);
        assert_eq!(found[0].ground, Ground::CommuneAreas);
        // A degree of the equator by half a degree.
        let area = found[0].area_km2.unwrap();
        assert!((area - 111.3 * 55.6).abs() < 40.0, "{area}");
    }

    #[test]
    fn limits_of_both_divisions_are_laid_over_each_other() {
        let limits = [
            unit(Division::D2012, Level::Region, "kayes", [0.0, 1.0]),
            unit(Division::D2023, Level::Region, "kayes", [0.0, 0.25]),
            unit(Division::D2023, Level::Region, "kita", [0.25, 1.000_01]),
            unit(Division::D2023, Level::Region, "koulikoro", [0.999_99, 2.0]),
        ];

        let found = crosswalk(Division::D2012, Level::Region, &limits, &seats());

        let expected =
            [("kayes", Some("kayes"), 0.25, Some(1.0)), ("kayes", Some("kita"), 0.75, Some(1.0))];
        assert_eq!(
            found.iter().map(line).collect::<Vec<_>>(),
            expected,
            "a sliver is no correspondence"
        );
        assert!(found.iter().all(|c| c.ground == Ground::Areas));
    }
}
