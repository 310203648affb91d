//! Point in polygon, fast on long outlines and exact on shared borders.
//!
//! Even-odd rule per part, so a ring that crosses itself is tolerated. The orientation test is the
//! robust one: two neighbours that share an edge never both miss a point, and a point on the edge
//! is known to be on it.

use ::geo::{
    Coord, LineString, MultiPolygon,
    kernels::{Kernel, Orientation, RobustKernel},
};

/// How many edges share one bounding interval: long enough to skip much, short enough to test little.
const EDGES_PER_RUN: usize = 32;

/// An area ready to be asked about many points.
#[derive(Debug)]
pub(crate) struct Area {
    parts: Vec<Part>,
}

/// One polygon: its outline and its holes alike, since even-odd needs no distinction.
#[derive(Debug)]
struct Part {
    runs: Vec<Run>,
}

/// Consecutive vertices of a ring with the box around them.
#[derive(Debug)]
struct Run {
    south: f64,
    north: f64,
    east: f64,
    vertices: Vec<Coord<f64>>,
}

impl Area {
    /// Prepares an area.
    pub(crate) fn new(geometry: &MultiPolygon<f64>) -> Self {
        let parts = geometry
            .iter()
            .map(|polygon| Part {
                runs: std::iter::once(polygon.exterior())
                    .chain(polygon.interiors())
                    .flat_map(runs)
                    .collect(),
            })
            .collect();
        Self { parts }
    }

    /// Says whether the point is inside or on the border.
    pub(crate) fn covers(&self, point: Coord<f64>) -> bool {
        self.parts.iter().any(|part| part.covers(point))
    }
}

impl Area {
    /// Metres from the point to the area; 0 inside or on the border. On a plane that touches the globe at the point:
    /// within a hundred kilometres as right as the sphere of [`super::distance_m`].
    pub(crate) fn metres_to(&self, point: Coord<f64>) -> f64 {
        if self.covers(point) {
            return 0.0;
        }
        let runs = self.parts.iter().flat_map(|part| &part.runs);
        let edges = runs.flat_map(|run| run.vertices.windows(2));
        let metres = edges.filter_map(|pair| match pair {
            &[a, b] => Some(metres_to_edge(point, a, b)),
            _ => None,
        });
        metres.fold(f64::INFINITY, f64::min)
    }
}

/// Metres from a point to the nearest place of an edge.
fn metres_to_edge(point: Coord<f64>, a: Coord<f64>, b: Coord<f64>) -> f64 {
    /// A degree of a great circle, of the mean radius of the Earth (IUGG).
    const DEGREE_M: f64 = 6_371_008.8 * std::f64::consts::PI / 180.0;
    let narrow = point.y.to_radians().cos();
    let plane = |c: Coord<f64>| ((c.x - point.x) * narrow * DEGREE_M, (c.y - point.y) * DEGREE_M);
    let ((ax, ay), (bx, by)) = (plane(a), plane(b));
    let (east, north) = (bx - ax, by - ay);
    let length = east * east + north * north;
    // The share of the edge at which a right angle to the point stands; its ends are as far as it goes.
    let share = if length > 0.0 { -(ax * east + ay * north) / length } else { 0.0 };
    let share = share.clamp(0.0, 1.0);
    (ax + share * east).hypot(ay + share * north)
}

fn runs(ring: &LineString<f64>) -> Vec<Run> {
    let mut runs = Vec::with_capacity(ring.0.len() / EDGES_PER_RUN + 1);
    let mut rest = ring.0.as_slice();
    while rest.len() > 1 {
        // A run ends on the vertex that the next one starts from.
        let (run, _) = rest.split_at(rest.len().min(EDGES_PER_RUN + 1));
        runs.push(Run::new(run));
        (_, rest) = rest.split_at(run.len() - 1);
    }
    runs
}

impl Run {
    fn new(vertices: &[Coord<f64>]) -> Self {
        let (mut south, mut north, mut east) =
            (f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
        for vertex in vertices {
            south = south.min(vertex.y);
            north = north.max(vertex.y);
            east = east.max(vertex.x);
        }
        Self { south, north, east, vertices: vertices.to_vec() }
    }

    /// Says whether a ray from the point to the east can meet the run.
    fn is_met(&self, point: Coord<f64>) -> bool {
        point.y >= self.south && point.y <= self.north && point.x <= self.east
    }
}

/// What one edge means for a ray from the point to the east.
enum Edge {
    Missed,
    Crossed,
    Touched,
}

impl Part {
    fn covers(&self, point: Coord<f64>) -> bool {
        let mut is_inside = false;
        for run in self.runs.iter().filter(|run| run.is_met(point)) {
            for pair in run.vertices.windows(2) {
                let &[a, b] = pair else { continue };
                match edge(a, b, point) {
                    Edge::Touched => return true,
                    Edge::Crossed => is_inside = !is_inside,
                    Edge::Missed => {}
                }
            }
        }
        is_inside
    }
}

fn edge(a: Coord<f64>, b: Coord<f64>, p: Coord<f64>) -> Edge {
    if p.y < a.y.min(b.y) || p.y > a.y.max(b.y) || p.x > a.x.max(b.x) {
        return Edge::Missed;
    }
    let side = RobustKernel::orient2d(a, b, p);
    if side == Orientation::Collinear && p.x >= a.x.min(b.x) {
        return Edge::Touched;
    }
    // Half-open in latitude, so that a ray through a vertex counts its two edges once.
    let is_crossed = match (a.y <= p.y, b.y <= p.y) {
        (true, false) => side == Orientation::CounterClockwise,
        (false, true) => side == Orientation::Clockwise,
        _ => false,
    };
    if is_crossed { Edge::Crossed } else { Edge::Missed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::geo::{Polygon, coord};

    fn ring(points: &[(f64, f64)]) -> LineString<f64> {
        points.iter().copied().collect()
    }

    fn area(outline: &[(f64, f64)], holes: Vec<LineString<f64>>) -> Area {
        Area::new(&MultiPolygon::new(vec![Polygon::new(ring(outline), holes)]))
    }

    const SQUARE: [(f64, f64); 5] = [(0., 0.), (4., 0.), (4., 4.), (0., 4.), (0., 0.)];

    #[test]
    fn borders_and_corners_belong_to_the_area() {
        let square = area(&SQUARE, vec![]);

        for (x, y) in [(2., 2.), (0., 0.), (4., 4.), (4., 1.), (0., 3.), (2., 0.), (2., 4.)] {
            assert!(square.covers(coord! { x: x, y: y }), "{x} {y}");
        }
        for (x, y) in [(-1., 0.), (5., 0.), (-1., 4.), (2., 4.000_001), (-0.000_001, 2.)] {
            assert!(!square.covers(coord! { x: x, y: y }), "{x} {y}");
        }
    }

    #[test]
    fn a_hole_is_outside_but_its_border_is_not() {
        let hole = ring(&[(1., 1.), (1., 3.), (3., 3.), (3., 1.), (1., 1.)]);
        let square = area(&SQUARE, vec![hole]);

        assert!(!square.covers(coord! { x: 2., y: 2. }));
        assert!(square.covers(coord! { x: 1., y: 2. }));
        assert!(square.covers(coord! { x: 0.5, y: 2. }));
    }

    #[test]
    fn a_ring_that_crosses_itself_is_two_triangles() {
        let bow = area(&[(0., 0.), (4., 4.), (4., 0.), (0., 4.), (0., 0.)], vec![]);

        assert!(bow.covers(coord! { x: 1., y: 2. }));
        assert!(bow.covers(coord! { x: 3., y: 2. }));
        assert!(!bow.covers(coord! { x: 2., y: 1. }));
    }

    #[test]
    fn overlapping_parts_do_not_cancel_each_other() {
        let part = || Polygon::new(ring(&SQUARE), vec![]);
        let twice = Area::new(&MultiPolygon::new(vec![part(), part()]));

        assert!(twice.covers(coord! { x: 2., y: 2. }));
    }

    #[test]
    fn a_long_outline_gives_the_same_answer_as_its_circle() {
        let circle: Vec<(f64, f64)> = (0..=10_000)
            .map(|step| {
                let turn = f64::from(step % 10_000) / 10_000. * std::f64::consts::TAU;
                (turn.cos(), turn.sin())
            })
            .collect();
        let disc = area(&circle, vec![]);

        for step in 0..500 {
            let turn = f64::from(step) * 0.7;
            for (radius, inside) in [(0.999, true), (0.3, true), (1.001, false), (1.3, false)] {
                let point = coord! { x: radius * turn.cos(), y: radius * turn.sin() };
                assert_eq!(disc.covers(point), inside, "{point:?}");
            }
        }
    }

    #[test]
    fn an_empty_area_covers_nothing() {
        let nothing = Area::new(&MultiPolygon::new(vec![]));

        assert!(!nothing.covers(coord! { x: 0., y: 0. }));
    }

    #[test]
    fn the_distance_to_an_area_is_that_to_its_nearest_place_and_none_inside() {
        let square = area(
            &[(-10.0, 13.0), (-9.0, 13.0), (-9.0, 14.0), (-10.0, 14.0), (-10.0, 13.0)],
            vec![],
        );
        let metres = |x, y| square.metres_to(coord! { x: x, y: y });
        let sphere = |from: (f64, f64), to: (f64, f64)| {
            let at = |(lon, lat)| super::super::Position { lon, lat };
            super::super::distance_m(at(from), at(to))
        };

        assert!(metres(-9.5, 13.5) < f64::EPSILON && metres(-9.0, 13.5) < f64::EPSILON);
        for (point, nearest) in [
            ((-8.98, 13.5), (-9.0, 13.5)),
            ((-9.5, 12.99), (-9.5, 13.0)),
            ((-8.9, 14.1), (-9.0, 14.0)),
        ] {
            let (plane, exact) = (metres(point.0, point.1), sphere(point, nearest));
            assert!((plane - exact).abs() < exact * 0.001, "{point:?}: {plane} and {exact}");
        }
    }
}
