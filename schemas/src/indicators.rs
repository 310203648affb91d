//! The derived indicators: their names, versions and sources.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::table;

/// One indicator; what computes it names the id.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct Indicator {
    /// The stable id, such as `R12`.
    pub id: String,
    /// Counts up when its definition changes; shown beside its figures.
    pub version: u32,
    /// The name people read.
    pub name_fr: String,
    /// The same in English.
    pub name_en: String,
    /// The standard or the definition that it follows.
    pub source: String,
}

/// Every indicator, by number.
pub fn indicators() -> &'static [Indicator] {
    static INDICATORS: OnceLock<Vec<Indicator>> = OnceLock::new();
    INDICATORS.get_or_init(|| table::rows(include_str!("../indicators.csv")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_indicator_has_an_id_of_its_own_and_names() {
        let ids: BTreeSet<&str> = indicators().iter().map(|it| it.id.as_str()).collect();

        assert_eq!(ids.len(), indicators().len());
        for it in indicators() {
            assert!(it.id.starts_with('R') && it.version >= 1, "{}", it.id);
            assert!(!it.name_fr.is_empty() && !it.name_en.is_empty(), "{}", it.id);
        }
    }
}
