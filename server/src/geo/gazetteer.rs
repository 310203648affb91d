//! Where a point is: polygons first, then the crosswalk, then the nearest seat.
//!
//! The answer depends only on the boundaries, the seats and the point, never on their order, so
//! that a rebuild gives the same places.

use std::collections::HashMap;

use ::geo::coord;
use rstar::{AABB, RTree, RTreeObject};

use super::{
    area::Area,
    boundary::Boundary,
    flag::{PositionFlag, is_outside_phase1, misplaced},
    place::{Basis, Division, Level, Place, PlaceCodes, Placement},
    position::Position,
    seats::{SeatPoint, Seats},
};

/// All that is known about where places are; immutable, to be replaced whole after an import.
#[derive(Debug)]
pub struct Gazetteer {
    division_2012: Layers,
    division_2023: Layers,
    seats: Seats,
}

impl Gazetteer {
    /// Indexes boundaries and seats; either may be empty.
    pub fn new(boundaries: Vec<Boundary>, seats: Vec<SeatPoint>) -> Self {
        let (old, new): (Vec<_>, Vec<_>) =
            boundaries.into_iter().partition(|boundary| boundary.division == Division::D2012);
        Self {
            division_2012: Layers::new(&old, &regions(Division::D2012, &old, &seats)),
            division_2023: Layers::new(&new, &regions(Division::D2023, &new, &seats)),
            seats: Seats::new(seats),
        }
    }

    /// Says whether any polygon of a level of a division is loaded.
    pub fn has_polygons(&self, division: Division, level: Level) -> bool {
        self.layers(division).at(level).size() > 0
    }

    /// Gives the place of a point in both divisions, and what is doubtful about it.
    pub fn locate(&self, p: Position) -> Placement {
        let old = self.division_2012.find(p);
        let new = self.division_2023.find(p);
        if old.codes.is_empty()
            && new.codes.is_empty()
            && let Some(flag) = misplaced(p)
        {
            return Placement { flags: vec![flag], ..Placement::default() };
        }
        let mut placement = Placement {
            place_2012: self.place(p, Division::D2012, &old, &new),
            place_2023: self.place(p, Division::D2023, &new, &old),
            flags: Vec::new(),
        };
        if is_outside_phase1(p, &placement) {
            placement.flags.push(PositionFlag::OutsidePhase1);
        }
        if old.coverage == Coverage::Missed || new.coverage == Coverage::Missed {
            placement.flags.push(PositionFlag::OutsidePolygons);
        }
        placement
    }

    /// How far a point is outside a cercle of a division, in metres; 0 inside, nothing without its polygon.
    pub fn metres_outside(&self, p: Position, division: Division, cercle: &str) -> Option<f64> {
        let outlines = self.layers(division).cercle.iter();
        let of_cercle = outlines.filter(|outline| outline.codes.cercle.as_deref() == Some(cercle));
        let metres = of_cercle.map(|outline| outline.area.metres_to(coord! { x: p.lon, y: p.lat }));
        metres.reduce(f64::min)
    }

    const fn layers(&self, division: Division) -> &Layers {
        match division {
            Division::D2012 => &self.division_2012,
            Division::D2023 => &self.division_2023,
        }
    }

    /// Gives the place in `division`, from what its polygons and the other's polygons found.
    fn place(&self, p: Position, division: Division, own: &Found, other: &Found) -> Place {
        let across = other
            .codes
            .commune
            .as_deref()
            .and_then(|commune| self.seats.across(division.other(), commune))
            .filter(|codes| !codes.is_empty() && !codes.contradicts(&own.codes));
        if let Some(across) = across {
            let codes = own.codes.filled_from(across);
            let is_own = own.coverage == Coverage::Hit && codes == own.codes;
            return Place::new(codes, if is_own { Basis::Polygon } else { Basis::Crosswalk });
        }
        if own.coverage != Coverage::Hit
            && let Some(seat) = self.nearest_seat(p, division, own, other)
        {
            return Place::new(own.codes.filled_from(seat.place(division)), Basis::NearestSeat);
        }
        Place::new(own.codes.clone(), Basis::Polygon)
    }

    /// Finds the nearest seat that agrees with what the polygons of both divisions say, or at
    /// least with those of `division`.
    fn nearest_seat(
        &self,
        p: Position,
        division: Division,
        own: &Found,
        other: &Found,
    ) -> Option<&SeatPoint> {
        let fits_own = |seat: &SeatPoint| !seat.place(division).contradicts(&own.codes);
        let fits_other = |seat: &SeatPoint| !seat.place(division.other()).contradicts(&other.codes);
        self.seats
            .nearest(p, |seat| fits_own(seat) && fits_other(seat))
            .or_else(|| self.seats.nearest(p, fits_own))
    }
}

/// Maps each cercle of a division to its region, from cercle boundaries, then from seats.
fn regions(
    division: Division,
    boundaries: &[Boundary],
    seats: &[SeatPoint],
) -> HashMap<String, String> {
    let of_seats = seats.iter().map(|seat| seat.place(division).clone());
    let of_cercles =
        boundaries.iter().filter(|boundary| boundary.level == Level::Cercle).map(Boundary::codes);
    // Later entries win: boundaries are newer knowledge than the built-in table.
    of_seats.chain(of_cercles).filter_map(|codes| codes.cercle.zip(codes.region)).collect()
}

/// The polygons of one division.
#[derive(Debug)]
struct Layers {
    region: RTree<Outline>,
    cercle: RTree<Outline>,
    commune: RTree<Outline>,
}

/// Whether the finest loaded level of a division contains the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coverage {
    NotLoaded,
    Missed,
    Hit,
}

/// What the polygons of one division say about a point.
struct Found {
    codes: PlaceCodes,
    coverage: Coverage,
}

impl Layers {
    fn new(boundaries: &[Boundary], regions: &HashMap<String, String>) -> Self {
        let layer = |level| {
            let outlines = boundaries
                .iter()
                .filter(|boundary| boundary.level == level)
                .map(|boundary| Outline::new(boundary, regions))
                .collect();
            RTree::bulk_load(outlines)
        };
        Self {
            region: layer(Level::Region),
            cercle: layer(Level::Cercle),
            commune: layer(Level::Commune),
        }
    }

    const fn at(&self, level: Level) -> &RTree<Outline> {
        match level {
            Level::Region => &self.region,
            Level::Cercle => &self.cercle,
            Level::Commune => &self.commune,
        }
    }

    /// Looks from the finest level up: the finest polygon names its own parents, so that on a
    /// border the codes of one answer never come from two sides.
    fn find(&self, p: Position) -> Found {
        let mut found = Found { codes: PlaceCodes::default(), coverage: Coverage::NotLoaded };
        for level in Level::ALL.into_iter().rev() {
            let layer = self.at(level);
            if layer.size() == 0 {
                continue;
            }
            let hit = smallest_covering(layer, p);
            if found.coverage == Coverage::NotLoaded {
                found.coverage = if hit.is_some() { Coverage::Hit } else { Coverage::Missed };
            }
            if let Some(outline) = hit
                && !found.codes.contradicts(&outline.codes)
            {
                found.codes = found.codes.filled_from(&outline.codes);
            }
        }
        found
    }
}

/// Of the outlines that cover the point, gives the one with the smallest code.
fn smallest_covering(layer: &RTree<Outline>, p: Position) -> Option<&Outline> {
    layer
        .locate_in_envelope_intersecting(&AABB::from_point([p.lon, p.lat]))
        .filter(|outline| outline.area.covers(coord! { x: p.lon, y: p.lat }))
        .min_by(|a, b| a.code.cmp(&b.code))
}

/// One boundary in the index.
#[derive(Debug)]
struct Outline {
    envelope: AABB<[f64; 2]>,
    area: Area,
    code: String,
    codes: PlaceCodes,
}

impl Outline {
    fn new(boundary: &Boundary, regions: &HashMap<String, String>) -> Self {
        let mut codes = boundary.codes();
        if codes.region.is_none() {
            codes.region = codes.cercle.as_ref().and_then(|cercle| regions.get(cercle)).cloned();
        }
        let (low, high) = (boundary.bbox.min(), boundary.bbox.max());
        Self {
            envelope: AABB::from_corners([low.x, low.y], [high.x, high.y]),
            area: Area::new(&boundary.geometry),
            code: boundary.code.clone(),
            codes,
        }
    }
}

impl RTreeObject for Outline {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::testing::{codes, seat, square};

    const D12: Division = Division::D2012;
    const D23: Division = Division::D2023;

    /// Two neighbours in the west, `kayes` and `kita`, sharing the meridian 10° west.
    fn communes() -> Vec<Boundary> {
        vec![
            square(D12, "kayes/kita/kita__b", (-10., 13.), (-9., 14.)),
            square(D12, "kayes/kayes/kayes__a", (-11., 13.), (-10., 14.)),
        ]
    }

    fn seats() -> Vec<SeatPoint> {
        vec![
            seat((-10.5, 13.5), "kayes/kayes/kayes__a", "kayes/kayes/kayes__a"),
            seat((-9.5, 13.5), "kayes/kita/kita__b", "kita/sefeto/kita__b"),
            seat((-5.5, 11.5), "sikasso/sikasso/sikasso__c", "sikasso/sikasso/sikasso__c"),
        ]
    }

    fn locate(boundaries: Vec<Boundary>, lon: f64, lat: f64) -> Placement {
        Gazetteer::new(boundaries, seats()).locate(Position { lon, lat })
    }

    fn place(path: &str, basis: Basis) -> Place {
        Place { codes: codes(path), basis }
    }

    #[test]
    fn without_polygons_the_nearest_seat_gives_both_places() {
        let placement = locate(vec![], -9.4, 13.4);

        assert_eq!(placement.place_2012, place("kayes/kita/kita__b", Basis::NearestSeat));
        assert_eq!(placement.place_2023, place("kita/sefeto/kita__b", Basis::NearestSeat));
        assert_eq!(placement.flags, []);
    }

    #[test]
    fn far_from_every_seat_there_is_no_place() {
        let placement = locate(vec![], -7.5, 14.9);

        assert_eq!(placement, Placement::default());
    }

    #[test]
    fn a_commune_of_2012_gives_2023_by_the_crosswalk() {
        let placement = locate(communes(), -9.99, 13.5);

        assert_eq!(placement.place_2012, place("kayes/kita/kita__b", Basis::Polygon));
        assert_eq!(placement.place_2023, place("kita/sefeto/kita__b", Basis::Crosswalk));
    }

    #[test]
    fn a_point_on_a_shared_border_has_one_place_whatever_the_order() {
        let there = locate(communes(), -10., 13.5);
        let back = locate(communes().into_iter().rev().collect(), -10., 13.5);

        assert_eq!(there.place_2012, place("kayes/kayes/kayes__a", Basis::Polygon));
        assert_eq!(there, back);
    }

    #[test]
    fn the_region_polygon_of_2023_outweighs_a_crosswalk_that_disagrees() {
        let with = |region| {
            let mut boundaries = communes();
            boundaries.push(square(D23, region, (-10., 13.), (-9., 14.)));
            locate(boundaries, -9.5, 13.5).place_2023
        };

        assert_eq!(with("kita"), place("kita/sefeto/kita__b", Basis::Crosswalk));
        assert_eq!(with("nioro"), place("nioro", Basis::Polygon));
    }

    #[test]
    fn a_region_polygon_alone_does_not_guess_the_cercle() {
        let region = vec![square(D23, "kita", (-10., 13.), (-9., 14.))];

        let placement = locate(region, -9.99, 13.5);

        assert_eq!(placement.place_2023, place("kita", Basis::Polygon));
        // The nearest seat is as far in the region as out of it; only the first agrees.
        assert_eq!(placement.place_2012, place("kayes/kita/kita__b", Basis::NearestSeat));
    }

    #[test]
    fn the_nearest_seat_agrees_with_the_polygon_of_the_other_division() {
        let region = vec![square(D23, "kita", (-10.4, 13.), (-9., 14.))];

        let placement = locate(region, -10.3, 13.5);

        assert_eq!(placement.place_2023, place("kita", Basis::Polygon));
        assert_eq!(placement.place_2012, place("kayes/kita/kita__b", Basis::NearestSeat));
    }

    #[test]
    fn a_point_in_no_polygon_is_flagged_and_falls_back_to_the_nearest_seat() {
        let placement = locate(communes(), -8.9, 13.5);

        assert_eq!(placement.flags, [PositionFlag::OutsidePolygons]);
        assert_eq!(placement.place_2012, place("kayes/kita/kita__b", Basis::NearestSeat));
        assert_eq!(placement.place_2023, place("kita/sefeto/kita__b", Basis::NearestSeat));
    }

    #[test]
    fn a_gap_between_communes_keeps_the_region_of_the_polygon() {
        let mut boundaries = communes();
        boundaries.push(square(D12, "koulikoro", (-9., 13.), (-8., 14.)));

        let placement = locate(boundaries, -8.9, 13.5);

        assert_eq!(placement.flags, [PositionFlag::OutsidePolygons]);
        assert_eq!(placement.place_2012, place("koulikoro", Basis::Polygon));
    }

    #[test]
    fn a_commune_that_does_not_name_its_region_learns_it_from_the_seats() {
        let mut commune = square(D12, "kayes/kita/kita__b", (-10., 13.), (-9., 14.));
        commune.region = None;

        let placement = locate(vec![commune], -9.5, 13.5);

        assert_eq!(placement.place_2012, place("kayes/kita/kita__b", Basis::Polygon));
    }

    #[test]
    fn a_position_without_sense_has_a_flag_and_no_place() {
        for (lon, lat, flag) in [
            (0., 0., PositionFlag::ZeroIsland),
            (13.5, -9.5, PositionFlag::Swapped),
            (2.35, 48.85, PositionFlag::OutsideMali),
            (f64::NAN, 13.5, PositionFlag::OutsideMali),
        ] {
            let placement = locate(communes(), lon, lat);

            assert_eq!(placement.flags, [flag]);
            assert_eq!(placement.place_2012, Place::default());
            assert_eq!(placement.place_2023, Place::default());
        }
    }

    #[test]
    fn a_point_within_a_polygon_wins_over_the_box() {
        let placement = locate(vec![square(D12, "kayes", (-13., 13.), (-11., 14.))], -12.6, 13.5);

        assert_eq!(placement.place_2012, place("kayes", Basis::Polygon));
        assert!(!placement.flags.contains(&PositionFlag::OutsideMali));
    }

    #[test]
    fn a_point_of_another_region_is_outside_the_first_phase() {
        let san = vec![square(D23, "san", (-6., 11.), (-5., 12.))];

        let placement = locate(san, -5.5, 11.6);

        assert_eq!(placement.flags, [PositionFlag::OutsidePhase1]);
    }

    #[test]
    fn nothing_at_all_still_answers() {
        let empty = Gazetteer::new(vec![], vec![]);

        assert_eq!(empty.locate(Position { lon: -8., lat: 12. }), Placement::default());
        assert!(!empty.has_polygons(D12, Level::Commune));
    }
}
