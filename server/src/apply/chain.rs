//! Versions of a submission that come before what they replace: they stand as a submission of their own until the
//! version between comes, and are one with the others from then on (ADR 20).

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::{
    event::{self, Event},
    heard::told_as,
    register::{Ground, Register},
    review::{Case, Spoken, wanted},
    reviewed::{StandRow, case_of, known},
    say::{Said, say},
    stand::{ReviewState, Stand},
};
use crate::{
    db::{Result, Tx, Value},
    intake::{EventKind, instance_key},
    store::{ZoneId, chains},
};

/// What an event brings together: a submission, and another one that is made of later versions of it.
pub(super) struct Chain {
    pub(super) zone_id: ZoneId,
    into: Uuid,
    from: Uuid,
    /// The versions of `from`, read as versions of `into`.
    pub(super) told: Vec<Spoken>,
}

/// An event that is told as one of another submission than it came as.
pub(super) struct Retold {
    pub(super) zone_id: ZoneId,
    pub(super) seq: i64,
    pub(super) submission_id: Uuid,
    pub(super) was: Uuid,
}

/// What became one in this batch.
#[derive(Default)]
pub(super) struct Chains {
    /// By the event that brings them together.
    pub(super) found: HashMap<i64, Chain>,
    pub(super) retold: Vec<Retold>,
    /// Versions that are applied without what they build on.
    pub(super) forced: Vec<(ZoneId, i64)>,
    /// Submissions that are there no longer, and what they became: zone, from, into.
    pub(super) joined: Vec<(ZoneId, Uuid, Uuid)>,
}

/// Whether an event may speak of a submission that has become another.
fn continues(said: &Said) -> bool {
    let kinds = [EventKind::Edit, EventKind::Files, EventKind::LateOriginal, EventKind::Review];
    kinds.contains(&said.event.kind)
}

/// Brings what these events say of submissions that have become others to those.
pub(super) async fn redirect(
    tx: &mut Tx,
    batch: &mut [Said],
    ground: &Ground<'_>,
) -> Result<Vec<Retold>> {
    let wanted = batch.iter().filter(|s| continues(s));
    let wanted = wanted.map(|s| (s.event.zone_id, s.event.submission_id)).collect::<BTreeSet<_>>();
    let mut retold = Vec::new();
    if wanted.is_empty() {
        return Ok(retold);
    }
    let stands = chains::standing(tx, &wanted).await?;
    for said in batch.iter_mut().filter(|s| continues(s)) {
        let (zone_id, was) = (said.event.zone_id, said.event.submission_id);
        let Some(submission_id) = stands.get(&(zone_id, was)).copied() else { continue };
        let seq = said.event.seq;
        said.event.submission_id = submission_id;
        if matches!(said.event.kind, EventKind::Edit | EventKind::Review) {
            // What it was interpreted from is not kept in memory.
            for mut event in event::at(tx, &[seq], ground.keys).await? {
                event.retold = Some(submission_id);
                *said = say(event, ground);
            }
            retold.push(Retold { zone_id, seq, submission_id, was });
        }
    }
    Ok(retold)
}

/// What the late versions of a batch bring together, and the submissions that become one.
pub(super) async fn fetch(
    tx: &mut Tx,
    said: &[Said],
    ground: &Ground<'_>,
) -> Result<(HashMap<i64, Chain>, HashMap<Uuid, Case>)> {
    let (mut chains, mut cases) = (HashMap::new(), HashMap::new());
    for s in said.iter().filter(|s| s.event.kind == EventKind::LateOriginal) {
        let (zone_id, into) = (s.event.zone_id, s.event.submission_id);
        let Some(from) = waited_for(tx, &s.event).await? else { continue };
        if from == into {
            continue;
        }
        let older = case_of(tx, (zone_id, into), ground).await?;
        let newer = case_of(tx, (zone_id, from), ground).await?;
        let (Some(older), Some(newer)) = (older, newer) else { continue };
        let told = newer.spoken.iter().filter_map(|spoken| {
            let Spoken { event, said } = spoken.clone();
            let said = Said { interpretation: Some(said), ..Said::of(event) };
            let said = told_as(said, into, ground);
            Some(Spoken { said: said.interpretation?, event: said.event })
        });
        chains.insert(s.event.seq, Chain { zone_id, into, from, told: told.collect() });
        cases.extend([(into, older), (from, newer)]);
    }
    Ok((chains, cases))
}

/// The submission that waited for this version of it.
async fn waited_for(tx: &mut Tx, event: &Event) -> Result<Option<Uuid>> {
    let key = Value::from(instance_key(&event.form_id, &event.instance_id));
    let rows = tx
        .fetch_in(
            "SELECT zone_id, submission_id FROM intake_key WHERE intake_key IN",
            vec![key],
            "",
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let place = (ZoneId(row.get(0)?), row.get(1)?);
    let stands = chains::standing(tx, &BTreeSet::from([place])).await?;
    let id = stands.get(&place).copied().unwrap_or(place.1);
    // Only a zone's own: what was taken over from elsewhere stays where it is.
    let is_here = place.0 == event.zone_id;
    let known = known(tx, &[(place.0, id)].into_iter().collect()).await?;
    Ok(known.contains_key(&id).then_some(id).filter(|_| is_here))
}

impl Chain {
    /// Every version that speaks, in the order in which they replace each other, and those that came after what
    /// replaces them.
    fn versions(self, into: Case) -> (Vec<Spoken>, Vec<i64>) {
        let since = self.told.iter().map(|s| s.event.seq).min().unwrap_or(i64::MAX);
        let (late, mut spoken): (Vec<_>, Vec<_>) =
            into.spoken.into_iter().partition(|s| s.event.seq > since);
        let seqs = late.iter().map(|s| s.event.seq).collect();
        // Of somebody else's form the first version alone changes an entity, whenever it came.
        let is_foreign = |s: &Spoken| s.said.dataset.is_empty();
        spoken.splice(0..0, late.into_iter().filter(is_foreign));
        spoken.extend(self.told);
        (spoken, seqs)
    }
}

/// How a submission stands once what was taken for another one turns out to be its later versions.
fn stand_of(into: &Stand, from: &Stand) -> Stand {
    let mut stand = from.clone();
    if into.review == ReviewState::Rejected {
        // Who sent it does not bring back what a person threw out.
        (stand.review, stand.reviewed_seq) = (into.review, into.reviewed_seq);
    } else if from.reviewed_seq == 0 && into.reviewed_seq > 0 {
        (stand.review, stand.reviewed_seq) = (ReviewState::Edited, into.reviewed_seq);
    }
    let (trail, older) = (&mut stand.trail, &into.trail);
    trail.let_in.extend(&older.let_in);
    trail.taken_back.extend(&older.taken_back);
    trail.late.extend(&older.late);
    stand
}

impl Register {
    /// Takes a version that came after what replaces it: it is kept and says nothing any more, but it may tell that
    /// two submissions are one.
    pub(super) fn come_late(&mut self, event: &Event, ground: &Ground<'_>) {
        if let Some(chain) = self.chains.found.remove(&event.seq) {
            self.bring_together(event, chain, ground);
            return;
        }
        let Some(known) = self.known.get_mut(&event.submission_id) else { return };
        known.stand.trail.late.push(event.seq);
        let place = (event.zone_id, event.submission_id);
        if let Some(out) = self.records.get_mut(&place) {
            out.stand.trail.late.push(event.seq);
        } else {
            self.reviewed.stands.push(StandRow {
                zone_id: place.0,
                submission_id: place.1,
                entity_id: None,
                stand: known.stand.clone(),
            });
        }
    }

    fn bring_together(&mut self, event: &Event, chain: Chain, ground: &Ground<'_>) {
        let (zone_id, into_id, from_id) = (chain.zone_id, chain.into, chain.from);
        let into = self.cases.remove(&into_id);
        let (Some(into), Some(from)) = (into, self.cases.remove(&from_id)) else { return };
        if into.known.is_erased || from.known.is_erased {
            self.erased.came_late(event);
            return;
        }
        let ids: Vec<Uuid> = [&into, &from].into_iter().flat_map(Self::spoken_of).collect();
        let own: BTreeSet<i64> =
            into.spoken.iter().chain(&from.spoken).map(|s| s.event.seq).collect();
        let mut stand = stand_of(&into.known.stand, &from.known.stand);
        let known = into.known.clone();
        let (spoken, late) = chain.versions(into);
        stand.trail.late.extend(late);
        stand.trail.late.push(event.seq);
        let mut all = Case { zone_id, known, spoken };
        // What only the former submission made goes first: nobody is compared with themselves.
        let kept = Self::spoken_of(&all);
        for id in ids.iter().filter(|id| !kept.contains(id)) {
            self.say_again(*id, (&all, &stand, &own), (into_id, event), ground);
        }
        self.device_days.put((zone_id, from_id), None);
        self.meet_again(&mut all, ground);
        if stand.reviewed_seq == 0 {
            let state = all.newest(&stand).map(|s| s.said.state);
            stand.review = state.map_or(ReviewState::Waiting, |state| ground.acceptance.of(state));
        }
        for id in kept {
            self.say_again(id, (&all, &stand, &own), (into_id, event), ground);
        }
        let seqs = all.spoken.iter().filter(|s| own.contains(&s.event.seq));
        let retold = seqs.map(|s| Retold {
            zone_id,
            seq: s.event.seq,
            submission_id: into_id,
            was: from_id,
        });
        let came_apart: BTreeSet<i64> = from.spoken.iter().map(|s| s.event.seq).collect();
        self.chains.retold.extend(retold.filter(|r| came_apart.contains(&r.seq)));
        self.chains.joined.push((zone_id, from_id, into_id));
        self.write_again(all, stand, into_id);
    }

    /// Makes an entity again of what the versions of a submission say now.
    pub(super) fn say_again(
        &mut self,
        id: Uuid,
        (all, stand, own): (&Case, &Stand, &BTreeSet<i64>),
        (submission, event): (Uuid, &Event),
        ground: &Ground<'_>,
    ) {
        self.remember_source(id, all.zone_id, submission);
        if self.entities.get(&id).is_some_and(|e| e.deleted_seq > 0) {
            return;
        }
        let mut steps = self.steps_of(id);
        steps.retain(|step| !own.contains(&step.source.seq));
        steps.extend(wanted(all, stand, id));
        self.refold(id, steps, event.received_at, ground);
    }
}

impl Chains {
    /// After records and entities are written: what was the former submission's is the other's.
    pub(super) async fn write(self, tx: &mut Tx) -> Result<()> {
        const BECOMES: [&str; 8] = [
            "DELETE FROM record WHERE zone_id = $1 AND submission_id = $2 AND submission_id <> $3",
            "INSERT INTO attachment (zone_id, submission_id, name, sha256, size, content_type, seq) \
             SELECT zone_id, $3, name, sha256, size, content_type, seq FROM attachment \
             WHERE zone_id = $1 AND submission_id = $2 \
             ON CONFLICT (zone_id, submission_id, name, sha256) DO NOTHING",
            "DELETE FROM attachment WHERE zone_id = $1 AND submission_id = $2 AND submission_id <> $3",
            "INSERT INTO entity_source (zone_id, entity_id, record_zone_id, submission_id) \
             SELECT zone_id, entity_id, record_zone_id, $3 FROM entity_source \
             WHERE record_zone_id = $1 AND submission_id = $2 \
             ON CONFLICT (zone_id, entity_id, submission_id) DO NOTHING",
            "DELETE FROM entity_source WHERE record_zone_id = $1 AND submission_id = $2 AND submission_id <> $3",
            "UPDATE review SET submission_id = $3 WHERE zone_id = $1 AND submission_id = $2",
            "UPDATE held SET submission_id = $3 WHERE zone_id = $1 AND submission_id = $2",
            "UPDATE retold SET submission_id = $3 WHERE zone_id = $1 AND submission_id = $2",
        ];
        for (zone, from, into) in self.joined {
            for sql in BECOMES {
                tx.query(sql).bind(zone.0).bind(from).bind(into).execute().await?;
            }
        }
        let rows = self
            .retold
            .into_iter()
            .map(|r| vec![r.zone_id.0.into(), r.seq.into(), r.submission_id.into(), r.was.into()]);
        tx.insert_rows(
            "INSERT INTO retold (zone_id, seq, submission_id, was)",
            "ON CONFLICT (zone_id, seq) DO UPDATE SET submission_id = excluded.submission_id",
            rows.collect(),
        )
        .await?;
        tx.insert_rows(
            "INSERT INTO forced (zone_id, seq)",
            "ON CONFLICT (zone_id, seq) DO NOTHING",
            self.forced.into_iter().map(|(zone, seq)| vec![zone.0.into(), seq.into()]).collect(),
        )
        .await?;
        Ok(())
    }
}
