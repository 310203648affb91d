//! Deriving: reads the journal in order and writes everything that people read.
//!
//! A deterministic function of the journal, the forms, the code lists and the boundaries: the
//! same events give the same rows, live or rebuilt.

mod again;
mod ahead;
mod aside;
mod audit;
mod bring;
mod cells;
mod chain;
mod change;
mod conflict;
mod days;
mod decide;
mod delete;
mod described;
mod engine;
mod entity;
mod erase;
mod erased;
mod event;
mod fold;
mod force;
mod groups;
mod heard;
mod held_of;
mod history;
#[cfg(test)]
mod history_tests;
mod holders;
mod identity;
mod imported;
mod interpret;
mod load;
mod look_up;
mod looks;
mod memory;
mod outside;
mod pairs;
mod past;
mod people;
mod reading;
mod rebuild;
mod recall;
mod recount;
mod refold;
mod regroup;
mod remember;
mod replace;
mod review;
mod reviewed;
mod rows;
mod settle;
mod stand;
mod submissions;
mod traces;
mod turn;
mod versions;
mod view;
mod write;

pub use aside::{Aside, Wanted};
pub use audit::{JournalCheck, check_counts, check_journal, check_places, waiting_events};
pub use conflict::{Conflict, Field, Level, Side};
pub use days::{Closed, close_through};
pub use engine::{Applier, ApplyError, Progress};
pub use fold::is_on_devices;
pub use held_of::{Held, HeldSubmission, HeldVersion};
pub use history::{Happened, History};
pub use identity::card_key;
pub use imported::read_imports;
pub use interpret::realm as realm_of_form;
pub use people::People;
pub use reading::{Contact, Registered};
pub use rebuild::{derived_hash, rebuild};
pub use stand::Acceptance;
pub use versions::{Version, Versions};
