//! One transaction of the journal: decide what each submission is, append what is new.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    EventKind, FileEntry, Incoming, Matter, Payload,
    event::{IntakeKey, half},
};
use crate::{
    db::{Result, Sql, Tx, Value},
    keys::{MasterKeys, SubjectKey},
    runtime::{Micros, Runtime},
    store::ZoneId,
};

/// What became of one submission at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// New, or new files for a known one: in the journal now.
    Accepted {
        /// The submission's id.
        submission_id: Uuid,
    },
    /// Seen before, byte for byte.
    Duplicate {
        /// The submission's id.
        submission_id: Uuid,
        /// The zone it was registered in.
        zone_id: ZoneId,
    },
    /// The instance id was used for another content: both are kept.
    Conflict {
        /// The id given to this one.
        submission_id: Uuid,
        /// The submission that had the instance id first.
        with: Uuid,
    },
    /// It, or what it edits, was erased: known, and never stored again.
    Erased {
        /// The submission's id.
        submission_id: Uuid,
        /// The zone it was registered in.
        zone_id: ZoneId,
    },
}

/// Stands in the place of a content's hash when the content was erased. No content is known to have it.
pub const ERASED: [u8; 16] = [0; 16];

/// A submission made ready outside the transaction: sealed, with its ids, so that running the
/// transaction again gives the same rows.
pub(super) struct Prepared {
    incoming: Arc<Incoming>,
    event_id: Uuid,
    content_hash: [u8; 32],
    instance_key: IntakeKey,
    content_key: IntakeKey,
    deprecated_key: Option<IntakeKey>,
    file_keys: Vec<IntakeKey>,
    wrapped_key: Vec<u8>,
    payload: Vec<u8>,
    /// The same files without the XML, in case the submission itself is already here.
    files_payload: Vec<u8>,
    /// Nothing at all, in case what it replaces was erased.
    nothing: Vec<u8>,
}

impl Prepared {
    pub(super) const fn event_id(&self) -> Uuid {
        self.event_id
    }

    pub(super) fn incoming(&self) -> Arc<Incoming> {
        Arc::clone(&self.incoming)
    }

    /// The keys under which it, what it replaces or its files may be here already.
    pub(super) fn keys(&self) -> impl Iterator<Item = IntakeKey> {
        let others = self.file_keys.iter().copied().chain(self.deprecated_key);
        std::iter::once(self.instance_key).chain(others)
    }
}

/// An event that the transaction appended, for apply to take without reading it back.
#[derive(Clone)]
pub struct Appended {
    /// Its place in the journal.
    pub seq: i64,
    /// The zone it belongs to.
    pub zone_id: ZoneId,
    /// Its id; the context of its seal.
    pub event_id: Uuid,
    /// What it says.
    pub kind: EventKind,
    /// The submission it is about.
    pub submission_id: Uuid,
    /// When it was received.
    pub received_at: Micros,
    /// The submission, with its decoding.
    pub incoming: Arc<Incoming>,
    /// The event's key.
    pub key: SubjectKey,
}

/// Seals a submission and fixes its ids.
pub(super) fn prepare(
    incoming: Incoming,
    keys: &MasterKeys,
    runtime: &Runtime,
) -> (Prepared, SubjectKey) {
    let content_hash: [u8; 32] =
        incoming.content_hash.unwrap_or_else(|| Sha256::digest(&incoming.xml).into());
    let event_id = runtime.id();
    let key = SubjectKey::new(runtime.bytes());
    let files: Vec<FileEntry> = incoming.files.iter().map(entry).collect();
    let (withheld, xml) = (incoming.withheld.clone(), incoming.xml.to_vec());
    let payload = Payload { files: files.clone(), withheld, xml }.seal(&key, event_id);
    let files_payload = if files.is_empty() {
        Vec::new()
    } else {
        Payload { files, withheld: Vec::new(), xml: Vec::new() }.seal(&key, event_id)
    };
    let nothing = if incoming.deprecated_id.is_some() {
        Payload { files: Vec::new(), withheld: Vec::new(), xml: Vec::new() }.seal(&key, event_id)
    } else {
        Vec::new()
    };
    let prepared = Prepared {
        event_id,
        content_hash,
        instance_key: incoming.instance_key(),
        content_key: incoming.content_key(&content_hash),
        deprecated_key: incoming.deprecated_key(),
        file_keys: incoming.files.iter().map(|f| incoming.file_key(&content_hash, f)).collect(),
        wrapped_key: keys.wrap(incoming.realm, event_id.as_bytes(), &key),
        payload,
        files_payload,
        nothing,
        incoming: Arc::new(incoming),
    };
    (prepared, key)
}

fn entry(file: &super::StoredFile) -> FileEntry {
    FileEntry {
        name: file.name.clone(),
        sha256: hex::encode(file.sha256),
        size: file.size,
        content_type: file.content_type.clone(),
    }
}

#[derive(Clone, Copy)]
struct Known {
    zone_id: ZoneId,
    submission_id: Uuid,
    /// The first half, enough to tell contents apart.
    content_hash: Option<IntakeKey>,
}

impl Known {
    const fn erased(self) -> Outcome {
        Outcome::Erased { submission_id: self.submission_id, zone_id: self.zone_id }
    }
}

/// What one prepared submission adds to the journal.
struct Addition {
    index: usize,
    kind: EventKind,
    zone_id: ZoneId,
    submission_id: Uuid,
}

/// The rows of one transaction.
#[derive(Default)]
struct Batch {
    known: HashMap<IntakeKey, Known>,
    additions: Vec<Addition>,
    new_keys: Vec<(IntakeKey, Known)>,
    /// Keys that are stored and stand for something else now.
    late: Vec<(IntakeKey, Known)>,
}

/// Appends a batch and says what became of each submission, in order.
pub(super) async fn append(
    tx: &mut Tx,
    batch: &[Prepared],
    now: Micros,
) -> Result<(Vec<Outcome>, Vec<(usize, i64, ZoneId, EventKind, Uuid)>)> {
    let head = lock_head(tx).await?;
    let mut work = Batch { known: known_keys(tx, batch).await?, ..Batch::default() };
    let outcomes = batch.iter().enumerate().map(|(i, p)| work.decide(i, p)).collect::<Vec<_>>();
    let appended: Vec<_> = work
        .additions
        .iter()
        .zip(head + 1..)
        .map(|(a, seq)| (a.index, seq, a.zone_id, a.kind, a.submission_id))
        .collect();
    if !work.additions.is_empty() {
        write_events(tx, batch, &work, head, now).await?;
    }
    if !work.new_keys.is_empty() || !work.additions.is_empty() {
        write_keys(tx, batch, work).await?;
    }
    Ok((outcomes, appended))
}

/// Appends events in a transaction of the caller's: for what must stand in the journal as a whole or not at all.
///
/// Says what became of each, in order.
pub async fn journal(
    tx: &mut Tx,
    incoming: Vec<Incoming>,
    keys: &MasterKeys,
    runtime: &Runtime,
) -> Result<Vec<Outcome>> {
    let prepared: Vec<Prepared> =
        incoming.into_iter().map(|i| prepare(i, keys, runtime).0).collect();
    Ok(append(tx, &prepared, runtime.now()).await?.0)
}

/// Taken first: appenders queue here, so journal order is commit order and what is read next
/// cannot change before the commit.
async fn lock_head(tx: &mut Tx) -> Result<i64> {
    const LOCK: Sql = Sql {
        // BEGIN IMMEDIATE already holds the only write lock.
        sqlite: "SELECT seq FROM journal_head WHERE id = 1",
        postgres: "SELECT seq FROM journal_head WHERE id = 1 FOR UPDATE",
    };
    tx.query(LOCK).fetch_one().await?.get(0)
}

/// What is known of a batch. A content has a key of its own only where its instance id was used for
/// another one: few are looked for, each is a page of its own.
async fn known_keys(tx: &mut Tx, batch: &[Prepared]) -> Result<HashMap<IntakeKey, Known>> {
    let wanted: HashSet<_> = batch.iter().flat_map(Prepared::keys).collect();
    let mut known = HashMap::with_capacity(wanted.len());
    learn_keys(tx, &mut known, wanted).await?;
    let is_other = |p: &&Prepared| {
        let first = known.get(&p.instance_key).and_then(|k| k.content_hash);
        first.is_some_and(|hash| hash != half(&p.content_hash))
    };
    let others = batch.iter().filter(is_other).map(|p| p.content_key).collect();
    learn_keys(tx, &mut known, others).await?;
    Ok(known)
}

async fn learn_keys(
    tx: &mut Tx,
    known: &mut HashMap<IntakeKey, Known>,
    wanted: HashSet<IntakeKey>,
) -> Result<()> {
    let list = wanted.into_iter().map(Value::from).collect();
    let rows = tx
        .fetch_in(
            "SELECT intake_key, zone_id, submission_id, content_hash FROM intake_key WHERE intake_key IN",
            list,
            "",
        )
        .await?;
    for row in rows {
        let hash: Option<Vec<u8>> = row.get(3)?;
        let value = Known {
            zone_id: ZoneId(row.get(1)?),
            submission_id: row.get(2)?,
            content_hash: hash.and_then(|h| h.try_into().ok()),
        };
        known.insert(row.bytes(0)?, value);
    }
    Ok(())
}

impl Batch {
    /// *Same id + same bytes = the same submission; same id + other bytes = both kept.*
    fn decide(&mut self, index: usize, p: &Prepared) -> Outcome {
        let content = half(&p.content_hash);
        let Some(first) = self.known.get(&p.instance_key).copied() else {
            return self.first_of_its_id(index, p);
        };
        match first.content_hash {
            Some(ERASED) => first.erased(),
            Some(hash) if hash == content => self.seen(index, p, first),
            // What the sender may not see does not exist for it: whoever waits for this id elsewhere is not joined.
            None if !p.incoming.sender.scope.contains(first.zone_id) => {
                self.first_of_its_id(index, p)
            }
            None => self.late(index, p, first),
            // Two answers under one id: the first stands, the sender is told.
            Some(_) if p.incoming.matter != Matter::Submission => {
                Outcome::Conflict { submission_id: p.event_id, with: first.submission_id }
            }
            Some(_) => {
                if let Some(other) = self.known.get(&p.content_key).copied() {
                    return self.seen(index, p, other);
                }
                let zone = p.incoming.sender.zone_id;
                self.learn(p.content_key, zone, p.event_id, Some(content));
                self.add(index, p, EventKind::Conflict, zone, p.event_id);
                Outcome::Conflict { submission_id: p.event_id, with: first.submission_id }
            }
        }
    }

    /// A version that `first` is waiting for: it was replaced before it came.
    ///
    /// When what it replaces itself is here as another submission, the event names that one, and the key of its id
    /// the one that waited: apply makes one of them (ADR 20).
    fn late(&mut self, index: usize, p: &Prepared, first: Known) -> Outcome {
        let content = half(&p.content_hash);
        let older = p.deprecated_key.and_then(|key| self.known.get(&key).copied());
        let older = older.filter(|old| p.incoming.sender.scope.contains(old.zone_id));
        if let Some(old) = older.filter(|old| old.content_hash == Some(ERASED)) {
            self.answer_to(p.instance_key, Known { content_hash: Some(ERASED), ..first });
            // What replaced it is of the same person: an event that holds nothing of it says that it goes too.
            let (zone_id, submission_id) = (first.zone_id, first.submission_id);
            let kind = EventKind::Erasure;
            self.additions.push(Addition { index, kind, zone_id, submission_id });
            return old.erased();
        }
        self.answer_to(p.instance_key, Known { content_hash: Some(content), ..first });
        if let Some(key) = p.deprecated_key.filter(|key| !self.known.contains_key(key)) {
            // What it replaces is still on its way, too.
            self.learn(key, first.zone_id, first.submission_id, None);
        }
        // A submission stays in its zone: a chain does not cross from one to another.
        let of = older.filter(|old| old.zone_id == first.zone_id).unwrap_or(first);
        self.add(index, p, EventKind::LateOriginal, of.zone_id, of.submission_id);
        Outcome::Accepted { submission_id: of.submission_id }
    }

    /// Says from now on what a key that is stored stands for.
    fn answer_to(&mut self, key: IntakeKey, known: Known) {
        self.known.insert(key, known);
        self.late.push((key, known));
    }

    fn first_of_its_id(&mut self, index: usize, p: &Prepared) -> Outcome {
        let sender = &p.incoming.sender;
        let replaced = p.deprecated_key.and_then(|key| self.known.get(&key).copied());
        let (kind, zone, submission_id) = match replaced {
            // A phone that edits what was erased does not bring it back.
            Some(old) if old.content_hash == Some(ERASED) && sender.scope.contains(old.zone_id) => {
                self.learn(p.instance_key, old.zone_id, old.submission_id, Some(ERASED));
                return old.erased();
            }
            Some(old) if sender.scope.contains(old.zone_id) => {
                (EventKind::Edit, old.zone_id, old.submission_id)
            }
            // What the sender may not see does not exist for it: the edit stands on its own.
            Some(_) => (EventKind::Submission, sender.zone_id, p.event_id),
            None => {
                if let Some(key) = p.deprecated_key {
                    // The original is still on its way: it will be told it was replaced.
                    self.learn(key, sender.zone_id, p.event_id, None);
                }
                (EventKind::Submission, sender.zone_id, p.event_id)
            }
        };
        let kind = match p.incoming.matter {
            Matter::Submission => kind,
            Matter::Decision => EventKind::Decision,
            Matter::Review => EventKind::Review,
            Matter::Erasure => EventKind::Erasure,
            Matter::Import => EventKind::Import,
        };
        self.learn(p.instance_key, zone, submission_id, Some(half(&p.content_hash)));
        self.add(index, p, kind, zone, submission_id);
        Outcome::Accepted { submission_id }
    }

    /// The submission is here already; its files may not be.
    fn seen(&mut self, index: usize, p: &Prepared, known: Known) -> Outcome {
        let submission_id = known.submission_id;
        if known.content_hash == Some(ERASED) {
            return known.erased();
        }
        if p.file_keys.iter().all(|key| self.known.contains_key(key)) {
            // The retry of a transaction whose COMMIT was cut off finds its own rows.
            return if submission_id == p.event_id {
                Outcome::Accepted { submission_id }
            } else {
                Outcome::Duplicate { submission_id, zone_id: known.zone_id }
            };
        }
        self.add(index, p, EventKind::Files, known.zone_id, submission_id);
        Outcome::Accepted { submission_id }
    }

    fn learn(
        &mut self,
        key: IntakeKey,
        zone_id: ZoneId,
        submission_id: Uuid,
        hash: Option<IntakeKey>,
    ) {
        let known = Known { zone_id, submission_id, content_hash: hash };
        if self.known.insert(key, known).is_none() {
            self.new_keys.push((key, known));
        } else {
            self.late.push((key, known));
        }
    }

    fn add(
        &mut self,
        index: usize,
        p: &Prepared,
        kind: EventKind,
        zone_id: ZoneId,
        submission_id: Uuid,
    ) {
        for key in &p.file_keys {
            if !self.known.contains_key(key) {
                self.learn(*key, zone_id, submission_id, None);
            }
        }
        self.additions.push(Addition { index, kind, zone_id, submission_id });
    }
}

async fn write_events(
    tx: &mut Tx,
    batch: &[Prepared],
    work: &Batch,
    head: i64,
    now: Micros,
) -> Result<()> {
    let mut events = Vec::with_capacity(work.additions.len());
    for (a, seq) in work.additions.iter().zip(head + 1..) {
        let Some(p) = batch.get(a.index) else { continue };
        let (payload, content_hash) = match a.kind {
            EventKind::Files => (&p.files_payload, p.content_hash),
            EventKind::Erasure if p.incoming.matter == Matter::Submission => (&p.nothing, [0; 32]),
            _ => (&p.payload, p.content_hash),
        };
        events.push(vec![
            a.zone_id.0.into(),
            seq.into(),
            p.event_id.into(),
            a.kind.as_str().into(),
            a.submission_id.into(),
            p.incoming.form_id.as_str().into(),
            p.incoming.form_version.as_str().into(),
            p.incoming.instance_id.as_str().into(),
            content_hash.into(),
            p.incoming.sender.account_id.into(),
            p.incoming.sender.device_id.into(),
            now.into(),
            payload.as_slice().into(),
            p.incoming.realm.as_str().into(),
            p.wrapped_key.as_slice().into(),
        ]);
    }
    let count = i64::try_from(events.len())?;
    tx.insert_rows(
        "INSERT INTO journal (zone_id, seq, event_id, kind, submission_id, form_id, form_version, \
         instance_id, content_hash, account_id, device_id, received_at, payload, realm, wrapped)",
        "",
        events,
    )
    .await?;
    tx.query("UPDATE journal_head SET seq = $1 WHERE id = 1").bind(head + count).execute().await?;
    Ok(())
}

async fn write_keys(tx: &mut Tx, batch: &[Prepared], work: Batch) -> Result<()> {
    let mut blobs = Vec::new();
    for a in work.additions.iter().filter(|a| a.kind != EventKind::Erasure) {
        let Some(p) = batch.get(a.index) else { continue };
        // The others get their row when they are uploaded.
        for file in p.incoming.files.iter().filter(|f| f.is_here) {
            blobs.push(vec![
                file.sha256.into(),
                i64::try_from(file.size)?.into(),
                p.incoming.realm.as_str().into(),
            ]);
        }
    }
    let keys = work
        .new_keys
        .into_iter()
        .map(|(key, known)| {
            vec![
                key.into(),
                known.zone_id.0.into(),
                known.submission_id.into(),
                Value::Bytes(known.content_hash.map(|h| h.to_vec())),
            ]
        })
        .collect();
    tx.insert_rows(
        "INSERT INTO intake_key (intake_key, zone_id, submission_id, content_hash)",
        "",
        keys,
    )
    .await?;
    tx.insert_rows(
        "INSERT INTO blob (sha256, size, realm)",
        "ON CONFLICT (sha256) DO NOTHING",
        blobs,
    )
    .await?;
    for (key, known) in work.late {
        tx.query(
            "UPDATE intake_key SET zone_id = $2, submission_id = $3, content_hash = $4 WHERE intake_key = $1",
        )
        .bind(key)
        .bind(known.zone_id.0)
        .bind(known.submission_id)
        .bind(Value::Bytes(known.content_hash.map(|h| h.to_vec())))
        .execute()
        .await?;
    }
    Ok(())
}
