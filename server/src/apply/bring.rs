//! Bringing what a batch touches into memory: entities, their groups, what was decided about them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use uuid::Uuid;

use super::{
    entity::Source,
    groups::Standing,
    heard, holders,
    interpret::Interpretation,
    lists, load,
    look_up::Asks,
    register::{Ground, Register},
    view::{self, Step},
};
use crate::{
    db::{Result, Tx},
    intake::Answer,
    store::ZoneId,
};

/// Loads these entities, everything that links join to them, and every site that one of their
/// versions names: whoever is taken out of a group goes back to the site of their own.
pub(super) async fn bring(
    tx: &mut Tx,
    register: &mut Register,
    ids: HashSet<Uuid>,
    ground: &Ground<'_>,
) -> Result<()> {
    let mut linked: HashSet<(ZoneId, Uuid)> = HashSet::new();
    let mut frontier = ids;
    frontier.retain(|id| register.asked.insert(*id));
    while !frontier.is_empty() {
        let mut fresh = reach(tx, register, frontier, ground).await?;
        fresh.retain(|(_, id)| register.groups.is_joined(*id));
        read_past(tx, register, &fresh, ground).await?;
        frontier = sites_of(register, &fresh);
        frontier.retain(|id| register.asked.insert(*id));
        linked.extend(fresh);
    }
    unfold_all(register, linked, ground);
    Ok(())
}

/// Follows links and answers from these ids to their end; gives what it found.
async fn reach(
    tx: &mut Tx,
    register: &mut Register,
    from: HashSet<Uuid>,
    ground: &Ground<'_>,
) -> Result<HashSet<(ZoneId, Uuid)>> {
    let mut fresh: HashSet<(ZoneId, Uuid)> = HashSet::new();
    let mut frontier = from;
    while !frontier.is_empty() {
        let mut next: HashSet<Uuid> = HashSet::new();
        let mut located = HashSet::new();
        for (id, (zone, canonical)) in load::homes(tx, &frontier).await? {
            located.insert((zone, id));
            next.insert(canonical);
            // An entity that this batch made has its home already.
            register.homes.entry(id).or_insert((zone, canonical));
        }
        for (of, link) in load::links(tx, &located).await? {
            next.extend([of.0, of.1]);
            register.groups.learn_link(of, link);
        }
        for decision in load::decisions(tx, &located).await? {
            if decision.answer == Answer::Same && decision.state == Standing::Stands {
                next.extend([decision.pair.0, decision.pair.1]);
            }
            register.groups.learn_decision(decision);
        }
        for entity in load::entities(tx, &located, ground.keys).await? {
            next.extend(entity.site_id);
            register.entities.entry(entity.entity_id).or_insert(entity);
        }
        let missing = located.iter().filter(|(_, id)| !register.entities.contains_key(id));
        let missing = missing.copied().collect();
        register.tombs.extend(load::tombs(tx, &missing).await?);
        register.brought += located.len();
        fresh.extend(located);
        next.retain(|id| register.asked.insert(*id));
        frontier = next;
    }
    Ok(fresh)
}

/// The sites that the versions of these entities name.
fn sites_of(register: &Register, of: &HashSet<(ZoneId, Uuid)>) -> HashSet<Uuid> {
    of.iter()
        .filter_map(|(_, id)| register.past.get(id))
        .flatten()
        .filter_map(|step| step.change.site_id)
        .collect()
}

/// Loads the own versions of entities whose group must be folded, and the sites they name.
pub(super) async fn remember(
    tx: &mut Tx,
    register: &mut Register,
    wanted: &HashSet<(ZoneId, Uuid)>,
    ground: &Ground<'_>,
) -> Result<()> {
    read_past(tx, register, wanted, ground).await?;
    let sites = sites_of(register, wanted);
    bring(tx, register, sites, ground).await
}

/// Reads the own versions of entities that are not known yet.
async fn read_past(
    tx: &mut Tx,
    register: &mut Register,
    wanted: &HashSet<(ZoneId, Uuid)>,
    ground: &Ground<'_>,
) -> Result<()> {
    let wanted: HashSet<_> =
        wanted.iter().filter(|(_, id)| !register.past.contains_key(id)).copied().collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let rows = load::versions(tx, &wanted).await?;
    let seqs: Vec<i64> = rows.iter().map(|r| r.seq).collect::<HashSet<_>>().into_iter().collect();
    let mut of_each: HashMap<Uuid, usize> = HashMap::new();
    for row in &rows {
        *of_each.entry(row.entity_id).or_default() += 1;
    }
    let is_long = |id: &Uuid| of_each.get(id).is_some_and(|n| *n > heard::FEW);
    let long: HashSet<i64> = rows.iter().filter(|r| is_long(&r.entity_id)).map(|r| r.seq).collect();
    let (often, seldom): (Vec<i64>, Vec<i64>) = seqs.into_iter().partition(|s| long.contains(s));
    let mut spoken = heard::read(tx, &seldom, ground).await?;
    spoken.extend(heard::at(tx, &often, ground).await?);
    let mut said: HashMap<(i64, Uuid), VecDeque<Step>> = HashMap::new();
    for spoken in spoken {
        let source = Source::of(&spoken.event, false);
        for change in spoken.interpretation.into_iter().flat_map(Interpretation::all_changes) {
            let queue = said.entry((source.seq, change.entity_id)).or_default();
            queue.push_back(Step { change, source });
        }
    }
    let mut past: BTreeMap<Uuid, Vec<Step>> =
        wanted.iter().map(|(_, id)| (*id, Vec::new())).collect();
    for row in rows {
        let mut step = said.get_mut(&(row.seq, row.entity_id)).and_then(VecDeque::pop_front);
        if let Some(step) = &mut step {
            step.source.pending = row.pending;
        }
        past.entry(row.entity_id).or_default().extend(step);
    }
    register.past.extend(past);
    Ok(())
}

/// Brings what these records are compared with, and these entities.
pub(super) async fn fetch_named(
    tx: &mut Tx,
    register: &mut Register,
    (said, mut ids): (impl Iterator<Item = (ZoneId, &Interpretation)>, HashSet<Uuid>),
    ground: &Ground<'_>,
) -> Result<()> {
    let (mut keys, mut days) = (BTreeMap::new(), BTreeSet::new());
    for (zone, said) in said {
        days.extend(said.interviewed.map(|of| (zone, of.device_day)));
        let asks = said.asks.iter();
        ids.extend(asks.clone().flat_map(Asks::ids));
        keys.extend(asks.flat_map(Asks::keys).map(|key| (key, 0)));
    }
    register.device_days.fetch(tx, days).await?;
    if register.lists.is_none() {
        register.lists = Some(lists::stored(tx, ground).await?);
    }
    keys.retain(|key, _| !register.holders.contains_key(key));
    let (holders, _) = holders::fetch(tx, &keys).await?;
    register.holders.extend(holders);
    let listed = keys.keys().filter_map(|key| register.holders.get(key));
    ids.extend(listed.flat_map(holders::Holders::listed));
    bring(tx, register, ids, ground).await
}

/// The stored row of a canonical shows its group: puts that aside and gives it its own state back.
fn unfold_all(register: &mut Register, linked: HashSet<(ZoneId, Uuid)>, ground: &Ground<'_>) {
    let leads: HashSet<Uuid> = register
        .homes
        .iter()
        .filter(|(id, (_, canonical))| *id != canonical)
        .map(|(_, (_, canonical))| *canonical)
        .collect();
    for (_, id) in linked {
        if leads.contains(&id) {
            unfold(register, id, ground);
        }
    }
}

fn unfold(register: &mut Register, id: Uuid, ground: &Ground<'_>) {
    let Some(row) = register.entities.get(&id).filter(|e| e.shown.is_none()) else { return };
    let past = register.past.get(&id).map_or(&[][..], Vec::as_slice);
    let Some(mut own) = view::own(row, past) else { return };
    let mut shown = row.clone();
    own.counted = std::mem::take(&mut shown.counted);
    own.shown = Some(Box::new(shown));
    // A site that is still folded shows the same place as one that is not: the order is free.
    let site = register.site_of(&own).cloned();
    own.settle(ground.gazetteer, site.as_ref());
    register.entities.insert(id, own);
}
