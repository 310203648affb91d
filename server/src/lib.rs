//! Sanu: one server that takes survey batches from phones, keeps every one for good, works out
//! whom and what they describe, and answers for it. See `docs/ARCHITECTURE.md`.

pub mod access;
pub mod apply;
pub mod catalogue;
pub mod db;
pub mod forms;
pub mod geo;
pub mod intake;
pub mod keys;
pub mod places;
pub mod runtime;
pub mod store;
