//! The datasets that submissions are gathered in.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::table;

/// Whose data it is: children's have encryption keys and access rules of their own.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Realm {
    /// Adults, and what is not about persons.
    Adults,
    /// Children.
    Children,
}

/// What one record stands for: what is said of persons is protected, what is said of a place is not.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A person, or what a person said.
    Person,
    /// A place.
    Place,
    /// A visit of a place.
    Visit,
    /// An organisation.
    Organisation,
}

/// One dataset.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct Dataset {
    /// The name used in forms, URLs and storage.
    #[serde(rename = "dataset")]
    pub name: String,
    /// The title people read.
    pub title_fr: String,
    /// The same in English.
    pub title_en: String,
    /// Whose data it is.
    pub realm: Realm,
    /// What one record stands for.
    pub unit: Unit,
    /// Whether its list is sent to phones.
    #[serde(deserialize_with = "table::yes_or_no")]
    pub on_devices: bool,
    /// What one record stands for, in words.
    pub unit_fr: String,
}

/// Returns every dataset, in the order people expect them.
pub fn datasets() -> Vec<Dataset> {
    static DATASETS: OnceLock<Vec<Dataset>> = OnceLock::new();
    DATASETS.get_or_init(|| table::rows(include_str!("../datasets.csv"))).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sites_and_cooperatives_are_sent_to_phones() {
        let sent: Vec<_> =
            datasets().into_iter().filter(|it| it.on_devices).map(|it| it.name).collect();

        assert_eq!(sent, ["sites", "cooperatives"]);
    }

    #[test]
    fn only_children_are_in_the_realm_of_children() {
        let children: Vec<_> =
            datasets().into_iter().filter(|it| it.realm == Realm::Children).collect();

        assert_eq!(children.len(), 1);
        assert_eq!(children[0].name, "enfants");
        assert_eq!(datasets().len(), 11);
    }
}
