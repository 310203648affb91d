//! Reads the embedded CSV tables into typed rows.

use serde::de::DeserializeOwned;

/// Parses an embedded table.
///
/// The tables are part of the program and every one is read by a test, so a row that does not parse is a bug.
pub(crate) fn rows<T: DeserializeOwned>(text: &str) -> Vec<T> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("embedded tables are well-formed: the tests read them all")
}
