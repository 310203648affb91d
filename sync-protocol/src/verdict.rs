//! What the server answers to each record of a push, and what the device may conclude from it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::pull::ReceiptState;
use crate::sha256::Sha256Hex;

/// The server's answer to a push; only records with a verdict in it have been judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushResponse {
    /// Which server answers; a device compares it with its hello.
    pub server_id: Uuid,
    /// Which history of that server.
    pub epoch: Uuid,
    /// The batch that this answers.
    pub batch: Uuid,
    /// One verdict per record, in the order sent.
    pub results: Vec<RecordResult>,
    /// The attachments of this batch that the server does not hold yet.
    pub missing_blobs: Vec<Sha256Hex>,
}

/// The verdict on one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordResult {
    /// The record's place in the batch, from 0.
    pub index: u32,
    /// The record's id, where it could be read.
    pub instance_id: Option<String>,
    /// The verdict itself.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What became of one record; version 1 of the wire never gets another verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It is in the journal; what it means is worked out next and told by a receipt.
    Accepted {
        /// The server's name for the submission.
        submission_id: Uuid,
    },
    /// These very bytes were in the journal already.
    Duplicate {
        /// The server's name for the submission that came first.
        submission_id: Uuid,
        /// What became of it, if known: the receipt may lie behind the cursor of a device that asks again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<ReceiptState>,
    },
    /// Other bytes came under this id before: both are kept, this one in quarantine.
    Conflict {
        /// The server's name for this submission.
        submission_id: Uuid,
        /// The submission that it contradicts.
        with: Uuid,
    },
    /// It is in the journal, and a person will look at it first.
    Quarantined {
        /// The server's name for the submission.
        submission_id: Uuid,
        /// The rules that it breaks.
        rules: Vec<String>,
    },
    /// It is not in the journal; the device keeps it.
    Refused {
        /// The stable reason.
        code: RefusalCode,
        /// The reason in French, short, for the person who holds the phone.
        message: String,
    },
}

/// Why a record is not taken; devices treat codes that they do not know as [`RefusalCode::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// No form of this id is published here.
    UnknownForm,
    /// The XML cannot be read.
    Unparsable,
    /// The record is over a limit of the hello.
    TooLarge,
    /// The ids beside the XML are not the ones in it.
    InstanceMismatch,
    /// The record is not what the protocol describes.
    Malformed,
    /// The account may not send this form.
    NoPermission,
    /// A code of a newer server; never sent.
    #[serde(other, skip_serializing)]
    Other,
}

impl Verdict {
    /// Refuses with the code's own message.
    pub fn refused(code: RefusalCode) -> Self {
        Self::Refused { code, message: code.message().to_owned() }
    }

    /// The server's name for the submission, unless it was refused.
    pub const fn submission_id(&self) -> Option<Uuid> {
        match self {
            Self::Accepted { submission_id }
            | Self::Duplicate { submission_id, .. }
            | Self::Conflict { submission_id, .. }
            | Self::Quarantined { submission_id, .. } => Some(*submission_id),
            Self::Refused { .. } => None,
        }
    }

    /// The outcome that the verdict itself tells, as a receipt would.
    pub const fn outcome(&self) -> Option<ReceiptState> {
        match self {
            Self::Quarantined { .. } => Some(ReceiptState::Quarantined),
            Self::Duplicate { state, .. } => *state,
            Self::Accepted { .. } | Self::Conflict { .. } | Self::Refused { .. } => None,
        }
    }

    /// Says whether the device may delete its copy once the attachments are sent too.
    ///
    /// `accepted` is durable but not enough: until the outcome is known, "applied" or "quarantined", the phone holds the
    /// only copy that its owner can look at and send again, for instance after the server was restored from a backup.
    pub fn is_safe_to_forget(&self) -> bool {
        self.outcome().is_some_and(ReceiptState::is_safe_to_forget)
    }
}

impl RefusalCode {
    /// The code as the wire writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownForm => "unknown_form",
            Self::Unparsable => "unparsable",
            Self::TooLarge => "too_large",
            Self::InstanceMismatch => "instance_mismatch",
            Self::Malformed => "malformed",
            Self::NoPermission => "no_permission",
            Self::Other => "other",
        }
    }

    /// The message for the person who holds the phone.
    pub const fn message(self) -> &'static str {
        match self {
            Self::UnknownForm => {
                "Ce formulaire n'est pas connu du serveur. Mettez à jour la liste des formulaires, puis renvoyez la fiche."
            }
            Self::Unparsable => {
                "La fiche est illisible. Gardez-la sur l'appareil et prévenez votre superviseur."
            }
            Self::TooLarge => {
                "La fiche est trop volumineuse. Gardez-la sur l'appareil et prévenez votre superviseur."
            }
            Self::InstanceMismatch => {
                "Le numéro de la fiche ne correspond pas à son contenu. Gardez-la et prévenez votre superviseur."
            }
            Self::Malformed => {
                "L'envoi de la fiche est mal formé. Mettez l'application à jour, puis renvoyez la fiche."
            }
            Self::NoPermission => {
                "Votre compte ne permet pas d'envoyer ce formulaire. Prévenez votre superviseur."
            }
            Self::Other => {
                "La fiche n'a pas été acceptée. Gardez-la sur l'appareil et prévenez votre superviseur."
            }
        }
    }

    /// Says whether the same bytes may pass another day, once someone has changed something on the server.
    pub const fn may_pass_later(self) -> bool {
        matches!(self, Self::UnknownForm | Self::NoPermission | Self::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden() -> PushResponse {
        let id = Uuid::from_u128;
        let verdicts = vec![
            Verdict::Accepted { submission_id: id(1) },
            Verdict::Duplicate { submission_id: id(2), state: None },
            Verdict::Duplicate { submission_id: id(3), state: Some(ReceiptState::Applied) },
            Verdict::Conflict { submission_id: id(4), with: id(1) },
            Verdict::Quarantined { submission_id: id(5), rules: vec!["OR-017".to_owned()] },
            Verdict::refused(RefusalCode::UnknownForm),
        ];
        let results = (0..)
            .zip(verdicts)
            .map(|(index, verdict)| RecordResult {
                index,
                instance_id: Some(format!("uuid:{index}")),
                verdict,
            })
            .chain([RecordResult {
                index: 6,
                instance_id: None,
                verdict: Verdict::refused(RefusalCode::Malformed),
            }])
            .collect();
        PushResponse {
            server_id: id(0x0a),
            epoch: id(0x0e),
            batch: id(0x0b),
            results,
            missing_blobs: vec![Sha256Hex::from_bytes([0xab; 32])],
        }
    }

    #[test]
    fn the_push_response_keeps_its_bytes() {
        let golden_bytes = include_str!("../fixtures/v1/push_response.json").trim_end();

        assert_eq!(serde_json::to_string(&golden()).unwrap(), golden_bytes);
        assert_eq!(serde_json::from_str::<PushResponse>(golden_bytes).unwrap(), golden());
    }

    #[test]
    fn only_a_known_outcome_is_safe_to_forget() {
        let safe: Vec<u32> = golden()
            .results
            .iter()
            .filter(|r| r.verdict.is_safe_to_forget())
            .map(|r| r.index)
            .collect();

        assert_eq!(safe, [2, 4]);
        let held =
            Verdict::Duplicate { submission_id: Uuid::nil(), state: Some(ReceiptState::Held) };
        assert!(!held.is_safe_to_forget());
    }

    #[test]
    fn a_refusal_code_is_written_as_it_is_named() {
        use RefusalCode::{
            InstanceMismatch, Malformed, NoPermission, TooLarge, UnknownForm, Unparsable,
        };
        for code in [UnknownForm, Unparsable, TooLarge, InstanceMismatch, Malformed, NoPermission] {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", code.as_str()));
        }
        assert_eq!(
            serde_json::from_str::<RefusalCode>("\"of_next_year\"").unwrap(),
            RefusalCode::Other
        );
    }
}
