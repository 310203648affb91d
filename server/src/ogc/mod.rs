//! OGC API – Features: what its requests mean and its answers look like. Pure: neither SQL nor HTTP.

pub mod bbox;
mod collection;
mod column;
pub mod conformance;
pub mod cql2;
mod crs;
mod error;
mod features;
mod grid;
mod html;
pub mod links;
mod media;
mod mercator;
mod openapi;
mod page;
mod request;
mod shape;
mod value;
mod write;

pub use collection::{Collection, MALI};
pub use column::Column;
pub use crs::Crs;
pub use error::OgcError;
pub use features::{Builder, Features, Field, Geometry, Located};
pub use grid::Bounds;
pub use html::Html;
pub use media::{Media, negotiate};
pub use openapi::openapi;
pub use page::Page;
pub use request::{LIMIT_DEFAULT, LIMIT_MAX, PARAMETERS, Request, crs_of_feature, only};
pub use value::{Kind, Value};
pub use write::Writer;
