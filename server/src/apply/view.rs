//! What a group of registrations shows: its members' versions folded in journal order.
//!
//! The members' own versions are never touched, so that a group can be taken apart again.

use std::{collections::BTreeMap, sync::Arc};

use uuid::Uuid;

use super::{
    change::{EntityChange, Facts},
    entity::{EntityState, Source},
};

/// One version of one member: what it said, and where from.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) change: Arc<EntityChange>,
    pub(super) source: Source,
}

/// Folds an entity's own versions, oldest first. `None` when it has none.
pub(super) fn own(row: &EntityState, steps: &[Step]) -> Option<EntityState> {
    let first = steps.first()?;
    let mut state = EntityState::new(row.zone_id, &first.change, row.key.clone(), first.source);
    state.realm = row.realm;
    state.wrapped.clone_from(&row.wrapped);
    state.shifts = row.shifts;
    for step in steps {
        state.overlay(&step.change, step.source);
    }
    state.dirty = false;
    Some(state)
}

enum Turn<'a> {
    Version(Uuid, &'a Step),
    Choice(&'a str, Uuid),
}

/// The view of a group, as the canonical shows it; `members` oldest first, the canonical among them.
///
/// A version takes its turn at its place in the journal, but never before the one it builds on: a
/// step that waited for its entity counts from when the entity came. A choice takes the value that
/// its entity had when it was decided; what is said later goes over it.
pub(super) fn of_group(
    canonical: &EntityState,
    members: &[(Uuid, Vec<Step>)],
    choices: &[(i64, String, Uuid)],
) -> EntityState {
    let mut turns: Vec<((i64, i64, usize), Turn<'_>)> = Vec::new();
    for (place, (id, steps)) in members.iter().enumerate() {
        let mut since = i64::MIN;
        for step in steps {
            since = since.max(step.source.seq);
            turns.push(((since, step.source.seq, place), Turn::Version(*id, step)));
        }
    }
    for (seq, name, id) in choices {
        turns.push(((*seq, i64::MAX, usize::MAX), Turn::Choice(name, *id)));
    }
    turns.sort_by_key(|(at, _)| *at);
    let mut view = blank(canonical);
    let mut owns: BTreeMap<Uuid, EntityState> = BTreeMap::new();
    for (_, turn) in turns {
        match turn {
            Turn::Version(id, step) => {
                view.overlay(&step.change, step.source);
                owns.entry(id)
                    .or_insert_with(|| blank(canonical))
                    .overlay(&step.change, step.source);
            }
            Turn::Choice(name, id) => {
                if let Some(own) = owns.get(&id) {
                    choose(&mut view, own, name);
                }
            }
        }
    }
    view
}

/// The same entity before anything was said of it.
pub(super) fn blank(like: &EntityState) -> EntityState {
    EntityState {
        zone_id: like.zone_id,
        entity_id: like.entity_id,
        dataset: like.dataset.clone(),
        realm: like.realm,
        version: 0,
        shifts: like.shifts,
        pending: false,
        label: String::new(),
        open: BTreeMap::new(),
        sealed: BTreeMap::new(),
        key: like.key.clone(),
        wrapped: like.wrapped.clone(),
        position: None,
        flags: String::from("[]"),
        site_id: None,
        place: super::entity::StoredPlace::default(),
        district: String::new(),
        facts: Facts::default(),
        created_seq: like.created_seq,
        updated_seq: like.created_seq,
        created_at: like.created_at,
        counted: Vec::new(),
        merged_into: None,
        shown: None,
        dirty: false,
        stored_day: like.stored_day,
        deleted_seq: like.deleted_seq,
        replaced: None,
        versions: Vec::new(),
    }
}

/// Takes one property, and what is derived from it, from a member.
fn choose(view: &mut EntityState, own: &EntityState, name: &str) {
    for (into, from) in [(&mut view.open, &own.open), (&mut view.sealed, &own.sealed)] {
        match from.get(name) {
            Some(value) => into.insert(name.to_owned(), value.clone()),
            None => into.remove(name),
        };
    }
    match name {
        "label" => view.label.clone_from(&own.label),
        "site_id" => view.site_id = own.site_id,
        "geometry" => view.position = own.position,
        "sex" => view.facts.sex.clone_from(&own.facts.sex),
        "age_years" => view.facts.age_group.clone_from(&own.facts.age_group),
        "status" => view.facts.status.clone_from(&own.facts.status),
        "mining_district" => view.facts.district.clone_from(&own.facts.district),
        _ => {}
    }
}
