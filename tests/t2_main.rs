//! scratch target
#[macro_use]
mod support;
mod phone;
