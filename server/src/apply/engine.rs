//! The loop that follows the journal.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Mutex, RwLock, mpsc, watch};
use tracing::{error, info};
use uuid::Uuid;

use super::{
    again,
    ahead::{Ready, interpret_ahead, interpret_all, read_by},
    bring::{bring, remember},
    chain, conflict, days, delete,
    entity::Source,
    erase::erase,
    event::{self, Event},
    fold::{Ground, Needs, PeopleGuard, Register, Said, Waiting, say},
    heard::Heard,
    holders::{self, Holders},
    interpret::Interpretation,
    load,
    people::People,
    recall::recall,
    recount, replace,
    reviewed::{self, cases, parts, remember_versions},
    rows::Rows,
    stand::Acceptance,
    turn::Mark,
    write,
};
use crate::{
    catalogue::{Catalogue, Snapshot},
    db::{Db, DbError, Result, Tx},
    geo::Gazetteer,
    intake::{Appended, BlobStore},
    keys::MasterKeys,
    linkage::Policy,
    places::Places,
    runtime::{Micros, Runtime},
    store::{ZoneId, lost_files},
    tally_book::TallyBook,
};

/// Events folded in one transaction: a page of an index that several touch is written once.
const BATCH: usize = 1_024;
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

/// Derives; one per database, guarded by the row of `apply_state`.
#[derive(Clone)]
pub struct Applier {
    db: Db,
    pub(super) keys: Arc<MasterKeys>,
    pub(super) runtime: Runtime,
    pub(super) catalogue: Catalogue,
    pub(super) places: Places,
    progress: Arc<watch::Sender<Progress>>,
    /// Only one batch at a time: the loop, a rebuild or a re-placing.
    turn: Arc<Mutex<()>>,
    /// The engine's memory: apply changes it, reviewers read it.
    people: Arc<RwLock<People>>,
    /// Rows of the register fetched since the start.
    brought: Arc<AtomicU64>,
    /// What was read lately.
    heard: Arc<Heard>,
    cells_are_full: Arc<AtomicBool>,
    /// What the rules alone accept.
    acceptance: Acceptance,
    /// The files, some of which go with an erased person.
    blobs: BlobStore,
    /// Who keeps the cells in memory.
    tallies: Arc<TallyBook>,
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
        Self {
            db,
            keys,
            runtime,
            catalogue,
            places,
            progress,
            turn: Arc::default(),
            people: Arc::new(RwLock::new(People::new(policy))),
            brought: Arc::default(),
            heard: Arc::default(),
            cells_are_full: Arc::default(),
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
        let mut ahead: BTreeMap<i64, Ready> = BTreeMap::new();
        let mut open = true;
        let mut forms_token = None;
        while open || !ahead.is_empty() {
            if open && ahead.is_empty() {
                match tokio::time::timeout(LOOK, hand_over.recv()).await {
                    Ok(Some(events)) => keep(&mut ahead, events),
                    Ok(None) => open = false,
                    Err(_) => {}
                }
            }
            // No more than a batch or two is taken over: the rest waits in the channel, and the
            // writer with it for a moment.
            let full = tokio::time::Instant::now() + GATHER;
            while !ahead.is_empty() && ahead.len() < ENOUGH {
                let next = tokio::time::timeout_at(full, hand_over.recv()).await;
                let Ok(Some(events)) = next else { break };
                keep(&mut ahead, events);
            }
            // What is there already costs no wait.
            while ahead.len() < BATCH {
                let Ok(events) = hand_over.try_recv() else { break };
                keep(&mut ahead, events);
            }
            if let Err(failure) = self.catch_up(&mut ahead, &mut forms_token).await {
                error!(error = %failure, "apply failed; it will be tried again");
                ahead.clear();
                tokio::time::sleep(AFTER_FAILURE).await;
                if !open {
                    return;
                }
            }
        }
    }

    async fn catch_up(
        &self,
        ahead: &mut BTreeMap<i64, Ready>,
        forms_token: &mut Option<(i64, i64, i64)>,
    ) -> Result<()> {
        let forms = self.catalogue.current().await?;
        self.fill_cells().await?;
        self.recall(&forms).await?;
        if self.places.refresh().await? {
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
        while self.step(ahead, &forms).await? == Step::FromJournal {}
        Ok(())
    }

    /// Applies everything in the journal; for command-line work and tests.
    pub async fn run_to_end(&self, told: &mut (dyn FnMut(i64) + Send)) -> Result<i64> {
        let forms = self.catalogue.refresh().await?;
        self.fill_cells().await?;
        let mut ahead = BTreeMap::new();
        while self.step(&mut ahead, &forms).await? != Step::Idle {
            told(self.progress.borrow().seq);
        }
        Ok(self.progress.borrow().seq)
    }

    /// One batch: from memory when the next events were handed over, else from the journal.
    async fn step(&self, ahead: &mut BTreeMap<i64, Ready>, forms: &Arc<Snapshot>) -> Result<Step> {
        let _turn = self.turn.lock().await;
        let mut tx = self.db.read().await?;
        let seq = Mark::read(&mut tx).await?.seq;
        self.tell(seq);
        *ahead = ahead.split_off(&(seq + 1));
        let batch = read_by(forms, contiguous(ahead, seq));
        let (step, batch) = if batch.is_empty() {
            let events = event::after(&mut tx, seq, i64::try_from(BATCH)?, &self.keys).await?;
            drop(tx);
            (Step::FromJournal, interpret_all(self, events, forms).await?)
        } else {
            drop(tx);
            (Step::FromMemory, batch)
        };
        let Some(last) = batch.last().map(|s| s.event.seq) else { return Ok(Step::Idle) };
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

    async fn derive_part(
        &self,
        part: Vec<Said>,
        (from, to): (i64, i64),
        forms: &Arc<Snapshot>,
    ) -> Result<bool> {
        match self.derive(part, Some((from, to)), forms).await {
            Ok(done) => Ok(done),
            Err(failure) if failure.is_transient() => Err(failure),
            Err(failure) => {
                error!(error = %failure, "a batch cannot be applied: its events are taken one by one");
                self.one_by_one((from, to), forms).await
            }
        }
    }

    fn tell(&self, seq: i64) {
        self.progress.send_if_modified(|p| {
            let changed = p.seq != seq;
            p.seq = seq;
            changed
        });
    }

    /// Applies events singly and sets aside the one that cannot be: it must not stop the others.
    async fn one_by_one(&self, (from, to): (i64, i64), forms: &Arc<Snapshot>) -> Result<bool> {
        let mut tx = self.db.read().await?;
        let batch = event::after(&mut tx, from, to - from, &self.keys).await?;
        drop(tx);
        let mut seq = from;
        for event in batch {
            let next = event.seq;
            let said = interpret_all(self, vec![event.clone()], forms).await?;
            let done = match self.derive(said, Some((seq, next)), forms).await {
                Ok(done) => done,
                Err(failure) if failure.is_transient() => return Err(failure),
                Err(failure) => {
                    error!(event.seq = next, error = %failure, "an event is set aside");
                    self.set_aside(event, (seq, next)).await?
                }
            };
            if !done {
                return Ok(false);
            }
            seq = next;
        }
        Ok(true)
    }

    async fn set_aside(&self, event: Event, (from, to): (i64, i64)) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let mark = Mark::read(&mut tx).await?;
        let day = mark.day.max(event.received_at.day());
        if mark.seq != from || !mark.advance(&mut tx, to, day).await? {
            return Ok(false);
        }
        days::turn_to(&mut tx, day).await?;
        let mut register = Register { day, ..Register::default() };
        register.set_aside(event);
        write::write(&mut tx, Rows::of(register), &self.keys, false).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Folds a batch and writes it; `advance` moves the applied mark. False when another process has
    /// derived meanwhile: nothing was written, what was looked up may be wrong.
    ///
    /// Everything is looked up, folded and made into rows beside the writer: intake goes on.
    async fn derive(
        &self,
        batch: Vec<Said>,
        advance: Option<(i64, i64)>,
        forms: &Arc<Snapshot>,
    ) -> Result<bool> {
        let gazetteer = self.places.gazetteer();
        let mut people = Arc::clone(&self.people).write_owned().await;
        let mut tx = self.db.look_up().await?;
        let mark = Mark::read(&mut tx).await?;
        if advance.is_some_and(|(from, _)| from != mark.seq) {
            return Ok(false);
        }
        let ground = self.ground(forms, &gazetteer);
        if people.seq != Some(mark.seq) {
            // Another process has derived since.
            recall(&mut tx, &mut people, mark.seq, &ground).await?;
        }
        let place = |s: &Said| (s.event.zone_id, s.event.submission_id);
        let again = advance.is_none();
        let stored = batch.iter().filter(|_| again).map(place).collect();
        let day = self.day_of(&batch, mark, again);
        let (mut people, folded) = self.fold(&mut tx, batch, people, &ground, (stored, day)).await;
        drop(tx);
        let to = advance.map_or(mark.seq, |(_, to)| to);
        let written = match folded {
            Ok(rows) => self.write(rows, mark, to).await,
            Err(failure) => Err(failure),
        };
        match &written {
            Ok(true) => people.keep(to),
            Ok(false) | Err(_) => people.take_back(),
        }
        written
    }

    /// The day of a batch: that of its events, but never one before what was derived already. What is tried
    /// again is derived today, whenever it came.
    fn day_of(&self, batch: &[Said], mark: Mark, again: bool) -> i64 {
        let came = batch.iter().map(|s| s.event.received_at.day()).max();
        let day = if again { Some(self.runtime.now().day()) } else { came };
        day.map_or(mark.day, |day| day.max(mark.day))
    }

    async fn write(&self, rows: Rows, mark: Mark, to: i64) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let day = rows.entities.day;
        if !mark.advance(&mut tx, to, day).await? {
            return Ok(false);
        }
        if !mark.has_reached(day) {
            days::turn_to(&mut tx, day).await?;
        }
        let destroys = rows.erased.destroys();
        let lost: Vec<Uuid> = rows.reviewed.lost_sites.iter().copied().collect();
        let is_watched = lost.is_empty() && self.tallies.is_watched();
        let moves = write::write(&mut tx, rows, &self.keys, is_watched).await?;
        for site in lost {
            replace::leave_site(&mut tx, site, day, (&self.gazetteer(), &self.keys)).await?;
        }
        tx.commit().await?;
        self.heard.turn();
        if let Some(moves) = moves {
            self.tallies.moved(mark.next_turn(), moves);
        }
        if destroys {
            self.heard.forget();
            self.clear_up().await;
        }
        Ok(true)
    }

    /// Removes the files of erased people, and what the log still holds of their keys. What cannot be done now
    /// is done at the next start.
    pub(super) async fn clear_up(&self) {
        self.db.scrub();
        if let Err(failure) = self.remove_files().await {
            error!(error = %failure, "files of an erased person are still there: restart to try again");
        }
    }

    /// Forgets files that came once more with an erased submission.
    pub async fn lose_files(&self, files: BTreeSet<[u8; 32]>) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        lost_files::lose_unnamed(&mut tx, files).await?;
        tx.commit().await?;
        self.remove_files().await
    }

    async fn remove_files(&self) -> Result<()> {
        loop {
            let mut tx = self.db.read().await?;
            let files = lost_files::lost(&mut tx).await?;
            drop(tx);
            if files.is_empty() {
                return Ok(());
            }
            for file in files {
                let mut tx = self.db.write().await?;
                if !lost_files::is_back(&mut tx, file).await? {
                    self.blobs.remove(&file)?;
                }
                lost_files::removed(&mut tx, file).await?;
                tx.commit().await?;
            }
        }
    }

    /// Folds a batch over the engine's memory; gives the memory back either way. `stored` names submissions
    /// that are read again; `day` is the day of the batch.
    async fn fold(
        &self,
        tx: &mut Tx,
        mut said: Vec<Said>,
        people: PeopleGuard,
        ground: &Ground<'_>,
        (stored, day): (HashSet<(ZoneId, Uuid)>, i64),
    ) -> (PeopleGuard, Result<Rows>) {
        let retold = match chain::redirect(tx, &mut said, ground).await {
            Ok(retold) => retold,
            Err(failure) => return (people, Err(failure)),
        };
        let mut register = match self.fetch(tx, &said, ground, stored).await {
            Ok(register) => register,
            Err(failure) => return (people, Err(failure)),
        };
        register.chains.retold = retold;
        register.people = Some(people);
        register.day = day;
        let folded = fold_all(tx, &mut register, said, ground).await;
        self.brought
            .fetch_add(u64::try_from(register.brought).unwrap_or(u64::MAX), Ordering::Relaxed);
        let people = register.people.take().expect("the fold gives the engine's memory back");
        (people, folded.map(|()| Rows::of(register)))
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
    pub(super) async fn read(&self) -> Result<Tx> {
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
        }
    }

    /// Fetches what the batch touches.
    async fn fetch(
        &self,
        tx: &mut Tx,
        said: &[Said],
        ground: &Ground<'_>,
        mut stored: HashSet<(ZoneId, Uuid)>,
    ) -> Result<Register> {
        let mut needs = Needs::of(said);
        stored.extend(needs.edited.union(&needs.continued));
        let mut register = Register {
            record_entities: load::record_entities(tx, &needs.edited).await?,
            known: reviewed::known(tx, &stored).await?,
            cases: cases(tx, said, ground).await?,
            ..Register::default()
        };
        let (chains, cases) = chain::fetch(tx, said, ground).await?;
        needs.add_chains(&chains);
        register.chains.found = chains;
        register.cases.extend(cases);
        let (restored, cases) = delete::restored(tx, said, ground).await?;
        register.cases.extend(cases);
        needs.add_cases(&register.cases);
        needs.entity_ids.extend(&restored);
        needs.reviewed_entities.extend(&restored);
        bring(tx, &mut register, needs.entity_ids.clone(), ground).await?;
        fetch_waiting(tx, &needs.entity_ids, &mut register, ground).await?;
        needs.reviewed_entities.extend(register.deleted_by(said));
        let changed = (&needs.reviewed_entities, &needs.edited_entities);
        remember_versions(tx, &mut register, changed, ground).await?;
        let leaving = needs.leaving(said, &register, ground);
        let (holders, read) = holders::fetch(tx, &leaving).await?;
        register.holders = holders;
        register.brought += read;
        let others = register.holders.values().flat_map(Holders::listed).collect();
        bring(tx, &mut register, others, ground).await?;
        // Who becomes one with somebody may have changes waiting.
        let met = register.entities.keys().filter(|id| !needs.entity_ids.contains(id));
        let met = met.copied().collect();
        fetch_waiting(tx, &met, &mut register, ground).await?;
        register.kept_keys = load::kept_keys(tx, &needs.places, &self.keys).await?;
        let canonical: HashSet<_> =
            register.entities.values().map(|e| (e.zone_id, e.entity_id)).collect();
        register.branches = load::branches(tx, &canonical, needs.branched).await?;
        Ok(register)
    }

    /// Tries again what no form could read, after a form changed.
    async fn retry_quarantined(&self, forms: &Arc<Snapshot>, at_start: bool) -> Result<()> {
        let _turn = self.turn.lock().await;
        let mut after = 0_i64;
        loop {
            let mut tx = self.db.read().await?;
            let rows = tx
                .query(
                    "SELECT seq FROM record WHERE state = 'quarantined' AND reason NOT IN ('conflict', 'apply_failed') \
                     AND review NOT IN ('accepted', 'rejected') \
                     AND (reason <> 'rules' OR $2 = 0) AND seq > $1 ORDER BY seq LIMIT 256",
                )
                .bind(after)
                .bind(i64::from(at_start))
                .fetch_all()
                .await?;
            let seqs = rows.iter().map(|r| r.get(0)).collect::<Result<Vec<i64>>>()?;
            let Some(last) = seqs.last().copied() else { return Ok(()) };
            let events = event::at(&mut tx, &seqs, &self.keys).await?;
            drop(tx);
            info!(events.count = events.len(), "quarantined submissions tried again");
            let said = interpret_all(self, events, forms).await?;
            if self.derive(said, None, forms).await? {
                after = last;
            }
        }
    }

    /// Computes every place again, after polygons were imported.
    pub async fn replace_all(&self, told: &mut (dyn FnMut(u64) + Send)) -> Result<u64> {
        self.fill_cells().await?;
        let _turn = self.turn.lock().await;
        let today = self.runtime.now().day();
        let ground = (&*self.places.gazetteer(), &*self.keys);
        replace::replace_all(&self.db, ground, today, told).await
    }
}

/// Fetches the changes that wait for these entities.
pub(super) async fn fetch_waiting(
    tx: &mut Tx,
    ids: &HashSet<Uuid>,
    register: &mut Register,
    ground: &Ground<'_>,
) -> Result<()> {
    let rows = load::held(tx, ids).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let seqs: Vec<i64> = rows.iter().map(|r| r.seq).collect();
    let mut sites = HashSet::new();
    let events = event::at(tx, &seqs, ground.keys).await?;
    let said: Vec<Said> = events.into_iter().map(|event| say(event, ground)).collect();
    let ids = said.iter().map(|s| (s.event.zone_id, s.event.submission_id)).collect();
    let known = reviewed::known(tx, &ids).await?;
    for Said { event, interpretation, .. } in said {
        let pending = known.get(&event.submission_id).is_some_and(|k| k.stand.is_pending());
        let (source, zone_id) = (Source::of(&event, pending), event.zone_id);
        for change in interpretation.into_iter().flat_map(Interpretation::all_changes) {
            if rows.iter().any(|r| r.seq == source.seq && r.entity_id == change.entity_id) {
                sites.extend(change.site_id);
                let waiting = Waiting { source, zone_id, change };
                register.waiting.entry(waiting.change.entity_id).or_default().push(waiting);
            }
        }
    }
    bring(tx, register, sites, ground).await
}

/// Folds event by event, then makes the groups again around what changed.
async fn fold_all(
    tx: &mut Tx,
    register: &mut Register,
    said: Vec<Said>,
    ground: &Ground<'_>,
) -> Result<()> {
    let at = said.last().map_or(Micros(0), |s| s.event.received_at);
    let before = register.facts();
    for mut s in said {
        if let Some(erasure) = s.erasure.take() {
            erase(tx, register, &s.event, erasure, ground).await?;
            continue;
        }
        register.take(s, ground);
        if !register.by_score.is_empty() {
            let others = register.by_score.iter().map(|(_, other, _)| *other).collect();
            let known: HashSet<Uuid> = register.entities.keys().copied().collect();
            bring(tx, register, others, ground).await?;
            let met = register.entities.keys().filter(|id| !known.contains(id));
            fetch_waiting(tx, &met.copied().collect(), register, ground).await?;
            register.join_by_score();
        }
    }
    again::compare(tx, register, &before, ground).await?;
    let unremembered = register.unremembered().into_iter().collect();
    remember(tx, register, &unremembered, ground).await?;
    conflict::find(tx, register, ground).await?;
    register.mark_again();
    register.regroup(at, ground);
    Ok(())
}

fn keep(ahead: &mut BTreeMap<i64, Ready>, events: Vec<Ready>) {
    ahead.extend(events.into_iter().map(|ready| (ready.said.event.seq, ready)));
}

/// The run of events that starts right after `seq`.
fn contiguous(ahead: &mut BTreeMap<i64, Ready>, seq: i64) -> Vec<Ready> {
    let mut batch = Vec::new();
    while batch.len() < BATCH {
        let Some(event) = ahead.remove(&(seq + 1 + i64::try_from(batch.len()).unwrap_or(0))) else {
            break;
        };
        batch.push(event);
    }
    batch
}
