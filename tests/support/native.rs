//! Native sync seen from outside: what one of our own devices sends, and its answers read.

use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use sync_protocol::{
    AttachmentRef, Change, HelloResponse, PullResponse, PushRecord, PushRequest, PushResponse,
    Sha256Hex,
};
use uuid::Uuid;

use super::{Response, Server, http};

/// Any request with a device's or a session's token.
pub(crate) fn with_token(
    server: &Server,
    method: &str,
    path: &str,
    token: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Response {
    let bearer = format!("Bearer {token}");
    let mut all = vec![("Authorization", bearer.as_str())];
    all.extend(headers);
    http::request(method, &format!("{}{path}", server.url), &all, body)
}

fn read<T: DeserializeOwned>(response: &Response) -> T {
    assert_eq!(response.status, 200, "{}", response.text());
    serde_json::from_slice(&response.body).unwrap_or_else(|e| panic!("{e}: {}", response.text()))
}

/// Greets the server.
pub(crate) fn hello(server: &Server, token: &str) -> HelloResponse {
    read(&server.get_bearer("/v1/sync/hello", token))
}

/// A submission of the census as a record without files.
pub(crate) fn record(submission: &sanu::simulate::Submission) -> PushRecord {
    PushRecord {
        instance_id: submission.instance_id.clone(),
        form_id: submission.form_id.to_owned(),
        form_version: submission.version.to_owned(),
        xml: submission.xml.clone(),
        attachments: Vec::new(),
    }
}

/// The reference to a file of a record.
pub(crate) fn attachment(name: &str, content: &[u8]) -> AttachmentRef {
    AttachmentRef {
        name: name.to_owned(),
        sha256: Sha256Hex::from_bytes(Sha256::digest(content).into()),
        size: u64::try_from(content.len()).unwrap(),
        content_type: String::from("image/jpeg"),
    }
}

/// The body of a push.
pub(crate) fn body(records: Vec<PushRecord>) -> Vec<u8> {
    PushRequest { protocol: 1, batch: Uuid::from_u128(0xb), records }.to_json()
}

/// Sends records and reads the verdicts.
pub(crate) fn push(server: &Server, token: &str, records: Vec<PushRecord>) -> PushResponse {
    let json = [("Content-Type", "application/json")];
    read(&with_token(server, "POST", "/v1/sync/push", token, &json, &body(records)))
}

/// One page of the feed; `query` is what follows the question mark.
pub(crate) fn pull(server: &Server, token: &str, query: &str) -> PullResponse {
    read(&server.get_bearer(&format!("/v1/sync/pull?{query}"), token))
}

/// Every change from the start, in pages of `limit`.
pub(crate) fn pull_all(server: &Server, token: &str, limit: u32) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut page = pull(server, token, &format!("limit={limit}"));
    loop {
        assert!(page.changes.len() <= usize::try_from(limit).unwrap(), "a page is too long");
        changes.append(&mut page.changes);
        if !page.more {
            return changes;
        }
        page = pull(server, token, &format!("limit={limit}&cursor={}", page.next));
    }
}
