//! The seats of communes: the nearest one to a point, and the crosswalk between divisions.

use std::collections::{HashMap, hash_map::Entry};

use rstar::{AABB, PointDistance, RTree, RTreeObject};

use super::{
    place::{Division, PlaceCodes},
    position::Position,
};

/// Beyond this distance the nearest seat says nothing: communes of the north are some 100 km wide.
const FARTHEST_KM: f64 = 150.0;
const EARTH_RADIUS_KM: f64 = 6371.0;

/// One commune: a point inside it, and its codes in both divisions.
#[derive(Debug, Clone, PartialEq)]
pub struct SeatPoint {
    /// Longitude of the seat, in degrees.
    pub lon: f64,
    /// Latitude of the seat, in degrees.
    pub lat: f64,
    /// Codes in the division before the reform.
    pub place_2012: PlaceCodes,
    /// Codes in the division since the reform.
    pub place_2023: PlaceCodes,
}

impl SeatPoint {
    /// Gives the codes in one division.
    pub const fn place(&self, division: Division) -> &PlaceCodes {
        match division {
            Division::D2012 => &self.place_2012,
            Division::D2023 => &self.place_2023,
        }
    }
}

/// A seat on the unit sphere, where the nearest in a straight line is the nearest on the ground.
#[derive(Debug)]
struct OnSphere {
    point: [f64; 3],
    seat: SeatPoint,
}

impl RTreeObject for OnSphere {
    type Envelope = AABB<[f64; 3]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_point(self.point)
    }
}

impl PointDistance for OnSphere {
    fn distance_2(&self, other: &[f64; 3]) -> f64 {
        self.point.iter().zip(other).map(|(here, there)| (here - there).powi(2)).sum()
    }
}

/// The table of seats, indexed by place and by commune code.
#[derive(Debug)]
pub(crate) struct Seats {
    tree: RTree<OnSphere>,
    from_2012: HashMap<String, PlaceCodes>,
    from_2023: HashMap<String, PlaceCodes>,
}

impl Seats {
    /// Indexes the seats; one without a finite position still serves as a crosswalk.
    pub(crate) fn new(mut seats: Vec<SeatPoint>) -> Self {
        // The answer must not depend on the order of the table.
        seats.sort_by(|a, b| a.lon.total_cmp(&b.lon).then(a.lat.total_cmp(&b.lat)));
        let from_2012 = crosswalk(&seats, Division::D2012);
        let from_2023 = crosswalk(&seats, Division::D2023);
        let points = seats
            .into_iter()
            .filter(|seat| seat.lon.is_finite() && seat.lat.is_finite())
            .map(|seat| OnSphere { point: on_sphere(seat.lon, seat.lat), seat })
            .collect();
        Self { tree: RTree::bulk_load(points), from_2012, from_2023 }
    }

    /// Gives the place, in the other division, of a commune of `division`.
    pub(crate) fn across(&self, division: Division, commune: &str) -> Option<&PlaceCodes> {
        match division {
            Division::D2012 => self.from_2012.get(commune),
            Division::D2023 => self.from_2023.get(commune),
        }
    }

    /// Finds the nearest seat within reach among those that are `eligible`.
    pub(crate) fn nearest(
        &self,
        p: Position,
        eligible: impl Fn(&SeatPoint) -> bool,
    ) -> Option<&SeatPoint> {
        let reach = (2.0 * (FARTHEST_KM / (2.0 * EARTH_RADIUS_KM)).sin()).powi(2);
        let here = on_sphere(p.lon, p.lat);
        let mut near = self
            .tree
            .nearest_neighbor_iter_with_distance_2(&here)
            .take_while(|(_, distance)| *distance <= reach)
            .filter(|(candidate, _)| eligible(&candidate.seat));
        let (first, shortest) = near.next()?;
        // At equal distance the smallest codes win, whatever the shape of the tree.
        near.take_while(|(_, distance)| *distance <= shortest)
            .map(|(other, _)| &other.seat)
            .chain([&first.seat])
            .min_by_key(|seat| (&seat.place_2012, &seat.place_2023))
    }
}

fn on_sphere(lon: f64, lat: f64) -> [f64; 3] {
    let (sin_lon, cos_lon) = lon.to_radians().sin_cos();
    let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
    [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]
}

/// Maps each commune of `division` to its place in the other; where two seats of one commune
/// disagree, only what they share is certain.
fn crosswalk(seats: &[SeatPoint], division: Division) -> HashMap<String, PlaceCodes> {
    let mut across: HashMap<String, PlaceCodes> = HashMap::with_capacity(seats.len());
    for seat in seats {
        let Some(commune) = &seat.place(division).commune else {
            continue;
        };
        let there = seat.place(division.other());
        match across.entry(commune.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(there.clone());
            }
            Entry::Occupied(mut known) => {
                let common = std::mem::take(known.get_mut()).common_with(there);
                known.insert(common);
            }
        }
    }
    across
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(commune: &str) -> PlaceCodes {
        PlaceCodes { commune: Some(commune.into()), ..PlaceCodes::default() }
    }

    fn seat(lon: f64, lat: f64, commune_2012: &str, commune_2023: &str) -> SeatPoint {
        SeatPoint { lon, lat, place_2012: codes(commune_2012), place_2023: codes(commune_2023) }
    }

    fn nearest(seats: &Seats, lon: f64, lat: f64) -> Option<&str> {
        seats.nearest(Position { lon, lat }, |_| true)?.place_2012.commune.as_deref()
    }

    #[test]
    fn the_nearest_is_measured_on_the_ground_not_in_degrees() {
        // 1.05° of longitude at 24° north is 106.6 km, 1° of latitude is 111.2 km.
        let seats = Seats::new(vec![seat(1.05, 24., "east", "x"), seat(0., 25., "north", "y")]);

        assert_eq!(nearest(&seats, 0., 24.), Some("east"));
    }

    #[test]
    fn a_seat_beyond_150_km_is_not_an_answer() {
        let seats = Seats::new(vec![seat(-8., 12., "a", "b")]);

        assert_eq!(nearest(&seats, -8., 13.34), Some("a"));
        assert_eq!(nearest(&seats, -8., 13.36), None);
    }

    #[test]
    fn the_order_of_the_table_does_not_decide_a_tie() {
        let one = Seats::new(vec![seat(-8., 12., "b", "x"), seat(-8., 12., "a", "y")]);
        let two = Seats::new(vec![seat(-8., 12., "a", "y"), seat(-8., 12., "b", "x")]);

        assert_eq!(nearest(&one, -8., 12.1), Some("a"));
        assert_eq!(nearest(&two, -8., 12.1), Some("a"));
    }

    #[test]
    fn a_seat_that_is_not_eligible_is_passed_over() {
        let seats = Seats::new(vec![seat(-8., 12., "near", "x"), seat(-8., 12.5, "far", "y")]);

        let found = seats.nearest(Position { lon: -8., lat: 12. }, |seat| {
            seat.place_2012.commune.as_deref() != Some("near")
        });

        assert_eq!(found.unwrap().place_2012, codes("far"));
    }

    #[test]
    fn a_commune_that_was_split_has_no_single_counterpart() {
        let seats = Seats::new(vec![
            seat(-8., 12., "old", "new_1"),
            seat(-8., 12.5, "old", "new_2"),
            seat(f64::NAN, 0., "unplaced", "new_3"),
        ]);

        assert_eq!(seats.across(Division::D2012, "old"), Some(&PlaceCodes::default()));
        assert_eq!(seats.across(Division::D2023, "new_2"), Some(&codes("old")));
        assert_eq!(seats.across(Division::D2012, "unplaced"), Some(&codes("new_3")));
        assert_eq!(seats.across(Division::D2012, "elsewhere"), None);
    }
}
