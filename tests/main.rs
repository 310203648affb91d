//! Black-box tests: real processes, real TCP, both databases, real clients. One binary: linking
//! is slow on two cores.

#![expect(
    clippy::let_underscore_must_use,
    clippy::format_push_string,
    clippy::disallowed_methods,
    reason = "tests read their environment, build texts by hand and let go of what ends with them"
)]

// `cfg(test)` on each, so that clippy treats helpers as tests too.
#[cfg(test)]
#[macro_use]
mod support;

#[cfg(test)]
mod access;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod central;
#[cfg(test)]
mod chains;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod conflicts;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod corrections;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod datasets;
#[cfg(test)]
mod days;
#[cfg(test)]
mod deletion;
#[cfg(test)]
mod dimensions;
#[cfg(test)]
mod disclosure;
#[cfg(test)]
mod entities;
#[cfg(test)]
mod erasure;
#[cfg(test)]
mod erasure_reach;
#[cfg(test)]
mod extract;
#[cfg(test)]
mod form_files;
#[cfg(test)]
mod geography;
#[cfg(test)]
mod held;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod indicators;
#[cfg(test)]
mod link;
#[cfg(test)]
mod linkage;
#[cfg(test)]
mod main_job;
#[cfg(test)]
mod marks;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod ogc;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod openrosa;
#[cfg(test)]
mod phone;
#[cfg(test)]
mod quality;
#[cfg(test)]
mod register;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod reviews;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod sync;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod xlsform;
#[cfg(test)]
mod xpath;
