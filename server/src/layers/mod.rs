//! The collections of `/ogc`: which ones a role may read, with which properties, and their features,
//! built from the register and held while nothing changes.

mod catalog;
mod held;
mod load;
mod mask;

pub use catalog::{Layer, Source, answered, layers, sites};
pub use held::{Held, Layers};
