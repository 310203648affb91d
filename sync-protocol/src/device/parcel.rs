//! What the outbox hands out and takes in: parcels, batches, refusals and counts.

use uuid::Uuid;

use crate::pull::ReceiptState;
use crate::sha256::Sha256Hex;
use crate::verdict::RefusalCode;

/// A record's number in the queue, in the order in which they were put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(super) u64);

/// A record to send, with whatever lets the application find its payload again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel<H> {
    /// The record's `instance_id`.
    pub instance_id: String,
    /// Its size on the wire, see [`crate::PushRecord::encoded_len`].
    pub bytes: u64,
    /// The blobs that its attachments name.
    pub blobs: Vec<Sha256Hex>,
    /// The application's handle: a path, a row id, the record itself.
    pub handle: H,
}

/// The records to send now, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The id to send it under.
    pub id: Uuid,
    /// The records, by their place in the push.
    pub tickets: Vec<Ticket>,
    /// The size of the body, about.
    pub bytes: u64,
}

/// A record that the server does not take for now; it stays in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stable reason.
    pub code: RefusalCode,
    /// The text to show.
    pub message: String,
}

/// A record that has left the queue: the application may delete it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled<H> {
    /// The record.
    pub parcel: Parcel<H>,
    /// The server's name for it.
    pub submission_id: Uuid,
    /// What became of it.
    pub state: ReceiptState,
}

/// How many records are where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// To be sent.
    pub queued: usize,
    /// On the server; the outcome or a file is still to come.
    pub acknowledged: usize,
    /// Not taken by the server.
    pub refused: usize,
}

/// What one answer to a push has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records that the server now holds.
    pub acknowledged: usize,
    /// Records that it does not take.
    pub refused: usize,
    /// The server was restored since the hello: records acknowledged before are queued again.
    pub epoch_changed: bool,
}

impl Batch {
    /// The record that an answer means by this index.
    pub fn ticket(&self, index: u32) -> Option<Ticket> {
        usize::try_from(index).ok().and_then(|index| self.tickets.get(index)).copied()
    }
}

/// A record in the queue.
#[derive(Debug, Clone)]
pub(super) struct Slot<H> {
    pub(super) parcel: Parcel<H>,
    pub(super) stage: Stage,
    // With how many others it may travel at most: halved whenever a batch with it is rejected whole, until the culprit
    // is alone.
    pub(super) company: usize,
    pub(super) rejections: u32,
}

/// Where a record stands.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    Queued,
    Acknowledged(Uuid),
    Refused(Refusal),
}

impl<H> Slot<H> {
    pub(super) const fn new(parcel: Parcel<H>) -> Self {
        Self { parcel, stage: Stage::Queued, company: usize::MAX, rejections: 0 }
    }
}
