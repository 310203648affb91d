//! Coordinates of a file, checked and closed into an area; nothing here trusts the file.

use std::fmt;

use ::geo::{Coord, LineString, MultiPolygon, Polygon};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::error::{GeoError, excerpt};

/// Beyond this a number is no mistyped degree but a length: UTM metres in Mali start near 100,000.
const SURELY_METRES: f64 = 1000.0;

/// A closed triangle is the smallest ring.
const SMALLEST_RING: usize = 4;

/// Reads the geometry of the feature at `index`, given its type and its raw coordinates.
pub(crate) fn area(
    index: usize,
    kind: &str,
    coordinates: Option<&RawValue>,
) -> Result<MultiPolygon<f64>, GeoError> {
    let not_an_area = |found: &str| GeoError::NotAPolygon { index, found: excerpt(found) };
    let coordinates = || {
        coordinates
            .map(RawValue::get)
            .ok_or_else(|| not_an_area(&format!("{kind} without coordinates")))
    };
    let parts: Vec<Vec<Vec<Vertex>>> = match kind {
        "Polygon" => vec![read(index, coordinates()?)?],
        "MultiPolygon" => read(index, coordinates()?)?,
        other => return Err(not_an_area(other)),
    };
    if parts.is_empty() || parts.iter().any(Vec::is_empty) {
        return Err(not_an_area(&format!("{kind} without rings")));
    }
    let mut ring = 0..;
    let polygons = parts.into_iter().map(|part| {
        let mut rings = part
            .into_iter()
            .zip(ring.by_ref())
            .map(|(vertices, ring)| closed(index, ring, vertices))
            .collect::<Result<Vec<_>, _>>()?;
        let outline = rings.remove(0);
        Ok(Polygon::new(outline, rings))
    });
    polygons.collect::<Result<Vec<_>, _>>().map(MultiPolygon::new)
}

fn read<'a, T: Deserialize<'a>>(index: usize, text: &'a str) -> Result<T, GeoError> {
    serde_json::from_str(text)
        .map_err(|error| GeoError::BadCoordinate { index, reason: excerpt(&error.to_string()) })
}

fn closed(index: usize, ring: usize, vertices: Vec<Vertex>) -> Result<LineString<f64>, GeoError> {
    let mut ring_of = Vec::with_capacity(vertices.len() + 1);
    for Vertex(vertex) in vertices {
        check(index, vertex)?;
        ring_of.push(vertex);
    }
    if let Some(&first) = ring_of.first()
        && ring_of.last() != Some(&first)
    {
        ring_of.push(first);
    }
    if ring_of.len() < SMALLEST_RING {
        return Err(GeoError::ShortRing { index, ring, points: ring_of.len() });
    }
    Ok(LineString::new(ring_of))
}

fn check(index: usize, Coord { x, y }: Coord<f64>) -> Result<(), GeoError> {
    if x.abs() <= 180.0 && y.abs() <= 90.0 {
        return Ok(());
    }
    // Exponents keep an absurd number short.
    let text = |n: f64| {
        if n.abs() < 1e12 { n.to_string() } else { format!("{n:e}") }
    };
    let (x_text, y_text) = (text(x), text(y));
    if x.abs() > SURELY_METRES || y.abs() > SURELY_METRES {
        return Err(GeoError::Projected { index, x: x_text, y: y_text });
    }
    Err(GeoError::OutOfRange { index, x: x_text, y: y_text })
}

/// One position of the file: two numbers, whatever follows (altitude, measure) being ignored.
struct Vertex(Coord<f64>);

impl<'de> Deserialize<'de> for Vertex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(VertexVisitor)
    }
}

struct VertexVisitor;

impl<'de> Visitor<'de> for VertexVisitor {
    type Value = Vertex;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a position [longitude, latitude]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Vertex, A::Error> {
        let x = numbers.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let y = numbers.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        while numbers.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Vertex(Coord { x, y }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(coordinates: &str) -> Result<MultiPolygon<f64>, GeoError> {
        let raw: &RawValue = serde_json::from_str(coordinates).unwrap();
        area(7, "Polygon", Some(raw))
    }

    #[test]
    fn an_open_ring_is_closed() {
        let open = polygon("[[[0,0],[1,0],[1,1]]]").unwrap();

        assert_eq!(open, polygon("[[[0,0],[1,0],[1,1],[0,0]]]").unwrap());
        assert_eq!(open.0[0].exterior().0.len(), 4);
    }

    #[test]
    fn altitudes_are_ignored() {
        assert!(polygon("[[[0,0,300],[1,0,300,null],[1,1],[0,0,5]]]").is_ok());
    }

    #[test]
    fn a_ring_of_two_points_is_named() {
        let error = polygon("[[[0,0],[1,0],[1,1]],[[0,0],[1,1],[0,0]]]").unwrap_err();

        assert_eq!(error, GeoError::ShortRing { index: 7, ring: 1, points: 3 });
    }

    #[test]
    fn projected_metres_are_told_from_mistyped_degrees() {
        let utm = polygon("[[[612345.5,1398765.2],[1,0],[1,1]]]").unwrap_err();
        let typo = polygon("[[[-8,126.5],[1,0],[1,1]]]").unwrap_err();

        assert!(utm.to_string().contains("feature 7: degrees WGS84 expected"), "{utm}");
        assert!(matches!(utm, GeoError::Projected { .. }));
        assert!(matches!(typo, GeoError::OutOfRange { .. }));
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for coordinates in [
            "[[[null,0],[1,0],[1,1]]]",
            "[[[\"1\",0],[1,0],[1,1]]]",
            "[[[1],[1,0],[1,1]]]",
            "[[1,0],[1,1]]",
            "{}",
            "[[null]]",
        ] {
            let error = polygon(coordinates).unwrap_err();
            assert!(matches!(error, GeoError::BadCoordinate { index: 7, .. }), "{error}");
        }
    }

    #[test]
    fn what_is_not_an_area_is_refused() {
        let raw: &RawValue = serde_json::from_str("[]").unwrap();
        for (kind, raw) in [
            ("Point", Some(raw)),
            ("Polygon", None),
            ("Polygon", Some(raw)),
            ("MultiPolygon", Some(raw)),
        ] {
            let error = area(3, kind, raw).unwrap_err();
            assert!(matches!(error, GeoError::NotAPolygon { index: 3, .. }), "{error}");
        }
    }
}
