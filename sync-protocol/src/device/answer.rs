//! Telling our server's answers from those of captive portals, other servers and broken proxies.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::PROBLEM_PREFIX;

/// Which server, and which history of it, a device deals with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerMark {
    /// The server's id, which never changes.
    pub server_id: Uuid,
    /// The id of its history, which a restore changes.
    pub epoch: Uuid,
}

/// Why an answer changes nothing on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It is not what a Sanu server says: a captive portal's page, or an answer cut short.
    #[error("the answer is not from a Sanu server, or is cut short")]
    NotOurs,
    /// It comes from a server other than the one greeted.
    #[error("the answer is from server {found}, not {expected}")]
    OtherServer {
        /// The server greeted.
        expected: Uuid,
        /// The server that answers.
        found: Uuid,
    },
    /// There was no hello yet, so nothing can be compared.
    #[error("no server was greeted yet")]
    NoHello,
    /// It answers a request that is no longer waited for.
    #[error("the answer is to an earlier request")]
    Stale,
    /// It contradicts the request that it claims to answer.
    #[error("the answer contradicts the request")]
    Inconsistent,
}

/// What went wrong with a request that got no 2xx answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No answer, or one from something in between.
    Network,
    /// The server is there and cannot now (429, 5xx): wait, then the same again.
    Busy,
    /// The token is not accepted (401, 403): sending again will not help until the phone is set up again.
    Unauthorised,
    /// Something in between found the body too large (413 that is not ours).
    TooLargeForProxy,
    /// Our server does not take the body as a whole (400, 413 with a problem of ours).
    Rejected,
    /// Our server speaks no version that this application speaks: the application must be updated.
    Outdated,
}

impl Failure {
    /// Reads a status other than 2xx together with its body; only a problem of ours is taken as our server's word.
    pub fn from_answer(status: u16, body: &[u8]) -> Self {
        let slug = problem_slug(body);
        match (status, slug.as_deref()) {
            (_, Some("unsupported-protocol")) => Self::Outdated,
            (401 | 403, _) => Self::Unauthorised,
            (400 | 413 | 422, Some(_)) => Self::Rejected,
            (413, None) => Self::TooLargeForProxy,
            (429 | 500..=599, _) => Self::Busy,
            _ => Self::Network,
        }
    }
}

fn problem_slug(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Problem {
        r#type: String,
    }
    let problem: Problem = serde_json::from_slice(body).ok()?;
    problem.r#type.strip_prefix(PROBLEM_PREFIX).map(str::to_owned)
}

/// Reads a 2xx body, and says so if it is not one of ours.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, AnswerError> {
    serde_json::from_slice(body).map_err(|_| AnswerError::NotOurs)
}

/// Checks who answers before anything is believed.
pub(crate) fn check_server(expected: Option<Uuid>, found: Uuid) -> Result<(), AnswerError> {
    match expected {
        Some(expected) if expected == found => Ok(()),
        Some(expected) => Err(AnswerError::OtherServer { expected, found }),
        None => Err(AnswerError::NoHello),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_problem_of_ours_counts_as_the_servers_word() {
        let ours = br#"{"type":"urn:sanu:problem:not-json","title":"x","status":400}"#;
        let theirs = br#"{"type":"about:blank"}"#;

        assert_eq!(Failure::from_answer(400, ours), Failure::Rejected);
        assert_eq!(Failure::from_answer(413, ours), Failure::Rejected);
        assert_eq!(Failure::from_answer(400, theirs), Failure::Network);
        assert_eq!(Failure::from_answer(400, b"<html>"), Failure::Network);
        assert_eq!(Failure::from_answer(413, b"<html>"), Failure::TooLargeForProxy);
        assert_eq!(Failure::from_answer(302, b""), Failure::Network);
        assert_eq!(Failure::from_answer(503, b""), Failure::Busy);
        assert_eq!(Failure::from_answer(401, b""), Failure::Unauthorised);
        let outdated = br#"{"type":"urn:sanu:problem:unsupported-protocol"}"#;
        assert_eq!(Failure::from_answer(400, outdated), Failure::Outdated);
    }
}
