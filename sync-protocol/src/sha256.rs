//! The name of a blob: its SHA-256, written in lower-case hexadecimal on the wire. This file does not hash anything.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A SHA-256 digest that names a blob.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Hex([u8; 32]);

/// The text is not the hexadecimal form of a SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 is 64 hexadecimal digits")]
pub struct Sha256HexError;

impl Sha256Hex {
    /// Names the blob that has this digest.
    pub const fn from_bytes(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The digest itself.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Sha256Hex {
    type Err = Sha256HexError;

    /// Reads both cases, since many tools print capitals; only lower case is ever written.
    fn from_str(text: &str) -> Result<Self, Sha256HexError> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(Sha256HexError);
        }
        let mut digest = [0_u8; 32];
        for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
            *byte = (nibble(*high)? << 4) | nibble(*low)?;
        }
        Ok(Self(digest))
    }
}

fn nibble(digit: u8) -> Result<u8, Sha256HexError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(Sha256HexError),
    }
}

impl TryFrom<String> for Sha256Hex {
    type Error = Sha256HexError;

    fn try_from(text: String) -> Result<Self, Sha256HexError> {
        text.parse()
    }
}

impl From<Sha256Hex> for String {
    fn from(digest: Sha256Hex) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for Sha256Hex {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256Hex {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Sha256Hex({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_are_read_and_lower_case_is_written() {
        let text = "0123456789ABCDEF".repeat(4);

        let digest: Sha256Hex = text.parse().unwrap();

        assert_eq!(digest.to_string(), text.to_lowercase());
        assert_eq!(digest.as_bytes()[..2], [0x01, 0x23]);
    }

    #[test]
    fn anything_but_64_hexadecimal_digits_is_refused() {
        for text in [String::new(), "a".repeat(63), "a".repeat(65), "g".repeat(64), "é".repeat(32)]
        {
            assert_eq!(text.parse::<Sha256Hex>(), Err(Sha256HexError), "{text}");
        }
    }
}
