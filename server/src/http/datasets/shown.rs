//! An entity as its reader sees it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    db::DbError,
    http::lists::List,
    keys::MasterKeys,
    runtime::Micros,
    store::{ZoneId, datasets::DatasetRow},
};

/// How a reader sees rows.
pub(super) struct Sight<'a> {
    pub(super) list: &'a List,
    /// With the identity.
    pub(super) identity: bool,
    pub(super) keys: &'a MasterKeys,
    pub(super) zones: &'a BTreeMap<ZoneId, String>,
}

impl Sight<'_> {
    /// An entity with its values.
    pub(super) fn entity(&self, row: &DatasetRow) -> Result<Map<String, Value>, DbError> {
        let broken = |column| DbError::Inconsistent { table: "entity", column };
        let mut values: Map<String, Value> =
            serde_json::from_str(&row.props).map_err(|_| broken("props"))?;
        if let Some(plain) =
            row.open(self.keys)?.filter(|_| self.list.tier.opens() || self.identity)
        {
            let sealed: Map<String, Value> =
                serde_json::from_slice(&plain).map_err(|_| broken("sealed"))?;
            values.extend(sealed);
        }
        values.retain(|name, _| self.list.reads(name, self.identity));
        // A child's commune narrows down who it is.
        let placed = !self.list.children || self.identity;
        let [region, cercle, commune, district] = &row.places;
        let place = |code: &String| Some(code.clone()).filter(|c| placed && !c.is_empty());
        let body = json!({
            "id": row.entity_id,
            "dataset": self.list.name,
            "zone": self.zones.get(&row.zone_id),
            "version": row.version,
            "review": row.review,
            "label": Some(&row.label).filter(|label| !label.is_empty()),
            "registered_at": row.registered_at.map(Micros::to_rfc3339),
            "updated_at": row.updated_at.map(Micros::to_rfc3339),
            "region": place(region),
            "cercle": place(cercle),
            "commune": place(commune),
            "mining_district": place(district),
            "values": values,
        });
        let Value::Object(body) = body else { return Ok(Map::new()) };
        Ok(body)
    }
}

/// The addresses of an entity.
pub(super) fn links(dataset: &str, id: Uuid) -> Value {
    let itself = format!("/v1/datasets/{dataset}/entities/{id}");
    json!({
        "self": itself,
        "history": format!("{itself}/history"),
        "dataset": format!("/v1/datasets/{dataset}"),
    })
}
