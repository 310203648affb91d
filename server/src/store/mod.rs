//! SQL, one file per aggregate. Statements stand beside their one user.

pub mod accounts;
pub mod as_of;
pub mod audit;
pub mod boundaries;
mod called;

pub mod cells;
pub mod central_entities;
pub mod chains;
pub mod conflicts;
pub mod datasets;
pub mod device_days;
pub mod devices;
pub mod doubt;
pub mod entities;
pub mod extracts;
pub mod features;
pub mod feed;
pub mod figures;
pub mod follow_up;
pub mod forms;
pub mod held;
pub mod imports;
pub mod lost_files;
pub mod metrics;
pub mod pairs;
pub mod persons;
pub mod quality;
pub mod records;
pub mod releases;
pub mod reviews;
mod scope;
pub mod server;
pub mod settings;
pub mod sites;
pub mod small_lists;
pub mod submissions;
pub mod tallies;
pub mod vault;
pub mod versions;
pub mod zones;

pub use as_of::AsOf;
pub use called::{Called, called};
pub use scope::{Scope, ZoneId};
