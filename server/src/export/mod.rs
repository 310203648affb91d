//! Writing places out, as far as the reader may see them.

mod geojson;

pub use geojson::{FOOT, HEAD, site_feature, site_property};
