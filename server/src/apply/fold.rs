//! Folding events into the register, one after the other, in memory.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::json;
use uuid::Uuid;

use super::{
    change::EntityChange,
    entity::{EntityState, Source},
    event::Event,
    interpret::{Interpretation, RecordState},
    meet::Met,
    register::{FeedOut, Ground, RecordOut, Register, Waiting},
    regroup::Identity,
    say::Said,
    stand::{Acceptance, Known, Stand},
    view::Step,
};
use crate::{intake::EventKind, store::ZoneId};

/// Datasets that devices hold copies of.
pub fn is_on_devices(dataset: &str) -> bool {
    matches!(dataset, "sites" | "cooperatives")
}

/// Why a record is held: what it changes is not here yet.
pub(super) const WAITS: &str = "entity_not_here_yet";
/// The same of a record that changes several entities, of which some may come before others.
pub(super) const WAITS_FOR_SEVERAL: &str = "entities_not_here_yet";

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
        let own = said.state;
        self.look_up(&event, &mut said, ground.gazetteer);
        let stand = self.stand_after(&event, said.state, ground);
        let source = Source::of(&event, stand.is_pending());
        let mut entity_id = None;
        let mut waits = 0;
        let mut changes = std::mem::take(&mut said.changes);
        changes.retain(|_| stand.speaks(event.seq, false));
        // Of what a change does not reach, nothing is marked either.
        changes.retain(|change| {
            match self.change(event.zone_id, change, source, ground) {
                Changed::Entity(id) => entity_id = entity_id.or(Some(id)),
                Changed::Waits => waits += 1,
                Changed::Met(met) => {
                    said.flag_met(met, own);
                    return false;
                }
            }
            true
        });
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
            let before = self.record_entities.get(&event.submission_id).copied();
            let named: BTreeSet<Uuid> = changes.iter().map(|c| c.entity_id).chain(before).collect();
            for id in named {
                self.mark(id, &seqs, stand.is_pending());
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
        let standing = (&stand, event.seq, said.state == RecordState::Quarantined);
        self.put_interview(key, said.interviewed, standing);
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
            is_held: out.state == "held",
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
        if let Some(met) = self.met(zone_id, change) {
            return Changed::Met(met);
        }
        match self.entities.get(&id) {
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

    pub(super) fn wait(
        &mut self,
        id: Uuid,
        zone_id: ZoneId,
        change: &Arc<EntityChange>,
        source: Source,
    ) {
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
        for mut waiting in queue {
            // Its record may have come to wait for review, or no longer, since it was sent.
            if let Some(known) = self.known.get(&waiting.source.submission_id) {
                waiting.source.pending = known.stand.is_pending();
            }
            let ready = self
                .entities
                .get(&id)
                .is_some_and(|e| e.deleted_seq == 0 && self.has_base(e, &waiting.change))
                // What came before its entity may not change one of another zone or list either.
                && self.met(waiting.zone_id, &waiting.change).is_none();
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
    Met(Met),
}
