//! The account of one comparison, field by field, for the person who must decide.

use serde::{Deserialize, Serialize};

use super::verdict::{Stops, Verdict};

/// A part of the evidence that has a weight of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// How common duplicates are before looking.
    Prior,
    /// Surname, village, father and mother together.
    Family,
    /// Given name.
    Given,
    /// Birth.
    Birth,
    /// Sex.
    Sex,
    /// Telephone.
    Phone,
    /// NINA.
    Nina,
    /// Card number.
    Card,
    /// Nickname.
    Alias,
    /// Site, cooperative, nationality and time.
    Circumstances,
    /// What the trees of the refinement add to or take from the sum.
    Refinement,
}

/// One line of the account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was compared.
    pub field: Field,
    /// The agreement level, a stable word such as `exact`, `sound`, `alias`, `differs`, `missing`.
    pub level: String,
    /// Its weight, log2.
    pub weight: f32,
    /// The line in French, for the supervisor.
    pub words_fr: String,
    /// The line in English.
    pub words_en: String,
}

/// Everything the engine can say about one pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The lines; their weights add up to `total`.
    pub fields: Vec<Evidence>,
    /// The sum, log2 odds.
    pub total: f32,
    /// Calibrated probability of one person.
    pub probability: f32,
    /// Probability of two people of one family.
    pub relative: f32,
    /// The conclusion under the policy.
    pub verdict: Verdict,
    /// What forbids an automatic merge.
    pub stops: Stops,
    /// The model that said so.
    pub model: String,
}
