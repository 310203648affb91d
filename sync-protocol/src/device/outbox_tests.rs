//! What leaves the outbox, and above all what does not.

use super::*;
use crate::cursor::Cursor;
use crate::hello::ProtocolRange;
use crate::verdict::RecordResult;

const SERVER: Uuid = Uuid::from_u128(0x0a);
const EPOCH: Uuid = Uuid::from_u128(0x0e);
const QUICK: Duration = Duration::from_secs(1);
const PHOTO: Sha256Hex = Sha256Hex::from_bytes([0xab; 32]);

struct Device {
    outbox: Outbox<()>,
    pace: Pace,
    limits: Limits,
    batches: u128,
}

impl Device {
    fn new(records: usize) -> Self {
        let limits = Limits::default();
        let mut device =
            Self { outbox: Outbox::new(None), pace: Pace::new(&limits), limits, batches: 0 };
        for number in 0..records {
            device.queue(&format!("uuid:{number}"), 1_000, Vec::new());
        }
        device.outbox.on_hello(&hello(SERVER, EPOCH)).unwrap();
        device
    }

    fn queue(&mut self, instance_id: &str, bytes: u64, blobs: Vec<Sha256Hex>) -> Ticket {
        self.outbox.queue(Parcel { instance_id: instance_id.to_owned(), bytes, blobs, handle: () })
    }

    fn batch(&mut self) -> Option<Batch> {
        self.batches += 1;
        self.outbox.next_batch(Uuid::from_u128(self.batches), &self.limits, &self.pace)
    }

    fn answer(&mut self, response: &PushResponse) -> Result<Progress, AnswerError> {
        let body = serde_json::to_vec(response).unwrap();
        self.outbox.on_response(&body, QUICK, &self.limits, &mut self.pace)
    }

    fn push(&mut self, verdict: impl Fn(u32) -> Verdict) -> Progress {
        let batch = self.batch().unwrap();
        self.answer(&response(&batch, verdict)).unwrap()
    }

    fn fail(&mut self, failure: Failure) {
        self.outbox.on_failure(failure, &self.limits, &mut self.pace);
    }

    fn receipt(&mut self, submission: u128, instance_id: &str, state: ReceiptState) {
        let change = Change::Receipt {
            submission_id: Uuid::from_u128(submission),
            instance_id: instance_id.to_owned(),
            state,
            rules: Vec::new(),
        };
        self.outbox.on_receipts(&PullResponse {
            server_id: SERVER,
            epoch: EPOCH,
            reset: false,
            changes: vec![change],
            next: Cursor::start(EPOCH),
            more: false,
        });
    }
}

fn hello(server_id: Uuid, epoch: Uuid) -> HelloResponse {
    HelloResponse {
        protocol: ProtocolRange::SUPPORTED,
        server_id,
        epoch,
        server_time: "2025-03-01T08:00:00Z".to_owned(),
        limits: Limits::default(),
        content_encodings: Vec::new(),
        capabilities: Vec::new(),
        zones: Vec::new(),
    }
}

fn accepted(index: u32) -> Verdict {
    Verdict::Accepted { submission_id: Uuid::from_u128(100 + u128::from(index)) }
}

fn response(batch: &Batch, verdict: impl Fn(u32) -> Verdict) -> PushResponse {
    let count = u32::try_from(batch.tickets.len()).unwrap();
    let results = (0..count)
        .map(|index| RecordResult { index, instance_id: None, verdict: verdict(index) })
        .collect();
    PushResponse {
        server_id: SERVER,
        epoch: EPOCH,
        batch: batch.id,
        results,
        missing_blobs: Vec::new(),
    }
}

#[test]
fn nothing_is_sent_before_a_hello() {
    let mut outbox = Outbox::new(None);
    outbox.queue(Parcel {
        instance_id: "uuid:1".to_owned(),
        bytes: 10,
        blobs: Vec::new(),
        handle: (),
    });
    let limits = Limits::default();

    assert_eq!(outbox.next_batch(Uuid::nil(), &limits, &Pace::new(&limits)), None);
}

#[test]
fn an_accepted_record_leaves_only_with_its_receipt() {
    let mut device = Device::new(1);

    device.push(accepted);
    assert_eq!(device.batch(), None, "it is not sent twice");
    assert!(device.outbox.take_settled().is_empty());

    device.receipt(100, "uuid:0", ReceiptState::Held);
    assert!(device.outbox.take_settled().is_empty());

    device.receipt(100, "uuid:0", ReceiptState::Applied);
    let settled = device.outbox.take_settled();
    assert_eq!(settled.len(), 1);
    assert_eq!(settled[0].state, ReceiptState::Applied);
    assert_eq!(device.outbox.counts(), Counts::default());
}

#[test]
fn a_receipt_that_overtakes_the_verdict_is_not_lost() {
    let mut device = Device::new(1);

    device.receipt(100, "uuid:0", ReceiptState::Applied);
    device.receipt(100, "uuid:0", ReceiptState::Held);
    assert_eq!(
        device.outbox.counts().queued,
        1,
        "a receipt alone does not say which bytes it is about"
    );

    device.push(accepted);
    assert_eq!(device.outbox.take_settled().len(), 1);
}

#[test]
fn the_receipt_of_another_submission_with_this_id_forgets_nothing() {
    let mut device = Device::new(1);
    device.push(|_| Verdict::Conflict {
        submission_id: Uuid::from_u128(100),
        with: Uuid::from_u128(7),
    });

    device.receipt(7, "uuid:0", ReceiptState::Applied);
    assert_eq!(device.outbox.counts().acknowledged, 1);

    device.receipt(100, "uuid:0", ReceiptState::Quarantined);
    assert_eq!(device.outbox.take_settled().len(), 1);
}

#[test]
fn a_duplicate_that_tells_its_outcome_needs_no_receipt() {
    let mut device = Device::new(1);

    device.push(|_| Verdict::Duplicate {
        submission_id: Uuid::nil(),
        state: Some(ReceiptState::Applied),
    });

    assert_eq!(device.outbox.take_settled().len(), 1);
}

#[test]
fn a_record_waits_for_its_photo() {
    let mut device = Device::new(0);
    device.queue("uuid:p", 1_000, vec![PHOTO]);
    let batch = device.batch().unwrap();
    let mut asks = response(&batch, |_| Verdict::Quarantined {
        submission_id: Uuid::nil(),
        rules: Vec::new(),
    });
    asks.missing_blobs = vec![PHOTO, Sha256Hex::from_bytes([0xcd; 32])];

    device.answer(&asks).unwrap();
    assert_eq!(
        device.outbox.blobs_due().collect::<Vec<_>>(),
        [PHOTO],
        "a blob that is not ours is not promised"
    );
    assert!(device.outbox.take_settled().is_empty());

    device.outbox.blob_done(&PHOTO);
    assert_eq!(device.outbox.take_settled().len(), 1);
}

#[test]
fn an_answer_that_is_not_from_our_server_marks_nothing() {
    let mut device = Device::new(2);
    let batch = device.batch().unwrap();
    let sound = response(&batch, accepted);
    let foreign = PushResponse { server_id: Uuid::nil(), ..sound.clone() };
    let mut beyond = sound.clone();
    beyond.results[1].index = 2;
    let mut twice = sound.clone();
    twice.results[1].index = 0;
    let mut misnamed = sound.clone();
    misnamed.results[0].instance_id = Some("uuid:1".to_owned());

    let portal = device.outbox.on_response(
        b"<html>Connectez-vous</html>",
        QUICK,
        &device.limits,
        &mut device.pace,
    );
    assert_eq!(portal, Err(AnswerError::NotOurs));
    assert_eq!(
        device.answer(&foreign),
        Err(AnswerError::OtherServer { expected: SERVER, found: Uuid::nil() })
    );
    for inconsistent in [beyond, twice, misnamed] {
        assert_eq!(device.answer(&inconsistent), Err(AnswerError::Inconsistent));
    }
    assert_eq!(device.outbox.counts().queued, 2);
    assert_eq!(device.answer(&sound).unwrap().acknowledged, 2, "the right answer still counts");
}

#[test]
fn a_hello_from_another_server_is_not_believed() {
    let mut device = Device::new(1);

    let err = device.outbox.on_hello(&hello(Uuid::nil(), EPOCH));

    assert_eq!(err, Err(AnswerError::OtherServer { expected: SERVER, found: Uuid::nil() }));
}

#[test]
fn a_late_answer_to_an_earlier_batch_is_ignored() {
    let mut device = Device::new(2);
    let first = device.batch().unwrap();
    device.fail(Failure::Network);
    device.batch().unwrap();

    assert_eq!(device.answer(&response(&first, accepted)), Err(AnswerError::Stale));
    assert_eq!(device.outbox.counts().queued, 2);
}

#[test]
fn records_without_a_verdict_are_sent_again() {
    let mut device = Device::new(3);
    let batch = device.batch().unwrap();
    let mut partial = response(&batch, accepted);
    partial.results.remove(1);

    device.answer(&partial).unwrap();

    assert_eq!(device.batch().unwrap().tickets, [batch.tickets[1]]);
}

#[test]
fn a_batch_keeps_to_the_pace_and_to_the_limits() {
    let mut device = Device::new(1_000);
    assert_eq!(device.batch().unwrap().tickets.len(), 65, "64 KiB of records of 1,000 bytes");

    device.pace.succeeded(64 * 1024, QUICK, &device.limits);
    assert_eq!(device.batch().unwrap().tickets.len(), 130);

    for _ in 0..9 {
        device.pace.succeeded(10_000_000, QUICK, &device.limits);
    }
    assert_eq!(device.batch().unwrap().tickets.len(), 500);
}

#[test]
fn a_record_above_the_limit_is_passed_over_and_shown() {
    let mut device = Device::new(0);
    let huge = device.queue("uuid:huge", 2_000_000, Vec::new());
    let large = device.queue("uuid:large", 900_000, Vec::new());

    assert_eq!(device.batch().unwrap().tickets, [large], "larger than the pace, but alone");
    assert_eq!(device.outbox.oversized(&device.limits).collect::<Vec<_>>(), [huge]);
}

#[test]
fn a_refused_record_stays_and_is_tried_again_when_that_may_help() {
    let mut device = Device::new(2);
    let codes = [RefusalCode::UnknownForm, RefusalCode::Unparsable];
    device.push(|index| Verdict::refused(codes[usize::try_from(index).unwrap()]));
    assert_eq!(device.outbox.counts().refused, 2);
    assert_eq!(device.batch(), None);

    device.outbox.on_hello(&hello(SERVER, EPOCH)).unwrap();

    assert_eq!(device.batch().unwrap().tickets.len(), 1);
    let (stuck, refusal) = device.outbox.refusals().next().map(|(t, r)| (t, r.clone())).unwrap();
    assert_eq!(refusal.code, RefusalCode::Unparsable);
    device.outbox.retry(stuck);
    assert_eq!(device.outbox.counts().queued, 2);
}

#[test]
fn records_that_sink_their_batch_are_found_and_set_aside() {
    let mut device = Device::new(40);
    let poison = [Ticket(3), Ticket(17), Ticket(39)];
    let mut requests = 0;

    while let Some(batch) = device.batch() {
        requests += 1;
        assert!(requests < 60, "the search ends");
        if batch.tickets.iter().any(|ticket| poison.contains(ticket)) {
            device.fail(Failure::Rejected);
        } else {
            device.answer(&response(&batch, accepted)).unwrap();
        }
    }

    assert_eq!(device.outbox.counts(), Counts { queued: 0, acknowledged: 37, refused: 3 });
    assert!(device.outbox.refusals().all(|(ticket, _)| poison.contains(&ticket)));
}

#[test]
fn a_proxy_that_finds_one_record_too_large_does_not_block_the_others() {
    let mut device = Device::new(8);

    for _ in 0..60 {
        let Some(batch) = device.batch() else { break };
        if batch.tickets.contains(&Ticket(0)) {
            device.fail(Failure::TooLargeForProxy);
        } else {
            device.answer(&response(&batch, accepted)).unwrap();
        }
    }

    assert_eq!(device.outbox.counts(), Counts { queued: 1, acknowledged: 7, refused: 0 });
}

#[test]
fn a_restored_server_is_sent_again_what_it_had_only_acknowledged() {
    let mut device = Device::new(2);
    device.push(accepted);
    device.receipt(100, "uuid:0", ReceiptState::Applied);
    assert_eq!(device.outbox.counts().acknowledged, 1);

    device.outbox.on_hello(&hello(SERVER, Uuid::from_u128(0xf))).unwrap();

    assert_eq!(device.outbox.counts(), Counts { queued: 1, ..Counts::default() });
}

#[test]
fn a_restore_between_hello_and_answer_is_noticed() {
    let mut device = Device::new(2);
    device.batch().unwrap();
    device.push(accepted);
    device.queue("uuid:new", 1_000, Vec::new());
    let batch = device.batch().unwrap();
    let after_restore = PushResponse { epoch: Uuid::from_u128(0xf), ..response(&batch, accepted) };

    let progress = device.answer(&after_restore).unwrap();

    assert!(progress.epoch_changed);
    assert_eq!(device.outbox.counts(), Counts { queued: 2, acknowledged: 1, refused: 0 });
}

#[test]
fn an_answer_from_before_a_restore_acknowledges_nothing() {
    let mut device = Device::new(1);
    let batch = device.batch().unwrap();
    device.outbox.on_hello(&hello(SERVER, Uuid::from_u128(0xf))).unwrap();

    assert_eq!(device.answer(&response(&batch, accepted)), Err(AnswerError::Stale));
    assert_eq!(device.outbox.counts().queued, 1);
}
