//! Which cells a question is summed from: few small tables of cells instead of one that crosses
//! everything with everything.

use super::dimension::Axis;

/// One table of cells. Every thing of a dataset lies in one cell of each cube that is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cube {
    /// Where, and what kind: every dataset.
    Place,
    /// Who the miners are: origin, work, cooperative, social protection, by region.
    Profile,
    /// On which site.
    Site,
    /// In which cooperative, apart from sites: crossed with them it would have nearly a cell per person.
    Cooperative,
    /// When it was first registered, by region.
    Month,
    /// Submissions, not what they speak of: by form, month and how each stands.
    Form,
}

use Axis::{
    AgeGroup, Cercle2012, Cercle2023, Commune2012, Commune2023, District, Member, Nationality,
    Protection, Region2012, Region2023, Review, RoleGroup, Sex, Status, Zone,
};

impl Cube {
    /// In the order in which a question looks for one that has all its axes.
    pub const ALL: [Self; 6] =
        [Self::Place, Self::Profile, Self::Site, Self::Cooperative, Self::Month, Self::Form];

    /// Its name where cells are kept.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Profile => "profile",
            Self::Site => "site",
            Self::Cooperative => "cooperative",
            Self::Month => "month",
            Self::Form => "form",
        }
    }

    /// What its cells can be summed by.
    pub const fn axes(self) -> &'static [Axis] {
        match self {
            Self::Place => &[
                Region2012,
                Cercle2012,
                Commune2012,
                Region2023,
                Cercle2023,
                Commune2023,
                District,
                Sex,
                AgeGroup,
                Status,
                Review,
                Zone,
            ],
            Self::Profile => &[
                Region2012,
                Region2023,
                Sex,
                Nationality,
                RoleGroup,
                Member,
                Protection,
                Review,
                Zone,
            ],
            Self::Site => &[Axis::Site, Sex, Review, Zone],
            Self::Cooperative => &[Axis::Cooperative, Sex, Review, Zone],
            Self::Month => &[Region2012, Region2023, Sex, Axis::Month, Review, Zone],
            Self::Form => &[Axis::Form, Axis::Month, Review, Zone],
        }
    }

    /// Whether it is kept of this dataset.
    pub fn is_of(self, dataset: &str) -> bool {
        match self {
            Self::Form => dataset == SUBMISSIONS,
            Self::Profile => dataset == "orpailleurs",
            Self::Place | Self::Site | Self::Cooperative | Self::Month => dataset != SUBMISSIONS,
        }
    }

    /// The first cube of a dataset that can be summed by all of these.
    pub fn with(dataset: &str, by: &[Axis]) -> Option<Self> {
        let has_all = |cube: &Self| by.iter().all(|axis| cube.axes().contains(axis));
        Self::ALL.into_iter().filter(|cube| cube.is_of(dataset)).find(has_all)
    }
}

/// What submissions are counted as, beside the datasets they speak of.
pub const SUBMISSIONS: &str = "fiches";

#[cfg(test)]
mod tests {
    use super::{
        Axis::{Form, Month, Site},
        *,
    };

    #[test]
    fn a_question_is_answered_from_the_first_cube_that_knows_all_it_asks() {
        let of = |by: &[Axis]| Cube::with("orpailleurs", by);

        assert_eq!(of(&[]), Some(Cube::Place));
        assert_eq!(of(&[Region2023, Sex]), Some(Cube::Place));
        assert_eq!(of(&[Region2023, Nationality]), Some(Cube::Profile));
        assert_eq!(of(&[Site, Sex]), Some(Cube::Site));
        assert_eq!(of(&[Month, Region2012]), Some(Cube::Month));
        // Origin is never crossed with a place smaller than the region.
        assert_eq!(of(&[Cercle2023, Nationality]), None);
        assert_eq!(of(&[Axis::Cooperative, Sex]), Some(Cube::Cooperative));
        assert_eq!(of(&[Site, Axis::Cooperative]), None);
        assert_eq!(of(&[Form]), None);
        assert_eq!(Cube::with("sites", &[Nationality]), None);
        assert_eq!(Cube::with(SUBMISSIONS, &[Form, Month, Review]), Some(Cube::Form));
        assert_eq!(Cube::with(SUBMISSIONS, &[Cercle2023]), None);
    }
}
