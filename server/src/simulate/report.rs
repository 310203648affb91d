//! What became of a run: counted per device, added up at the end.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::latency::Latencies;

/// The outcome of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Submissions sent, resends included.
    pub sent: u64,
    /// Submissions that the server took for the first time.
    pub accepted: u64,
    /// Submissions that it recognised.
    pub duplicates: u64,
    /// Submissions that it did not take.
    pub refused: u64,
    /// How long the run took.
    pub seconds: f64,
    /// The time within which half of the requests were answered.
    pub p50_ms: f64,
    /// The time within which 99 of 100 requests were answered.
    pub p99_ms: f64,
    /// Bytes of request bodies, as compressed as they were sent.
    pub bytes_out: u64,
    /// Why the first refused submission was refused, in the server's words.
    pub first_refusal: Option<String>,
}

/// What became of one submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Accepted,
    Duplicate,
    Refused(String),
}

/// The counts of one device, or of all.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    report: Report,
    latencies: Latencies,
}

impl Tally {
    /// Counts a request and its answer.
    pub(super) fn request(&mut self, bytes: usize, took: Duration) {
        self.report.bytes_out += u64::try_from(bytes).unwrap_or(0);
        self.latencies.add(took);
    }

    /// Counts a submission.
    pub(super) fn outcome(&mut self, outcome: Outcome) {
        self.report.sent += 1;
        match outcome {
            Outcome::Accepted => self.report.accepted += 1,
            Outcome::Duplicate => self.report.duplicates += 1,
            Outcome::Refused(reason) => {
                self.report.refused += 1;
                self.report.first_refusal.get_or_insert(reason);
            }
        }
    }

    /// Adds the counts of another device.
    pub(super) fn merge(&mut self, other: Self) {
        self.report.sent += other.report.sent;
        self.report.accepted += other.report.accepted;
        self.report.duplicates += other.report.duplicates;
        self.report.refused += other.report.refused;
        self.report.bytes_out += other.report.bytes_out;
        self.report.first_refusal = self.report.first_refusal.take().or(other.report.first_refusal);
        self.latencies.merge(&other.latencies);
    }

    /// Closes the counts of a run that took so long.
    pub(super) fn report(self, took: Duration) -> Report {
        Report {
            seconds: took.as_secs_f64(),
            p50_ms: self.latencies.percentile_ms(50),
            p99_ms: self.latencies.percentile_ms(99),
            ..self.report
        }
    }
}
