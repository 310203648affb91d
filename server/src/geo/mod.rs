//! Where a point is, in both administrative divisions: pure values in and out, no I/O, SQL or HTTP.

mod area;
mod boundary;
mod crosswalk;
mod error;
mod flag;
mod gazetteer;
mod layout;
mod place;
mod position;
mod read;
mod rings;
mod seats;
#[cfg(test)]
mod testing;

pub(crate) use area::Area;
pub use boundary::{Boundary, Namer, Names, boundary_from_geojson, boundary_geojson};
pub use crosswalk::{Common, Ground, crosswalk};
pub use error::GeoError;
pub use flag::{PHASE1_REGIONS, PositionFlag};
pub(crate) use flag::{is_outside_phase1_box, misplaced};
pub use gazetteer::Gazetteer;
pub use place::{Basis, Division, Level, Place, PlaceCodes, Placement, UnknownWord};
pub use position::{
    GeoPoint, LineError, Position, PositionError, distance_m, parse_geoline, parse_geopoint,
};
pub use read::{Import, Note, read_boundaries, read_boundaries_with_notes};
pub use seats::SeatPoint;
