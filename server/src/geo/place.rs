//! The words for a place: division, level, codes, and what the answer rests on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::flag::PositionFlag;

/// An administrative division of Mali: before or after the reform of 13 March 2023.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Division {
    /// The division in force until the reform (law of 2012 and before).
    #[serde(rename = "2012")]
    D2012,
    /// The division of laws 2023-006 and 2023-007.
    #[serde(rename = "2023")]
    D2023,
}

impl Division {
    /// Both divisions, oldest first.
    pub const ALL: [Self; 2] = [Self::D2012, Self::D2023];

    /// The stable code of the division, `2012` or `2023`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::D2012 => "2012",
            Self::D2023 => "2023",
        }
    }

    /// The division that this one is compared with.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::D2012 => Self::D2023,
            Self::D2023 => Self::D2012,
        }
    }
}

impl fmt::Display for Division {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A word that names no division, level or basis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind}, expected one of: {expected}")]
pub struct UnknownWord {
    kind: &'static str,
    expected: &'static str,
}

impl FromStr for Division {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "2012" => Ok(Self::D2012),
            "2023" => Ok(Self::D2023),
            _ => Err(UnknownWord { kind: "division", expected: "2012, 2023" }),
        }
    }
}

/// A level of the administrative tree, widest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Région, or the District of Bamako.
    Region,
    /// Cercle.
    Cercle,
    /// Commune.
    Commune,
}

impl Level {
    /// Every level, widest first.
    pub const ALL: [Self; 3] = [Self::Region, Self::Cercle, Self::Commune];

    /// The stable code of the level.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Cercle => "cercle",
            Self::Commune => "commune",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Level {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|level| level.code() == text)
            .ok_or(UnknownWord { kind: "level", expected: "region, cercle, commune" })
    }
}

/// The codes of one place in one division; a level that is not known is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlaceCodes {
    /// Code of the region.
    pub region: Option<String>,
    /// Code of the cercle.
    pub cercle: Option<String>,
    /// Code of the commune.
    pub commune: Option<String>,
}

impl PlaceCodes {
    /// Says whether no level is known.
    pub fn is_empty(&self) -> bool {
        self.region.is_none() && self.cercle.is_none() && self.commune.is_none()
    }

    /// Says whether a level that both know has two different codes.
    pub fn contradicts(&self, other: &Self) -> bool {
        differ(self.region.as_ref(), other.region.as_ref())
            || differ(self.cercle.as_ref(), other.cercle.as_ref())
            || differ(self.commune.as_ref(), other.commune.as_ref())
    }

    /// Takes from `other` the levels that are not known here.
    pub(crate) fn filled_from(&self, other: &Self) -> Self {
        Self {
            region: self.region.clone().or_else(|| other.region.clone()),
            cercle: self.cercle.clone().or_else(|| other.cercle.clone()),
            commune: self.commune.clone().or_else(|| other.commune.clone()),
        }
    }

    /// Keeps only the levels on which both agree.
    pub(crate) fn common_with(self, other: &Self) -> Self {
        Self {
            region: self.region.filter(|code| other.region.as_ref() == Some(code)),
            cercle: self.cercle.filter(|code| other.cercle.as_ref() == Some(code)),
            commune: self.commune.filter(|code| other.commune.as_ref() == Some(code)),
        }
    }
}

fn differ(a: Option<&String>, b: Option<&String>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a != b)
}

/// What the codes of a place rest on: the weakest step that gave one of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A loaded polygon of this division contains the point.
    Polygon,
    /// The commune was found in the other division and carried over by the table of seats.
    Crosswalk,
    /// The nearest commune seat: approximate.
    NearestSeat,
    /// No place is known.
    #[default]
    None,
}

impl Basis {
    /// The stable code of the basis.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Polygon => "polygon",
            Self::Crosswalk => "crosswalk",
            Self::NearestSeat => "nearest_seat",
            Self::None => "none",
        }
    }

    /// Says whether the place is a guess to be shown as approximate.
    pub const fn is_approximate(self) -> bool {
        matches!(self, Self::NearestSeat)
    }
}

impl FromStr for Basis {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Polygon, Self::Crosswalk, Self::NearestSeat, Self::None]
            .into_iter()
            .find(|basis| basis.code() == text)
            .ok_or(UnknownWord {
                kind: "basis",
                expected: "polygon, crosswalk, nearest_seat, none",
            })
    }
}

/// A place in one division and what it rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The codes, as deep as they are known.
    pub codes: PlaceCodes,
    /// What the codes rest on.
    pub basis: Basis,
}

impl Place {
    /// Builds a place; without any code its basis is always [`Basis::None`].
    pub(crate) fn new(codes: PlaceCodes, basis: Basis) -> Self {
        let basis = if codes.is_empty() { Basis::None } else { basis };
        Self { codes, basis }
    }
}

/// The answer for one point: its place in both divisions, and what is doubtful about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The place in the division before the reform.
    pub place_2012: Place,
    /// The place in the division since the reform.
    pub place_2023: Place,
    /// What is doubtful about the position, in the order of the rules.
    pub flags: Vec<PositionFlag>,
}

impl Placement {
    /// Gives the place in one division.
    pub const fn place(&self, division: Division) -> &Place {
        match division {
            Division::D2012 => &self.place_2012,
            Division::D2023 => &self.place_2023,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(region: &str, cercle: &str) -> PlaceCodes {
        PlaceCodes { region: Some(region.into()), cercle: Some(cercle.into()), commune: None }
    }

    #[test]
    fn a_division_reads_back_from_its_code_and_its_json() {
        for division in Division::ALL {
            let json = serde_json::to_string(&division).unwrap();

            assert_eq!(division.code().parse(), Ok(division));
            assert_eq!(json, format!("\"{division}\""));
            assert_eq!(serde_json::from_str::<Division>(&json).unwrap(), division);
        }
        assert!("2015".parse::<Division>().is_err());
    }

    #[test]
    fn levels_and_bases_have_one_spelling_in_text_and_json() {
        for level in Level::ALL {
            assert_eq!(serde_json::to_string(&level).unwrap(), format!("\"{level}\""));
            assert_eq!(level.code().parse(), Ok(level));
        }
        for basis in [Basis::Polygon, Basis::Crosswalk, Basis::NearestSeat, Basis::None] {
            assert_eq!(serde_json::to_string(&basis).unwrap(), format!("\"{}\"", basis.code()));
            assert_eq!(basis.code().parse(), Ok(basis));
        }
    }

    #[test]
    fn an_unknown_level_contradicts_nothing() {
        let blank = PlaceCodes { region: Some("kayes".into()), ..PlaceCodes::default() };

        assert!(!blank.contradicts(&codes("kayes", "kenieba")));
        assert!(codes("kayes", "kayes").contradicts(&codes("kayes", "kenieba")));
    }

    #[test]
    fn codes_that_disagree_are_dropped_level_by_level() {
        let common = codes("kayes", "kayes").common_with(&codes("kayes", "kenieba"));

        assert_eq!(common.region.as_deref(), Some("kayes"));
        assert_eq!(common.cercle, None);
    }
}
