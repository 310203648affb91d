//! One boundary: what a feature of an imported file says, and its stable text for a database.

use ::geo::{BoundingRect, Coord, LineString, MultiPolygon, Rect};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    error::{GeoError, excerpt},
    place::{Division, Level, PlaceCodes},
    rings,
};

/// The area of one region, cercle or commune in one division.
#[derive(Debug, Clone, PartialEq)]
pub struct Boundary {
    /// The division that the area belongs to.
    pub division: Division,
    /// Its level.
    pub level: Level,
    /// Its code, unique within division and level.
    pub code: String,
    /// Its name as the file writes it.
    pub name: String,
    /// Its p-code, if the file has one.
    pub pcode: Option<String>,
    /// Code of the area one level up, if the file names it.
    pub parent: Option<String>,
    /// Code of the region it lies in, if the file names it; itself for a region.
    pub region: Option<String>,
    /// The day from which the file says it is valid, as `YYYY-MM-DD` where that can be read.
    pub valid_on: Option<String>,
    /// The area, in degrees WGS84, with closed rings.
    pub geometry: MultiPolygon<f64>,
    /// The box around the area.
    pub bbox: Rect<f64>,
}

impl Boundary {
    /// The codes that a point in the area gets, as far as the file says them.
    pub(crate) fn codes(&self) -> PlaceCodes {
        let code = Some(self.code.clone());
        match self.level {
            Level::Region => PlaceCodes { region: code, ..PlaceCodes::default() },
            Level::Cercle => PlaceCodes {
                region: self.region.clone().or_else(|| self.parent.clone()),
                cercle: code,
                commune: None,
            },
            Level::Commune => PlaceCodes {
                region: self.region.clone(),
                cercle: self.parent.clone(),
                commune: code,
            },
        }
    }
}

/// The names that a feature carries: its own, and those of the areas around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The division of the file.
    pub division: Division,
    /// Name of the region.
    pub region: Option<String>,
    /// Name of the cercle.
    pub cercle: Option<String>,
    /// Name of the commune.
    pub commune: Option<String>,
}

impl Names {
    /// The name at a level.
    pub fn at(&self, level: Level) -> Option<&str> {
        match level {
            Level::Region => self.region.as_deref(),
            Level::Cercle => self.cercle.as_deref(),
            Level::Commune => self.commune.as_deref(),
        }
    }
}

/// Turns names into the codes that the rest of the server uses.
pub trait Namer {
    /// Gives the code of the area at `level`; the name at that level is always there.
    fn code(&self, level: Level, names: &Names) -> String;
}

/// The box around an area, which must have at least one vertex.
pub(crate) fn bounding_box(geometry: &MultiPolygon<f64>) -> Rect<f64> {
    geometry.bounding_rect().expect("an area that was read has a ring of four points")
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    properties: Properties<'a>,
    geometry: WrittenGeometry,
}

#[derive(Serialize)]
struct Properties<'a> {
    division: Division,
    level: Level,
    code: &'a str,
    name: &'a str,
    pcode: Option<&'a str>,
    parent: Option<&'a str>,
    region: Option<&'a str>,
    valid_on: Option<&'a str>,
}

#[derive(Serialize)]
struct WrittenGeometry {
    #[serde(rename = "type")]
    kind: &'static str,
    coordinates: Vec<Vec<Vec<[f64; 2]>>>,
}

/// Writes a boundary as one GeoJSON feature; the same boundary always gives the same text.
pub fn boundary_geojson(boundary: &Boundary) -> String {
    let coordinates = boundary
        .geometry
        .iter()
        .map(|polygon| {
            std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(pairs).collect()
        })
        .collect();
    let feature = Written {
        kind: "Feature",
        properties: Properties {
            division: boundary.division,
            level: boundary.level,
            code: &boundary.code,
            name: &boundary.name,
            pcode: boundary.pcode.as_deref(),
            parent: boundary.parent.as_deref(),
            region: boundary.region.as_deref(),
            valid_on: boundary.valid_on.as_deref(),
        },
        geometry: WrittenGeometry { kind: "MultiPolygon", coordinates },
    };
    serde_json::to_string(&feature).expect("plain structs with text keys always serialise")
}

fn pairs(ring: &LineString<f64>) -> Vec<[f64; 2]> {
    ring.coords().map(|&Coord { x, y }| [x, y]).collect()
}

#[derive(Deserialize)]
struct Stored<'a> {
    properties: StoredProperties,
    #[serde(borrow)]
    geometry: StoredGeometry<'a>,
}

#[derive(Deserialize)]
struct StoredProperties {
    division: Division,
    level: Level,
    code: String,
    name: String,
    pcode: Option<String>,
    parent: Option<String>,
    region: Option<String>,
    valid_on: Option<String>,
}

#[derive(Deserialize)]
struct StoredGeometry<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    coordinates: &'a RawValue,
}

/// Reads back what [`boundary_geojson`] wrote.
pub fn boundary_from_geojson(text: &str) -> Result<Boundary, GeoError> {
    let stored: Stored<'_> = serde_json::from_str(text)
        .map_err(|error| GeoError::Stored { reason: excerpt(&error.to_string()) })?;
    let StoredGeometry { kind, coordinates } = stored.geometry;
    let geometry = rings::area(0, &kind, Some(coordinates))
        .map_err(|error| GeoError::Stored { reason: error.to_string() })?;
    let properties = stored.properties;
    Ok(Boundary {
        division: properties.division,
        level: properties.level,
        code: properties.code,
        name: properties.name,
        pcode: properties.pcode,
        parent: properties.parent,
        region: properties.region,
        valid_on: properties.valid_on,
        bbox: bounding_box(&geometry),
        geometry,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::geo::{Polygon, line_string};

    fn boundary() -> Boundary {
        let outline = line_string![
            (x: -11.1, y: 14.), (x: -10.000_001, y: 14.), (x: -10., y: 15.3), (x: -11.1, y: 14.)
        ];
        let hole = line_string![
            (x: -10.4, y: 14.1), (x: -10.3, y: 14.1), (x: -10.3, y: 14.2), (x: -10.4, y: 14.1)
        ];
        let geometry = MultiPolygon::new(vec![Polygon::new(outline, vec![hole])]);
        Boundary {
            division: Division::D2012,
            level: Level::Commune,
            code: "kayes__\"bangassi\"".into(),
            name: "Bangassi é".into(),
            pcode: Some("ML010101".into()),
            parent: Some("kayes".into()),
            region: None,
            valid_on: Some("2015-04-08".into()),
            bbox: bounding_box(&geometry),
            geometry,
        }
    }

    #[test]
    fn a_stored_boundary_reads_back_the_same() {
        let boundary = boundary();

        let text = boundary_geojson(&boundary);

        assert_eq!(boundary_from_geojson(&text).unwrap(), boundary);
        assert_eq!(boundary_geojson(&boundary_from_geojson(&text).unwrap()), text);
    }

    #[test]
    fn the_stored_text_is_fixed() {
        let text = boundary_geojson(&boundary());

        assert!(text.starts_with(
            r#"{"type":"Feature","properties":{"division":"2012","level":"commune","code":"#
        ));
        assert!(text.contains(r#""type":"MultiPolygon","coordinates":[[[[-11.1,14.0],"#));
    }

    #[test]
    fn a_damaged_text_is_an_error() {
        let text = boundary_geojson(&boundary());

        let (half, _) = text.split_at(text.len() / 2);
        assert!(matches!(boundary_from_geojson(half), Err(GeoError::Stored { .. })));
        let far = text.replace("-11.1", "-1111.1");
        assert!(matches!(boundary_from_geojson(&far), Err(GeoError::Stored { .. })));
    }
}
