//! Which representation a reader wants: `f=` first, else the `Accept` header.

use super::error::OgcError;

/// A representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// JSON, or GeoJSON for features.
    Json,
    /// A page for people.
    Html,
}

/// The media types under which JSON is offered.
const JSON: [&str; 6] = [
    "application/geo+json",
    "application/json",
    "application/vnd.oai.openapi+json",
    "application/schema+json",
    "application/problem+json",
    "application/*",
];

/// How much a media type is wanted, and by how exact a name.
fn weight(range: &str, media: Media) -> Option<(f64, u8)> {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let exact = match media {
        Media::Json => JSON.contains(&name.as_str()),
        Media::Html => matches!(name.as_str(), "text/html" | "application/xhtml+xml" | "text/*"),
    };
    let how = match name.as_str() {
        "*/*" | "*" => 1,
        _ if exact => 2,
        _ => return None,
    };
    let q = parts.find_map(|p| p.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
    q.filter(|q: &f64| *q > 0.0 && *q <= 1.0).map(|q| (q, how))
}

/// The representation to answer with.
pub fn negotiate(f: Option<&str>, accept: Option<&str>) -> Result<Media, OgcError> {
    match f {
        Some("json" | "geojson") => return Ok(Media::Json),
        Some("html") => return Ok(Media::Html),
        Some(_) => return Err(OgcError::bad("f", "json or html")),
        None => {}
    }
    let Some(accept) = accept.map(str::trim).filter(|a| !a.is_empty()) else {
        return Ok(Media::Json);
    };
    let best = |media| {
        accept
            .split(',')
            .filter_map(|range| weight(range, media))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
    };
    match (best(Media::Json), best(Media::Html)) {
        (None, None) => Err(OgcError::NotAcceptable),
        (None, Some(_)) => Ok(Media::Html),
        (Some((jq, jhow)), Some((hq, hhow))) if hq > jq || (hq >= jq && hhow > jhow) => {
            Ok(Media::Html)
        }
        (Some(_), _) => Ok(Media::Json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_pages_and_programs_get_json() {
        let of = |accept: &str| negotiate(None, Some(accept)).ok();
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
        assert_eq!(of(browser), Some(Media::Html));
        assert_eq!(of("*/*"), Some(Media::Json));
        assert_eq!(of("application/geo+json, application/json;q=0.5"), Some(Media::Json));
        assert_eq!(of("application/json;q=0.5, text/html;q=0.4"), Some(Media::Json));
        assert_eq!(of("image/png"), None);
        assert_eq!(of("text/html;q=0"), None);
        assert_eq!(negotiate(Some("html"), Some("application/json")).unwrap(), Media::Html);
        assert!(negotiate(Some("xml"), None).is_err());
        assert_eq!(negotiate(None, None).unwrap(), Media::Json);
    }
}
