//! The version of an entity as phones are told it, which only grows.
//!
//! What an entity shows is a group: when a group is taken apart its former members show fewer versions than before,
//! and a phone would take that for something older than it holds. So everything that was ever answered about counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::{Scope, ZoneId};
use crate::db::{Result, Tx, Value};

type Place = (ZoneId, Uuid);

/// Entities with everything that answers, standing or not, ever put beside them.
#[derive(Default)]
struct Beside {
    neighbours: BTreeMap<Place, BTreeSet<Place>>,
    decisions: BTreeMap<Uuid, Place>,
}

/// The version to tell of each entity that somebody answered about: all versions of all that answers connect with
/// it, and the answers themselves. Every change of what it shows is one of these, so it grows with each; that of an
/// entity without answers is that of its row, and is left out.
pub async fn told(tx: &mut Tx, of: &[(ZoneId, Uuid)]) -> Result<HashMap<Uuid, i64>> {
    let mut beside = Beside::default();
    let mut asked: BTreeSet<Place> = of.iter().copied().collect();
    let mut frontier = asked.clone();
    while !frontier.is_empty() {
        let mut next = answers_about(tx, &frontier, &mut beside).await?;
        next.retain(|place| asked.insert(*place));
        frontier = next;
    }
    let versions = versions(tx, beside.neighbours.keys().copied().collect()).await?;
    let mut found = HashMap::new();
    for place in of.iter().filter(|place| beside.neighbours.contains_key(place)) {
        let component = beside.component(*place);
        let answers = beside.decisions.values().filter(|at| component.contains(at)).count();
        let shown: i64 = component.iter().filter_map(|at| versions.get(at)).sum();
        found.insert(place.1, shown + i64::try_from(answers)?);
    }
    Ok(found)
}

/// Everything of a dataset that somebody answered about, as far as may be seen: its version is told with that of others.
pub async fn answered(tx: &mut Tx, scope: &Scope, dataset: &str) -> Result<BTreeSet<Place>> {
    let rows = tx
        .query(
            "SELECT zone_id, a_id, b_zone_id, b_id FROM decision WHERE state <> 'refused' AND dataset = $1",
        )
        .bind(dataset)
        .fetch_all()
        .await?;
    let mut found = BTreeSet::new();
    for row in &rows {
        found.insert((ZoneId(row.get(0)?), row.get(1)?));
        found.insert((ZoneId(row.get(2)?), row.get(3)?));
    }
    found.retain(|(zone, _)| scope.contains(*zone));
    Ok(found)
}

impl Beside {
    fn component(&self, of: Place) -> BTreeSet<Place> {
        let mut reached = BTreeSet::new();
        let mut queue = vec![of];
        while let Some(place) = queue.pop() {
            if reached.insert(place) {
                queue.extend(self.neighbours.get(&place).into_iter().flatten());
            }
        }
        reached
    }
}

/// Learns the answers about these entities; gives both ends of each.
async fn answers_about(
    tx: &mut Tx,
    wanted: &BTreeSet<Place>,
    beside: &mut Beside,
) -> Result<BTreeSet<Place>> {
    const BY_A: &str = "SELECT decision_id, zone_id, a_id, b_zone_id, b_id FROM decision \
         WHERE state <> 'refused' AND zone_id = $1 AND a_id IN";
    const BY_B: &str = "SELECT decision_id, zone_id, a_id, b_zone_id, b_id FROM decision \
         WHERE state <> 'refused' AND b_zone_id = $1 AND b_id IN";
    let mut ends = BTreeSet::new();
    for (zone, ids) in by_zone(wanted.iter().copied()) {
        for sql in [BY_A, BY_B] {
            for row in tx.fetch_in_with(sql, vec![zone.0.into()], ids.clone(), "").await? {
                let a = (ZoneId(row.get(1)?), row.get(2)?);
                let b = (ZoneId(row.get(3)?), row.get(4)?);
                beside.decisions.insert(row.get(0)?, a);
                beside.neighbours.entry(a).or_default().insert(b);
                beside.neighbours.entry(b).or_default().insert(a);
                ends.extend([a, b]);
            }
        }
    }
    Ok(ends)
}

/// The versions that stand in the register: a canonical's count those of its group.
async fn versions(tx: &mut Tx, of: Vec<Place>) -> Result<HashMap<Place, i64>> {
    let mut found = HashMap::new();
    for (zone, ids) in by_zone(of) {
        let rows = tx
            .fetch_in_with(
                "SELECT entity_id, CASE WHEN merged_into IS NULL THEN version ELSE 0 END + shifts \
                 FROM entity WHERE zone_id = $1 AND entity_id IN",
                vec![zone.0.into()],
                ids,
                "",
            )
            .await?;
        for row in rows {
            found.insert((zone, row.get(0)?), row.get(1)?);
        }
    }
    Ok(found)
}

fn by_zone(places: impl IntoIterator<Item = Place>) -> BTreeMap<ZoneId, Vec<Value>> {
    let mut zones: BTreeMap<ZoneId, Vec<Value>> = BTreeMap::new();
    for (zone, id) in places {
        zones.entry(zone).or_default().push(id.into());
    }
    zones
}
