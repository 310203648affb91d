//! Which sites, and which organisations, are written down twice. Proposals only: a person who knows
//! the place decides, always.
//!
//! Weights are log2 likelihood ratios, added up as in the rest of `linkage`; they are judged, not
//! trained, because a country has a few hundred sites. Source: the deduplication rules, section 6.

mod cooperative;
mod grid;
mod name;
mod site;

pub use cooperative::{Cooperative, cooperatives};
pub use site::{Site, sites};

/// What was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clue {
    /// How far apart they are.
    Distance,
    /// Their names and other names.
    Name,
    /// A word that tells two places of one name apart: new, old, a number.
    Mark,
    /// The traditional or elected authority.
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
    /// The mining district or the commune.
    Seat,
}

/// One clue and what it weighs.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct PlaceEvidence {
    /// What was compared.
    pub clue: Clue,
    /// How it turned out, in a stable word.
    pub level: &'static str,
    /// Log2 of the likelihood ratio.
    pub weight: f64,
}

/// Two places that may be one, for somebody to look at.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct PlacePair {
    /// The lower index.
    pub a: usize,
    /// The higher index.
    pub b: usize,
    /// The sum of the weights and of the prior, in log2 odds.
    pub weight: f64,
    /// The same as a probability.
    pub probability: f64,
    /// What it rests on.
    pub evidence: Vec<PlaceEvidence>,
}

/// Log2 odds from which a pair is shown to somebody: one in five.
const SHOWN: f64 = -2.0;

impl PlacePair {
    /// Adds up; `None` when the pair is not worth a look.
    fn new(a: usize, b: usize, prior: f64, evidence: Vec<PlaceEvidence>) -> Option<Self> {
        let weight = prior + evidence.iter().map(|e| e.weight).sum::<f64>();
        let probability = 1.0 / (1.0 + (-weight).exp2());
        (weight >= SHOWN).then_some(Self {
            a: a.min(b),
            b: a.max(b),
            weight,
            probability,
            evidence,
        })
    }
}

/// Pairs by their weight, highest first, then by their ends.
fn in_order(mut pairs: Vec<PlacePair>) -> Vec<PlacePair> {
    pairs.sort_by(|x, y| y.weight.total_cmp(&x.weight).then((x.a, x.b).cmp(&(y.a, y.b))));
    pairs
}
