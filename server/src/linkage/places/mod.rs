//! Which sites, and which organisations, are written down twice. Proposals only: a person who knows
//! the place decides, always.
//!
//! Weights are log2 likelihood ratios, added up as in the rest of `linkage`; they are judged, not
//! trained, because a country has a few hundred sites. Source: the deduplication rules, sections 4
//! and 6.

mod cooperative;
mod explain;
mod grid;
mod index;
mod name;
mod site;

pub use cooperative::Cooperative;
pub use index::{Beside, Index, Place};
pub use site::Site;

/// The name of these weights.
pub const MODEL: &str = "places-1";

/// What was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clue {
    /// How common duplicates are among candidates.
    Prior,
    /// How far apart they are.
    Distance,
    /// Their names and other names.
    Name,
    /// A word that tells two places of one name apart: new, old, a number.
    Mark,
    /// The cercles that they were declared in.
    Cercle,
    /// The traditional or elected authorities.
    Authority,
    /// The cooperatives that work there.
    Cooperative,
    /// The village they belong to.
    Village,
    /// The year of opening.
    Opened,
    /// The acronym.
    Acronym,
    /// Base cooperative, union or federation.
    Level,
    /// The number in the register of cooperative societies.
    Registration,
    /// The mining district.
    District,
    /// The commune.
    Commune,
}

/// One clue and what it weighs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaceEvidence {
    /// What was compared.
    pub clue: Clue,
    /// How it turned out, in a stable word.
    pub level: &'static str,
    /// Log2 of the likelihood ratio.
    pub weight: f64,
}

/// What speaks for and against two places being one.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceComparison {
    /// The sum of the weights, in log2 odds.
    pub weight: f64,
    /// The same as a probability.
    pub probability: f64,
    /// What it rests on, the prior first.
    pub evidence: Vec<PlaceEvidence>,
}

/// Log2 odds from which a pair is shown to somebody: one in five.
const SHOWN: f64 = -2.0;

impl PlaceComparison {
    /// Adds up.
    fn new(prior: f64, found: Vec<PlaceEvidence>) -> Self {
        let start = PlaceEvidence { clue: Clue::Prior, level: "candidates", weight: prior };
        let evidence: Vec<_> = std::iter::once(start).chain(found).collect();
        let weight = evidence.iter().map(|e| e.weight).sum::<f64>();
        Self { weight, probability: 1.0 / (1.0 + (-weight).exp2()), evidence }
    }

    /// Whether the pair is worth a look.
    pub fn is_shown(&self) -> bool {
        self.weight >= SHOWN
    }
}

/// Whether two lists, both known, have something in common.
fn meet(one: &[String], other: &[String]) -> Option<bool> {
    let known = !one.is_empty() && !other.is_empty();
    known.then(|| one.iter().any(|x| other.contains(x)))
}
