//! Groups in the register: automatic links as registrations change, and what each group shows.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{
    decisive::decisive,
    entity::EntityState,
    fold::{FeedOut, Ground, Register, is_on_devices},
    groups::{Cause, Link, pair},
    identity::{self, BlockKey},
    view,
};
use crate::{runtime::Micros, store::ZoneId};

/// Holders of one card or NINA that are compared: a number copied by a whole village is a matter
/// for quality control, not for links.
const HOLDERS_MAX: usize = 16;
/// The largest group that links make by themselves.
const GROUP_MAX: usize = 6;

impl Register {
    /// The site that a person is on, as people see it.
    pub(super) fn site_of(&self, entity: &EntityState) -> Option<&EntityState> {
        let site = entity.site_id?;
        let site = self.homes.get(&site).map_or(site, |home| home.1);
        let site = self.entities.get(&site)?;
        Some(site.shown.as_deref().unwrap_or(site)).filter(|s| s.dataset == "sites")
    }

    /// Follows a changed registration: the keys it is found by, and whom it is one with by number.
    pub(super) fn relink(
        &mut self,
        id: Uuid,
        before: &BTreeSet<BlockKey>,
        seq: i64,
        ground: &Ground<'_>,
    ) {
        let Some(entity) = self.entities.get(&id) else { return };
        let Some(kind) = identity::kind(&entity.dataset) else { return };
        let zone = entity.zone_id;
        let keys = identity::block_keys(&entity.dataset, &entity.open, &entity.sealed, ground.keys);
        for key in before.difference(&keys) {
            self.drop_key(*key, zone, id);
        }
        for key in keys.difference(before) {
            self.holders.entry(*key).or_default().insert((zone, id));
            self.key_changes.insert((*key, zone, id), true);
        }
        let automatic: Vec<Uuid> = self
            .groups
            .neighbours(id)
            .filter(|other| {
                self.groups.link(pair(id, *other)).is_some_and(|l| l.cause != Cause::Decision)
            })
            .collect();
        let mut wanted: BTreeMap<(i64, Uuid), Cause> = BTreeMap::new();
        if kind == identity::Kind::Miner {
            for key in &keys {
                for (_, other) in self.holders.get(key).into_iter().flatten().take(HOLDERS_MAX) {
                    let Some(holder) = self.entities.get(other).filter(|_| *other != id) else {
                        continue;
                    };
                    let Some(entity) = self.entities.get(&id) else { continue };
                    if let Some(cause) = decisive(entity, holder) {
                        wanted.insert((holder.created_seq, *other), cause);
                    }
                }
            }
        }
        for other in automatic {
            let of = pair(id, other);
            let holds = wanted.keys().any(|(_, w)| *w == other);
            if !holds && self.groups.part(of) {
                self.stirred.extend([id, other]);
            }
        }
        for ((_, other), cause) in wanted {
            self.join(id, other, Link { cause, seq });
        }
    }

    /// Joins two registrations by themselves, unless somebody said no or the group gets too large.
    fn join(&mut self, id: Uuid, other: Uuid, link: Link) {
        let of = pair(id, other);
        if self.groups.link(of).is_some() {
            return;
        }
        let (one, two) = (self.groups.group_of(id), self.groups.group_of(other));
        let together = one.contains(&other);
        let fits = together || one.len() + two.len() <= GROUP_MAX;
        if fits && (together || self.groups.between(&one, &two, None).is_none()) {
            self.groups.join(of, link);
            self.stirred.extend([id, other]);
        }
    }

    fn drop_key(&mut self, key: BlockKey, zone: ZoneId, id: Uuid) {
        if let Some(set) = self.holders.get_mut(&key) {
            set.remove(&(zone, id));
        }
        self.key_changes.insert((key, zone, id), false);
    }

    /// The entities whose versions are needed before groups can be folded.
    pub(super) fn unremembered(&self) -> Vec<(ZoneId, Uuid)> {
        self.closure()
            .into_iter()
            .filter(|id| self.groups.has_links(*id) && !self.past.contains_key(id))
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
        all.retain(|id| self.entities.contains_key(id));
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
        for id in &group {
            let into = (*id != canonical).then_some(canonical);
            self.lead(*id, canonical);
            let Some(entity) = self.entities.get_mut(id) else { continue };
            let former = entity.merged_into;
            let was_shown = entity.shown.take();
            entity.merged_into = into;
            entity.dirty |= former != into || was_shown.is_some();
            if former != into {
                self.tell(*id, into, at);
            }
        }
        if group.len() > 1 {
            self.fold_group(canonical, &group, ground);
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
            dataset: dataset.clone(),
            subject_id: id,
            device_id: None,
            detail,
        });
        // The view that lost or won a member changed too.
        if let Some(canonical) = into.filter(|_| is_on_devices(&dataset)) {
            self.feed.push(FeedOut {
                zone_id: self.homes.get(&canonical).map_or(zone_id, |h| h.0),
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
