//! Pages of the register of sites.

use uuid::Uuid;

use super::{Scope, ZoneId, entities::Place};
use crate::db::{Result, Tx};

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

/// The next sites after `after`, in the order of registration.
pub async fn page(
    tx: &mut Tx,
    scope: &Scope,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<SiteRow>> {
    let (zone, seq, id) = after.unwrap_or((ZoneId(i32::MIN), 0, Uuid::nil()));
    let query = tx
        .query(
            "SELECT zone_id, entity_id, label, props, lon, lat, flags, region_2012, cercle_2012, \
             commune_2012, region_2023, cercle_2023, commune_2023, basis_2012, basis_2023, district, \
             status, version, created_seq FROM entity WHERE dataset = 'sites' AND merged_into IS NULL \
             AND (zone_id, created_seq, entity_id) > ($1, $2, $3)",
        )
        .bind(zone.0)
        .bind(seq)
        .bind(id);
    let rows = scope
        .narrow(query)
        .push(" ORDER BY zone_id, created_seq, entity_id LIMIT ")
        .push_bind(limit)
        .fetch_all()
        .await?;
    rows.iter()
        .map(|r| {
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
        })
        .collect()
}
