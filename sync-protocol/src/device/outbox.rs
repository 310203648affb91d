//! The device's queue of submissions: a record leaves it when the server has told its outcome and holds its files.
//!
//! The queue itself is not a store. The application keeps the files; after a crash it queues again whatever it has not
//! been told to delete by [`Outbox::take_settled`]. Sending twice is harmless, forgetting early is not.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use super::answer::{self, AnswerError, Failure, ServerMark};
use super::pace::Pace;
use super::parcel::{Batch, Counts, Parcel, Progress, Refusal, Settled, Slot, Stage, Ticket};
use super::receipts::Receipts;
use crate::hello::{HelloResponse, Limits};
use crate::pull::{Change, PullResponse, ReceiptState};
use crate::sha256::Sha256Hex;
use crate::verdict::{PushResponse, RefusalCode, Verdict};

/// The JSON around the records: braces, protocol, batch id, and room to spare.
const ENVELOPE_BYTES: u64 = 256;

/// The queue; see the file's head for what it promises.
#[derive(Debug, Clone)]
pub struct Outbox<H> {
    server: Option<Uuid>,
    epoch: Option<Uuid>,
    next_ticket: u64,
    slots: BTreeMap<Ticket, Slot<H>>,
    in_flight: Option<Batch>,
    receipts: Receipts,
    blobs_due: BTreeSet<Sha256Hex>,
    settled: Vec<Settled<H>>,
}

impl<H> Outbox<H> {
    /// An empty queue; `server` is the one that the phone was set up for, or none to trust the first hello.
    pub const fn new(server: Option<Uuid>) -> Self {
        Self {
            server,
            epoch: None,
            next_ticket: 0,
            slots: BTreeMap::new(),
            in_flight: None,
            receipts: Receipts::new(),
            blobs_due: BTreeSet::new(),
            settled: Vec::new(),
        }
    }

    /// Puts a record at the end.
    pub fn queue(&mut self, parcel: Parcel<H>) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.slots.insert(ticket, Slot::new(parcel));
        ticket
    }

    /// A record that is still in the queue.
    pub fn parcel(&self, ticket: Ticket) -> Option<&Parcel<H>> {
        self.slots.get(&ticket).map(|slot| &slot.parcel)
    }

    /// How many records are where.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for slot in self.slots.values() {
            match slot.stage {
                Stage::Queued => counts.queued += 1,
                Stage::Acknowledged(_) => counts.acknowledged += 1,
                Stage::Refused(_) => counts.refused += 1,
            }
        }
        counts
    }

    /// The records that the server does not take, with what to tell the person.
    pub fn refusals(&self) -> impl Iterator<Item = (Ticket, &Refusal)> {
        self.slots.iter().filter_map(|(ticket, slot)| match &slot.stage {
            Stage::Refused(refusal) => Some((*ticket, refusal)),
            Stage::Queued | Stage::Acknowledged(_) => None,
        })
    }

    /// The server and epoch greeted, if any.
    pub fn server(&self) -> Option<ServerMark> {
        Some(ServerMark { server_id: self.server?, epoch: self.epoch? })
    }

    /// Begins a session: refusals that may pass by now are queued again, and everything unsettled if the epoch is new.
    pub fn on_hello(&mut self, hello: &HelloResponse) -> Result<(), AnswerError> {
        answer::check_server(self.server.or(Some(hello.server_id)), hello.server_id)?;
        self.server = Some(hello.server_id);
        self.enter_epoch(hello.epoch);
        self.requeue(
            |stage| matches!(stage, Stage::Refused(refusal) if refusal.code.may_pass_later()),
        );
        Ok(())
    }

    /// Queues a refused record again because the person asks for it.
    pub fn retry(&mut self, ticket: Ticket) {
        if let Some(slot) = self.slots.get_mut(&ticket)
            && matches!(slot.stage, Stage::Refused(_))
        {
            slot.stage = Stage::Queued;
        }
    }

    /// Chooses what to send now; an earlier batch without an answer is given up, its records are chosen again.
    ///
    /// None before a hello, or when nothing that the server takes is left. Records above its limit are passed over,
    /// see [`Outbox::oversized`].
    pub fn next_batch(&mut self, id: Uuid, limits: &Limits, pace: &Pace) -> Option<Batch> {
        self.server()?;
        let most = usize::try_from(limits.max_records).unwrap_or(usize::MAX);
        let target = pace.target().min(limits.max_body_bytes);
        let mut batch = Batch { id, tickets: Vec::new(), bytes: ENVELOPE_BYTES };
        for (ticket, bytes) in self.candidates(limits) {
            // The comma between two records.
            let with_it = batch.bytes.saturating_add(bytes).saturating_add(1);
            let room = if batch.tickets.is_empty() { limits.max_body_bytes } else { target };
            if with_it <= room {
                batch.tickets.push(ticket);
                batch.bytes = with_it;
            }
            if batch.tickets.len() >= most || batch.bytes >= target {
                break;
            }
        }
        self.in_flight = (!batch.tickets.is_empty()).then_some(batch);
        self.in_flight.clone()
    }

    /// The records that this server would refuse for their size.
    pub fn oversized(&self, limits: &Limits) -> impl Iterator<Item = Ticket> {
        let most = limits.max_record_bytes;
        self.slots
            .iter()
            .filter(move |(_, slot)| slot.parcel.bytes > most)
            .map(|(ticket, _)| *ticket)
    }

    /// Learns from a 2xx answer to the batch in flight.
    ///
    /// # Errors
    /// Nothing is marked as sent. All but [`AnswerError::Stale`] also count as a failure of the pace.
    pub fn on_response(
        &mut self,
        body: &[u8],
        took: Duration,
        limits: &Limits,
        pace: &mut Pace,
    ) -> Result<Progress, AnswerError> {
        match self.read_response(body) {
            Ok((batch, response)) => {
                pace.succeeded(batch.bytes, took, limits);
                self.in_flight = None;
                Ok(self.believe(&batch, response))
            }
            Err(AnswerError::Stale) => Err(AnswerError::Stale),
            Err(err) => {
                pace.failed(limits);
                Err(err)
            }
        }
    }

    /// Learns that the batch in flight got no 2xx answer; its records stay queued.
    ///
    /// A record that our server rejects even alone is set aside as malformed, so that it blocks no other.
    pub fn on_failure(&mut self, failure: Failure, limits: &Limits, pace: &mut Pace) {
        pace.failed(limits);
        let Some(batch) = self.in_flight.take() else {
            return;
        };
        if !matches!(failure, Failure::Rejected | Failure::TooLargeForProxy) {
            return;
        }
        let sent = batch.tickets.len();
        for ticket in batch.tickets {
            let Some(slot) = self.slots.get_mut(&ticket) else {
                continue;
            };
            slot.company = (sent / 2).max(1);
            slot.rejections = slot.rejections.saturating_add(1);
            if sent == 1 && failure == Failure::Rejected {
                let code = RefusalCode::Malformed;
                let message = code.message().to_owned();
                slot.stage = Stage::Refused(Refusal { code, message });
            }
        }
    }

    /// Learns the outcomes in a page of the feed that [`super::Follower::on_response`] has let through.
    pub fn on_receipts(&mut self, page: &PullResponse) {
        if self.server().is_none_or(|server| server.server_id != page.server_id) {
            return;
        }
        self.enter_epoch(page.epoch);
        let ours: BTreeSet<String> =
            self.slots.values().map(|slot| slot.parcel.instance_id.clone()).collect();
        for change in &page.changes {
            if let Change::Receipt { submission_id, instance_id, state, .. } = change
                && ours.contains(instance_id)
            {
                self.receipts.remember(*submission_id, instance_id, *state);
            }
        }
        self.settle();
    }

    /// The blobs that the server has asked for; data goes first, so send these when no batch is left.
    pub fn blobs_due(&self) -> impl Iterator<Item = Sha256Hex> {
        self.blobs_due.iter().copied()
    }

    /// Learns that the server holds a blob, or that the device cannot send it (the file is lost, or too large).
    pub fn blob_done(&mut self, blob: &Sha256Hex) {
        self.blobs_due.remove(blob);
        self.settle();
    }

    /// Hands over the records that have left the queue since the last call.
    pub fn take_settled(&mut self) -> Vec<Settled<H>> {
        std::mem::take(&mut self.settled)
    }

    /// The queued records in the order to try them: those above suspicion first, so that a bad one blocks no other.
    fn candidates(&self, limits: &Limits) -> Vec<(Ticket, u64)> {
        let mut queued: Vec<(Ticket, &Slot<H>)> = self
            .slots
            .iter()
            .filter(|(_, slot)| matches!(slot.stage, Stage::Queued))
            .filter(|(_, slot)| slot.parcel.bytes <= limits.max_record_bytes)
            .map(|(ticket, slot)| (*ticket, slot))
            .collect();
        queued.sort_by_key(|(ticket, slot)| (Reverse(slot.company), slot.rejections, *ticket));
        let company = queued.first().map_or(0, |(_, slot)| slot.company);
        let together =
            queued.into_iter().take_while(|(_, slot)| slot.company == company).take(company);
        together.map(|(ticket, slot)| (ticket, slot.parcel.bytes)).collect()
    }

    fn read_response(&self, body: &[u8]) -> Result<(Batch, PushResponse), AnswerError> {
        let response: PushResponse = answer::read(body)?;
        answer::check_server(self.server, response.server_id)?;
        let batch = self.in_flight.as_ref().ok_or(AnswerError::Stale)?;
        if response.batch != batch.id {
            return Err(AnswerError::Stale);
        }
        let mut seen = BTreeSet::new();
        for result in &response.results {
            let ticket = batch.ticket(result.index);
            let parcel =
                ticket.and_then(|ticket| self.parcel(ticket)).ok_or(AnswerError::Inconsistent)?;
            let names_another =
                result.instance_id.as_ref().is_some_and(|id| *id != parcel.instance_id);
            if names_another || !seen.insert(result.index) {
                return Err(AnswerError::Inconsistent);
            }
        }
        Ok((batch.clone(), response))
    }

    fn believe(&mut self, batch: &Batch, response: PushResponse) -> Progress {
        let mut progress =
            Progress { epoch_changed: self.enter_epoch(response.epoch), ..Progress::default() };
        let missing: BTreeSet<Sha256Hex> = response.missing_blobs.into_iter().collect();
        for result in response.results {
            let ticket = batch.ticket(result.index);
            let Some(slot) = ticket.and_then(|ticket| self.slots.get_mut(&ticket)) else {
                continue;
            };
            let Some(submission_id) = result.verdict.submission_id() else {
                if let Verdict::Refused { code, message } = result.verdict {
                    slot.stage = Stage::Refused(Refusal { code, message });
                }
                progress.refused += 1;
                continue;
            };
            slot.stage = Stage::Acknowledged(submission_id);
            progress.acknowledged += 1;
            for blob in &slot.parcel.blobs {
                if missing.contains(blob) {
                    self.blobs_due.insert(*blob);
                } else {
                    self.blobs_due.remove(blob);
                }
            }
            let instance_id = slot.parcel.instance_id.clone();
            if let Some(state) = result.verdict.outcome() {
                self.receipts.remember(submission_id, &instance_id, state);
            }
        }
        self.settle();
        progress
    }

    /// Moves to the server's epoch; what an earlier one has acknowledged may be gone, so it is sent again.
    fn enter_epoch(&mut self, epoch: Uuid) -> bool {
        let is_new = self.epoch.replace(epoch).is_some_and(|before| before != epoch);
        if is_new {
            // An answer under way was written in the other epoch, and its receipts may have just been dropped.
            self.in_flight = None;
            self.receipts = Receipts::new();
            self.blobs_due.clear();
            self.requeue(|stage| matches!(stage, Stage::Acknowledged(_)));
        }
        is_new
    }

    fn requeue(&mut self, which: impl Fn(&Stage) -> bool) {
        for slot in self.slots.values_mut().filter(|slot| which(&slot.stage)) {
            slot.stage = Stage::Queued;
        }
    }

    fn settle(&mut self) {
        let receipts = &self.receipts;
        let blobs_due = &self.blobs_due;
        let outcome = |slot: &Slot<H>| -> Option<(Uuid, ReceiptState)> {
            let Stage::Acknowledged(submission_id) = slot.stage else {
                return None;
            };
            let state = receipts.state(submission_id)?;
            let waits_for_blob = slot.parcel.blobs.iter().any(|blob| blobs_due.contains(blob));
            (state.is_safe_to_forget() && !waits_for_blob).then_some((submission_id, state))
        };
        let done: Vec<(Ticket, Uuid, ReceiptState)> = self
            .slots
            .iter()
            .filter_map(|(ticket, slot)| {
                outcome(slot).map(|(submission_id, state)| (*ticket, submission_id, state))
            })
            .collect();
        for (ticket, submission_id, state) in done {
            if let Some(slot) = self.slots.remove(&ticket) {
                self.settled.push(Settled { parcel: slot.parcel, submission_id, state });
            }
        }
        let left: BTreeSet<&str> =
            self.slots.values().map(|slot| slot.parcel.instance_id.as_str()).collect();
        self.receipts.keep_only(&left);
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
