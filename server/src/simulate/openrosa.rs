//! Sends as Collect does: one submission per request, success only with 201 or 202.

use std::time::Instant;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use uuid::Uuid;

use super::census::Submission;
use super::client::{Answer, Client, ClientError};
use super::multipart::Multipart;
use super::report::{Outcome, Tally};

/// Characters of an error page that are worth reporting.
const EXCERPT: usize = 300;

/// Sends a submission and counts what came of it; `taken` is what success means this time.
pub(super) async fn post(
    client: &mut Client,
    tally: &mut Tally,
    submission: &Submission,
    boundary: Uuid,
    taken: Outcome,
) -> Result<(), ClientError> {
    let filename = format!("{}.xml", submission.form_id);
    let (content_type, body) =
        Multipart::new(boundary).submission(&filename, &submission.xml).finish();
    let path = client.target().submission_path();
    let headers = [
        ("content-type", content_type),
        ("x-openrosa-version", "1.0".to_owned()),
        ("user-agent", concat!("sanu-simulate/", env!("CARGO_PKG_VERSION")).to_owned()),
    ];
    let bytes = body.len();
    let started = Instant::now();
    let answer = client.send(&Method::POST, &path, &headers, Bytes::from(body)).await?;
    tally.request(bytes, started.elapsed());
    let is_taken = matches!(answer.status, StatusCode::CREATED | StatusCode::ACCEPTED);
    tally.outcome(if is_taken { taken } else { Outcome::Refused(excerpt(&answer)) });
    Ok(())
}

/// The status and the beginning of the body, for a person to read.
pub(super) fn excerpt(answer: &Answer) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    let start: String = body.trim().chars().take(EXCERPT).collect();
    format!("{}: {start}", answer.status.as_u16())
}
