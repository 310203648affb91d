//! Taking an entity out of the register, and putting it back: what is deleted is as if nothing spoke for it, and
//! everything that did is remembered (ADR 15).

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::{
    event::Event,
    load,
    register::{Ground, Register, Waiting},
    review::{Case, wanted},
    reviewed::{ReviewLine, case_of},
    say::Said,
    settle,
};
use crate::{
    db::{Result, Tx},
    intake::{Action, Review},
    store::ZoneId,
};

/// A submission, as an entity remembers it: where the entity and where the record lie.
pub(super) type SourceRow = (ZoneId, Uuid, ZoneId, Uuid);

/// Whether this is about an entity.
pub(super) const fn is_about_entity(action: Action) -> bool {
    matches!(action, Action::Delete | Action::Restore | Action::Settle)
}

/// The entities that these events put back, and every submission that ever spoke for one of them.
pub(super) async fn restored(
    tx: &mut Tx,
    said: &[Said],
    ground: &Ground<'_>,
) -> Result<(HashSet<Uuid>, HashMap<Uuid, Case>)> {
    let (mut ids, mut cases) = (HashSet::new(), HashMap::new());
    let restores = said.iter().flat_map(|s| &s.review).filter(|r| r.action == Action::Restore);
    for review in restores {
        for (zone, id) in load::deleted_with(tx, review.submission_id).await? {
            ids.insert(id);
            for (record_zone, submission) in load::sources(tx, zone, id).await? {
                if !cases.contains_key(&submission)
                    && let Some(case) = case_of(tx, (record_zone, submission), ground).await?
                {
                    cases.insert(submission, case);
                }
            }
            if let Some(case) = settle::decided(tx, (zone, id), ground).await? {
                cases.insert(id, case);
            }
        }
    }
    Ok((ids, cases))
}

impl Register {
    /// The registrations that are deleted together with these: everybody of their groups.
    pub(super) fn deleted_by(&self, said: &[Said]) -> HashSet<Uuid> {
        let deletes = said.iter().flat_map(|s| &s.review).filter(|r| r.action == Action::Delete);
        deletes.flat_map(|review| self.standing_group(review.submission_id)).collect()
    }

    fn standing_group(&self, id: Uuid) -> Vec<Uuid> {
        let mut group = self.groups.group_of(id);
        group.retain(|id| {
            self.entities.get(id).is_some_and(|e| e.version > 0 && e.deleted_seq == 0)
        });
        // Sites first: people take their places from them; then a fixed order.
        group.sort_by_key(|id| (self.entities.get(id).map(|e| e.dataset != "sites"), *id));
        group
    }

    /// Takes a deletion or a restoration, at its place in the journal.
    pub(super) fn delete_or_restore(
        &mut self,
        event: &Event,
        review: &Review,
        ground: &Ground<'_>,
    ) {
        let id = review.submission_id;
        let zone_id = self.homes.get(&id).map_or(event.zone_id, |home| home.0);
        let group = match review.action {
            Action::Delete => self.standing_group(id),
            _ => self.deleted_group(id),
        };
        self.reviewed.log.push(ReviewLine {
            zone_id,
            review_id: review.review_id,
            seq: event.seq,
            submission_id: id,
            action: review.action,
            refusal: (!group.contains(&id)).then_some("no_entity"),
            account_id: event.account_id,
            at: event.received_at,
        });
        if !group.contains(&id) {
            return;
        }
        let cases = std::mem::take(&mut self.cases);
        for member in group {
            if review.action == Action::Delete {
                self.delete(member, event, ground);
            } else {
                self.restore(member, &cases, event, ground);
            }
        }
    }

    /// The registrations that were deleted together with this one.
    fn deleted_group(&self, id: Uuid) -> Vec<Uuid> {
        let seq = self.entities.get(&id).map_or(0, |e| e.deleted_seq);
        let deleted = self.entities.values().filter(|e| seq > 0 && e.deleted_seq == seq);
        let mut group: Vec<Uuid> = deleted.map(|e| e.entity_id).collect();
        group.sort_by_key(|id| (self.entities.get(id).map(|e| e.dataset != "sites"), *id));
        group
    }

    fn delete(&mut self, id: Uuid, event: &Event, ground: &Ground<'_>) {
        for step in self.steps_of(id) {
            self.remember_source(id, step.source.zone_id, step.source.submission_id);
        }
        let Some(entity) = self.entities.get_mut(&id) else { return };
        entity.deleted_seq = event.seq;
        let waiting = self.waiting.get(&id).cloned().unwrap_or_default();
        self.refold(id, waiting, event.received_at, ground);
    }

    fn restore(
        &mut self,
        id: Uuid,
        cases: &HashMap<Uuid, Case>,
        event: &Event,
        ground: &Ground<'_>,
    ) {
        let Some(entity) = self.entities.get_mut(&id) else { return };
        entity.deleted_seq = 0;
        let known: BTreeSet<i64> =
            cases.values().flat_map(|c| &c.spoken).map(|s| s.event.seq).collect();
        let mut steps: Vec<Waiting> = self.steps_of(id);
        steps.retain(|step| !known.contains(&step.source.seq));
        for case in cases.values() {
            steps.extend(wanted(case, &case.known.stand, id));
        }
        self.refold(id, steps, event.received_at, ground);
    }

    /// Keeps in mind that a submission spoke for an entity, which another event may take out.
    pub(super) fn remember_source(&mut self, id: Uuid, record_zone: ZoneId, submission: Uuid) {
        let Some(home) = self.homes.get(&id) else { return };
        self.reviewed.sources.insert((home.0, id, record_zone, submission));
    }
}
