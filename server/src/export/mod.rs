//! Writing places and tables out, as far as the reader may see them.

mod geojson;
mod sheet;
mod xlsx;

pub use geojson::{FOOT, HEAD, site_feature, site_property};
pub use sheet::{Entry, Sheet};
