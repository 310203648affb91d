//! The figures of the register: computed in one pass over the entities of a dataset, kept while they hold,
//! and published, protected, for who may not see exact ones.
//!
//! A published state divides each region and sex exactly as the published counts do, with the same draws,
//! and then by the codes of one figure: so it is no second sample of the counts (ADR 19).

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::civil::Date;

use crate::{
    counts::{Release, Tree, protect},
    db::{Db, DbError, Result},
    indicators::{Answers, Figures, Place, is_published, said},
    keys::MasterKeys,
    publication::threshold,
    runtime::{Micros, Runtime},
    store::{
        figures::{self, CountedRow},
        releases::{self, Stamp},
    },
};

/// Exact figures are read again after this, when the register changed: a pass opens every vault.
const LEAST_AGE_SECONDS: i64 = 60;
/// Published figures stand a day at least.
const PUBLISHED_SECONDS: i64 = 86_400;
/// The period under which published figures are kept.
const PERIOD: &str = releases::INDICATORS;
/// Entities handed to the thread that opens their vaults at once; a few lots are all that is in memory.
const LOT: usize = 500;
/// Lots that wait for that thread.
const LOTS: usize = 4;
/// Days that are kept: figures of places depend on the day asked for.
const DAYS_MAX: usize = 8;

/// Figures with their time.
#[derive(Debug)]
pub struct At<T> {
    /// When they were computed.
    pub at: Micros,
    /// The changes of the dataset until then.
    basis: i64,
    /// The figures.
    pub figures: T,
}

/// Published figures by indicator and part, spelled `R25.members`.
pub type Protected = BTreeMap<String, Release>;

type Kept<T> = Mutex<HashMap<(String, Date), Arc<At<T>>>>;

/// Computes figures, and keeps them in memory.
pub struct FigureBook {
    db: Db,
    keys: Arc<MasterKeys>,
    runtime: Runtime,
    exact: Kept<Figures>,
    protected: Kept<Protected>,
    /// One pass at a time.
    turn: tokio::sync::Mutex<()>,
}

impl FigureBook {
    /// Over this register.
    pub fn new(db: Db, keys: Arc<MasterKeys>, runtime: Runtime) -> Self {
        Self {
            db,
            keys,
            runtime,
            exact: Mutex::default(),
            protected: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The exact figures of a dataset on a day: at most a minute old, or of the register as it is.
    pub async fn exact(&self, dataset: &str, day: Date) -> Result<Arc<At<Figures>>> {
        let key = (dataset.to_owned(), day);
        if let Some(kept) = self.fresh(&key).await? {
            return Ok(kept);
        }
        let _turn = self.turn.lock().await;
        if let Some(kept) = self.fresh(&key).await? {
            return Ok(kept);
        }
        let made = Arc::new(self.pass(dataset, day).await?);
        let mut kept = self.exact.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= DAYS_MAX {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&made));
        Ok(made)
    }

    async fn fresh(&self, key: &(String, Date)) -> Result<Option<Arc<At<Figures>>>> {
        let kept = self.exact.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        let Some(kept) = kept else { return Ok(None) };
        let young = self.runtime.now() < kept.at.plus_seconds(LEAST_AGE_SECONDS);
        let changes = releases::changes(&mut self.db.read().await?, &key.0).await?;
        Ok((young || changes == kept.basis).then_some(kept))
    }

    /// The published figures of a dataset of persons: the same for a day, and until enough has changed.
    pub async fn protected(&self, dataset: &str) -> Result<Arc<At<Protected>>> {
        let mut tx = self.db.read().await?;
        let stamp = releases::stamp(&mut tx, dataset, PERIOD).await?;
        let changes = releases::changes(&mut tx, dataset).await?;
        drop(tx);
        if self.is_due(stamp, changes, dataset) {
            self.publish(dataset).await?;
        }
        self.stored(dataset).await
    }

    fn is_due(&self, stamp: Option<Stamp>, changes: i64, dataset: &str) -> bool {
        let Some(stamp) = stamp else { return true };
        let enough = threshold(dataset).map_or(1, |threshold| threshold.0);
        (changes - stamp.basis).abs() >= enough
            && self.runtime.now() >= stamp.at.plus_seconds(PUBLISHED_SECONDS)
    }

    async fn publish(&self, dataset: &str) -> Result<()> {
        let _turn = self.turn.lock().await;
        let mut tx = self.db.read().await?;
        let stamp = releases::stamp(&mut tx, dataset, PERIOD).await?;
        let changes = releases::changes(&mut tx, dataset).await?;
        drop(tx);
        if !self.is_due(stamp, changes, dataset) {
            // Somebody else published while this waited.
            return Ok(());
        }
        let made = self.pass(dataset, self.runtime.now().date()).await?;
        let (keys, name) = (Arc::clone(&self.keys), dataset.to_owned());
        let text = tokio::task::spawn_blocking(move || {
            let state = protect_all(&made.figures, &name, &keys);
            serde_json::to_string(&state).map(|text| (made.at, made.basis, text))
        });
        let (at, basis, text) = text.await.ok().and_then(std::result::Result::ok).ok_or(BROKEN)?;
        let mut tx = self.db.write().await?;
        releases::publish(&mut tx, (dataset, PERIOD), Stamp { at, basis }, &text).await?;
        tx.commit().await
    }

    async fn stored(&self, dataset: &str) -> Result<Arc<At<Protected>>> {
        let key = (dataset.to_owned(), Date::ZERO);
        let mut tx = self.db.read().await?;
        let stamp = releases::stamp(&mut tx, dataset, PERIOD).await?;
        let kept = self.protected.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(kept) = kept.filter(|kept| stamp.is_some_and(|s| s.at == kept.at)) {
            return Ok(kept);
        }
        let (stamp, text) = releases::release(&mut tx, dataset, PERIOD).await?;
        drop(tx);
        let figures = serde_json::from_str(&text).map_err(|_| BROKEN)?;
        let state = Arc::new(At { at: stamp.at, basis: stamp.basis, figures });
        let mut kept = self.protected.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(key, Arc::clone(&state));
        Ok(state)
    }

    /// Reads every entity of a dataset once; a thread of its own opens vaults, a few lots at a time.
    async fn pass(&self, dataset: &str, day: Date) -> Result<At<Figures>> {
        let (send, mut lots) = tokio::sync::mpsc::channel::<Vec<CountedRow>>(LOTS);
        let (keys, name) = (Arc::clone(&self.keys), dataset.to_owned());
        let work = tokio::task::spawn_blocking(move || {
            let mut figures = Figures::default();
            while let Some(lot) = lots.blocking_recv() {
                for row in lot {
                    add(&mut figures, &name, row, &keys, day)?;
                }
            }
            Ok::<_, DbError>(figures)
        });
        let mut tx = self.db.read().await?;
        let basis = releases::changes(&mut tx, dataset).await?;
        let at = self.runtime.now();
        let read = figures::each(&mut tx, dataset, LOT, |lot| {
            let send = send.clone();
            async move { send.send(lot).await.is_ok() }
        })
        .await;
        drop((tx, send));
        let figures = work.await.map_err(|_| BROKEN)?;
        read?;
        Ok(At { at, basis, figures: figures? })
    }
}

const BROKEN: DbError = DbError::Inconsistent { table: "count_release", column: "cells" };

fn add(
    figures: &mut Figures,
    dataset: &str,
    row: CountedRow,
    keys: &MasterKeys,
    day: Date,
) -> Result<()> {
    let sealed = row.open(keys)?;
    let answers = Answers::read(&row.props, &sealed);
    let cercle = crate::counts::Axis::Cercle2023.index().and_then(|i| row.codes.get(i));
    let cercle = cercle.map(String::as_str).filter(|code| !code.is_empty());
    let said = said(dataset, &answers, cercle, day);
    figures.add(Place { zone: row.zone_id, codes: row.codes, pending: row.pending }, said);
    Ok(())
}

/// Protects every part as the counts of its dataset are protected: the draws of region and sex are theirs.
fn protect_all(figures: &Figures, dataset: &str, keys: &MasterKeys) -> Protected {
    let draw = |text: &str| keys.sign(&[b"counts", dataset.as_bytes(), text.as_bytes()]);
    let parts = figures.cells().into_iter();
    parts
        .filter(|((indicator, part), _)| is_published(indicator, part))
        .map(|((indicator, part), cells)| {
            let shown = match threshold(dataset) {
                Some(threshold) => protect(cells, Tree::PLACE, threshold, &draw),
                None => cells,
            };
            (format!("{indicator}.{part}"), Release::new(&shown, &[]))
        })
        .collect()
}
