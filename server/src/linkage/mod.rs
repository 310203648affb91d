//! Who is who: finds the registrations that describe one person, says how sure it is and why.
//!
//! Pure: no database, no network, no clock, no randomness, and of the project nothing but the data tables of
//! `sanu_schemas`. The rest of the server gives it [`Registration`]s and reads [`Match`]es; it never decides what is
//! done with them. Read `docs/linkage.md` first.

mod absent;
mod batch;
mod birth;
mod blocks;
mod calibration;
mod cluster;
mod em;
mod evidence;
mod explain;
mod fold;
mod hashing;
mod index;
mod keys;
mod model;
mod names;
mod numbers;
mod pattern;
mod phones;
pub mod places;
mod policy;
mod prior;
mod records;
mod registration;
mod resolver;
mod score;
mod similarity;
mod sketch;
mod snapshot;
mod sound;
mod stops;
mod train;
mod trees;
mod verdict;
mod weights;
mod words;

#[cfg(test)]
mod promise_tests;
#[cfg(test)]
mod tests;

pub use batch::{LargeBlock, Linkage, Progress, Quality, ScoredPair, link, train_and_link};
pub use evidence::{Comparison, Evidence, Field};
pub use model::{Model, ModelError};
pub use numbers::is_same_phone;
pub use policy::{Auto, Policy};
pub use records::{RecordNo, Records};
pub use registration::{Kind, Registration, Sex};
pub use resolver::{Resolver, SnapshotError};
pub use train::train;
pub use verdict::{Decision, KeyKind, Match, Reviewed, Stop, Stops, Verdict};
