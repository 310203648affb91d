//! Sanu: one server that takes survey batches from phones, keeps every one for good, works out
//! whom and what they describe, and answers for it. See `docs/ARCHITECTURE.md`.

pub mod db;
pub mod keys;
pub mod runtime;
