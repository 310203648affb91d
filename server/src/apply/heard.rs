//! Versions read and interpreted lately.
//!
//! Who sends hundreds of versions of one submission in any order makes apply fold all of them again for each one that
//! joins (ADR 20). What they say is kept here meanwhile, so that each is read, opened and interpreted about once and
//! not once per version that comes after it.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use uuid::Uuid;

use super::{
    event::{self, Event, Mark},
    interpret::own_id,
    register::Ground,
    say::{Said, say},
};
use crate::{
    db::{Result, Tx},
    intake::EventKind,
};

/// So few are read again: to look them up costs about the same.
pub(super) const FEW: usize = 8;
/// What is kept, in bytes of submissions as sent. What is interpreted of them takes up to ten
/// times as much.
const MOST: usize = 8 << 20;
/// What an event takes beside what was sent.
const EACH: usize = 1 << 10;
/// Looks after which something counts as not asked for any more.
const STALE: u64 = 16;
/// Batches without a look after which nothing is kept: what people said is not held longer than it is of use.
const IDLE: u32 = 64;

/// What was said lately, by its place in the journal. A function of journal and forms: it changes what apply costs,
/// never what it finds.
#[derive(Default)]
pub(super) struct Heard {
    kept: Mutex<Kept>,
    /// Events opened since the start.
    read: AtomicU64,
}

#[derive(Default)]
struct Kept {
    /// The forms by which everything here was interpreted.
    forms: (i64, i64, i64),
    entries: HashMap<i64, Entry>,
    bytes: usize,
    looks: u64,
    cleared: u64,
    idle: u32,
}

struct Entry {
    wrapped: Vec<u8>,
    said: Said,
    bytes: usize,
    used: u64,
}

impl Heard {
    /// How many events were opened one by one since the start, beside those that were applied.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Forgets everything: of who is erased nothing stays.
    pub(super) fn forget(&self) {
        *self.kept() = Kept::default();
    }

    /// A batch was applied.
    pub(super) fn turn(&self) {
        let mut kept = self.kept();
        kept.idle += 1;
        if kept.idle > IDLE {
            *kept = Kept::default();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Every entry is whole at any time.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counted(&self, events: usize) {
        self.read.fetch_add(u64::try_from(events).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Kept {
    fn of(&mut self, mark: &Mark) -> Option<Said> {
        let looks = self.looks;
        let entry = self.entries.get_mut(&mark.seq)?;
        let event = &entry.said.event;
        // The row of an event whose content was erased has another key: none.
        let is_same = entry.wrapped == mark.wrapped && event.forced == mark.forced;
        let is_before = event.retold.is_none() || mark.retold.is_some();
        if !is_same || !is_before {
            return None;
        }
        entry.used = looks;
        Some(entry.said.clone())
    }

    fn keep(&mut self, mark: Mark, said: Said) {
        let bytes = EACH + said.event.content.as_ref().map_or(0, |c| c.xml.len());
        if self.bytes + bytes > MOST && self.cleared < self.looks {
            (self.cleared, self.bytes) = (self.looks, 0);
            let since = self.looks.saturating_sub(STALE);
            self.entries.retain(|_, entry| entry.used > since);
            self.bytes = self.entries.values().map(|e| e.bytes).sum();
        }
        if self.bytes + bytes <= MOST {
            let entry = Entry { wrapped: mark.wrapped, said, bytes, used: self.looks };
            let before = self.entries.insert(mark.seq, entry);
            self.bytes = self.bytes + bytes - before.map_or(0, |e| e.bytes);
        }
    }
}

/// What the events at these places of the journal say, read from it.
pub(super) async fn read(tx: &mut Tx, seqs: &[i64], ground: &Ground<'_>) -> Result<Vec<Said>> {
    ground.heard.counted(seqs.len());
    let events = event::at(tx, seqs, ground.keys).await?;
    Ok(events.into_iter().map(|event| say(event, ground)).collect())
}

/// What the events at these places of the journal say, in no order: as kept here, else read.
pub(super) async fn at(tx: &mut Tx, seqs: &[i64], ground: &Ground<'_>) -> Result<Vec<Said>> {
    if seqs.len() <= FEW {
        return read(tx, seqs, ground).await;
    }
    let mut found = Vec::with_capacity(seqs.len());
    let mut missing: HashMap<i64, Mark> = HashMap::new();
    {
        let marks = event::marks(tx, seqs).await?;
        let mut kept = ground.heard.kept();
        if kept.forms != ground.forms.token() {
            *kept = Kept { forms: ground.forms.token(), ..Kept::default() };
        }
        (kept.looks, kept.idle) = (kept.looks + 1, 0);
        for mark in marks {
            let Some(said) = kept.of(&mark) else {
                missing.insert(mark.seq, mark);
                continue;
            };
            let said = match mark.retold.filter(|_| said.event.retold != mark.retold) {
                Some(into) => {
                    let now = told_as(said, into, ground);
                    kept.keep(mark, now.clone());
                    now
                }
                None => said,
            };
            found.push(said);
        }
    }
    let unread: Vec<i64> = missing.keys().copied().collect();
    ground.heard.counted(unread.len());
    for event in event::at(tx, &unread, ground.keys).await? {
        let mark = missing.remove(&event.seq);
        let said = say(event, ground);
        let mut kept = ground.heard.kept();
        if let Some(mark) = mark.filter(|_| kept.forms == ground.forms.token()) {
            kept.keep(mark, said.clone());
        }
        drop(kept);
        found.push(said);
    }
    Ok(found)
}

/// What an event says as a version of another submission. Interpreted again only where the submission says more than
/// which record it is of.
pub(super) fn told_as(said: Said, into: Uuid, ground: &Ground<'_>) -> Said {
    let was = said.event.submission_id;
    let is_named_after = said.interpretation.as_ref().is_none_or(|i| {
        let mut changes = i.changes.iter().chain(&i.withheld);
        changes.any(|c| c.entity_id == own_id(was, &c.dataset))
    });
    // A first version becomes a later one.
    let is_later = matches!(said.event.kind, EventKind::Edit | EventKind::Review);
    if is_named_after || !is_later {
        return say(Event { retold: Some(into), ..said.event }, ground);
    }
    let mut said = said;
    (said.event.retold, said.event.submission_id) = (Some(into), into);
    if let Some(review) = &mut said.review {
        review.submission_id = into;
    }
    said
}
