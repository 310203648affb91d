//! Features as a `GeoPackage`: one file that QGIS, `ArcGIS`, R and Python open.
//!
//! Source: OGC 12-128r18, `GeoPackage` 1.3.1.

use std::{
    fmt::Write as _,
    io::{self, Seek, Write},
};

use super::{
    cell::{Cell, cell},
    database::{Database, Stored},
    rtree, wkb,
};
use crate::ogc::{Bounds, Features, Kind, Located};

const SYSTEMS: &str = "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, \
     organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT)";
const CONTENTS: &str = "CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, \
     identifier TEXT UNIQUE, description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT \
     (strftime('%Y-%m-%dT%H:%M:%fZ','now')), min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER, \
     CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))";
const GEOMETRIES: &str = "CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, \
     geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL, \
     CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name), \
     CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name), \
     CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id))";
const EXTENSIONS: &str = "CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, \
     extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL, \
     CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))";
const WGS84: &str = "GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563,AUTHORITY[\"EPSG\",\"7030\"]],\
     AUTHORITY[\"EPSG\",\"6326\"]],PRIMEM[\"Greenwich\",0,AUTHORITY[\"EPSG\",\"8901\"]],UNIT[\"degree\",0.0174532925199433,\
     AUTHORITY[\"EPSG\",\"9122\"]],AXIS[\"Latitude\",NORTH],AXIS[\"Longitude\",EAST],AUTHORITY[\"EPSG\",\"4326\"]]";
/// `user_version` of version 1.3.
const VERSION: u32 = 10_300;

/// What the file says of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    /// The name of its table.
    pub(super) name: &'a str,
    /// What it holds, in French.
    pub(super) title: &'a str,
    /// When it was read, RFC 3339.
    pub(super) at: &'a str,
}

/// Writes the file.
pub(super) fn write(
    features: &Features,
    about: About<'_>,
    out: &mut (impl Write + Seek),
) -> io::Result<()> {
    let mut file = Database::new(out)?;
    let kind = if features.has_areas() { "GEOMETRY" } else { "POINT" };
    let root = rows(&mut file, features)?;
    file.declare(
        ["table", about.name, about.name],
        root,
        Some(&definition(features, about.name, kind)),
    )?;
    systems(&mut file)?;
    contents(&mut file, about, features.bounds())?;
    geometries(&mut file, about.name, kind)?;
    extensions(&mut file, about.name)?;
    rtree::write(&mut file, features, (about.name, key(features)))?;
    file.finish(*b"GPKG", VERSION).map(|_| ())
}

/// The name of the number of a row.
fn key(features: &Features) -> &'static str {
    if features.field("fid").is_some() { "row_number" } else { "fid" }
}

fn definition(features: &Features, name: &str, kind: &str) -> String {
    let key = key(features);
    let mut sql = format!(
        "CREATE TABLE {} ({key} INTEGER PRIMARY KEY NOT NULL, geometry {kind}, id TEXT NOT NULL",
        quoted(name)
    );
    for field in features.fields() {
        let kind = match field.kind {
            Kind::Text | Kind::List => "TEXT",
            Kind::Number => "DOUBLE",
            Kind::Integer => "INTEGER",
            Kind::Boolean => "BOOLEAN",
            Kind::Date => "DATE",
            Kind::Instant => "DATETIME",
        };
        let _infallible = write!(sql, ", {} {kind}", quoted(&field.name));
    }
    sql.push(')');
    sql
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn rows<W: Write + Seek>(file: &mut Database<W>, features: &Features) -> io::Result<u32> {
    let mut table = file.table();
    let mut blob = Vec::new();
    let mut rows = features.rows();
    for (number, row) in (1..).zip(0..features.len()) {
        let read = rows.row(row)?;
        blob.clear();
        geometry(&mut blob, features, row);
        let id = features.id(row);
        let at = if blob.is_empty() { Stored::Null } else { Stored::Blob(&blob) };
        let cells: Vec<Cell<'_>> = (0..features.fields().len()).map(|f| cell(&read, f)).collect();
        let mut values = Vec::with_capacity(cells.len() + 3);
        values.extend([Stored::Null, at, Stored::Text(&id)]);
        values.extend(cells.iter().enumerate().map(|(field, cell)| stored(cell, read.json(field))));
        table.row(number, &values)?;
    }
    table.finish()
}

fn stored<'v>(cell: &'v Cell<'_>, json: &'v str) -> Stored<'v> {
    match cell {
        Cell::Empty => Stored::Null,
        Cell::Text(text) => Stored::Text(text),
        Cell::Whole(n) => Stored::Whole(*n),
        Cell::Decimal(n) => Stored::Decimal(*n),
        Cell::Bool(b) => Stored::Whole(i64::from(*b)),
        Cell::Day(_) | Cell::Moment(_) => Stored::Text(json.trim_matches('"')),
    }
}

/// The geometry with its head: little-endian, WGS 84, the box of an area.
fn geometry(blob: &mut Vec<u8>, features: &Features, row: usize) {
    let located = features.located(row);
    let boxed = match located {
        Located::Nowhere => return,
        Located::At(_) => None,
        Located::Within(_) => features.around(row),
    };
    blob.extend([b'G', b'P', 0, if boxed.is_some() { 0b11 } else { 0b1 }]);
    blob.extend(4_326_i32.to_le_bytes());
    if let Some([w, s, e, n]) = boxed {
        for c in [w, e, s, n] {
            blob.extend(c.to_le_bytes());
        }
    }
    wkb::push(blob, located);
}

fn systems<W: Write + Seek>(file: &mut Database<W>) -> io::Result<()> {
    let mut table = file.table();
    for (number, name, organization, definition) in [
        (-1, "Undefined Cartesian SRS", "NONE", "undefined"),
        (0, "Undefined geographic SRS", "NONE", "undefined"),
        (4_326, "WGS 84 geodetic", "EPSG", WGS84),
    ] {
        let row = [
            Stored::Text(name),
            Stored::Null,
            Stored::Text(organization),
            Stored::Whole(number),
            Stored::Text(definition),
            Stored::Null,
        ];
        table.row(number, &row)?;
    }
    let root = table.finish()?;
    let name = "gpkg_spatial_ref_sys";
    file.declare(["table", name, name], root, Some(SYSTEMS))
}

fn contents<W: Write + Seek>(
    file: &mut Database<W>,
    about: About<'_>,
    bounds: Option<Bounds>,
) -> io::Result<()> {
    let mut row = vec![
        Stored::Text(about.name),
        Stored::Text("features"),
        Stored::Text(about.title),
        Stored::Text(""),
        Stored::Text(about.at),
    ];
    match bounds {
        Some(bounds) => row.extend(bounds.map(Stored::Decimal)),
        None => row.extend([Stored::Null; 4]),
    }
    row.push(Stored::Whole(4_326));
    let mut table = file.table();
    table.row(1, &row)?;
    let root = table.finish()?;
    let name = "gpkg_contents";
    file.declare(["table", name, name], root, Some(CONTENTS))?;
    index(file, name, 1, &[Stored::Text(about.name)])?;
    index(file, name, 2, &[Stored::Text(about.title)])
}

fn geometries<W: Write + Seek>(file: &mut Database<W>, of: &str, kind: &str) -> io::Result<()> {
    let mut table = file.table();
    let [of, column] = [Stored::Text(of), Stored::Text("geometry")];
    let zero = Stored::Whole(0);
    table.row(1, &[of, column, Stored::Text(kind), Stored::Whole(4_326), zero, zero])?;
    let root = table.finish()?;
    let name = "gpkg_geometry_columns";
    file.declare(["table", name, name], root, Some(GEOMETRIES))?;
    index(file, name, 1, &[of, column])?;
    index(file, name, 2, &[of])
}

fn extensions<W: Write + Seek>(file: &mut Database<W>, of: &str) -> io::Result<()> {
    let row = [of, "geometry", "gpkg_rtree_index"].map(Stored::Text);
    let [definition, scope] =
        ["http://www.geopackage.org/spec121/#extension_rtree", "write-only"].map(Stored::Text);
    let mut table = file.table();
    let [name, column, extension] = row;
    table.row(1, &[name, column, extension, definition, scope])?;
    let root = table.finish()?;
    let name = "gpkg_extensions";
    file.declare(["table", name, name], root, Some(EXTENSIONS))?;
    index(file, name, 1, &row)
}

/// An index that the text of its table implies.
fn index<W: Write + Seek>(
    file: &mut Database<W>,
    table: &str,
    number: u8,
    columns: &[Stored<'_>],
) -> io::Result<()> {
    let root = file.index_of_one(columns)?;
    file.declare(["index", &format!("sqlite_autoindex_{table}_{number}"), table], root, None)
}
