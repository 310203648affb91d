//! Groups in the register: automatic links as registrations change, and what each group shows.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{
    described::Described,
    entity::EntityState,
    fold::is_on_devices,
    groups::{Cause, Link, pair},
    holders::Holders,
    identity::{self, BlockKey, Kind, Person},
    pairs::{self, PairRow},
    people::People,
    register::{FeedOut, Ground, Register},
    view,
};
use crate::{
    linkage::{Auto, Stop, Verdict},
    runtime::Micros,
    store::ZoneId,
};

/// A registration that more others are surely one with is linked to none of them by probability.
const SURE_MAX: usize = 6;

/// What identifies a registration at one moment.
#[derive(PartialEq)]
pub(super) struct Identity {
    pub(super) keys: BTreeSet<BlockKey>,
    described: Option<Described>,
}

impl Identity {
    /// What identifies it now; nobody yet, before its first version.
    pub(super) fn of(entity: &EntityState, ground: &Ground<'_>) -> Self {
        Self {
            keys: identity::block_keys(&entity.dataset, &entity.open, &entity.sealed, ground.keys),
            described: (entity.version > 0).then(|| Described::of(entity)).flatten(),
        }
    }
}

impl Register {
    /// The site that a person is on, as people see it.
    pub(super) fn site_of(&self, entity: &EntityState) -> Option<&EntityState> {
        let site = entity.site_id?;
        let site = self.homes.get(&site).map_or(site, |home| home.1);
        let site = self.entities.get(&site)?;
        Some(site.shown.as_deref().unwrap_or(site))
            .filter(|s| s.dataset == "sites" && s.version > 0)
    }

    /// Follows a changed registration: the keys it is found by, whom it may be, and whom it is.
    pub(super) fn relink(&mut self, id: Uuid, before: Identity, seq: i64, ground: &Ground<'_>) {
        let Some(entity) = self.entities.get(&id) else { return };
        let zone = entity.zone_id;
        let now = Identity::of(entity, ground);
        if now == before {
            return;
        }
        for key in before.keys.difference(&now.keys) {
            self.drop_key(*key, zone, id);
        }
        for key in now.keys.difference(&before.keys) {
            self.holders.entry(*key).or_default().insert((zone, id));
            self.key_changes.insert((*key, zone, id), true);
        }
        self.resolve(id, before.described, now.described.as_ref(), seq);
        let wanted = self.decisive_links(id, &now);
        for other in self.groups.linked(id) {
            let holds = wanted.keys().any(|(_, w)| *w == other);
            if !holds && self.groups.part(pair(id, other)) {
                self.stirred.extend([id, other]);
            }
        }
        for ((since, other), cause) in wanted {
            // Of two that a review brought back, the later one made the link.
            self.join(id, other, Link { cause, seq: seq.max(since) });
        }
    }

    /// Whom a registration is one with by the decisive rule, in the order of their registration.
    fn decisive_links(&self, id: Uuid, now: &Identity) -> BTreeMap<(i64, Uuid), Cause> {
        let mut wanted = BTreeMap::new();
        let person = now.described.as_ref().and_then(Described::person);
        let (Some(people), Some(person)) = (&self.people, person) else { return wanted };
        for key in &now.keys {
            let holders = self.holders.get(key).into_iter().flat_map(Holders::few);
            for (_, other) in holders.filter(|(_, other)| *other != id) {
                let Some(holder) = self.entities.get(other) else { continue };
                let same = people.compare(id, *other).is_some_and(|c| c.verdict == Verdict::Same);
                if same {
                    let their = Person::of(
                        &holder.dataset,
                        &holder.open,
                        &holder.sealed,
                        holder.created_at,
                    );
                    let card =
                        !person.card.is_empty() && their.is_some_and(|t| t.card == person.card);
                    let cause = if card { Cause::Card } else { Cause::Nina };
                    wanted.insert((holder.created_seq, *other), cause);
                }
            }
        }
        wanted
    }

    /// Asks the engine who else a registration may be, and keeps the pairs.
    fn resolve(&mut self, id: Uuid, before: Option<Described>, now: Option<&Described>, seq: i64) {
        let Some(mut people) = self.people.take() else { return };
        let zone = self.entities.get(&id).map_or(ZoneId::COUNTRY, |e| e.zone_id);
        if before.is_some() {
            self.pairs.retain(|of, _| of.0 != id && of.1 != id);
            self.cleared.insert((zone, id));
        }
        let is_place = |it: Option<&Described>| matches!(it, Some(Described::Place(_)));
        if is_place(before.as_ref()) || is_place(now) {
            let beside = people.beside(id).into_iter().map(|it| it.id);
            self.was_beside.entry(id).or_default().extend(beside);
        }
        self.note_phones([before.as_ref(), now]);
        people.put(zone, id, before, now);
        match now {
            Some(Described::Person(person)) => self.people_like(id, zone, person, &people, seq),
            Some(Described::Place(_)) => self.places_like(id, zone, &people, seq),
            None => {}
        }
        self.people = Some(people);
    }

    fn places_like(&mut self, id: Uuid, zone: ZoneId, people: &People, seq: i64) {
        let dataset = self.dataset_of(id).to_owned();
        for (other_zone, other, said) in people.places_found(id) {
            let of = pair(id, other);
            let zones = if of.0 == id { (zone, other_zone) } else { (other_zone, zone) };
            self.pairs.insert(of, PairRow::of_places(zones, &dataset, &said, seq));
        }
    }

    fn people_like(&mut self, id: Uuid, zone: ZoneId, now: &Person, people: &People, seq: i64) {
        let mut sure = Vec::new();
        for found in people.found(id) {
            let of = pair(id, found.entity_id);
            let zones = if of.0 == id { (zone, found.zone_id) } else { (found.zone_id, zone) };
            if pairs::class(&found.said).is_none() {
                continue;
            }
            let account = people.compare(id, found.entity_id);
            let children = found.said.stops.contains(Stop::Children)
                || found.said.stops.contains(Stop::MinerAndChild)
                || now.kind == Kind::Child;
            let row =
                PairRow::new(zones, children, &found.said, account.as_ref(), people.model(), seq);
            if let Some(row) = row {
                self.pairs.insert(of, row);
            }
            if found.said.verdict == Verdict::Same && matches!(people.auto(), Auto::Probability(_))
            {
                sure.push((id, found.entity_id, Link { cause: Cause::Score, seq }));
            }
        }
        if sure.len() <= SURE_MAX {
            self.by_score.extend(sure);
        }
    }

    /// Joins what the engine is sure of, once both ends are here.
    pub(super) fn join_by_score(&mut self) {
        for (id, other, link) in std::mem::take(&mut self.by_score) {
            if self.entities.contains_key(&other) {
                self.join(id, other, link);
            }
        }
    }

    fn join(&mut self, id: Uuid, other: Uuid, link: Link) {
        if self.groups.join(pair(id, other), link) {
            self.stirred.extend([id, other]);
        }
    }

    pub(super) fn drop_key(&mut self, key: BlockKey, zone: ZoneId, id: Uuid) {
        if let Some(set) = self.holders.get_mut(&key) {
            set.remove((zone, id));
        }
        self.key_changes.insert((key, zone, id), false);
    }

    /// The entities whose versions are needed before groups can be folded.
    pub(super) fn unremembered(&self) -> Vec<(ZoneId, Uuid)> {
        self.closure()
            .into_iter()
            .filter(|id| self.groups.is_joined(*id) && !self.past.contains_key(id))
            .filter_map(|id| self.homes.get(&id).map(|home| (home.0, id)))
            .collect()
    }

    /// Everything whose group may have changed.
    fn closure(&self) -> BTreeSet<Uuid> {
        let mut from: BTreeSet<Uuid> = self.stirred.clone();
        let leaders: BTreeSet<Uuid> =
            from.iter().filter_map(|id| self.homes.get(id).map(|h| h.1)).collect();
        from.extend(self.homes.iter().filter(|(_, h)| leaders.contains(&h.1)).map(|(id, _)| *id));
        let mut all = self.groups.reach(from);
        all.retain(|id| self.entities.get(id).is_some_and(|e| e.version > 0));
        all
    }

    /// Makes the groups again around what changed, and folds what each shows.
    pub(super) fn regroup(&mut self, at: Micros, ground: &Ground<'_>) {
        let closure = self.closure();
        // Sites first: people take their places from them.
        let (sites, others): (BTreeSet<Uuid>, BTreeSet<Uuid>) =
            closure.into_iter().partition(|id| self.dataset_of(*id) == "sites");
        for part in [sites, others] {
            for group in self.groups.partition(&part) {
                self.show(group, at, ground);
            }
        }
    }

    fn dataset_of(&self, id: Uuid) -> &str {
        self.entities.get(&id).map_or("", |e| e.dataset.as_str())
    }

    /// Gives a group its canonical and its view.
    fn show(&mut self, mut group: Vec<Uuid>, at: Micros, ground: &Ground<'_>) {
        group.sort_by_key(|id| (self.entities.get(id).map_or(i64::MAX, |e| e.created_seq), *id));
        let Some(canonical) = group.first().copied() else { return };
        let mut changed = group.len() > 1;
        let mut left_alone = false;
        for id in &group {
            let into = (*id != canonical).then_some(canonical);
            self.lead(*id, canonical);
            let Some(entity) = self.entities.get_mut(id) else { continue };
            let former = entity.merged_into;
            let was_shown = entity.shown.take().is_some();
            entity.merged_into = into;
            entity.dirty |= former != into || was_shown;
            changed |= was_shown;
            left_alone |= was_shown && group.len() == 1;
            if former != into {
                self.tell(*id, into, at);
            }
        }
        if group.len() > 1 {
            self.fold_group(canonical, &group, ground);
        }
        if left_alone {
            self.put_back(canonical, ground);
        }
        if changed {
            self.tell_view(canonical, at);
        }
        if self.dataset_of(canonical) == "sites" {
            self.moved_sites.extend(group);
        }
    }

    fn fold_group(&mut self, canonical: Uuid, group: &[Uuid], ground: &Ground<'_>) {
        let members: Vec<(Uuid, Vec<view::Step>)> = group
            .iter()
            .map(|id| {
                let past = self.past.get(id).cloned().unwrap_or_default();
                let steps = self.steps.get(id).cloned().unwrap_or_default();
                (*id, past.into_iter().chain(steps).collect())
            })
            .collect();
        let choices = self.groups.choices(&group.iter().copied().collect());
        let Some(entity) = self.entities.get(&canonical) else { return };
        let mut shown = view::of_group(entity, &members, &choices);
        let site = self.site_of(&shown).cloned();
        shown.settle(ground.gazetteer, site.as_ref());
        if let Some(entity) = self.entities.get_mut(&canonical) {
            entity.shown = Some(Box::new(shown));
            entity.dirty = true;
        }
    }

    /// Gives somebody who shows no group any more the place of their own site, as it is now.
    fn put_back(&mut self, id: Uuid, ground: &Ground<'_>) {
        let Some(entity) = self.entities.get(&id) else { return };
        let site = self.site_of(entity).cloned();
        if let Some(entity) = self.entities.get_mut(&id) {
            entity.settle(ground.gazetteer, site.as_ref());
        }
    }

    fn lead(&mut self, id: Uuid, canonical: Uuid) {
        if let Some(home) = self.homes.get_mut(&id)
            && home.1 != canonical
        {
            home.1 = canonical;
            let home = *home;
            self.new_homes.insert(id, home);
        }
    }

    /// Tells those who follow the register that an entity went into another, or came out again.
    fn tell(&mut self, id: Uuid, into: Option<Uuid>, at: Micros) {
        let Some(entity) = self.entities.get(&id) else { return };
        let (zone_id, dataset) = (entity.zone_id, entity.dataset.clone());
        let kind = match into {
            Some(_) => "merged",
            None if is_on_devices(&dataset) => "entity",
            None => "split",
        };
        *self.heads.entry((zone_id, dataset.clone())).or_insert(0) += 1;
        let detail = into.map(|c| format!("{{\"into\":\"{c}\"}}")).unwrap_or_default();
        self.feed.push(FeedOut {
            zone_id,
            at,
            kind,
            dataset,
            subject_id: id,
            device_id: None,
            detail,
        });
    }

    /// Tells that the canonical shows something else than before.
    fn tell_view(&mut self, canonical: Uuid, at: Micros) {
        let Some(entity) = self.entities.get(&canonical) else { return };
        let (zone_id, dataset) = (entity.zone_id, entity.dataset.clone());
        *self.heads.entry((zone_id, dataset.clone())).or_insert(0) += 1;
        if is_on_devices(&dataset) {
            self.feed.push(FeedOut {
                zone_id,
                at,
                kind: "entity",
                dataset,
                subject_id: canonical,
                device_id: None,
                detail: String::new(),
            });
        }
    }
}
