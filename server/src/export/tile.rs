//! Features as a vector tile: points, clustered where many would lie on each other, and areas, simplified
//! to what the tile can show.

use std::{collections::BTreeMap, f64::consts::PI, io};

use geo::{Coord, LineString, Simplify as _};

use super::{
    cell::{Cell, cell},
    mvt::{EXTENT, Layer, Spot, Word},
};
use crate::ogc::{Bounds, Features, Located, Rows};

/// The address of a tile: zoom, column from the west, row from the north.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    zoom: u8,
    x: u32,
    y: u32,
}

/// The closest zoom.
const ZOOM_MAX: u8 = 22;
/// From this zoom on, points stand for themselves.
const SINGLE: u8 = 9;
/// Clusters along a side of a tile.
const CLUSTERS: i32 = 16;
/// What is drawn beyond the edges, so that lines and signs do not break there.
const MARGIN: f64 = 64.0;
/// How far a simplified line may lie from the true one, in steps of the tile.
const TOLERANCE: f64 = 2.0;
const SIDE: f64 = 4_096.0;

impl Tile {
    /// The tile of this address, if there is one.
    pub fn new(zoom: u8, x: u32, y: u32) -> Option<Self> {
        let there = zoom <= ZOOM_MAX && x >> zoom == 0 && y >> zoom == 0;
        there.then_some(Self { zoom, x, y })
    }

    /// Its zoom.
    pub const fn zoom(self) -> u8 {
        self.zoom
    }

    /// The features in it, as a layer of this name.
    ///
    /// # Errors
    /// Those of reading their properties.
    pub fn draw(self, features: &Features, name: &str) -> io::Result<Vec<u8>> {
        let mut near = Vec::new();
        features.each_near(self.bounds(), |row| near.push(row));
        let mut layer = Layer::default();
        let mut clusters: BTreeMap<[i32; 2], Cluster> = BTreeMap::new();
        // Rows in their order are read soonest.
        near.sort_unstable();
        let mut rows = features.rows();
        for row in near {
            match features.located(row) {
                Located::Nowhere => {}
                Located::At(at) => {
                    let place = self.place(at);
                    if self.zoom >= SINGLE {
                        layer.point(place.map(steps), &tags(&mut rows, row)?);
                    } else if place.iter().all(|c| (0.0..SIDE).contains(c)) {
                        let cell = place.map(|c| steps(c) * CLUSTERS / steps(SIDE));
                        clusters.entry(cell).or_default().add(place, row);
                    }
                }
                Located::Within(area) => {
                    let mut rings = Vec::new();
                    for polygon in area {
                        let outer = rings.len();
                        self.ring(&mut rings, polygon.exterior(), true);
                        // Holes of what is too small to be seen are not either.
                        if rings.len() > outer {
                            for hole in polygon.interiors() {
                                self.ring(&mut rings, hole, false);
                            }
                        }
                    }
                    if !rings.is_empty() {
                        layer.area(&rings, &tags(&mut rows, row)?);
                    }
                }
            }
        }
        for cluster in clusters.into_values() {
            let mut tags =
                if cluster.count == 1 { tags(&mut rows, cluster.row)? } else { Vec::new() };
            tags.push(("count", Word::Whole(cluster.count)));
            layer.point(cluster.middle().map(steps), &tags);
        }
        let mut tile = Vec::new();
        layer.finish(name, &mut tile);
        Ok(tile)
    }

    fn across(self) -> f64 {
        f64::from(1_u32 << self.zoom)
    }

    /// The box of the tile with its margin, in degrees.
    fn bounds(self) -> Bounds {
        let margin = MARGIN / SIDE;
        let lon = |x: f64| x / self.across() * 360.0 - 180.0;
        let lat = |y: f64| (PI * (1.0 - 2.0 * y / self.across())).sinh().atan().to_degrees();
        let (x, y) = (f64::from(self.x), f64::from(self.y));
        [lon(x - margin), lat(y + 1.0 + margin), lon(x + 1.0 + margin), lat(y - margin)]
    }

    /// Where a position lies, in steps of the tile.
    fn place(self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        // The world of web Mercator ends here; beyond, its height is infinite.
        let lat = lat.clamp(-85.051_128_78, 85.051_128_78).to_radians();
        let x = (lon + 180.0) / 360.0 * self.across() - f64::from(self.x);
        let y = (1.0 - lat.tan().asinh() / PI) / 2.0 * self.across() - f64::from(self.y);
        [x * SIDE, y * SIDE]
    }

    /// Adds a ring as it is seen here, if it is seen, turned as outer rings or as holes are.
    fn ring(self, rings: &mut Vec<Vec<Spot>>, ring: &LineString<f64>, outer: bool) {
        let places = ring.coords().map(|c| Coord::from(self.place([c.x, c.y]))).collect();
        let simple = LineString::new(places).simplify(TOLERANCE);
        let mut spots: Vec<Spot> = cut(simple.0.iter().map(|c| [c.x, c.y]).collect())
            .into_iter()
            .map(|p| p.map(steps))
            .collect();
        spots.dedup();
        while spots.len() > 1 && spots.first() == spots.last() {
            spots.pop();
        }
        let area = twice_area(&spots);
        if spots.len() < 3 || area == 0 {
            return;
        }
        if (area > 0) != outer {
            spots.reverse();
        }
        rings.push(spots);
    }
}

/// Points drawn as one.
#[derive(Default)]
struct Cluster {
    count: u64,
    sum: [f64; 2],
    weight: f64,
    row: usize,
}

impl Cluster {
    fn add(&mut self, [x, y]: [f64; 2], row: usize) {
        let [sum_x, sum_y] = self.sum;
        self.sum = [sum_x + x, sum_y + y];
        self.count += 1;
        self.weight += 1.0;
        self.row = row;
    }

    fn middle(&self) -> [f64; 2] {
        self.sum.map(|c| c / self.weight)
    }
}

/// What a map says of a feature. Those that its reader may not see are not there.
const SHOWN: [&str; 4] = ["name", "status", "code", "parent"];

fn tags(rows: &mut Rows<'_>, number: usize) -> io::Result<Vec<(&'static str, Word)>> {
    let (features, row) = (rows.features(), rows.row(number)?);
    let mut tags = vec![("id", Word::Text(row.id().into_owned()))];
    for name in SHOWN {
        let found = features.field(name).map(|field| cell(&row, field));
        if let Some(Cell::Text(text)) = found {
            tags.push((name, Word::Text(text.into_owned())));
        }
    }
    Ok(tags)
}

/// The whole steps of a place that is near the tile.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "places are cut to the tile and its margin; a cast saturates"
)]
fn steps(c: f64) -> i32 {
    c.floor() as i32
}

/// Twice the area, positive for what turns clockwise as seen (rows count downwards).
fn twice_area(ring: &[Spot]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    let cross = |([x, y], [to_x, to_y]): (&Spot, &Spot)| {
        i64::from(*x) * i64::from(*to_y) - i64::from(*to_x) * i64::from(*y)
    };
    ring.iter().zip(next).map(cross).sum()
}

/// The part of a ring that lies in the tile or its margin (I. Sutherland and G. Hodgman, 1974).
fn cut(mut ring: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    let far = f64::from(EXTENT) + MARGIN;
    // Axis, limit, and on which side of it is inside.
    for (axis, limit, sign) in
        [(0, -MARGIN, 1.0), (0, far, -1.0), (1, -MARGIN, 1.0), (1, far, -1.0)]
    {
        let depth = |at: &[f64; 2]| {
            let [x, y] = *at;
            ((if axis == 0 { x } else { y }) - limit) * sign
        };
        let mut kept = Vec::with_capacity(ring.len());
        let before = ring.last().copied().into_iter().chain(ring.iter().copied());
        for (from, to) in before.zip(ring.iter().copied()) {
            let (a, b) = (depth(&from), depth(&to));
            if (a < 0.0) != (b < 0.0) {
                let part = a / (a - b);
                let [[fx, fy], [tx, ty]] = [from, to];
                kept.push([fx + (tx - fx) * part, fy + (ty - fy) * part]);
            }
            if b >= 0.0 {
                kept.push(to);
            }
        }
        ring = kept;
    }
    ring
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ogc::{Builder, Field, Kind};

    #[test]
    fn an_address_is_in_the_world_or_none() {
        assert!(Tile::new(0, 0, 0).is_some() && Tile::new(22, 4_194_303, 0).is_some());
        for (zoom, x, y) in [(0, 1, 0), (3, 0, 8), (23, 0, 0), (255, 0, 0), (1, u32::MAX, 0)] {
            assert_eq!(Tile::new(zoom, x, y), None, "{zoom} {x} {y}");
        }
    }

    #[test]
    fn a_ring_is_cut_to_the_tile_and_its_margin() {
        let square = vec![[-9e5, -9e5], [9e5, -9e5], [9e5, 9e5], [-9e5, 9e5]];
        let seen = cut(square);
        assert_eq!(seen.len(), 4);
        assert!(seen.iter().flatten().all(|c| [-64.0, 4_160.0].contains(c)), "{seen:?}");
        assert!(cut(vec![[-900.0, 0.0], [-800.0, 0.0], [-800.0, 9.0]]).is_empty());
    }

    #[test]
    fn every_point_is_in_one_tile_of_each_zoom() {
        let mut builder = Builder::new(vec![Field::new("name", "Nom", Kind::Text)]);
        for n in 0..200_u32 {
            let at = [-12.0 + f64::from(n) * 0.08, 10.2 + f64::from(n % 40) * 0.3];
            builder.point(Uuid::from_u128(u128::from(n) + 1), Some(at));
        }
        let features = builder.finish().unwrap();
        for zoom in [0, 4, 6] {
            let across = 1_u32 << zoom;
            let tiles = (0..across).flat_map(|x| (0..across).map(move |y| (x, y)));
            let mut bytes = 0;
            let mut seen = 0;
            for (x, y) in tiles {
                let tile = Tile::new(zoom, x, y).unwrap();
                bytes += tile.draw(&features, "sites").unwrap().len();
                features.each_near(tile.bounds(), |row| {
                    let place = tile.place(features.point(row).unwrap());
                    seen += usize::from(place.iter().all(|c| (0.0..SIDE).contains(c)));
                });
            }
            assert_eq!(seen, 200, "{zoom}");
            assert!(bytes > 0);
        }
    }
}
