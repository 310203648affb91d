//! The handshake: what the server is, what it speaks and how much it takes. Nothing here depends on who is asking.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The version of the wire that this crate speaks.
pub const PROTOCOL: u32 = 1;

/// The `Content-Encoding`s that every Sanu server reads and writes; the coding itself is the transport's.
pub const CONTENT_ENCODINGS: [&str; 3] = ["identity", "gzip", "zstd"];

/// What a device says of itself; a GET without a body is the same as all defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HelloRequest {
    /// The versions that the device speaks; empty means "whatever you speak".
    pub protocol: Vec<u32>,
    /// The device's name for itself, for the supervisor's list of phones; never a proof of identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The application and its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
}

/// Who answers, and under which rules; what every later answer is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelloResponse {
    /// The versions that the server speaks.
    pub protocol: ProtocolRange,
    /// Which server this is, for as long as it lives.
    pub server_id: Uuid,
    /// Which history of that server this is; a restore from a backup begins another one.
    pub epoch: Uuid,
    /// The server's time (RFC 3339), so that a phone with a wrong clock can be told.
    pub server_time: String,
    /// How much the server takes at once.
    pub limits: Limits,
    /// The codings that requests may use, see [`CONTENT_ENCODINGS`].
    pub content_encodings: Vec<String>,
    /// What this server can do beyond the version; unknown names are ignored.
    pub capabilities: Vec<String>,
    /// The codes of the zones in the device's scope.
    pub zones: Vec<String>,
}

/// An inclusive range of protocol versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtocolRange {
    /// The oldest version.
    pub min: u32,
    /// The newest version.
    pub max: u32,
}

impl ProtocolRange {
    /// What this crate speaks.
    pub const SUPPORTED: Self = Self { min: PROTOCOL, max: PROTOCOL };

    /// Says whether this version is inside the range.
    pub const fn contains(self, version: u32) -> bool {
        self.min <= version && version <= self.max
    }
}

/// How much the server takes at once; sizes count bytes after decompression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Records in one push.
    pub max_records: u32,
    /// One push body.
    pub max_body_bytes: u64,
    /// One record: the JSON text of one element of `records`.
    pub max_record_bytes: u64,
    /// One blob.
    pub max_blob_bytes: u64,
    /// Where a device should start; far below the maximum, because a lost 2G request is lost whole.
    pub preferred_body_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const KIB: u64 = 1024;
        const MIB: u64 = 1024 * KIB;
        Self {
            max_records: 500,
            max_body_bytes: 16 * MIB,
            max_record_bytes: MIB,
            max_blob_bytes: 100 * MIB,
            preferred_body_bytes: 64 * KIB,
        }
    }
}

/// Why a hello cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HelloError {
    /// The body is neither empty nor a hello (HTTP 400).
    #[error("the hello is not a JSON object of protocol, device and app")]
    Malformed,
    /// The device speaks no version that the server speaks (HTTP 400).
    #[error("no common protocol version, the server speaks {} to {}", .supported.min, .supported.max)]
    UnsupportedProtocol {
        /// What the server speaks.
        supported: ProtocolRange,
    },
}

impl HelloError {
    /// The stable end of the problem's `type`.
    pub const fn slug(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnsupportedProtocol { .. } => "unsupported-protocol",
        }
    }
}

impl HelloRequest {
    /// Picks the newest version that both sides speak.
    pub fn negotiate(&self, supported: ProtocolRange) -> Result<u32, HelloError> {
        if self.protocol.is_empty() {
            return Ok(supported.max);
        }
        let common = self.protocol.iter().copied().filter(|version| supported.contains(*version));
        common.max().ok_or(HelloError::UnsupportedProtocol { supported })
    }
}

/// Reads a hello; an empty body is a hello too.
pub fn decode_hello(body: &[u8]) -> Result<HelloRequest, HelloError> {
    let body = body.trim_ascii();
    if body.is_empty() {
        return Ok(HelloRequest::default());
    }
    if !body.starts_with(b"{") {
        return Err(HelloError::Malformed);
    }
    // The parser's own message is dropped: it may quote what the device sent.
    serde_json::from_slice(body).map_err(|_| HelloError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn golden() -> HelloResponse {
        HelloResponse {
            protocol: ProtocolRange::SUPPORTED,
            server_id: Uuid::from_u128(0x0a),
            epoch: Uuid::from_u128(0x0e),
            server_time: "2025-03-01T08:00:00Z".to_owned(),
            limits: Limits::default(),
            content_encodings: CONTENT_ENCODINGS.map(str::to_owned).to_vec(),
            capabilities: vec!["receipts".to_owned()],
            zones: vec!["ML0203".to_owned()],
        }
    }

    #[test]
    fn the_hello_response_keeps_its_bytes() {
        let golden_bytes = include_str!("../fixtures/v1/hello_response.json").trim_end();

        assert_eq!(serde_json::to_string(&golden()).unwrap(), golden_bytes);
        assert_eq!(serde_json::from_str::<HelloResponse>(golden_bytes).unwrap(), golden());
    }

    #[test]
    fn an_empty_hello_is_answered_with_the_newest_version() {
        let hello = decode_hello(b" \n").unwrap();

        assert_eq!(hello, HelloRequest::default());
        assert_eq!(hello.negotiate(ProtocolRange { min: 1, max: 3 }), Ok(3));
    }

    #[test]
    fn the_newest_common_version_is_chosen() {
        let hello = decode_hello(br#"{"protocol":[9,1,2],"app":"web 1.0"}"#).unwrap();

        assert_eq!(hello.negotiate(ProtocolRange { min: 1, max: 3 }), Ok(2));
        assert!(hello.negotiate(ProtocolRange { min: 4, max: 5 }).is_err());
    }

    #[test]
    fn a_hello_with_an_unknown_field_is_malformed() {
        assert_eq!(decode_hello(br#"{"secret":"x"}"#), Err(HelloError::Malformed));
        assert_eq!(decode_hello(b"[]"), Err(HelloError::Malformed));
    }

    #[test]
    fn a_newer_server_may_say_more() {
        let mut value = serde_json::to_value(golden()).unwrap();
        value["motd"] = "bonjour".into();

        assert_eq!(serde_json::from_value::<HelloResponse>(value).unwrap(), golden());
    }
}
