//! Erasing a person: what goes, what stays, and the register without them (ADR 16).
//!
//! Done once, when the event is first applied; a rebuild reads from the event what stayed.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use uuid::Uuid;

use super::{
    batch::fetch_waiting,
    bring::{bring, remember},
    described::Described,
    entity::EntityState,
    erased::{Deed, ERASED},
    event::{self, Event},
    groups::pair,
    register::{Ground, RecordOut, Register},
    regroup::Identity,
    stand::{ReviewState, Stand, Trail},
    traces::{Trace, Traces, traces, traces_of_submission},
};
use crate::{
    db::{Result, Tx},
    intake::{Erasure, GoneRecord, Remains, Tombstone},
    runtime::Micros,
    store::{ZoneId, device_days::DeviceDay},
};

/// What must be destroyed, found while it is still there.
#[derive(Default)]
pub(super) struct Lost {
    /// Events of the journal.
    pub(super) events: BTreeSet<(ZoneId, i64)>,
    /// Changes that wait: entity, zone, event.
    pub(super) held: BTreeSet<(Uuid, ZoneId, i64)>,
    /// Files that nobody else's submission names.
    pub(super) files: BTreeSet<[u8; 32]>,
    /// Days of phones among whose interviews these were.
    pub(super) device_days: BTreeSet<DeviceDay>,
}

/// Erases the person that a registration belongs to, or does again what was done.
pub(super) async fn erase(
    tx: &mut Tx,
    register: &mut Register,
    event: &Event,
    mut erasure: Erasure,
    ground: &Ground<'_>,
) -> Result<()> {
    let first = erasure.done.is_none();
    let (remains, lost) = match erasure.done.take() {
        Some(remains) => (remains, Lost::default()),
        None => find(tx, register, (event, &mut erasure), ground).await?,
    };
    let folded: HashSet<Uuid> = remains.folded.iter().map(|(id, _)| *id).collect();
    let gone_ids = remains.tombstones.iter().map(|t| t.entity_id);
    bring(tx, register, folded.iter().copied().chain(gone_ids).collect(), ground).await?;
    let places = folded.iter().filter_map(|id| register.homes.get(id).map(|home| (home.0, *id)));
    let places = places.collect();
    remember(tx, register, &places, ground).await?;
    fetch_waiting(tx, &folded, register, ground).await?;
    let sent: Vec<i64> = remains.records.iter().map(|r| r.sent).collect();
    let sent: BTreeMap<i64, Event> =
        event::at(tx, &sent, ground.keys).await?.into_iter().map(|e| (e.seq, e)).collect();
    for tombstone in &remains.tombstones {
        register.bury(tombstone, ground);
    }
    let gone: BTreeSet<i64> = lost.events.iter().map(|(_, seq)| *seq).collect();
    for (id, served) in &remains.folded {
        register.fold_without(*id, *served, &gone, event.received_at, ground);
    }
    register.device_days.fetch(tx, lost.device_days.clone()).await?;
    for record in &remains.records {
        register.device_days.put((ZoneId(record.zone_id), record.submission_id), None);
        if let Some(sent) = sent.get(&record.sent) {
            register.empty_record(record, sent);
        }
    }
    erasure.done = Some(remains);
    let rewrites = first.then(|| event.content.as_ref().map(|c| c.key.clone())).flatten();
    register.erased.deed = Some(Deed { event: event.clone(), erasure, lost, rewrites });
    Ok(())
}

/// Finds everything, and notes what stays of it.
async fn find(
    tx: &mut Tx,
    register: &mut Register,
    (event, erasure): (&Event, &mut Erasure),
    ground: &Ground<'_>,
) -> Result<(Remains, Lost)> {
    let about = (erasure.entity_id, erasure.dataset.as_str());
    let found = match erasure.submission {
        Some(id) => Ok(traces_of_submission(tx, (event.zone_id, id), ground).await?),
        None => traces(tx, register, about, ground).await?,
    };
    let person = match found {
        Ok(person) => person,
        Err(refusal) => {
            let refused = Remains { refusal: refusal.to_owned(), ..Remains::default() };
            return Ok((refused, Lost::default()));
        }
    };
    if let Some(trace) = person.submissions.first().filter(|_| erasure.submission.is_some()) {
        erasure.dataset.clone_from(&trace.dataset);
    }
    let mut lost = Lost::default();
    let mut spoken_of: HashSet<Uuid> = person.members.iter().copied().collect();
    for trace in &person.submissions {
        lost.events.extend(trace.seqs().map(|seq| (trace.zone_id, seq)));
        let interviewed = trace.versions.iter().filter_map(|v| v.said.interviewed);
        lost.device_days.extend(interviewed.map(|of| (trace.zone_id, of.device_day)));
        for (event, change) in trace.changes() {
            spoken_of.insert(change.entity_id);
            lost.held.insert((change.entity_id, event.zone_id, event.seq));
        }
    }
    let (tombstones, folded) = split(tx, register, &person, (&lost, spoken_of), ground).await?;
    lost.events.extend(said_about(tx, &person, &tombstones).await?);
    lost.files = files(tx, &person).await?;
    // Somebody of whom everything was set aside has none.
    let registrations =
        person.members.iter().filter(|id| register.entities.contains_key(id)).count();
    let remains = Remains {
        refusal: String::new(),
        registrations: i64::try_from(registrations)?,
        files: i64::try_from(lost.files.len())?,
        tombstones,
        records: person.submissions.iter().map(gone).collect(),
        folded,
    };
    Ok((remains, lost))
}

/// Entities that only these submissions speak of, and those that others speak of too.
async fn split(
    tx: &mut Tx,
    register: &mut Register,
    person: &Traces,
    (lost, spoken_of): (&Lost, HashSet<Uuid>),
    ground: &Ground<'_>,
) -> Result<(Vec<Tombstone>, Vec<(Uuid, i64)>)> {
    bring(tx, register, spoken_of.clone(), ground).await?;
    let places: HashSet<_> = spoken_of
        .iter()
        .filter_map(|id| register.entities.get(id).map(|e| (e.zone_id, *id)))
        .collect();
    remember(tx, register, &places, ground).await?;
    let gone: BTreeSet<i64> = lost.events.iter().map(|(_, seq)| *seq).collect();
    let places: BTreeSet<(ZoneId, Uuid)> = places.into_iter().collect();
    let is_shared = |id: &Uuid| {
        let steps = register.past.get(id).into_iter().flatten();
        !person.members.contains(id) && steps.into_iter().any(|s| !gone.contains(&s.source.seq))
    };
    let (shared, alone): (Vec<_>, Vec<_>) = places.into_iter().partition(|(_, id)| is_shared(id));
    let erased: BTreeSet<Uuid> = alone.iter().map(|(_, id)| *id).collect();
    let mut tombstones = Vec::new();
    for (zone, id) in alone {
        let whole = register.groups.group_of(id).iter().all(|member| erased.contains(member));
        tombstones.extend(tombstone(tx, zone, id, whole).await?);
    }
    let served = |id: Uuid| register.entities.get(&id).map(|e| (id, e.version + e.shifts));
    Ok((tombstones, shared.into_iter().filter_map(|(_, id)| served(id)).collect()))
}

/// What counts say of an entity. Of a group that goes on without it, the others are counted.
async fn tombstone(tx: &mut Tx, zone: ZoneId, id: Uuid, whole: bool) -> Result<Option<Tombstone>> {
    let row = tx
        .query(
            "SELECT dataset, realm, merged_into, created_seq, version, shifts, region_2012, cercle_2012, \
             commune_2012, region_2023, cercle_2023, commune_2023, basis_2012, basis_2023, district, sex, \
             age_group, status, review FROM entity WHERE zone_id = $1 AND entity_id = $2",
        )
        .bind(zone.0)
        .bind(id)
        .fetch_optional()
        .await?;
    let Some(row) = row else { return Ok(None) };
    let merged_into: Option<Uuid> = row.get(2)?;
    Ok(Some(Tombstone {
        zone_id: zone.0,
        entity_id: id,
        dataset: row.get(0)?,
        realm: row.get(1)?,
        merged_into: if whole { merged_into } else { Some(id) },
        created_seq: row.get(3)?,
        version: row.get(4)?,
        shifts: row.get(5)?,
        places: [row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?, row.get(10)?, row.get(11)?],
        basis: [row.get(12)?, row.get(13)?],
        district: row.get(14)?,
        sex: row.get(15)?,
        age_group: row.get(16)?,
        status: row.get(17)?,
        review: row.get(18)?,
    }))
}

fn gone(trace: &Trace) -> GoneRecord {
    let sent = trace.versions.iter().map(|s| &s.event).chain(&trace.others);
    // Who sent it and when is that of the version whose instance id the record bears.
    let sent = sent.filter(|e| e.instance_id == trace.instance_id).map(|e| e.seq).next();
    GoneRecord {
        zone_id: trace.zone_id.0,
        submission_id: trace.submission_id,
        seq: trace.seq,
        sent: sent.unwrap_or(trace.seq),
        first_instance_id: trace.first_instance_id.clone(),
        dataset: trace.dataset.clone(),
    }
}

/// What people said of the person's submissions and registrations: their words may name the person.
async fn said_about(
    tx: &mut Tx,
    person: &Traces,
    tombstones: &[Tombstone],
) -> Result<BTreeSet<(ZoneId, i64)>> {
    let mut found = BTreeSet::new();
    for trace in &person.submissions {
        let rows = tx
            .query("SELECT zone_id, seq FROM review WHERE zone_id = $1 AND submission_id = $2")
            .bind(trace.zone_id.0)
            .bind(trace.submission_id)
            .fetch_all()
            .await?;
        for row in &rows {
            found.insert((ZoneId(row.get(0)?), row.get(1)?));
        }
    }
    for tombstone in tombstones {
        for sql in [
            "SELECT zone_id, seq FROM decision WHERE zone_id = $1 AND a_id = $2",
            "SELECT zone_id, seq FROM decision WHERE b_zone_id = $1 AND b_id = $2",
            // Why it was deleted, and what was decided where two said something else.
            "SELECT zone_id, seq FROM review WHERE zone_id = $1 AND submission_id = $2",
        ] {
            let query = tx.query(sql).bind(tombstone.zone_id).bind(tombstone.entity_id);
            for row in &query.fetch_all().await? {
                found.insert((ZoneId(row.get(0)?), row.get(1)?));
            }
        }
    }
    Ok(found)
}

/// Files of these submissions that no other names.
async fn files(tx: &mut Tx, person: &Traces) -> Result<BTreeSet<[u8; 32]>> {
    const OF: &str = "SELECT sha256 FROM attachment WHERE zone_id = $1 AND submission_id = $2";
    let mut own = BTreeSet::new();
    for trace in &person.submissions {
        let query = tx.query(OF).bind(trace.zone_id.0).bind(trace.submission_id);
        for row in &query.fetch_all().await? {
            own.insert(row.bytes(0)?);
        }
    }
    let ids: BTreeSet<Uuid> = person.submissions.iter().map(|t| t.submission_id).collect();
    for (submission, sha256) in crate::store::lost_files::named(tx, &own).await? {
        if !ids.contains(&submission) {
            own.remove(&sha256);
        }
    }
    Ok(own)
}

impl Register {
    /// Takes an erased entity out of everything but the counts.
    fn bury(&mut self, tombstone: &Tombstone, ground: &Ground<'_>) {
        let (zone, id) = (ZoneId(tombstone.zone_id), tombstone.entity_id);
        if let Some(entity) = self.entities.remove(&id) {
            self.forget(&entity, ground);
        }
        for other in self.groups.linked(id) {
            self.groups.part(pair(id, other));
            self.stirred.insert(other);
        }
        // Whom answers joined to it stand without it.
        self.stirred.extend(self.groups.reach([id]));
        self.stirred.remove(&id);
        self.past.remove(&id);
        self.steps.remove(&id);
        self.waiting.remove(&id);
        self.cleared.insert((zone, id));
        let canonical = tombstone.merged_into.unwrap_or(id);
        self.homes.insert(id, (zone, canonical));
        self.new_homes.insert(id, (zone, canonical));
        *self.heads.entry((zone, tombstone.dataset.clone())).or_insert(0) += 1;
        if tombstone.dataset == "sites" {
            self.reviewed.lost_sites.insert(id);
        }
    }

    fn forget(&mut self, entity: &EntityState, ground: &Ground<'_>) {
        let (zone, id) = (entity.zone_id, entity.entity_id);
        for key in &Identity::of(entity, ground).keys {
            self.drop_key(*key, zone, id);
        }
        let before = Described::of(entity);
        self.note_phones([before.as_ref()]);
        if let Some(people) = &mut self.people {
            people.erase(zone, id, before);
        }
    }

    /// Makes an entity again of what others say of it.
    fn fold_without(
        &mut self,
        id: Uuid,
        served: i64,
        gone: &BTreeSet<i64>,
        at: Micros,
        ground: &Ground<'_>,
    ) {
        let Some(entity) = self.entities.get_mut(&id) else { return };
        // What phones knew of it: a rebuild never saw the versions that are gone.
        entity.shifts = served - entity.version;
        let mut steps = self.steps_of(id);
        steps.retain(|step| !gone.contains(&step.source.seq));
        self.refold(id, steps, at, ground);
    }

    /// Leaves of a record that it came.
    fn empty_record(&mut self, record: &GoneRecord, sent: &Event) {
        let key = (ZoneId(record.zone_id), record.submission_id);
        let event = Event {
            seq: record.seq,
            zone_id: key.0,
            submission_id: key.1,
            content: None,
            ..sent.clone()
        };
        let stand =
            Stand { review: ReviewState::Accepted, reviewed_seq: 0, trail: Trail::default() };
        let out = RecordOut {
            event,
            first_instance_id: record.first_instance_id.clone(),
            state: ERASED,
            reason: ERASED,
            dataset: record.dataset.clone(),
            entity_id: None,
            violations: String::from("[]"),
            expected_files: String::from("[]"),
            answers: String::from("{}"),
            sealed: Vec::new(),
            stand,
        };
        self.records.insert(key, out);
    }
}
