//! The wire of Sanu's native sync, version 1: types, codecs, receipts, cursors and the device's state machine.
//!
//! This crate is sans-IO. It opens no socket, reads no clock, draws no random number and compresses nothing:
//! bytes, durations and ids are handed in. `docs/PROTOCOL.md` describes the same wire for authors of other clients.

mod cursor;
mod decode;
pub mod device;
mod hello;
mod pull;
mod push;
mod sha256;
mod verdict;

pub use cursor::{Cursor, CursorError, CursorState, Resume};
pub use decode::{DecodedPush, PushError, RecordError, decode_push};
pub use hello::{
    CONTENT_ENCODINGS, HelloError, HelloRequest, HelloResponse, Limits, PROTOCOL, ProtocolRange,
    decode_hello,
};
pub use pull::{
    Change, Properties, PullRequest, PullResponse, QueryError, ReceiptState, TombstoneReason,
};
pub use push::{AttachmentRef, PushRecord, PushRequest, RecordFault};
pub use sha256::{Sha256Hex, Sha256HexError};
pub use verdict::{PushResponse, RecordResult, RefusalCode, Verdict};

/// The prefix of every problem `type` (RFC 9457) that this protocol defines; the error's slug follows it.
pub const PROBLEM_PREFIX: &str = "urn:sanu:problem:";
