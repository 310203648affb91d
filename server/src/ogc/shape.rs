//! A place in a question, prepared to be compared with many features.

use geo::{BoundingRect as _, Intersects as _, MultiPolygon, Point, Relate as _};

use super::{
    features::Geometry,
    grid::{Bounds, holds},
};
use crate::geo::Area;

/// How a feature may lie to a place (DE-9IM).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Intersects,
    Disjoint,
    Equals,
    Touches,
    Crosses,
    Within,
    Contains,
    Overlaps,
}

impl Relation {
    /// Reads the name of the function in CQL2.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "s_intersects" => Self::Intersects,
            "s_disjoint" => Self::Disjoint,
            "s_equals" => Self::Equals,
            "s_touches" => Self::Touches,
            "s_crosses" => Self::Crosses,
            "s_within" => Self::Within,
            "s_contains" => Self::Contains,
            "s_overlaps" => Self::Overlaps,
            _ => return None,
        })
    }

    /// The same with its sides exchanged.
    pub(super) const fn turned(self) -> Self {
        match self {
            Self::Within => Self::Contains,
            Self::Contains => Self::Within,
            other => other,
        }
    }
}

/// A place, in longitude and latitude.
#[derive(Debug)]
pub(super) struct Shape {
    geometry: geo::Geometry<f64>,
    pub(super) bounds: Bounds,
    area: Option<Area>,
}

const NOWHERE: Bounds = [f64::NAN; 4];

impl Shape {
    pub(super) fn new(geometry: geo::Geometry<f64>) -> Self {
        let bounds = geometry
            .bounding_rect()
            .map_or(NOWHERE, |r| [r.min().x, r.min().y, r.max().x, r.max().y]);
        let area = match &geometry {
            geo::Geometry::Polygon(p) => Some(Area::new(&MultiPolygon(vec![p.clone()]))),
            geo::Geometry::MultiPolygon(p) => Some(Area::new(p)),
            _ => None,
        };
        Self { geometry, bounds, area }
    }

    /// Whether a point lies so.
    pub(super) fn relates_point(&self, relation: Relation, at: [f64; 2]) -> bool {
        let point = Point::from(at);
        let meets = holds(self.bounds, at)
            && match &self.area {
                Some(area) => area.covers(point.0),
                None => self.geometry.intersects(&point),
            };
        match relation {
            Relation::Intersects => meets,
            Relation::Disjoint => !meets,
            _ => meets && is(relation, &point.relate(&self.geometry)),
        }
    }

    /// Whether a feature lies so; one that lies nowhere lies in no way.
    pub(super) fn relates(&self, relation: Relation, feature: &Geometry, around: Bounds) -> bool {
        match feature {
            Geometry::None => false,
            Geometry::Point(at) => self.relates_point(relation, *at),
            Geometry::Area(area) => {
                let ([w, s, e, n], [fw, fs, fe, fn_]) = (self.bounds, around);
                let near = fw <= e && fe >= w && fs <= n && fn_ >= s;
                match relation {
                    Relation::Intersects => near && area.intersects(&self.geometry),
                    Relation::Disjoint => !(near && area.intersects(&self.geometry)),
                    _ => near && is(relation, &area.relate(&self.geometry)),
                }
            }
        }
    }
}

fn is(relation: Relation, matrix: &geo::relate::IntersectionMatrix) -> bool {
    match relation {
        Relation::Intersects => matrix.is_intersects(),
        Relation::Disjoint => matrix.is_disjoint(),
        Relation::Equals => matrix.is_equal_topo(),
        Relation::Touches => matrix.is_touches(),
        Relation::Crosses => matrix.is_crosses(),
        Relation::Within => matrix.is_within(),
        Relation::Contains => matrix.is_contains(),
        Relation::Overlaps => matrix.is_overlaps(),
    }
}
