//! SQL, one file per aggregate. Statements stand beside their one user.

pub mod accounts;
pub mod audit;
pub mod boundaries;
pub mod devices;
pub mod forms;
pub mod server;
mod scope;
pub mod zones;

pub use scope::{Scope, ZoneId};
