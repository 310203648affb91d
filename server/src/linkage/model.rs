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
    #[serde(default)]
    number: Number,
}

/// What the identity number of a list is worth. Decided from the registrations, see `train`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Number {
    /// Two numbers are two people.
    #[default]
    Decisive,
    /// Often mistyped: a field like any other; that it differs forbids nothing.
    Typed,
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
        let version = String::new();
        Self { version, weights, forest, calibration, number: Number::Decisive }.versioned()
    }

    /// A model of lists whose identity number is a field like any other: there are no anchors, hence no trees.
    pub(super) fn of_typed_number(weights: Weights) -> Self {
        let mut model = Self::new(weights, Forest::default(), Calibration::default());
        model.version.clear();
        model.number = Number::Typed;
        model.versioned()
    }

    fn versioned(mut self) -> Self {
        let numbers = serde_json::to_string(&self).expect("numbers and lists always become JSON");
        self.version = format!("{:016x}", hashing::hash_text(&numbers));
        self
    }

    /// Whether the identity number of these lists was found to be often mistyped, and decides nothing.
    pub fn number_is_typed(&self) -> bool {
        self.number == Number::Typed
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
