//! Codes and names of regions, cercles, communes and mining districts.
//!
//! A place's code is a slug of its name (`kayes`, `bafoulabe__bamafele`): numbers and P-codes are never keys,
//! because three numberings conflict.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::{codelists, table};

/// The level of a place.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A region of either division, or the district of Bamako.
    Region,
    /// A cercle of either division.
    Cercle,
    /// A commune of the 2012 division.
    Commune,
    /// A mining district of the CNSCOM.
    District,
}

impl Level {
    const ALL: [Self; 4] = [Self::Region, Self::Cercle, Self::Commune, Self::District];

    fn list(self) -> &'static str {
        match self {
            Self::Region => "regions",
            Self::Cercle => "cercles",
            Self::Commune => "communes",
            Self::District => "mining_district",
        }
    }
}

/// Makes a code of a name: accents folded, lower case, apostrophes dropped, anything else one `_`.
pub fn slug(name: &str) -> String {
    let mut code = String::with_capacity(name.len());
    let mut gap = false;
    for letter in name.chars().flat_map(char::to_lowercase).flat_map(|letter| fold(letter).chars())
    {
        match letter {
            // M'Péssoba is one word.
            '\'' => {}
            _ if letter.is_ascii_alphanumeric() => {
                if gap && !code.is_empty() {
                    code.push('_');
                }
                gap = false;
                code.push(letter);
            }
            _ => gap = true,
        }
    }
    code
}

/// Returns the code of a place from any known spelling of its name.
///
/// A commune's name alone is enough only when a single commune bears it: see [`commune_code`].
pub fn place_code(level: Level, name: &str) -> Option<String> {
    if level == Level::Commune {
        return only_commune(&slug(name));
    }
    known_code(level, "", &slug(name))
}

/// Returns the code of a commune from its name and that of its cercle in the 2012 division.
pub fn commune_code(cercle_2012: &str, commune: &str) -> Option<String> {
    let cercle = place_code(Level::Cercle, cercle_2012)?;
    known_code(Level::Commune, &cercle, &slug(commune))
}

/// Returns the name that people read for the code of a place.
pub fn place_name(level: Level, code: &str) -> Option<String> {
    index().names.get(&(level, code)).map(|&name| name.to_owned())
}

/// Returns the name of a region.
pub fn region_name(code: &str) -> Option<String> {
    place_name(Level::Region, code)
}

/// Returns the mining district a cercle of 2023 belongs to, if it has one.
pub fn mining_district_of_cercle(cercle: &str) -> Option<&'static str> {
    index().districts.get(cercle).map(String::as_str)
}

struct Index {
    names: HashMap<(Level, &'static str), &'static str>,
    /// (level, cercle of a commune or nothing, slug of the other spelling) to code.
    aliases: HashMap<(Level, String, String), String>,
    districts: HashMap<String, String>,
}

#[derive(Deserialize)]
struct AliasRow {
    level: Level,
    within: String,
    name: String,
    code: String,
}

#[derive(Deserialize)]
struct CercleRow {
    name: String,
    mining_district: String,
}

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| Index { names: names(), aliases: aliases(), districts: districts() })
}

fn names() -> HashMap<(Level, &'static str), &'static str> {
    let lists = codelists::all();
    Level::ALL
        .into_iter()
        .filter_map(|level| Some((level, lists.get(level.list())?)))
        .flat_map(|(level, list)| {
            list.codes.iter().map(move |it| ((level, it.code.as_str()), it.label_fr.as_str()))
        })
        .collect()
}

fn aliases() -> HashMap<(Level, String, String), String> {
    table::rows::<AliasRow>(include_str!("../geography/aliases.csv"))
        .into_iter()
        .map(|row| ((row.level, row.within, slug(&row.name)), row.code))
        .collect()
}

fn districts() -> HashMap<String, String> {
    table::rows::<CercleRow>(include_str!("../codelists/cercles.csv"))
        .into_iter()
        .filter(|row| !row.mining_district.is_empty())
        .map(|row| (row.name, row.mining_district))
        .collect()
}

fn known_code(level: Level, within: &str, name: &str) -> Option<String> {
    let index = index();
    let code = if within.is_empty() { name.to_owned() } else { format!("{within}__{name}") };
    if index.names.contains_key(&(level, code.as_str())) {
        return Some(code);
    }
    index.aliases.get(&(level, within.to_owned(), name.to_owned())).cloned()
}

fn only_commune(name: &str) -> Option<String> {
    let index = index();
    let listed = index
        .names
        .keys()
        .filter(|(level, code)| {
            *level == Level::Commune && code.split_once("__").is_some_and(|(_, it)| it == name)
        })
        .map(|&(_, code)| code);
    let spelt = index
        .aliases
        .iter()
        .filter(|((level, _, alias), _)| *level == Level::Commune && alias == name)
        .map(|(_, code)| code.as_str());
    let mut found = listed.chain(spelt);
    let first = found.next()?;
    found.all(|other| other == first).then(|| first.to_owned())
}

/// The plain letters of a lower-case letter; enough for French and for the languages of Mali.
fn fold(letter: char) -> Folded {
    let plain = match letter {
        // Combining marks, for names written in decomposed form.
        '\u{300}'..='\u{36f}' | '’' | 'ʼ' => "'",
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' => "a",
        'ç' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ɛ' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'ī' => "i",
        'ñ' | 'ɲ' => "n",
        'ŋ' => "ng",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ō' | 'ɔ' => "o",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' => "u",
        'ý' | 'ÿ' => "y",
        'œ' => "oe",
        'æ' => "ae",
        _ => return Folded::Same(letter),
    };
    Folded::Plain(plain)
}

enum Folded {
    Same(char),
    Plain(&'static str),
}

impl Folded {
    fn chars(self) -> impl Iterator<Item = char> {
        let (same, plain) = match self {
            Self::Same(letter) => (Some(letter), ""),
            Self::Plain(plain) => (None, plain),
        };
        same.into_iter().chain(plain.chars())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codelist;

    #[test]
    fn a_slug_has_no_accent_no_apostrophe_and_single_gaps() {
        assert_eq!(slug("Ouéléssébougou"), "ouelessebougou");
        assert_eq!(slug("M'Péssoba"), "mpessoba");
        assert_eq!(slug("M’Péssoba"), "mpessoba");
        assert_eq!(slug(" Gourma - Rharous "), "gourma_rharous");
        assert_eq!(slug("Dioi\u{308}la"), "dioila");
        assert_eq!(slug("Kéniéba (Mali)"), "kenieba_mali");
        assert_eq!(slug("…"), "");
    }

    #[test]
    fn the_code_of_a_place_is_the_slug_of_its_name() {
        for level in [Level::Region, Level::Cercle] {
            for place in codelist(level.list()).unwrap().codes {
                assert_eq!(place_code(level, &place.label_fr), Some(place.code));
            }
        }
        for commune in codelist("communes").unwrap().codes {
            let (cercle, _) = commune.code.split_once("__").unwrap();
            assert_eq!(commune_code(cercle, &commune.label_fr).as_ref(), Some(&commune.code));
        }
    }

    #[test]
    fn every_code_has_a_name() {
        for (level, count) in
            [(Level::Region, 20), (Level::Cercle, 160), (Level::Commune, 703), (Level::District, 9)]
        {
            let codes = codelist(level.list()).unwrap().codes;
            assert_eq!(codes.len(), count, "{level:?}");
            for place in codes {
                assert_eq!(place_name(level, &place.code), Some(place.label_fr));
            }
        }
        assert_eq!(region_name("segou").as_deref(), Some("Ségou"));
        assert_eq!(place_name(Level::Cercle, "atlantis"), None);
    }

    #[test]
    fn every_alias_leads_to_a_known_place() {
        for ((level, within, name), code) in &index().aliases {
            assert!(place_name(*level, code).is_some(), "{level:?} {within} {name} {code}");
            let direct = if within.is_empty() { name.clone() } else { format!("{within}__{name}") };
            assert!(!index().names.contains_key(&(*level, direct.as_str())), "{direct} needs none");
        }
    }

    #[test]
    fn a_commune_name_that_several_bear_has_no_code_of_its_own() {
        assert_eq!(place_code(Level::Commune, "Bamafélé").as_deref(), Some("bafoulabe__bamafele"));
        assert_eq!(place_code(Level::Commune, "Benkadi"), None);
    }

    #[test]
    fn a_mining_district_lists_the_cercles_that_name_it() {
        #[derive(Deserialize)]
        struct DistrictRow {
            code: String,
            cercles: String,
        }
        let rows: Vec<DistrictRow> = table::rows(include_str!("../codelists/mining_district.csv"));

        for row in &rows {
            for cercle in row.cercles.split(';') {
                assert_eq!(mining_district_of_cercle(cercle), Some(row.code.as_str()), "{cercle}");
            }
        }
        assert_eq!(mining_district_of_cercle("segou"), None);
    }
}
