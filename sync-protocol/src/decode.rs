//! Reads a push in two steps, first the envelope and then each record, so that one bad record never fails a batch.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::hello::{Limits, ProtocolRange};
use crate::push::PushRecord;
use crate::verdict::{RefusalCode, Verdict};

/// A push whose envelope was understood; each record is sound or carries its own error, in the order sent.
#[derive(Debug)]
pub struct DecodedPush {
    /// The version of the wire that the device used.
    pub protocol: u32,
    /// The device's name for this attempt.
    pub batch: Uuid,
    /// The records, at the index they were sent with.
    pub records: Vec<Result<PushRecord, RecordError>>,
}

/// Why a whole push is not judged; no message quotes what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The body is not JSON in UTF-8.
    #[error("the body is not JSON: line {line}, column {column}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1; 0 when the body ends too early at a line's start.
        column: usize,
    },
    /// The body is JSON but not a push: a field of the envelope is missing, unknown, repeated or of the wrong type.
    #[error("the envelope is not a push: {detail}")]
    Envelope {
        /// What is wrong with it.
        detail: String,
    },
    /// The device speaks a version that the server does not.
    #[error("protocol {found} is not spoken here, only {} to {}", .supported.min, .supported.max)]
    UnsupportedProtocol {
        /// What the device speaks.
        found: u32,
        /// What the server speaks.
        supported: ProtocolRange,
    },
    /// There are more records than one push may hold.
    #[error("a push holds at most {max} records")]
    TooManyRecords {
        /// The most records.
        max: u32,
    },
    /// The body is longer than one push may be.
    #[error("a push holds at most {max} bytes after decompression")]
    TooLarge {
        /// The most bytes.
        max: u64,
    },
}

/// Why one record is not judged any further; the others of its batch are not concerned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", .code.as_str())]
pub struct RecordError {
    /// The stable code for the device.
    pub code: RefusalCode,
    /// What is wrong, for the log: it never quotes the record.
    pub detail: String,
    /// The record's id, where it could be read in spite of the fault.
    pub instance_id: Option<String>,
}

impl PushError {
    /// The HTTP status that a server answers with.
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotJson { .. } | Self::Envelope { .. } | Self::UnsupportedProtocol { .. } => 400,
            Self::TooManyRecords { .. } | Self::TooLarge { .. } => 413,
        }
    }

    /// The stable end of the problem's `type`, after [`crate::PROBLEM_PREFIX`].
    pub const fn slug(&self) -> &'static str {
        match self {
            Self::NotJson { .. } => "not-json",
            Self::Envelope { .. } => "malformed",
            Self::UnsupportedProtocol { .. } => "unsupported-protocol",
            Self::TooManyRecords { .. } => "too-many-records",
            Self::TooLarge { .. } => "too-large",
        }
    }
}

impl RecordError {
    /// The answer that the device gets for this record.
    pub fn verdict(&self) -> Verdict {
        Verdict::refused(self.code)
    }
}

/// Reads a push body (already decompressed) under the server's limits.
///
/// # Errors
/// Only for what concerns the whole body; a fault of one record is in [`DecodedPush::records`].
pub fn decode_push(body: &[u8], limits: &Limits) -> Result<DecodedPush, PushError> {
    if length(body.len()) > limits.max_body_bytes {
        return Err(PushError::TooLarge { max: limits.max_body_bytes });
    }
    let text = std::str::from_utf8(body).map_err(|err| not_utf8(body, err.valid_up_to()))?;
    let envelope = decode_envelope(text, limits)?;
    let slices = envelope.records.ok_or(PushError::TooManyRecords { max: limits.max_records })?;
    let records = slices.into_iter().map(|slice| decode_record(slice.get(), limits)).collect();
    Ok(DecodedPush { protocol: envelope.protocol, batch: envelope.batch, records })
}

struct Envelope<'a> {
    protocol: u32,
    batch: Uuid,
    // None when there are more than the limit.
    records: Option<Vec<&'a RawValue>>,
}

fn decode_envelope<'a>(text: &'a str, limits: &Limits) -> Result<Envelope<'a>, PushError> {
    let supported = ProtocolRange::SUPPORTED;
    let max_records = usize::try_from(limits.max_records).unwrap_or(usize::MAX);
    let mut json = serde_json::Deserializer::from_str(text);
    let parsed = EnvelopeSeed { max_records }
        .deserialize(&mut json)
        .and_then(|envelope| json.end().map(|()| envelope));
    match parsed {
        Ok(envelope) if !supported.contains(envelope.protocol) => {
            Err(PushError::UnsupportedProtocol { found: envelope.protocol, supported })
        }
        Ok(envelope) => Ok(envelope),
        Err(err) if matches!(err.classify(), Category::Data) => Err(envelope_fault(text, &err)),
        Err(err) => Err(PushError::NotJson { line: err.line(), column: err.column() }),
    }
}

/// Reads the envelope by hand, because the limit has to reach the array of records: finding their slices in a pass of
/// its own would cost as much as decoding them.
struct EnvelopeSeed {
    max_records: usize,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Protocol,
    Batch,
    Records,
}

impl<'de> DeserializeSeed<'de> for EnvelopeSeed {
    type Value = Envelope<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeSeed {
    type Value = Envelope<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a push")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut protocol, mut batch, mut records) = (None, None, None);
        while let Some(field) = map.next_key()? {
            let (name, is_repeated) = match field {
                Field::Protocol => ("protocol", protocol.replace(map.next_value()?).is_some()),
                Field::Batch => ("batch", batch.replace(map.next_value()?).is_some()),
                Field::Records => (
                    "records",
                    records.replace(map.next_value_seed(AtMost(self.max_records))?).is_some(),
                ),
            };
            if is_repeated {
                return Err(A::Error::duplicate_field(name));
            }
        }
        Ok(Envelope {
            protocol: protocol.ok_or_else(|| A::Error::missing_field("protocol"))?,
            batch: batch.ok_or_else(|| A::Error::missing_field("batch"))?,
            records: records.ok_or_else(|| A::Error::missing_field("records"))?,
        })
    }
}

/// A later version may have fields of its own: its device should hear "unsupported", not "unknown field".
fn envelope_fault(text: &str, err: &serde_json::Error) -> PushError {
    #[derive(Deserialize)]
    struct Version {
        protocol: u32,
    }
    // Strict reading stops at the first fault; the body may also be broken further on.
    if let Err(broken) = serde_json::from_str::<IgnoredAny>(text) {
        return PushError::NotJson { line: broken.line(), column: broken.column() };
    }
    let supported = ProtocolRange::SUPPORTED;
    match serde_json::from_str::<Version>(text) {
        Ok(Version { protocol: found }) if !supported.contains(found) => {
            PushError::UnsupportedProtocol { found, supported }
        }
        _ => PushError::Envelope { detail: describe(err) },
    }
}

/// Collects up to this many elements, and `None` beyond: 16 MiB of `0,` must not become 8 million slices.
struct AtMost(usize);

impl<'de> DeserializeSeed<'de> for AtMost {
    type Value = Option<Vec<&'de RawValue>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for AtMost {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < self.0 {
            let Some(slice) = seq.next_element()? else {
                return Ok(Some(kept));
            };
            kept.push(slice);
        }
        let mut beyond = false;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            beyond = true;
        }
        Ok((!beyond).then_some(kept))
    }
}

fn decode_record(text: &str, limits: &Limits) -> Result<PushRecord, RecordError> {
    if length(text.len()) > limits.max_record_bytes {
        let detail = format!("{} bytes, at most {}", text.len(), limits.max_record_bytes);
        return Err(RecordError {
            code: RefusalCode::TooLarge,
            detail,
            instance_id: salvaged_id(text),
        });
    }
    let malformed = |detail| RecordError {
        code: RefusalCode::Malformed,
        detail,
        instance_id: salvaged_id(text),
    };
    if !text.starts_with('{') {
        return Err(malformed("the record is not an object".to_owned()));
    }
    let record: PushRecord = serde_json::from_str(text).map_err(|err| malformed(describe(&err)))?;
    match record.check() {
        Ok(()) => Ok(record),
        Err(fault) => Err(malformed(fault.to_string())),
    }
}

/// Reads the id of a record that is otherwise unsound, so that its verdict can name it.
fn salvaged_id(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Id {
        instance_id: String,
    }
    let id = serde_json::from_str::<Id>(text).ok()?.instance_id;
    let is_sound = !id.is_empty() && id.len() <= 255 && !id.contains(char::is_control);
    is_sound.then_some(id)
}

/// Says what serde found without what serde quotes: answers never reach a log through an error.
fn describe(err: &serde_json::Error) -> String {
    let message = err.to_string();
    let names_only_our_fields =
        message.starts_with("missing field") || message.starts_with("duplicate field");
    if names_only_our_fields {
        // Keeps "missing field `xml`" and drops " at line 1 column 2".
        return message.split(" at line ").next().unwrap_or_default().to_owned();
    }
    let what = if message.starts_with("unknown field") {
        "a field is not known"
    } else if message.starts_with("invalid type") || message.starts_with("invalid value") {
        "a field has the wrong type"
    } else {
        "a value cannot be read"
    };
    format!("{what}, line {}, column {}", err.line(), err.column())
}

fn not_utf8(body: &[u8], valid_up_to: usize) -> PushError {
    let valid = body.get(..valid_up_to).unwrap_or_default();
    let line_start = valid.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line = valid.split(|byte| *byte == b'\n').count();
    PushError::NotJson { line, column: valid_up_to - line_start + 1 }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).expect("a length in memory fits 64 bits")
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
