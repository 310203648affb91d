//! Cases of the rules of position (B).

use super::{Case, ERROR, INFORMATION, WARNING, alone, among, now};
use crate::geo::{Basis, Place, PlaceCodes, Placement, Position, PositionFlag};
use crate::rules::context::{Context, Known, Neighbour, Site};
use crate::rules::interviews::DaySays;

/// A good point in the cercle of Kéniéba.
const HERE: (&str, &str) = ("gps", "12.8412345 -11.2412345 150.5 8.5");
const SQUARE: &str = "12.840 -11.242;12.843 -11.242;12.843 -11.240;12.840 -11.240;12.840 -11.242";

pub(super) const CASES: &[Case] = &[
    alone("B01", "site", &[("gps", "")], ERROR),
    alone("B01", "site", &[("gps", "quelque part")], ERROR),
    alone("B01", "site", &[HERE], None),
    alone("B01", "cooperative", &[("gps", "")], None),
    alone("B02", "site", &[("gps", "0 0 10 5")], ERROR),
    alone("B02", "site", &[("gps", "48.85 2.35 10 5")], ERROR),
    alone("B02", "site", &[("gps", "-8.0012345 12.6012345 10 5")], ERROR),
    alone("B02", "site", &[HERE], None),
    alone("B03", "site", &[("gps", "16.7712345 -3.0012345 260.5 5.5")], WARNING),
    among("B03", "site", &[HERE], || flagged(PositionFlag::OutsidePhase1), WARNING),
    among("B03", "site", &[HERE], in_kenieba, None),
    alone("B04", "site", &[("gps", "12.8412345 -11.2412345 150.5 20.5")], WARNING),
    alone("B04", "orpailleur", &[("gps", "12.8412345 -11.2412345 150.5 20.5")], INFORMATION),
    alone("B04", "orpailleur", &[("gps", "12.8412345 -11.2412345 150.5 50.5")], WARNING),
    alone("B04", "orpailleur", &[("gps", "12.8412345 -11.2412345 150.5 900")], WARNING),
    alone("B04", "visite_site", &[("gps", "12.8412345 -11.2412345 150.5 200.5")], ERROR),
    alone("B04", "site", &[("gps", "12.8412345 -11.2412345 150.5 20")], None),
    among("B05", "site", &[], || outside(2_000.0), WARNING),
    among("B05", "site", &[], || outside(2_001.0), ERROR),
    among("B05", "orpailleur", &[], || outside(2_001.0), INFORMATION),
    among("B05", "site", &[], || outside(0.0), None),
    alone("B06", "site", &[("cercle", "kita"), ("commune", "bafoulabe__bafoulabe")], ERROR),
    // The list says « to verify » of this one.
    alone("B06", "site", &[("cercle", "kita"), ("commune", "kenieba__baye")], WARNING),
    alone("B06", "site", &[("cercle", "bafoulabe"), ("commune", "bafoulabe__bafoulabe")], None),
    alone("B06", "site", &[("cercle", "sikasso"), ("commune", UNPLACED)], WARNING),
    alone("B06", "site", &[("cercle", CUT_FROM), ("commune", UNPLACED)], None),
    among("B07", "site", &[HERE], || flagged(PositionFlag::OutsidePolygons), WARNING),
    among("B07", "site", &[HERE], in_kenieba, None),
    among("B08", "site", &[HERE, ("cercle", "kayes")], in_kenieba, WARNING),
    among(
        "B08",
        "site",
        &[HERE, ("cercle", "kenieba"), ("cercle_old", "kayes")],
        in_kenieba,
        WARNING,
    ),
    among(
        "B08",
        "site",
        &[HERE, ("cercle", "kenieba"), ("cercle_old", "kenieba"), ("commune", "kenieba__kenieba")],
        in_kenieba,
        None,
    ),
    among("B09", "orpailleur", &[HERE], || centre(12.8412, -11.20), WARNING),
    among("B09", "orpailleur", &[HERE], || centre(12.8412, -11.09), ERROR),
    among("B09", "orpailleur", &[HERE], || centre(12.8412, -11.22), None),
    among("B10", "orpailleur", &[HERE], || repeated(true), WARNING),
    among("B10", "orpailleur", &[HERE], || repeated(false), None),
    alone("B11", "site", &[HERE, ("outline", SQUARE)], None),
    alone(
        "B11",
        "site",
        &[
            HERE,
            ("outline", "12.84 -11.242;12.843 -11.240;12.843 -11.242;12.84 -11.240;12.84 -11.242"),
        ],
        WARNING,
    ),
    alone(
        "B11",
        "site",
        &[
            HERE,
            (
                "outline",
                "12.84123 -11.24124;12.84124 -11.24124;12.84124 -11.24123;12.84123 -11.24124",
            ),
        ],
        WARNING,
    ),
    alone("B11", "site", &[("gps", "12.8501234 -11.2412345 150 8"), ("outline", SQUARE)], WARNING),
    alone("B12", "orpailleur", &[("gps", "12.8412345 -11.2412345 0 8.5")], WARNING),
    alone("B12", "orpailleur", &[("gps", "12.8412345 -11.2412345 150.5 0.0")], WARNING),
    alone("B12", "orpailleur", &[("gps", "12.8412345 -11.2412345")], None),
    alone("B13", "orpailleur", &[("gps", "12.841 -11.24 150.5 8.5")], WARNING),
    alone("B13", "orpailleur", &[("gps", "12.8411 -11.24 150.5 8.5")], None),
    among("B14", "site", &[], || near(199.0, false), WARNING),
    among("B14", "site", &[], || near(199.0, true), None),
    among("B14", "site", &[], || near(200.0, false), None),
];

/// A commune whose cercle of 2023 the list does not know, and the cercle it was in before.
const UNPLACED: &str = "bafoulabe__diokeli";
const CUT_FROM: &str = "bafoulabe";

fn place(cercle: &str, commune: &str) -> Place {
    let codes = PlaceCodes {
        region: Some("kayes".to_owned()),
        cercle: Some(cercle.to_owned()),
        commune: Some(commune.to_owned()),
    };
    Place { codes, basis: Basis::Polygon }
}

fn placed(flags: Vec<PositionFlag>) -> Context<'static> {
    let at = place("kenieba", "kenieba__kenieba");
    let placement = Placement { place_2012: at.clone(), place_2023: at, flags };
    Context { placement: Some(Box::leak(Box::new(placement))), ..now() }
}

/// In Kéniéba, with nothing doubtful.
fn in_kenieba() -> Context<'static> {
    placed(Vec::new())
}

fn flagged(flag: PositionFlag) -> Context<'static> {
    placed(vec![flag])
}

fn outside(metres: f64) -> Context<'static> {
    Context { outside_cercle_m: Some(metres), ..now() }
}

fn centre(lat: f64, lon: f64) -> Context<'static> {
    let site = Site { position: Position::new(lon, lat), ..Site::default() };
    Context { site: Known::Found(site), ..now() }
}

fn repeated(is_repeated: bool) -> Context<'static> {
    Context { device_day: DaySays { is_repeated, ..DaySays::default() }, ..now() }
}

fn near(distance_m: f64, same_name: bool) -> Context<'static> {
    Context { neighbours: vec![Neighbour { distance_m, same_name }].leak(), ..now() }
}
