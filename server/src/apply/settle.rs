//! What a person decides where two said something else of one entity: a version of its own, with the values that hold
//! from here on.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    change::{EntityChange, Facts, Props, age_group},
    entity::Source,
    event::{self, Content, Event},
    identity,
    interpret::{Interpretation, RecordState, has_open_label, kept_aside},
    register::{Ground, Register},
    review::{Case, Spoken},
    reviewed::ReviewLine,
    say::say,
    stand::{Acceptance, Known, Stand},
};
use crate::{
    db::{Result, Tx},
    geo::Position,
    intake::{Review, Settled},
    keys::MasterKeys,
    store::ZoneId,
};

/// What a decision says: a change of the entity, by a person who saw both values.
pub(super) fn says(
    (review, settled): (&Review, &Settled),
    content: &Content,
    keys: &MasterKeys,
) -> Interpretation {
    let mut change = change(review, settled);
    change.block_keys = identity::block_keys(&change.dataset, &change.open, &change.sealed, keys);
    Interpretation {
        state: RecordState::Received,
        violations: Vec::new(),
        rules: Vec::new(),
        dataset: settled.dataset.clone(),
        changes: vec![Arc::new(change)],
        is_readable: true,
        ..kept_aside("", "A01", content)
    }
}

/// The same without the hashes by which it is found.
pub(super) fn change(review: &Review, settled: &Settled) -> EntityChange {
    let dataset = settled.dataset.as_str();
    let (mut open, sealed): (Props, Props) = (settled.open.clone(), settled.sealed.clone());
    let is_label = has_open_label(dataset);
    let label = is_label.then(|| open.remove("label")).flatten();
    let value = |name: &str| open.get(name).or_else(|| sealed.get(name));
    let text = |name: &str| value(name).and_then(Json::as_str).map(str::to_owned);
    let realm = review.realm();
    let age = value("age_years").and_then(Json::as_i64);
    let point = value("geometry");
    let at = |name: &str| point.and_then(|p| p.get(name)).and_then(Json::as_f64);
    EntityChange {
        dataset: dataset.to_owned(),
        realm,
        entity_id: review.submission_id,
        create: false,
        update: false,
        base_version: 0,
        trunk_version: 0,
        branch_id: String::new(),
        registers: false,
        forced: false,
        settles: settled.conflict,
        label: label.as_ref().and_then(Json::as_str).map(str::to_owned),
        block_keys: BTreeSet::new(),
        site_id: text("site_id").and_then(|id| id.parse().ok()),
        position: at("lon").zip(at("lat")).and_then(|(lon, lat)| Position::new(lon, lat)),
        facts: Facts {
            sex: text("sex"),
            age_group: age.and_then(|age| age_group(realm, age)).map(str::to_owned),
            status: text("status"),
            district: text("mining_district"),
        },
        made: None,
        stored: OnceLock::new(),
        open,
        sealed,
    }
}

impl Register {
    /// Takes a decision between the values of two, at its place in the journal.
    pub(super) fn settle(
        &mut self,
        event: &Event,
        review: &Review,
        said: Option<Interpretation>,
        ground: &Ground<'_>,
    ) {
        let id = review.submission_id;
        let change = said.and_then(|said| said.changes.into_iter().next());
        let entity = self.entities.get(&id).filter(|e| e.version > 0 && e.deleted_seq == 0);
        let refusal = match (entity, &change) {
            (Some(entity), Some(change)) if entity.dataset == change.dataset => {
                let is_seen = review.seen == Some(entity.version + entity.shifts);
                (!is_seen).then_some("changed")
            }
            _ => Some("no_entity"),
        };
        self.reviewed.log.push(ReviewLine {
            zone_id: event.zone_id,
            review_id: review.review_id,
            seq: event.seq,
            submission_id: id,
            action: review.action,
            refusal,
            account_id: event.account_id,
            at: event.received_at,
        });
        let (None, Some(change)) = (refusal, change) else { return };
        self.apply(id, &change, Source::of(event, false), ground);
        self.release(id, ground);
    }
}

/// What was decided about an entity, as versions that speak for it: they come back with it when it is restored.
pub(super) async fn decided(
    tx: &mut Tx,
    (zone_id, id): (ZoneId, Uuid),
    ground: &Ground<'_>,
) -> Result<Option<Case>> {
    let rows = tx
        .query(
            "SELECT seq FROM review WHERE zone_id = $1 AND submission_id = $2 AND action = 'settle' \
             AND state = 'taken' ORDER BY seq",
        )
        .bind(zone_id.0)
        .bind(id)
        .fetch_all()
        .await?;
    let seqs = rows.iter().map(|r| r.get(0)).collect::<Result<Vec<i64>>>()?;
    let Some(seq) = seqs.last().copied() else { return Ok(None) };
    let mut spoken = Vec::new();
    for event in event::at(tx, &seqs, ground.keys).await? {
        let said = say(event, ground);
        spoken.extend(said.interpretation.map(|of| Spoken { event: said.event, said: of }));
    }
    let stand = Stand::by_rules(Acceptance::All, RecordState::Received);
    let known = Known { seq, is_flagged: false, is_held: false, is_erased: false, stand };
    Ok(Some(Case { zone_id, known, spoken }))
}
