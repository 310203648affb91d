//! Pages of the register of sites.

use uuid::Uuid;

use super::{
    AsOf, Scope, ZoneId,
    entities::{Place, next_page},
};
use crate::db::{Result, Row, Tx};

/// A site as stored.
#[derive(Clone, Debug)]
pub struct SiteRow {
    /// Its zone.
    pub zone_id: ZoneId,
    /// Its id.
    pub entity_id: Uuid,
    /// Its name.
    pub label: String,
    /// Its open properties, as JSON text.
    pub props: String,
    /// Longitude and latitude, as given.
    pub position: Option<(f64, f64)>,
    /// What is doubtful about the position, as JSON text.
    pub flags: String,
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
    /// The event that made it.
    pub created_seq: i64,
}

impl SiteRow {
    /// Where it stands in the list of sites.
    pub const fn place(&self) -> Place {
        (self.zone_id, self.created_seq, self.entity_id)
    }
}

const COLUMNS: &str = "SELECT e.zone_id, e.entity_id, e.label, e.props, e.lon, e.lat, e.flags, e.region_2012, \
     e.cercle_2012, e.commune_2012, e.region_2023, e.cercle_2023, e.commune_2023, e.basis_2012, \
     e.basis_2023, e.district, e.status, e.version, e.created_seq";

/// The next sites after `after`, in the order of registration.
pub async fn page(
    tx: &mut Tx,
    scope: &Scope,
    as_of: AsOf,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<SiteRow>> {
    let mut found = Vec::new();
    for arm in as_of.arms() {
        let query =
            arm.from(tx.query(COLUMNS)).push(" AND e.dataset = 'sites' AND e.merged_into IS NULL");
        let rows = next_page(query, scope, after, limit).fetch_all().await?;
        for row in &rows {
            found.push(site(row)?);
        }
    }
    found.sort_by_key(SiteRow::place);
    found.truncate(usize::try_from(limit)?);
    Ok(found)
}

fn site(r: &Row) -> Result<SiteRow> {
    let position = r.get::<Option<f64>>(4)?.zip(r.get::<Option<f64>>(5)?);
    Ok(SiteRow {
        zone_id: ZoneId(r.get(0)?),
        entity_id: r.get(1)?,
        label: r.get(2)?,
        props: r.get(3)?,
        position,
        flags: r.get(6)?,
        places: [r.get(7)?, r.get(8)?, r.get(9)?, r.get(10)?, r.get(11)?, r.get(12)?],
        basis: [r.get(13)?, r.get(14)?],
        district: r.get(15)?,
        status: r.get(16)?,
        version: r.get(17)?,
        created_seq: r.get(18)?,
    })
}
