//! The entities of a dataset with all that a reader may be shown of them, now or at the end of a day.

use uuid::Uuid;

use super::{
    AsOf, Scope, ZoneId,
    as_of::Arm,
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
pub struct DatasetRow {
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
    /// Where it is counted: region, cercle, commune of 2023, mining district; empty when not known.
    pub places: [String; 4],
    /// `accepted`, or `pending` while a record that speaks for it waits for review.
    pub review: String,
    /// The entity that shows its group, when that is another; itself when nothing speaks for it.
    pub merged_into: Option<Uuid>,
    /// When it was first received.
    pub registered_at: Option<Micros>,
    /// When what it says last changed.
    pub updated_at: Option<Micros>,
    vault: Vault,
}

impl DatasetRow {
    /// Where it stands in its list.
    pub const fn place(&self) -> Place {
        (self.zone_id, self.created_seq, self.entity_id)
    }

    /// Its sealed properties, as JSON text; `None` when their key was destroyed.
    pub fn open(&self, keys: &MasterKeys) -> Result<Option<Vec<u8>>> {
        self.vault.open(keys)
    }
}

const COLUMNS: &str = "SELECT e.zone_id, e.entity_id, e.created_seq, e.version, e.label, e.props, e.region_2023, \
     e.cercle_2023, e.commune_2023, e.district, e.review, e.merged_into, \
     (SELECT MIN(c.received_at) FROM journal c WHERE c.seq = e.created_seq), \
     (SELECT MIN(u.received_at) FROM journal u WHERE u.seq = e.updated_seq), \
     (SELECT k.realm FROM entity k WHERE k.zone_id = e.zone_id AND k.entity_id = e.entity_id), \
     (SELECT k.wrapped FROM entity k WHERE k.zone_id = e.zone_id AND k.entity_id = e.entity_id), e.sealed";

fn read(row: &Row) -> Result<DatasetRow> {
    let [registered, updated]: [Option<i64>; 2] = [row.get(12)?, row.get(13)?];
    let entity_id = row.get(1)?;
    Ok(DatasetRow {
        zone_id: ZoneId(row.get(0)?),
        entity_id,
        created_seq: row.get(2)?,
        version: row.get(3)?,
        label: row.get(4)?,
        props: row.get(5)?,
        places: [row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?],
        review: row.get(10)?,
        merged_into: row.get(11)?,
        registered_at: registered.map(Micros),
        updated_at: updated.map(Micros),
        vault: Vault::read(row, entity_id, 14)?,
    })
}

fn listed<'t>(arm: Arm, query: Query<'t>, dataset: &str) -> Query<'t> {
    arm.from(query).push(" AND e.merged_into IS NULL AND e.dataset = ").push_bind(dataset)
}

/// The next entities after `after`, in the order of registration.
pub async fn page(
    tx: &mut Tx,
    scope: &Scope,
    (dataset, as_of): (&str, AsOf),
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<DatasetRow>> {
    let most = i64::try_from(limit)?;
    let mut found = Vec::new();
    for arm in as_of.arms() {
        let query = listed(arm, tx.query(COLUMNS), dataset);
        let query = next_page(query, scope, after, most);
        for row in query.fetch_all().await? {
            found.push(read(&row)?);
        }
    }
    found.sort_by_key(DatasetRow::place);
    found.truncate(limit);
    Ok(found)
}

/// How many there are.
pub async fn count(tx: &mut Tx, scope: &Scope, dataset: &str, as_of: AsOf) -> Result<i64> {
    let mut all = 0;
    for arm in as_of.arms() {
        let query = listed(arm, tx.query("SELECT COUNT(*)"), dataset);
        let query = scope.narrow_on(query, " AND e.zone_id IN ");
        all += query.fetch_one().await?.get::<i64>(0)?;
    }
    Ok(all)
}

/// The entity that shows the one of this id, if both are of this dataset and may be seen.
pub async fn shown(
    tx: &mut Tx,
    scope: &Scope,
    (dataset, as_of): (&str, AsOf),
    id: Uuid,
) -> Result<Option<DatasetRow>> {
    let mut wanted = id;
    // A member names its canonical, which is in no other group.
    for _ in 0..2 {
        let found = one(tx, (dataset, as_of), wanted).await?;
        let Some(row) = found.filter(|row| scope.contains(row.zone_id)) else { return Ok(None) };
        match row.merged_into {
            None => return Ok(Some(row)),
            Some(into) if into == wanted => return Ok(None),
            Some(into) => wanted = into,
        }
    }
    Ok(None)
}

async fn one(tx: &mut Tx, (dataset, as_of): (&str, AsOf), id: Uuid) -> Result<Option<DatasetRow>> {
    let home = tx
        .query("SELECT zone_id FROM entity_home WHERE entity_id = $1")
        .bind(id)
        .fetch_optional()
        .await?;
    let Some(home) = home else { return Ok(None) };
    let zone: i32 = home.get(0)?;
    for arm in as_of.arms() {
        let query = arm.from(tx.query(COLUMNS)).push(" AND e.dataset = ").push_bind(dataset);
        let query = query.push(" AND e.zone_id = ").push_bind(zone);
        let found = query.push(" AND e.entity_id = ").push_bind(id).fetch_optional().await?;
        if let Some(row) = found {
            return read(&row).map(Some);
        }
    }
    Ok(None)
}
