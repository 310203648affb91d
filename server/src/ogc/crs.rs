//! The coordinate reference systems in which features are asked for and answered (Part 2).

use super::{grid::holds, mercator};

/// A coordinate reference system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crs {
    /// WGS 84, longitude before latitude: what features are kept in.
    #[default]
    Crs84,
    /// WGS 84, latitude before longitude.
    Epsg4326,
    /// Web Mercator.
    Epsg3857,
    /// UTM zone 29 north: western Mali.
    Utm29,
    /// UTM zone 30 north: eastern Mali.
    Utm30,
}

/// Metres from a zone's origin within which the inverse series holds: all of West Africa.
const UTM_REACH: [f64; 4] = [-2_000_000.0, -1_000_000.0, 3_000_000.0, 5_000_000.0];

impl Crs {
    /// All of them, the one of storage first.
    pub const ALL: [Self; 5] =
        [Self::Crs84, Self::Epsg4326, Self::Epsg3857, Self::Utm29, Self::Utm30];

    /// Its identifier.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Crs84 => "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            Self::Epsg4326 => "http://www.opengis.net/def/crs/EPSG/0/4326",
            Self::Epsg3857 => "http://www.opengis.net/def/crs/EPSG/0/3857",
            Self::Utm29 => "http://www.opengis.net/def/crs/EPSG/0/32629",
            Self::Utm30 => "http://www.opengis.net/def/crs/EPSG/0/32630",
        }
    }

    /// Reads an identifier: a URI, with or without TLS, a URN or a safe CURIE.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('[').trim_end_matches(']');
        let path = text
            .strip_prefix("http://www.opengis.net/def/crs/")
            .or_else(|| text.strip_prefix("https://www.opengis.net/def/crs/"))
            .or_else(|| text.strip_prefix("urn:ogc:def:crs:"))
            .unwrap_or(text);
        let parts: Vec<&str> = path.split(['/', ':']).collect();
        let (first, last) = (parts.first()?, parts.last()?);
        match (*first, *last, parts.len()) {
            ("OGC", "CRS84", 2 | 3) => Some(Self::Crs84),
            ("EPSG", code, 2 | 3) => Self::ALL.into_iter().find(|c| {
                *c != Self::Crs84 && c.uri().strip_suffix(code).is_some_and(|u| u.ends_with('/'))
            }),
            _ => None,
        }
    }

    /// Whether coordinates are in degrees.
    pub const fn is_geographic(self) -> bool {
        matches!(self, Self::Crs84 | Self::Epsg4326)
    }

    /// Decimals that are worth writing: a centimetre.
    pub const fn precision(self) -> f64 {
        if self.is_geographic() { 1e7 } else { 1e2 }
    }

    /// A position on WGS 84 in this system, in its own order of axes.
    pub fn of_lonlat(self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        match self {
            Self::Crs84 => [lon, lat],
            Self::Epsg4326 => [lat, lon],
            Self::Epsg3857 => mercator::web(lon, lat),
            Self::Utm29 => mercator::utm(-9.0, lon, lat),
            Self::Utm30 => mercator::utm(-3.0, lon, lat),
        }
    }

    /// Longitude and latitude of a position in this system; `None` where it describes none.
    pub fn to_lonlat(self, [a, b]: [f64; 2]) -> Option<[f64; 2]> {
        let [lon, lat] = match self {
            Self::Crs84 => [a, b],
            Self::Epsg4326 => [b, a],
            Self::Epsg3857 => mercator::from_web([a, b]),
            Self::Utm29 | Self::Utm30 => {
                if !holds(UTM_REACH, [a, b]) {
                    return None;
                }
                mercator::from_utm(if self == Self::Utm29 { -9.0 } else { -3.0 }, [a, b])
            }
        };
        let known = (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat);
        known.then_some([lon, lat])
    }

    /// A box of this system as its part where [`Crs::to_lonlat`] is defined.
    pub(super) fn within_reach(self, [w, s, e, n]: [f64; 4]) -> [f64; 4] {
        let [rw, rs, re, rn] = match self {
            Self::Crs84 => [-180.0, -90.0, 180.0, 90.0],
            Self::Epsg4326 => [-90.0, -180.0, 90.0, 180.0],
            Self::Epsg3857 => {
                let edge = 20_037_508.342_789_244;
                [-edge, -edge, edge, edge]
            }
            Self::Utm29 | Self::Utm30 => UTM_REACH,
        };
        [w.clamp(rw, re), s.clamp(rs, rn), e.clamp(rw, re), n.clamp(rs, rn)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_identifier_is_read_and_others_are_not() {
        for crs in Crs::ALL {
            assert_eq!(Crs::parse(crs.uri()), Some(crs));
            assert_eq!(Crs::parse(&crs.uri().replace("http://", "https://")), Some(crs));
        }
        assert_eq!(Crs::parse("[EPSG:32629]"), Some(Crs::Utm29));
        assert_eq!(Crs::parse("urn:ogc:def:crs:EPSG::4326"), Some(Crs::Epsg4326));
        assert_eq!(Crs::parse("urn:ogc:def:crs:OGC:1.3:CRS84"), Some(Crs::Crs84));
        for bad in ["", "EPSG:2154", "EPSG", "EPSG:", "32629", "http://example.org/EPSG/0/4326"] {
            assert_eq!(Crs::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn latitude_comes_first_in_4326_alone() {
        assert_eq!(
            Crs::Epsg4326.of_lonlat([-8.0, 12.0]).map(f64::to_bits),
            [12.0, -8.0].map(f64::to_bits)
        );
        assert_eq!(Crs::Epsg4326.to_lonlat([12.0, -8.0]), Some([-8.0, 12.0]));
        assert_eq!(Crs::Crs84.to_lonlat([12.0, -8.0]), Some([12.0, -8.0]));
        assert_eq!(Crs::Crs84.to_lonlat([f64::NAN, 0.0]), None);
        assert_eq!(Crs::Utm29.to_lonlat([9e9, 0.0]), None);
    }
}
