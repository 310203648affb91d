//! Geometries as well-known binary, little-endian (OGC 06-103r4, 8.2).

use geo::{LineString, MultiPolygon};

use super::cell::short;
use crate::ogc::Located;

/// Appends a geometry; nothing for one that lies nowhere.
pub(super) fn push(out: &mut Vec<u8>, located: Located<'_>) {
    match located {
        Located::Nowhere => {}
        Located::At([x, y]) => {
            head(out, 1);
            out.extend(x.to_le_bytes());
            out.extend(y.to_le_bytes());
        }
        Located::Within(area) => polygons(out, area),
    }
}

fn head(out: &mut Vec<u8>, kind: u32) {
    out.push(1);
    out.extend(kind.to_le_bytes());
}

fn polygons(out: &mut Vec<u8>, area: &MultiPolygon<f64>) {
    head(out, 6);
    out.extend(short(area.0.len()).to_le_bytes());
    for polygon in area {
        head(out, 3);
        out.extend(short(polygon.interiors().len() + 1).to_le_bytes());
        ring(out, polygon.exterior());
        for hole in polygon.interiors() {
            ring(out, hole);
        }
    }
}

fn ring(out: &mut Vec<u8>, ring: &LineString<f64>) {
    out.extend(short(ring.0.len()).to_le_bytes());
    for point in ring.coords() {
        out.extend(point.x.to_le_bytes());
        out.extend(point.y.to_le_bytes());
    }
}
