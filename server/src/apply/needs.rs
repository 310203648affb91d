//! What a batch must fetch before it can be folded.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    chain::Chain,
    change::{EntityChange, Props},
    delete::is_about_entity,
    entity::overlay,
    identity::{self, BlockKey},
    look_up::Asks,
    register::{Ground, Register},
    review::Case,
    say::Said,
};
use crate::{intake::EventKind, store::ZoneId};

/// What a batch must fetch before it can be folded.
#[derive(Default)]
pub(super) struct Needs {
    pub(super) entity_ids: HashSet<Uuid>,
    /// Entities that are looked at: the sites of people, what rules ask for. What waits for these goes on waiting,
    /// unless they are among the others too.
    regarded: HashSet<Uuid>,
    /// The same ids where their changes were registered, but those that were given the keys of before a rebuild.
    pub(super) places: HashSet<(ZoneId, Uuid)>,
    pub(super) edited: HashSet<(ZoneId, Uuid)>,
    /// Submissions that are here already, of which more came.
    pub(super) continued: HashSet<(ZoneId, Uuid)>,
    /// Entities that edits speak of.
    pub(super) edited_entities: HashSet<Uuid>,
    /// Entities that reviewed submissions speak of.
    pub(super) reviewed_entities: HashSet<Uuid>,
    /// Cards that records name, whoever carries them.
    asked_keys: BTreeSet<BlockKey>,
    /// Whether some change continues an off-line branch.
    pub(super) branched: bool,
}

impl Needs {
    pub(super) fn of(said: &[Said]) -> Self {
        let mut needs = Self::default();
        for s in said {
            let place = (s.event.zone_id, s.event.submission_id);
            if s.event.kind == EventKind::Edit {
                needs.edited.insert(place);
            }
            if matches!(s.event.kind, EventKind::Files | EventKind::LateOriginal) {
                needs.continued.insert(place);
            }
            for change in s.interpretation.iter().flat_map(|i| &i.changes) {
                needs.add(s.event.zone_id, change);
                if s.event.kind == EventKind::Edit {
                    needs.edited_entities.insert(change.entity_id);
                }
            }
            let asks = s.interpretation.iter().filter_map(|i| i.asks.as_ref());
            asks.for_each(|asks| needs.ask(asks));
            needs.entity_ids.extend(s.decision.iter().flat_map(|d| [d.a, d.b]));
            let about = s.review.iter().filter(|r| is_about_entity(r.action));
            needs.entity_ids.extend(about.map(|r| r.submission_id));
        }
        needs
    }

    /// Everything that is to be fetched.
    pub(super) fn all_ids(&self) -> HashSet<Uuid> {
        self.entity_ids.union(&self.regarded).copied().collect()
    }

    /// Whether it was asked for, as what changes or only to be looked at.
    pub(super) fn names(&self, id: &Uuid) -> bool {
        self.entity_ids.contains(id) || self.regarded.contains(id)
    }

    /// The cards and NINA that the batch may touch, and how many of those who change carry each now.
    ///
    /// A number may come together from two submissions, the digits in one and the paper that showed them in the
    /// other: every state on the way counts.
    pub(super) fn leaving(
        &self,
        said: &[Said],
        register: &Register,
        ground: &Ground<'_>,
    ) -> BTreeMap<BlockKey, usize> {
        let mut leaving: BTreeMap<BlockKey, usize> =
            self.asked_keys.iter().map(|key| (*key, 0)).collect();
        let known = register.entities.values().filter(|e| self.names(&e.entity_id));
        for entity in known.filter(|e| identity::kind(&e.dataset).is_some()) {
            let (open, sealed) = (&entity.open, &entity.sealed);
            for key in identity::block_keys(&entity.dataset, open, sealed, ground.keys) {
                *leaving.entry(key).or_insert(0) += 1;
            }
        }
        let now = said.iter().flat_map(|s| &s.interpretation).flat_map(|i| &i.changes);
        let waiting = register.waiting.values().flatten().map(|w| &w.change);
        let changes = by_entity(now.chain(waiting));
        for (id, changes) in &changes {
            let known = register.entities.get(id);
            let state = known.map_or_else(Default::default, |e| (e.open.clone(), e.sealed.clone()));
            keys_on_the_way(&mut leaving, state, changes, ground);
        }
        // What is made again from its beginning, with and without what is under review.
        let spoken = || register.cases.values().flat_map(|case| &case.spoken);
        let under_review: HashSet<i64> = spoken().map(|s| s.event.seq).collect();
        let reviewed =
            by_entity(spoken().flat_map(|s| s.said.changes.iter().chain(&s.said.withheld)));
        for id in &self.reviewed_entities {
            let past = || register.past.get(id).into_iter().flatten();
            let others = past().filter(|step| !under_review.contains(&step.source.seq));
            let now = || changes.get(id).into_iter().chain(reviewed.get(id)).flatten().copied();
            let with = past().map(|step| &*step.change).chain(now()).collect::<Vec<_>>();
            let without = others.map(|step| &*step.change).chain(now()).collect::<Vec<_>>();
            for sequence in [with, without] {
                keys_on_the_way(&mut leaving, Default::default(), &sequence, ground);
            }
        }
        leaving
    }

    fn ask(&mut self, asks: &Asks) {
        self.regarded.extend(asks.ids());
        self.asked_keys.extend(asks.keys());
    }

    /// What submissions under review speak of.
    pub(super) fn add_cases(&mut self, cases: &HashMap<Uuid, Case>) {
        for case in cases.values() {
            for said in case.spoken.iter().map(|s| &s.said) {
                said.asks.iter().for_each(|asks| self.ask(asks));
                for change in said.changes.iter().chain(&said.withheld) {
                    self.add(case.zone_id, change);
                    self.reviewed_entities.insert(change.entity_id);
                }
            }
        }
    }

    /// What submissions that turn out to be one speak of.
    pub(super) fn add_chains(&mut self, chains: &HashMap<i64, Chain>) {
        for chain in chains.values() {
            for said in chain.told.iter().map(|s| &s.said) {
                said.asks.iter().for_each(|asks| self.ask(asks));
                for change in said.changes.iter().chain(&said.withheld) {
                    self.add(chain.zone_id, change);
                    self.reviewed_entities.insert(change.entity_id);
                }
            }
        }
    }

    fn add(&mut self, zone_id: ZoneId, change: &EntityChange) {
        self.entity_ids.insert(change.entity_id);
        if !change.has_kept_key() {
            self.places.insert((zone_id, change.entity_id));
        }
        self.branched |= !change.branch_id.is_empty();
        self.regarded.extend(change.site_id);
    }
}

/// Changes of those who can carry a number, in their order.
fn by_entity<'a>(
    changes: impl Iterator<Item = &'a Arc<EntityChange>>,
) -> HashMap<Uuid, Vec<&'a EntityChange>> {
    let mut by_entity: HashMap<Uuid, Vec<_>> = HashMap::new();
    for change in changes.filter(|c| identity::kind(&c.dataset).is_some()) {
        by_entity.entry(change.entity_id).or_default().push(&**change);
    }
    by_entity
}

/// Notes the numbers of one entity after each of these changes.
fn keys_on_the_way(
    leaving: &mut BTreeMap<BlockKey, usize>,
    (mut open, mut sealed): (Props, Props),
    changes: &[&EntityChange],
    ground: &Ground<'_>,
) {
    for change in changes.iter().filter(|c| identity::kind(&c.dataset).is_some()) {
        for key in &change.block_keys {
            leaving.entry(*key).or_insert(0);
        }
        if open.is_empty() && sealed.is_empty() && changes.len() == 1 {
            return;
        }
        overlay(&mut open, &change.open);
        overlay(&mut sealed, &change.sealed);
        for key in identity::block_keys(&change.dataset, &open, &sealed, ground.keys) {
            leaving.entry(key).or_insert(0);
        }
    }
}
