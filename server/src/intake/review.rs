//! What somebody said of a submission after reading it, as it stands in the journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::keys::Realm;

/// What is done with a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is right as it stands, whatever rules it breaks.
    Accept,
    /// It says nothing to the register.
    Reject,
    /// The enumerator is asked to look at it again.
    Return,
    /// Something to remember; changes nothing.
    Comment,
    /// What was decided is taken back: the rules alone speak again.
    Reopen,
    /// Answers are replaced by others: a new version of the submission.
    Correct,
    /// A correction is taken back.
    Withdraw,
    /// What waits for something to build on is applied without it.
    Force,
    /// What two said of one property of an entity is decided.
    Settle,
    /// An entity is taken out of the register.
    Delete,
    /// A deleted entity is put back.
    Restore,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Accept,
        Self::Reject,
        Self::Return,
        Self::Comment,
        Self::Reopen,
        Self::Correct,
        Self::Withdraw,
        Self::Force,
        Self::Settle,
        Self::Delete,
        Self::Restore,
    ];

    /// The stored spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Return => "return",
            Self::Comment => "comment",
            Self::Reopen => "reopen",
            Self::Correct => "correct",
            Self::Withdraw => "withdraw",
            Self::Force => "force",
            Self::Settle => "settle",
            Self::Delete => "delete",
            Self::Restore => "restore",
        }
    }

    /// Reads the stored spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str() == text)
    }
}

/// What a person decided where two said something else of one entity: the values that hold from here on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The dataset of the entity.
    pub dataset: String,
    /// The update that did not know of the others: its place in the journal.
    pub conflict: i64,
    /// Values of class "none", by property; null removes one.
    pub open: BTreeMap<String, serde_json::Value>,
    /// The others.
    pub sealed: BTreeMap<String, serde_json::Value>,
}

/// What somebody said of a submission: the content of a journal event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The id that the client gave it: the same again changes nothing.
    pub review_id: Uuid,
    /// The submission; the entity, when one is deleted or restored.
    pub submission_id: Uuid,
    /// What is done with it.
    pub action: Action,
    /// Why, or what the enumerator is told; sealed wherever it is stored.
    pub reason: String,
    /// The role that the account had, spelled as in `access::Role`.
    pub role: String,
    /// The last event of the submission that the reviewer had read; another one since refuses this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<i64>,
    /// The correction that is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<Uuid>,
    /// The answers that a correction replaces, by path; empty removes one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, String>,
    /// The submission as corrected, in full; the bytes that the phone sent stay what they are.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub corrected: String,
    /// What is decided of a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
    /// Whether the form is about children: whose master key seals this.
    #[serde(default)]
    pub children: bool,
}

impl Review {
    /// Whose master key seals it.
    pub const fn realm(&self) -> Realm {
        if self.children { Realm::Children } else { Realm::Adults }
    }

    /// As written into the journal.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a plain struct is always JSON")
    }

    /// Reads what [`Review::to_bytes`] wrote.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
