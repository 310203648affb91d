//! Black-box tests: real processes, real TCP, both databases, real clients. One binary: linking
//! is slow on two cores.

#[macro_use]
mod support;

mod main_job;
mod register;
mod schema;
