//! What is concluded about two registrations, and what forbids merging them.

use serde::{Deserialize, Serialize};

use super::records::RecordNo;

/// The conclusion about one pair, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One person by the decisive rule, or by the policy's probability.
    Same,
    /// A person must look.
    Review,
    /// A miner and a child who seem to be one: linked, and the age is reviewed.
    AgeReview,
    /// Twins: never one person.
    Twins,
    /// Two people of one family.
    Relative,
    /// Nothing to report.
    Unrelated,
}

/// A reason why two registrations may not be merged automatically.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The sexes differ.
    Sex,
    /// Two different NINA, more than a slip of the pen apart.
    Nina,
    /// Same parents and birth date, given names that differ by more than spelling.
    Twins,
    /// Twelve years or more between the births.
    Generation,
    /// Same given name and family, but another mother.
    Mother,
    /// Three years or more between births that are both known exactly.
    BirthYear,
    /// Exact birth dates that differ in more than one of day, month, year.
    BirthDate,
    /// Two different cards seen on the same day.
    Cards,
    /// A miner and a child.
    MinerAndChild,
    /// Both are children: two reviewers decide.
    Children,
    /// One device, minutes apart, similar answers: quality control looks first.
    Fabrication,
    /// Registered at the same time on two devices of different sites.
    TwoPlaces,
}

/// A set of [`Stop`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stops(u16);

impl Stop {
    /// All of them, in the order of their bits.
    pub const ALL: [Self; 12] = [
        Self::Sex,
        Self::Nina,
        Self::Twins,
        Self::Generation,
        Self::Mother,
        Self::BirthYear,
        Self::BirthDate,
        Self::Cards,
        Self::MinerAndChild,
        Self::Children,
        Self::Fabrication,
        Self::TwoPlaces,
    ];

    const fn bit(self) -> u16 {
        match self {
            Self::Sex => 1,
            Self::Nina => 1 << 1,
            Self::Twins => 1 << 2,
            Self::Generation => 1 << 3,
            Self::Mother => 1 << 4,
            Self::BirthYear => 1 << 5,
            Self::BirthDate => 1 << 6,
            Self::Cards => 1 << 7,
            Self::MinerAndChild => 1 << 8,
            Self::Children => 1 << 9,
            Self::Fabrication => 1 << 10,
            Self::TwoPlaces => 1 << 11,
        }
    }

    /// Whether batch clustering, too, keeps such a pair apart (the others only ask for a person's eye).
    pub const fn is_hard(self) -> bool {
        matches!(
            self,
            Self::Sex | Self::Nina | Self::Twins | Self::Generation | Self::MinerAndChild
        )
    }
}

impl Stops {
    /// Adds a reason.
    pub const fn insert(&mut self, stop: Stop) {
        self.0 |= stop.bit();
    }

    /// Whether this reason is among them.
    pub const fn contains(self, stop: Stop) -> bool {
        self.0 & stop.bit() != 0
    }

    /// Whether nothing forbids a merge.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The reasons, one by one.
    pub fn iter(self) -> impl Iterator<Item = Stop> {
        Stop::ALL.into_iter().filter(move |&s| self.contains(s))
    }
}

/// Which kind of key brought two registrations together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// The card number.
    Card,
    /// The NINA, up to one edit.
    Nina,
    /// The telephone.
    Phone,
    /// Names and birth.
    NameBirth,
    /// Names and place.
    NamePlace,
    /// Names and parents.
    NameParents,
    /// Place and parents.
    PlaceParents,
    /// Full date and a name.
    Date,
}

/// Another registration that may describe the same person.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The other registration.
    pub other: RecordNo,
    /// The sum of the weights, in log2 of the likelihood ratio, prior included: 0 is even odds.
    pub weight: f32,
    /// Calibrated probability that both describe one person.
    pub probability: f32,
    /// Probability that they are two people of one family.
    pub relative: f32,
    /// The conclusion under the policy.
    pub verdict: Verdict,
    /// What forbids an automatic merge.
    pub stops: Stops,
    /// The key that found it.
    pub key: KeyKind,
}

/// What reviewers answered about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// One person.
    Same,
    /// Two people, not related.
    Different,
    /// Two people of one family, twins included.
    Relative,
}

/// A reviewed pair: it anchors training and outranks the model in clustering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// One registration.
    pub a: RecordNo,
    /// The other.
    pub b: RecordNo,
    /// The answer.
    pub decision: Decision,
}
