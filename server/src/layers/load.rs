//! Building the features of a collection from the register, masked as they are read.

use std::{collections::BTreeMap, fmt, sync::Arc};

use jiff::civil::Date;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{
    catalog::{Layer, Source},
    mask::{Squares, square},
};
use crate::{
    access::SiteTier,
    counts::{Axis, Cube, Manner, Table},
    db::{DbError, Tx},
    geo::{Boundary, Division, Gazetteer, Level, Position, boundary_from_geojson},
    ogc::{Builder, Features, Geometry, MakeFile},
    publication::{self, Published},
    store::{AsOf, Scope, boundaries, cells, features, features::EntityRow},
};

/// What a layer is built from, besides the database.
pub(super) struct From<'a> {
    pub(super) scope: &'a Scope,
    /// Which register is read.
    pub(super) as_of: AsOf,
    pub(super) gazetteer: &'a Gazetteer,
    /// The sites as the same reader sees them, for what lies where its site lies.
    pub(super) sites: Option<&'a Features>,
    /// The published counts of miners, for who may not see exact ones.
    pub(super) miners: Option<&'a Published>,
    /// The day whose limits are told; those of now without it.
    pub(super) day: Option<Date>,
    /// Makes the files for what does not fit into memory.
    pub(super) make: MakeFile,
}

/// Reads all features of a layer; [`Builder::finish`] is left to the caller, since it takes time.
pub(super) async fn build(tx: &mut Tx, layer: &Layer, from: From<'_>) -> Result<Builder, DbError> {
    let mut builder = Builder::spilling(layer.collection.fields.clone(), Arc::clone(&from.make));
    if let Some(name) = layer.collection.temporal {
        builder.set_temporal(name);
    }
    match layer.source {
        Source::Sites(tier) => entities(tx, &mut builder, "sites", tier, &from).await?,
        Source::Cooperatives(tier) => {
            entities(tx, &mut builder, "cooperatives", tier, &from).await?;
        }
        Source::Visits(_) => visits(tx, &mut builder, &from).await?,
        Source::Zones => {
            for (_, code, name) in features::zones(tx, from.scope).await? {
                builder.other(&code, Geometry::None);
                builder.set_text("code", &code);
                builder.set_text("name", &name);
            }
        }
        Source::Units(..) => units(tx, &mut builder, layer, from.day).await?,
        Source::Miners(_) => miners(tx, &mut builder, &from).await?,
    }
    Ok(builder)
}

async fn entities(
    tx: &mut Tx,
    builder: &mut Builder,
    dataset: &str,
    tier: SiteTier,
    from: &From<'_>,
) -> Result<(), DbError> {
    let public = tier == SiteTier::Public;
    let directory = public && dataset == "cooperatives";
    let mut squares = Squares::default();
    if public && !directory {
        features::positions(tx, from.scope, (dataset, from.as_of), |at| squares.add(at)).await?;
    }
    features::each(tx, from.scope, (dataset, from.as_of), |row| {
        if directory {
            if agreed(&row.props) {
                let at = row.position.map(square);
                builder.point(row.entity_id, at);
                public_places(builder, at, from.gazetteer);
                builder.set_text("name", &row.label);
                properties(builder, &row.props);
            }
            return;
        }
        if public {
            public_site(builder, &row, &squares, from);
            return;
        }
        // Seven decimals are a centimetre; more is noise.
        builder.point(row.entity_id, row.position.map(|p| p.map(|c| (c * 1e7).round() / 1e7)));
        builder.set_text("name", &row.label);
        builder.set_text("status", &row.status);
        places(builder, &row);
        if let Some(field) = builder.field("position_flags") {
            builder.set_json(field, &row.flags);
        }
        builder.set_number("version", row.version);
        properties(builder, &row.props);
    })
    .await
}

/// A site as the public sees it: rounded, and alone in its square without a word.
fn public_site(builder: &mut Builder, row: &EntityRow, squares: &Squares, from: &From<'_>) {
    let at = row.position.map(square);
    builder.point(row.entity_id, at);
    public_places(builder, at, from.gazetteer);
    if row.position.is_some_and(|p| squares.is_shared(p)) {
        builder.set_text("name", &row.label);
        builder.set_text("status", &row.status);
        properties(builder, &row.props);
    }
}

/// Whether a cooperative agreed to stand in a public directory.
fn agreed(props: &str) -> bool {
    serde_json::from_str::<BTreeMap<String, serde_json::Value>>(props)
        .is_ok_and(|p| p.get("contact_consent").is_some_and(|v| v == "yes"))
}

/// The region and cercle of the rounded position: those of the exact one would tell on which side of a
/// border it lies.
fn public_places(builder: &mut Builder, at: Option<[f64; 2]>, gazetteer: &Gazetteer) {
    let Some(position) = at.and_then(|[lon, lat]| Position::new(lon, lat)) else { return };
    let codes = gazetteer.locate(position).place_2023.codes;
    named(builder, "region", Level::Region, codes.region.as_deref().unwrap_or_default());
    named(builder, "cercle", Level::Cercle, codes.cercle.as_deref().unwrap_or_default());
}

fn named(builder: &mut Builder, field: &str, level: Level, code: &str) {
    builder.set_text(field, code);
    let (name, level) = match level {
        Level::Region => ("region_name", sanu_schemas::Level::Region),
        Level::Cercle => ("cercle_name", sanu_schemas::Level::Cercle),
        Level::Commune => ("commune_name", sanu_schemas::Level::Commune),
    };
    if builder.field(name).is_some() {
        builder.set_text(name, &sanu_schemas::place_name(level, code).unwrap_or_default());
    }
}

fn places(builder: &mut Builder, row: &EntityRow) {
    let [r12, c12, m12, r23, c23, m23] = &row.places;
    let [b12, b23] = &row.basis;
    named(builder, "region", Level::Region, r23);
    named(builder, "cercle", Level::Cercle, c23);
    named(builder, "commune", Level::Commune, m23);
    for (name, value) in [
        ("place_basis", b23),
        ("region_2012", r12),
        ("cercle_2012", c12),
        ("commune_2012", m12),
        ("place_basis_2012", b12),
        ("mining_district", &row.district),
    ] {
        builder.set_text(name, value);
    }
}

/// Sets those properties that the collection has; all others stay where they are.
fn properties(builder: &mut Builder, props: &str) {
    let mut text = serde_json::Deserializer::from_str(props);
    // What the register holds is JSON; of what is not, nothing more is told.
    let _told = text.deserialize_map(Properties(builder));
}

/// Takes the properties of an entity one by one, without a map of them.
struct Properties<'b>(&'b mut Builder);

impl<'de> Visitor<'de> for Properties<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("properties by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry::<&str, &RawValue>()? {
            // What the register computes was set before, from its own columns.
            let computed = matches!(
                name,
                "name" | "status" | "region" | "cercle" | "commune" | "mining_district" | "version"
            );
            let field = self.0.field(name).filter(|_| !computed);
            if let Some(field) = field.filter(|_| !value.get().starts_with('{')) {
                self.0.set_json(field, value.get());
            }
        }
        Ok(())
    }
}

async fn visits(tx: &mut Tx, builder: &mut Builder, from: &From<'_>) -> Result<(), DbError> {
    features::each(tx, from.scope, ("visites", from.as_of), |row| {
        let site = |id: Uuid| from.sites.and_then(|s| s.point(s.find(&id.to_string())?));
        builder.point(row.entity_id, row.site_id.and_then(site));
        let site_id = row.site_id.map(|id| id.to_string()).unwrap_or_default();
        builder.set_text("site_id", &site_id);
        builder.set_text("status", &row.status);
        places(builder, &row);
        properties(builder, &row.props);
    })
    .await
}

async fn polygons(tx: &mut Tx, day: Option<Date>) -> Result<Vec<Boundary>, DbError> {
    let broken = |_| DbError::Inconsistent { table: "boundary", column: "geometry" };
    let texts = match day {
        Some(day) => boundaries::all_on(tx, &day.to_string()).await?,
        None => boundaries::all(tx).await?,
    };
    texts.iter().map(|t| boundary_from_geojson(t).map_err(broken)).collect()
}

async fn units(
    tx: &mut Tx,
    builder: &mut Builder,
    layer: &Layer,
    day: Option<Date>,
) -> Result<(), DbError> {
    let Source::Units(division, level) = layer.source else { return Ok(()) };
    // Where limits were imported, the day asked for may have none of them.
    let mut found = layer.collection.fields.iter().any(|field| field.name == "valid_on");
    for unit in polygons(tx, day).await? {
        if unit.division != division || unit.level != level {
            continue;
        }
        found = true;
        builder.other(&unit.code, Geometry::Area(unit.geometry));
        builder.set_text("code", &unit.code);
        builder.set_text("name", &unit.name);
        builder.set_text("parent", unit.parent.as_deref().unwrap_or_default());
        builder.set_text("region", unit.region.as_deref().unwrap_or_default());
        builder.set_text("pcode", unit.pcode.as_deref().unwrap_or_default());
        builder.set_text("valid_on", unit.valid_on.as_deref().unwrap_or_default());
    }
    if found || level != Level::Commune {
        return Ok(());
    }
    for seat in sanu_schemas::commune_seats() {
        let Some(code) = seat.commune_code() else { continue };
        let (cercle, region) = match division {
            Division::D2012 => (seat.cercle_2012_code(), seat.region_2012_code()),
            Division::D2023 => (seat.cercle_2023_code(), seat.region_2023_code()),
        };
        builder.other(&code, Geometry::Point([seat.lon, seat.lat]));
        builder.set_text("code", &code);
        builder.set_text("name", &seat.commune);
        builder.set_text("parent", &cercle.unwrap_or_default());
        builder.set_text("region", &region.unwrap_or_default());
    }
    Ok(())
}

/// The id of those whose commune is not known.
const UNKNOWN: &str = "non_connu";

/// Only through the disclosure control of counts: the same cells, the same protection.
async fn miners(tx: &mut Tx, builder: &mut Builder, from: &From<'_>) -> Result<(), DbError> {
    let by = [Axis::Commune2023];
    let table = match from.miners {
        Some(published) => {
            let lines = published.release.table(Cube::Place, &by, from.scope.zones().as_deref());
            let manner = Manner { threshold: publication::threshold("orpailleurs"), round_to: 1 };
            Table::new(lines, manner)
        }
        None => Table::new(
            cells::grouped(tx, from.scope, cells::Sum::of("orpailleurs"), &by).await?,
            Manner::EXACT,
        ),
    };
    let mut places: BTreeMap<String, Geometry> = BTreeMap::new();
    for seat in sanu_schemas::commune_seats() {
        if let Some(code) = seat.commune_code() {
            places.insert(code, Geometry::Point([seat.lon, seat.lat]));
        }
    }
    for unit in polygons(tx, None).await?.into_iter().filter(|u| u.level == Level::Commune) {
        places.insert(unit.code, Geometry::Area(unit.geometry));
    }
    for (line, n) in table.cells() {
        let code = line.codes().next().unwrap_or_default();
        let id = if code.is_empty() { UNKNOWN } else { code };
        builder.other(id, places.get(code).cloned().unwrap_or(Geometry::None));
        named(builder, "commune", Level::Commune, code);
        if let Some(n) = n.number() {
            builder.set_number("miners", n);
        }
        if let Some(field) = builder.field("suppressed") {
            builder.set_json(field, if n.reason().is_some() { "true" } else { "false" });
        }
    }
    Ok(())
}
