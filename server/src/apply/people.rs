//! Everybody registered, in the memory of the linkage engine: who else could a registration be?
//!
//! A function of the registrations applied so far. A batch that fails takes its changes back.

use std::collections::HashMap;

use uuid::Uuid;

use super::identity::Person;
use crate::{
    linkage::{Auto, Comparison, Match, Model, Policy, RecordNo, Resolver},
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
    before: Option<Person>,
}

/// The engine, and which of its records is which entity.
pub struct People {
    resolver: Resolver,
    numbers: HashMap<Uuid, RecordNo>,
    places: Vec<(ZoneId, Uuid)>,
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
            places: Vec::new(),
            undo: Vec::new(),
            seq: None,
        }
    }

    /// Forgets everybody; the model and the policy stay.
    pub(super) fn clear(&mut self) {
        let (model, policy) = (self.resolver.model().clone(), self.resolver.policy().clone());
        self.resolver = Resolver::new(model, policy);
        self.numbers.clear();
        self.places.clear();
        self.undo.clear();
        self.seq = None;
    }

    /// Puts a registration as it stands now in the place of how it stood before.
    pub(super) fn put(
        &mut self,
        zone_id: ZoneId,
        entity_id: Uuid,
        before: Option<Person>,
        now: Option<&Person>,
    ) {
        self.set(zone_id, entity_id, now);
        self.undo.push(Undo { zone_id, entity_id, before });
    }

    /// Puts a registration that is not part of a batch.
    pub(super) fn load(&mut self, zone_id: ZoneId, entity_id: Uuid, person: &Person) {
        self.set(zone_id, entity_id, Some(person));
    }

    fn set(&mut self, zone_id: ZoneId, entity_id: Uuid, person: Option<&Person>) {
        if let Some(former) = self.numbers.remove(&entity_id) {
            self.resolver.remove(former);
        }
        if let Some(person) = person {
            let number = self.resolver.add(&person.registration());
            self.numbers.insert(entity_id, number);
            // Numbers are given out in order.
            self.places.push((zone_id, entity_id));
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
                let (zone_id, entity_id) = *self.places.get(usize::try_from(said.other.0).ok()?)?;
                Some(Found { zone_id, entity_id, said })
            })
            .take(PAIRS_MAX)
            .collect()
    }

    /// Everything about one pair; `None` when one of them is not a registered person.
    pub fn compare(&self, one: Uuid, other: Uuid) -> Option<Comparison> {
        self.resolver.compare(*self.numbers.get(&one)?, *self.numbers.get(&other)?)
    }

    /// How many registrations it holds.
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
