//! A batch becomes rows: folded beside the writer, written in one transaction; and what cannot be applied is set aside.

use std::sync::{Arc, atomic::Ordering};

use tracing::{error, info};
use uuid::Uuid;

use super::{
    ahead::interpret_all,
    days,
    engine::Applier,
    event::{self, Event},
    guarded::guarded,
    recall::recall,
    register::Register,
    replace,
    rows::Rows,
    say::Said,
    turn::Mark,
    write,
};
use crate::{
    catalogue::Snapshot,
    db::{DbError, Result},
    store::settings,
};

impl Applier {
    pub(super) async fn derive_part(
        &self,
        part: Vec<Said>,
        (from, to): (i64, i64),
        forms: &Arc<Snapshot>,
    ) -> Result<bool> {
        match self.derive_guarded(part, Some((from, to)), forms).await {
            Ok(done) => Ok(done),
            Err(failure) if failure.is_transient() => Err(failure),
            Err(failure) => {
                error!(error = %failure, "a batch cannot be applied: its events are taken one by one");
                Box::pin(self.one_by_one((from, to), forms)).await
            }
        }
    }

    /// Folds and writes a batch. After a panic nobody knows what it left of the engine's memory: that is loaded anew.
    async fn derive_guarded(
        &self,
        batch: Vec<Said>,
        advance: Option<(i64, i64)>,
        forms: &Arc<Snapshot>,
    ) -> Result<bool> {
        let done = guarded(self.derive(batch, advance, forms)).await;
        if matches!(done, Err(DbError::Defect)) {
            self.people.write().await.clear();
        }
        done
    }

    /// Applies events singly and sets aside the one that cannot be: it must not stop the others.
    pub(super) async fn one_by_one(
        &self,
        (from, to): (i64, i64),
        forms: &Arc<Snapshot>,
    ) -> Result<bool> {
        let mut tx = self.db.read().await?;
        let batch = event::after(&mut tx, from, to - from, &self.keys).await?;
        drop(tx);
        let mut seq = from;
        for event in batch {
            let next = event.seq;
            let alone = async {
                let said = guarded(interpret_all(self, vec![event.clone()], forms)).await?;
                self.derive_guarded(said, Some((seq, next)), forms).await
            };
            let done = match alone.await {
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
            self.may_ask_again.store(true, Ordering::Relaxed);
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

    pub(super) async fn write(&self, rows: Rows, mark: Mark, to: i64) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let day = rows.entities.day;
        if !mark.advance(&mut tx, to, day).await? {
            return Ok(false);
        }
        if !mark.has_reached(day) {
            days::turn_to(&mut tx, day).await?;
        }
        if rows.calendar_moved {
            settings::set(&mut tx, settings::ASK_AGAIN, &to.to_string()).await?;
            self.may_ask_again.store(true, Ordering::Relaxed);
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

    /// Tries again what no form could read, after a form changed.
    pub(super) async fn retry_quarantined(
        &self,
        forms: &Arc<Snapshot>,
        at_start: bool,
    ) -> Result<()> {
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
            let again = async {
                let said = guarded(interpret_all(self, events, forms)).await?;
                self.derive_guarded(said, None, forms).await
            };
            match again.await {
                Ok(true) => after = last,
                Ok(false) => {}
                Err(failure) if failure.is_transient() => return Err(failure),
                // They stay as they are.
                Err(failure) => {
                    error!(error = %failure, "what was set aside cannot be tried again");
                    after = last;
                }
            }
        }
    }
}
