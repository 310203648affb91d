//! The fixed tables that are published by name.

use std::sync::OnceLock;

use serde::{Deserialize, Deserializer};

use crate::table;

/// Figures of another source that a table shows beside its own.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Beside {
    /// Base cooperatives, unions and federations that the confederation declared by mining district
    /// at its general assembly of 17 December 2024.
    DeclaredOrganisations,
    /// Who is covered by social protection, among members of cooperatives and among all (R25).
    Coverage,
}

/// One fixed table.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct FixedTable {
    /// The name used in URLs.
    #[serde(rename = "table")]
    pub name: String,
    /// The title people read.
    pub title_fr: String,
    /// What is counted.
    pub dataset: String,
    /// The dimensions, in the order of their columns.
    #[serde(deserialize_with = "names")]
    pub by: Vec<String>,
    /// What is shown beside.
    pub beside: Option<Beside>,
    /// Whether it is for the public too.
    #[serde(deserialize_with = "table::yes_or_no")]
    pub public: bool,
}

/// What was declared for one mining district.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct DeclaredOrganisations {
    /// The district.
    #[serde(rename = "code")]
    pub district: String,
    /// Base cooperatives.
    #[serde(rename = "seed_base_coops")]
    pub base: i64,
    /// Unions.
    #[serde(rename = "seed_unions")]
    pub unions: i64,
    /// Federations.
    #[serde(rename = "seed_federations")]
    pub federations: i64,
}

/// Returns every fixed table, in the order people expect them.
pub fn tables() -> &'static [FixedTable] {
    static TABLES: OnceLock<Vec<FixedTable>> = OnceLock::new();
    TABLES.get_or_init(|| table::rows(include_str!("../tables.csv")))
}

/// Returns what was declared for each mining district.
pub fn declared_organisations() -> &'static [DeclaredOrganisations] {
    static DECLARED: OnceLock<Vec<DeclaredOrganisations>> = OnceLock::new();
    DECLARED.get_or_init(|| table::rows(include_str!("../codelists/mining_district.csv")))
}

fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(String::deserialize(deserializer)?.split(';').map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datasets;

    #[test]
    fn every_table_counts_a_known_dataset_under_a_name_of_its_own() {
        let mut names: Vec<_> = tables().iter().map(|t| &t.name).collect();
        names.sort();
        names.dedup();

        assert_eq!(names.len(), tables().len());
        for table in tables() {
            assert!(datasets().iter().any(|d| d.name == table.dataset), "{}", table.name);
            assert!(!table.by.is_empty());
        }
    }

    #[test]
    fn the_declared_figures_add_up_to_what_the_assembly_read_out() {
        let sum = |of: fn(&DeclaredOrganisations) -> i64| {
            declared_organisations().iter().map(of).sum::<i64>()
        };

        assert_eq!((sum(|d| d.base), sum(|d| d.unions), sum(|d| d.federations)), (247, 17, 8));
    }
}
