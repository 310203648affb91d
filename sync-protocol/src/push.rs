//! What a device pushes: submissions as ODK XML, with the names of their attachments. Blobs travel on their own.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::sha256::Sha256Hex;

/// The longest identifier or file name, in bytes; file systems stop at 255.
const MAX_NAME_BYTES: usize = 255;

/// One push as a device writes it; a server reads it with [`crate::decode_push`], record by record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushRequest {
    /// The version of the wire, [`crate::PROTOCOL`].
    pub protocol: u32,
    /// The device's name for this attempt; a resend may use another one, records are recognised by content.
    pub batch: Uuid,
    /// The records, each judged on its own.
    pub records: Vec<PushRecord>,
}

/// One submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushRecord {
    /// The `instanceID` in the XML.
    pub instance_id: String,
    /// The form's id.
    pub form_id: String,
    /// The form's version, which may be empty.
    pub form_version: String,
    /// The submission as ODK XML, byte for byte: one format of the truth behind both doors.
    pub xml: String,
    /// The files that the XML names.
    #[serde(default)]
    pub attachments: Vec<AttachmentRef>,
}

/// One file of a submission, sent apart as a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachmentRef {
    /// The file's name as the XML writes it.
    pub name: String,
    /// The blob's name.
    pub sha256: Sha256Hex,
    /// The blob's length in bytes.
    pub size: u64,
    /// The media type; empty when the device does not know.
    #[serde(default)]
    pub content_type: String,
}

/// Why a record that is well-formed JSON is not a submission; it never quotes the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    /// A name is empty, too long or holds control characters.
    #[error("{field} is empty, longer than 255 bytes or holds control characters")]
    Name {
        /// The field concerned.
        field: &'static str,
    },
    /// The XML is empty.
    #[error("xml is empty")]
    NoXml,
    /// The XML holds U+0000, which no XML may and which PostgreSQL cannot store.
    #[error("xml holds the character U+0000")]
    Nul,
    /// A file name is a path, or no name at all.
    #[error("attachments[].name is not a plain file name")]
    AttachmentName,
    /// Two attachments share a name.
    #[error("two attachments share a name")]
    RepeatedAttachment,
}

impl PushRecord {
    /// Checks what JSON types cannot say; a server has done so for each record it decodes.
    pub fn check(&self) -> Result<(), RecordFault> {
        check_name("instance_id", &self.instance_id)?;
        check_name("form_id", &self.form_id)?;
        if !self.form_version.is_empty() {
            check_name("form_version", &self.form_version)?;
        }
        if self.xml.is_empty() {
            return Err(RecordFault::NoXml);
        }
        if self.xml.as_bytes().contains(&0) {
            return Err(RecordFault::Nul);
        }
        let mut names = BTreeSet::new();
        for attachment in &self.attachments {
            attachment.check()?;
            if !names.insert(attachment.name.as_str()) {
                return Err(RecordFault::RepeatedAttachment);
            }
        }
        Ok(())
    }

    /// The bytes that the record takes in a push body, which is what [`crate::Limits::max_record_bytes`] counts.
    pub fn encoded_len(&self) -> u64 {
        let text =
            serde_json::to_vec(self).expect("a record is strings and numbers under string keys");
        u64::try_from(text.len()).expect("a length in memory fits 64 bits")
    }
}

impl PushRequest {
    /// Writes the request body.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a push is strings and numbers under string keys")
    }
}

impl AttachmentRef {
    fn check(&self) -> Result<(), RecordFault> {
        let is_path = self.name.contains(['/', '\\']) || self.name == "." || self.name == "..";
        if is_path || check_name("name", &self.name).is_err() {
            return Err(RecordFault::AttachmentName);
        }
        if !self.content_type.is_empty() {
            check_name("attachments[].content_type", &self.content_type)?;
        }
        Ok(())
    }
}

fn check_name(field: &'static str, name: &str) -> Result<(), RecordFault> {
    let is_sound =
        !name.trim().is_empty() && name.len() <= MAX_NAME_BYTES && !name.contains(char::is_control);
    if is_sound { Ok(()) } else { Err(RecordFault::Name { field }) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn record(instance_id: &str) -> PushRecord {
        PushRecord {
            instance_id: instance_id.to_owned(),
            form_id: "orpailleur".to_owned(),
            form_version: "2025030100".to_owned(),
            xml: format!(
                "<d id=\"orpailleur\"><meta><instanceID>{instance_id}</instanceID></meta></d>"
            ),
            attachments: Vec::new(),
        }
    }

    fn photo(name: &str) -> AttachmentRef {
        AttachmentRef {
            name: name.to_owned(),
            sha256: Sha256Hex::from_bytes([0xab; 32]),
            size: 4096,
            content_type: "image/jpeg".to_owned(),
        }
    }

    #[test]
    fn the_push_request_keeps_its_bytes() {
        let mut with_photo = record("uuid:1");
        with_photo.attachments.push(photo("carte.jpg"));
        let request = PushRequest {
            protocol: 1,
            batch: Uuid::from_u128(0xb),
            records: vec![with_photo, record("uuid:2")],
        };
        let golden_bytes = include_str!("../fixtures/v1/push_request.json").trim_end();

        assert_eq!(String::from_utf8(request.to_json()).unwrap(), golden_bytes);
        assert_eq!(serde_json::from_str::<PushRequest>(golden_bytes).unwrap(), request);
    }

    #[test]
    fn a_file_name_that_is_a_path_is_a_fault() {
        for name in ["", "..", "a/b.jpg", "..\\b.jpg", "a\n.jpg"] {
            let mut suspect = record("uuid:1");
            suspect.attachments.push(photo(name));
            assert_eq!(suspect.check(), Err(RecordFault::AttachmentName), "{name:?}");
        }
    }

    #[test]
    fn two_attachments_of_one_name_are_a_fault() {
        let mut suspect = record("uuid:1");
        suspect.attachments = vec![photo("a.jpg"), photo("a.jpg")];

        assert_eq!(suspect.check(), Err(RecordFault::RepeatedAttachment));
    }

    #[test]
    fn an_empty_form_version_is_sound_and_an_empty_form_id_is_not() {
        let mut suspect = record("uuid:1");
        suspect.form_version.clear();
        assert_eq!(suspect.check(), Ok(()));

        suspect.form_id.clear();
        assert_eq!(suspect.check(), Err(RecordFault::Name { field: "form_id" }));
    }
}
