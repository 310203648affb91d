//! CQL2, the filter language of OGC (21-065r2): text and JSON become one tree, the tree is checked
//! against a collection, and the result is asked row by row.
//!
//! Read: basic CQL2, advanced comparisons, CASEI, ACCENTI, spatial functions, temporal functions.
//! Not read: array functions, arithmetic, functions of our own. Size and depth are bounded.

mod check;
mod eval;
mod fold;
mod json;
mod lex;
mod like;
mod node;
mod text;
mod time;
mod wkt;

use super::{crs::Crs, error::OgcError, features::Features};

pub use check::Filter;
pub(super) use check::GEOMETRY;
pub(super) use node::Node;

/// How a filter is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// CQL2 text.
    #[default]
    Text,
    /// CQL2 JSON.
    Json,
}

impl Language {
    /// Reads the value of `filter-lang`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "cql2-text" => Some(Self::Text),
            "cql2-json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Reads a filter whose coordinates are in this system.
pub(super) fn parse(text: &str, language: Language, crs: Crs) -> Result<Node, OgcError> {
    if text.len() > node::TEXT_MAX {
        return Err(OgcError::filter(format!("at most {} bytes", node::TEXT_MAX)));
    }
    match language {
        Language::Text => text::parse(text, crs),
        Language::Json => json::parse(text, crs),
    }
}

/// Reads a filter and checks it against a collection.
pub fn filter(
    text: &str,
    language: Language,
    crs: Crs,
    features: &Features,
) -> Result<Filter, OgcError> {
    Filter::new(&parse(text, language, crs)?, features)
}

#[cfg(test)]
mod tests;
