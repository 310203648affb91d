//! The entities of a dataset as Central's clients ask for them: with when and by whom they were made, in the order of
//! registration.

use uuid::Uuid;

use super::{
    Scope, ZoneId,
    entities::{Place, next_page},
    vault::Vault,
};
use crate::{
    db::{Query, Result, Row, Tx},
    keys::MasterKeys,
    runtime::Micros,
};

/// An entity as stored.
#[derive(Clone, Debug)]
pub struct EntityRow {
    /// Its zone.
    pub zone_id: ZoneId,
    /// Its id.
    pub entity_id: Uuid,
    /// The event that made it.
    pub created_seq: i64,
    /// How often it changed.
    pub version: i64,
    /// Its name, when that names no person.
    pub label: String,
    /// Its open properties, as JSON text.
    pub props: String,
    /// When it was made, when that is known.
    pub created_at: Option<Micros>,
    /// When it last changed; `None` when it never did.
    pub updated_at: Option<Micros>,
    /// Who made it.
    pub creator: Option<Uuid>,
    vault: Vault,
}

impl EntityRow {
    /// Where it stands in its list.
    pub const fn place(&self) -> Place {
        (self.zone_id, self.created_seq, self.entity_id)
    }

    /// Its sealed properties, as JSON text; `None` when their key was destroyed.
    pub fn open(&self, keys: &MasterKeys) -> Result<Option<Vec<u8>>> {
        self.vault.open(keys)
    }
}

const COLUMNS: &str = "SELECT e.zone_id, e.entity_id, e.created_seq, e.version, e.label, e.props, \
     j.received_at, CASE WHEN e.version > 1 THEN (SELECT MAX(v.created_at) FROM entity_version v \
     WHERE v.zone_id = e.zone_id AND v.entity_id = e.entity_id AND v.version > 1) END, \
     COALESCE(j.account_id, j.device_id), e.realm, e.wrapped, e.sealed FROM entity e \
     LEFT JOIN journal j ON j.zone_id = e.zone_id AND j.seq = e.created_seq \
     WHERE e.merged_into IS NULL AND e.dataset = ";

fn of<'t>(tx: &'t mut Tx, dataset: &str) -> Query<'t> {
    tx.query(COLUMNS).push_bind(dataset)
}

fn read(row: &Row) -> Result<EntityRow> {
    let [created, updated]: [Option<i64>; 2] = [row.get(6)?, row.get(7)?];
    let entity_id = row.get(1)?;
    Ok(EntityRow {
        zone_id: ZoneId(row.get(0)?),
        entity_id,
        created_seq: row.get(2)?,
        version: row.get(3)?,
        label: row.get(4)?,
        props: row.get(5)?,
        created_at: created.map(Micros),
        updated_at: updated.map(Micros),
        creator: row.get(8)?,
        vault: Vault::read(row, entity_id, 9)?,
    })
}

/// The next entities after `after`, in the order of registration.
pub async fn page(
    tx: &mut Tx,
    scope: &Scope,
    dataset: &str,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<EntityRow>> {
    let rows = next_page(of(tx, dataset), scope, after, limit).fetch_all().await?;
    rows.iter().map(read).collect()
}

/// How many there are.
pub async fn count(tx: &mut Tx, scope: &Scope, dataset: &str) -> Result<i64> {
    let query = tx
        .query("SELECT COUNT(*) FROM entity e WHERE e.merged_into IS NULL AND e.dataset = ")
        .push_bind(dataset);
    scope.narrow_on(query, " AND e.zone_id IN ").fetch_one().await?.get(0)
}

/// One entity, by its id.
pub async fn one(tx: &mut Tx, scope: &Scope, dataset: &str, id: Uuid) -> Result<Option<EntityRow>> {
    let home = tx
        .query("SELECT zone_id FROM entity_home WHERE entity_id = $1")
        .bind(id)
        .fetch_optional()
        .await?;
    let Some(home) = home else { return Ok(None) };
    let zone: i32 = home.get(0)?;
    if !scope.contains(ZoneId(zone)) {
        return Ok(None);
    }
    let row = of(tx, dataset)
        .push(" AND e.zone_id = ")
        .push_bind(zone)
        .push(" AND e.entity_id = ")
        .push_bind(id)
        .fetch_optional()
        .await?;
    row.map(|row| read(&row)).transpose()
}
