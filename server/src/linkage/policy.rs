//! What the office has decided about merging: thresholds and limits, none of which changes a score.

use serde::{Deserialize, Serialize};

/// When two registrations may be taken for one person without anybody looking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auto {
    /// Only by the decisive rule: the same card, or the same NINA seen on a document, and no contradiction.
    #[default]
    DecisiveId,
    /// By the decisive rule, or from this probability on when nothing forbids it.
    Probability(f32),
}

/// Thresholds and limits of one register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// What may be merged without review.
    pub auto: Auto,
    /// Pairs from this probability on go to review.
    pub review: f32,
    /// Pairs below this probability are kept apart by batch clustering (`link`).
    pub cluster: f32,
    /// A cluster larger than this is never built automatically.
    pub largest_cluster: u32,
    /// Threads for batch work; 0 means as many as the machine has.
    pub threads: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self { auto: Auto::default(), review: 0.2, cluster: 0.5, largest_cluster: 6, threads: 0 }
    }
}

impl Policy {
    /// How many threads batch work uses.
    pub(super) fn threads(&self) -> usize {
        if self.threads > 0 {
            return self.threads;
        }
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    }
}
