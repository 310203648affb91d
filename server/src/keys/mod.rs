//! Sealing: random keys per submission, entity and file, wrapped by master keys kept apart.
//!
//! Upholds *Identity lives in the vault*. Destroying a wrapped key destroys what it sealed.

mod files;
mod master;
mod seal;

pub use files::{SealedReader, SealedWriter};
pub use master::{KeyError, Make, MasterKeys};
pub use seal::{SealError, SubjectKey};

/// Whose master key wraps a record's key: children have one of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Realm {
    /// Everything that is not about a child.
    Adults,
    /// Children on the sites.
    Children,
}

impl Realm {
    /// The stored spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adults => "adults",
            Self::Children => "children",
        }
    }

    /// Reads the stored spelling; anything unknown is the stricter realm.
    pub fn parse(text: &str) -> Self {
        if text == "adults" { Self::Adults } else { Self::Children }
    }
}
