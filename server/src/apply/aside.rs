//! Finding somebody of whom nothing in the register speaks: everything was deleted, rejected, set aside or waits.
//!
//! For who asks what is kept of them, or to be erased: their words can be read at the review door all the same.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{
    Applier,
    change::EntityChange,
    event, identity,
    interpret::Interpretation,
    outside::{OUTSIDE, START, next, versions_of},
    register::Ground,
    say::say,
    traces::trace,
};
use crate::{
    db::{Result, Tx},
    store::{ZoneId, persons},
};

/// By what somebody is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// The keyed hash of a card, as [`super::card_key`] gives it.
    Card([u8; 32]),
    /// The id that a registration would have.
    Entity(Uuid),
}

/// A registration that does not stand in the register, as one of the submissions that speak of it has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Aside {
    /// Its id.
    pub entity_id: Uuid,
    /// Where the submission was registered.
    pub zone_id: ZoneId,
    /// The sex that it gives.
    pub sex: Option<String>,
}

impl Applier {
    /// Registrations of a dataset that do not stand, by card or by id, as each of their submissions has them.
    ///
    /// Opens everything that is set aside, rejected or waits, and what spoke for whoever was deleted: about a second
    /// per 3,000 records, whether somebody is found or not.
    pub async fn aside(&self, tx: &mut Tx, dataset: &str, wanted: Wanted) -> Result<Vec<Aside>> {
        let forms = self.forms().await?;
        let gazetteer = self.gazetteer();
        let ground = self.ground(&forms, &gazetteer);
        let mut found = set_aside(tx, (dataset, wanted), &ground).await?;
        found.extend(deleted(tx, (dataset, wanted), &ground).await?);
        let ids: Vec<Uuid> = found.iter().map(|a| a.entity_id).collect();
        let standing = persons::standing(tx, &ids).await?;
        found.retain(|a| !standing.contains(&a.entity_id));
        Ok(found.into_iter().collect())
    }
}

fn is_wanted(
    change: &EntityChange,
    (dataset, wanted): (&str, Wanted),
    ground: &Ground<'_>,
) -> bool {
    let is_it = || match wanted {
        Wanted::Entity(id) => change.entity_id == id,
        Wanted::Card(key) => {
            identity::block_keys(dataset, &change.open, &change.sealed, ground.keys).contains(&key)
        }
    };
    change.dataset == dataset && is_it()
}

fn aside(change: &EntityChange, zone_id: ZoneId) -> Aside {
    Aside { entity_id: change.entity_id, zone_id, sex: change.facts.sex.clone() }
}

/// Of the records that may speak of somebody who has no version in the register.
async fn set_aside(
    tx: &mut Tx,
    sought: (&str, Wanted),
    ground: &Ground<'_>,
) -> Result<BTreeSet<Aside>> {
    let mut found = BTreeSet::new();
    for (sql, _) in OUTSIDE {
        let mut after = START;
        while let Some((rows, last)) = next(tx, sql, after).await? {
            after = last;
            let mut zones: BTreeMap<i64, ZoneId> = BTreeMap::new();
            for row in &rows {
                let zone = ZoneId(row.get(0)?);
                zones.extend(versions_of(row)?.map(|seq| (seq, zone)));
            }
            let seqs: Vec<i64> = zones.keys().copied().collect();
            for event in event::at(tx, &seqs, ground.keys).await? {
                let Some(zone) = zones.get(&event.seq).copied() else { continue };
                let said = say(event, ground).interpretation;
                let changes = said.into_iter().flat_map(Interpretation::all_changes);
                let changes = changes.filter(|change| is_wanted(change, sought, ground));
                found.extend(changes.map(|change| aside(&change, zone)));
            }
        }
    }
    Ok(found)
}

/// Of what spoke for whoever was deleted.
async fn deleted(
    tx: &mut Tx,
    sought: (&str, Wanted),
    ground: &Ground<'_>,
) -> Result<BTreeSet<Aside>> {
    let mut found = BTreeSet::new();
    for (zone, submission) in persons::sources_of_deleted(tx, sought.0).await? {
        if let Some(trace) = trace(tx, zone, submission, ground).await? {
            let changes = trace.changes().map(|(_, change)| change);
            let changes = changes.filter(|change| is_wanted(change, sought, ground));
            found.extend(changes.map(|change| aside(change, zone)));
        }
    }
    Ok(found)
}
