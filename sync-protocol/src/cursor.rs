//! Where a device stands in the server's feed: one position per zone, written as one opaque, URL-safe word.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The first byte, so that another layout can follow without guessing.
const LAYOUT: u8 = 1;

/// The longest cursor in characters: it has to fit into a URL together with the rest.
const MAX_CHARS: usize = 6 * 1024;

/// A position in the feed of one epoch; zones that it does not name are at 0, before their first change.
///
/// It is a string in JSON, because sequence numbers may pass 2^53, where JavaScript loses count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    epoch: Uuid,
    // Positions above 0 only, so that equal cursors have equal text.
    positions: BTreeMap<u32, u64>,
}

/// What a cursor means to a server of a given epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorState {
    /// It is a position in the server's own history.
    Current,
    /// It is a position in a history that was replaced, by a restore for instance: the device starts again.
    OtherEpoch,
}

/// Where a server continues for a device, and whether the device must start again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The position to read from, always of the server's epoch.
    pub from: Cursor,
    /// The value of [`crate::PullResponse::reset`].
    pub reset: bool,
}

/// Why a text is not a cursor; a device that sent it should try again with the one it stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It is longer than any cursor.
    #[error("the cursor is too long")]
    TooLong,
    /// It is not base64url without padding.
    #[error("the cursor is not base64url")]
    NotBase64,
    /// It ends too early.
    #[error("the cursor is truncated")]
    Truncated,
    /// Something on the way changed it.
    #[error("the cursor is damaged")]
    Checksum,
    /// It has a layout of a later server.
    #[error("the cursor has layout {0}, which is not known here")]
    Layout(u8),
    /// Its checksum is right and its content is not: it was not made by a server.
    #[error("the cursor was not made by a server")]
    Malformed,
}

impl Cursor {
    /// The position before everything.
    pub const fn start(epoch: Uuid) -> Self {
        Self { epoch, positions: BTreeMap::new() }
    }

    /// The history that the position belongs to.
    pub const fn epoch(&self) -> Uuid {
        self.epoch
    }

    /// The last sequence number seen in a zone, 0 if none.
    pub fn get(&self, zone: u32) -> u64 {
        self.positions.get(&zone).copied().unwrap_or(0)
    }

    /// The zones of which something was seen, with the last sequence number of each.
    pub fn positions(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.positions.iter().map(|(zone, seq)| (*zone, *seq))
    }

    /// Moves forward in a zone; it never goes back.
    pub fn advance(&mut self, zone: u32, seq: u64) {
        if seq > self.get(zone) {
            self.positions.insert(zone, seq);
        }
    }

    /// Says whether this position has seen all that the other one has.
    pub fn covers(&self, other: &Self) -> bool {
        self.epoch == other.epoch && other.positions().all(|(zone, seq)| self.get(zone) >= seq)
    }

    /// What the cursor means to a server of this epoch.
    pub fn state(&self, epoch: Uuid) -> CursorState {
        if self.epoch == epoch { CursorState::Current } else { CursorState::OtherEpoch }
    }

    /// Reads the opaque text.
    pub fn decode(text: &str) -> Result<Self, CursorError> {
        if text.len() > MAX_CHARS {
            return Err(CursorError::TooLong);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::NotBase64)?;
        let (content, checksum) = bytes.split_last_chunk::<4>().ok_or(CursorError::Truncated)?;
        if crc32(content).to_be_bytes() != *checksum {
            return Err(CursorError::Checksum);
        }
        let (layout, rest) = content.split_first().ok_or(CursorError::Truncated)?;
        if *layout != LAYOUT {
            return Err(CursorError::Layout(*layout));
        }
        let (epoch, mut rest) = rest.split_first_chunk::<16>().ok_or(CursorError::Truncated)?;
        let positions = read_positions(&mut rest)?;
        if rest.is_empty() {
            Ok(Self { epoch: Uuid::from_bytes(*epoch), positions })
        } else {
            Err(CursorError::Malformed)
        }
    }

    /// Writes the opaque text.
    pub fn encode(&self) -> String {
        let mut bytes = vec![LAYOUT];
        bytes.extend_from_slice(self.epoch.as_bytes());
        write_varint(
            &mut bytes,
            u64::try_from(self.positions.len()).expect("a length in memory fits 64 bits"),
        );
        for (zone, seq) in self.positions() {
            write_varint(&mut bytes, u64::from(zone));
            write_varint(&mut bytes, seq);
        }
        let checksum = crc32(&bytes);
        bytes.extend_from_slice(&checksum.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

impl Resume {
    /// Decides where to continue for a device that sent this cursor, or none.
    pub fn new(cursor: Option<Cursor>, epoch: Uuid) -> Self {
        match cursor {
            Some(cursor) if cursor.state(epoch) == CursorState::Current => {
                Self { from: cursor, reset: false }
            }
            Some(_) => Self { from: Cursor::start(epoch), reset: true },
            None => Self { from: Cursor::start(epoch), reset: false },
        }
    }
}

fn read_positions(rest: &mut &[u8]) -> Result<BTreeMap<u32, u64>, CursorError> {
    let count = read_varint(rest)?;
    let mut positions = BTreeMap::new();
    let mut last = None;
    // The count is not trusted with an allocation: the bytes run out first.
    for _ in 0..count {
        let zone = u32::try_from(read_varint(rest)?).map_err(|_| CursorError::Malformed)?;
        let seq = read_varint(rest)?;
        if seq == 0 || last >= Some(zone) {
            return Err(CursorError::Malformed);
        }
        last = Some(zone);
        positions.insert(zone, seq);
    }
    Ok(positions)
}

/// Appends a number as LEB128: seven bits a byte, lowest first, the top bit says that more follow.
fn write_varint(bytes: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = u8::try_from(value & 0x7f).expect("seven bits fit a byte");
        value >>= 7;
        if value == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn read_varint(rest: &mut &[u8]) -> Result<u64, CursorError> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, tail) = rest.split_first().ok_or(CursorError::Malformed)?;
        *rest = tail;
        let bits = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit only, and a last byte of 0 would give a number a second spelling.
        let is_canonical = (bits << shift) >> shift == bits && (shift == 0 || *byte != 0);
        if !is_canonical {
            return Err(CursorError::Malformed);
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(CursorError::Malformed)
}

/// The CRC-32 of Ethernet and zip. It catches cursors cut short or mangled by proxies, logs and copy-paste, which would
/// otherwise become a wrong position. It is no security measure: a cursor grants nothing, scope is checked on every read.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(!0, step)
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        Self::decode(text)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.encode())
    }
}

impl TryFrom<String> for Cursor {
    type Error = CursorError;

    fn try_from(text: String) -> Result<Self, CursorError> {
        Self::decode(&text)
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.encode()
    }
}

#[cfg(test)]
#[path = "cursor_tests.rs"]
mod tests;
