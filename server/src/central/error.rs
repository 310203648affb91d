//! Why a request cannot be answered; every message may be shown.

/// A refusal that names the parameter and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CentralError {
    /// A parameter that this address does not take.
    #[error("{0}: this address does not take this parameter")]
    Unknown(String),
    /// A parameter given twice.
    #[error("{0}: given twice")]
    Twice(String),
    /// A parameter whose value is not understood.
    #[error("{name}: {why}")]
    Bad {
        /// The parameter.
        name: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl CentralError {
    pub(super) fn bad(name: &'static str, why: impl Into<String>) -> Self {
        Self::Bad { name, why: why.into() }
    }
}

/// The start of a text, to be quoted in a refusal.
pub(super) fn excerpt(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}
