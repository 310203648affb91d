//! The one writer: drains its queue into one transaction, then answers everybody in it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};
use tracing::error;

use super::append::{Appended, Outcome, Prepared, append, prepare};
use super::{Incoming, Matter};
use crate::{
    db::{Db, DbError, Value, Wanted},
    keys::{MasterKeys, SubjectKey},
    runtime::Runtime,
};

/// Requests that may wait; more than that and the door answers "busy, try again".
const QUEUE: usize = 1_024;
/// Submissions in one transaction: past this the commit's cost is already shared thin.
const BATCH: usize = 512;
/// How long the writer lets apply catch up before it goes on without it.
const HAND_OFF_PATIENCE: Duration = Duration::from_secs(1);
/// How long a request waits for its turn and its commit.
const PATIENCE: Duration = Duration::from_secs(45);

/// Where the keys of what comes are looked for.
pub(crate) const KEYS: &str = "SELECT zone_id FROM intake_key WHERE intake_key IN";

/// Why a submission could not be made durable. Nothing was acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The queue is full, or the commit takes too long: the sender should try again later.
    #[error("the server is too busy")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] Arc<DbError>),
}

struct Request {
    batch: Vec<(Prepared, SubjectKey)>,
    answer: oneshot::Sender<Result<Vec<Outcome>, Arc<DbError>>>,
}

/// What became of submissions since the start.
#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicU64,
    duplicate: AtomicU64,
    conflict: AtomicU64,
    erased: AtomicU64,
    failed: AtomicU64,
}

/// The door to the journal; cheap to clone.
#[derive(Clone)]
pub struct Intake {
    db: Db,
    queue: mpsc::Sender<Request>,
    keys: Arc<MasterKeys>,
    runtime: Runtime,
    counts: Arc<Counts>,
}

impl Intake {
    /// Starts the writer. It ends when every `Intake` is dropped and the queue is empty.
    ///
    /// What was appended is offered to `hand_off`; when that is full, apply reads the journal.
    pub fn start(
        db: Db,
        keys: Arc<MasterKeys>,
        runtime: Runtime,
        hand_off: mpsc::Sender<Vec<Appended>>,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, requests) = mpsc::channel(QUEUE);
        let task = tokio::spawn(write_loop(db.clone(), runtime.clone(), requests, hand_off));
        (Self { db, queue, keys, runtime, counts: Arc::default() }, task)
    }

    /// What became of submissions since the start.
    pub fn outcomes(&self) -> [(&'static str, u64); 5] {
        let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let counts = &self.counts;
        [
            ("accepted", of(&counts.accepted)),
            ("duplicate", of(&counts.duplicate)),
            ("conflict", of(&counts.conflict)),
            ("erased", of(&counts.erased)),
            ("not_accepted", of(&counts.failed)),
        ]
    }

    /// How many requests wait for the writer, and how many may.
    pub fn queue(&self) -> (usize, usize) {
        let most = self.queue.max_capacity();
        (most.saturating_sub(self.queue.capacity()), most)
    }

    fn note(&self, outcome: &Outcome) {
        let count = match outcome {
            Outcome::Accepted { .. } => &self.counts.accepted,
            Outcome::Duplicate { .. } => &self.counts.duplicate,
            Outcome::Conflict { .. } => &self.counts.conflict,
            Outcome::Erased { .. } => &self.counts.erased,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Makes submissions durable and says what became of each, in order.
    ///
    /// # Errors
    /// When they could not be made durable; none of them was then acknowledged, though some may
    /// be stored: sending them again is harmless.
    pub async fn accept(&self, batch: Vec<Incoming>) -> Result<Vec<Outcome>, IntakeError> {
        let are_forms: Vec<bool> = batch.iter().map(|i| i.matter == Matter::Submission).collect();
        let outcomes = self.made_durable(batch).await;
        match &outcomes {
            Ok(outcomes) => {
                let forms = outcomes.iter().zip(are_forms).filter(|(_, is_form)| *is_form);
                forms.for_each(|(outcome, _)| self.note(outcome));
            }
            Err(_) => {
                self.counts.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        outcomes
    }

    async fn made_durable(&self, batch: Vec<Incoming>) -> Result<Vec<Outcome>, IntakeError> {
        let keys = Arc::clone(&self.keys);
        let runtime = self.runtime.clone();
        let ready =
            move || batch.into_iter().map(|i| prepare(i, &keys, &runtime)).collect::<Vec<_>>();
        let batch = ready();
        if self.db.outgrows_memory() {
            let keys = batch.iter().flat_map(|(p, _)| p.keys()).map(Value::from).collect();
            self.db.read_ahead(vec![Wanted { head: KEYS, first: Vec::new(), keys }]).await;
        }
        let (answer, outcome) = oneshot::channel();
        self.queue.try_send(Request { batch, answer }).map_err(|_| IntakeError::Busy)?;
        match tokio::time::timeout(PATIENCE, outcome).await {
            Ok(Ok(Ok(outcomes))) => Ok(outcomes),
            Ok(Ok(Err(error))) => Err(error.into()),
            Ok(Err(_)) | Err(_) => Err(IntakeError::Busy),
        }
    }
}

async fn write_loop(
    db: Db,
    runtime: Runtime,
    mut requests: mpsc::Receiver<Request>,
    hand_off: mpsc::Sender<Vec<Appended>>,
) {
    while let Some(first) = requests.recv().await {
        let mut turn = vec![first];
        let mut size = turn.iter().map(|r| r.batch.len()).sum::<usize>();
        while size < BATCH {
            let Ok(next) = requests.try_recv() else { break };
            size += next.batch.len();
            turn.push(next);
        }
        commit(&db, &runtime, turn, &hand_off).await;
    }
}

async fn commit(
    db: &Db,
    runtime: &Runtime,
    turn: Vec<Request>,
    hand_off: &mpsc::Sender<Vec<Appended>>,
) {
    let now = runtime.now();
    let mut sizes = Vec::with_capacity(turn.len());
    let mut answers = Vec::with_capacity(turn.len());
    let mut prepared = Vec::new();
    let mut subject_keys = Vec::new();
    for request in turn {
        sizes.push(request.batch.len());
        answers.push(request.answer);
        for (p, key) in request.batch {
            prepared.push(p);
            subject_keys.push(key);
        }
    }
    let prepared = Arc::new(prepared);
    let body = Arc::clone(&prepared);
    let result = db
        .with_tx("append", move |tx| {
            let batch = Arc::clone(&body);
            Box::pin(async move { append(tx, &batch, now).await })
        })
        .await;
    match result {
        Ok((outcomes, appended)) => {
            let mut outcomes = outcomes.into_iter();
            for (size, answer) in sizes.into_iter().zip(answers) {
                // A sender that hung up will ask again and be told "duplicate".
                let _gone = answer.send(Ok(outcomes.by_ref().take(size).collect()));
            }
            let events = hand_over(&prepared, &subject_keys, appended, now);
            // When apply is behind, waiting a moment costs less than making it read all this back;
            // past that the journal has it.
            let _full = hand_off.send_timeout(events, HAND_OFF_PATIENCE).await;
        }
        Err(failure) => {
            error!(error = %failure, "journal append failed");
            let failure = Arc::new(failure);
            for answer in answers {
                let _gone = answer.send(Err(Arc::clone(&failure)));
            }
        }
    }
}

type Place = (usize, i64, crate::store::ZoneId, super::EventKind, uuid::Uuid);

fn hand_over(
    prepared: &[Prepared],
    keys: &[SubjectKey],
    places: Vec<Place>,
    now: crate::runtime::Micros,
) -> Vec<Appended> {
    places
        .into_iter()
        .filter_map(|(index, seq, zone_id, kind, submission_id)| {
            let p = prepared.get(index)?;
            Some(Appended {
                seq,
                zone_id,
                event_id: p.event_id(),
                kind,
                submission_id,
                received_at: now,
                incoming: p.incoming().received(now),
                key: keys.get(index)?.clone(),
            })
        })
        .collect()
}
