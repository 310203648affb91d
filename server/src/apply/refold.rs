//! Making an entity again from the records that still speak for it, as if the others had not come.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    entity::EntityState,
    fold::{Changed, is_on_devices},
    meet::hidden_from,
    register::{FeedOut, Ground, Register, Waiting},
    regroup::Identity,
    view::Step,
};
use crate::{runtime::Micros, store::ZoneId};

impl Register {
    /// The versions of an entity that stand now, and what waits for it, from wherever they come.
    pub(super) fn steps_of(&self, id: Uuid) -> Vec<Waiting> {
        let zone = self.homes.get(&id).map(|home| home.0);
        let past = self.past.get(&id).into_iter().flatten();
        let applied = past.map(|step| Waiting {
            source: step.source,
            // Where it was sent from matters only before the entity is there.
            zone_id: zone.unwrap_or(ZoneId::COUNTRY),
            change: Arc::clone(&step.change),
        });
        applied.chain(self.waiting.get(&id).into_iter().flatten().cloned()).collect()
    }

    /// Makes an entity of these steps, in the order of the journal, and of nothing else.
    pub(super) fn refold(
        &mut self,
        id: Uuid,
        mut steps: Vec<Waiting>,
        at: Micros,
        ground: &Ground<'_>,
    ) {
        steps.sort_by_key(|s| s.source.seq);
        let Some(old) = self.entities.remove(&id) else {
            self.make(id, steps, ground);
            return;
        };
        let (steps, mut barred): (Vec<_>, Vec<_>) = steps
            .into_iter()
            .partition(|s| s.change.dataset == old.dataset && !hidden_from(s.zone_id, old.zone_id));
        // Whoever it was one with is looked at again, whatever becomes of it.
        self.stirred.extend(self.groups.group_of(id));
        self.stirred.extend(self.homes.get(&id).map(|home| home.1));
        let before = Identity::of(&old, ground);
        let waited = self.waiting.remove(&id).into_iter().flatten();
        let waited: HashMap<i64, ZoneId> = waited.map(|w| (w.source.seq, w.zone_id)).collect();
        let served = old.version + old.shifts;
        self.branches.retain(|(of, ..)| *of != id);
        self.past.insert(id, Vec::new());
        self.entities.insert(id, emptied(&old));
        let made_again = steps.iter().skip(1).any(|s| s.change.registers);
        if made_again || steps.iter().any(|s| s.change.update || s.change.settles > 0) {
            self.disputed.insert(id);
        }
        let mut held = self.replay(id, steps);
        // What may not come in waits as before, if it did and nobody forced it.
        barred.retain(|s| waited.contains_key(&s.source.seq) && !s.change.forced);
        held.extend(barred);
        self.hold_again(id, &waited, held);
        let Some(entity) = self.entities.get_mut(&id) else { return };
        entity.shifts = served + 1 - entity.version;
        self.settle_again(id, &old, at, ground);
        self.relink_again(id, before, ground);
        self.stirred.insert(id);
    }

    /// Makes an entity that is not there of these steps, if one of them makes it. Those that still wait are noted again.
    fn make(&mut self, id: Uuid, steps: Vec<Waiting>, ground: &Ground<'_>) {
        let waited = self.waiting.remove(&id).into_iter().flatten();
        let waited: HashSet<i64> = waited.map(|w| w.source.seq).collect();
        self.new_waiting.retain(|(of, _), _| *of != id);
        self.reviewed.unheld.insert(id);
        for step in steps {
            let said = self.change(step.zone_id, &step.change, step.source, ground);
            if !waited.contains(&step.source.seq) {
                continue;
            }
            match said {
                Changed::Entity(_) => self.released.push((id, step)),
                // What may not come in waits as before, unless somebody forced it.
                Changed::Met(_) if !step.change.forced => {
                    self.wait(id, step.zone_id, &step.change, step.source);
                }
                Changed::Met(_) | Changed::Waits => {}
            }
        }
    }

    /// Applies steps as they came; gives back those whose base never came.
    fn replay(&mut self, id: Uuid, steps: Vec<Waiting>) -> Vec<Waiting> {
        let mut held: Vec<Waiting> = Vec::new();
        for step in steps {
            if !self.is_ready(id, &step) {
                held.push(step);
                continue;
            }
            self.put_version(id, &step);
            held.sort_by_key(|w| (w.change.base_version, w.source.seq));
            for waiting in std::mem::take(&mut held) {
                if self.is_ready(id, &waiting) {
                    self.put_version(id, &waiting);
                } else {
                    held.push(waiting);
                }
            }
        }
        held
    }

    fn is_ready(&self, id: Uuid, step: &Waiting) -> bool {
        self.entities.get(&id).is_some_and(|e| {
            if e.deleted_seq > 0 {
                false
            } else if e.version == 0 {
                step.change.makes()
            } else {
                !step.change.update || self.has_base(e, &step.change)
            }
        })
    }

    fn put_version(&mut self, id: Uuid, step: &Waiting) {
        let Some(entity) = self.entities.get_mut(&id) else { return };
        if entity.version == 0 {
            entity.created_seq = step.source.seq;
            entity.created_at = step.source.at;
        }
        entity.take(&step.change, step.source);
        if !step.change.branch_id.is_empty() {
            let branch = (id, step.change.branch_id.clone(), step.change.base_version);
            self.branches.insert(branch);
        }
        let step = Step { change: Arc::clone(&step.change), source: step.source };
        self.past.entry(id).or_default().push(step);
    }

    /// Notes what waits now and what did before, so that their records say so.
    fn hold_again(&mut self, id: Uuid, waited: &HashMap<i64, ZoneId>, held: Vec<Waiting>) {
        self.reviewed.unheld.insert(id);
        let applied: Vec<Step> = self.past.get(&id).cloned().unwrap_or_default();
        for step in applied {
            let Some(zone_id) = waited.get(&step.source.seq).copied() else { continue };
            let waiting = Waiting { source: step.source, zone_id, change: step.change };
            self.released.push((id, waiting));
        }
        for waiting in held {
            if !waited.contains_key(&waiting.source.seq) {
                self.reviewed.grounded.insert(waiting.source.submission_id);
            }
            self.new_waiting.insert((id, waiting.source.seq), waiting.clone());
            self.waiting.entry(id).or_default().push(waiting);
        }
    }

    /// Puts it on the map again, and tells who follows the register.
    fn settle_again(&mut self, id: Uuid, old: &EntityState, at: Micros, ground: &Ground<'_>) {
        let Some(mut entity) = self.entities.remove(&id) else { return };
        let site = self.site_of(&entity).cloned();
        entity.settle(ground.gazetteer, site.as_ref());
        let is_gone = entity.version == 0;
        if is_gone {
            entity.merged_into = None;
            entity.shown = None;
            if let Some(home) = self.homes.get_mut(&id) {
                home.1 = id;
                self.new_homes.insert(id, *home);
            }
        }
        let (zone_id, dataset) = (entity.zone_id, entity.dataset.clone());
        self.entities.insert(id, entity);
        if dataset == "sites" {
            if is_gone {
                self.reviewed.lost_sites.insert(id);
            } else {
                self.moved_sites.push(id);
            }
        }
        *self.heads.entry((zone_id, dataset.clone())).or_insert(0) += 1;
        if is_on_devices(&dataset) && !(is_gone && old.version == 0) {
            self.feed.push(FeedOut {
                zone_id,
                at,
                kind: if is_gone { "tombstone" } else { "entity" },
                dataset,
                subject_id: id,
                device_id: None,
                detail: String::new(),
            });
        }
    }

    /// Whom it may be one with, as of the last record that speaks for it.
    fn relink_again(&mut self, id: Uuid, before: Identity, ground: &Ground<'_>) {
        let Some(seq) = self.entities.get(&id).map(|e| e.updated_seq) else { return };
        self.relink(id, before, seq, ground);
    }

    /// Says of the versions that these events made whether their record waits for review.
    pub(super) fn mark(&mut self, id: Uuid, seqs: &[i64], pending: bool) {
        let is_one = |seq: i64| seqs.contains(&seq);
        for waiting in self.waiting.get_mut(&id).into_iter().flatten() {
            if is_one(waiting.source.seq) {
                waiting.source.pending = pending;
            }
        }
        let Some(entity) = self.entities.get_mut(&id) else { return };
        for version in entity.versions.iter_mut().filter(|v| is_one(v.seq)) {
            version.pending = pending;
        }
        let steps = self.steps.get_mut(&id).into_iter().flatten();
        for step in self.past.get_mut(&id).into_iter().flatten().chain(steps) {
            if is_one(step.source.seq) {
                step.source.pending = pending;
            }
        }
        // Of an entity that a submission only named, the other versions were not looked up; one that this
        // batch made has no others.
        let all_here = i64::try_from(entity.versions.len()).is_ok_and(|n| n == entity.version);
        let stored = self.flags.get_mut(&id);
        let was = stored.is_none() && entity.pending && !all_here;
        let stored = stored.into_iter().flatten();
        let mut any_stored = false;
        for (seq, flag) in stored {
            if is_one(*seq) && *flag != pending {
                *flag = pending;
                self.reviewed.marks.insert((entity.zone_id, id, *seq), pending);
            }
            any_stored |= *flag;
        }
        let now = was || any_stored || entity.versions.iter().any(|version| version.pending);
        if entity.pending != now {
            entity.pending = now;
            entity.dirty = true;
            *self.heads.entry((entity.zone_id, entity.dataset.clone())).or_insert(0) += 1;
            if self.groups.is_joined(id) {
                self.stirred.insert(id);
            }
        }
    }
}

impl Register {
    /// Says of versions that were read after they were marked what they were marked with.
    pub(super) fn mark_again(&mut self) {
        for ((_, id, seq), pending) in &self.reviewed.marks {
            let past = self.past.get_mut(id).into_iter().flatten();
            for step in past.filter(|step| step.source.seq == *seq) {
                step.source.pending = *pending;
            }
        }
    }
}

/// The same entity before anything was said of it.
fn emptied(old: &EntityState) -> EntityState {
    EntityState {
        version: 0,
        // While it is folded again, nothing that had its base loses it for want of a number.
        shifts: old.version + old.shifts,
        pending: false,
        label: String::new(),
        open: super::change::Props::new(),
        sealed: super::change::Props::new(),
        position: None,
        site_id: None,
        facts: super::change::Facts::default(),
        dirty: true,
        replaced: (old.version > 0).then_some(old.created_seq),
        versions: Vec::new(),
        ..old.clone()
    }
}
