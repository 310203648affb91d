//! Registrations of people who never lived, with the truth beside: for benches, tests and trying `sanu link`.
//!
//! What makes people hard to tell apart is drawn on purpose: polygynous homes, brothers named after one grandfather,
//! twins, homonyms of one village, the hand of each enumerator, and people who are met again on another site weeks
//! later. Pure and seeded: the same seed, count and mix give the same bytes.

mod file;
mod hand;
mod home;
mod land;
mod lists;
mod mix;
mod plan;
mod written;

pub use file::{Compression, RegistrationFiles, write_registrations};
pub use mix::Mix;
pub use plan::{Registrations, Tag, Truth};
pub use written::Written;

#[cfg(test)]
mod tests;
