//! Geometries of a filter: positions into longitude and latitude, rings checked.

use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon,
    Point, Polygon,
};

use super::node::Budget;
use crate::ogc::{crs::Crs, error::OgcError};

/// The numbers of a geometry, nested as GeoJSON nests them.
pub(super) enum Numbers {
    /// One position.
    Position(Vec<f64>),
    /// A list of positions or of lists.
    List(Vec<Numbers>),
}

/// Makes geometries of numbers in one system, within a budget.
pub(super) struct Maker<'a> {
    pub(super) crs: Crs,
    pub(super) budget: &'a mut Budget,
}

impl Maker<'_> {
    /// The geometry of this type (`Point`, `Polygon`, ...).
    pub(super) fn geometry(&mut self, kind: &str, n: &Numbers) -> Result<Geometry<f64>, OgcError> {
        Ok(match kind.to_ascii_lowercase().as_str() {
            "point" => Point(self.position(n)?).into(),
            "linestring" => self.line(n)?.into(),
            "polygon" => self.polygon(n)?.into(),
            "multipoint" => {
                let all = list(n)?.iter().map(|n| Ok(Point(self.position(unwrapped(n))?)));
                MultiPoint(all.collect::<Result<_, OgcError>>()?).into()
            }
            "multilinestring" => {
                let all = list(n)?.iter().map(|n| self.line(n));
                MultiLineString(all.collect::<Result<_, _>>()?).into()
            }
            "multipolygon" => {
                let all = list(n)?.iter().map(|n| self.polygon(n));
                MultiPolygon(all.collect::<Result<_, _>>()?).into()
            }
            _ => return Err(OgcError::filter("a geometry is not of a known type")),
        })
    }

    /// A collection of geometries.
    pub(super) fn collection(all: Vec<Geometry<f64>>) -> Geometry<f64> {
        Geometry::GeometryCollection(GeometryCollection(all))
    }

    /// A box of four or six numbers; two boxes when it crosses the antimeridian.
    pub(super) fn bbox(&mut self, numbers: &[f64]) -> Result<Geometry<f64>, OgcError> {
        let [w, s, e, n] = crate::ogc::bbox::flat(numbers).map_err(OgcError::filter)?;
        let boxes = crate::ogc::bbox::of(self.crs, [w, s, e, n]).map_err(OgcError::filter)?;
        let rings = boxes.outlines();
        Ok(MultiPolygon(rings.into_iter().map(|r| Polygon::new(r, vec![])).collect()).into())
    }

    fn position(&mut self, n: &Numbers) -> Result<Coord<f64>, OgcError> {
        self.budget.vertex()?;
        let Numbers::Position(n) = n else {
            return Err(OgcError::filter("a position is two or three numbers"));
        };
        let ([first, second] | [first, second, _]) = n.as_slice() else {
            return Err(OgcError::filter("a position is two or three numbers"));
        };
        let [x, y] = self
            .crs
            .to_lonlat([*first, *second])
            .ok_or_else(|| OgcError::filter("a position lies outside its reference system"))?;
        Ok(Coord { x, y })
    }

    fn line(&mut self, n: &Numbers) -> Result<LineString<f64>, OgcError> {
        let line: Vec<_> =
            list(n)?.iter().map(|n| self.position(n)).collect::<Result<_, OgcError>>()?;
        if line.len() < 2 {
            return Err(OgcError::filter("a line has two positions or more"));
        }
        Ok(LineString(line))
    }

    fn polygon(&mut self, n: &Numbers) -> Result<Polygon<f64>, OgcError> {
        let mut rings = Vec::new();
        for ring in list(n)? {
            let ring = self.line(ring)?;
            if ring.0.len() < 4 || !ring.is_closed() {
                return Err(OgcError::filter(
                    "a ring has four positions or more and ends where it began",
                ));
            }
            rings.push(ring);
        }
        let mut rings = rings.into_iter();
        let outline = rings.next().ok_or_else(|| OgcError::filter("a polygon has a ring"))?;
        let polygon = Polygon::new(outline, rings.collect());
        if !geo::Validation::is_valid(&polygon) {
            return Err(OgcError::filter("a polygon crosses or touches itself"));
        }
        Ok(polygon)
    }
}

fn list(n: &Numbers) -> Result<&[Numbers], OgcError> {
    match n {
        Numbers::List(list) if !list.is_empty() => Ok(list),
        _ => Err(OgcError::filter("a geometry misses positions")),
    }
}

/// WKT may write the points of a multipoint in parentheses of their own.
fn unwrapped(n: &Numbers) -> &Numbers {
    match n {
        Numbers::List(list) => match list.as_slice() {
            [one] => one,
            _ => n,
        },
        Numbers::Position(_) => n,
    }
}
