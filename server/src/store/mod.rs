//! SQL, one file per aggregate. Statements stand beside their one user.

pub mod accounts;
pub mod audit;
pub mod boundaries;
pub mod cells;
pub mod devices;
pub mod entities;
pub mod feed;
pub mod forms;
pub mod server;
pub mod sites;
mod scope;
pub mod zones;

pub use scope::{Scope, ZoneId};
