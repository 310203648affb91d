//! A census that never happened and a fleet of phones to send it: demos, load, `sanu simulate`.
//!
//! A client like any other: it knows the forms and the wire, and nothing of the server's insides.

mod calendar;
mod card;
mod census;
mod child;
mod client;
mod cooperative;
mod document;
mod fleet;
mod latency;
mod miner;
mod multipart;
mod names;
mod native;
mod openrosa;
mod people;
mod profile;
mod registrations;
mod report;
mod rng;
mod site_form;
mod sites;
mod survey;
mod target;
mod visit;

pub use census::{Census, Submission, Submissions};
pub use client::{Answer, Client, ClientError};
pub use fleet::{Plan, SimulateError, run};
pub use multipart::Multipart;
pub use registrations::{
    Compression, Mix, RegistrationFiles, Registrations, Tag, Truth, Written, write_registrations,
};
pub use report::Report;
pub use target::{Target, TargetError};

#[cfg(test)]
mod run_tests;
#[cfg(test)]
mod tests;
