//! Taking what somebody said of a submission: what it changes, or why it cannot stand.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::json;
use uuid::Uuid;

use super::{
    delete::is_about_entity,
    entity::Source,
    event::Event,
    interpret::{Interpretation, RecordState},
    register::{FeedOut, Ground, Register, Waiting},
    reviewed::{ReviewLine, StandRow},
    stand::{Acceptance, Known, ReviewState, Stand},
};
use crate::{
    intake::{Action, EventKind, Review},
    store::ZoneId,
};

/// One version of a submission, read again.
#[derive(Clone)]
pub(super) struct Spoken {
    pub(super) event: Event,
    pub(super) said: Interpretation,
}

/// A submission under review: how it stands, and all its versions, oldest first.
pub(super) struct Case {
    pub(super) zone_id: ZoneId,
    pub(super) known: Known,
    pub(super) spoken: Vec<Spoken>,
}

impl Case {
    /// The version that stands when these were taken back.
    pub(super) fn newest(&self, stand: &Stand) -> Option<&Spoken> {
        self.spoken.iter().rev().find(|s| !stand.trail.taken_back.contains(&s.event.seq))
    }

    /// Whether it is of a base list.
    fn is_import(&self) -> bool {
        self.spoken.first().is_some_and(|s| s.event.kind == EventKind::Import)
    }

    /// The correction of this id.
    fn correction(&self, id: Option<Uuid>) -> Option<i64> {
        let id = id?.to_string();
        let found = self.spoken.iter().filter(|s| s.event.kind == EventKind::Review);
        found.filter(|s| s.event.instance_id == id).map(|s| s.event.seq).next()
    }

    /// How it stands after this, or why that cannot be.
    pub(super) fn after(
        &self,
        seq: i64,
        review: &Review,
        rules: Acceptance,
    ) -> Result<Stand, &'static str> {
        if self.known.is_erased {
            return Err("erased");
        }
        if review.seen.is_some_and(|seen| seen != self.known.seq) {
            return Err("changed");
        }
        let mut stand = self.known.stand.clone();
        match review.action {
            Action::Comment => return Ok(stand),
            Action::Accept => {
                let newest = self.newest(&stand).filter(|s| s.said.is_readable);
                let newest = newest.ok_or("undecodable")?;
                if newest.said.state == RecordState::Quarantined {
                    stand.trail.let_in.push(newest.event.seq);
                }
                (stand.review, stand.reviewed_seq) = (ReviewState::Accepted, seq);
                return Ok(stand);
            }
            Action::Reject => (stand.review, stand.reviewed_seq) = (ReviewState::Rejected, seq),
            Action::Return => (stand.review, stand.reviewed_seq) = (ReviewState::Returned, seq),
            Action::Reopen => {
                // What it met in the register may have marked it beside what it says itself.
                let met = if self.known.is_flagged {
                    RecordState::Flagged
                } else {
                    RecordState::Received
                };
                let state = self.newest(&stand).map(|s| s.said.state.max(met));
                stand.review = state.map_or(ReviewState::Waiting, |state| rules.of(state));
                stand.reviewed_seq = 0;
            }
            Action::Withdraw => {
                let correction = self.correction(review.correction).ok_or("no_correction")?;
                if stand.trail.taken_back.contains(&correction) {
                    return Err("no_correction");
                }
                stand.trail.taken_back.push(correction);
                return Ok(self.again(stand, rules));
            }
            Action::Correct => return self.corrected(stand, rules),
            Action::Force => return Ok(self.again(stand, rules)),
            // Of entities, which are no submissions.
            Action::Delete | Action::Restore | Action::Settle => return Err("no_entity"),
        }
        // Errors are let in by an acceptance alone.
        stand.trail.let_in.clear();
        Ok(stand)
    }

    /// After a correction, which is the last of `spoken`.
    fn corrected(&self, stand: Stand, rules: Acceptance) -> Result<Stand, &'static str> {
        let [.., before, now] = self.spoken.as_slice() else { return Err("undecodable") };
        if !now.said.is_readable {
            return Err("undecodable");
        }
        let broke = before.said.state == RecordState::Quarantined;
        if now.said.state == RecordState::Quarantined && !broke {
            return Err("breaks_rules");
        }
        Ok(self.again(stand, rules))
    }

    /// What a person accepted or rejected stays so when a data manager corrects it.
    fn again(&self, mut stand: Stand, rules: Acceptance) -> Stand {
        let decided = matches!(stand.review, ReviewState::Accepted | ReviewState::Rejected);
        if !decided || stand.reviewed_seq == 0 {
            let state = self.newest(&stand).map(|s| s.said.state);
            stand.review = state.map_or(ReviewState::Waiting, |state| rules.of(state));
            stand.reviewed_seq = 0;
        }
        stand
    }
}

impl Register {
    /// Takes what somebody said of a submission, at its place in the journal.
    pub(super) fn review(
        &mut self,
        event: &Event,
        review: &Review,
        corrected: Option<Interpretation>,
        ground: &Ground<'_>,
    ) {
        if review.action == Action::Settle {
            self.settle(event, review, corrected, ground);
            return;
        }
        if is_about_entity(review.action) {
            self.delete_or_restore(event, review, ground);
            return;
        }
        // The door refuses what it does not know.
        let Some(mut case) = self.cases.remove(&review.submission_id) else { return };
        if let Some(said) = corrected {
            case.spoken.push(Spoken { event: event.clone(), said });
        }
        let forced = review.action == Action::Force;
        let waits = !forced || self.force(&mut case, ground);
        let is_said_anew = matches!(review.action, Action::Correct | Action::Withdraw) || forced;
        if is_said_anew && waits {
            self.meet_again(&mut case, ground);
        }
        let outcome = case.after(event.seq, review, ground.acceptance);
        let outcome = outcome.and_then(|stand| waits.then_some(stand).ok_or("not_held"));
        self.reviewed.log.push(ReviewLine {
            zone_id: case.zone_id,
            review_id: review.review_id,
            seq: event.seq,
            submission_id: review.submission_id,
            action: review.action,
            refusal: outcome.as_ref().err().copied(),
            account_id: event.account_id,
            at: event.received_at,
        });
        let Ok(stand) = outcome else { return };
        if review.action == Action::Comment {
            return;
        }
        if forced {
            self.apply_forced(&case, &stand, event, ground);
        } else {
            self.stand(&case, &stand, event, ground);
        }
        self.tell_sender(&case, &stand, event, review.action);
        if is_said_anew {
            self.write_again(case, stand, review.submission_id);
        } else {
            if let Some(Spoken { event, said }) = case.newest(&stand) {
                let standing = (&stand, event.seq, said.state == RecordState::Quarantined);
                let place = (case.zone_id, review.submission_id);
                self.put_interview(place, said.interviewed, standing);
            }
            let entity_id = Self::spoken_of(&case).into_iter().next();
            self.reviewed.stands.push(StandRow {
                zone_id: case.zone_id,
                submission_id: review.submission_id,
                entity_id: entity_id.filter(|id| self.entities.contains_key(id)),
                stand,
            });
        }
    }

    /// The entities that a submission speaks of, sites first: people take their places from them.
    pub(super) fn spoken_of(case: &Case) -> Vec<Uuid> {
        let mut ids: BTreeMap<(bool, usize), Uuid> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for spoken in &case.spoken {
            for change in spoken.said.changes.iter().chain(&spoken.said.withheld) {
                if seen.insert(change.entity_id) {
                    ids.insert((change.dataset != "sites", seen.len()), change.entity_id);
                }
            }
        }
        ids.into_values().collect()
    }

    /// Brings the entities that a submission speaks of to what its versions say now.
    fn stand(&mut self, case: &Case, stand: &Stand, event: &Event, ground: &Ground<'_>) {
        let seqs: Vec<i64> = case.spoken.iter().map(|s| s.event.seq).collect();
        for id in Self::spoken_of(case) {
            let submission = case.spoken.first().map(|s| s.event.submission_id);
            if self.entities.get(&id).is_some_and(|e| e.deleted_seq > 0) {
                // Nothing speaks for it; restored, it is made of what speaks then.
                if let Some(submission) = submission {
                    self.remember_source(id, case.zone_id, submission);
                }
                continue;
            }
            let steps = self.steps_of(id);
            let (mut own, mut others): (Vec<_>, Vec<_>) =
                steps.into_iter().partition(|s| seqs.contains(&s.source.seq));
            let wanted = wanted(case, stand, id);
            let (barred, wanted): (Vec<_>, Vec<_>) =
                wanted.into_iter().partition(|s| self.met(s.zone_id, &s.change).is_some());
            // What may not come in and is still wanted waits on.
            own.retain(|s| barred.iter().all(|of| of.source.seq != s.source.seq));
            if case.is_import() && wanted.is_empty() && self.carries(id, &others) {
                // What came later builds on it: it keeps what it says.
                continue;
            }
            let places =
                |steps: &[Waiting]| steps.iter().map(|s| s.source.seq).collect::<BTreeSet<i64>>();
            if places(&own) == places(&wanted) {
                self.mark(id, &seqs, stand.is_pending());
            } else {
                others.extend(wanted.iter().cloned());
                if let Some(submission) = submission {
                    self.remember_source(id, case.zone_id, submission);
                }
                self.refold(id, others, event.received_at, ground);
                if case.known.is_held {
                    self.end_wait(id, wanted);
                }
            }
        }
    }

    /// Notes which of these steps are applied: their record was thrown out while it waited, and waits no longer.
    fn end_wait(&mut self, id: Uuid, steps: Vec<Waiting>) {
        let past = self.past.get(&id).into_iter().flatten();
        let applied = past.chain(self.steps.get(&id).into_iter().flatten());
        let applied: BTreeSet<i64> = applied.map(|step| step.source.seq).collect();
        let ended = steps.into_iter().filter(|step| applied.contains(&step.source.seq));
        self.released.extend(ended.map(|step| (id, step)));
    }

    /// Whether some of these steps changed an entity and none of them makes it. What waits for it has not changed it.
    fn carries(&self, id: Uuid, steps: &[Waiting]) -> bool {
        let waiting: BTreeSet<i64> =
            self.waiting.get(&id).into_iter().flatten().map(|w| w.source.seq).collect();
        let mut applied = steps.iter().filter(|s| !waiting.contains(&s.source.seq)).peekable();
        applied.peek().is_some() && !applied.any(|s| s.change.makes())
    }

    /// A submission whose versions changed is written as its newest one has it.
    pub(super) fn write_again(&mut self, mut case: Case, mut stand: Stand, submission_id: Uuid) {
        let sent = case.spoken.iter().rev().find(|s| s.event.kind != EventKind::Review);
        let Some(sent) = sent.map(|s| s.event.clone()) else { return };
        let seqs: Vec<i64> = case.spoken.iter().map(|s| s.event.seq).collect();
        let Some(seq) = case.newest(&stand).map(|s| s.event.seq) else { return };
        let Some(at) = seqs.iter().position(|s| *s == seq) else { return };
        let newest = case.spoken.remove(at);
        stand.trail.earlier =
            seqs.into_iter().filter(|s| *s != seq && !stand.trail.late.contains(s)).collect();
        // Sent by whom and when stays what it was: a correction is not sent by a phone.
        let form_version = newest.event.form_version;
        let event = Event { seq, submission_id, form_version, ..sent };
        let all = self.waiting.values().flatten();
        let waits = all.filter(|w| w.source.submission_id == submission_id).count();
        let ids = newest.said.changes.iter().map(|c| c.entity_id);
        let entity_id = ids.into_iter().find(|id| self.entities.contains_key(id));
        self.record(event, newest.said, stand, entity_id, waits);
    }

    /// Tells the device that sent it what became of it, as far as that concerns it.
    fn tell_sender(&mut self, case: &Case, stand: &Stand, event: &Event, action: Action) {
        let Some(newest) = case.newest(stand) else { return };
        let Some(first) = case.spoken.first() else { return };
        let was_in = case.known.stand.trail.let_in.contains(&newest.event.seq);
        let is_in = stand.trail.let_in.contains(&newest.event.seq);
        let sent = case.spoken.iter().rev().find(|s| s.event.kind != EventKind::Review);
        let instance_id = sent.map_or("", |s| s.event.instance_id.as_str());
        let (kind, detail) = match action {
            Action::Return => {
                let rules = &newest.said.rules;
                let detail =
                    json!({ "instance_id": instance_id, "rules": rules, "seq": event.seq });
                ("returned", detail)
            }
            _ if was_in != is_in => {
                let state = if is_in { "received" } else { "quarantined" };
                let rules = &newest.said.rules;
                ("receipt", json!({ "instance_id": instance_id, "state": state, "rules": rules }))
            }
            _ => return,
        };
        self.feed.push(FeedOut {
            zone_id: case.zone_id,
            at: event.received_at,
            kind,
            dataset: String::new(),
            subject_id: first.event.submission_id,
            device_id: first.event.device_id.or(first.event.account_id),
            detail: detail.to_string(),
        });
    }
}

/// The steps of an entity that a submission makes while it stands like this.
pub(super) fn wanted(case: &Case, stand: &Stand, id: Uuid) -> Vec<Waiting> {
    let mut steps = Vec::new();
    for spoken in &case.spoken {
        let is_set_aside = spoken.said.state == RecordState::Quarantined;
        if !stand.speaks(spoken.event.seq, is_set_aside) {
            continue;
        }
        let changes = spoken.said.changes.iter().chain(&spoken.said.withheld);
        for change in changes.filter(|c| c.entity_id == id) {
            steps.push(Waiting {
                source: Source::of(&spoken.event, stand.is_pending()),
                zone_id: case.zone_id,
                change: Arc::clone(change),
            });
        }
    }
    steps
}
