//! What counts can be broken down by, and where each is kept.

use crate::geo::Division;

/// A dimension that counts can be broken down by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// Region of the chosen division.
    Region,
    /// Cercle of the chosen division.
    Cercle,
    /// Commune of the chosen division.
    Commune,
    /// Mining district of the confederation.
    District,
    /// Sex.
    Sex,
    /// Standard age group; for children the bands of child labour statistics.
    AgeGroup,
    /// State of activity of a site.
    Status,
    /// Whether a record that speaks for it waits for review.
    Review,
}

const ALL: [Dimension; 8] = [
    Dimension::Region,
    Dimension::Cercle,
    Dimension::Commune,
    Dimension::District,
    Dimension::Sex,
    Dimension::AgeGroup,
    Dimension::Status,
    Dimension::Review,
];

impl Dimension {
    /// Its name in requests and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Cercle => "cercle",
            Self::Commune => "commune",
            Self::District => "district",
            Self::Sex => "sex",
            Self::AgeGroup => "age_group",
            Self::Status => "status",
            Self::Review => "review",
        }
    }

    /// Its heading in a French table.
    pub const fn title_fr(self) -> &'static str {
        match self {
            Self::Region => "Région",
            Self::Cercle => "Cercle",
            Self::Commune => "Commune",
            Self::District => "District minier",
            Self::Sex => "Sexe",
            Self::AgeGroup => "Groupe d'âge",
            Self::Status => "État",
            Self::Review => "Relecture",
        }
    }

    /// Reads that name.
    pub fn parse(name: &str) -> Option<Self> {
        ALL.into_iter().find(|d| d.name() == name)
    }

    /// All of them, for messages.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.into_iter()
    }

    /// Where a cell keeps it, in this division.
    pub const fn axis(self, division: Division) -> Axis {
        match (self, division) {
            (Self::Region, Division::D2012) => Axis::Region2012,
            (Self::Region, Division::D2023) => Axis::Region2023,
            (Self::Cercle, Division::D2012) => Axis::Cercle2012,
            (Self::Cercle, Division::D2023) => Axis::Cercle2023,
            (Self::Commune, Division::D2012) => Axis::Commune2012,
            (Self::Commune, Division::D2023) => Axis::Commune2023,
            (Self::District, _) => Axis::District,
            (Self::Sex, _) => Axis::Sex,
            (Self::AgeGroup, _) => Axis::AgeGroup,
            (Self::Status, _) => Axis::Status,
            (Self::Review, _) => Axis::Review,
        }
    }

    /// The French label of a code; the code itself when none is known.
    pub fn label(self, code: &str) -> String {
        use sanu_schemas::Level;
        let list = |name: &str| {
            let list = sanu_schemas::codelist(name)?;
            list.codes.into_iter().find(|c| c.code == code).map(|c| c.label_fr)
        };
        let label = match self {
            Self::Region => sanu_schemas::place_name(Level::Region, code),
            Self::Cercle => sanu_schemas::place_name(Level::Cercle, code),
            Self::Commune => sanu_schemas::place_name(Level::Commune, code),
            Self::District => sanu_schemas::place_name(Level::District, code),
            Self::Sex => list("sex"),
            Self::AgeGroup => list("age_group_std").or_else(|| list("age_band_cl")),
            Self::Status => list("site_status"),
            Self::Review => match code {
                "accepted" => Some(String::from("Acceptée")),
                "pending" => Some(String::from("En relecture")),
                _ => None,
            },
        };
        label.unwrap_or_else(|| code.to_owned())
    }
}

/// One attribute of a cell, as kept: places are kept in both divisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Axis {
    /// Region before the reform of 2023.
    Region2012,
    /// Cercle before the reform.
    Cercle2012,
    /// Commune before the reform.
    Commune2012,
    /// Region since the reform.
    Region2023,
    /// Cercle since the reform.
    Cercle2023,
    /// Commune since the reform.
    Commune2023,
    /// Mining district.
    District,
    /// Sex.
    Sex,
    /// Age group.
    AgeGroup,
    /// State of activity.
    Status,
    /// Whether it waits for review: no axis of what is published, which is of accepted records alone.
    Review,
}

/// How many axes a published cell has.
pub const AXES: usize = 10;

impl Axis {
    /// Those of published cells, in the order in which a cell holds its codes.
    pub const ALL: [Self; AXES] = [
        Self::Region2012,
        Self::Cercle2012,
        Self::Commune2012,
        Self::Region2023,
        Self::Cercle2023,
        Self::Commune2023,
        Self::District,
        Self::Sex,
        Self::AgeGroup,
        Self::Status,
    ];

    /// Its place in [`Axis::ALL`].
    pub fn index(self) -> usize {
        Self::ALL.iter().position(|a| *a == self).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_french() {
        assert_eq!(Dimension::Region.label("segou"), "Ségou");
        assert_eq!(Dimension::Sex.label("female"), "Féminin");
        assert_eq!(Dimension::Status.label("no_such"), "no_such");
        assert_eq!(Dimension::AgeGroup.label("c06_11"), "6-11 ans");
        assert_eq!(Dimension::AgeGroup.label("a20_24"), "20-24 ans");
    }

    #[test]
    fn every_axis_knows_its_place() {
        for (i, axis) in Axis::ALL.into_iter().enumerate() {
            assert_eq!(axis.index(), i);
        }
    }
}
