//! Writing places and tables out, as far as the reader may see them.

mod cell;
mod codebook;
mod database;
mod file;
mod flat;
mod flatgeobuf;
mod geojson;
mod geopackage;
mod kml;
mod lines;
mod mvt;
mod parquet;
mod prepared;
mod rtree;
mod sheet;
mod thrift;
mod tile;
mod wkb;
mod workbook;
mod xlsx;

pub use codebook::{About, Companion};
pub use file::{Format, Label, sum, write};
pub use geojson::{FOOT, HEAD, site_feature, site_property};
pub use sheet::{Entry, Sheet, harmless};
pub use tile::Tile;
