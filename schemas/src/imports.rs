//! The columns of the base lists that an office loads before and during a census.

use std::sync::OnceLock;

use serde::{Deserialize, Deserializer};

use crate::table;

/// How the values of a column are read.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// The code by which a line is known again.
    Key,
    /// The code of an enumerator: two letters and three digits; also a key.
    Agent,
    /// Free text.
    Text,
    /// A code of a list, or its French label.
    Code,
    /// A whole number, not negative.
    Integer,
    /// A year, 1900 to 2100.
    Year,
    /// Degrees north.
    Lat,
    /// Degrees east.
    Lon,
    /// A day.
    Date,
    /// Yes or no.
    YesNo,
    /// The code of a line of another base list.
    Ref,
    /// Several of them.
    Refs,
    /// The number of a census card.
    Card,
    /// The zone that the line is registered in.
    Zone,
}

/// One column of a base list.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct ImportColumn {
    /// The list it is of.
    pub dataset: String,
    /// The property that it sets.
    pub property: String,
    /// What people call it.
    pub title_fr: String,
    /// How its values are read.
    pub kind: ImportKind,
    /// The code list, or the base list that it refers to.
    pub list: String,
    /// Whether its values identify somebody: they are sealed.
    #[serde(rename = "class", deserialize_with = "direct")]
    pub is_direct: bool,
    /// Whether every line must have it.
    #[serde(deserialize_with = "table::yes_or_no")]
    pub required: bool,
    /// Headers it is found under, folded: small letters, no accents, no small words.
    #[serde(deserialize_with = "names")]
    pub aliases: Vec<String>,
}

/// Returns the columns of every base list, in the order people expect them.
pub fn import_columns() -> &'static [ImportColumn] {
    static COLUMNS: OnceLock<Vec<ImportColumn>> = OnceLock::new();
    COLUMNS.get_or_init(|| table::rows(include_str!("../imports.csv")))
}

fn direct<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "direct" => Ok(true),
        "none" => Ok(false),
        other => Err(serde::de::Error::custom(format!("`{other}` is neither direct nor none"))),
    }
}

fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(String::deserialize(deserializer)?.split(';').map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_list_has_a_key_and_no_header_means_two_things() {
        let datasets: HashSet<_> = import_columns().iter().map(|c| c.dataset.as_str()).collect();
        assert_eq!(datasets.len(), 6);
        for dataset in datasets {
            let columns = || import_columns().iter().filter(|c| c.dataset == dataset);
            let keys = columns().filter(|c| c.required).count();
            assert!(keys > 0, "{dataset}");
            let mut seen = HashSet::new();
            for alias in columns().flat_map(|c| &c.aliases) {
                assert!(seen.insert(alias), "{dataset}: {alias}");
                assert!(alias.is_ascii() && *alias == alias.to_lowercase(), "{alias}");
            }
        }
    }

    #[test]
    fn every_code_list_of_a_column_is_there() {
        for column in import_columns().iter().filter(|c| c.kind == ImportKind::Code) {
            assert!(crate::codelist(&column.list).is_some(), "{}", column.list);
        }
    }
}
