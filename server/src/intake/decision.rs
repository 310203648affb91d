//! What a reviewer answered about two registrations, as it stands in the journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::keys::Realm;

/// The answer about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// One person (or one place, one organisation).
    Same,
    /// Two, for ever.
    Different,
    /// Two people of one family.
    Relative,
    /// Twins: two people.
    Twins,
    /// Looked at, not settled.
    CannotTell,
    /// They were taken for one and are not.
    Unmerge,
    /// One person, registered as a miner and as a child: one of the two ages is to be corrected, and
    /// nothing is merged.
    AgeWrong,
}

impl Answer {
    /// The stored spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::Relative => "relative",
            Self::Twins => "twins",
            Self::CannotTell => "cannot_tell",
            Self::Unmerge => "unmerge",
            Self::AgeWrong => "age_wrong",
        }
    }

    /// Reads the stored spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Same,
            Self::Different,
            Self::Relative,
            Self::Twins,
            Self::CannotTell,
            Self::Unmerge,
            Self::AgeWrong,
        ]
        .into_iter()
        .find(|a| a.as_str() == text)
    }

    /// Whether the pair may never be in one group while this answer stands.
    pub const fn keeps_apart(self) -> bool {
        matches!(self, Self::Different | Self::Relative | Self::Twins | Self::Unmerge)
    }
}

/// A decision about two entities: the content of a journal event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The id that the client gave it: the same again changes nothing.
    pub decision_id: Uuid,
    /// One entity.
    pub a: Uuid,
    /// The other.
    pub b: Uuid,
    /// Their dataset; of a miner and a child, the children's.
    pub dataset: String,
    /// The answer.
    pub answer: Answer,
    /// Why; sealed wherever it is stored.
    pub reason: String,
    /// Which entity's value the merged view shows, by property.
    pub choices: BTreeMap<String, Uuid>,
    /// The role that the account had, spelled as in `access::Role`.
    pub role: String,
    /// The decision that this one replaces, when the pair is already decided.
    pub replaces: Option<Uuid>,
}

impl Decision {
    /// Whose master key seals it.
    pub fn realm(&self) -> Realm {
        let children = sanu_schemas::datasets()
            .iter()
            .any(|d| d.name == self.dataset && d.realm == sanu_schemas::Realm::Children);
        if children { Realm::Children } else { Realm::Adults }
    }

    /// As written into the journal.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a plain struct is always JSON")
    }

    /// Reads what [`Decision::to_bytes`] wrote.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
