//! What stands in the journal, and what comes in at the door.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{
    keys::Realm,
    runtime::Micros,
    store::{Scope, ZoneId},
};

/// What an event of the journal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A first submission.
    Submission,
    /// A submission that replaces an earlier version of itself (`deprecatedID`).
    Edit,
    /// The version that an edit replaced, arriving after it.
    LateOriginal,
    /// Another content under an instance id that was already used.
    Conflict,
    /// Files of a submission that is already here.
    Files,
    /// A reviewer's answer about two entities.
    Decision,
    /// What somebody said of a submission.
    Review,
    /// That a person is to be erased.
    Erasure,
    /// Lines of a base list.
    Import,
}

impl EventKind {
    /// The stored spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submission => "submission",
            Self::Edit => "edit",
            Self::LateOriginal => "late_original",
            Self::Conflict => "conflict",
            Self::Files => "files",
            Self::Decision => "decision",
            Self::Review => "review",
            Self::Erasure => "erasure",
            Self::Import => "import",
        }
    }

    /// Reads the stored spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Submission,
            Self::Edit,
            Self::LateOriginal,
            Self::Conflict,
            Self::Files,
            Self::Decision,
            Self::Review,
            Self::Erasure,
            Self::Import,
        ]
        .into_iter()
        .find(|k| k.as_str() == text)
    }
}

/// Who sent it: fixes the zone of what is new and limits what may be edited.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The account, when a person logged in.
    pub account_id: Option<Uuid>,
    /// The device, when a token was used.
    pub device_id: Option<Uuid>,
    /// Where new submissions are registered.
    pub zone_id: ZoneId,
    /// What this sender may see, and therefore change.
    pub scope: Scope,
}

/// A file that came with a submission and lies sealed in the blob store.
#[derive(Clone, Debug)]
pub struct StoredFile {
    /// The name in the submission's XML. Data only: never a path.
    pub name: String,
    /// Hash of the plaintext.
    pub sha256: [u8; 32],
    /// Bytes of plaintext.
    pub size: u64,
    /// As declared by the sender; never trusted when served.
    pub content_type: String,
    /// Whether the content is in the blob store; else it is still to be uploaded.
    pub is_here: bool,
}

/// What comes in: decided by the door it came through, never by what it says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matter {
    /// A filled form.
    Submission,
    /// A reviewer's answer about two entities.
    Decision,
    /// What somebody said of a submission.
    Review,
    /// That a person is to be erased.
    Erasure,
    /// Lines of a base list.
    Import,
}

/// One submission at the door, authenticated, bounded and understood as far as needed.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// What it is.
    pub matter: Matter,
    /// The form it names.
    pub form_id: String,
    /// The form version it names; empty when it names none.
    pub form_version: String,
    /// Its instance id, or one made from its content when it has none.
    pub instance_id: String,
    /// The instance id it replaces.
    pub deprecated_id: Option<String>,
    /// The submission, byte for byte.
    pub xml: Bytes,
    /// Files that came with it.
    pub files: Vec<StoredFile>,
    /// Whose master key wraps its key.
    pub realm: Realm,
    /// Who sent it.
    pub sender: Sender,
    /// The decoding made at the door, handed on so that apply need not repeat it.
    pub decoded: Option<Arc<crate::forms::Decoded>>,
    /// The day that the decoding took for today.
    pub decoded_on: Option<jiff::civil::Date>,
    /// The rules by which `xml` holds nothing of what was said of a person: they did not agree to it.
    pub withheld: Vec<String>,
    /// What the same submission is known by when it is sent again, where `xml` is not what was sent.
    pub content_hash: Option<[u8; 32]>,
}

/// A key of idempotency: half of a SHA-256, which chance does not meet twice.
pub(super) type IntakeKey = [u8; 16];

/// SHA-256 over length-prefixed parts.
fn hash_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The first half of a hash, as it is stored.
pub(super) fn half(hash: &[u8; 32]) -> IntakeKey {
    *hash.first_chunk().expect("16 is less than 32")
}

/// The keys by which a submission of the journal is known again: of its instance id, and of its content
/// under that id.
pub fn keys_of(form_id: &str, instance_id: &str, content: &[u8; 32]) -> [[u8; 16]; 2] {
    let instance = hash_of(&[b"instance", form_id.as_bytes(), instance_id.as_bytes()]);
    [half(&instance), half(&hash_of(&[b"content", &instance, content]))]
}

/// Key of "this instance of this form", as the journal keeps it.
pub fn instance_key(form_id: &str, instance_id: &str) -> [u8; 16] {
    half(&hash_of(&[b"instance", form_id.as_bytes(), instance_id.as_bytes()]))
}

impl Incoming {
    /// A decision at the door: sealed, journalled and made idempotent like a submission.
    pub fn decision(decision: &super::Decision, sender: Sender) -> Self {
        Self {
            matter: Matter::Decision,
            form_id: String::new(),
            form_version: String::new(),
            instance_id: decision.decision_id.to_string(),
            deprecated_id: None,
            xml: decision.to_bytes().into(),
            files: Vec::new(),
            realm: decision.realm(),
            sender,
            decoded: None,
            decoded_on: None,
            withheld: Vec::new(),
            content_hash: None,
        }
    }

    /// What somebody said of a submission, at the door; `form` is its form and version.
    pub fn review(review: &super::Review, form: (String, String), sender: Sender) -> Self {
        Self {
            matter: Matter::Review,
            form_id: form.0,
            form_version: form.1,
            instance_id: review.review_id.to_string(),
            deprecated_id: None,
            xml: review.to_bytes().into(),
            files: Vec::new(),
            realm: review.realm(),
            sender,
            decoded: None,
            decoded_on: None,
            withheld: Vec::new(),
            content_hash: None,
        }
    }

    /// That a person is to be erased, at the door.
    pub fn erasure(erasure: &super::Erasure, sender: Sender) -> Self {
        Self {
            matter: Matter::Erasure,
            form_id: String::new(),
            form_version: String::new(),
            instance_id: erasure.erasure_id.to_string(),
            deprecated_id: None,
            xml: erasure.to_bytes().into(),
            files: Vec::new(),
            realm: erasure.realm(),
            sender,
            decoded: None,
            decoded_on: None,
            withheld: Vec::new(),
            content_hash: None,
        }
    }

    /// Lines of a base list, from the console; `part` is unique within the import.
    pub fn import(import: (Uuid, usize), dataset: &str, content: Vec<u8>, zone_id: ZoneId) -> Self {
        Self {
            matter: Matter::Import,
            form_id: super::Import::form_id(dataset),
            form_version: String::new(),
            instance_id: format!("{}/{}", import.0, import.1),
            deprecated_id: None,
            xml: content.into(),
            files: Vec::new(),
            realm: Realm::Adults,
            sender: Sender { account_id: None, device_id: None, zone_id, scope: Scope::All },
            decoded: None,
            decoded_on: None,
            withheld: Vec::new(),
            content_hash: None,
        }
    }

    /// The same as received at this moment: without a decoding that took another day for today, because a rebuild
    /// decodes with the day of receipt (*Rebuild = live*).
    pub(super) fn received(self: Arc<Self>, at: Micros) -> Arc<Self> {
        if self.decoded.is_none() || self.decoded_on == Some(at.date()) {
            return self;
        }
        Arc::new(Self { decoded: None, ..Self::clone(&self) })
    }

    fn instance_hash(&self) -> [u8; 32] {
        let matter: &[u8] = match self.matter {
            Matter::Submission => b"instance",
            Matter::Decision => b"decision",
            Matter::Review => b"review",
            Matter::Erasure => b"erasure",
            Matter::Import => b"import",
        };
        // One id is one review, whatever form it is about.
        let form_id = if self.matter == Matter::Review { "" } else { self.form_id.as_str() };
        hash_of(&[matter, form_id.as_bytes(), self.instance_id.as_bytes()])
    }

    fn hash_with(&self, content: &[u8; 32]) -> [u8; 32] {
        hash_of(&[b"content", &self.instance_hash(), content])
    }

    /// Key of "this instance of this form".
    pub(super) fn instance_key(&self) -> IntakeKey {
        half(&self.instance_hash())
    }

    /// Key of the instance that this one replaces.
    pub(super) fn deprecated_key(&self) -> Option<IntakeKey> {
        let id = self.deprecated_id.as_ref().filter(|id| **id != self.instance_id)?;
        Some(instance_key(&self.form_id, id))
    }

    /// Key of "this instance with this content".
    pub(super) fn content_key(&self, content: &[u8; 32]) -> IntakeKey {
        half(&self.hash_with(content))
    }

    /// Key of one file of this submission.
    pub(super) fn file_key(&self, content: &[u8; 32], file: &StoredFile) -> IntakeKey {
        half(&hash_of(&[b"file", &self.hash_with(content), file.name.as_bytes(), &file.sha256]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoding_made_before_midnight_is_not_handed_on_after_it() {
        const MIDNIGHT: i64 = 86_400_000_000;
        let (before, after) = (Micros(MIDNIGHT - 1), Micros(MIDNIGHT));
        let incoming = Arc::new(Incoming {
            matter: Matter::Submission,
            form_id: String::from("site"),
            form_version: String::from("1"),
            instance_id: String::from("uuid:1"),
            deprecated_id: None,
            xml: Bytes::from_static(b"<data/>"),
            files: Vec::new(),
            realm: Realm::Adults,
            sender: Sender {
                account_id: None,
                device_id: None,
                zone_id: ZoneId(1),
                scope: Scope::All,
            },
            decoded: Some(Arc::default()),
            decoded_on: Some(before.date()),
            withheld: Vec::new(),
            content_hash: None,
        });

        assert!(Arc::clone(&incoming).received(before).decoded.is_some());
        let late = incoming.received(after);
        assert!(late.decoded.is_none());
        assert_eq!(late.instance_id, "uuid:1");
    }
}
