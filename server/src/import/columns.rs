//! Which column of a file is which, told by its headers in French or English.

use sanu_schemas::ImportColumn;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Words that headers have or leave out.
const SMALL: [&str; 9] = ["de", "du", "des", "la", "le", "les", "l", "d", "of"];

/// Why a header cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum ColumnsError {
    /// There is no such list.
    #[error("liste inconnue : {given} ; les listes sont {}", lists().join(", "))]
    NoSuchList {
        /// What was asked for.
        given: String,
    },
    /// Columns that every line must have.
    #[error("il manque {} ; les titres lus : {}", missing.join(", "), read.join(" | "))]
    Missing {
        /// What is missing, with the headers that would do.
        missing: Vec<String>,
        /// The headers of the file.
        read: Vec<String>,
    },
    /// Two columns that mean the same.
    #[error("les colonnes « {0} » et « {1} » veulent dire la même chose : en retirer une")]
    Twice(String, String),
}

/// The names of the base lists.
pub fn lists() -> Vec<&'static str> {
    let mut names: Vec<_> =
        sanu_schemas::import_columns().iter().map(|c| c.dataset.as_str()).collect();
    names.dedup();
    names
}

/// The columns of a file, in their order.
#[derive(Debug)]
pub struct Columns {
    /// What each column is; `None` for one that is passed over.
    pub of: Vec<Option<&'static ImportColumn>>,
    /// The headers, as written.
    pub headers: Vec<String>,
}

impl Columns {
    /// Finds the columns of a base list by these headers.
    pub fn find(dataset: &str, headers: &[String]) -> Result<Self, ColumnsError> {
        let known = || sanu_schemas::import_columns().iter().filter(|c| c.dataset == dataset);
        if known().next().is_none() {
            return Err(ColumnsError::NoSuchList { given: dataset.to_owned() });
        }
        let headers: Vec<String> = headers.iter().map(|h| h.trim().to_owned()).collect();
        let find = |header: &String| {
            let folded = fold(header);
            known().find(|c| {
                c.aliases.contains(&folded)
                    || fold(&c.title_fr) == folded
                    || fold(&c.property) == folded
            })
        };
        let of: Vec<Option<&ImportColumn>> = headers.iter().map(find).collect();
        for (at, column) in of.iter().enumerate().filter(|(_, c)| c.is_some()) {
            if let Some(first) = of.iter().take(at).position(|c| c == column) {
                let named = |at: usize| headers.get(at).cloned().unwrap_or_default();
                return Err(ColumnsError::Twice(named(first), named(at)));
            }
        }
        let lacks = |c: &&ImportColumn| c.required && !of.contains(&Some(*c));
        let missing: Vec<String> = known()
            .filter(lacks)
            .map(|c| format!("« {} » ({})", c.title_fr, c.aliases.join(", ")))
            .collect();
        if missing.is_empty() {
            Ok(Self { of, headers })
        } else {
            Err(ColumnsError::Missing { missing, read: headers })
        }
    }

    /// Headers of which nothing is used.
    pub fn unused(&self) -> Vec<&str> {
        let passed =
            self.headers.iter().zip(&self.of).filter(|(h, c)| c.is_none() && !h.is_empty());
        passed.map(|(header, _)| header.as_str()).collect()
    }
}

/// A header or a label without capitals, accents, signs and small words.
pub(super) fn fold(text: &str) -> String {
    let letters = text.replace(['°', 'º'], "o");
    let letters = letters.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let spaced: String = letters.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let words = spaced.split_whitespace().filter(|word| !SMALL.contains(word));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(dataset: &str, headers: &[&str]) -> Result<Vec<Option<&'static str>>, String> {
        let headers: Vec<String> = headers.iter().map(|h| (*h).to_owned()).collect();
        let columns = Columns::find(dataset, &headers).map_err(|e| e.to_string())?;
        Ok(columns.of.iter().map(|c| c.map(|c| c.property.as_str())).collect())
    }

    #[test]
    fn headers_are_found_whatever_their_letters() {
        assert_eq!(
            found(
                "sites",
                &["CODE DU SITE", "Nom", "District_Minier", "N° de l'autorisation", "Remarque"]
            ),
            Ok(vec![
                Some("code"),
                Some("label"),
                Some("mining_district"),
                Some("licence_no"),
                None
            ])
        );
        assert_eq!(
            found("agents", &["Code", "Nom et prénom"]),
            Ok(vec![Some("code"), Some("name")])
        );
        assert_eq!(found("card_lots", &["First", "last", "Agent"]).map(|f| f.len()), Ok(3));
    }

    #[test]
    fn what_is_missing_or_double_is_named() {
        assert!(found("sites", &["Nom"]).unwrap_err().contains("Code du site"));
        assert!(
            found("sites", &["code", "nom", "Site"]).unwrap_err().contains("« nom » et « Site »")
        );
        assert!(found("people", &["code"]).unwrap_err().contains("cooperatives"));
    }
}
