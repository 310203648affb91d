//! Entities read whole, for the features of the map: one after the other, never all at once.

use futures_util::StreamExt as _;
use uuid::Uuid;

use super::{AsOf, Scope};
use crate::db::{Result, Row, Tx};

/// An entity, as features need it.
#[derive(Clone, Debug)]
pub struct EntityRow {
    /// Its id.
    pub entity_id: Uuid,
    /// Its name.
    pub label: String,
    /// Its open properties, as JSON text.
    pub props: String,
    /// Longitude and latitude, as given.
    pub position: Option<[f64; 2]>,
    /// What is doubtful about the position, as JSON text.
    pub flags: String,
    /// The site it belongs to.
    pub site_id: Option<Uuid>,
    /// region, cercle, commune of 2012 and of 2023; empty when not known.
    pub places: [String; 6],
    /// What the places rest on, in 2012 and 2023.
    pub basis: [String; 2],
    /// Mining district; empty when not known.
    pub district: String,
    /// State of activity; empty when not known.
    pub status: String,
    /// How often it changed.
    pub version: i64,
}

fn entity(r: &Row) -> Result<EntityRow> {
    let [lon, lat]: [Option<f64>; 2] = [r.get(3)?, r.get(4)?];
    Ok(EntityRow {
        entity_id: r.get(0)?,
        label: r.get(1)?,
        props: r.get(2)?,
        position: lon.zip(lat).map(|(lon, lat)| [lon, lat]),
        flags: r.get(5)?,
        site_id: r.get(6)?,
        places: [r.get(7)?, r.get(8)?, r.get(9)?, r.get(10)?, r.get(11)?, r.get(12)?],
        basis: [r.get(13)?, r.get(14)?],
        district: r.get(15)?,
        status: r.get(16)?,
        version: r.get(17)?,
    })
}

/// Shows every entity of a dataset that may be seen, in no promised order.
pub async fn each(
    tx: &mut Tx,
    scope: &Scope,
    (dataset, as_of): (&str, AsOf),
    mut see: impl FnMut(EntityRow),
) -> Result<()> {
    for arm in as_of.arms() {
        let query = arm.from(tx.query(
            "SELECT e.entity_id, e.label, e.props, e.lon, e.lat, e.flags, e.site_id, e.region_2012, \
             e.cercle_2012, e.commune_2012, e.region_2023, e.cercle_2023, e.commune_2023, \
             e.basis_2012, e.basis_2023, e.district, e.status, e.version",
        ));
        let query = query.push(" AND e.merged_into IS NULL AND e.dataset = ").push_bind(dataset);
        let mut rows = scope.narrow_on(query, " AND e.zone_id IN ").stream();
        while let Some(row) = rows.next().await {
            see(entity(&row?)?);
        }
    }
    Ok(())
}

/// Shows the positions of a dataset, of those entities that may be seen.
pub async fn positions(
    tx: &mut Tx,
    scope: &Scope,
    (dataset, as_of): (&str, AsOf),
    mut see: impl FnMut([f64; 2]),
) -> Result<()> {
    for arm in as_of.arms() {
        let query = arm.from(tx.query("SELECT e.lon, e.lat")).push(" AND e.merged_into IS NULL ");
        let query = query.push("AND e.lon IS NOT NULL AND e.lat IS NOT NULL AND e.dataset = ");
        let query = scope.narrow_on(query.push_bind(dataset), " AND e.zone_id IN ");
        let mut rows = query.stream();
        while let Some(row) = rows.next().await {
            let row = row?;
            see([row.get(0)?, row.get(1)?]);
        }
    }
    Ok(())
}

/// The zones that may be seen: number, code and name.
pub async fn zones(tx: &mut Tx, scope: &Scope) -> Result<Vec<(i32, String, String)>> {
    let query = tx.query("SELECT zone_id, code, name FROM zone WHERE zone_id > 0");
    let rows = scope.narrow(query).push(" ORDER BY zone_id").fetch_all().await?;
    rows.iter().map(|r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).collect()
}
