//! Interpreting what comes next while the batch before it is written: the pure half of apply keeps one core busy,
//! the database the other.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinHandle,
};
use uuid::Uuid;

use super::{
    engine::Applier,
    event::{self, Event},
    guarded::guarded,
    load::{KeptKey, kept_keys},
    say::{Said, say},
};
use crate::{
    catalogue::Snapshot,
    db::{DbError, Result},
    intake::Appended,
};

/// An interpreted event, with the forms it was read by: they may have changed since.
pub(super) struct Ready {
    pub(super) forms: Arc<Snapshot>,
    pub(super) said: Said,
    /// Its share of what may wait here.
    _room: OwnedSemaphorePermit,
}

/// What comes next of the journal, being read and interpreted.
pub(super) struct Next {
    after: i64,
    forms: Arc<Snapshot>,
    said: JoinHandle<Result<Vec<Said>>>,
}

impl Next {
    /// Begins with the events after this one.
    pub(super) fn begin(applier: &Applier, after: i64, forms: &Arc<Snapshot>) -> Self {
        let (applier, read_by) = (applier.clone(), Arc::clone(forms));
        let said = tokio::spawn(async move { read_after(&applier, after, &read_by).await });
        Self { after, forms: Arc::clone(forms), said }
    }

    /// The events after this one, if it was them that were read, and by these forms.
    pub(super) async fn of(self, after: i64, forms: &Arc<Snapshot>) -> Option<Vec<Said>> {
        if self.after != after || !Arc::ptr_eq(&self.forms, forms) {
            self.said.abort();
            return None;
        }
        // A failure is met again by whoever reads in its place.
        self.said.await.ok()?.ok()
    }
}

/// The events of the journal after this one, as many as are folded at once.
pub(super) async fn read_after(
    applier: &Applier,
    after: i64,
    forms: &Arc<Snapshot>,
) -> Result<Vec<Said>> {
    let mut tx = applier.read().await?;
    let events = event::after(&mut tx, after, i64::try_from(applier.batch)?, &applier.keys).await?;
    drop(tx);
    let said = say_all(applier, events, forms).await?;
    let kept = kept_keys_of(applier, &said).await?;
    let said = make_all(applier, said, kept).await?;
    applier.foresee(&said).await;
    Ok(said)
}

/// The keys that entities had before a rebuild which these submissions may make again.
async fn kept_keys_of(applier: &Applier, said: &[Said]) -> Result<HashMap<Uuid, KeptKey>> {
    let mut places = HashSet::new();
    for s in said {
        let changes = s.interpretation.iter().flat_map(|i| &i.changes);
        places.extend(changes.filter(|c| c.create).map(|c| (s.event.zone_id, c.entity_id)));
    }
    kept_keys(&mut applier.read().await?, &places, &applier.keys).await
}

/// Fewer events than this are interpreted in less time than handing them to another thread takes.
const FEW: usize = 16;

/// Events that may be interpreted and wait: about 20 kB each, and enough that apply finds a whole batch ready.
const ROOM: u32 = 1_536;

/// Interprets what comes until the channel closes; it is held up when apply is behind.
pub(super) async fn interpret_ahead(
    applier: Applier,
    mut handed: mpsc::Receiver<Vec<Appended>>,
    ready: mpsc::Sender<Vec<Ready>>,
) {
    let room = Arc::new(Semaphore::new(usize::try_from(ROOM).unwrap_or(usize::MAX)));
    while let Some(appended) = handed.recv().await {
        // One transaction of intake holds fewer than there is room for; of more, some would go to the journal.
        let wanted = u32::try_from(appended.len()).unwrap_or(ROOM).min(ROOM);
        let Ok(mut room) = Arc::clone(&room).acquire_many_owned(wanted).await else { return };
        // What cannot be interpreted now is read from the journal: nothing is lost here.
        let Ok(forms) = applier.forms().await else { continue };
        let events = appended.into_iter().map(Event::from).collect();
        let said = guarded(interpret_all(&applier, events, &forms)).await;
        let Ok(said) = said else { continue };
        applier.foresee(&said).await;
        let batch = said.into_iter().map_while(|mut said| {
            // Batches wait here: what they were interpreted from is not kept in memory with them.
            if let Some(content) = &mut said.event.content {
                content.xml = bytes::Bytes::new();
                content.decoded = None;
            }
            Some(Ready { forms: Arc::clone(&forms), said, _room: room.split(1)? })
        });
        if ready.send(batch.collect()).await.is_err() {
            return;
        }
    }
}

/// Interprets events, in order, and seals ahead what new entities will hold: it costs about what interpreting does.
pub(super) async fn interpret_all(
    applier: &Applier,
    events: Vec<Event>,
    forms: &Arc<Snapshot>,
) -> Result<Vec<Said>> {
    make_all(applier, say_all(applier, events, forms).await?, HashMap::new()).await
}

/// What events say, in order.
pub(super) async fn say_all(
    applier: &Applier,
    events: Vec<Event>,
    forms: &Arc<Snapshot>,
) -> Result<Vec<Said>> {
    let applier = applier.clone();
    let forms = Arc::clone(forms);
    beside(events.len(), move || {
        let gazetteer = applier.gazetteer();
        let ground = applier.ground(&forms, &gazetteer);
        events.into_iter().map(|e| say(e, &ground)).collect()
    })
    .await
}

/// Seals what new entities will hold, under these keys of theirs or new ones.
async fn make_all(
    applier: &Applier,
    mut said: Vec<Said>,
    mut kept: HashMap<Uuid, KeptKey>,
) -> Result<Vec<Said>> {
    let (keys, runtime) = (Arc::clone(&applier.keys), applier.runtime.clone());
    beside(said.len(), move || {
        let interpretations = said.iter_mut().flat_map(|s| &mut s.interpretation);
        for change in interpretations.flat_map(|i| &mut i.changes) {
            if let Some(change) = Arc::get_mut(change) {
                change.make(kept.remove(&change.entity_id), &keys, &runtime);
            }
        }
        said
    })
    .await
}

/// Does this work on so many events, on another thread unless they are few.
async fn beside(
    size: usize,
    work: impl FnOnce() -> Vec<Said> + Send + 'static,
) -> Result<Vec<Said>> {
    if size <= FEW {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| DbError::Inconsistent { table: "journal", column: "payload" })
}

/// What was interpreted ahead by these forms; nothing when they have changed meanwhile: the events
/// are then read from the journal.
pub(super) fn read_by(forms: &Arc<Snapshot>, batch: Vec<Ready>) -> Vec<Said> {
    if batch.iter().any(|ready| !Arc::ptr_eq(&ready.forms, forms)) {
        return Vec::new();
    }
    batch.into_iter().map(|ready| ready.said).collect()
}
