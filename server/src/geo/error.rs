//! Why a file of boundaries is refused, in words an operator can act on.

use super::place::Level;

/// Why a file of boundaries is refused; features are counted from 0, as in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeoError {
    /// The bytes are not JSON, or not the JSON of a collection.
    #[error("not a JSON file of features: {reason}")]
    NotJson {
        /// The parser's reason, shortened.
        reason: String,
    },
    /// The JSON is something other than a collection of features.
    #[error("a FeatureCollection is expected, found \"{found}\"")]
    NotACollection {
        /// The `type` found, shortened.
        found: String,
    },
    /// The collection holds no boundary of a region, cercle or commune.
    #[error("the file holds no polygon of a region, cercle or commune")]
    NoPolygons,
    /// A feature cannot be read at all.
    #[error("feature {index} cannot be read: {reason}")]
    BadFeature {
        /// The feature.
        index: usize,
        /// The parser's reason, shortened.
        reason: String,
    },
    /// A feature has no geometry, or one that is not an area.
    #[error("feature {index} is a {found}, a Polygon or MultiPolygon is expected")]
    NotAPolygon {
        /// The feature.
        index: usize,
        /// The type found, shortened.
        found: String,
    },
    /// A coordinate is missing, null or not a number.
    #[error("feature {index} has a coordinate that is not a number: {reason}")]
    BadCoordinate {
        /// The feature.
        index: usize,
        /// The parser's reason, shortened.
        reason: String,
    },
    /// The coordinates are metres of a projection.
    #[error(
        "feature {index}: degrees WGS84 expected, found {x}, {y}, \
         which look like projected metres (UTM?); export the layer as EPSG:4326"
    )]
    Projected {
        /// The feature.
        index: usize,
        /// The first number of the point, as text.
        x: String,
        /// The second number of the point, as text.
        y: String,
    },
    /// A coordinate is no longitude or latitude.
    #[error("feature {index}: degrees WGS84 expected, {x}, {y} is not a longitude and a latitude")]
    OutOfRange {
        /// The feature.
        index: usize,
        /// The first number of the point, as text.
        x: String,
        /// The second number of the point, as text.
        y: String,
    },
    /// A ring has too few points to enclose anything.
    #[error("feature {index}, ring {ring}: a ring needs 4 points, this one has {points}")]
    ShortRing {
        /// The feature.
        index: usize,
        /// The ring, counted over all parts of the feature.
        ring: usize,
        /// How many points it has once closed.
        points: usize,
    },
    /// No known field says what the feature is.
    #[error(
        "feature {index}: no field says what it is; adm1_name, adm2_name, adm3_name \
         (or admin1Name_fr, ADM1_FR) are expected, found: {found}"
    )]
    UnknownLayout {
        /// The feature.
        index: usize,
        /// The fields found, shortened.
        found: String,
    },
    /// A feature of a known level does not say its name.
    #[error("feature {index}: the {level} has no name")]
    NoName {
        /// The feature.
        index: usize,
        /// The level whose name is missing.
        level: Level,
    },
    /// A feature is of a level below the commune.
    #[error("feature {index} is of a level below the commune, which is not imported")]
    TooDeep {
        /// The feature.
        index: usize,
    },
    /// Two different places of the file have the same code.
    #[error("feature {index}: the {level} \"{code}\" is already in the file with another p-code")]
    DuplicateCode {
        /// The second of the two features.
        index: usize,
        /// Their level.
        level: Level,
        /// Their code, shortened.
        code: String,
    },
    /// A stored boundary does not read back.
    #[error("the stored boundary cannot be read: {reason}")]
    Stored {
        /// What is wrong, shortened.
        reason: String,
    },
}

/// Cuts a text that comes from the file, so that an error stays a line.
pub(crate) fn excerpt(text: &str) -> String {
    const LIMIT: usize = 120;
    let mut kept: String =
        text.chars().take(LIMIT).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(LIMIT).is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_of_the_file_does_not_fill_the_log() {
        assert_eq!(excerpt("a\nb"), "a b");
        assert_eq!(excerpt(&"é".repeat(5000)).chars().count(), 121);
    }
}
