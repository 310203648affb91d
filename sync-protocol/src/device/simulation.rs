//! A fleet of phones, a bad network and a server that crashes and is restored, all driven by one seed.
//!
//! What must hold: a record that a phone has deleted is on the server with a known outcome; in the end every record
//! is there exactly once; no phone's place in the feed and no outcome ever goes back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use super::{Failure, Follower, Outbox, Pace, Parcel};
use crate::cursor::{Cursor, Resume};
use crate::decode::decode_push;
use crate::hello::{HelloResponse, Limits, ProtocolRange};
use crate::pull::{Change, PullRequest, PullResponse, ReceiptState};
use crate::push::{PushRecord, PushRequest};
use crate::verdict::{PushResponse, RecordResult, Verdict};

const SERVER: Uuid = Uuid::from_u128(0x0a);
const PHONES: usize = 5;
const RECORDS: usize = 40;

/// Xorshift64: enough to shuffle a network, and the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.roll(u64::MAX), self.roll(u64::MAX))
    }
}

#[derive(Clone)]
struct Submission {
    id: Uuid,
    xml: String,
    instance_id: String,
    outcome: Option<ReceiptState>,
}

/// A server as the protocol describes it, without the rest.
struct Server {
    epoch: Uuid,
    journal: Vec<Submission>,
    // (zone, submission, state), in the order of commits.
    feed: Vec<(u32, usize, ReceiptState)>,
    limits: Limits,
}

impl Server {
    fn hello(&self) -> HelloResponse {
        HelloResponse {
            protocol: ProtocolRange::SUPPORTED,
            server_id: SERVER,
            epoch: self.epoch,
            server_time: "2025-03-01T08:00:00Z".to_owned(),
            limits: self.limits,
            content_encodings: Vec::new(),
            capabilities: Vec::new(),
            zones: Vec::new(),
        }
    }

    fn push(&mut self, body: &[u8], dice: &mut Dice) -> Vec<u8> {
        let push = decode_push(body, &self.limits).unwrap();
        let mut results = Vec::new();
        for (index, record) in (0..).zip(push.records) {
            let record = record.unwrap();
            let known = self.journal.iter().find(|known| known.xml == record.xml);
            let verdict = if let Some(known) = known {
                Verdict::Duplicate { submission_id: known.id, state: known.outcome }
            } else {
                let id = dice.uuid();
                let PushRecord { xml, instance_id, .. } = record;
                self.journal.push(Submission { id, xml, instance_id, outcome: None });
                Verdict::Accepted { submission_id: id }
            };
            results.push(RecordResult { index, instance_id: None, verdict });
        }
        let response = PushResponse {
            server_id: SERVER,
            epoch: self.epoch,
            batch: push.batch,
            results,
            missing_blobs: Vec::new(),
        };
        serde_json::to_vec(&response).unwrap()
    }

    fn pull(&self, request: PullRequest) -> Vec<u8> {
        let Resume { mut from, reset } = Resume::new(request.cursor, self.epoch);
        let limit = usize::try_from(request.limit.unwrap_or(7)).unwrap();
        let mut seen: BTreeMap<u32, u64> = BTreeMap::new();
        let mut changes = Vec::new();
        let mut more = false;
        let start = from.clone();
        for (zone, index, state) in &self.feed {
            let seq = seen.entry(*zone).and_modify(|seq| *seq += 1).or_insert(1);
            if *seq <= start.get(*zone) {
                continue;
            }
            if changes.len() == limit {
                more = true;
                break;
            }
            let Submission { id, instance_id, .. } = self.journal[*index].clone();
            changes.push(Change::Receipt {
                submission_id: id,
                instance_id,
                state: *state,
                rules: Vec::new(),
            });
            from.advance(*zone, *seq);
        }
        let response =
            PullResponse { server_id: SERVER, epoch: self.epoch, reset, changes, next: from, more };
        serde_json::to_vec(&response).unwrap()
    }

    /// Works out one submission, sometimes with a wait first.
    fn apply(&mut self, dice: &mut Dice) {
        let waiting: Vec<usize> = (0..self.journal.len())
            .filter(|index| {
                !self.journal[*index].outcome.is_some_and(ReceiptState::is_safe_to_forget)
            })
            .collect();
        if waiting.is_empty() {
            return;
        }
        let index = waiting[usize::try_from(dice.roll(waiting.len().try_into().unwrap())).unwrap()];
        let held_before = self.journal[index].outcome.is_some();
        let state = match dice.roll(6) {
            0 if !held_before => ReceiptState::Held,
            0 | 1 => ReceiptState::Quarantined,
            _ => ReceiptState::Applied,
        };
        self.journal[index].outcome = Some(state);
        self.feed.push((u32::try_from(dice.roll(3)).unwrap(), index, state));
    }

    /// Restores a backup that lacks what had no outcome yet: what phones were told to keep is gone.
    fn restore(&mut self, dice: &mut Dice) {
        self.epoch = dice.uuid();
        self.journal
            .retain(|submission| submission.outcome.is_some_and(ReceiptState::is_safe_to_forget));
        let finals = self.journal.iter().enumerate();
        self.feed =
            finals.map(|(index, submission)| (0, index, submission.outcome.unwrap())).collect();
    }
}

struct Phone {
    /// The files on the phone: what survives a crash.
    files: BTreeMap<String, PushRecord>,
    cursor: Option<Cursor>,
    outbox: Outbox<String>,
    pace: Pace,
    /// Answers on the way, which may come late or twice.
    mail: Vec<Mail>,
    deleted: BTreeSet<String>,
}

#[derive(Clone)]
enum Mail {
    Push(Vec<u8>),
    Pull(Vec<u8>),
}

impl Phone {
    fn new(number: usize, limits: &Limits) -> Self {
        let files = (0..RECORDS).map(|record| {
            let instance_id = format!("uuid:{number}-{record}");
            let xml = format!("<d>{instance_id} {}</d>", "x".repeat(200 + 37 * record));
            let form = ("orpailleur".to_owned(), "1".to_owned());
            let record = PushRecord {
                instance_id: instance_id.clone(),
                form_id: form.0,
                form_version: form.1,
                xml,
                attachments: Vec::new(),
            };
            (instance_id, record)
        });
        let mut phone = Self {
            files: files.collect(),
            cursor: None,
            outbox: Outbox::new(Some(SERVER)),
            pace: Pace::new(limits),
            mail: Vec::new(),
            deleted: BTreeSet::new(),
        };
        phone.restart(limits);
        phone
    }

    /// Comes back after a crash with nothing but its files and its stored cursor.
    fn restart(&mut self, limits: &Limits) {
        self.outbox = Outbox::new(Some(SERVER));
        self.pace = Pace::new(limits);
        for (instance_id, record) in &self.files {
            self.outbox.queue(Parcel {
                instance_id: instance_id.clone(),
                bytes: record.encoded_len(),
                blobs: Vec::new(),
                handle: instance_id.clone(),
            });
        }
    }

    fn send(&mut self, server: &mut Server, dice: &mut Dice, luck: Luck) {
        let Some(batch) = self.outbox.next_batch(dice.uuid(), &server.limits, &self.pace) else {
            return;
        };
        let records = batch
            .tickets
            .iter()
            .map(|t| self.files[&self.outbox.parcel(*t).unwrap().handle].clone())
            .collect();
        let body = PushRequest { protocol: 1, batch: batch.id, records }.to_json();
        if luck.request_lost(dice) {
            return self.outbox.on_failure(Failure::Network, &server.limits, &mut self.pace);
        }
        let answer = server.push(&body, dice);
        if luck.request_lost(dice) {
            // The network delivers the request twice; the first answer is the one that arrives.
            server.push(&body, dice);
        }
        self.post(Mail::Push(answer), dice, luck);
    }

    fn pull(&mut self, server: &Server, dice: &mut Dice, luck: Luck) {
        let request = Follower::new(SERVER, self.cursor.clone()).request(None, None);
        // Through the query text, as on the wire.
        let request = PullRequest::from_query(&request.to_query()).unwrap();
        self.post(Mail::Pull(server.pull(request)), dice, luck);
    }

    fn post(&mut self, mail: Mail, dice: &mut Dice, luck: Luck) {
        match luck.of_answer(dice) {
            0 => self.outbox.on_failure(Failure::Network, &Limits::default(), &mut self.pace),
            1 => self.mail.push(Mail::Push(b"<html>Bienvenue sur le Wi-Fi</html>".to_vec())),
            2 => self.mail.extend([mail.clone(), mail]),
            _ => self.mail.push(mail),
        }
    }

    /// Opens one answer, not always the oldest.
    fn open_mail(&mut self, dice: &mut Dice, limits: &Limits) {
        if self.mail.is_empty() {
            return;
        }
        let place = usize::try_from(dice.roll(self.mail.len().try_into().unwrap())).unwrap();
        match self.mail.swap_remove(place) {
            Mail::Push(body) => {
                // An answer that is not believed is a result like any other here: the invariants tell.
                let took = Duration::from_secs(dice.roll(40));
                let answer = self.outbox.on_response(&body, took, limits, &mut self.pace);
                let is_html = body.starts_with(b"<");
                assert!(!is_html || answer.is_err(), "a captive portal was believed");
            }
            Mail::Pull(body) => {
                let mut follower = Follower::new(SERVER, self.cursor.clone());
                if let Ok(page) = follower.on_response(&body) {
                    self.outbox.on_receipts(&page);
                    let before = self.cursor.take();
                    follower.stored(&page);
                    self.cursor = follower.cursor().cloned();
                    let went_on =
                        before.is_none_or(|before| page.reset || page.next.covers(&before));
                    assert!(went_on, "a place in the feed went back");
                }
            }
        }
        for settled in self.outbox.take_settled() {
            assert!(
                self.files.remove(&settled.parcel.handle).is_some(),
                "a record was settled twice"
            );
            self.deleted.insert(settled.parcel.handle);
        }
    }
}

#[derive(Clone, Copy)]
enum Luck {
    Bad,
    Good,
}

impl Luck {
    fn request_lost(self, dice: &mut Dice) -> bool {
        matches!(self, Self::Bad) && dice.roll(4) == 0
    }

    fn of_answer(self, dice: &mut Dice) -> u64 {
        if matches!(self, Self::Bad) { dice.roll(8) } else { 9 }
    }
}

fn step(server: &mut Server, phones: &mut [Phone], dice: &mut Dice, luck: Luck) {
    let number = usize::try_from(dice.roll(PHONES.try_into().unwrap())).unwrap();
    let phone = &mut phones[number];
    let limits = server.limits;
    match dice.roll(if matches!(luck, Luck::Bad) { 230 } else { 220 }) {
        0..20 => phone.outbox.on_hello(&server.hello()).unwrap(),
        20..50 => phone.send(server, dice, luck),
        50..80 => phone.pull(server, dice, luck),
        80..180 => phone.open_mail(dice, &limits),
        180..220 => server.apply(dice),
        220..229 => phone.restart(&limits),
        _ => server.restore(dice),
    }
}

fn check_nothing_deleted_is_lost(server: &Server, phones: &[Phone]) {
    let safe: BTreeSet<&str> = server
        .journal
        .iter()
        .filter(|submission| submission.outcome.is_some_and(ReceiptState::is_safe_to_forget))
        .map(|submission| submission.instance_id.as_str())
        .collect();
    for instance_id in phones.iter().flat_map(|phone| &phone.deleted) {
        assert!(safe.contains(instance_id.as_str()), "{instance_id} is lost");
    }
}

fn simulate(seed: u64) {
    let mut dice = Dice(seed);
    let limits = Limits { preferred_body_bytes: 4_096, max_records: 12, ..Limits::default() };
    let mut server = Server { epoch: dice.uuid(), journal: Vec::new(), feed: Vec::new(), limits };
    let mut phones: Vec<Phone> = (0..PHONES).map(|number| Phone::new(number, &limits)).collect();

    for _ in 0..600 {
        step(&mut server, &mut phones, &mut dice, Luck::Bad);
        check_nothing_deleted_is_lost(&server, &phones);
    }
    let mut steps = 0;
    while phones.iter().any(|phone| !phone.files.is_empty()) {
        step(&mut server, &mut phones, &mut dice, Luck::Good);
        steps += 1;
        assert!(steps < 40_000, "seed {seed}: the phones never come to rest");
    }

    check_nothing_deleted_is_lost(&server, &phones);
    let delivered: Vec<&str> =
        server.journal.iter().map(|submission| submission.instance_id.as_str()).collect();
    let distinct: BTreeSet<&str> = delivered.iter().copied().collect();
    assert_eq!(delivered.len(), distinct.len(), "seed {seed}: a record is there twice");
    assert_eq!(distinct.len(), PHONES * RECORDS, "seed {seed}: a record is missing");
}

#[test]
fn no_record_is_lost_or_doubled_whatever_the_network_does() {
    for seed in 1..=30_u64 {
        simulate(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
}
