//! How people and enumerators go wrong: the parts, from 0 to 1, of a simulated set.

/// The parts of a set of registrations. Those of spelling are for an ordinary enumerator; each has a carelessness of
/// their own, from half of it to twice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix {
    /// People who are registered more than once.
    pub repeated: f64,
    /// Repeats on the same site (a second enumerator, a card hoped for).
    pub same_site: f64,
    /// Homes with twins.
    pub twins: f64,
    /// Homes with a homonym of the same age in the village.
    pub homonyms: f64,
    /// Homes where two half-brothers bear one name.
    pub half_siblings: f64,
    /// Homes where a child bears the name of an uncle, as both were named after the grandfather.
    pub namesakes: f64,
    /// Names written in another current spelling.
    pub variant: f64,
    /// Names written as they sound.
    pub by_ear: f64,
    /// Slips of the hand, per name.
    pub slip: f64,
    /// Given name and surname exchanged.
    pub swapped: f64,
    /// Only the nickname given instead of the name, among those who have one.
    pub nickname_only: f64,
    /// Only the husband's name given, among married women.
    pub husband_only: f64,
    /// Years of birth told otherwise the second time, where no document says them.
    pub other_year: f64,
    /// Slips in full dates.
    pub date_slip: f64,
    /// Another village named, or the town.
    pub other_village: f64,
    /// Father not recorded.
    pub no_father: f64,
    /// Mother not recorded.
    pub no_mother: f64,
    /// Another parent's name given (an aunt who raised the child, a guardian).
    pub other_parent: f64,
    /// Phone not recorded.
    pub no_phone: f64,
    /// A phone that is the family's or a friend's.
    pub shared_phone: f64,
    /// NINA recorded.
    pub nina: f64,
    /// Slips in a NINA or a phone number.
    pub digit_slip: f64,
    /// Sex ticked wrongly.
    pub sex_slip: f64,
}

impl Mix {
    /// As field teams work when they are supervised.
    pub const FIELD: Self = Self {
        repeated: 0.092,
        same_site: 0.14,
        twins: 0.020,
        homonyms: 0.030,
        half_siblings: 0.014,
        namesakes: 0.030,
        variant: 0.12,
        by_ear: 0.045,
        slip: 0.035,
        swapped: 0.030,
        nickname_only: 0.07,
        husband_only: 0.09,
        other_year: 0.30,
        date_slip: 0.05,
        other_village: 0.06,
        no_father: 0.12,
        no_mother: 0.18,
        other_parent: 0.02,
        no_phone: 0.35,
        shared_phone: 0.06,
        nina: 0.40,
        digit_slip: 0.03,
        sex_slip: 0.006,
    };

    /// As they work in haste, without papers: half as wrong again or twice, and few numbers.
    pub const HARSH: Self = Self {
        repeated: 0.092,
        same_site: 0.30,
        twins: 0.035,
        homonyms: 0.060,
        half_siblings: 0.030,
        namesakes: 0.060,
        variant: 0.18,
        by_ear: 0.09,
        slip: 0.07,
        swapped: 0.06,
        nickname_only: 0.14,
        husband_only: 0.15,
        other_year: 0.45,
        date_slip: 0.09,
        other_village: 0.12,
        no_father: 0.22,
        no_mother: 0.30,
        other_parent: 0.04,
        no_phone: 0.50,
        shared_phone: 0.12,
        nina: 0.22,
        digit_slip: 0.06,
        sex_slip: 0.012,
    };
}
