//! Sends by native sync: batches, compressed, a verdict for each record.

use std::time::Instant;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use sync_protocol::{PROTOCOL, PushRecord, PushRequest, PushResponse, RecordResult, Verdict};
use uuid::Uuid;

use super::census::Submission;
use super::client::{Client, ClientError};
use super::openrosa::excerpt;
use super::report::{Outcome, Tally};

/// Records per push, which is what servers take at most.
pub(super) const BATCH: usize = 500;
/// Level 3 is zstd's own default: most of the gain for little of a phone's battery.
const LEVEL: i32 = 3;

/// A push, ready to travel.
#[derive(Debug)]
pub(super) struct Push {
    batch: Uuid,
    records: usize,
    body: Vec<u8>,
}

impl Push {
    /// Writes and compresses a push; takes milliseconds, so not on a thread that serves connections.
    pub(super) fn encode(batch: Uuid, records: Vec<PushRecord>) -> std::io::Result<Self> {
        let count = records.len();
        let json = PushRequest { protocol: PROTOCOL, batch, records }.to_json();
        let body = zstd::encode_all(json.as_slice(), LEVEL)?;
        Ok(Self { batch, records: count, body })
    }

    /// Sends the push and counts what came of each record.
    pub(super) async fn send(
        self,
        client: &mut Client,
        tally: &mut Tally,
        path: &str,
        token: &str,
    ) -> Result<(), ClientError> {
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("content-encoding", "zstd".to_owned()),
            ("authorization", format!("Bearer {token}")),
        ];
        let bytes = self.body.len();
        let started = Instant::now();
        let answer = client.send(&Method::POST, path, &headers, Bytes::from(self.body)).await?;
        tally.request(bytes, started.elapsed());
        let response = match answer.status {
            StatusCode::OK => serde_json::from_slice::<PushResponse>(&answer.body)
                .ok()
                .filter(|response| response.batch == self.batch),
            _ => None,
        };
        match response {
            Some(response) => judge(tally, self.records, response.results),
            None => {
                for _ in 0..self.records {
                    tally.outcome(Outcome::Refused(excerpt(&answer)));
                }
            }
        }
        Ok(())
    }
}

/// Turns a submission into a record of a push.
pub(super) fn record(submission: Submission) -> PushRecord {
    PushRecord {
        instance_id: submission.instance_id,
        form_id: submission.form_id.to_owned(),
        form_version: submission.version.to_owned(),
        xml: submission.xml,
        attachments: Vec::new(),
    }
}

fn judge(tally: &mut Tally, records: usize, results: Vec<RecordResult>) {
    let unjudged = records.saturating_sub(results.len());
    for result in results {
        tally.outcome(match result.verdict {
            Verdict::Duplicate { .. } => Outcome::Duplicate,
            Verdict::Refused { code, message } => Outcome::Refused(format!("{code:?}: {message}")),
            // A quarantined or conflicting record is kept too.
            Verdict::Accepted { .. } | Verdict::Conflict { .. } | Verdict::Quarantined { .. } => {
                Outcome::Accepted
            }
        });
    }
    for _ in 0..unjudged {
        tally.outcome(Outcome::Refused("the server gave no verdict".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use sync_protocol::RefusalCode;

    fn result(index: u32, verdict: Verdict) -> RecordResult {
        RecordResult { index, instance_id: None, verdict }
    }

    #[test]
    fn a_record_without_verdict_counts_as_refused() {
        let mut tally = Tally::default();
        let id = Uuid::nil();
        let results = vec![
            result(0, Verdict::Accepted { submission_id: id }),
            result(1, Verdict::Duplicate { submission_id: id, state: None }),
            result(2, Verdict::refused(RefusalCode::UnknownForm)),
        ];

        judge(&mut tally, 5, results);

        let report = tally.report(Duration::from_secs(1));
        assert_eq!((report.sent, report.accepted, report.duplicates, report.refused), (5, 1, 1, 3));
        assert!(report.first_refusal.is_some_and(|reason| reason.starts_with("UnknownForm: ")));
    }
}
