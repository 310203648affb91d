//! Folding events into the register, one after the other, in memory.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use serde_json::json;
use uuid::Uuid;

use super::{
    again::Recompared,
    chain::{Chain, Chains},
    change::{EntityChange, Props},
    conflict::ConflictRows,
    delete::is_about_entity,
    entity::{EntityState, Source, overlay},
    erased::Erased,
    event::{Content, Event},
    force::forced,
    groups::{Groups, Link, Pair},
    heard::Heard,
    holders::Holders,
    identity::{self, BlockKey},
    imported::interpret_import,
    interpret::{Interpretation, RecordState, interpret},
    load::KeptKey,
    look_up::Asks,
    looks::Look,
    pairs::PairRow,
    people::People,
    regroup::Identity,
    review::Case,
    reviewed::Reviewed,
    settle,
    stand::{Acceptance, Known, Stand},
    view::Step,
};
use crate::{
    catalogue::Snapshot,
    geo::Gazetteer,
    intake::{Action, Decision, Erasure, EventKind, FileEntry, Review},
    keys::MasterKeys,
    runtime::Runtime,
    store::ZoneId,
};

/// Datasets that devices hold copies of.
pub fn is_on_devices(dataset: &str) -> bool {
    matches!(dataset, "sites" | "cooperatives")
}

/// Why a record is held: what it changes is not here yet.
pub(super) const WAITS: &str = "entity_not_here_yet";
/// The same of a record that changes several entities, of which some may come before others.
pub(super) const WAITS_FOR_SEVERAL: &str = "entities_not_here_yet";

/// What the fold reads but does not change.
pub(super) struct Ground<'a> {
    pub(super) forms: &'a Snapshot,
    pub(super) gazetteer: &'a Gazetteer,
    pub(super) keys: &'a MasterKeys,
    pub(super) runtime: &'a Runtime,
    pub(super) acceptance: Acceptance,
    /// What was read lately; it changes nothing of what is found.
    pub(super) heard: &'a Heard,
}

/// A change that waits for its entity, or for the version it builds on.
#[derive(Clone)]
pub(super) struct Waiting {
    pub(super) source: Source,
    pub(super) zone_id: ZoneId,
    pub(super) change: Arc<EntityChange>,
}

/// A record to be written.
#[derive(Clone)]
pub(super) struct RecordOut {
    pub(super) event: Event,
    /// The instance id of its first version.
    pub(super) first_instance_id: String,
    pub(super) state: &'static str,
    pub(super) reason: &'static str,
    pub(super) dataset: String,
    pub(super) entity_id: Option<Uuid>,
    pub(super) violations: String,
    pub(super) expected_files: String,
    pub(super) answers: String,
    pub(super) sealed: Vec<u8>,
    pub(super) stand: Stand,
}

/// An entry of the change feed, before it has a number.
pub(super) struct FeedOut {
    pub(super) zone_id: ZoneId,
    pub(super) at: crate::runtime::Micros,
    pub(super) kind: &'static str,
    pub(super) dataset: String,
    pub(super) subject_id: Uuid,
    /// Whom a receipt is for: the device, or the account of somebody who logged in.
    pub(super) device_id: Option<Uuid>,
    pub(super) detail: String,
}

/// The engine's memory, held for one batch.
pub(super) type PeopleGuard = tokio::sync::OwnedRwLockWriteGuard<People>;

/// The register as far as a batch touches it, and what the batch adds.
#[derive(Default)]
pub(super) struct Register {
    /// The day of what is folded; see [`crate::runtime::Micros::day`].
    pub(super) day: i64,
    pub(super) entities: HashMap<Uuid, EntityState>,
    pub(super) homes: HashMap<Uuid, (ZoneId, Uuid)>,
    /// Entities that were erased.
    pub(super) tombs: HashSet<Uuid>,
    /// Who carries a card or NINA.
    pub(super) holders: HashMap<BlockKey, Holders>,
    /// Rows of entities and of holders fetched for the batch.
    pub(super) brought: usize,
    /// Ids that were looked for, found or not.
    pub(super) asked: HashSet<Uuid>,
    pub(super) groups: Groups,
    /// Versions that the database holds, of entities whose group may be folded.
    pub(super) past: BTreeMap<Uuid, Vec<Step>>,
    /// Versions that this batch adds.
    pub(super) steps: HashMap<Uuid, Vec<Step>>,
    /// The engine, lent for the batch.
    pub(super) people: Option<PeopleGuard>,
    /// Pairs that the batch found.
    pub(super) pairs: BTreeMap<Pair, PairRow>,
    /// Registrations whose former pairs hold no longer.
    pub(super) cleared: BTreeSet<(ZoneId, Uuid)>,
    /// Links that the engine asks for by probability, before both ends are here.
    pub(super) by_score: Vec<(Uuid, Uuid, Link)>,
    /// Entities whose group may have changed.
    pub(super) stirred: BTreeSet<Uuid>,
    pub(super) waiting: HashMap<Uuid, Vec<Waiting>>,
    /// Steps of off-line branches already taken: entity, branch, base version.
    pub(super) branches: HashSet<(Uuid, String, i64)>,
    /// Keys of entities that are about to be made again by a rebuild.
    pub(super) kept_keys: HashMap<Uuid, KeptKey>,
    /// Entities of the submissions that this batch edits.
    pub(super) record_entities: HashMap<Uuid, Uuid>,

    pub(super) records: BTreeMap<(ZoneId, Uuid), RecordOut>,
    pub(super) files: Vec<(ZoneId, Uuid, FileEntry, i64)>,
    pub(super) new_homes: BTreeMap<Uuid, (ZoneId, Uuid)>,
    /// Cards and NINA that an entity took (true) or left.
    pub(super) key_changes: BTreeMap<(BlockKey, ZoneId, Uuid), bool>,
    pub(super) new_waiting: BTreeMap<(Uuid, i64), Waiting>,
    pub(super) released: Vec<(Uuid, Waiting)>,
    pub(super) feed: Vec<FeedOut>,
    pub(super) heads: BTreeMap<(ZoneId, String), i64>,
    pub(super) moved_sites: Vec<Uuid>,

    /// How submissions stand of which more is said in this batch.
    pub(super) known: HashMap<Uuid, Known>,
    /// Submissions that this batch reviews.
    pub(super) cases: HashMap<Uuid, Case>,
    /// Of entities whose records are edited or reviewed: each stored version, and whether it is pending.
    pub(super) flags: HashMap<Uuid, Vec<(i64, bool)>>,
    pub(super) reviewed: Reviewed,
    pub(super) chains: Chains,
    /// Entities of which updates may contradict each other.
    pub(super) disputed: BTreeSet<Uuid>,
    /// What the records of this batch looked at.
    pub(super) looks: Vec<Look>,
    pub(super) recompared: Vec<Recompared>,
    pub(super) conflicts: Vec<ConflictRows>,
    pub(super) erased: Erased,
}

/// What a batch must fetch before it can be folded.
#[derive(Default)]
pub(super) struct Needs {
    pub(super) entity_ids: HashSet<Uuid>,
    /// The same ids, where their changes were registered.
    pub(super) places: HashSet<(ZoneId, Uuid)>,
    pub(super) edited: HashSet<(ZoneId, Uuid)>,
    /// Submissions that are here already, of which more came.
    pub(super) continued: HashSet<(ZoneId, Uuid)>,
    /// Entities that edits speak of.
    pub(super) edited_entities: HashSet<Uuid>,
    /// Entities that reviewed submissions speak of.
    pub(super) reviewed_entities: HashSet<Uuid>,
    /// Cards that records name, whoever carries them.
    asked_keys: BTreeSet<BlockKey>,
    /// Whether some change continues an off-line branch.
    pub(super) branched: bool,
}

/// An event with what it says.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) event: Event,
    pub(super) interpretation: Option<Interpretation>,
    pub(super) decision: Option<Decision>,
    pub(super) review: Option<Review>,
    pub(super) erasure: Option<Erasure>,
}

impl Said {
    /// An event of which nothing is known but that it happened.
    pub(super) const fn of(event: Event) -> Self {
        Self { event, interpretation: None, decision: None, review: None, erasure: None }
    }
}

/// Interprets an event: the costly, pure part.
pub(super) fn say(mut event: Event, ground: &Ground<'_>) -> Said {
    if let Some(submission) = event.retold {
        event.submission_id = submission;
        if event.kind == EventKind::Submission {
            // What it replaces came after it.
            event.kind = EventKind::Edit;
        }
    }
    if event.kind == EventKind::Review {
        return say_review(event, ground);
    }
    let speaks =
        matches!(event.kind, EventKind::Submission | EventKind::Edit | EventKind::Conflict);
    let interpretation = match (event.kind, event.content.as_ref()) {
        (EventKind::Import, Some(content)) => Some(interpret_import(content)),
        (_, Some(content)) if speaks => Some(interpret(&event, content, ground.forms, ground.keys)),
        _ => None,
    };
    let interpretation = interpretation.map(|said| if event.forced { forced(said) } else { said });
    let decision = event
        .content
        .as_ref()
        .filter(|_| event.kind == EventKind::Decision)
        .and_then(|content| Decision::read(&content.xml));
    let erasure = event
        .content
        .as_ref()
        .filter(|_| event.kind == EventKind::Erasure)
        // One that holds no wish names the submission that goes.
        .map(|content| {
            Erasure::read(&content.xml)
                .unwrap_or_else(|| Erasure::of_later_version(event.id, event.submission_id))
        });
    Said { event, interpretation, decision, review: None, erasure }
}

/// A review is about a submission; a correction says it anew, as an edit does.
fn say_review(mut event: Event, ground: &Ground<'_>) -> Said {
    let review = event.content.as_ref().and_then(|content| Review::read(&content.xml));
    let Some(mut review) = review else {
        return Said::of(event);
    };
    event.submission_id = event.retold.unwrap_or(review.submission_id);
    review.submission_id = event.submission_id;
    if let Some((settled, content)) = review.settled.as_ref().zip(event.content.as_ref()) {
        let said = Some(settle::says((&review, settled), content, ground.keys));
        return Said {
            event,
            interpretation: said,
            decision: None,
            review: Some(review),
            erasure: None,
        };
    }
    let corrected = event.content.clone().filter(|_| review.action == Action::Correct);
    let interpretation = corrected.map(|content| {
        let edit = Event { kind: EventKind::Edit, ..event.clone() };
        let xml = review.corrected.clone().into();
        let said = interpret(&edit, &Content { xml, ..content }, ground.forms, ground.keys);
        if event.forced { forced(said) } else { said }
    });
    Said { event, interpretation, decision: None, review: Some(review), erasure: None }
}

impl Needs {
    pub(super) fn of(said: &[Said]) -> Self {
        let mut needs = Self::default();
        for s in said {
            let place = (s.event.zone_id, s.event.submission_id);
            if s.event.kind == EventKind::Edit {
                needs.edited.insert(place);
            }
            if matches!(s.event.kind, EventKind::Files | EventKind::LateOriginal) {
                needs.continued.insert(place);
            }
            for change in s.interpretation.iter().flat_map(|i| &i.changes) {
                needs.add(s.event.zone_id, change);
                if s.event.kind == EventKind::Edit {
                    needs.edited_entities.insert(change.entity_id);
                }
            }
            let asks = s.interpretation.iter().filter_map(|i| i.asks.as_ref());
            asks.for_each(|asks| needs.ask(asks));
            needs.entity_ids.extend(s.decision.iter().flat_map(|d| [d.a, d.b]));
            let about = s.review.iter().filter(|r| is_about_entity(r.action));
            needs.entity_ids.extend(about.map(|r| r.submission_id));
        }
        needs
    }

    /// The cards and NINA that the batch may touch, and how many of those who change carry each now.
    ///
    /// A number may come together from two submissions, the digits in one and the paper that showed them in the
    /// other: every state on the way counts.
    pub(super) fn leaving(
        &self,
        said: &[Said],
        register: &Register,
        ground: &Ground<'_>,
    ) -> BTreeMap<BlockKey, usize> {
        let mut leaving: BTreeMap<BlockKey, usize> =
            self.asked_keys.iter().map(|key| (*key, 0)).collect();
        let known = self.entity_ids.iter().filter_map(|id| register.entities.get(id));
        for entity in known.filter(|e| identity::kind(&e.dataset).is_some()) {
            let (open, sealed) = (&entity.open, &entity.sealed);
            for key in identity::block_keys(&entity.dataset, open, sealed, ground.keys) {
                *leaving.entry(key).or_insert(0) += 1;
            }
        }
        let now = said.iter().flat_map(|s| &s.interpretation).flat_map(|i| &i.changes);
        let waiting = register.waiting.values().flatten().map(|w| &w.change);
        let changes = by_entity(now.chain(waiting));
        for (id, changes) in &changes {
            let known = register.entities.get(id);
            let state = known.map_or_else(Default::default, |e| (e.open.clone(), e.sealed.clone()));
            keys_on_the_way(&mut leaving, state, changes, ground);
        }
        // What is made again from its beginning, with and without what is under review.
        let spoken = || register.cases.values().flat_map(|case| &case.spoken);
        let under_review: HashSet<i64> = spoken().map(|s| s.event.seq).collect();
        let reviewed =
            by_entity(spoken().flat_map(|s| s.said.changes.iter().chain(&s.said.withheld)));
        for id in &self.reviewed_entities {
            let past = || register.past.get(id).into_iter().flatten();
            let others = past().filter(|step| !under_review.contains(&step.source.seq));
            let now = || changes.get(id).into_iter().chain(reviewed.get(id)).flatten().copied();
            let with = past().map(|step| &*step.change).chain(now()).collect::<Vec<_>>();
            let without = others.map(|step| &*step.change).chain(now()).collect::<Vec<_>>();
            for sequence in [with, without] {
                keys_on_the_way(&mut leaving, Default::default(), &sequence, ground);
            }
        }
        leaving
    }

    fn ask(&mut self, asks: &Asks) {
        self.entity_ids.extend(asks.ids());
        self.asked_keys.extend(asks.keys());
    }

    /// What submissions under review speak of.
    pub(super) fn add_cases(&mut self, cases: &HashMap<Uuid, Case>) {
        for case in cases.values() {
            for said in case.spoken.iter().map(|s| &s.said) {
                said.asks.iter().for_each(|asks| self.ask(asks));
                for change in said.changes.iter().chain(&said.withheld) {
                    self.add(case.zone_id, change);
                    self.reviewed_entities.insert(change.entity_id);
                }
            }
        }
    }

    /// What submissions that turn out to be one speak of.
    pub(super) fn add_chains(&mut self, chains: &HashMap<i64, Chain>) {
        for chain in chains.values() {
            for said in chain.told.iter().map(|s| &s.said) {
                said.asks.iter().for_each(|asks| self.ask(asks));
                for change in said.changes.iter().chain(&said.withheld) {
                    self.add(chain.zone_id, change);
                    self.reviewed_entities.insert(change.entity_id);
                }
            }
        }
    }

    fn add(&mut self, zone_id: ZoneId, change: &EntityChange) {
        self.entity_ids.insert(change.entity_id);
        self.places.insert((zone_id, change.entity_id));
        self.branched |= !change.branch_id.is_empty();
        self.entity_ids.extend(change.site_id);
    }
}

/// Changes of those who can carry a number, in their order.
fn by_entity<'a>(
    changes: impl Iterator<Item = &'a Arc<EntityChange>>,
) -> HashMap<Uuid, Vec<&'a EntityChange>> {
    let mut by_entity: HashMap<Uuid, Vec<_>> = HashMap::new();
    for change in changes.filter(|c| identity::kind(&c.dataset).is_some()) {
        by_entity.entry(change.entity_id).or_default().push(&**change);
    }
    by_entity
}

/// Notes the numbers of one entity after each of these changes.
fn keys_on_the_way(
    leaving: &mut BTreeMap<BlockKey, usize>,
    (mut open, mut sealed): (Props, Props),
    changes: &[&EntityChange],
    ground: &Ground<'_>,
) {
    for change in changes.iter().filter(|c| identity::kind(&c.dataset).is_some()) {
        for key in &change.block_keys {
            leaving.entry(*key).or_insert(0);
        }
        if open.is_empty() && sealed.is_empty() && changes.len() == 1 {
            return;
        }
        overlay(&mut open, &change.open);
        overlay(&mut sealed, &change.sealed);
        for key in identity::block_keys(&change.dataset, &open, &sealed, ground.keys) {
            leaving.entry(key).or_insert(0);
        }
    }
}

impl Register {
    /// Takes one event, and what waited for two to be one.
    pub(super) fn take(&mut self, said: Said, ground: &Ground<'_>) {
        self.take_one(said, ground);
        self.release_joined(ground);
    }

    fn take_one(&mut self, said: Said, ground: &Ground<'_>) {
        let Said { event, interpretation, decision, review, .. } = said;
        if self.known.get(&event.submission_id).is_some_and(|k| k.is_erased) && review.is_none() {
            self.erased.came_late(&event);
            return;
        }
        if let Some(review) = review {
            self.review(&event, &review, interpretation, ground);
            return;
        }
        if let Some(decision) = decision {
            self.decide(&event, &decision);
            return;
        }
        let files = event.content.iter().flat_map(|c| c.files.iter().cloned());
        for file in files {
            self.files.push((event.zone_id, event.submission_id, file, event.seq));
        }
        if event.kind == EventKind::LateOriginal {
            self.come_late(&event, ground);
        }
        let Some(mut said) = interpretation else { return };
        self.look_up(&event, &mut said);
        let stand = self.stand_after(&event, said.state, ground);
        let source = Source::of(&event, stand.is_pending());
        let mut entity_id = None;
        let mut waits = 0;
        let mut changes = std::mem::take(&mut said.changes);
        changes.retain(|_| stand.speaks(event.seq, false));
        for change in &changes {
            match self.change(event.zone_id, change, source, ground) {
                Changed::Entity(id) => entity_id = entity_id.or(Some(id)),
                Changed::Waits => waits += 1,
                Changed::Erased => said.flag("entity_erased", "A12"),
                Changed::Foreign => said.flag("entity_of_another_zone", "A12"),
                Changed::OtherDataset => said.flag("entity_id_of_another_dataset", "A12"),
            }
        }
        // What was met on the way may have marked the record.
        let stand = self.stand_after(&event, said.state, ground);
        self.mark_all(&event, &changes, &stand, source.pending);
        self.record(event, said, stand, entity_id, waits);
    }

    /// How the record of an event stands after it.
    fn stand_after(&self, event: &Event, state: RecordState, ground: &Ground<'_>) -> Stand {
        match self.known.get(&event.submission_id) {
            Some(known) => known.after(event.seq, ground.acceptance, state),
            // A list of the authorities is accepted as it comes.
            None if event.kind == EventKind::Import => Stand::by_rules(Acceptance::All, state),
            None => Stand::by_rules(ground.acceptance, state),
        }
    }

    /// Brings what the versions of a record say of its review into line with how it stands now.
    fn mark_all(
        &mut self,
        event: &Event,
        changes: &[Arc<EntityChange>],
        stand: &Stand,
        marked: bool,
    ) {
        let mut seqs = Vec::new();
        if stand.is_pending() != marked {
            seqs.push(event.seq);
        }
        let before = self.known.get(&event.submission_id).map(|k| k.stand.is_pending());
        if before.is_some_and(|before| before != stand.is_pending()) {
            seqs.extend(&stand.trail.earlier);
        }
        if !seqs.is_empty() {
            for change in changes {
                self.mark(change.entity_id, &seqs, stand.is_pending());
            }
        }
    }

    /// Takes a record over as it is to be written; `waits` counts its changes whose entity or base is not here.
    pub(super) fn record(
        &mut self,
        event: Event,
        said: Interpretation,
        stand: Stand,
        entity_id: Option<Uuid>,
        waits: usize,
    ) {
        let (state, reason) = match (said.state, waits) {
            (RecordState::Quarantined, _) | (_, 0) => (said.state.as_str(), said.reason),
            (_, 1) => ("held", WAITS),
            (_, 2..) => ("held", WAITS_FOR_SEVERAL),
        };
        if event.kind != EventKind::Import {
            self.receipt(&event, state, &said.rules);
        }
        let violations = serde_json::to_string(&said.violations).unwrap_or_default();
        let expected_files = serde_json::to_string(&said.expected_files).unwrap_or_default();
        let key = (event.zone_id, event.submission_id);
        let known = self.record_entities.get(&event.submission_id).copied();
        let before = self.records.get(&key).map(|r| r.first_instance_id.clone());
        let out = RecordOut {
            first_instance_id: before.unwrap_or_else(|| event.instance_id.clone()),
            event,
            state,
            reason,
            dataset: said.dataset,
            entity_id: entity_id.or(known),
            violations,
            expected_files,
            answers: said.answers,
            sealed: said.sealed,
            stand,
        };
        // What was to be said of it before is said with it now.
        self.reviewed.stands.retain(|s| (s.zone_id, s.submission_id) != key);
        let known = Known {
            seq: out.event.seq,
            is_flagged: out.state == RecordState::Flagged.as_str(),
            is_erased: false,
            stand: out.stand.clone(),
        };
        self.known.insert(key.1, known);
        if let Some(id) = out.entity_id {
            self.record_entities.insert(key.1, id);
        }
        self.records.insert(key, out);
    }

    pub(super) fn receipt(&mut self, event: &Event, state: &str, rules: &[String]) {
        let detail = json!({ "instance_id": event.instance_id, "state": state, "rules": rules });
        self.feed.push(FeedOut {
            zone_id: event.zone_id,
            at: event.received_at,
            kind: "receipt",
            dataset: String::new(),
            subject_id: event.submission_id,
            device_id: event.device_id.or(event.account_id),
            detail: detail.to_string(),
        });
    }

    /// Keeps an event out of the register whose application fails: a person must look at it.
    pub(super) fn set_aside(&mut self, event: Event) {
        let content = event
            .content
            .as_ref()
            .filter(|_| !matches!(event.kind, EventKind::Files | EventKind::Erasure));
        if let Some(content) = content {
            let said = super::interpret::kept_aside("apply_failed", "A01", content);
            let stand = Stand::by_rules(Acceptance::Clean, RecordState::Quarantined);
            self.record(event, said, stand, None, 0);
        }
    }

    /// Changes that wait for a version which only a group shows find it when their entity becomes one with others.
    fn release_joined(&mut self, ground: &Ground<'_>) {
        if self.waiting.is_empty() {
            return;
        }
        let joined = self.waiting.keys().filter(|id| self.groups.is_joined(**id));
        let joined: BTreeSet<Uuid> = joined.copied().collect();
        for id in joined {
            self.release(id, ground);
        }
    }

    pub(super) fn change(
        &mut self,
        zone_id: ZoneId,
        change: &Arc<EntityChange>,
        source: Source,
        ground: &Ground<'_>,
    ) -> Changed {
        let id = change.entity_id;
        match self.entities.get(&id) {
            // An id means one thing: reused in another dataset it changes nothing.
            Some(entity) if entity.dataset != change.dataset => return Changed::OtherDataset,
            // What a zone may not see it may not change; a person met again elsewhere comes as a
            // registration of its own, and is linked.
            Some(entity) if hidden_from(zone_id, entity.zone_id) => return Changed::Foreign,
            Some(entity)
                // What comes for something deleted is kept until it is restored.
                if entity.deleted_seq > 0
                    || (change.update && !self.has_base(entity, change))
                    // Nothing speaks for it: it is not there until something makes it.
                    || (entity.version == 0 && !change.makes()) =>
            {
                self.wait(id, zone_id, change, source);
                return Changed::Waits;
            }
            Some(_) => {}
            None => match self.homes.get(&id).map(|home| home.0) {
                // An id that was erased, or that a rebuild knows to be: it stays where it was.
                Some(home) if hidden_from(zone_id, home) => return Changed::Foreign,
                Some(_) if self.tombs.contains(&id) => return Changed::Erased,
                home if change.makes() => {
                    self.create(id, home.unwrap_or(zone_id), change, source, ground);
                }
                _ => {
                    self.wait(id, zone_id, change, source);
                    return Changed::Waits;
                }
            },
        }
        self.apply(id, change, source, ground);
        self.release(id, ground);
        Changed::Entity(id)
    }

    fn create(
        &mut self,
        id: Uuid,
        zone_id: ZoneId,
        change: &EntityChange,
        source: Source,
        ground: &Ground<'_>,
    ) {
        let (key, wrapped) = change.key(self.kept_keys.remove(&id), ground.keys, ground.runtime);
        let mut entity = EntityState::new(zone_id, change, key, source);
        entity.entity_id = id;
        entity.wrapped = wrapped;
        self.homes.insert(id, (zone_id, id));
        self.new_homes.insert(id, (zone_id, id));
        self.entities.insert(id, entity);
    }

    pub(super) fn apply(
        &mut self,
        id: Uuid,
        change: &Arc<EntityChange>,
        source: Source,
        ground: &Ground<'_>,
    ) {
        let Some(mut entity) = self.entities.remove(&id) else { return };
        let before = Identity::of(&entity, ground);
        if may_contradict(&entity, change) {
            self.disputed.insert(id);
        }
        if entity.version == 0 {
            (entity.created_seq, entity.created_at) = (source.seq, source.at);
        }
        entity.take(change, source);
        self.steps.entry(id).or_default().push(Step { change: Arc::clone(change), source });
        if !change.branch_id.is_empty() {
            self.branches.insert((id, change.branch_id.clone(), change.base_version));
        }
        let site = self.site_of(&entity);
        let moved = entity.settle(ground.gazetteer, site);
        if moved && entity.dataset == "sites" {
            self.moved_sites.push(id);
        }
        *self.heads.entry((entity.zone_id, entity.dataset.clone())).or_insert(0) += 1;
        if is_on_devices(&entity.dataset) {
            self.feed.push(FeedOut {
                zone_id: entity.zone_id,
                at: source.at,
                kind: "entity",
                dataset: entity.dataset.clone(),
                subject_id: id,
                device_id: None,
                detail: String::new(),
            });
        }
        self.entities.insert(id, entity);
        if self.groups.is_joined(id) {
            self.stirred.insert(id);
        }
        self.relink(id, before, source.seq, ground);
    }

    fn wait(&mut self, id: Uuid, zone_id: ZoneId, change: &Arc<EntityChange>, source: Source) {
        let waiting = Waiting { source, zone_id, change: Arc::clone(change) };
        self.waiting.entry(id).or_default().push(waiting.clone());
        self.new_waiting.insert((id, source.seq), waiting);
    }

    /// Whether the version that a change builds on is here (ODK Entities, off-line branches): the
    /// server's own, or the step before it of the same branch.
    pub(super) fn has_base(&self, entity: &EntityState, change: &EntityChange) -> bool {
        let base = change.base_version;
        if change.forced {
            return true;
        }
        // A group shows more versions than any member has: a phone may build on one of those.
        if self.groups.is_joined(entity.entity_id) || self.groups.is_decided(entity.entity_id) {
            return true;
        }
        if change.branch_id.is_empty() {
            return base <= entity.version + entity.shifts;
        }
        let known = base <= 1 || base == change.trunk_version;
        let step = (entity.entity_id, change.branch_id.clone(), base - 1);
        (known && base <= entity.version + entity.shifts) || self.branches.contains(&step)
    }

    /// Applies what waited for this entity, in the order its device made it.
    pub(super) fn release(&mut self, id: Uuid, ground: &Ground<'_>) {
        let Some(mut queue) = self.waiting.remove(&id) else { return };
        queue.sort_by_key(|w| (w.change.base_version, w.source.seq));
        let mut later = Vec::new();
        for waiting in queue {
            let ready = self
                .entities
                .get(&id)
                .is_some_and(|e| e.deleted_seq == 0 && self.has_base(e, &waiting.change));
            if !ready {
                later.push(waiting);
                continue;
            }
            self.apply(id, &waiting.change, waiting.source, ground);
            self.new_waiting.remove(&(id, waiting.source.seq));
            self.released.push((id, waiting));
        }
        if !later.is_empty() {
            self.waiting.insert(id, later);
        }
    }
}

/// Whether a change may say something else than versions that its sender had not seen: whether it does, the versions
/// say.
fn may_contradict(entity: &EntityState, change: &EntityChange) -> bool {
    let knows_all = change.base_version >= entity.version + entity.shifts;
    let late = change.update && !(knows_all && change.branch_id.is_empty());
    entity.version > 0 && (late || change.settles > 0 || change.create)
}

pub(super) enum Changed {
    Entity(Uuid),
    Waits,
    Foreign,
    OtherDataset,
    Erased,
}

pub(super) fn hidden_from(sender: ZoneId, entity: ZoneId) -> bool {
    sender != ZoneId::COUNTRY && sender != entity
}
