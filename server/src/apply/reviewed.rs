//! What reviews need of the register, and what they write to it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::{
    bring::remember,
    cells::review_of,
    delete::{SourceRow, is_about_entity},
    erased::ERASED,
    heard,
    interpret::RecordState,
    load,
    register::{Ground, Register},
    review::{Case, Spoken},
    say::Said,
    stand::{Known, ReviewState, Stand, Trail},
};
use crate::{
    db::{DbError, Result, Row, Tx},
    intake::{Action, EventKind},
    runtime::Micros,
    store::{ZoneId, zones::ids_by_zone},
};

/// One thing that somebody said of a submission, as the register keeps it.
pub(super) struct ReviewLine {
    pub(super) zone_id: ZoneId,
    pub(super) review_id: Uuid,
    pub(super) seq: i64,
    pub(super) submission_id: Uuid,
    pub(super) action: Action,
    pub(super) refusal: Option<&'static str>,
    pub(super) account_id: Option<Uuid>,
    pub(super) at: Micros,
}

/// How a record stands now.
pub(super) struct StandRow {
    pub(super) zone_id: ZoneId,
    pub(super) submission_id: Uuid,
    pub(super) entity_id: Option<Uuid>,
    pub(super) stand: Stand,
}

/// What a review changed, beside entities.
#[derive(Default)]
pub(super) struct Reviewed {
    pub(super) log: Vec<ReviewLine>,
    pub(super) stands: Vec<StandRow>,
    /// Versions whose record was accepted, or is no longer.
    pub(super) marks: BTreeMap<(ZoneId, Uuid, i64), bool>,
    /// Entities whose stored waiting changes others take the place of.
    pub(super) unheld: BTreeSet<Uuid>,
    /// Submissions whose change lost the entity it builds on.
    pub(super) grounded: BTreeSet<Uuid>,
    /// Submissions that spoke for an entity and may speak for it no longer.
    pub(super) sources: BTreeSet<SourceRow>,
    /// Sites of which no record speaks any more.
    pub(super) lost_sites: BTreeSet<Uuid>,
}

impl Reviewed {
    /// Before entities are written: what waited for those that were made again.
    pub(super) async fn clear_holds(&self, tx: &mut Tx) -> Result<()> {
        for id in &self.unheld {
            tx.query("DELETE FROM held WHERE entity_id = $1").bind(*id).execute().await?;
        }
        Ok(())
    }

    /// After entities and records are written.
    pub(super) async fn write(self, tx: &mut Tx) -> Result<()> {
        for ((zone, id, seq), pending) in self.marks {
            tx.query(
                "UPDATE entity_version SET review = $4 \
                 WHERE zone_id = $1 AND seq = $3 AND entity_id = $2",
            )
            .bind(zone.0)
            .bind(id)
            .bind(seq)
            .bind(review_of(pending))
            .execute()
            .await?;
        }
        for row in self.stands {
            tx.query(
                "UPDATE record SET review = $3, reviewed_seq = $4, trail = $5, \
                 entity_id = COALESCE(entity_id, $6) WHERE zone_id = $1 AND submission_id = $2",
            )
            .bind(row.zone_id.0)
            .bind(row.submission_id)
            .bind(row.stand.review.as_str())
            .bind(row.stand.reviewed_seq)
            .bind(row.stand.trail.to_text())
            .bind(row.entity_id)
            .execute()
            .await?;
        }
        write_sources(tx, self.sources).await?;
        write_grounded(tx, &self.grounded).await?;
        write_log(tx, self.log).await
    }
}

async fn write_sources(tx: &mut Tx, sources: BTreeSet<SourceRow>) -> Result<()> {
    let rows = sources.into_iter().map(|(zone, id, record_zone, submission)| {
        vec![zone.0.into(), id.into(), record_zone.0.into(), submission.into()]
    });
    tx.insert_rows(
        "INSERT INTO entity_source (zone_id, entity_id, record_zone_id, submission_id)",
        "ON CONFLICT (zone_id, entity_id, submission_id) DO NOTHING",
        rows.collect(),
    )
    .await?;
    Ok(())
}

async fn write_grounded(tx: &mut Tx, grounded: &BTreeSet<Uuid>) -> Result<()> {
    if grounded.is_empty() {
        return Ok(());
    }
    // A handful of zones, a lookup by key in each: where it was sent to is not known here.
    let zones = tx.query("SELECT zone_id FROM zone").fetch_all().await?;
    for zone in &zones {
        for id in grounded {
            tx.query(
                "UPDATE record SET state = 'held' WHERE zone_id = $1 AND submission_id = $2 \
                 AND state IN ('received', 'flagged')",
            )
            .bind(zone.get::<i32>(0)?)
            .bind(*id)
            .execute()
            .await?;
        }
    }
    Ok(())
}

async fn write_log(tx: &mut Tx, log: Vec<ReviewLine>) -> Result<()> {
    let rows = log
        .into_iter()
        .map(|line| {
            let state = if line.refusal.is_some() { "refused" } else { "taken" };
            vec![
                line.zone_id.0.into(),
                line.review_id.into(),
                line.seq.into(),
                line.submission_id.into(),
                line.action.as_str().into(),
                state.into(),
                line.refusal.unwrap_or_default().into(),
                line.account_id.into(),
                line.at.into(),
            ]
        })
        .collect();
    tx.insert_rows(
        "INSERT INTO review (zone_id, review_id, seq, submission_id, action, state, refusal, \
         account_id, reviewed_at)",
        "ON CONFLICT (zone_id, review_id) DO NOTHING",
        rows,
    )
    .await?;
    Ok(())
}

/// Splits a batch so that each review, each erasure and each part of a base list (a batch already) stands alone, being
/// taken over what is stored, and that no part is of two days: what the register says at the end of a day is kept.
pub(super) fn parts(batch: Vec<Said>) -> Vec<Vec<Said>> {
    let mut parts: Vec<Vec<Said>> = Vec::new();
    let mut alone = true;
    let mut day = i64::MIN;
    for said in batch {
        let is_alone =
            said.review.is_some() || said.erasure.is_some() || is_of_several(said.event.kind);
        let is_next_day = said.event.received_at.day() > day;
        day = day.max(said.event.received_at.day());
        match parts.last_mut().filter(|_| !alone && !is_alone && !is_next_day) {
            Some(part) => part.push(said),
            None => parts.push(vec![said]),
        }
        alone = is_alone;
    }
    parts
}

/// Whether an event is a batch already, or may bring together what is stored.
const fn is_of_several(kind: EventKind) -> bool {
    matches!(kind, EventKind::Import | EventKind::LateOriginal)
}

/// How these submissions stand; those that are not stored yet are left out.
pub(super) async fn known(
    tx: &mut Tx,
    wanted: &HashSet<(ZoneId, Uuid)>,
) -> Result<HashMap<Uuid, Known>> {
    let mut found = HashMap::new();
    for (zone, ids) in ids_by_zone(wanted.iter().copied()) {
        let rows = tx
            .fetch_in_with(
                "SELECT submission_id, seq, review, reviewed_seq, trail, state FROM record \
                 WHERE zone_id = $1 AND submission_id IN",
                vec![zone.0.into()],
                ids,
                "",
            )
            .await?;
        for row in &rows {
            found.insert(row.get(0)?, read(row)?);
        }
    }
    Ok(found)
}

fn read(row: &Row) -> Result<Known> {
    let broken = |column| DbError::Inconsistent { table: "record", column };
    let (review, trail): (String, String) = (row.get(2)?, row.get(4)?);
    let stand = Stand {
        review: ReviewState::parse(&review).ok_or_else(|| broken("review"))?,
        reviewed_seq: row.get(3)?,
        trail: Trail::read(&trail).ok_or_else(|| broken("trail"))?,
    };
    let state: String = row.get(5)?;
    let (is_flagged, is_erased) = (state == RecordState::Flagged.as_str(), state == ERASED);
    let is_held = state == "held";
    Ok(Known { seq: row.get(1)?, is_flagged, is_held, is_erased, stand })
}

/// The submissions that these events review, with every version of each read again.
pub(super) async fn cases(
    tx: &mut Tx,
    said: &[Said],
    ground: &Ground<'_>,
) -> Result<HashMap<Uuid, Case>> {
    let mut cases = HashMap::new();
    for s in said {
        let Some(review) = &s.review else { continue };
        if is_about_entity(review.action) {
            continue;
        }
        let place = (s.event.zone_id, review.submission_id);
        if let Some(case) = case_of(tx, place, ground).await? {
            cases.insert(review.submission_id, case);
        }
    }
    Ok(cases)
}

/// A submission with every version of it read again; `None` when there is none.
pub(super) async fn case_of(
    tx: &mut Tx,
    (zone_id, submission): (ZoneId, Uuid),
    ground: &Ground<'_>,
) -> Result<Option<Case>> {
    let wanted = HashSet::from([(zone_id, submission)]);
    let Some(known) = known(tx, &wanted).await?.remove(&submission) else { return Ok(None) };
    let trail = &known.stand.trail;
    let mut seqs = [trail.late.as_slice(), &trail.earlier].concat();
    seqs.push(known.seq);
    let mut spoken = Vec::new();
    let said = heard::at(tx, &seqs, ground).await?;
    let mut said: HashMap<i64, Said> = said.into_iter().map(|s| (s.event.seq, s)).collect();
    let late: HashSet<i64> = trail.late.iter().copied().collect();
    // In the order in which they replace each other, which is not always that of the journal.
    for version in seqs.iter().filter_map(|seq| said.remove(seq)) {
        let is_late = late.contains(&version.event.seq);
        // Of somebody else's form the first version alone changes an entity, whenever it came.
        let said = version.interpretation.filter(|said| !is_late || said.dataset.is_empty());
        spoken.extend(said.map(|said| Spoken { event: version.event, said }));
    }
    Ok(Some(Case { zone_id, known, spoken }))
}

/// The versions of entities under review, in full, and of edited ones whether each is pending.
pub(super) async fn remember_versions(
    tx: &mut Tx,
    register: &mut Register,
    (reviewed, edited): (&HashSet<Uuid>, &HashSet<Uuid>),
    ground: &Ground<'_>,
) -> Result<()> {
    let place = |id: &Uuid| register.homes.get(id).map(|home| (home.0, *id));
    let all: HashSet<_> = reviewed.union(edited).filter_map(place).collect();
    let full: HashSet<_> = reviewed.iter().filter_map(place).collect();
    for row in load::versions(tx, &all).await? {
        register.flags.entry(row.entity_id).or_default().push((row.seq, row.pending));
    }
    remember(tx, register, &full, ground).await
}
