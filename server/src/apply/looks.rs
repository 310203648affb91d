//! What records look at in the register, so that those are found whose findings change with it, and no others.
//!
//! A visit changes its site, which thousands were met on: so what is looked at is not an entity but a [`Fact`] about it.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
};

use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    entity::EntityState,
    event::Event,
    identity::{self, BlockKey},
    lists::{Line, Says},
    register::{Ground, Register},
};
use crate::store::ZoneId;

/// The name of the boundaries among what was looked up: one name, since an import may move any place.
pub(super) const BOUNDARIES: Uuid = Uuid::from_u128(0x6c69_6d69_7465_735f_6475_5f70_6179_7300);

/// Something about an entity that rules compare records with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fact {
    /// Where a site is, by its position and in its own words, and since when it is known.
    Place,
    /// How many died on a site within a year.
    Deaths,
    /// All that is compared of an organisation, an agent or a person.
    Whole,
    /// The lots of cards that an agent was given; whoever looks at the agent looks at them.
    Lots,
}

/// What a record looked at, there or not.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) name: Uuid,
    /// The event that looked.
    pub(super) seq: i64,
    pub(super) place: (ZoneId, Uuid),
    seen: Seen,
}

/// What there was to be seen.
#[derive(Clone, Copy, Debug)]
enum Seen {
    /// What is told by its name alone: a number, whoever carries it, or the boundaries.
    Unsaid,
    /// A fact about an entity, and what it was.
    Fact(Uuid, Fact, Option<u64>),
    /// Whether another was beside an entity.
    Beside(Uuid, bool),
}

impl Look {
    const fn of(event: &Event, name: Uuid, seen: Seen) -> Self {
        Self { name, seq: event.seq, place: (event.zone_id, event.submission_id), seen }
    }
}

/// The facts that records may be compared with; each as a number that stands for it within one batch.
pub(super) type Facts = HashMap<(Uuid, Fact), u64>;

impl Fact {
    /// What may be compared of entities of a dataset.
    fn of(dataset: &str) -> &'static [Self] {
        match dataset {
            "sites" => &[Self::Place, Self::Deaths],
            _ if is_named(dataset) || identity::kind(dataset).is_some() => &[Self::Whole],
            _ => &[],
        }
    }

    /// The name of this fact about an entity among what was looked up.
    pub(super) fn name(self, entity_id: Uuid) -> Uuid {
        // Any two numbers will do: they keep the facts of one entity apart.
        let mask = match self {
            Self::Place | Self::Whole | Self::Lots => 0,
            Self::Deaths => 0xa3c5_9ac2_1f64_4b0d_b7e1_5508_6dd3_92c9,
        };
        Uuid::from_u128(entity_id.as_u128() ^ mask)
    }

    /// What it is now, if there is anything to compare with.
    fn value(self, entity: &EntityState) -> Option<u64> {
        if entity.version == 0 {
            return None;
        }
        let property = |name: &str| entity.sealed.get(name).or_else(|| entity.open.get(name));
        match self {
            Self::Place => {
                let words = PLACE.map(property);
                let is_known = entity.position.is_some() || words.iter().any(Option::is_some);
                is_known.then(|| {
                    number(|hash| {
                        hash_place(entity, hash);
                        words.map(|word| word.map(Json::to_string)).hash(hash);
                    })
                })
            }
            Self::Deaths => property("deaths_12m")?.as_u64(),
            // Of several entities: see [`Register::facts`].
            Self::Lots => None,
            Self::Whole => Some(number(|hash| {
                hash_place(entity, hash);
                for name in compared(&entity.dataset) {
                    property(name).map(Json::to_string).hash(hash);
                }
            })),
        }
    }
}

fn number(feed: impl FnOnce(&mut DefaultHasher)) -> u64 {
    let mut hash = DefaultHasher::new();
    feed(&mut hash);
    hash.finish()
}

fn hash_place(entity: &EntityState, hash: &mut DefaultHasher) {
    entity.position.map(|p| (p.lon.to_bits(), p.lat.to_bits())).hash(hash);
    entity.facts.district.hash(hash);
}

/// What a site says itself of where it is and since when.
const PLACE: [&str; 2] = ["cercle", identity::INTERVIEWED_AT];

/// Whether records name entities of this dataset by their id.
fn is_named(dataset: &str) -> bool {
    matches!(dataset, "sites" | "cooperatives" | "agents")
}

/// The properties that [`super::look_up`] reads.
fn compared(dataset: &str) -> &'static [&'static str] {
    match dataset {
        "agents" => &["starts", "ends", "child_certified", "site_ids", "phone"],
        "cooperatives" => &["level", "parent_id"],
        _ => &[
            "sex",
            "birth_year",
            "age_years",
            "children_here",
            "enumerator_code",
            "social_protection",
            identity::INTERVIEWED_AT,
        ],
    }
}

/// The name that what is beside a place has among what was looked up: any number will do that no fact has.
fn name_beside(entity_id: Uuid) -> Uuid {
    Uuid::from_u128(entity_id.as_u128() ^ 0x51d7_0e6b_c2f8_4a93_8e1d_7b40_965f_a27c)
}

/// The name that a number has among what was looked up.
pub(super) fn name_of(key: &BlockKey) -> Uuid {
    let head = key.first_chunk().expect("16 is less than 32");
    uuid::Builder::from_bytes(*head).into_uuid()
}

impl Register {
    /// Notes what a record looks at in an entity.
    pub(super) fn look_at(&mut self, event: &Event, (id, fact): (Uuid, Fact)) {
        let value = self.entities.get(&id).and_then(|entity| fact.value(entity));
        self.looks.push(Look::of(event, fact.name(id), Seen::Fact(id, fact, value)));
    }

    /// Notes that a record asks what is beside the place that it registers.
    pub(super) fn look_beside(&mut self, event: &Event, id: Uuid) {
        let seen = Seen::Beside(id, self.is_beside(id));
        self.looks.push(Look::of(event, name_beside(id), seen));
    }

    /// Whether there is another beside this place.
    fn is_beside(&self, id: Uuid) -> bool {
        self.people.as_ref().is_some_and(|people| !people.shown_beside(id).is_empty())
    }

    /// The names of the places of which others are beside, or were, since these changed.
    fn changed_beside(&self) -> BTreeSet<Uuid> {
        let Some(people) = &self.people else { return BTreeSet::new() };
        let mut names = BTreeSet::new();
        for (id, before) in &self.was_beside {
            let now = people.beside(*id).into_iter().map(|it| it.id);
            let others: BTreeSet<Uuid> = now.chain(before.iter().copied()).collect();
            if !others.is_empty() {
                names.insert(name_beside(*id));
            }
            // Who has somebody else beside them is found as before: of a crowd nobody is read again.
            let is_alone = |other: &&Uuid| {
                let beside = people.shown_beside(**other);
                beside.iter().all(|it| self.was_beside.contains_key(&it.id))
            };
            names.extend(others.iter().filter(is_alone).map(|other| name_beside(*other)));
        }
        names
    }

    /// Notes that a record was placed by the boundaries.
    pub(super) fn look_at_boundaries(&mut self, event: &Event) {
        self.looks.push(Look::of(event, BOUNDARIES, Seen::Unsaid));
    }

    /// Notes that a record looks for whoever carries a number.
    pub(super) fn look_for(&mut self, event: &Event, key: &BlockKey) {
        self.looks.push(Look::of(event, name_of(key), Seen::Unsaid));
    }

    /// What records may have been compared with, as it is now.
    pub(super) fn facts(&self) -> Facts {
        let mut facts = Facts::new();
        for (id, entity) in &self.entities {
            for fact in Fact::of(&entity.dataset) {
                facts.extend(fact.value(entity).map(|value| ((*id, *fact), value)));
            }
            let line = Line::of_entity(entity).map(|line| line.says);
            if let Some(Says::Lot { agent, cards }) = line {
                let said = number(|hash| (id, &cards, entity.zone_id.0).hash(hash));
                let of_agent = facts.entry((agent, Fact::Lots)).or_default();
                *of_agent = of_agent.wrapping_add(said);
            }
        }
        facts
    }

    /// The names of what is not as it was before the batch.
    pub(super) fn changed(
        &self,
        (before, now): (&Facts, &Facts),
        ground: &Ground<'_>,
    ) -> BTreeSet<Uuid> {
        let mut names: BTreeSet<Uuid> =
            self.key_changes.keys().map(|(key, ..)| name_of(key)).collect();
        for (id, fact) in before.keys().chain(now.keys()) {
            let values = (before.get(&(*id, *fact)), now.get(&(*id, *fact)));
            if values.0 == values.1 {
                continue;
            }
            match self.entities.get(id) {
                // Whoever came or went took or left a number: that is a change of its own.
                Some(person) if !is_named(&person.dataset) => {
                    if let (Some(_), Some(_)) = values {
                        let (open, sealed) = (&person.open, &person.sealed);
                        let keys = identity::block_keys(&person.dataset, open, sealed, ground.keys);
                        names.extend(keys.iter().map(name_of));
                    }
                }
                _ => {
                    names.insert(fact.name(*id));
                }
            }
        }
        names.extend(self.changed_beside());
        names
    }

    /// Records of this batch that saw something else than what is there at its end.
    pub(super) fn outdated<'r>(
        &'r self,
        names: &'r BTreeSet<Uuid>,
        now: &'r Facts,
    ) -> impl Iterator<Item = (ZoneId, Uuid)> + 'r {
        let is_outdated = |look: &&Look| match look.seen {
            Seen::Fact(id, fact, value) => {
                let has_lots = fact == Fact::Whole && names.contains(&look.name);
                has_lots || now.get(&(id, fact)).copied() != value
            }
            Seen::Beside(id, was) => self.is_beside(id) != was,
            Seen::Unsaid => names.contains(&look.name),
        };
        self.looks.iter().filter(is_outdated).map(|look| look.place)
    }
}
