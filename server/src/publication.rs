//! What is published of the counts: protected states that stand until enough has changed.
//!
//! A state of a dataset of persons is replaced only when at least as many changes as the threshold
//! came in, so that the difference of two states is not about one person either. Each month the
//! state at its first use is kept for the public, and of each day the last state, for who asks later.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::civil::Date;
use sanu_schemas::{Realm, Unit};

use crate::{
    counts::{Cube, Release, Threshold, Tree, protect},
    db::{Db, DbError, Result},
    keys::MasterKeys,
    runtime::{Micros, Runtime},
    store::{
        Scope, cells,
        releases::{self, Stamp},
    },
};

/// The period of the state that accounts read.
const CURRENT: &str = "current";
/// A census at full speed would otherwise publish at every request.
const LEAST_AGE_SECONDS: i64 = 60;

/// The threshold of a dataset, when it is of persons.
pub fn threshold(dataset: &str) -> Option<Threshold> {
    let dataset = sanu_schemas::datasets().into_iter().find(|d| d.name == dataset)?;
    (dataset.unit == Unit::Person).then(|| Threshold::of(dataset.realm == Realm::Children))
}

/// A published state.
#[derive(Debug)]
pub struct Published {
    /// When it was made.
    pub at: Micros,
    /// Its cells.
    pub release: Release,
}

/// Publishes, and keeps what was published in memory.
pub struct Publication {
    db: Db,
    keys: Arc<MasterKeys>,
    runtime: Runtime,
    kept: Mutex<HashMap<(String, String), Arc<Published>>>,
    /// One state is made at a time.
    turn: tokio::sync::Mutex<()>,
}

impl Publication {
    /// Over this register.
    pub fn new(db: Db, keys: Arc<MasterKeys>, runtime: Runtime) -> Self {
        Self { db, keys, runtime, kept: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// The present state of a dataset.
    pub async fn current(&self, dataset: &str) -> Result<Arc<Published>> {
        let mut tx = self.db.read().await?;
        let stamp = releases::stamp(&mut tx, dataset, CURRENT).await?;
        let changes = releases::changes(&mut tx, dataset).await?;
        drop(tx);
        if is_due(stamp, changes, self.runtime.now(), threshold(dataset)) {
            self.make(dataset).await?;
        }
        self.stored(dataset, CURRENT).await
    }

    /// The state of this month, the same from its first use to the end of the month.
    pub async fn of_month(&self, dataset: &str) -> Result<Arc<Published>> {
        let month = month(self.runtime.now().date());
        let known = releases::stamp(&mut self.db.read().await?, dataset, &month).await?;
        if known.is_none() {
            self.current(dataset).await?;
            let mut tx = self.db.write().await?;
            releases::keep(&mut tx, dataset, &month).await?;
            tx.commit().await?;
        }
        self.stored(dataset, &month).await
    }

    /// The state that was in force at the end of a day that is over; none when there was none yet.
    pub async fn as_of(&self, dataset: &str, end: Micros) -> Result<Option<Published>> {
        let mut tx = self.db.read().await?;
        let found = releases::in_force(&mut tx, dataset, end).await?;
        drop(tx);
        found.map(|(stamp, text)| read(stamp, &text)).transpose()
    }

    /// The state of a month for the public; where nobody read it then, that of the last month before.
    ///
    /// The present month is made if it is not, so that the answer is the same for ever.
    pub async fn as_of_month(&self, dataset: &str, date: Date) -> Result<Option<Arc<Published>>> {
        let now = self.runtime.now().date();
        if (date.year(), date.month()) == (now.year(), now.month()) {
            return self.of_month(dataset).await.map(Some);
        }
        let month = month(date);
        let known = releases::month_until(&mut self.db.read().await?, dataset, &month).await?;
        match known {
            Some(period) => self.stored(dataset, &period).await.map(Some),
            None => Ok(None),
        }
    }

    async fn make(&self, dataset: &str) -> Result<()> {
        let _turn = self.turn.lock().await;
        let mut tx = self.db.read().await?;
        let stamp = releases::stamp(&mut tx, dataset, CURRENT).await?;
        let basis = releases::changes(&mut tx, dataset).await?;
        let now = self.runtime.now();
        if !is_due(stamp, basis, now, threshold(dataset)) {
            // Somebody else made it while this waited.
            return Ok(());
        }
        let base = cells::base(&mut tx, dataset, Cube::Place).await?;
        let profile = cells::base(&mut tx, dataset, Cube::Profile).await?;
        let (_, pending) = cells::accepted_and_pending(&mut tx, &Scope::All, dataset).await?;
        drop(tx);
        let (keys, name) = (Arc::clone(&self.keys), dataset.to_owned());
        let text = tokio::task::spawn_blocking(move || {
            let draw = |text: &str| keys.sign(&[b"counts", name.as_bytes(), text.as_bytes()]);
            let shown = |cells, tree| match threshold(&name) {
                Some(threshold) => protect(cells, tree, threshold, &draw),
                None => cells,
            };
            let (base, profile) = (shown(base, Tree::PLACE), shown(profile, Tree::PROFILE));
            serde_json::to_string(&Release::new(&base, &profile).beside(pending))
        });
        let text = text.await.ok().and_then(std::result::Result::ok).ok_or(BROKEN)?;
        let mut tx = self.db.write().await?;
        if let Some(former) = stamp.map(|s| s.at.date()).filter(|day| *day < now.date()) {
            releases::keep(&mut tx, dataset, &former.to_string()).await?;
        }
        let stamp = Stamp { at: now, basis };
        releases::publish(&mut tx, (dataset, CURRENT), stamp, &text).await?;
        tx.commit().await
    }

    async fn stored(&self, dataset: &str, period: &str) -> Result<Arc<Published>> {
        let key = (dataset.to_owned(), period.to_owned());
        let mut tx = self.db.read().await?;
        let stamp = releases::stamp(&mut tx, dataset, period).await?;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(kept) = kept.filter(|k| stamp.is_some_and(|s| s.at == k.at)) {
            return Ok(kept);
        }
        let (stamp, text) = releases::release(&mut tx, dataset, period).await?;
        drop(tx);
        let published = Arc::new(read(stamp, &text)?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(key, Arc::clone(&published));
        Ok(published)
    }
}

fn read(stamp: Stamp, text: &str) -> Result<Published> {
    let release = serde_json::from_str(text).map_err(|_| BROKEN)?;
    Ok(Published { at: stamp.at, release })
}

/// The period of a month.
fn month(date: Date) -> String {
    format!("{:04}-{:02}", date.year(), date.month())
}

const BROKEN: DbError = DbError::Inconsistent { table: "count_release", column: "cells" };

/// Whether a new state may and should be published.
fn is_due(stamp: Option<Stamp>, changes: i64, now: Micros, threshold: Option<Threshold>) -> bool {
    let Some(stamp) = stamp else { return true };
    // A rebuild counts its changes anew.
    let since = (changes - stamp.basis).abs();
    let enough = threshold.map_or(1, |t| t.0);
    since >= enough && now >= stamp.at.plus_seconds(LEAST_AGE_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_stands_until_as_many_changes_as_the_threshold_came_in() {
        let stamp = Some(Stamp { at: Micros(0), basis: 100 });
        let (soon, later) = (Micros(0).plus_seconds(59), Micros(0).plus_seconds(60));
        let adults = Some(Threshold::of(false));

        assert!(is_due(None, 0, soon, adults));
        assert!(!is_due(stamp, 109, later, adults));
        assert!(is_due(stamp, 110, later, adults));
        assert!(!is_due(stamp, 110, soon, adults));
        assert!(!is_due(stamp, 119, later, Some(Threshold::of(true))));
        assert!(is_due(stamp, 101, later, None));
        assert!(!is_due(stamp, 100, later, None));
    }

    #[test]
    fn only_what_is_said_of_persons_is_protected() {
        assert_eq!(threshold("orpailleurs"), Some(Threshold(10)));
        assert_eq!(threshold("enfants"), Some(Threshold(20)));
        assert_eq!(threshold("sites"), None);
        assert_eq!(threshold("cooperatives"), None);
    }
}
