//! scratch target
#[macro_use]
mod support;
mod bad_input;
mod openrosa;
