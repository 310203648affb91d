//! What somebody wrote down about one person: the only thing the engine is given.

use serde::{Deserialize, Serialize};

/// Which register a registration belongs to. A child is never merged with a miner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An adult or adolescent who works on a site.
    #[default]
    Miner,
    /// A child met on a site.
    Child,
}

/// Sex as recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// Masculin.
    Male,
    /// Féminin.
    Female,
}

/// One registration as it was written down. All texts are raw: the engine normalises; empty means "not recorded".
#[derive(Clone, Copy, Debug, Default)]
pub struct Registration<'a> {
    /// Miner or child.
    pub kind: Kind,
    /// Given names (`prénom`), perhaps with "dit …", perhaps swapped with the surname.
    pub given: &'a str,
    /// Surname (`nom`, jamu), perhaps "X épouse Y" or "Mme Y née X".
    pub surname: &'a str,
    /// Nickname.
    pub alias: &'a str,
    /// Sex, if recorded.
    pub sex: Option<Sex>,
    /// Birth as written: `1996-02-03`, `06/12/1999`, `1986`, `vers 1986`, `32 ans en 2026`, `né vers 1986`.
    pub birth: &'a str,
    /// Whether the birth date was read from a document.
    pub birth_document: bool,
    /// Village or place of birth or origin.
    pub birth_place: &'a str,
    /// Cercle of origin.
    pub cercle: &'a str,
    /// Nationality in any wording.
    pub nationality: &'a str,
    /// Telephone in any Malian writing.
    pub phone: &'a str,
    /// NINA: as written (14 digits and a letter), or any keyed hash of it (then only equality counts).
    pub nina: &'a str,
    /// Whether the NINA was read from a document.
    pub nina_seen: bool,
    /// Card number of the census, already checked; compared for equality.
    pub card: &'a str,
    /// Site code.
    pub site: &'a str,
    /// Cooperative.
    pub cooperative: &'a str,
    /// Father's name.
    pub father: &'a str,
    /// Mother's name.
    pub mother: &'a str,
    /// When it was registered, seconds since 1970.
    pub at: Option<i64>,
    /// Device or enumerator that registered it.
    pub device: &'a str,
}
