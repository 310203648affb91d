//! Reads the embedded CSV tables into typed rows.

use serde::{Deserialize as _, Deserializer, de::DeserializeOwned};

/// Parses an embedded table.
///
/// The tables are part of the program and every one is read by a test, so a row that does not parse is a bug.
pub(crate) fn rows<T: DeserializeOwned>(text: &str) -> Vec<T> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("embedded tables are well-formed: the tests read them all")
}

/// Reads a truth value as people write it in a table.
pub(crate) fn yes_or_no<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(serde::de::Error::custom(format!("`{other}` is neither yes nor no"))),
    }
}
