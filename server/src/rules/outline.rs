//! The outline of a site (rule B11): a simple ring of a believable area around the centre.

use super::context::Context;
use super::finding::Hit;
use super::record::Record;
use super::register::Check;
use crate::forms::GeoPoint;

pub(super) const CHECKS: &[(&str, Check)] = &[("B11", outline)];

/// Metres of a degree of latitude on a sphere of 6,371 km.
const DEGREE_M: f64 = 111_195.0;
/// Corners beyond which crossings are not looked for: the search takes the square of their number.
const CORNERS_MAX: usize = 500;
/// Areas that a site can have, in square metres: 0.01 to 5,000 hectares.
const AREA_M2: std::ops::RangeInclusive<f64> = 100.0..=50_000_000.0;

fn outline<'r>(record: &Record<'r>, _: &Context<'_>) -> Option<Hit<'r>> {
    let line = record.line("outline");
    let origin = *line.first()?;
    let mut ring: Vec<Plane> = line.iter().map(|point| Plane::of(*point, origin)).collect();
    // The last point repeats the first in a closed shape; an open one is closed by itself.
    if ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    let holds_centre = record.point("gps").is_none_or(|at| holds(&ring, Plane::of(at, origin)));
    let sound = AREA_M2.contains(&area(&ring)) && !crosses_itself(&ring) && holds_centre;
    (!sound).then(|| Hit::warning(["outline", "gps"]))
}

/// A point in metres east and north of the first corner: exact enough over a few kilometres.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Plane {
    x: f64,
    y: f64,
}

impl Plane {
    fn of(point: GeoPoint, origin: GeoPoint) -> Self {
        let shrink = origin.lat.to_radians().cos();
        Self {
            x: (point.lon - origin.lon) * DEGREE_M * shrink,
            y: (point.lat - origin.lat) * DEGREE_M,
        }
    }

    /// Twice the signed area of the triangle with two other points: which side this one is on.
    fn side(self, a: Self, b: Self) -> f64 {
        (b.x - a.x) * (self.y - a.y) - (b.y - a.y) * (self.x - a.x)
    }
}

/// The sides of the ring, the closing one last.
fn sides(ring: &[Plane]) -> impl Iterator<Item = (Plane, Plane)> + Clone + '_ {
    ring.iter().copied().zip(ring.iter().copied().cycle().skip(1))
}

/// The area by the shoelace formula, in square metres.
fn area(ring: &[Plane]) -> f64 {
    sides(ring).map(|(a, b)| a.x * b.y - b.x * a.y).sum::<f64>().abs() / 2.0
}

/// Whether a ray to the east crosses the ring an odd number of times.
fn holds(ring: &[Plane], at: Plane) -> bool {
    let crossings = sides(ring).filter(|(a, b)| {
        (a.y > at.y) != (b.y > at.y) && {
            let x = a.x + (at.y - a.y) / (b.y - a.y) * (b.x - a.x);
            at.x < x
        }
    });
    crossings.count() % 2 == 1
}

fn crosses_itself(ring: &[Plane]) -> bool {
    if ring.len() > CORNERS_MAX {
        return false;
    }
    let all = sides(ring);
    all.clone().enumerate().any(|(first, (a, b))| {
        all.clone().skip(first + 1).any(|(c, d)| {
            let apart = |p: Plane, q: Plane, r: Plane, s: Plane| r.side(p, q) * s.side(p, q) < 0.0;
            apart(a, b, c, d) && apart(c, d, a, b)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(corners: &[(f64, f64)]) -> Vec<Plane> {
        corners.iter().map(|&(x, y)| Plane { x, y }).collect()
    }

    #[test]
    fn a_square_has_its_area_and_holds_its_middle() {
        let square = ring(&[(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0)]);

        assert!((area(&square) - 400.0).abs() < 1e-9);
        assert!(holds(&square, Plane { x: 10.0, y: 10.0 }));
        assert!(!holds(&square, Plane { x: 21.0, y: 10.0 }));
        assert!(!crosses_itself(&square));
    }

    #[test]
    fn a_bow_tie_crosses_itself() {
        assert!(crosses_itself(&ring(&[(0.0, 0.0), (20.0, 20.0), (20.0, 0.0), (0.0, 20.0)])));
    }

    #[test]
    fn a_single_point_or_nothing_has_no_area() {
        assert!(area(&[]).abs() < 1e-9 && area(&ring(&[(3.0, 4.0)])).abs() < 1e-9);
        assert!(!crosses_itself(&[]) && !holds(&[], Plane { x: 0.0, y: 0.0 }));
    }
}
