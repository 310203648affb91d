//! Links between the resources of the interface, in bodies and in the `Link` header.

use serde_json::{Value as Json, json};

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub href: String,
    /// How that is related.
    pub rel: String,
    /// Its media type.
    pub media: &'static str,
    /// What it is, in French.
    pub title: String,
}

/// JSON.
pub const JSON: &str = "application/json";
/// GeoJSON.
pub const GEOJSON: &str = "application/geo+json";
/// A page.
pub const HTML: &str = "text/html";
/// An `OpenAPI` 3.0 document.
pub const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.0";
/// A JSON schema.
pub const SCHEMA: &str = "application/schema+json";

/// The relation of a collection to its queryables.
pub const QUERYABLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/queryables";
/// The relation of a collection to what it can be sorted by.
pub const SORTABLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/sortables";

impl Link {
    /// A link.
    pub fn new(
        href: impl Into<String>,
        rel: impl Into<String>,
        media: &'static str,
        title: impl Into<String>,
    ) -> Self {
        Self { href: href.into(), rel: rel.into(), media, title: title.into() }
    }

    fn json(&self) -> Json {
        json!({ "href": self.href, "rel": self.rel, "type": self.media, "title": self.title })
    }
}

/// Links as the member of a document.
pub fn as_json(links: &[Link]) -> Json {
    links.iter().map(Link::json).collect()
}

/// Links as the value of a `Link` header (RFC 8288). Titles stay out: they are not ASCII.
pub fn as_header(links: &[Link]) -> String {
    let one = |l: &Link| {
        // What would end the address early cannot be in one.
        let href: String = l
            .href
            .chars()
            .filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"'))
            .collect();
        format!("<{href}>; rel=\"{}\"; type=\"{}\"", l.rel, l.media)
    };
    links.iter().map(one).collect::<Vec<_>>().join(", ")
}
