//! What can be doubtful about a position, before any polygon is asked (rules B02, B03 and B07).

use serde::{Deserialize, Serialize};

use super::{place::Placement, position::Position};

/// Codes of the nine regions of the 2023 division that make up the phase-1 area.
pub const PHASE1_REGIONS: [&str; 9] =
    ["kayes", "nioro", "kita", "koulikoro", "dioila", "nara", "sikasso", "bougouni", "koutiala"];

/// Half the side, in degrees, of the square around (0, 0) that only a missing position falls into.
const ZERO_ISLAND: f64 = 0.01;

struct Box4 {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Box4 {
    fn contains(&self, p: Position) -> bool {
        (self.west..=self.east).contains(&p.lon) && (self.south..=self.north).contains(&p.lat)
    }
}

const MALI: Box4 = Box4 { west: -12.5, south: 10.0, east: 4.4, north: 25.1 };
const PHASE1: Box4 = Box4 { west: -12.5, south: 10.0, east: -4.8, north: 15.7 };

/// A doubt about a position; the record is kept all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionFlag {
    /// The point is (0, 0): the phone had no position.
    ZeroIsland,
    /// The point is outside Mali, and inside it when latitude and longitude are exchanged.
    Swapped,
    /// The point is outside Mali.
    OutsideMali,
    /// The point is outside the area of the first phase.
    OutsidePhase1,
    /// The point is in Mali but in no loaded polygon: boundary to review.
    OutsidePolygons,
}

impl PositionFlag {
    /// The stable code of the flag, the same as in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ZeroIsland => "zero_island",
            Self::Swapped => "swapped",
            Self::OutsideMali => "outside_mali",
            Self::OutsidePhase1 => "outside_phase1",
            Self::OutsidePolygons => "outside_polygons",
        }
    }

    /// The id of the cross-check that the flag breaks.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::ZeroIsland | Self::Swapped | Self::OutsideMali => "b02",
            Self::OutsidePhase1 => "b03",
            Self::OutsidePolygons => "b07",
        }
    }

    /// The sentence that a field worker reads.
    pub const fn message(self) -> &'static str {
        match self {
            Self::ZeroIsland => "La position est (0, 0) : le téléphone n’avait pas de signal GPS.",
            Self::Swapped => "La latitude et la longitude semblent inversées.",
            Self::OutsideMali => "La position est hors du Mali.",
            Self::OutsidePhase1 => "La position est hors de la zone de la première phase.",
            Self::OutsidePolygons => {
                "La position n’est dans aucune limite connue : limite à vérifier."
            }
        }
    }
}

/// Says why a point that no polygon contains cannot have a place, if it cannot.
pub(crate) fn misplaced(p: Position) -> Option<PositionFlag> {
    if MALI.contains(p) {
        // An exchange that stays inside the box cannot be told from a true position.
        return None;
    }
    if p.lon.abs() < ZERO_ISLAND && p.lat.abs() < ZERO_ISLAND {
        return Some(PositionFlag::ZeroIsland);
    }
    if MALI.contains(p.exchanged()) {
        return Some(PositionFlag::Swapped);
    }
    Some(PositionFlag::OutsideMali)
}

/// Says whether a located point is outside the phase-1 area.
///
/// Outside the box is certain. Inside it the region decides, but only when it is not a guess from
/// the nearest seat: a wrong warning at each regional border would teach people to ignore it.
pub(crate) fn is_outside_phase1(p: Position, placement: &Placement) -> bool {
    if is_outside_phase1_box(p) {
        return true;
    }
    let place = &placement.place_2023;
    !place.basis.is_approximate()
        && place.codes.region.as_deref().is_some_and(|region| !PHASE1_REGIONS.contains(&region))
}

/// Says whether a point is outside the box around the phase-1 area.
pub(crate) fn is_outside_phase1_box(p: Position) -> bool {
    !PHASE1.contains(p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::place::{Basis, Place, PlaceCodes};

    fn flag(lon: f64, lat: f64) -> Option<PositionFlag> {
        misplaced(Position::new(lon, lat).unwrap())
    }

    fn in_region(region: &str, basis: Basis) -> Placement {
        let codes = PlaceCodes { region: Some(region.into()), ..PlaceCodes::default() };
        Placement { place_2023: Place::new(codes, basis), ..Placement::default() }
    }

    #[test]
    fn the_corners_of_the_box_are_in_mali() {
        assert_eq!(flag(-12.5, 10.0), None);
        assert_eq!(flag(4.4, 25.1), None);
        assert_eq!(flag(4.41, 25.1), Some(PositionFlag::OutsideMali));
        assert_eq!(flag(-12.5, 9.99), Some(PositionFlag::OutsideMali));
    }

    #[test]
    fn a_missing_position_is_not_a_foreign_one() {
        assert_eq!(flag(0.0, 0.0), Some(PositionFlag::ZeroIsland));
        assert_eq!(flag(-0.009, 0.009), Some(PositionFlag::ZeroIsland));
        assert_eq!(flag(0.02, 0.0), Some(PositionFlag::OutsideMali));
    }

    #[test]
    fn exchanged_coordinates_are_recognised_only_when_they_leave_the_box() {
        assert_eq!(flag(12.6, -8.0), Some(PositionFlag::Swapped));
        assert_eq!(flag(200.0, 12.0), Some(PositionFlag::OutsideMali));
    }

    #[test]
    fn a_region_of_another_phase_is_flagged_unless_it_is_a_guess() {
        let p = Position::new(-5.0, 13.0).unwrap();

        assert!(is_outside_phase1(p, &in_region("san", Basis::Polygon)));
        assert!(is_outside_phase1(p, &in_region("san", Basis::Crosswalk)));
        assert!(!is_outside_phase1(p, &in_region("san", Basis::NearestSeat)));
        assert!(!is_outside_phase1(p, &in_region("koutiala", Basis::Polygon)));
        assert!(is_outside_phase1(Position::new(-4.0, 13.0).unwrap(), &Placement::default()));
    }

    #[test]
    fn every_flag_is_written_in_json_as_its_code() {
        for flag in [
            PositionFlag::ZeroIsland,
            PositionFlag::Swapped,
            PositionFlag::OutsideMali,
            PositionFlag::OutsidePhase1,
            PositionFlag::OutsidePolygons,
        ] {
            let json = serde_json::to_string(&flag).unwrap();

            assert_eq!(json, format!("\"{}\"", flag.code()));
            assert!(flag.rule().starts_with('b') && !flag.message().is_empty());
        }
    }
}
