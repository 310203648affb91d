//! Entities as they were some time ago: what is told late is told as it was then.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::{
    db::{DbError, Result, Row, Tx},
    runtime::Micros,
};

/// What is not to be told yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// Entities that were first registered later.
    unknown: HashSet<Uuid>,
    /// The open properties that those had that changed later.
    former: HashMap<Uuid, Map<String, Json>>,
}

impl Past {
    /// Whether it was there already.
    pub fn knows(&self, id: Uuid) -> bool {
        !self.unknown.contains(&id)
    }

    /// The open properties it had; `None` when it has the same still.
    pub fn former(&self, id: Uuid) -> Option<&Map<String, Json>> {
        self.former.get(&id)
    }
}

/// The entities of a dataset as they were at this moment, as far as that differs from now.
pub async fn past(tx: &mut Tx, dataset: &str, at: Micros) -> Result<Past> {
    let rows = tx
        .query(
            "SELECT e.entity_id FROM entity e JOIN entity_version v ON v.zone_id = e.zone_id \
             AND v.seq = e.created_seq AND v.entity_id = e.entity_id AND v.version = 1 \
             WHERE e.dataset = $1 AND v.created_at > $2",
        )
        .bind(dataset)
        .bind(at)
        .fetch_all()
        .await?;
    let unknown = rows.iter().map(|r| r.get(0)).collect::<Result<HashSet<Uuid>>>()?;
    let rows = tx
        .query(
            "SELECT DISTINCT e.zone_id, e.entity_id, e.created_seq FROM entity e \
             JOIN entity_version v ON v.zone_id = e.zone_id AND v.entity_id = e.entity_id \
             AND v.version > 1 WHERE e.dataset = $1 AND v.created_at > $2",
        )
        .bind(dataset)
        .bind(at)
        .fetch_all()
        .await?;
    let mut former = HashMap::new();
    for row in &rows {
        let id: Uuid = row.get(1)?;
        if !unknown.contains(&id) {
            former.insert(id, properties_at(tx, row, at).await?);
        }
    }
    Ok(Past { unknown, former })
}

/// What the versions until then say, each over those before.
async fn properties_at(tx: &mut Tx, of: &Row, at: Micros) -> Result<Map<String, Json>> {
    let (zone, id, created): (i32, Uuid, i64) = (of.get(0)?, of.get(1)?, of.get(2)?);
    // The first version is where it was created; only the later ones have an index.
    let first = tx
        .query(
            "SELECT props FROM entity_version WHERE zone_id = $1 AND entity_id = $2 AND seq = $3 \
             AND version = 1 AND created_at <= $4",
        )
        .bind(zone)
        .bind(id)
        .bind(created)
        .bind(at)
        .fetch_all()
        .await?;
    let later = tx
        .query(
            "SELECT props FROM entity_version WHERE zone_id = $1 AND entity_id = $2 AND version > 1 \
             AND created_at <= $3 ORDER BY version",
        )
        .bind(zone)
        .bind(id)
        .bind(at)
        .fetch_all()
        .await?;
    let mut found = Map::new();
    for row in first.iter().chain(&later) {
        let text: String = row.get(0)?;
        let said: Map<String, Json> = serde_json::from_str(&text)
            .map_err(|_| DbError::Inconsistent { table: "entity_version", column: "props" })?;
        for (name, value) in said {
            if value.is_null() {
                found.remove(&name);
            } else {
                found.insert(name, value);
            }
        }
    }
    Ok(found)
}
