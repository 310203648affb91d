//! Applying what waits although what it builds on has not come: because somebody says so, or it waited too long.
//!
//! Who says so is an event (ADR 21), so a rebuild forces the same at the same place in the journal.

use std::{collections::BTreeSet, sync::Arc};

use uuid::Uuid;

use super::{
    event::Event,
    interpret::Interpretation,
    register::{Ground, Register},
    review::Case,
    say::{Said, say},
    stand::Stand,
};

/// What an event says when it is applied without what it builds on: marked, for a person to look at.
pub(super) fn forced(mut said: Interpretation) -> Interpretation {
    said.flag("forced", "G04");
    for change in said.changes.iter_mut().chain(&mut said.withheld) {
        Arc::make_mut(change).forced = true;
    }
    said
}

/// What was read before it was known to be forced, as it is said since.
pub(super) fn told_forced(mut said: Said) -> Said {
    if !said.event.forced {
        said.event.forced = true;
        said.interpretation = said.interpretation.map(forced);
    }
    said
}

impl Register {
    /// Reads the versions of a submission that wait as forced; false when none waits for anything but an entity that
    /// was deleted.
    pub(super) fn force(&self, case: &mut Case, ground: &Ground<'_>) -> bool {
        let is_deleted = |id: &Uuid| self.entities.get(id).is_some_and(|e| e.deleted_seq > 0);
        let waiting = self.waiting.iter().filter(|(id, _)| !is_deleted(id));
        let waiting: BTreeSet<i64> =
            waiting.flat_map(|(_, queue)| queue).map(|w| w.source.seq).collect();
        let mut any = false;
        for spoken in case.spoken.iter_mut().filter(|s| waiting.contains(&s.event.seq)) {
            let said = say(Event { forced: true, ..spoken.event.clone() }, ground);
            if let Some(now) = said.interpretation {
                (spoken.event, spoken.said) = (said.event, now);
                any = true;
            }
        }
        any
    }

    /// Makes the entities again of which forced versions speak.
    pub(super) fn apply_forced(
        &mut self,
        case: &Case,
        stand: &Stand,
        event: &Event,
        ground: &Ground<'_>,
    ) {
        let forced = case.spoken.iter().map(|s| &s.event).filter(|e| e.forced);
        self.chains.forced.extend(forced.map(|e| (e.zone_id, e.seq)));
        let own: BTreeSet<i64> = case.spoken.iter().map(|s| s.event.seq).collect();
        let Some(submission) = case.spoken.first().map(|s| s.event.submission_id) else { return };
        for id in Self::spoken_of(case) {
            self.say_again(id, (case, stand, &own), (submission, event), ground);
        }
    }
}
