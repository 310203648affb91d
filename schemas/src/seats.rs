//! One point per commune, for placing a position where no boundaries are loaded.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::places::{Level, commune_code, place_code};
use crate::table;

/// One commune of the 2012 division with its seat, and where it went in 2023.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Seat {
    /// The P-code of COD-AB 2015; for reference only, never a key.
    #[serde(rename = "adm3_pcode")]
    pub pcode: String,
    /// The longitude of a point inside the commune.
    pub lon: f64,
    /// The latitude of a point inside the commune.
    pub lat: f64,
    /// The name of the commune.
    #[serde(rename = "adm3_name")]
    pub commune: String,
    /// The name of its cercle in the 2012 division.
    #[serde(rename = "adm2_name")]
    pub cercle_2012: String,
    /// The name of its region in the 2012 division.
    #[serde(rename = "adm1_name")]
    pub region_2012: String,
    /// The name of its region since 2023, where known.
    pub region_2023: Option<String>,
    /// The name of its cercle since 2023, where known.
    pub cercle_2023: Option<String>,
}

impl Seat {
    /// Returns the code of the commune.
    pub fn commune_code(&self) -> Option<String> {
        commune_code(&self.cercle_2012, &self.commune)
    }

    /// Returns the code of the 2012 cercle.
    pub fn cercle_2012_code(&self) -> Option<String> {
        place_code(Level::Cercle, &self.cercle_2012)
    }

    /// Returns the code of the 2012 region.
    pub fn region_2012_code(&self) -> Option<String> {
        place_code(Level::Region, &self.region_2012)
    }

    /// Returns the code of the 2023 cercle.
    pub fn cercle_2023_code(&self) -> Option<String> {
        place_code(Level::Cercle, self.cercle_2023.as_deref()?)
    }

    /// Returns the code of the 2023 region.
    pub fn region_2023_code(&self) -> Option<String> {
        place_code(Level::Region, self.region_2023.as_deref()?)
    }
}

/// Returns the seat of every commune.
pub fn commune_seats() -> Vec<Seat> {
    static SEATS: OnceLock<Vec<Seat>> = OnceLock::new();
    SEATS.get_or_init(|| table::rows(include_str!("../geography/commune_seats.csv"))).clone()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_seat_has_a_code_at_each_level_of_2012() {
        let mut communes = HashSet::new();
        for seat in commune_seats() {
            assert!(seat.region_2012_code().is_some(), "{seat:?}");
            assert!(seat.cercle_2012_code().is_some(), "{seat:?}");
            assert!(communes.insert(seat.commune_code().expect(&seat.commune)), "{seat:?}");
        }
        assert_eq!(communes.len(), 701);
    }

    #[test]
    fn a_seat_has_both_divisions_or_says_that_it_does_not_know() {
        let seats = commune_seats();
        for seat in &seats {
            assert_eq!(seat.region_2023.is_some(), seat.region_2023_code().is_some(), "{seat:?}");
            assert_eq!(seat.cercle_2023.is_some(), seat.cercle_2023_code().is_some(), "{seat:?}");
        }

        assert!(seats.iter().all(|seat| seat.region_2023.is_some()));
        assert_eq!(seats.iter().filter(|seat| seat.cercle_2023.is_none()).count(), 199);
    }

    #[test]
    fn every_seat_lies_in_mali() {
        for seat in commune_seats() {
            assert!((-12.5..4.4).contains(&seat.lon), "{seat:?}");
            assert!((10.0..25.1).contains(&seat.lat), "{seat:?}");
        }
    }
}
