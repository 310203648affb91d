//! Everything that the register holds of one person, wherever it lies: for handing over, and for erasing.

use std::collections::{BTreeSet, HashSet};

use uuid::Uuid;

use super::{
    bring::{bring, remember},
    change::EntityChange,
    event::{self, Event},
    identity::{self, BlockKey},
    load,
    outside::{Marks, outside},
    register::{Ground, Register},
    review::Spoken,
    say::say,
    stand::Trail,
};
use crate::{
    db::{DbError, Result, Tx},
    intake::EventKind,
    store::{ZoneId, chains},
};

/// What there is of a person.
pub(super) struct Traces {
    /// The registrations that are this person, the first one first.
    pub(super) members: Vec<Uuid>,
    /// The submissions that speak of the person, in the order of their ids.
    pub(super) submissions: Vec<Trace>,
}

/// One submission that speaks of the person.
pub(super) struct Trace {
    pub(super) zone_id: ZoneId,
    pub(super) submission_id: Uuid,
    /// The event that its record stands for.
    pub(super) seq: i64,
    pub(super) instance_id: String,
    pub(super) first_instance_id: String,
    pub(super) dataset: String,
    pub(super) state: String,
    pub(super) review: String,
    /// Its versions, corrections among them, oldest first.
    pub(super) versions: Vec<Spoken>,
    /// What else came of it: an original that came late, files, what could not be read.
    pub(super) others: Vec<Event>,
}

impl Trace {
    /// Every change that one of its versions asks for, let in or not.
    pub(super) fn changes(&self) -> impl Iterator<Item = (&Event, &EntityChange)> {
        self.versions.iter().flat_map(|s| {
            let changes = s.said.changes.iter().chain(&s.said.withheld);
            changes.map(move |change| (&s.event, &**change))
        })
    }

    /// The places in the journal of everything that came of it.
    pub(super) fn seqs(&self) -> impl Iterator<Item = i64> {
        let versions = self.versions.iter().map(|s| s.event.seq);
        versions.chain(self.others.iter().map(|e| e.seq))
    }
}

/// Why there is nothing to find.
pub(super) type Nobody = &'static str;

/// Follows a person from one registration to everything that speaks of them.
pub(super) async fn traces(
    tx: &mut Tx,
    register: &mut Register,
    (id, dataset): (Uuid, &str),
    ground: &Ground<'_>,
) -> Result<std::result::Result<Traces, Nobody>> {
    bring(tx, register, HashSet::from([id]), ground).await?;
    let other = register.entities.get(&id).is_some_and(|e| e.dataset != dataset);
    if other || identity::kind(dataset).is_none() {
        return Ok(Err("other_dataset"));
    }
    let members = members(tx, register, id, ground).await?;
    let mut wanted: HashSet<(ZoneId, Uuid)> =
        members.iter().filter_map(|m| register.entities.get(m).map(|e| (e.zone_id, *m))).collect();
    remember(tx, register, &wanted, ground).await?;
    let mut marks = Marks::of(register, &members, ground.keys);
    let (mut found, mut instances) = once_said(tx, register, &mut marks, ground).await?;
    wanted.extend(naming(tx, &marks.keys).await?);
    remember(tx, register, &wanted, ground).await?;
    let ids: HashSet<Uuid> = wanted.iter().map(|(_, id)| *id).chain(members.clone()).collect();
    let past = ids.iter().filter_map(|id| register.past.get(id)).flatten();
    let mut seqs: BTreeSet<i64> = past.map(|step| step.source.seq).collect();
    seqs.extend(load::held(tx, &ids).await?.iter().map(|held| held.seq));
    let seqs: Vec<i64> = seqs.into_iter().collect();
    for event in event::at(tx, &seqs, ground.keys).await? {
        let event = say(event, ground).event;
        instances.insert((event.form_id.clone(), event.instance_id.clone()));
        found.insert((event.zone_id, event.submission_id));
    }
    found.extend(outside(tx, &marks, &instances, ground).await?);
    let mut submissions = Vec::new();
    for (zone, submission) in found {
        submissions.extend(trace(tx, zone, submission, ground).await?);
    }
    if submissions.is_empty() && !register.entities.contains_key(&id) {
        return Ok(Err("unknown"));
    }
    Ok(Ok(Traces { members, submissions }))
}

/// What came of one submission, whoever it speaks of.
pub(super) async fn traces_of_submission(
    tx: &mut Tx,
    place: (ZoneId, Uuid),
    ground: &Ground<'_>,
) -> Result<Traces> {
    let stands = chains::standing(tx, &BTreeSet::from([place])).await?;
    let id = stands.get(&place).copied().unwrap_or(place.1);
    let submissions = trace(tx, place.0, id, ground).await?.into_iter().collect();
    Ok(Traces { members: Vec::new(), submissions })
}

/// The registrations that are one person with this one: its group, or those that were deleted with it. An id that
/// the register does not know may be one of which everything was set aside.
async fn members(
    tx: &mut Tx,
    register: &mut Register,
    id: Uuid,
    ground: &Ground<'_>,
) -> Result<Vec<Uuid>> {
    let Some(entity) = register.entities.get(&id) else { return Ok(vec![id]) };
    let mut members = if entity.deleted_seq > 0 {
        let deleted = load::deleted_with(tx, id).await?;
        let ids: Vec<Uuid> = deleted.into_iter().map(|(_, id)| id).collect();
        bring(tx, register, ids.iter().copied().collect(), ground).await?;
        ids
    } else {
        register.groups.group_of(id)
    };
    members.retain(|m| register.entities.contains_key(m));
    members.sort_by_key(|m| (register.entities.get(m).map(|e| e.created_seq), *m));
    Ok(members)
}

/// Where submissions are that speak of somebody, and the form and instance id of each.
type Said = (BTreeSet<(ZoneId, Uuid)>, BTreeSet<(String, String)>);

/// Of somebody for whom nothing in the register speaks: what once did, or was never let in, says by which card and
/// NINA the rest is found.
async fn once_said(
    tx: &mut Tx,
    register: &Register,
    marks: &mut Marks,
    ground: &Ground<'_>,
) -> Result<Said> {
    let states: Vec<_> = marks.members.iter().map(|id| register.entities.get(id)).collect();
    if states.iter().any(|e| e.is_some_and(|e| e.version > 0)) {
        return Ok(Said::default());
    }
    let mut places = outside(tx, marks, &BTreeSet::new(), ground).await?;
    for entity in states.into_iter().flatten() {
        places.extend(load::sources(tx, entity.zone_id, entity.entity_id).await?);
    }
    let mut said = Vec::new();
    for (zone, submission) in &places {
        said.extend(trace(tx, *zone, *submission, ground).await?);
    }
    // A submission is remembered by whoever it once spoke for, whatever it says now.
    said.retain(|trace| trace.changes().any(|(_, c)| marks.members.contains(&c.entity_id)));
    marks.learn_from(&said, ground.keys);
    let instances = said.iter().flat_map(|trace| {
        trace.versions.iter().map(|s| (s.event.form_id.clone(), s.event.instance_id.clone()))
    });
    let places = said.iter().map(|trace| (trace.zone_id, trace.submission_id)).collect();
    Ok((places, instances.collect()))
}

/// Interviews about something else that name the person's card.
async fn naming(tx: &mut Tx, keys: &BTreeSet<BlockKey>) -> Result<Vec<(ZoneId, Uuid)>> {
    let rows = tx
        .fetch_in(
            "SELECT b.zone_id, b.entity_id FROM block_key b JOIN entity e \
             ON e.zone_id = b.zone_id AND e.entity_id = b.entity_id \
             WHERE e.dataset NOT IN ('orpailleurs', 'enfants') AND b.block_key IN",
            keys.iter().map(|key| (*key).into()).collect(),
            "",
        )
        .await?;
    rows.iter().map(|r| Ok((ZoneId(r.get(0)?), r.get(1)?))).collect()
}

pub(super) fn read_trail(text: &str) -> Result<Trail> {
    Trail::read(text).ok_or(DbError::Inconsistent { table: "record", column: "trail" })
}

/// Everything that came of one submission; `None` when it was erased already.
pub(super) async fn trace(
    tx: &mut Tx,
    zone: ZoneId,
    submission: Uuid,
    ground: &Ground<'_>,
) -> Result<Option<Trace>> {
    let row = tx
        .query(
            "SELECT seq, trail, instance_id, first_instance_id, dataset, state, review FROM record \
             WHERE zone_id = $1 AND submission_id = $2 AND state <> 'erased'",
        )
        .bind(zone.0)
        .bind(submission)
        .fetch_optional()
        .await?;
    let Some(row) = row else { return Ok(None) };
    let seq: i64 = row.get(0)?;
    let mut seqs: BTreeSet<i64> = read_trail(&row.get::<String>(1)?)?.earlier.into_iter().collect();
    // What came late is found in the journal.
    seqs.insert(seq);
    let mut ids = BTreeSet::from([submission]);
    let former = "SELECT was FROM retold WHERE zone_id = $1 AND submission_id = $2";
    for row in &tx.query(former).bind(zone.0).bind(submission).fetch_all().await? {
        ids.insert(row.get(0)?);
    }
    // Each in the words of its index.
    for sql in [
        "SELECT seq FROM journal WHERE zone_id = $1 AND submission_id = $2 AND kind IN ('edit', 'late_original')",
        "SELECT seq FROM journal WHERE zone_id = $1 AND submission_id = $2 AND kind = 'files'",
    ] {
        for id in &ids {
            for row in tx.query(sql).bind(zone.0).bind(*id).fetch_all().await? {
                seqs.insert(row.get(0)?);
            }
        }
    }
    let seqs: Vec<i64> = seqs.into_iter().collect();
    let (mut versions, mut others) = (Vec::new(), Vec::new());
    for event in event::at(tx, &seqs, ground.keys).await? {
        let spoken = say(event, ground);
        match spoken.interpretation {
            Some(said) => versions.push(Spoken { event: spoken.event, said }),
            None => others.push(spoken.event),
        }
    }
    Ok(Some(Trace {
        zone_id: zone,
        submission_id: submission,
        seq,
        instance_id: row.get(2)?,
        first_instance_id: row.get(3)?,
        dataset: row.get(4)?,
        state: row.get(5)?,
        review: row.get(6)?,
        versions,
        others,
    }))
}

/// Whether an event brings a version of a submission, in the words of whoever sent it.
pub(super) const fn is_sent(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Submission | EventKind::Edit | EventKind::LateOriginal | EventKind::Conflict
    )
}
