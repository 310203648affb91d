//! Positions, and the text that ODK writes for them: `lat lon alt acc`, joined by `;` in lines.

use serde::{Deserialize, Serialize};

/// A pair of degrees, as given: it may still be outside Mali or outside the globe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// Longitude in degrees, east positive.
    pub lon: f64,
    /// Latitude in degrees, north positive.
    pub lat: f64,
}

impl Position {
    /// Takes a longitude and a latitude in degrees, unless one is not a finite number.
    pub fn new(lon: f64, lat: f64) -> Option<Self> {
        (lon.is_finite() && lat.is_finite()).then_some(Self { lon, lat })
    }

    /// Metres to another position along a great circle (haversine; mean radius 6,371,009 m, IUGG).
    pub fn metres_to(self, other: Self) -> f64 {
        const RADIUS: f64 = 6_371_009.0;
        let (north, east) =
            ((other.lat - self.lat).to_radians() / 2.0, (other.lon - self.lon).to_radians() / 2.0);
        let cosines = self.lat.to_radians().cos() * other.lat.to_radians().cos();
        let a = north.sin().powi(2) + cosines * east.sin().powi(2);
        2.0 * RADIUS * a.sqrt().min(1.0).asin()
    }

    /// The position that was meant if latitude and longitude were exchanged.
    pub(crate) const fn exchanged(self) -> Self {
        Self { lon: self.lat, lat: self.lon }
    }
}

/// The great-circle distance between two positions in metres, by the haversine formula on a sphere
/// of radius 6,371,008.8 m (the mean radius of the Earth, IUGG); within 0.5 % of the ellipsoid.
pub fn distance_m(a: Position, b: Position) -> f64 {
    const RADIUS_M: f64 = 6_371_008.8;
    let (lat_a, lat_b) = (a.lat.to_radians(), b.lat.to_radians());
    let north = ((lat_b - lat_a) / 2.0).sin();
    let east = ((b.lon - a.lon).to_radians() / 2.0).sin();
    let half_chord = north * north + lat_a.cos() * lat_b.cos() * east * east;
    2.0 * RADIUS_M * half_chord.clamp(0.0, 1.0).sqrt().asin()
}

/// A point as a phone measured it: on the globe, with altitude and accuracy in metres if known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GeoPoint {
    /// Latitude in degrees, between -90 and 90.
    pub lat: f64,
    /// Longitude in degrees, between -180 and 180.
    pub lon: f64,
    /// Altitude in metres.
    pub alt: Option<f64>,
    /// Radius of accuracy in metres, never negative.
    pub acc: Option<f64>,
}

impl From<GeoPoint> for Position {
    fn from(point: GeoPoint) -> Self {
        Self { lon: point.lon, lat: point.lat }
    }
}

/// Why a text is not a position; it never repeats the text, which may locate a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PositionError {
    /// There is no text.
    #[error("the position is empty")]
    Empty,
    /// The point has not two, three or four numbers.
    #[error("a point is \"lat lon alt acc\", found {found} parts")]
    Parts {
        /// How many parts the point has.
        found: usize,
    },
    /// One part is not a finite decimal number.
    #[error("the {part} is not a finite number")]
    NotANumber {
        /// Which part.
        part: &'static str,
    },
    /// One part is a number that cannot be.
    #[error("the {part} is out of range")]
    OutOfRange {
        /// Which part.
        part: &'static str,
    },
}

/// Which point of a line is wrong, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("point {number} of the line: {source}")]
pub struct LineError {
    /// The point, counted from 1.
    pub number: usize,
    /// What is wrong with it.
    pub source: PositionError,
}

/// Reads one ODK geopoint: `lat lon`, then altitude and accuracy if they are there.
pub fn parse_geopoint(text: &str) -> Result<GeoPoint, PositionError> {
    let mut parts = text.split_ascii_whitespace();
    let (lat, lon) = match (parts.next(), parts.next()) {
        (None, _) => return Err(PositionError::Empty),
        (Some(_), None) => return Err(PositionError::Parts { found: 1 }),
        (Some(lat), Some(lon)) => (lat, lon),
    };
    let (alt, acc, extra) = (parts.next(), parts.next(), parts.count());
    if extra > 0 {
        return Err(PositionError::Parts { found: extra + 4 });
    }
    Ok(GeoPoint {
        lat: number(lat, "latitude", -90.0, 90.0)?,
        lon: number(lon, "longitude", -180.0, 180.0)?,
        alt: alt.map(|alt| number(alt, "altitude", f64::MIN, f64::MAX)).transpose()?,
        acc: acc.map(|acc| number(acc, "accuracy", 0.0, f64::MAX)).transpose()?,
    })
}

/// Reads an ODK geotrace or geoshape: geopoints joined by `;`, a last `;` being allowed.
pub fn parse_geoline(text: &str) -> Result<Vec<GeoPoint>, LineError> {
    let text = text.trim();
    let text = text.strip_suffix(';').unwrap_or(text);
    text.split(';')
        .zip(1..)
        .map(|(point, number)| parse_geopoint(point).map_err(|source| LineError { number, source }))
        .collect()
}

fn number(text: &str, part: &'static str, min: f64, max: f64) -> Result<f64, PositionError> {
    let value: f64 = text.parse().map_err(|_| PositionError::NotANumber { part })?;
    if !value.is_finite() {
        return Err(PositionError::NotANumber { part });
    }
    if !(min..=max).contains(&value) {
        return Err(PositionError::OutOfRange { part });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_of_latitude_is_111_km_and_one_of_longitude_shrinks_to_the_north() {
        let at = |lon, lat| Position::new(lon, lat).unwrap();

        assert!((distance_m(at(-8.0, 12.0), at(-8.0, 13.0)) - 111_195.0).abs() < 1.0);
        assert!((distance_m(at(-8.0, 60.0), at(-7.0, 60.0)) - 55_597.0).abs() < 20.0);
        assert!(distance_m(at(-8.0, 12.0), at(-8.0, 12.0)) < 1e-9);
    }

    #[test]
    fn a_point_of_collect_has_altitude_and_accuracy() {
        let point = parse_geopoint("12.6392 -8.0029 338.5 4.8").unwrap();

        assert_eq!((point.lat, point.lon), (12.6392, -8.0029));
        assert_eq!((point.alt, point.acc), (Some(338.5), Some(4.8)));
        assert_eq!(Some(Position::from(point)), Position::new(-8.0029, 12.6392));
    }

    #[test]
    fn altitude_and_accuracy_may_be_missing() {
        let point = parse_geopoint("  12.5   -8 ").unwrap();

        assert_eq!((point.alt, point.acc), (None, None));
    }

    #[test]
    fn what_is_not_a_point_says_which_part() {
        for (text, error) in [
            ("", PositionError::Empty),
            ("12.5", PositionError::Parts { found: 1 }),
            ("1 2 3 4 5", PositionError::Parts { found: 5 }),
            ("12,5 -8", PositionError::NotANumber { part: "latitude" }),
            ("NaN -8", PositionError::NotANumber { part: "latitude" }),
            ("12 inf", PositionError::NotANumber { part: "longitude" }),
            ("12 1e999", PositionError::NotANumber { part: "longitude" }),
            ("90.1 0", PositionError::OutOfRange { part: "latitude" }),
            ("0 -180.1", PositionError::OutOfRange { part: "longitude" }),
            ("0 0 0 -1", PositionError::OutOfRange { part: "accuracy" }),
        ] {
            assert_eq!(parse_geopoint(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_line_keeps_the_order_of_its_points() {
        let line = parse_geoline("12 -8 0 0; 12.1 -8.1 0 0;12.2 -8.2 0 0;").unwrap();

        assert_eq!(line.iter().map(|p| p.lat).collect::<Vec<_>>(), [12.0, 12.1, 12.2]);
    }

    #[test]
    fn a_wrong_point_of_a_line_is_counted_from_one() {
        let source = PositionError::NotANumber { part: "longitude" };
        assert_eq!(parse_geoline("1 2;3 x"), Err(LineError { number: 2, source }));

        let source = PositionError::Empty;
        assert_eq!(parse_geoline("1 2;;3 4"), Err(LineError { number: 2, source }));
        assert_eq!(parse_geoline(" ; "), Err(LineError { number: 1, source }));
    }

    #[test]
    fn a_position_is_finite() {
        assert!(Position::new(f64::NAN, 0.0).is_none());
        assert!(Position::new(0.0, f64::INFINITY).is_none());
    }
}
