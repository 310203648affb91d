//! scratch target
#[macro_use]
#[cfg(test)]
mod support;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod openrosa;
