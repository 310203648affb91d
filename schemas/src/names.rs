//! Forms of one name that no spelling rule joins.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::table;

/// Which part of a name a form is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum NameRole {
    /// A given name.
    Given,
    /// A surname (jamu).
    Surname,
}

/// One form of a name and the group of forms it belongs to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct NameForm {
    /// Given name or surname.
    pub role: NameRole,
    /// The group: its best-known form.
    pub group: String,
    /// The form, in capitals without accents.
    pub form: String,
    /// Why it is there, or what it must not be confused with.
    pub note: String,
}

/// Returns all forms. To be reviewed by a specialist of Malian names before an agreement by alias is given weight.
pub fn name_forms() -> &'static [NameForm] {
    static FORMS: OnceLock<Vec<NameForm>> = OnceLock::new();
    FORMS.get_or_init(|| table::rows(include_str!("../names/aliases.csv")))
}

/// Two names that families give to twins, each in capitals without accents.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct TwinNames {
    /// The name of one.
    pub one: String,
    /// The name of the other.
    pub other: String,
    /// Why it is there.
    pub note: String,
}

/// Returns the pairs of names that twins are usually given. To be reviewed by the same specialist.
pub fn twin_names() -> &'static [TwinNames] {
    static PAIRS: OnceLock<Vec<TwinNames>> = OnceLock::new();
    PAIRS.get_or_init(|| table::rows(include_str!("../names/twins.csv")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_bear_known_forms_of_given_names() {
        let known = |name: &str| {
            name_forms().iter().any(|f| f.role == NameRole::Given && f.form == name)
                || name == "ADAMA"
        };
        for pair in twin_names() {
            assert!(known(&pair.one) && known(&pair.other), "{pair:?}");
        }
    }

    #[test]
    fn every_form_stands_once_and_is_folded() {
        let mut seen = std::collections::HashSet::new();

        for form in name_forms() {
            assert!(
                seen.insert((form.role == NameRole::Given, &form.form)),
                "{} stands twice",
                form.form
            );
            assert!(
                form.form.bytes().all(|b| b.is_ascii_uppercase()),
                "{} is not folded",
                form.form
            );
        }
    }
}
