//! scratch target
#[macro_use]
mod support;
mod access;
mod crash;
mod geography;
mod sync;
