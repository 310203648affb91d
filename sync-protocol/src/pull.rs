//! What a device pulls: what changed on the server since a cursor, within the device's scope.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cursor::{Cursor, CursorError};

/// What a device asks for; it travels as query parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullRequest {
    /// Where the device stands; none means from the start.
    pub cursor: Option<Cursor>,
    /// The most changes that the device wants at once.
    pub limit: Option<u32>,
    /// The datasets that the device wants; none means all in its scope, receipts come in any case.
    pub datasets: Option<Vec<String>>,
}

/// Why the query of a pull is not understood (HTTP 400); no message quotes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A parameter is not one of cursor, limit and datasets.
    #[error("a pull takes cursor, limit and datasets")]
    UnknownParameter,
    /// A parameter is given twice.
    #[error("{name} is given twice")]
    Repeated {
        /// The parameter.
        name: &'static str,
    },
    /// The limit is not a number from 1.
    #[error("limit is not a number from 1")]
    Limit,
    /// A dataset has no name.
    #[error("datasets is not a list of names with commas between")]
    Datasets,
    /// The cursor is damaged.
    #[error("cursor: {0}")]
    Cursor(#[from] CursorError),
}

impl PullRequest {
    /// Reads the query's pairs, already percent-decoded.
    pub fn from_query<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> Result<Self, QueryError> {
        let mut request = Self::default();
        for (name, value) in pairs {
            let value = value.as_ref();
            match name.as_ref() {
                "cursor" => put(&mut request.cursor, "cursor", value.parse()?)?,
                "limit" => put(&mut request.limit, "limit", parse_limit(value)?)?,
                "datasets" => put(&mut request.datasets, "datasets", parse_datasets(value)?)?,
                _ => return Err(QueryError::UnknownParameter),
            }
        }
        Ok(request)
    }

    /// Writes the query's pairs; the transport percent-encodes them.
    pub fn to_query(&self) -> Vec<(&'static str, String)> {
        let cursor = self.cursor.as_ref().map(|cursor| ("cursor", cursor.to_string()));
        let limit = self.limit.map(|limit| ("limit", limit.to_string()));
        let datasets = self.datasets.as_ref().map(|datasets| ("datasets", datasets.join(",")));
        cursor.into_iter().chain(limit).chain(datasets).collect()
    }
}

fn put<T>(slot: &mut Option<T>, name: &'static str, value: T) -> Result<(), QueryError> {
    if slot.replace(value).is_some() { Err(QueryError::Repeated { name }) } else { Ok(()) }
}

fn parse_limit(text: &str) -> Result<u32, QueryError> {
    text.parse().ok().filter(|limit| *limit > 0).ok_or(QueryError::Limit)
}

fn parse_datasets(text: &str) -> Result<Vec<String>, QueryError> {
    let names: Vec<String> = text.split(',').map(str::to_owned).collect();
    if names.iter().any(String::is_empty) { Err(QueryError::Datasets) } else { Ok(names) }
}

/// One page of changes, in the order of the server's commits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PullResponse {
    /// Which server answers.
    pub server_id: Uuid,
    /// Which history of that server; the cursor belongs to it.
    pub epoch: Uuid,
    /// The device must drop the entities it holds before it takes these changes: they begin from the start.
    pub reset: bool,
    /// The changes.
    pub changes: Vec<Change>,
    /// Where the device stands once it has stored these changes.
    pub next: Cursor,
    /// There is more to pull right now.
    pub more: bool,
}

/// The values of an entity by property name.
pub type Properties = serde_json::Map<String, serde_json::Value>;

/// One change; a device skips the kinds that it does not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// An entity is new or has another version.
    Entity {
        /// The dataset.
        dataset: String,
        /// The entity.
        id: Uuid,
        /// Its version, which only grows.
        version: u64,
        /// Its name in a list of choices.
        label: String,
        /// The values that phones get.
        properties: Properties,
    },
    /// An entity must leave the device.
    Tombstone {
        /// The dataset.
        dataset: String,
        /// The entity.
        id: Uuid,
        /// Why it goes.
        reason: TombstoneReason,
    },
    /// What became of a submission that this device sent.
    Receipt {
        /// The server's name for the submission.
        submission_id: Uuid,
        /// Its id on the device; on its own it does not say which bytes are meant, the submission does.
        instance_id: String,
        /// What became of it.
        state: ReceiptState,
        /// The rules that it breaks.
        rules: Vec<String>,
    },
    /// Somebody asks the enumerator to look at a submission of this device again: an edit of it answers.
    Returned {
        /// The server's name for the submission.
        submission_id: Uuid,
        /// Its id on the device.
        instance_id: String,
        /// What the enumerator is told.
        message: String,
        /// The rules that it breaks.
        rules: Vec<String>,
    },
    /// A kind of a newer server; never sent.
    #[serde(other, skip_serializing)]
    Unknown,
}

/// Why an entity leaves the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TombstoneReason {
    /// It is gone.
    Deleted,
    /// It is no longer in the device's zones.
    OutOfScope,
    /// It was erased on request; nothing of it may stay.
    Erased,
    /// It is the same as another entity, which has come or will come as a change of its own.
    Merged,
    /// A reason of a newer server; never sent.
    #[serde(other, skip_serializing)]
    Other,
}

/// What became of a submission; version 1 of the wire never gets another state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    /// It waits for something else, such as a form version or the entity that it updates.
    Held,
    /// A person will look at it first.
    Quarantined,
    /// It counts.
    Applied,
}

impl ReceiptState {
    /// Says whether the device may delete its copy: the outcome is known, and on the server.
    pub const fn is_safe_to_forget(self) -> bool {
        matches!(self, Self::Applied | Self::Quarantined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden() -> PullResponse {
        let epoch = Uuid::from_u128(0x0e);
        let mut next = Cursor::start(epoch);
        next.advance(3, 41);
        next.advance(900, 9_007_199_254_740_993);
        let properties = [("commune", "Kéniéba"), ("etat", "actif")];
        PullResponse {
            server_id: Uuid::from_u128(0x0a),
            epoch,
            reset: false,
            changes: vec![
                Change::Entity {
                    dataset: "sites".to_owned(),
                    id: Uuid::from_u128(1),
                    version: 2,
                    label: "Sadiola 4".to_owned(),
                    properties: properties
                        .map(|(name, value)| (name.to_owned(), value.into()))
                        .into_iter()
                        .collect(),
                },
                Change::Tombstone {
                    dataset: "sites".to_owned(),
                    id: Uuid::from_u128(2),
                    reason: TombstoneReason::OutOfScope,
                },
                Change::Receipt {
                    submission_id: Uuid::from_u128(3),
                    instance_id: "uuid:3".to_owned(),
                    state: ReceiptState::Quarantined,
                    rules: vec!["OR-017".to_owned()],
                },
            ],
            next,
            more: true,
        }
    }

    #[test]
    fn the_pull_response_keeps_its_bytes() {
        let golden_bytes = include_str!("../fixtures/v1/pull_response.json").trim_end();

        assert_eq!(serde_json::to_string(&golden()).unwrap(), golden_bytes);
        assert_eq!(serde_json::from_str::<PullResponse>(golden_bytes).unwrap(), golden());
    }

    #[test]
    fn a_kind_of_change_of_next_year_is_skipped_over() {
        let change: Change = serde_json::from_str(r#"{"kind":"notice","text":"bonjour"}"#).unwrap();

        assert_eq!(change, Change::Unknown);
    }

    #[test]
    fn a_query_is_read_as_it_was_written() {
        let request = PullRequest {
            cursor: Some(golden().next),
            limit: Some(200),
            datasets: Some(vec!["sites".to_owned(), "cooperatives".to_owned()]),
        };

        assert_eq!(PullRequest::from_query(&request.to_query()), Ok(request));
        assert_eq!(PullRequest::from_query::<&str, &str>(&[]), Ok(PullRequest::default()));
    }

    #[test]
    fn a_query_that_is_not_a_pull_is_refused() {
        let cases: [(&[(&str, &str)], QueryError); 7] = [
            (&[("token", "x")], QueryError::UnknownParameter),
            (&[("limit", "5"), ("limit", "5")], QueryError::Repeated { name: "limit" }),
            (&[("limit", "0")], QueryError::Limit),
            (&[("limit", "-1")], QueryError::Limit),
            (&[("limit", "99999999999")], QueryError::Limit),
            (&[("datasets", "sites,,x")], QueryError::Datasets),
            (&[("cursor", "")], QueryError::Cursor(CursorError::Truncated)),
        ];
        for (pairs, error) in cases {
            assert_eq!(PullRequest::from_query(pairs), Err(error), "{pairs:?}");
        }
    }
}
