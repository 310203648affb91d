//! What is sealed inside a journal entry: the submission byte for byte, and the list of its files.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use crate::keys::{SealError, SubjectKey};

/// One file of a submission, as the journal remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// The name in the XML.
    pub name: String,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Declared media type.
    pub content_type: String,
}

/// The plaintext of a journal entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Files that arrived with it.
    pub files: Vec<FileEntry>,
    /// The rules by which what it said of a person was not kept.
    pub withheld: Vec<String>,
    /// The submission as received, or what was kept of it; empty for an event of files only.
    pub xml: Vec<u8>,
}

/// What stands before the submission. Most have files or nothing: then it is the list of files alone.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Header {
    Files(Vec<FileEntry>),
    Withheld { files: Vec<FileEntry>, withheld: Vec<String> },
}

/// A stored payload that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// Wrong key or damaged bytes.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// The opened bytes are not what was written.
    #[error("journal payload is malformed")]
    Malformed,
}

/// Level 1: questionnaires shrink to a third, for a few microseconds.
const LEVEL: i32 = 1;
/// No stored payload opens to more than this.
const MAX: usize = 64 * 1024 * 1024;

thread_local! {
    // A compression context costs more to make than to use on 3 kB.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

impl Payload {
    /// Seals it under an event's key.
    pub fn seal(self, key: &SubjectKey, event: uuid::Uuid) -> Vec<u8> {
        let Self { files, withheld, xml } = self;
        let header = match (files.is_empty(), withheld.is_empty()) {
            (true, true) => None,
            (false, true) => Some(Header::Files(files)),
            (_, false) => Some(Header::Withheld { files, withheld }),
        };
        let header = header.map(|h| serde_json::to_vec(&h).expect("plain structs are always JSON"));
        let header = header.unwrap_or_default();
        let mut plain = Vec::with_capacity(4 + header.len() + xml.len());
        let length = u32::try_from(header.len()).expect("the door bounds the number of files");
        plain.extend_from_slice(&length.to_le_bytes());
        plain.extend_from_slice(&header);
        plain.extend_from_slice(&xml);
        key.seal(event.as_bytes(), &compress(&plain))
    }

    /// Opens what [`Payload::seal`] made.
    pub fn open(sealed: &[u8], key: &SubjectKey, event: uuid::Uuid) -> Result<Self, PayloadError> {
        let compressed = key.open(event.as_bytes(), sealed)?;
        let plain = decompress(&compressed)?;
        let (length, rest) = plain.split_first_chunk::<4>().ok_or(PayloadError::Malformed)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (header, xml) = rest.split_at_checked(length).ok_or(PayloadError::Malformed)?;
        let header = if header.is_empty() {
            Header::Files(Vec::new())
        } else {
            serde_json::from_slice(header).map_err(|_| PayloadError::Malformed)?
        };
        let (files, withheld) = match header {
            Header::Files(files) => (files, Vec::new()),
            Header::Withheld { files, withheld } => (files, withheld),
        };
        Ok(Self { files, withheld, xml: xml.to_vec() })
    }
}

fn decompress(compressed: &[u8]) -> Result<Vec<u8>, PayloadError> {
    let size = zstd::bulk::Decompressor::upper_bound(compressed).unwrap_or(MAX).min(MAX);
    DECOMPRESSOR.with_borrow_mut(|slot| {
        let decompressor = match slot {
            Some(decompressor) => decompressor,
            None => {
                slot.insert(zstd::bulk::Decompressor::new().map_err(|_| PayloadError::Malformed)?)
            }
        };
        decompressor.decompress(compressed, size).map_err(|_| PayloadError::Malformed)
    })
}

fn compress(plain: &[u8]) -> Vec<u8> {
    COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            None => slot.insert(
                zstd::bulk::Compressor::new(LEVEL).expect("level 1 is a valid compression level"),
            ),
        };
        compressor.compress(plain).expect("compression into a sufficient buffer cannot fail")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_comes_back_byte_for_byte() {
        let key = SubjectKey::new([1; 32]);
        let id = uuid::Uuid::from_u128(7);
        let files = vec![FileEntry {
            name: "../x".into(),
            sha256: "00".into(),
            size: 3,
            content_type: "image/jpeg".into(),
        }];
        let xml = b"<data>\xEF\xBB\xBF \r\n</data>";
        for withheld in [vec![], vec![String::from("A16")]] {
            let payload = Payload { files: files.clone(), withheld, xml: xml.to_vec() };
            let sealed = payload.clone().seal(&key, id);
            assert_eq!(Payload::open(&sealed, &key, id).unwrap(), payload);
        }
        let sealed = Payload { files, withheld: Vec::new(), xml: xml.to_vec() }.seal(&key, id);
        assert!(Payload::open(&sealed, &key, uuid::Uuid::from_u128(8)).is_err());
    }
}
