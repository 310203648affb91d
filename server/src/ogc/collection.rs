//! The description of a collection: what Part 1 says of it, and its queryables (Part 3).

use serde_json::{Map, Value as Json, json};

use super::{
    cql2::GEOMETRY,
    crs::Crs,
    features::Field,
    links::{GEOJSON, HTML, JSON, Link, QUERYABLES, SCHEMA, SORTABLES, as_json},
    value::Kind,
};

/// A collection as one reader may see it.
#[derive(Clone, Debug)]
pub struct Collection {
    /// Its id in addresses.
    pub id: String,
    /// Its name, in French.
    pub title: String,
    /// What it holds and how it is masked, in French.
    pub description: String,
    /// The properties of its features.
    pub fields: Vec<Field>,
    /// The property that `datetime` asks about.
    pub temporal: Option<&'static str>,
    /// Whether its features are points; else they may be areas.
    pub points: bool,
}

/// The country, as a box: where features are expected, whoever asks. West, south, east, north.
pub const MALI: [f64; 4] = [-12.27, 10.14, 4.27, 25.01];

impl Collection {
    /// Its description, with links below `base` (`https://host/ogc`).
    pub fn json(&self, base: &str) -> Json {
        json!({
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "itemType": "feature",
            "extent": { "spatial": { "bbox": [MALI], "crs": Crs::Crs84.uri() } },
            "crs": Crs::ALL.map(Crs::uri),
            "storageCrs": Crs::Crs84.uri(),
            "links": as_json(&self.links(base)),
        })
    }

    /// The links of its description.
    pub fn links(&self, base: &str) -> Vec<Link> {
        let here = format!("{base}/collections/{}", self.id);
        vec![
            Link::new(format!("{here}?f=json"), "self", JSON, "Cette collection"),
            Link::new(format!("{here}?f=html"), "alternate", HTML, "Cette collection (page)"),
            Link::new(format!("{here}/items?f=json"), "items", GEOJSON, "Les objets (GeoJSON)"),
            Link::new(format!("{here}/items?f=html"), "items", HTML, "Les objets (page)"),
            Link::new(
                format!("{here}/queryables?f=json"),
                QUERYABLES,
                SCHEMA,
                "Propriétés qui se filtrent",
            ),
            Link::new(
                format!("{here}/sortables?f=json"),
                SORTABLES,
                SCHEMA,
                "Propriétés qui se trient",
            ),
        ]
    }

    /// A JSON schema of what can be filtered by, or sorted by.
    pub fn schema(&self, base: &str, what: &str) -> Json {
        let mut properties: Map<String, Json> =
            self.fields.iter().map(|f| (f.name.clone(), askable(f))).collect();
        if what == "queryables" {
            let format = if self.points { "geometry-point" } else { "geometry-any" };
            properties.insert(
                String::from(GEOMETRY),
                json!({ "title": "Position", "x-ogc-role": "primary-geometry", "format": format }),
            );
        }
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": format!("{base}/collections/{}/{what}", self.id),
            "type": "object",
            "title": self.title,
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// The schema of one property, with the codes that a filter may name.
fn askable(field: &Field) -> Json {
    let mut schema = schema(field);
    if let Some(object) = schema.as_object_mut().filter(|_| !field.codes.is_empty()) {
        object.insert(String::from("enum"), field.codes.clone().into());
    }
    schema
}

/// The schema of one property.
pub(super) fn schema(field: &Field) -> Json {
    let mut schema = match field.kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::List => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Number => json!({ "type": "number" }),
        Kind::Integer => json!({ "type": "integer" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Instant => json!({ "type": "string", "format": "date-time" }),
    };
    if let Some(object) = schema.as_object_mut() {
        object.insert(String::from("title"), field.title.clone().into());
    }
    schema
}
