//! What lies outside the register and speaks of a person: set aside, rejected, waiting, or unable to reach them.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{
    change::EntityChange,
    event,
    identity::{self, BlockKey},
    interpret::Interpretation,
    register::{Ground, Register},
    say::say,
    traces::{Trace, read_trail},
};
use crate::{
    db::{Result, Row, Tx},
    keys::MasterKeys,
    store::ZoneId,
};

/// Records read at once when what is set aside is looked through.
const PAGE: i64 = 500;

/// By what a submission that is not in the register is known to speak of the person.
pub(super) struct Marks {
    pub(super) members: BTreeSet<Uuid>,
    pub(super) keys: BTreeSet<BlockKey>,
    sexes: BTreeSet<String>,
}

impl Marks {
    pub(super) fn of(register: &Register, members: &[Uuid], keys: &MasterKeys) -> Self {
        let mut marks = Self {
            members: members.iter().copied().collect(),
            keys: BTreeSet::new(),
            sexes: BTreeSet::new(),
        };
        for id in members {
            if let Some(e) = register.entities.get(id) {
                marks.keys.extend(identity::traced_by(&e.dataset, &e.open, &e.sealed, keys));
            }
            for step in register.past.get(id).into_iter().flatten() {
                marks.learn(&step.change, keys);
            }
        }
        marks
    }

    fn learn(&mut self, change: &EntityChange, keys: &MasterKeys) {
        let (dataset, open, sealed) = (&change.dataset, &change.open, &change.sealed);
        self.keys.extend(identity::traced_by(dataset, open, sealed, keys));
        self.sexes.extend(change.facts.sex.clone());
    }

    /// Learns what these submissions say of the person.
    pub(super) fn learn_from(&mut self, said: &[Trace], keys: &MasterKeys) {
        for (_, change) in said.iter().flat_map(Trace::changes) {
            if self.members.contains(&change.entity_id) {
                self.learn(change, keys);
            }
        }
    }

    /// The same card or NINA, and nothing that says it is somebody else.
    fn are_on(&self, change: &EntityChange, keys: &MasterKeys) -> bool {
        let found = identity::block_keys(&change.dataset, &change.open, &change.sealed, keys);
        let sex = change.facts.sex.as_ref();
        let other = sex.is_some_and(|sex| !self.sexes.is_empty() && !self.sexes.contains(sex));
        !other && !found.is_disjoint(&self.keys)
    }
}

/// Records that may speak of a person without a version of theirs in the register, each in the words of its index:
/// set aside or waiting; marked because they could not reach the registration (rule A12); rejected. Of those marked,
/// the card says nothing: they may be in the register for somebody else.
pub(super) const OUTSIDE: [(&str, bool); 3] = [
    (
        "SELECT zone_id, submission_id, seq, trail, form_id, instance_id FROM record WHERE state <> 'received' \
         AND state IN ('quarantined', 'held') AND (state = 'held' OR review <> 'accepted') \
         AND (zone_id, submission_id) > ($1, $2) ORDER BY zone_id, submission_id LIMIT $3",
        true,
    ),
    (
        "SELECT zone_id, submission_id, seq, trail, form_id, instance_id FROM record WHERE state <> 'received' \
         AND (violations LIKE '%\"A12\"%' OR reason = 'conflict') \
         AND (zone_id, submission_id) > ($1, $2) ORDER BY zone_id, submission_id LIMIT $3",
        false,
    ),
    (
        "SELECT zone_id, submission_id, seq, trail, form_id, instance_id FROM record WHERE review <> 'accepted' \
         AND review = 'rejected' \
         AND (zone_id, submission_id) > ($1, $2) ORDER BY zone_id, submission_id LIMIT $3",
        true,
    ),
];

/// The next records of one of [`OUTSIDE`], and where to go on from; `None` when there are no more.
pub(super) async fn next(
    tx: &mut Tx,
    sql: &'static str,
    after: (ZoneId, Uuid),
) -> Result<Option<(Vec<Row>, (ZoneId, Uuid))>> {
    let query = tx.query(sql).bind(after.0.0).bind(after.1).bind(PAGE);
    let rows = query.fetch_all().await?;
    let Some(last) = rows.last() else { return Ok(None) };
    let last = (ZoneId(last.get(0)?), last.get(1)?);
    Ok(Some((rows, last)))
}

/// The versions of a record of [`OUTSIDE`], by their places in the journal.
pub(super) fn versions_of(row: &Row) -> Result<impl Iterator<Item = i64>> {
    let earlier = read_trail(&row.get::<String>(3)?)?.earlier;
    Ok(earlier.into_iter().chain([row.get(2)?]))
}

/// Before the first record.
pub(super) const START: (ZoneId, Uuid) = (ZoneId(i32::MIN), Uuid::nil());

/// Submissions that are kept out of the register and speak of the person, or collide with one that does.
pub(super) async fn outside(
    tx: &mut Tx,
    marks: &Marks,
    instances: &BTreeSet<(String, String)>,
    ground: &Ground<'_>,
) -> Result<BTreeSet<(ZoneId, Uuid)>> {
    let mut found = BTreeSet::new();
    for (sql, by_card) in OUTSIDE {
        let mut after = START;
        while let Some((rows, last)) = next(tx, sql, after).await? {
            after = last;
            let mut places: BTreeMap<i64, (ZoneId, Uuid)> = BTreeMap::new();
            for row in &rows {
                let place = (ZoneId(row.get(0)?), row.get(1)?);
                if instances.contains(&(row.get(4)?, row.get(5)?)) {
                    found.insert(place);
                }
                places.extend(versions_of(row)?.map(|seq| (seq, place)));
            }
            found.extend(speaking(tx, &places, (marks, by_card), ground).await?);
        }
    }
    Ok(found)
}

/// Those of these submissions that speak of the person: of a registration of theirs, or with their card and then
/// of nobody who is in the register.
async fn speaking(
    tx: &mut Tx,
    places: &BTreeMap<i64, (ZoneId, Uuid)>,
    (marks, by_card): (&Marks, bool),
    ground: &Ground<'_>,
) -> Result<BTreeSet<(ZoneId, Uuid)>> {
    let (mut found, mut carrying) = (BTreeSet::new(), BTreeSet::new());
    let mut said_of: BTreeMap<(ZoneId, Uuid), Vec<(i64, Uuid)>> = BTreeMap::new();
    let seqs: Vec<i64> = places.keys().copied().collect();
    for event in event::at(tx, &seqs, ground.keys).await? {
        let Some(place) = places.get(&event.seq) else { continue };
        let seq = event.seq;
        let said = say(event, ground).interpretation;
        for change in said.into_iter().flat_map(Interpretation::all_changes) {
            if marks.members.contains(&change.entity_id) {
                found.insert(*place);
            } else if by_card && marks.are_on(&change, ground.keys) {
                carrying.insert(*place);
            }
            said_of.entry(*place).or_default().push((seq, change.entity_id));
        }
    }
    for place in carrying {
        if !stands(tx, said_of.get(&place).into_iter().flatten()).await? {
            found.insert(place);
        }
    }
    Ok(found)
}

/// Whether one of these changes made a version that is in the register.
async fn stands(tx: &mut Tx, changes: impl Iterator<Item = &(i64, Uuid)>) -> Result<bool> {
    for (seq, id) in changes {
        let version = tx
            .query(
                "SELECT v.version FROM entity_home h JOIN entity_version v ON v.zone_id = h.zone_id \
                 AND v.seq = $2 AND v.entity_id = h.entity_id WHERE h.entity_id = $1",
            )
            .bind(*id)
            .bind(*seq)
            .fetch_optional()
            .await?;
        if version.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
