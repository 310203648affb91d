//! The headers under which things are found in the lists of this field, French and English (`headers.csv`).

use std::{collections::HashMap, sync::LazyLock};

use sanu_schemas::slug;

use super::columns::Column;

/// Column keys and folded headers, the surest of a column first.
const HEADERS: &str = include_str!("headers.csv");

/// How well a header tells a column: the lower the better; `None` when it does not.
pub(super) fn rank(column: Column, header: &str) -> Option<usize> {
    static RANKS: LazyLock<HashMap<(&str, &str), usize>> = LazyLock::new(|| {
        let pairs = HEADERS.lines().skip(1).filter_map(|line| line.split_once(','));
        pairs.enumerate().map(|(rank, pair)| (pair, rank)).collect()
    });
    RANKS.get(&(column.key(), folded(header).as_str())).copied()
}

/// A header without case, accents and punctuation: `Nom du père` and `nom_du_pere` are one.
pub(super) fn folded(header: &str) -> String {
    slug(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_header_is_folded_and_tells_a_column() {
        for line in HEADERS.lines().skip(1) {
            let (key, header) = line.split_once(',').unwrap();
            assert!(Column::ALL.iter().any(|column| column.key() == key), "{line}");
            assert_eq!(folded(header), header, "{line}");
        }
    }
}
