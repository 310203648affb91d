//! Bringing what a batch touches into memory: entities, their groups, what was decided about them.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use uuid::Uuid;

use super::{
    entity::Source,
    event,
    fold::{Ground, Register, say},
    groups::Standing,
    interpret::Interpretation,
    load,
    view::{self, Step},
};
use crate::{
    db::{Result, Tx},
    intake::Answer,
    store::ZoneId,
};

/// Loads these entities, everything that links join to them, and the sites they are on.
pub(super) async fn bring(
    tx: &mut Tx,
    register: &mut Register,
    ids: HashSet<Uuid>,
    ground: &Ground<'_>,
) -> Result<()> {
    let mut fresh: Vec<(ZoneId, Uuid)> = Vec::new();
    let mut frontier = ids;
    frontier.retain(|id| register.asked.insert(*id));
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
        fresh.extend(located);
        next.retain(|id| register.asked.insert(*id));
        frontier = next;
    }
    let linked: HashSet<_> =
        fresh.into_iter().filter(|(_, id)| register.groups.is_joined(*id)).collect();
    remember(tx, register, &linked, ground).await?;
    for (_, id) in linked {
        unfold(register, id, ground);
    }
    Ok(())
}

/// Loads the own versions of entities whose group must be folded and that are not known yet.
pub(super) async fn remember(
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
    let mut said: HashMap<(i64, Uuid), VecDeque<Step>> = HashMap::new();
    for event in event::at(tx, &seqs, ground.keys).await? {
        let spoken = say(event, ground);
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

/// The stored row of a canonical shows its group: puts that aside and gives it its own state back.
fn unfold(register: &mut Register, id: Uuid, ground: &Ground<'_>) {
    let leads = register.homes.iter().any(|(other, home)| home.1 == id && *other != id);
    let Some(row) = register.entities.get(&id).filter(|e| leads && e.shown.is_none()) else {
        return;
    };
    let past = register.past.get(&id).map_or(&[][..], Vec::as_slice);
    let Some(mut own) = view::own(row, past) else { return };
    let mut shown = row.clone();
    own.counted = shown.counted.take();
    own.shown = Some(Box::new(shown));
    let site = register.site_of(&own).cloned();
    own.settle(ground.gazetteer, site.as_ref());
    register.entities.insert(id, own);
}
