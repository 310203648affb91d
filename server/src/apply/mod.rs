//! Deriving: reads the journal in order and writes everything that people read.
//!
//! A deterministic function of the journal, the forms, the code lists and the boundaries: the
//! same events give the same rows, live or rebuilt.

mod ahead;
mod audit;
mod cells;
mod change;
mod engine;
mod entity;
mod event;
mod fold;
mod interpret;
mod load;
mod rebuild;
mod replace;
mod write;

pub use audit::{JournalCheck, check_counts, check_journal, waiting_events};
pub use engine::{Applier, ApplyError, Progress};
pub use interpret::realm as realm_of_form;
pub use rebuild::{derived_hash, rebuild};
