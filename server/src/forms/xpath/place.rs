//! Functions of points: distances and areas on JavaRosa's sphere.

use std::f64::consts::PI;

use super::eval::World;
use super::function::Function;
use super::stop::Stop;
use super::value::{Atom, Value, coordinates};

/// Radius that JavaRosa takes for the Earth, in metres.
const RADIUS: f64 = 6_378_100.0;

/// Latitude and longitude in degrees.
type Point = (f64, f64);

/// Calls a function of points.
pub(super) fn call<'e>(
    world: &World<'e>,
    function: Function,
    values: &[Value<'e>],
) -> Result<Atom<'e>, Stop> {
    match (function, values) {
        (Function::Area, [shape]) => Ok(Atom::Number(area(&outline(world, shape)?))),
        (Function::Geofence, [at, fence]) => {
            let at = world.unpack(at.clone())?;
            let at = point(&at.to_text())?;
            Ok(Atom::Bool(is_inside(at, &outline(world, fence)?)))
        }
        (_, [Value::Atom(Atom::Text(text))]) => Ok(Atom::Number(length(&split(text)?))),
        (_, [Value::Atom(_)]) => Err(Stop::Fails("distance() of neither path nor text")),
        (_, [line]) => Ok(Atom::Number(length(&outline(world, line)?))),
        (_, points) => {
            let points = points.iter().map(|one| point(&world.unpack(one.clone())?.to_text()));
            Ok(Atom::Number(length(&points.collect::<Result<Vec<_>, _>>()?)))
        }
    }
}

/// The points of one line, or of a repeat of points.
fn outline(world: &World<'_>, value: &Value<'_>) -> Result<Vec<Point>, Stop> {
    let Value::Nodes(nodes) = value else {
        return Err(Stop::Fails("points of what is not a path"));
    };
    match world.read_all(nodes)?.as_slice() {
        [one] => split(&one.to_text()),
        many => many.iter().map(|one| point(&one.to_text())).collect(),
    }
}

/// `lat lon alt acc;lat lon alt acc`, where empty ends do not count.
fn split(text: &str) -> Result<Vec<Point>, Stop> {
    let line = text.trim_end_matches(';');
    line.split(';').map(|one| point(one.trim())).collect()
}

fn point(text: &str) -> Result<Point, Stop> {
    let [lat, lon, ..] = coordinates(text).ok_or(Stop::Fails("not a point"))?;
    Ok((lat, lon))
}

/// Length of a line in metres, by the spherical law of cosines.
fn length(points: &[Point]) -> f64 {
    let pairs = points.iter().zip(points.iter().skip(1));
    let angle = |(&one, &other): (&Point, &Point)| {
        let ((lat1, lon1), (lat2, lon2)) = (radians(one), radians(other));
        (lat1.sin() * lat2.sin() + lat1.cos() * lat2.cos() * (lon1 - lon2).cos()).acos()
    };
    pairs.map(|pair| angle(pair) * RADIUS).fold(0.0, |sum, one| sum + one)
}

fn radians((lat, lon): Point) -> Point {
    (lat.to_radians(), lon.to_radians())
}

/// Area in square metres, on a plane laid through the first point
/// (<https://mathworld.wolfram.com/PolygonArea.html>).
fn area(points: &[Point]) -> f64 {
    let Some((&(lat0, lon0), rest)) = points.split_first().filter(|(_, rest)| rest.len() >= 2)
    else {
        return 0.0;
    };
    let metres = 2.0 * RADIUS * PI;
    let flat = |&(lat, lon): &Point| {
        let x = (lon - lon0) * metres * lat.to_radians().cos() / 360.0;
        (x, (lat - lat0) * metres / 360.0)
    };
    let flat: Vec<_> = rest.iter().map(flat).collect();
    let triangles = flat.iter().zip(flat.iter().skip(1));
    let signed = triangles.map(|((x1, y1), (x2, y2))| (y1 * x2 - x1 * y2) / 2.0);
    signed.fold(0.0, |sum, one| sum + one).abs()
}

/// Even-odd rule on a closed outline (<https://wrfranklin.org/Research/Short_Notes/pnpoly.html>).
fn is_inside((y, x): Point, fence: &[Point]) -> bool {
    let mut inside = false;
    for (&(y1, x1), &(y2, x2)) in fence.iter().zip(fence.iter().skip(1)) {
        if (y2 > y) != (y1 > y) && x < (x1 - x2) * (y - y2) / (y1 - y2) + x2 {
            inside = !inside;
        }
    }
    inside
}
