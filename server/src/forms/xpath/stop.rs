//! Why an expression has no value here.

/// Why an expression was not evaluated: never a reason to refuse anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The expression uses what this server does not know or cannot know.
    #[error("not evaluated: {0}")]
    Unsupported(String),
    /// The phone itself fails on this expression with these answers.
    #[error("the form fails here: {0}")]
    Fails(&'static str),
    /// It would take too long.
    #[error("not evaluated: too many steps")]
    TooLong,
}

impl Stop {
    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }
}
