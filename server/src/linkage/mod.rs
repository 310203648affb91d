//! Who is who: finds the registrations that describe one person, says how sure it is and why.
//!
//! Pure: no database, no network, no clock, no randomness, and of the project nothing but the data tables of
//! `sanu_schemas`. The rest of the server gives it [`Registration`]s and reads [`Match`]es; it never decides what is
//! done with them. Read `docs/linkage.md` first.

mod evidence;
mod linkage;
mod model;
pub mod places;
mod policy;
mod records;
mod registration;
mod resolver;
mod verdict;

pub use evidence::{Comparison, Evidence, Field};
pub use linkage::{LargeBlock, Linkage, Progress, Quality, ScoredPair, link};
pub use model::{Model, train};
pub use policy::{Auto, Policy};
pub use records::{RecordNo, Records};
pub use registration::{Kind, Registration, Sex};
pub use resolver::{Resolver, SnapshotError};
pub use verdict::{Decision, KeyKind, Match, Reviewed, Stop, Stops, Verdict};
