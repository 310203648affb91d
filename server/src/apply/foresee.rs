//! What a batch will look up and write, read ahead of its turn when the register is larger than memory.

use std::collections::{BTreeSet, HashMap};

use super::{engine::Applier, say::Said};
use crate::{
    db::{Db, Value, Wanted},
    store::ZoneId,
};

impl Applier {
    /// Has the pages in memory on which these events' entities and numbers are, or will be.
    pub(super) async fn foresee(&self, said: &[Said]) {
        if self.db.outgrows_memory() {
            read_ahead(&self.db, said).await;
        }
    }
}

const HOMES: &str = "SELECT zone_id FROM entity_home WHERE entity_id IN";
const ENTITIES: &str = "SELECT entity_id FROM entity WHERE zone_id = $1 AND entity_id IN";
const NUMBERS: &str = "SELECT zone_id FROM block_key WHERE block_key IN";

async fn read_ahead(db: &Db, said: &[Said]) {
    let mut ids = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for s in said {
        for change in s.interpretation.iter().flat_map(|i| &i.changes) {
            ids.insert((s.event.zone_id, change.entity_id));
            numbers.extend(change.block_keys.iter().copied());
        }
    }
    let mut of_zone: HashMap<ZoneId, Vec<Value>> = HashMap::new();
    for (zone, id) in &ids {
        of_zone.entry(*zone).or_default().push((*id).into());
    }
    let homes = Wanted {
        head: HOMES,
        first: Vec::new(),
        keys: ids.into_iter().map(|(_, id)| id.into()).collect(),
    };
    let numbers = Wanted {
        head: NUMBERS,
        first: Vec::new(),
        keys: numbers.into_iter().map(Value::from).collect(),
    };
    let entities = of_zone.into_iter().map(|(zone, keys)| Wanted {
        head: ENTITIES,
        first: vec![zone.0.into()],
        keys,
    });
    db.read_ahead(entities.chain([homes, numbers]).collect()).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{db::DbConfig, intake::KEYS};

    /// What fails to be read ahead is silent, so it is asked aloud here: each statement runs, over an index alone.
    #[tokio::test]
    async fn what_is_read_ahead_is_in_the_indices() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&DbConfig::Sqlite(dir.path().join("register.db"))).await.unwrap();
        let mut tx = db.read().await.unwrap();
        for (head, plan, is_of_zone) in [
            (HOMES, "EXPLAIN QUERY PLAN SELECT zone_id FROM entity_home WHERE entity_id IN", false),
            (
                ENTITIES,
                "EXPLAIN QUERY PLAN SELECT entity_id FROM entity WHERE zone_id = $1 AND entity_id IN",
                true,
            ),
            (NUMBERS, "EXPLAIN QUERY PLAN SELECT zone_id FROM block_key WHERE block_key IN", false),
            (KEYS, "EXPLAIN QUERY PLAN SELECT zone_id FROM intake_key WHERE intake_key IN", false),
        ] {
            assert_eq!(plan.strip_prefix("EXPLAIN QUERY PLAN "), Some(head));
            let first = if is_of_zone { vec![1_i64.into()] } else { Vec::new() };
            let keys = || vec![Value::from(vec![0_u8; 16])];
            tx.fetch_in_with(head, first.clone(), keys(), "").await.unwrap();
            let rows = tx.fetch_in_with(plan, first, keys(), "").await.unwrap();
            let detail: String = rows.first().unwrap().get(3).unwrap();
            let is_indexed = detail.contains("COVERING INDEX") || detail.contains("PRIMARY KEY");
            assert!(detail.starts_with("SEARCH") && is_indexed, "{detail}");
        }
    }
}
