//! What counts can be broken down by, and where each is kept.

use crate::geo::Division;

/// A dimension that counts can be broken down by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Group of countries of the nationality.
    Nationality,
    /// Segment of the mining chain of the main role.
    Role,
    /// Whether somebody says to be a member of a cooperative.
    Member,
    /// Whether somebody is covered by social protection.
    Protection,
    /// Site.
    Site,
    /// Cooperative.
    Cooperative,
    /// Where it was first registered.
    Zone,
    /// Month of the registration, or of a submission's arrival.
    Month,
    /// Form of a submission.
    Form,
    /// Whether a record that speaks for it waits for review; how a submission stands.
    Review,
}

const ALL: [Dimension; 17] = [
    Dimension::Region,
    Dimension::Cercle,
    Dimension::Commune,
    Dimension::District,
    Dimension::Sex,
    Dimension::AgeGroup,
    Dimension::Status,
    Dimension::Nationality,
    Dimension::Role,
    Dimension::Member,
    Dimension::Protection,
    Dimension::Site,
    Dimension::Cooperative,
    Dimension::Zone,
    Dimension::Month,
    Dimension::Form,
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
            Self::Nationality => "nationality",
            Self::Role => "role",
            Self::Member => "coop_member",
            Self::Protection => "protection",
            Self::Site => "site",
            Self::Cooperative => "cooperative",
            Self::Zone => "zone",
            Self::Month => "month",
            Self::Form => "form",
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
            Self::Nationality => "Origine",
            Self::Role => "Activité",
            Self::Member => "Membre d'une coopérative",
            Self::Protection => "Protection sociale",
            Self::Site => "Site",
            Self::Cooperative => "Coopérative",
            Self::Zone => "Zone",
            Self::Month => "Mois",
            Self::Form => "Formulaire",
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
            (Self::Nationality, _) => Axis::Nationality,
            (Self::Role, _) => Axis::RoleGroup,
            (Self::Member, _) => Axis::Member,
            (Self::Protection, _) => Axis::Protection,
            (Self::Site, _) => Axis::Site,
            (Self::Cooperative, _) => Axis::Cooperative,
            (Self::Zone, _) => Axis::Zone,
            (Self::Month, _) => Axis::Month,
            (Self::Form, _) => Axis::Form,
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
            Self::Nationality | Self::Role | Self::Protection | Self::Review => word(self, code),
            Self::Member => list("yes_no_dk").or_else(|| list("yes_no")),
            // Names that the register gives; whoever answers knows them.
            Self::Site | Self::Cooperative | Self::Zone | Self::Month | Self::Form => None,
        };
        label.unwrap_or_else(|| code.to_owned())
    }
}

/// The French words for codes that no code list has.
fn word(dimension: Dimension, code: &str) -> Option<String> {
    let word = match (dimension, code) {
        (Dimension::Nationality, "mali") => "Mali",
        (Dimension::Nationality, "uemoa") => "Autres pays de l'UEMOA",
        (Dimension::Nationality, "ecowas") => "Autres pays de la CEDEAO",
        (Dimension::Role, "extraction") => "Extraction",
        (Dimension::Role, "processing") => "Traitement du minerai",
        (Dimension::Role, "service") => "Services",
        (Dimension::Role, "trade") => "Commerce et financement",
        (Dimension::Role, "management") => "Encadrement",
        (Dimension::Role, "authority") => "Autorités du site",
        (Dimension::Role, "none") => "Ne travaille pas sur le site",
        (Dimension::Nationality, "other") => "Autres pays",
        (Dimension::Protection, "covered") => "Couvert",
        (Dimension::Protection, "not_covered") => "Non couvert",
        (Dimension::Review, "accepted") => "Acceptée",
        (Dimension::Review, "pending") => "En relecture",
        (Dimension::Review, "received") => "Reçue",
        (Dimension::Review, "flagged") => "Signalée",
        (Dimension::Review, "quarantined") => "En quarantaine",
        (Dimension::Review, "held") => "En attente",
        (Dimension::Review, "rejected") => "Rejetée",
        (Dimension::Review, "returned") => "Renvoyée",
        (Dimension::Review, "edited") => "Corrigée",
        _ => return None,
    };
    Some(word.to_owned())
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
    /// Group of countries of the nationality.
    Nationality,
    /// Segment of the mining chain.
    RoleGroup,
    /// Membership of a cooperative.
    Member,
    /// Coverage by social protection.
    Protection,
    /// Site.
    Site,
    /// Cooperative.
    Cooperative,
    /// Zone.
    Zone,
    /// Month.
    Month,
    /// Form.
    Form,
    /// Whether it waits for review: no axis of what is published, which is of accepted records alone.
    Review,
}

/// How many axes a published cell has.
pub const AXES: usize = 14;

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
        Self::Nationality,
        Self::RoleGroup,
        Self::Member,
        Self::Protection,
    ];

    /// Its place in [`Axis::ALL`]; none for what is never published of persons.
    pub fn index(self) -> Option<usize> {
        Self::ALL.iter().position(|a| *a == self)
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
        assert_eq!(Dimension::Nationality.label("uemoa"), "Autres pays de l'UEMOA");
        assert_eq!(Dimension::Member.label("yes"), "Oui");
    }

    #[test]
    fn every_axis_knows_its_place() {
        for (i, axis) in Axis::ALL.into_iter().enumerate() {
            assert_eq!(axis.index(), Some(i));
        }
    }
}
