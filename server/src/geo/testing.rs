//! Small places for the tests of this module.

use ::geo::{MultiPolygon, Rect, coord};

use super::{Boundary, Division, Level, Namer, Names, PlaceCodes, SeatPoint};

/// Lower-case names as codes; a commune is prefixed by its cercle.
pub(crate) struct Slugs;

impl Namer for Slugs {
    fn code(&self, level: Level, names: &Names) -> String {
        let slug = |level| names.at(level).unwrap_or_default().to_lowercase();
        match level {
            Level::Region | Level::Cercle => slug(level),
            Level::Commune => format!("{}__{}", slug(Level::Cercle), slug(level)),
        }
    }
}

/// Reads `region/cercle/commune`, as deep as it goes.
pub(crate) fn codes(path: &str) -> PlaceCodes {
    let mut parts = path.split('/').map(str::to_owned);
    PlaceCodes { region: parts.next(), cercle: parts.next(), commune: parts.next() }
}

/// A seat at `(lon, lat)`, with its path in both divisions.
pub(crate) fn seat((lon, lat): (f64, f64), path_2012: &str, path_2023: &str) -> SeatPoint {
    SeatPoint { lon, lat, place_2012: codes(path_2012), place_2023: codes(path_2023) }
}

/// A rectangular boundary; the length of its path is its level.
pub(crate) fn square(
    division: Division,
    path: &str,
    (west, south): (f64, f64),
    (east, north): (f64, f64),
) -> Boundary {
    let PlaceCodes { region, cercle, commune } = codes(path);
    let (level, code, parent) = match (cercle, commune) {
        (cercle, Some(commune)) => (Level::Commune, Some(commune), cercle),
        (Some(cercle), None) => (Level::Cercle, Some(cercle), region.clone()),
        (None, None) => (Level::Region, region.clone(), None),
    };
    let bbox = Rect::new(coord! { x: west, y: south }, coord! { x: east, y: north });
    let code = code.expect("a path has at least a region");
    Boundary {
        division,
        level,
        name: code.clone(),
        code,
        pcode: None,
        parent,
        region,
        valid_on: None,
        geometry: MultiPolygon::new(vec![bbox.to_polygon()]),
        bbox,
    }
}
