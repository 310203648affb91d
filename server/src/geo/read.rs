//! Reading a file of boundaries: GeoJSON in any known layout to [`Boundary`] values.

use std::collections::{HashMap, hash_map::Entry};

use ::geo::MultiPolygon;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::{
    boundary::{Boundary, Namer, Names, bounding_box},
    error::{GeoError, excerpt},
    layout::{self, Described},
    place::{Division, Level},
    rings,
};

/// What a file gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The division that the file is of.
    pub division: Division,
    /// The boundaries, in the order of the file.
    pub boundaries: Vec<Boundary>,
    /// What the operator should know although nothing is wrong.
    pub notes: Vec<Note>,
}

/// Something that reading a file left out or put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// The feature is the whole country, which says nothing about a place.
    #[error("feature {index} is the whole country: left out")]
    Country {
        /// The feature.
        index: usize,
    },
    /// The feature is a further part of an area that came before.
    #[error("feature {index} is a further part of \"{code}\": put together")]
    FurtherPart {
        /// The feature.
        index: usize,
        /// Code of the area, shortened.
        code: String,
    },
}

/// Reads the boundaries of a GeoJSON file.
pub fn read_boundaries(geojson: &[u8], namer: &dyn Namer) -> Result<Vec<Boundary>, GeoError> {
    Ok(read_boundaries_with_notes(geojson, namer)?.boundaries)
}

/// Reads the boundaries of a GeoJSON file, its division, and notes for the operator.
pub fn read_boundaries_with_notes(geojson: &[u8], namer: &dyn Namer) -> Result<Import, GeoError> {
    let mut notes = Vec::new();
    let mut features = Vec::new();
    for (index, raw) in collection(geojson)?.into_iter().enumerate() {
        match feature(index, raw)? {
            Some((described, geometry)) => features.push((index, described, geometry)),
            None => notes.push(Note::Country { index }),
        }
    }
    if features.is_empty() {
        return Err(GeoError::NoPolygons);
    }
    let division = layout::division(features.iter().map(|(_, described, _)| described));
    let mut gathered = Gathered::default();
    for (index, described, geometry) in features {
        let boundary = named(index, division, described, geometry, namer)?;
        notes.extend(gathered.add(index, boundary)?);
    }
    Ok(Import { division, boundaries: gathered.boundaries, notes })
}

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    // Each feature is kept as text: one that is wrong can then be named, and memory stays bounded.
    #[serde(borrow)]
    features: Option<Vec<&'a RawValue>>,
}

fn collection(geojson: &[u8]) -> Result<Vec<&RawValue>, GeoError> {
    let not_json = |reason: &str| GeoError::NotJson { reason: excerpt(reason) };
    let text = std::str::from_utf8(geojson).map_err(|error| not_json(&error.to_string()))?;
    // Windows tools begin a file with a byte-order mark.
    let text = text.trim_start_matches('\u{feff}');
    let collection: Collection<'_> = serde_json::from_str(text).map_err(|error| {
        let hint = if text.contains("NaN") { " (NaN is not a coordinate)" } else { "" };
        not_json(&format!("{error}{hint}"))
    })?;
    match (collection.kind.as_deref(), collection.features) {
        (Some("FeatureCollection"), Some(features)) => Ok(features),
        (Some("FeatureCollection"), None) => Err(GeoError::NoPolygons),
        (kind, _) => Err(GeoError::NotACollection { found: excerpt(kind.unwrap_or("no type")) }),
    }
}

#[derive(Deserialize)]
struct RawFeature<'a> {
    properties: Option<Map<String, Value>>,
    #[serde(borrow)]
    geometry: Option<RawGeometry<'a>>,
}

#[derive(Deserialize)]
struct RawGeometry<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    coordinates: Option<&'a RawValue>,
}

fn feature(
    index: usize,
    raw: &RawValue,
) -> Result<Option<(Described, MultiPolygon<f64>)>, GeoError> {
    let feature: RawFeature<'_> = serde_json::from_str(raw.get())
        .map_err(|error| GeoError::BadFeature { index, reason: excerpt(&error.to_string()) })?;
    let Some(geometry) = feature.geometry else {
        return Err(GeoError::NotAPolygon { index, found: "feature without geometry".to_owned() });
    };
    let geometry = rings::area(index, &geometry.kind, geometry.coordinates)?;
    let described = layout::describe(index, &feature.properties.unwrap_or_default())?;
    Ok(described.map(|described| (described, geometry)))
}

fn named(
    index: usize,
    division: Division,
    described: Described,
    geometry: MultiPolygon<f64>,
    namer: &dyn Namer,
) -> Result<Boundary, GeoError> {
    let Described { level, region, cercle, commune, pcode, valid_on, .. } = described;
    let around = Names { division, region, cercle, commune };
    let code_at = |level| {
        around.at(level)?;
        Some(namer.code(level, &around)).filter(|code| !code.is_empty())
    };
    let (name, code) =
        around.at(level).zip(code_at(level)).ok_or(GeoError::NoName { index, level })?;
    let parent = match level {
        Level::Region => None,
        Level::Cercle => code_at(Level::Region),
        Level::Commune => code_at(Level::Cercle),
    };
    Ok(Boundary {
        division,
        level,
        code,
        name: name.to_owned(),
        pcode,
        parent,
        region: code_at(Level::Region),
        valid_on,
        bbox: bounding_box(&geometry),
        geometry,
    })
}

/// The boundaries so far, and where each code is among them.
#[derive(Default)]
struct Gathered {
    boundaries: Vec<Boundary>,
    places: HashMap<(Level, String), usize>,
}

impl Gathered {
    /// Adds a boundary, or joins it to the earlier part of the same area.
    fn add(&mut self, index: usize, boundary: Boundary) -> Result<Option<Note>, GeoError> {
        match self.places.entry((boundary.level, boundary.code.clone())) {
            Entry::Vacant(vacant) => {
                vacant.insert(self.boundaries.len());
                self.boundaries.push(boundary);
                Ok(None)
            }
            Entry::Occupied(known) => {
                let earlier = self
                    .boundaries
                    .get_mut(*known.get())
                    .expect("places hold positions in boundaries");
                let code = excerpt(&boundary.code);
                if earlier.pcode != boundary.pcode {
                    return Err(GeoError::DuplicateCode { index, level: boundary.level, code });
                }
                earlier.geometry.0.extend(boundary.geometry.0);
                earlier.bbox = bounding_box(&earlier.geometry);
                Ok(Some(Note::FurtherPart { index, code }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ::geo::Rect;

    use super::*;
    use crate::geo::testing::Slugs;

    const SQUARE: &str = r#"{"type":"Polygon","coordinates":[[[-8,12],[-7,12],[-7,13],[-8,13]]]}"#;

    fn file(features: &[(&str, &str)]) -> String {
        let features: Vec<String> = features
            .iter()
            .map(|(properties, geometry)| {
                format!(r#"{{"type":"Feature","properties":{properties},"geometry":{geometry}}}"#)
            })
            .collect();
        format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
    }

    fn refused(text: &str) -> GeoError {
        read_boundaries(text.as_bytes(), &Slugs).unwrap_err()
    }

    #[test]
    fn a_commune_gets_its_codes_from_its_names() {
        let commune = r#"{"adm3_name":"Bangassi","adm2_name":"Kayes","adm1_name":"Kayes"}"#;
        let text = format!("\u{feff}{}", file(&[(commune, SQUARE)]));

        let [boundary] = &read_boundaries(text.as_bytes(), &Slugs).unwrap()[..] else { panic!() };

        assert_eq!((boundary.division, boundary.level), (Division::D2012, Level::Commune));
        assert_eq!(boundary.code, "kayes__bangassi");
        assert_eq!(boundary.parent.as_deref(), Some("kayes"));
        let bbox = Rect::new((-8., 12.), (-7., 13.));
        assert_eq!(boundary.bbox, bbox);
    }

    #[test]
    fn the_country_is_left_out_with_a_note() {
        let text = file(&[(r#"{"adm0_name":"Mali"}"#, SQUARE), (r#"{"adm1_name":"Gao"}"#, SQUARE)]);

        let import = read_boundaries_with_notes(text.as_bytes(), &Slugs).unwrap();

        assert_eq!(import.notes, [Note::Country { index: 0 }]);
        assert_eq!(import.boundaries.len(), 1);
        assert_eq!(refused(&file(&[(r#"{"adm0_name":"Mali"}"#, SQUARE)])), GeoError::NoPolygons);
    }

    #[test]
    fn parts_of_one_area_are_put_together_and_namesakes_are_not() {
        let one = r#"{"adm1_name":"Gao","adm1_pcode":"ML07"}"#;
        let namesake = r#"{"adm1_name":"Gao","adm1_pcode":"ML99"}"#;

        let text = file(&[(one, SQUARE), (one, SQUARE)]);
        let import = read_boundaries_with_notes(text.as_bytes(), &Slugs).unwrap();

        assert_eq!(import.boundaries[0].geometry.0.len(), 2);
        assert_eq!(import.notes.len(), 1);
        let error = refused(&file(&[(one, SQUARE), (namesake, SQUARE)]));
        assert!(matches!(error, GeoError::DuplicateCode { index: 1, .. }));
    }

    #[test]
    fn what_is_not_a_collection_is_refused() {
        assert!(matches!(refused("\u{0}binary"), GeoError::NotJson { .. }));
        assert!(matches!(refused(""), GeoError::NotJson { .. }));
        assert!(matches!(refused(SQUARE), GeoError::NotACollection { .. }));
        assert!(matches!(refused("{}"), GeoError::NotACollection { .. }));
        assert_eq!(refused(&file(&[])), GeoError::NoPolygons);
        assert!(matches!(read_boundaries(&[0xff, 0xfe], &Slugs), Err(GeoError::NotJson { .. })));
    }

    #[test]
    fn a_wrong_feature_is_named_by_its_index() {
        let gao = r#"{"adm1_name":"Gao"}"#;

        let error = refused(&file(&[(gao, SQUARE), (gao, "null")]));
        assert!(matches!(error, GeoError::NotAPolygon { index: 1, .. }), "{error}");
        let error = refused(&file(&[(gao, SQUARE), (gao, "[1,2]")]));
        assert!(matches!(error, GeoError::BadFeature { index: 1, .. }), "{error}");
        let error = refused(&file(&[("null", SQUARE)]));
        assert!(matches!(error, GeoError::UnknownLayout { index: 0, .. }), "{error}");
        let nan = r#"{"type":"Polygon","coordinates":[[[NaN,12],[-7,12],[-7,13]]]}"#;
        assert!(refused(&file(&[(gao, nan)])).to_string().contains("NaN"));
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_crash() {
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        let polygon = format!(r#"{{"type":"Polygon","coordinates":{deep}}}"#);
        let properties = format!(r#"{{"adm1_name":{deep}}}"#);

        assert!(matches!(refused(&deep), GeoError::NotJson { .. }));
        refused(&file(&[("{}", &polygon)]));
        refused(&file(&[(&properties, SQUARE)]));
    }

    #[test]
    fn an_error_stays_short_whatever_the_file_holds() {
        let long = "x".repeat(100_000);
        let kind = format!(r#"{{"type":"{long}","features":[]}}"#);
        let geometry = format!(r#"{{"type":"{long}","coordinates":[]}}"#);
        let keys = format!(r#"{{"{long}":1}}"#);

        for text in [kind, file(&[("{}", &geometry)]), file(&[(&keys, SQUARE)])] {
            assert!(refused(&text).to_string().chars().count() < 400);
        }
    }
}
