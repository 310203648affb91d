//! Records compared again when what they were compared with changes: the site that they name is moved or rejected, the
//! card of their caregiver comes at last, a list of agents is loaded.
//!
//! At the end of every batch the findings of a record are those of the register as it is then, so they do not depend on
//! where batches end and a rebuild finds the same. Only records that looked at what changed are read (`looked_up`).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    bring::fetch_named,
    event::Event,
    force::told_forced,
    heard,
    interpret::{Interpretation, RecordState},
    looks::{BOUNDARIES, Facts, Look},
    phones::records_of_sharers,
    register::{Ground, Register},
    reviewed::{self, remember_versions},
    stand::{ReviewState, Stand},
};
use crate::{
    db::{Result, Tx, Value},
    forms::Severity,
    geo::Gazetteer,
    intake::EventKind,
    rules,
    store::ZoneId,
};

/// Records compared again in one go: each is read from the journal.
const PAGE: usize = 500;

/// A record whose findings are others than before.
pub(super) struct Recompared {
    pub(super) zone_id: ZoneId,
    pub(super) submission_id: Uuid,
    state: String,
    reason: String,
    violations: String,
    review: &'static str,
}

/// A record as it stands before it is compared again.
struct Standing {
    place: (ZoneId, Uuid),
    seq: i64,
    state: String,
    reason: String,
    violations: String,
    stand: Stand,
    /// Whether it is kept out of the register, or waits to come in.
    is_aside: bool,
    changed: Changed,
}

/// What changed that records are compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    /// The register: records that are kept out of it or wait are compared when they come in.
    Register,
    /// The boundaries, which say something of every record at any time.
    Boundaries,
    /// Campaigns and holidays; what is kept out or waits is compared when it comes in.
    Calendar,
}

impl Standing {
    /// Whether what this rule says of it is found anew; the rest stays as it was found when the record came.
    fn renews(&self, rule: &str) -> bool {
        match self.changed {
            // What was rejected keeps what was found of it: its day goes on without it.
            Changed::Register if rules::is_of_device_day(rule) => {
                self.stand.review != ReviewState::Rejected
            }
            Changed::Register => rules::is_asked_again(rule),
            Changed::Boundaries => rules::is_by_boundaries(rule),
            Changed::Calendar => rules::is_of_calendar(rule),
        }
    }
}

/// Compares again what was compared with something that the batch changed.
pub(super) async fn compare(
    tx: &mut Tx,
    register: &mut Register,
    before: &Facts,
    ground: &Ground<'_>,
) -> Result<()> {
    register.settle_lists();
    let now = register.facts();
    let names = register.changed((before, &now), ground);
    let mut places: BTreeSet<(ZoneId, Uuid)> = BTreeSet::new();
    let wanted = names.iter().map(|name| (*name).into()).collect();
    let sql = "SELECT zone_id, submission_id FROM looked_up WHERE looked IN";
    for row in &tx.fetch_in(sql, wanted, "").await? {
        places.insert((ZoneId(row.get(0)?), row.get(1)?));
    }
    places.extend(register.outdated(&names, &now));
    places.extend(register.device_days.outdated());
    places.extend(records_of_sharers(tx, register).await?);
    // What waited was not compared while it did.
    let released = register.released.iter().map(|(_, w)| (w.zone_id, w.source.submission_id));
    places.extend(released);
    // What became another submission in this batch is there no longer.
    for (zone, from, _) in &register.chains.joined {
        places.remove(&(*zone, *from));
    }
    let places: Vec<_> = places.into_iter().collect();
    for page in places.chunks(PAGE) {
        compare_page(tx, register, (page, Changed::Register), ground).await?;
    }
    Ok(())
}

/// The records after this one that were placed by the boundaries, no more than are compared in one go.
pub(super) async fn placed_after(
    tx: &mut Tx,
    after: (ZoneId, Uuid),
) -> Result<Vec<(ZoneId, Uuid)>> {
    let rows = tx
        .query(
            "SELECT DISTINCT zone_id, submission_id FROM looked_up WHERE looked = $1 \
             AND (zone_id, submission_id) > ($2, $3) ORDER BY zone_id, submission_id LIMIT $4",
        )
        .bind(BOUNDARIES)
        .bind(after.0.0)
        .bind(after.1)
        .bind(i64::try_from(PAGE)?)
        .fetch_all()
        .await?;
    rows.iter().map(|row| Ok((ZoneId(row.get(0)?), row.get(1)?))).collect()
}

/// The records after this one that stand by what the journal said until then, no more than are compared in one go.
pub(super) async fn received_after(
    tx: &mut Tx,
    after: (ZoneId, Uuid),
    until: i64,
) -> Result<Vec<(ZoneId, Uuid)>> {
    let rows = tx
        .query(
            "SELECT zone_id, submission_id FROM record WHERE (zone_id, submission_id) > ($1, $2) \
             AND seq <= $3 AND state IN ('received', 'flagged') \
             ORDER BY zone_id, submission_id LIMIT $4",
        )
        .bind(after.0.0)
        .bind(after.1)
        .bind(until)
        .bind(i64::try_from(PAGE)?)
        .fetch_all()
        .await?;
    rows.iter().map(|row| Ok((ZoneId(row.get(0)?), row.get(1)?))).collect()
}

/// How these records stand that are to be compared.
async fn standing(
    tx: &mut Tx,
    register: &mut Register,
    (places, changed): (&[(ZoneId, Uuid)], Changed),
) -> Result<Vec<Standing>> {
    let mut found = Vec::new();
    let mut stored: BTreeMap<ZoneId, Vec<Value>> = BTreeMap::new();
    for place in places {
        match register.records.get(place) {
            Some(out) if register.is_compared(out.state, place.1) => found.push(Standing {
                place: *place,
                seq: out.event.seq,
                state: out.state.to_owned(),
                reason: out.reason.to_owned(),
                violations: out.violations.clone(),
                stand: out.stand.clone(),
                is_aside: false,
                changed,
            }),
            Some(_) => {}
            None => stored.entry(place.0).or_default().push(place.1.into()),
        }
    }
    for (zone, ids) in stored {
        let wanted = ids.clone();
        let rows = tx
            .fetch_in_with(
                "SELECT submission_id, seq, reason, violations, state FROM record \
                 WHERE zone_id = $1 AND state <> 'erased' AND submission_id IN",
                vec![zone.0.into()],
                wanted,
                "",
            )
            .await?;
        let places: HashSet<(ZoneId, Uuid)> =
            rows.iter().map(|r| Ok((zone, r.get(0)?))).collect::<Result<_>>()?;
        let mut known = reviewed::known(tx, &places).await?;
        for row in &rows {
            let id: Uuid = row.get(0)?;
            let state: String = row.get(4)?;
            let is_aside = !register.is_compared(&state, id);
            if is_aside && changed != Changed::Boundaries {
                continue;
            }
            // What this batch decided of it is newer than what is stored.
            let of_batch = register.reviewed.stands.iter().rev();
            let mut of_batch = of_batch.filter(|s| (s.zone_id, s.submission_id) == (zone, id));
            let stand = of_batch.next().map(|s| s.stand.clone());
            let Some(stand) = stand.or_else(|| known.remove(&id).map(|k| k.stand)) else {
                continue;
            };
            found.push(Standing {
                place: (zone, id),
                seq: row.get(1)?,
                state,
                reason: row.get(2)?,
                violations: row.get(3)?,
                stand,
                is_aside,
                changed,
            });
        }
    }
    found.sort_by_key(|s| s.seq);
    Ok(found)
}

/// Compares these records with what changed, as it is now.
pub(super) async fn compare_page(
    tx: &mut Tx,
    register: &mut Register,
    places: (&[(ZoneId, Uuid)], Changed),
    ground: &Ground<'_>,
) -> Result<()> {
    let standing = standing(tx, register, places).await?;
    let seqs: Vec<i64> = standing.iter().map(|s| s.seq).collect();
    // What this batch brought together or forced is not stored as that yet.
    let retold: HashMap<i64, Uuid> =
        register.chains.retold.iter().map(|r| (r.seq, r.submission_id)).collect();
    let now_forced: HashSet<i64> = register.chains.forced.iter().map(|(_, seq)| *seq).collect();
    let mut said: HashMap<i64, (Event, Interpretation)> = heard::read(tx, &seqs, ground)
        .await?
        .into_iter()
        .map(|said| match retold.get(&said.event.seq) {
            Some(into) => heard::told_as(said, *into, ground),
            None => said,
        })
        .map(|said| if now_forced.contains(&said.event.seq) { told_forced(said) } else { said })
        .filter_map(|s| Some((s.event.seq, (s.event, s.interpretation?))))
        .collect();
    let of_zones = said.values().map(|(event, said)| (event.zone_id, said));
    fetch(tx, register, of_zones, ground).await?;
    for record in standing {
        let Some((event, said)) = said.remove(&record.seq) else { continue };
        register.compare_again(&record, &event, said, ground);
    }
    Ok(())
}

/// Brings what these records are compared with, and whether the versions that they made wait for review.
async fn fetch(
    tx: &mut Tx,
    register: &mut Register,
    said: impl Iterator<Item = (ZoneId, &Interpretation)> + Clone,
    ground: &Ground<'_>,
) -> Result<()> {
    let mut own: HashSet<Uuid> =
        said.clone().flat_map(|(_, said)| &said.changes).map(|c| c.entity_id).collect();
    fetch_named(tx, register, (said, own.clone()), ground).await?;
    own.retain(|id| !register.flags.contains_key(id));
    remember_versions(tx, register, (&HashSet::new(), &own), ground).await
}

pub(super) fn rule_of(line: &Json) -> &str {
    line.get("rule").and_then(Json::as_str).unwrap_or_default()
}

/// Whether a finding was made where a record met the register, and not by comparing it.
pub(super) fn is_of_meeting(line: &Json) -> bool {
    rule_of(line) == "A12" && line.get("paths").is_none()
}

impl Register {
    /// Whether a record is in the register, or came in with this batch; not if it went out with it.
    fn is_compared(&self, state: &str, submission_id: Uuid) -> bool {
        if self.reviewed.grounded.contains(&submission_id) {
            return false;
        }
        let released =
            |(_, w): &(Uuid, super::register::Waiting)| w.source.submission_id == submission_id;
        matches!(state, "received" | "flagged")
            || (state == "held" && self.released.iter().any(released))
    }

    /// What is found of a record as the register is now: its state and reason by the rules, and its findings in `said`. What
    /// rules found that are not renewed stays as it was found when the record came.
    pub(super) fn find_again(
        &mut self,
        (stored, reason): (&[Json], &str),
        (event, said): (&Event, &mut Interpretation),
        renews: impl Fn(&str) -> bool,
        gazetteer: &Gazetteer,
    ) -> (RecordState, String) {
        let by_itself = (said.violations.len(), said.state, said.reason);
        self.look_up_again(event, said, gazetteer);
        let mut lines = said.violations.split_off(by_itself.0);
        lines.retain(|line| renews(rule_of(line)));
        let kept = stored.iter().filter(|line| {
            let rule = rule_of(line);
            // What the record breaks by itself is found again with it.
            let is_its_own = said.violations.iter().any(|own| rule_of(own) == rule);
            rules::is_compared(rule) && !renews(rule) && !is_its_own && !is_of_meeting(line)
        });
        lines.extend(kept.cloned());
        lines.sort_by(|a, b| rule_of(a).cmp(rule_of(b)));
        let compared = lines.iter().any(is_warning);
        let met: Vec<Json> = stored.iter().filter(|l| is_of_meeting(l)).cloned().collect();
        let found =
            if by_itself.1 > RecordState::Received || !(compared || met.iter().any(is_warning)) {
                (by_itself.1, by_itself.2.to_owned())
            } else if met.iter().any(is_warning) {
                // What it met is its reason, whatever else is found and goes again.
                (RecordState::Flagged, reason.to_owned())
            } else {
                (RecordState::Flagged, String::from("rules"))
            };
        said.violations.extend(lines);
        said.violations.extend(met);
        found
    }

    fn compare_again(
        &mut self,
        record: &Standing,
        event: &Event,
        mut said: Interpretation,
        ground: &Ground<'_>,
    ) {
        let Ok(stored) = serde_json::from_str::<Vec<Json>>(&record.violations) else { return };
        let (state, reason) = self.find_again(
            (&stored, &record.reason),
            (event, &mut said),
            |rule| record.renews(rule),
            ground.gazetteer,
        );
        let is_set_aside = state == RecordState::Quarantined && !record.is_aside;
        if same(&stored, &said.violations) || is_set_aside {
            return;
        }
        let mut stand = record.stand.clone();
        if stand.reviewed_seq == 0 {
            stand.review = ground.acceptance.of(state);
        }
        if stand.is_pending() != record.stand.is_pending() {
            let mut seqs = stand.trail.earlier.clone();
            seqs.push(record.seq);
            let ids: BTreeSet<Uuid> = said.changes.iter().map(|c| c.entity_id).collect();
            for id in ids {
                self.mark(id, &seqs, stand.is_pending());
            }
        }
        let (told, reason) = if record.is_aside {
            (record.state.clone(), record.reason.clone())
        } else {
            (state.as_str().to_owned(), reason)
        };
        if event.kind != EventKind::Review {
            let mut rules: Vec<String> =
                said.violations.iter().map(|line| rule_of(line).to_owned()).collect();
            rules.dedup();
            self.receipt(event, &told, &rules);
        }
        self.recompared.push(Recompared {
            zone_id: record.place.0,
            submission_id: record.place.1,
            state: told,
            reason,
            violations: serde_json::to_string(&said.violations).unwrap_or_default(),
            review: stand.review.as_str(),
        });
    }
}

fn is_warning(line: &Json) -> bool {
    line.get("severity") == serde_json::to_value(Severity::Warning).ok().as_ref()
}

/// Whether two lists of findings say the same, in whatever order.
fn same(a: &[Json], b: &[Json]) -> bool {
    let texts = |lines: &[Json]| {
        let mut texts: Vec<String> = lines.iter().map(Json::to_string).collect();
        texts.sort();
        texts
    };
    texts(a) == texts(b)
}

/// After records are written: what was compared with what, and what is found now.
pub(super) async fn write(
    tx: &mut Tx,
    looks: Vec<Look>,
    recompared: Vec<Recompared>,
) -> Result<()> {
    let rows: BTreeSet<_> = looks.into_iter().map(|l| (l.name, l.seq, l.place)).collect();
    let rows = rows
        .into_iter()
        .map(|(looked, seq, (zone, id))| vec![looked.into(), seq.into(), zone.0.into(), id.into()]);
    tx.insert_rows(
        "INSERT INTO looked_up (looked, seq, zone_id, submission_id)",
        "ON CONFLICT (looked, seq, zone_id, submission_id) DO NOTHING",
        rows.collect(),
    )
    .await?;
    for record in recompared {
        tx.query(
            "UPDATE record SET state = $3, reason = $4, violations = $5, review = $6 \
             WHERE zone_id = $1 AND submission_id = $2",
        )
        .bind(record.zone_id.0)
        .bind(record.submission_id)
        .bind(record.state)
        .bind(record.reason)
        .bind(record.violations)
        .bind(record.review)
        .execute()
        .await?;
    }
    Ok(())
}
