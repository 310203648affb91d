//! Sanu: one server that takes survey batches from phones, keeps every one for good, works out
//! whom and what they describe, and answers for it. See `docs/ARCHITECTURE.md`.

pub mod access;
pub mod app;
pub mod apply;
pub mod backup;
pub mod catalogue;
pub mod central;
pub mod cli;
pub mod counts;
pub mod db;
pub mod export;
pub mod extract;
pub mod figures;
pub mod forms;
mod french;
pub mod geo;
pub mod http;
pub mod import;
pub mod indicators;
pub mod intake;
pub mod keys;
pub mod layers;
pub mod link;
pub mod linkage;
pub mod ogc;
pub mod openrosa;
mod overdue;
pub mod places;
pub mod publication;
pub mod rules;
pub mod runtime;
mod scratch;
pub mod simulate;
pub mod store;
pub mod tally_book;
