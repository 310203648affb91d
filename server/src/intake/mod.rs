//! Accepting: from checked bytes to a durable journal entry, and only then an answer.
//!
//! Upholds *Acknowledged means durable*, *Same id + same bytes*, *One bad record never fails a
//! batch* and *Never block a phone*. Knows nothing of HTTP.

mod append;
mod decision;
mod erasure;
mod event;
mod files;
mod import;
mod payload;
mod review;
mod writer;

pub use append::{Appended, ERASED, Outcome, journal};
pub use decision::{Answer, Decision};
pub use erasure::{Erasure, GoneRecord, Remains, Tombstone};
pub use event::{EventKind, Incoming, Matter, Sender, StoredFile, instance_key, keys_of};
pub use files::{BlobStore, FileSink, PartFile};
pub use import::{Import, ImportRow, list_of_form};
pub use payload::{FileEntry, Payload, PayloadError};
pub use review::{Action, Review, Settled};
#[cfg(test)]
pub(crate) use writer::KEYS;
pub use writer::{Intake, IntakeError};
