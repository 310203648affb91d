//! Everybody registered, and every site and organisation, in the memory of the linkage engine: who, or
//! what, else could a registration be?
//!
//! A function of the registrations applied so far. A batch that fails takes its changes back.

use std::collections::HashMap;

use uuid::Uuid;

use super::described::Described;
use crate::{
    linkage::{
        Auto, Comparison, Match, Model, Policy, RecordNo, Resolver,
        places::{self, PlaceComparison},
    },
    store::ZoneId,
};

/// Another registration that may be the same person.
pub(super) struct Found {
    pub(super) zone_id: ZoneId,
    pub(super) entity_id: Uuid,
    pub(super) said: Match,
}

/// What a batch changed, so that it can be taken back.
struct Undo {
    zone_id: ZoneId,
    entity_id: Uuid,
    before: Option<Described>,
}

/// The engine, and which of its records is which entity.
pub struct People {
    resolver: Resolver,
    numbers: HashMap<Uuid, RecordNo>,
    registered: Vec<(ZoneId, Uuid)>,
    places: places::Index<Uuid>,
    zones: HashMap<Uuid, ZoneId>,
    undo: Vec<Undo>,
    /// The last event that it has seen; `None` when it must be loaded.
    pub(super) seq: Option<i64>,
}

/// Pairs kept of one registration: the best of more are all the same village.
const PAIRS_MAX: usize = 20;

impl People {
    /// Nobody yet.
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            resolver: Resolver::new(Model::default(), policy),
            numbers: HashMap::new(),
            registered: Vec::new(),
            places: places::Index::default(),
            zones: HashMap::new(),
            undo: Vec::new(),
            seq: None,
        }
    }

    /// Forgets everybody; the model and the policy stay.
    pub(super) fn clear(&mut self) {
        let (model, policy) = (self.resolver.model().clone(), self.resolver.policy().clone());
        self.resolver = Resolver::new(model, policy);
        self.numbers.clear();
        self.registered.clear();
        self.places = places::Index::default();
        self.zones.clear();
        self.undo.clear();
        self.seq = None;
    }

    /// Puts a registration as it stands now in the place of how it stood before.
    pub(super) fn put(
        &mut self,
        zone_id: ZoneId,
        entity_id: Uuid,
        before: Option<Described>,
        now: Option<&Described>,
    ) {
        self.set(zone_id, entity_id, now);
        self.undo.push(Undo { zone_id, entity_id, before });
    }

    /// Puts a registration that is not part of a batch.
    pub(super) fn load(&mut self, zone_id: ZoneId, entity_id: Uuid, as_is: &Described) {
        self.set(zone_id, entity_id, Some(as_is));
    }

    fn set(&mut self, zone_id: ZoneId, entity_id: Uuid, now: Option<&Described>) {
        if let Some(former) = self.numbers.remove(&entity_id) {
            self.resolver.remove(former);
        }
        if self.zones.remove(&entity_id).is_some() {
            self.places.remove(entity_id);
        }
        match now {
            Some(Described::Person(person)) => {
                let number = self.resolver.add(&person.registration());
                self.numbers.insert(entity_id, number);
                // Numbers are given out in order.
                self.registered.push((zone_id, entity_id));
            }
            Some(Described::Place(place)) => {
                self.places.put(entity_id, place);
                self.zones.insert(entity_id, zone_id);
            }
            None => {}
        }
    }

    /// What the batch did is in the database: it stays.
    pub(super) fn keep(&mut self, seq: i64) {
        self.undo.clear();
        self.seq = Some(seq);
    }

    /// Takes back what a batch did that could not be written.
    pub(super) fn take_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            self.set(undo.zone_id, undo.entity_id, undo.before.as_ref());
        }
    }

    /// Who else this registration may be, the best first.
    pub(super) fn found(&self, entity_id: Uuid) -> Vec<Found> {
        let Some(number) = self.numbers.get(&entity_id) else { return Vec::new() };
        self.resolver
            .matches(*number)
            .into_iter()
            .filter_map(|said| {
                let (zone_id, entity_id) =
                    *self.registered.get(usize::try_from(said.other.0).ok()?)?;
                Some(Found { zone_id, entity_id, said })
            })
            .take(PAIRS_MAX)
            .collect()
    }

    /// Which other site or organisation this one may be, the likeliest first.
    pub(super) fn places_found(&self, entity_id: Uuid) -> Vec<(ZoneId, Uuid, PlaceComparison)> {
        let found = self.places.found(entity_id).into_iter();
        found.filter_map(|(id, said)| Some((*self.zones.get(&id)?, id, said))).collect()
    }

    /// Everything about two sites or two organisations; `None` when they are nothing of the kind.
    pub fn compare_places(&self, one: Uuid, other: Uuid) -> Option<PlaceComparison> {
        self.places.compare(one, other)
    }

    /// Everything about one pair; `None` when one of them is not a registered person.
    pub fn compare(&self, one: Uuid, other: Uuid) -> Option<Comparison> {
        self.resolver.compare(*self.numbers.get(&one)?, *self.numbers.get(&other)?)
    }

    /// How many registrations of people it holds.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// What may be merged without review.
    pub(super) fn auto(&self) -> Auto {
        self.resolver.policy().auto
    }

    /// The name of the model in use.
    pub fn model(&self) -> &str {
        self.resolver.model().version()
    }
}
