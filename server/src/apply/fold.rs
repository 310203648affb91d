//! Folding events into the register, one after the other, in memory.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use serde_json::json;
use uuid::Uuid;

use super::{
    change::EntityChange,
    entity::{EntityState, Source, overlay},
    event::Event,
    groups::{Groups, Link, Pair},
    holders::Holders,
    identity::{self, BlockKey},
    interpret::{Interpretation, RecordState, interpret},
    load::KeptKey,
    pairs::PairRow,
    people::People,
    regroup::Identity,
    view::Step,
};
use crate::{
    catalogue::Snapshot,
    geo::Gazetteer,
    intake::{Decision, EventKind, FileEntry},
    keys::MasterKeys,
    runtime::Runtime,
    store::ZoneId,
};

/// Datasets that devices hold copies of.
pub fn is_on_devices(dataset: &str) -> bool {
    matches!(dataset, "sites" | "cooperatives")
}

/// What the fold reads but does not change.
pub(super) struct Ground<'a> {
    pub(super) forms: &'a Snapshot,
    pub(super) gazetteer: &'a Gazetteer,
    pub(super) keys: &'a MasterKeys,
    pub(super) runtime: &'a Runtime,
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
    pub(super) entities: HashMap<Uuid, EntityState>,
    pub(super) homes: HashMap<Uuid, (ZoneId, Uuid)>,
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
}

/// What a batch must fetch before it can be folded.
#[derive(Default)]
pub(super) struct Needs {
    pub(super) entity_ids: HashSet<Uuid>,
    /// The same ids, where their changes were registered.
    pub(super) places: HashSet<(ZoneId, Uuid)>,
    pub(super) edited: HashSet<(ZoneId, Uuid)>,
    /// Whether some change continues an off-line branch.
    pub(super) branched: bool,
}

/// An event with what it says.
pub(super) struct Said {
    pub(super) event: Event,
    pub(super) interpretation: Option<Interpretation>,
    pub(super) decision: Option<Decision>,
}

/// Interprets an event: the costly, pure part.
pub(super) fn say(event: Event, ground: &Ground<'_>) -> Said {
    let speaks =
        matches!(event.kind, EventKind::Submission | EventKind::Edit | EventKind::Conflict);
    let interpretation = event
        .content
        .as_ref()
        .filter(|_| speaks)
        .map(|content| interpret(&event, content, ground.forms, ground.keys));
    let decision = event
        .content
        .as_ref()
        .filter(|_| event.kind == EventKind::Decision)
        .and_then(|content| Decision::read(&content.xml));
    Said { event, interpretation, decision }
}

impl Needs {
    pub(super) fn of(said: &[Said]) -> Self {
        let mut needs = Self::default();
        for s in said {
            if s.event.kind == EventKind::Edit {
                needs.edited.insert((s.event.zone_id, s.event.submission_id));
            }
            for change in s.interpretation.iter().flat_map(|i| &i.changes) {
                needs.entity_ids.insert(change.entity_id);
                needs.places.insert((s.event.zone_id, change.entity_id));
                needs.branched |= !change.branch_id.is_empty();
                needs.entity_ids.extend(change.site_id);
            }
            needs.entity_ids.extend(s.decision.iter().flat_map(|d| [d.a, d.b]));
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
        let mut leaving: BTreeMap<BlockKey, usize> = BTreeMap::new();
        for entity in self.entity_ids.iter().filter_map(|id| register.entities.get(id)) {
            let (open, sealed) = (&entity.open, &entity.sealed);
            for key in identity::block_keys(&entity.dataset, open, sealed, ground.keys) {
                *leaving.entry(key).or_insert(0) += 1;
            }
        }
        let now = said.iter().flat_map(|s| &s.interpretation).flat_map(|i| &i.changes);
        let waiting = register.waiting.values().flatten().map(|w| &w.change);
        let mut changes: HashMap<Uuid, Vec<&EntityChange>> = HashMap::new();
        for change in now.chain(waiting).filter(|c| identity::kind(&c.dataset).is_some()) {
            changes.entry(change.entity_id).or_default().push(change);
            for key in &change.block_keys {
                leaving.entry(*key).or_insert(0);
            }
        }
        for (id, changes) in changes {
            let known = register.entities.get(&id);
            if known.is_none() && changes.len() == 1 {
                continue;
            }
            let mut state =
                known.map_or_else(Default::default, |e| (e.open.clone(), e.sealed.clone()));
            for change in changes {
                overlay(&mut state.0, &change.open);
                overlay(&mut state.1, &change.sealed);
                for key in identity::block_keys(&change.dataset, &state.0, &state.1, ground.keys) {
                    leaving.entry(key).or_insert(0);
                }
            }
        }
        leaving
    }
}

impl Register {
    /// Takes one event.
    pub(super) fn take(&mut self, said: Said, ground: &Ground<'_>) {
        let Said { event, interpretation, decision } = said;
        if let Some(decision) = decision {
            self.decide(&event, &decision);
            return;
        }
        let files = event.content.iter().flat_map(|c| c.files.iter().cloned());
        for file in files {
            self.files.push((event.zone_id, event.submission_id, file, event.seq));
        }
        let Some(mut said) = interpretation else { return };
        let source =
            Source { submission_id: event.submission_id, seq: event.seq, at: event.received_at };
        let mut entity_id = None;
        let mut waits = false;
        let changes = std::mem::take(&mut said.changes);
        for change in &changes {
            match self.change(event.zone_id, change, source, ground) {
                Changed::Entity(id) => entity_id = entity_id.or(Some(id)),
                Changed::Waits => waits = true,
                Changed::Foreign => said.flag("entity_of_another_zone", "A12"),
                Changed::OtherDataset => said.flag("entity_id_of_another_dataset", "A12"),
            }
        }
        self.record(event, said, entity_id, waits);
    }

    fn record(&mut self, event: Event, said: Interpretation, entity_id: Option<Uuid>, waits: bool) {
        let (state, reason) = match (said.state, waits) {
            (RecordState::Quarantined, _) | (_, false) => (said.state.as_str(), said.reason),
            (_, true) => ("held", "entity_not_here_yet"),
        };
        self.receipt(&event, state, &said.rules);
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
        };
        if let Some(id) = out.entity_id {
            self.record_entities.insert(key.1, id);
        }
        self.records.insert(key, out);
    }

    fn receipt(&mut self, event: &Event, state: &str, rules: &[String]) {
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
        let content = event.content.as_ref().filter(|_| event.kind != EventKind::Files);
        if let Some(content) = content {
            let said = super::interpret::kept_aside("apply_failed", "A01", content);
            self.record(event, said, None, false);
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
            Some(entity) if change.update && !self.has_base(entity, change) => {
                self.wait(id, zone_id, change, source);
                return Changed::Waits;
            }
            Some(_) => {}
            // An id that has a home and no readable entity was erased: nothing is made of it again.
            None if change.create && !self.homes.contains_key(&id) => {
                self.create(id, zone_id, change, source, ground);
            }
            None => {
                self.wait(id, zone_id, change, source);
                return Changed::Waits;
            }
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

    fn apply(&mut self, id: Uuid, change: &Arc<EntityChange>, source: Source, ground: &Ground<'_>) {
        let Some(mut entity) = self.entities.remove(&id) else { return };
        let before = Identity::of(&entity, ground);
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
    fn has_base(&self, entity: &EntityState, change: &EntityChange) -> bool {
        let base = change.base_version;
        // A group shows more versions than any member has: a phone may build on one of those.
        if self.groups.is_joined(entity.entity_id) || self.groups.is_decided(entity.entity_id) {
            return true;
        }
        if change.branch_id.is_empty() {
            return base <= entity.version;
        }
        let known = base <= 1 || base == change.trunk_version;
        let step = (entity.entity_id, change.branch_id.clone(), base - 1);
        (known && base <= entity.version) || self.branches.contains(&step)
    }

    /// Applies what waited for this entity, in the order its device made it.
    fn release(&mut self, id: Uuid, ground: &Ground<'_>) {
        let Some(mut queue) = self.waiting.remove(&id) else { return };
        queue.sort_by_key(|w| (w.change.base_version, w.source.seq));
        let mut later = Vec::new();
        for waiting in queue {
            let ready = self.entities.get(&id).is_some_and(|e| self.has_base(e, &waiting.change));
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

pub(super) enum Changed {
    Entity(Uuid),
    Waits,
    Foreign,
    OtherDataset,
}

fn hidden_from(sender: ZoneId, entity: ZoneId) -> bool {
    sender != ZoneId::COUNTRY && sender != entity
}
