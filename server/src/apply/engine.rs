//! The loop that follows the journal.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Mutex, RwLock, mpsc, watch};
use tracing::{error, info};

use super::{
    ahead::{Next, Ready, interpret_ahead, read_after, read_by},
    guarded::guarded,
    heard::Heard,
    lists::ListBook,
    people::People,
    recall::recall,
    recount,
    register::Ground,
    replace,
    reviewed::parts,
    say::Said,
    stand::Acceptance,
    turn::Mark,
};
use crate::{
    catalogue::{Catalogue, Snapshot},
    db::{Db, DbError, Result},
    geo::Gazetteer,
    intake::{Appended, BlobStore},
    keys::MasterKeys,
    linkage::Policy,
    places::Places,
    runtime::Runtime,
    tally_book::TallyBook,
};

/// Events folded in one transaction: a page of an index that several touch is written once.
const BATCH: usize = 1_024;
/// The same where nobody waits for an event and memory is there: what batches cost by themselves is paid less often.
const LARGE_BATCH: usize = 4 * BATCH;
/// Events that need not wait for more.
const ENOUGH: usize = 128;
/// How long apply lets events gather: a transaction costs about the same for one and for fifty.
const GATHER: Duration = Duration::from_millis(15);
/// How often the journal is looked at when nothing was handed over: other processes append too.
const LOOK: Duration = Duration::from_millis(250);
/// The pause after a failure; the journal keeps everything meanwhile.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What went wrong while deriving.
pub type ApplyError = DbError;

/// How far the derived tables are, for those who wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The last event applied.
    pub seq: i64,
}

/// What a step found to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Idle,
    FromMemory,
    FromJournal,
}

/// What is known of the events to come.
#[derive(Default)]
struct Ahead {
    /// What was handed over, interpreted.
    handed: BTreeMap<i64, Ready>,
    /// What is being read of a backlog.
    next: Option<Next>,
}

/// Derives; one per database, guarded by the row of `apply_state`.
#[derive(Clone)]
pub struct Applier {
    pub(super) db: Db,
    pub(super) keys: Arc<MasterKeys>,
    pub(super) runtime: Runtime,
    pub(super) catalogue: Catalogue,
    pub(super) places: Places,
    /// The polygons by which every place is computed: readers may have loaded newer ones.
    placed_by: Arc<std::sync::Mutex<(i64, i64)>>,
    progress: Arc<watch::Sender<Progress>>,
    /// Events of a backlog that are folded in one transaction.
    pub(super) batch: usize,
    /// Only one batch at a time: the loop, a rebuild or a re-placing.
    pub(super) turn: Arc<Mutex<()>>,
    /// The engine's memory: apply changes it, reviewers read it.
    pub(super) people: Arc<RwLock<People>>,
    /// Rows of the register fetched since the start.
    pub(super) brought: Arc<AtomicU64>,
    /// What was read lately.
    pub(super) heard: Arc<Heard>,
    lists: Arc<ListBook>,
    cells_are_full: Arc<AtomicBool>,
    /// Whether records may have to be asked again since the calendar changed.
    pub(super) may_ask_again: Arc<AtomicBool>,
    /// What the rules alone accept.
    acceptance: Acceptance,
    /// The files, some of which go with an erased person.
    pub(super) blobs: BlobStore,
    /// Who keeps the cells in memory.
    pub(super) tallies: Arc<TallyBook>,
}

impl Applier {
    /// Over these parts.
    pub fn new(
        db: Db,
        keys: Arc<MasterKeys>,
        runtime: Runtime,
        catalogue: Catalogue,
        places: Places,
        blobs: BlobStore,
        (policy, acceptance): (Policy, Acceptance),
    ) -> Self {
        let progress = Arc::new(watch::Sender::new(Progress::default()));
        let placed_by = Arc::new(std::sync::Mutex::new(places.held().1));
        Self {
            db,
            keys,
            runtime,
            catalogue,
            places,
            placed_by,
            progress,
            batch: BATCH,
            turn: Arc::default(),
            people: Arc::new(RwLock::new(People::new(policy))),
            brought: Arc::default(),
            heard: Arc::default(),
            lists: Arc::default(),
            cells_are_full: Arc::default(),
            // Nobody knows what the last run left.
            may_ask_again: Arc::new(AtomicBool::new(true)),
            acceptance,
            blobs,
            tallies: Arc::default(),
        }
    }

    /// With readers of this process who keep the cells in memory, and are told of their moves.
    #[must_use]
    pub fn telling(mut self, tallies: Arc<TallyBook>) -> Self {
        self.tallies = tallies;
        self
    }

    /// For work that nobody waits for, event by event.
    #[must_use]
    pub(super) const fn in_large_batches(mut self) -> Self {
        self.batch = LARGE_BATCH;
        self
    }

    /// How many rows of entities, and of who carries a card or NINA, were fetched to apply what came
    /// since the start: what a batch costs beside its own size.
    pub fn brought(&self) -> u64 {
        self.brought.load(Ordering::Relaxed)
    }

    /// How many events were opened again to apply others since the start: versions of what is folded anew.
    pub fn read_again(&self) -> u64 {
        self.heard.read()
    }

    /// The engine's memory, to ask about pairs.
    pub fn people(&self) -> Arc<RwLock<People>> {
        Arc::clone(&self.people)
    }

    /// Follows how far it is.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Follows the journal until `handed` closes and everything handed over is applied.
    pub async fn run(self, handed: mpsc::Receiver<Vec<Appended>>) {
        let (ready, batches) = mpsc::channel(1);
        // Ends when `handed` closes, which also ends the loop.
        let stage = tokio::spawn(interpret_ahead(self.clone(), handed, ready));
        self.follow(batches).await;
        if let Err(failure) = stage.await {
            error!(error = %failure, "interpreting ahead ended badly");
        }
    }

    async fn follow(self, mut hand_over: mpsc::Receiver<Vec<Ready>>) {
        let mut ahead = Ahead::default();
        let mut open = true;
        let mut forms_token = None;
        while open || !ahead.handed.is_empty() {
            if open && ahead.handed.is_empty() {
                match tokio::time::timeout(LOOK, hand_over.recv()).await {
                    Ok(Some(events)) => ahead.keep(events),
                    Ok(None) => open = false,
                    Err(_) => {}
                }
            }
            // No more than a batch or two is taken over: the rest waits in the channel, and the
            // writer with it for a moment.
            let full = tokio::time::Instant::now() + GATHER;
            while !ahead.handed.is_empty() && ahead.handed.len() < ENOUGH {
                let next = tokio::time::timeout_at(full, hand_over.recv()).await;
                let Ok(Some(events)) = next else { break };
                ahead.keep(events);
            }
            // What is there already costs no wait.
            while ahead.handed.len() < BATCH {
                let Ok(events) = hand_over.try_recv() else { break };
                ahead.keep(events);
            }
            if let Err(failure) = guarded(self.catch_up(&mut ahead, &mut forms_token)).await {
                error!(error = %failure, "apply failed; it will be tried again");
                ahead = Ahead::default();
                tokio::time::sleep(AFTER_FAILURE).await;
                if !open {
                    return;
                }
            }
        }
    }

    async fn catch_up(
        &self,
        ahead: &mut Ahead,
        forms_token: &mut Option<(i64, i64, i64)>,
    ) -> Result<()> {
        let forms = self.catalogue.current().await?;
        self.fill_cells().await?;
        self.recall(&forms).await?;
        self.places.current().await?;
        if self.places.held().1 != self.placed_by() {
            self.replace_all(&mut |_| {}).await?;
        }
        if forms_token.is_none() {
            self.clear_up().await;
        }
        // Also at the start: a form may have been published while nobody applied.
        if *forms_token != Some(forms.token()) {
            let at_start = forms_token.is_none();
            self.retry_quarantined(&forms, at_start).await?;
        }
        *forms_token = Some(forms.token());
        // A backlog is read from the journal to its end; what is handed over is taken step by step,
        // so that nothing is read back that waits in the channel.
        while self.step(ahead).await? == Step::FromJournal {}
        Box::pin(self.compare_with_calendar()).await
    }

    /// Applies everything in the journal; for command-line work and tests.
    pub async fn run_to_end(&self, told: &mut (dyn FnMut(i64) + Send)) -> Result<i64> {
        self.catalogue.refresh().await?;
        self.fill_cells().await?;
        let mut ahead = Ahead::default();
        while self.step(&mut ahead).await? != Step::Idle {
            told(self.progress.borrow().seq);
        }
        Box::pin(self.compare_with_calendar()).await?;
        Ok(self.progress.borrow().seq)
    }

    /// One batch: from memory when the next events were handed over, else from the journal.
    async fn step(&self, ahead: &mut Ahead) -> Result<Step> {
        let _turn = self.turn.lock().await;
        let mut tx = self.db.read().await?;
        let seq = Mark::read(&mut tx).await?.seq;
        self.tell(seq);
        drop(tx);
        let ready = ahead.take_after(seq);
        // No older than those by which the door read what it let in: a form may have been published just now.
        let forms = &self.catalogue.held();
        let batch = read_by(forms, ready);
        let (step, batch) = if batch.is_empty() {
            match guarded(self.read_on(&mut ahead.next, seq, forms)).await {
                Err(failure) if !failure.is_transient() => {
                    error!(error = %failure, "events cannot be read together: they are taken one by one");
                    let to = seq + i64::try_from(self.batch)?;
                    Box::pin(self.one_by_one((seq, to), forms)).await?;
                    return Ok(Step::FromJournal);
                }
                read => (Step::FromJournal, read?),
            }
        } else {
            (Step::FromMemory, batch)
        };
        let Some(last) = batch.last().map(|s| s.event.seq) else { return Ok(Step::Idle) };
        if step == Step::FromJournal && batch.len() == self.batch {
            ahead.next = Some(Next::begin(self, last, forms));
        }
        let mut from = seq;
        for part in parts(batch) {
            let to = part.last().map_or(from, |s| s.event.seq);
            if !self.derive_part(part, (from, to), forms).await? {
                // Another process has derived: read on from where it is.
                return Ok(Step::FromJournal);
            }
            self.tell(to);
            from = to;
        }
        self.tell(last);
        Ok(step)
    }

    /// The next events of the journal: those that were read meanwhile, if it is them.
    async fn read_on(
        &self,
        next: &mut Option<Next>,
        seq: i64,
        forms: &Arc<Snapshot>,
    ) -> Result<Vec<Said>> {
        if let Some(next) = next.take()
            && let Some(said) = next.of(seq, forms).await
            && !said.is_empty()
        {
            return Ok(said);
        }
        read_after(self, seq, forms).await
    }

    pub(super) fn tell(&self, seq: i64) {
        self.progress.send_if_modified(|p| {
            let changed = p.seq != seq;
            p.seq = seq;
            changed
        });
    }

    /// Counts what an older program did not count, before anything is moved from cell to cell.
    async fn fill_cells(&self) -> Result<()> {
        if self.cells_are_full.load(Ordering::Relaxed) {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        while !recount::fill(&self.db, &self.keys).await? {}
        self.cells_are_full.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Loads everybody before the first batch, while intake goes on.
    async fn recall(&self, forms: &Snapshot) -> Result<()> {
        if self.people.read().await.seq.is_some() {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        let mut people = self.people.write().await;
        let mut tx = self.db.read().await?;
        let seq = Mark::read(&mut tx).await?.seq;
        let gazetteer = self.places.gazetteer();
        recall(&mut tx, &mut people, seq, &self.ground(forms, &gazetteer)).await?;
        info!(people.count = people.len(), "everybody is in the engine's memory");
        Ok(())
    }

    /// A look at the register.
    pub(super) async fn read(&self) -> Result<crate::db::Tx> {
        self.db.read().await
    }

    /// The forms as they are now.
    pub(super) async fn forms(&self) -> Result<Arc<Snapshot>> {
        self.catalogue.current().await
    }

    /// The gazetteer as it is now.
    pub(super) fn gazetteer(&self) -> Arc<Gazetteer> {
        self.places.gazetteer()
    }

    pub(super) fn ground<'a>(
        &'a self,
        forms: &'a Snapshot,
        gazetteer: &'a Gazetteer,
    ) -> Ground<'a> {
        Ground {
            forms,
            gazetteer,
            keys: &self.keys,
            runtime: &self.runtime,
            acceptance: self.acceptance,
            heard: &self.heard,
            lists: &self.lists,
        }
    }

    /// Computes every place again, after polygons were imported, and compares with them what records say of theirs.
    pub async fn replace_all(&self, told: &mut (dyn FnMut(u64) + Send)) -> Result<u64> {
        self.fill_cells().await?;
        let _turn = self.turn.lock().await;
        let today = self.runtime.now().day();
        let (gazetteer, token) = self.places.held();
        let placed =
            replace::replace_all(&self.db, (&*gazetteer, &*self.keys), today, told).await?;
        self.compare_with_boundaries(&gazetteer, today).await?;
        *self.placed_by.lock().expect("no holder of this lock can panic") = token;
        Ok(placed)
    }

    /// The token of the polygons by which every place is computed.
    fn placed_by(&self) -> (i64, i64) {
        *self.placed_by.lock().expect("no holder of this lock can panic")
    }
}

impl Ahead {
    fn keep(&mut self, events: Vec<Ready>) {
        self.handed.extend(events.into_iter().map(|ready| (ready.said.event.seq, ready)));
    }

    /// The run of handed-over events that starts right after `seq`; what is older goes.
    fn take_after(&mut self, seq: i64) -> Vec<Ready> {
        self.handed = self.handed.split_off(&(seq + 1));
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            let wanted = seq + 1 + i64::try_from(batch.len()).unwrap_or(0);
            let Some(event) = self.handed.remove(&wanted) else { break };
            batch.push(event);
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{Base, Settings},
        geo::{Division, Level},
        runtime::Micros,
        store::boundaries::{self, BoundaryRow},
    };

    fn region() -> BoundaryRow {
        let geometry = r#"{"type":"Feature","properties":{"division":"2012","level":"region","code":"kayes","name":"Kayes"},
            "geometry":{"type":"Polygon","coordinates":[[[-12,14],[-11,14],[-11,15],[-12,15],[-12,14]]]}}"#;
        BoundaryRow {
            division: String::from("2012"),
            level: String::from("region"),
            code: String::from("kayes"),
            geometry: geometry.to_owned(),
            source: String::from("test"),
            name: String::from("Kayes"),
            code_system: String::new(),
            source_code: String::new(),
            valid_from: String::new(),
            valid_to: String::new(),
            licence: String::new(),
        }
    }

    #[tokio::test]
    async fn limits_that_a_reader_saw_first_still_move_the_places() {
        let folder = tempfile::tempdir().unwrap();
        let base = Base::open(Settings::new(folder.path()), Runtime::system()).await.unwrap();
        let applier = base.applier();
        let mut tx = base.db.write().await.unwrap();
        boundaries::put(&mut tx, vec![region()], Micros(1)).await.unwrap();
        tx.commit().await.unwrap();
        let knows = |g: &Gazetteer| g.has_polygons(Division::D2012, Level::Region);
        assert!(!knows(&base.places.gazetteer()));

        assert!(knows(&base.places.current().await.unwrap()), "a reader sees them at once");
        assert_ne!(applier.placed_by(), base.places.held().1);
        let (_, nothing_comes) = mpsc::channel(1);
        Box::pin(applier.clone().run(nothing_comes)).await;

        assert_eq!(applier.placed_by(), base.places.held().1);
    }
}
