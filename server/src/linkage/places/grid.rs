//! Points by squares of about a kilometre, so that neighbours are found without looking at all.

/// Latitude and longitude in degrees.
pub(super) type Point = (f64, f64);

/// The edge of a square in degrees of latitude: about 1.1 km.
const EDGE: f64 = 0.01;

pub(super) type Square = (i32, i32);

/// The square that a point lies in; `None` for what is no position.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "degrees times 100, checked to be finite and within the globe"
)]
pub(super) fn square(point: Point) -> Option<Square> {
    let inside = point.0.abs() <= 90.0 && point.1.abs() <= 180.0;
    inside.then(|| ((point.0 / EDGE).floor() as i32, (point.1 / EDGE).floor() as i32))
}

/// The square and those around it.
pub(super) fn around(square: Square) -> impl Iterator<Item = Square> {
    (-1..=1).flat_map(move |y| (-1..=1).map(move |x| (square.0 + y, square.1 + x)))
}

/// Metres between two points on a sphere (haversine); exact enough for places near each other.
pub(super) fn metres(a: Point, b: Point) -> f64 {
    const RADIUS: f64 = 6_371_008.8;
    let (lat_a, lat_b) = (a.0.to_radians(), b.0.to_radians());
    let (dy, dx) = ((lat_b - lat_a) / 2.0, (b.1 - a.1).to_radians() / 2.0);
    let h = dy.sin().powi(2) + lat_a.cos() * lat_b.cos() * dx.sin().powi(2);
    2.0 * RADIUS * h.sqrt().min(1.0).asin()
}
