//! What the engine has learnt: weights of every level, trees, calibration. Plain numbers, kept as JSON.

use serde::{Deserialize, Serialize};

use super::{
    calibration::Calibration,
    hashing, prior,
    trees::Forest,
    weights::{CELLS, FIELDS, Weights},
};

/// The learnt numbers. `Model::default()` is what is shipped, for a register with too few pairs to learn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    version: String,
    weights: Weights,
    forest: Forest,
    calibration: Calibration,
}

impl Default for Model {
    fn default() -> Self {
        Self::new(prior::weights(), Forest::default(), Calibration::default())
    }
}

/// Why a kept model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It is not JSON of a model.
    #[error("not a linkage model: {0}")]
    Json(#[from] serde_json::Error),
    /// Its tables have other sizes: another version of the program learnt it.
    #[error("this linkage model was learnt by another version: train again")]
    Shape,
}

impl Model {
    pub(super) fn new(weights: Weights, forest: Forest, calibration: Calibration) -> Self {
        let mut model = Self { version: String::new(), weights, forest, calibration };
        let numbers = serde_json::to_string(&model).expect("numbers and lists always become JSON");
        model.version = format!("{:016x}", hashing::hash_text(&numbers));
        model
    }

    /// Names these numbers: a digest of them.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The model as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and lists always become JSON")
    }

    /// Reads a model kept as JSON, refusing one whose tables do not fit this version.
    pub fn from_json(json: &str) -> Result<Self, ModelError> {
        let model: Self = serde_json::from_str(json)?;
        let tables = &model.weights.tables;
        let fits = tables.len() == FIELDS
            && tables
                .iter()
                .zip(CELLS)
                .all(|(table, n)| table.iter().all(|class| class.len() == n))
            && model.forest.is_sound();
        if fits { Ok(model) } else { Err(ModelError::Shape) }
    }

    pub(super) fn weights(&self) -> &Weights {
        &self.weights
    }

    pub(super) fn forest(&self) -> &Forest {
        &self.forest
    }

    pub(super) fn calibration(&self) -> &Calibration {
        &self.calibration
    }
}
