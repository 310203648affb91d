//! The gazetteer in use: seats from `schemas`, polygons from the database when imported.

use std::sync::{Arc, RwLock};

use sanu_schemas::{Level as SchemaLevel, Seat};

use crate::{
    db::{Db, DbError},
    geo::{Boundary, Gazetteer, Level, Namer, Names, PlaceCodes, SeatPoint, boundary_from_geojson},
    store::boundaries,
};

/// Holds the current gazetteer; replaced whole after an import.
#[derive(Clone)]
pub struct Places {
    db: Db,
    held: Arc<RwLock<Held>>,
}

struct Held {
    gazetteer: Arc<Gazetteer>,
    token: (i64, i64),
}

impl Places {
    /// Loads seats and imported polygons.
    pub async fn open(db: Db) -> Result<Self, DbError> {
        let (gazetteer, token) = load(&db).await?;
        let held = Held { gazetteer: Arc::new(gazetteer), token };
        Ok(Self { db, held: Arc::new(RwLock::new(held)) })
    }

    /// The gazetteer as last loaded.
    pub fn gazetteer(&self) -> Arc<Gazetteer> {
        self.held().0
    }

    /// The gazetteer as last loaded, and a token that changes with every import.
    pub fn held(&self) -> (Arc<Gazetteer>, (i64, i64)) {
        let held = self.held.read().expect("no holder of this lock can panic");
        (Arc::clone(&held.gazetteer), held.token)
    }

    /// The gazetteer, loaded again if polygons were imported since: other processes import too.
    pub async fn current(&self) -> Result<Arc<Gazetteer>, DbError> {
        let mut tx = self.db.read().await?;
        let token = boundaries::change_token(&mut tx).await?;
        drop(tx);
        let (gazetteer, held) = self.held();
        if token == held {
            return Ok(gazetteer);
        }
        let (gazetteer, token) = load(&self.db).await?;
        let gazetteer = Arc::new(gazetteer);
        *self.held.write().expect("no holder of this lock can panic") =
            Held { gazetteer: Arc::clone(&gazetteer), token };
        Ok(gazetteer)
    }
}

async fn load(db: &Db) -> Result<(Gazetteer, (i64, i64)), DbError> {
    let mut tx = db.read().await?;
    let token = boundaries::change_token(&mut tx).await?;
    let texts = boundaries::all(&mut tx).await?;
    drop(tx);
    let polygons: Vec<Boundary> = texts
        .iter()
        .map(|text| boundary_from_geojson(text))
        .collect::<Result<_, _>>()
        .map_err(|_| DbError::Inconsistent { table: "boundary", column: "geometry" })?;
    Ok((Gazetteer::new(polygons, seats()), token))
}

/// The seats of `schemas/` as points with codes.
pub(crate) fn seats() -> Vec<SeatPoint> {
    sanu_schemas::commune_seats().iter().map(seat).collect()
}

fn seat(seat: &Seat) -> SeatPoint {
    let commune = seat.commune_code();
    SeatPoint {
        lon: seat.lon,
        lat: seat.lat,
        place_2012: PlaceCodes {
            region: seat.region_2012_code(),
            cercle: seat.cercle_2012_code(),
            commune: commune.clone(),
        },
        place_2023: PlaceCodes {
            region: seat.region_2023_code(),
            cercle: seat.cercle_2023_code(),
            // The reform redrew cercles and regions; communes kept their names and bounds.
            commune: commune.filter(|_| seat.region_2023_code().is_some()),
        },
    }
}

/// Names of imported features to the codes of `schemas/`.
pub struct SchemaNamer;

impl Namer for SchemaNamer {
    fn code(&self, level: Level, names: &Names) -> String {
        match level {
            Level::Region => place(SchemaLevel::Region, names.region.as_deref()),
            Level::Cercle => place(SchemaLevel::Cercle, names.cercle.as_deref()),
            Level::Commune => {
                let cercle = names.cercle.as_deref().unwrap_or_default();
                let commune = names.commune.as_deref().unwrap_or_default();
                let cercle_code = place(SchemaLevel::Cercle, names.cercle.as_deref());
                sanu_schemas::commune_code(cercle, commune)
                    .unwrap_or_else(|| format!("{cercle_code}__{}", sanu_schemas::slug(commune)))
            }
        }
    }
}

fn place(level: SchemaLevel, name: Option<&str>) -> String {
    let name = name.unwrap_or_default();
    sanu_schemas::place_code(level, name).unwrap_or_else(|| sanu_schemas::slug(name))
}
