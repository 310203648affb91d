//! What a request may get wrong.

/// A mistake in a request: names parameters, limits and what was sent, never data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OgcError {
    /// A parameter that this resource does not take, or a property that is not queryable.
    #[error("{0:?} is not a parameter of this resource")]
    UnknownParameter(String),
    /// A parameter with a value that is not one of its values.
    #[error("{name}: {reason}")]
    BadValue {
        /// The parameter.
        name: &'static str,
        /// What would be right.
        reason: String,
    },
    /// A filter that is not CQL2, or not of this collection.
    #[error("filter: {0}")]
    Filter(String),
    /// None of the media types asked for is offered.
    #[error("offered: application/geo+json, application/json, text/html")]
    NotAcceptable,
    /// No mistake of the request: the features could not be read.
    #[error("features could not be read: {0}")]
    Unreadable(String),
}

impl From<std::io::Error> for OgcError {
    fn from(error: std::io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl OgcError {
    /// A bad value of this parameter.
    pub fn bad(name: &'static str, reason: impl Into<String>) -> Self {
        Self::BadValue { name, reason: reason.into() }
    }

    /// A mistake in the filter.
    pub(super) fn filter(reason: impl Into<String>) -> Self {
        Self::Filter(reason.into())
    }
}

/// As much of a text as an error may repeat.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
