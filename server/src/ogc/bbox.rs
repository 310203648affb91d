//! Boxes: the `bbox` parameter and `BBOX(...)` in filters, in any system, over the antimeridian too.

use geo::{Coord, LineString};

use super::{
    crs::Crs,
    grid::{Bounds, holds},
};

/// A box as asked for, ready to be compared with longitudes and latitudes.
#[derive(Clone, Debug)]
pub struct Boxes {
    crs: Crs,
    /// As asked for, in the order of axes of its system.
    asked: [f64; 4],
    /// The boxes in degrees around it: two when it crosses the antimeridian.
    pub(super) degrees: Vec<Bounds>,
}

/// Points along each edge of a projected box: its edges are curves in degrees.
const STEPS: u32 = 16;
/// How much further than these points a curve may reach, in degrees.
const BULGE: f64 = 0.01;

/// Four numbers, or six of which the heights are left out.
pub(super) fn flat(numbers: &[f64]) -> Result<[f64; 4], String> {
    let four = match *numbers {
        [w, s, e, n] => [w, s, e, n],
        [w, s, low, e, n, high] if low <= high => [w, s, e, n],
        [_, _, _, _, _, _] => return Err(String::from("the lower height comes first")),
        _ => return Err(String::from("four or six numbers")),
    };
    if four.iter().all(|n| n.is_finite()) {
        Ok(four)
    } else {
        Err(String::from("numbers must be finite"))
    }
}

/// The box of these numbers in this system.
pub(super) fn of(crs: Crs, asked: [f64; 4]) -> Result<Boxes, String> {
    let [w, s, e, n] = if crs == Crs::Epsg4326 {
        let [s, w, n, e] = asked;
        [w, s, e, n]
    } else {
        asked
    };
    if s > n {
        return Err(String::from("the lower of the two northings or latitudes comes first"));
    }
    if !crs.is_geographic() {
        if w > e {
            return Err(String::from("the lower of the two eastings comes first"));
        }
        return Ok(Boxes { crs, asked, degrees: vec![around(crs, asked)] });
    }
    let known = |v: f64, most: f64| (-most..=most).contains(&v);
    if !(known(w, 180.0) && known(e, 180.0) && known(s, 90.0) && known(n, 90.0)) {
        let order = if crs == Crs::Epsg4326 { "latitude first" } else { "longitude first" };
        return Err(format!("degrees within -180..180 and -90..90, {order}"));
    }
    let degrees =
        if w <= e { vec![[w, s, e, n]] } else { vec![[w, s, 180.0, n], [-180.0, s, e, n]] };
    Ok(Boxes { crs, asked, degrees })
}

/// The outline of a projected box in degrees, its corners and points between.
fn outline(crs: Crs, asked: [f64; 4]) -> Vec<Coord<f64>> {
    let [w, s, e, n] = crs.within_reach(asked);
    let corners = [[w, s], [e, s], [e, n], [w, n], [w, s]];
    let mut ring = Vec::new();
    for pair in corners.windows(2) {
        let [[ax, ay], [bx, by]] = pair else { continue };
        for step in 0..STEPS {
            let share = f64::from(step) / f64::from(STEPS);
            let at = [ax + (bx - ax) * share, ay + (by - ay) * share];
            ring.extend(crs.to_lonlat(at).map(|[x, y]| Coord { x, y }));
        }
    }
    ring.extend(ring.first().copied());
    ring
}

fn around(crs: Crs, asked: [f64; 4]) -> Bounds {
    let ring = outline(crs, asked);
    let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for Coord { x, y } in ring {
        let [w, s, e, n] = bounds;
        bounds = [w.min(x), s.min(y), e.max(x), n.max(y)];
    }
    let [w, s, e, n] = bounds;
    [w - BULGE, s - BULGE, e + BULGE, n + BULGE]
}

impl Boxes {
    /// Whether a point, in degrees, lies in it or on its edge.
    pub(super) fn contains(&self, lonlat: [f64; 2]) -> bool {
        let near = self.degrees.iter().any(|bounds| holds(*bounds, lonlat));
        near && (self.crs.is_geographic() || holds(self.asked, self.crs.of_lonlat(lonlat)))
    }

    /// Whether the boxes in degrees say all: no point in them needs a second look.
    pub(super) fn is_exact(&self) -> bool {
        self.crs.is_geographic()
    }

    /// Its outlines in degrees, closed.
    pub(super) fn outlines(&self) -> Vec<LineString<f64>> {
        if !self.crs.is_geographic() {
            return vec![LineString(outline(self.crs, self.asked))];
        }
        let ring = |[w, s, e, n]: &Bounds| {
            LineString::from(vec![(*w, *s), (*e, *s), (*e, *n), (*w, *n), (*w, *s)])
        };
        self.degrees.iter().map(ring).collect()
    }
}

/// Reads the `bbox` parameter.
pub fn parse(text: &str, crs: Crs) -> Result<Boxes, String> {
    let numbers: Vec<f64> = text
        .split(',')
        .take(7)
        .map(|n| n.trim().parse())
        .collect::<Result<_, _>>()
        .map_err(|_| String::from("four or six numbers, separated by commas"))?;
    of(crs, flat(&numbers)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_and_six_numbers_and_nothing_else() {
        assert!(parse("-9,12,-8,13", Crs::Crs84).is_ok());
        assert!(parse("-9,12,0,-8,13,500", Crs::Crs84).is_ok());
        for bad in [
            "",
            "1,2,3",
            "1,2,3,4,5",
            "a,b,c,d",
            "NaN,0,1,1",
            "0,0,inf,1",
            "-9,13,-8,12",
            "12,-200,13,1",
            "-9,12,5,-8,13,1",
            "1,2,3,4,5,6,7",
            "0,0,1e400,1",
        ] {
            assert!(parse(bad, Crs::Crs84).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_box_over_the_antimeridian_is_two() {
        let boxes = parse("170,-10,-170,10", Crs::Crs84).unwrap();
        assert!(boxes.contains([175.0, 0.0]) && boxes.contains([-175.0, 0.0]));
        assert!(!boxes.contains([0.0, 0.0]));
    }

    #[test]
    fn axes_are_those_of_the_system() {
        let boxes = parse("12,-9,13,-8", Crs::Epsg4326).unwrap();
        assert!(boxes.contains([-8.5, 12.5]) && !boxes.contains([12.5, -8.5]));
    }

    #[test]
    fn a_projected_box_holds_exactly_what_it_holds_in_metres() {
        for crs in [Crs::Utm29, Crs::Utm30, Crs::Epsg3857] {
            let [x, y] = crs.of_lonlat([-8.0, 12.6]);
            let text = format!("{},{},{},{}", x - 1.0, y - 1.0, x + 50_000.0, y + 50_000.0);
            let boxes = parse(&text, crs).unwrap();
            assert!(boxes.contains([-8.0, 12.6]), "{crs:?}");
            assert!(boxes.contains(crs.to_lonlat([x + 49_000.0, y - 0.5]).unwrap()));
            assert!(!boxes.contains(crs.to_lonlat([x - 2.0, y]).unwrap()));
        }
        let world = parse("-1e9,-1e9,1e9,1e9", Crs::Utm29).unwrap();
        assert!(world.contains([-8.0, 12.6]));
    }
}
