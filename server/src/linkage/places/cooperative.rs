//! Organisations: one may stand under its name and under its acronym; a union is not its cooperative.

use std::collections::BTreeSet;

use super::{
    Clue, PlaceComparison, PlaceEvidence,
    name::{Name, words},
};

/// An organisation as far as it is compared. Empty texts are not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cooperative {
    /// Its name.
    pub name: String,
    /// Its acronym.
    pub acronym: String,
    /// Base cooperative, union or federation, by its code.
    pub level: String,
    /// The mining district, by its code.
    pub district: String,
    /// The commune, by its code.
    pub commune: String,
    /// The number in the register of cooperative societies.
    pub registration: String,
}

/// Log2 odds that two candidates are one organisation before anything else is known.
const PRIOR: f64 = -6.0;
/// Words that most organisations carry.
const COMMON: [&str; 16] = [
    "societe",
    "cooperative",
    "cooperatives",
    "coop",
    "ca",
    "scoops",
    "union",
    "unions",
    "federation",
    "federations",
    "orpailleurs",
    "orpailleuses",
    "miniere",
    "artisanale",
    "simplifiee",
    "association",
];

/// An organisation made comparable.
pub(super) struct Known {
    level: String,
    district: String,
    commune: String,
    /// The name without the words that most carry.
    name: Name,
    /// The letters of the acronym; of a name of one word when there is none, for some write the
    /// acronym in the place of the name.
    acronym: String,
    /// Whether it was written as one.
    has_acronym: bool,
    /// The first letters of the words of the name, common ones included.
    initials: String,
    registration: String,
}

impl Known {
    pub(super) fn of(of: &Cooperative) -> Self {
        const SMALL: [&str; 12] =
            ["de", "du", "des", "la", "le", "les", "d", "l", "et", "a", "au", "pour"];
        let all = words(&of.name);
        let own: Vec<&str> =
            all.iter().map(String::as_str).filter(|w| !COMMON.contains(w)).collect();
        let large = all.iter().filter(|w| !SMALL.contains(&w.as_str()));
        let lone = if all.len() == 1 { all.concat() } else { String::new() };
        let acronym = words(&of.acronym).concat();
        Self {
            level: of.level.clone(),
            district: of.district.clone(),
            commune: of.commune.clone(),
            name: Name::of(&own.join(" ")),
            has_acronym: acronym.len() >= 3,
            acronym: if acronym.is_empty() { lone } else { acronym },
            initials: large.filter_map(|w| w.chars().next()).collect(),
            registration: words(&of.registration).concat(),
        }
    }

    /// What it is found by.
    pub(super) fn keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        keys.extend(self.name_key());
        let abbreviations = [&self.acronym, &self.initials].into_iter().filter(|k| k.len() >= 3);
        keys.extend(abbreviations.map(|k| format!("a {k}")));
        keys.extend(self.name.words.iter().filter(|w| w.len() >= 3).map(|w| format!("w {w}")));
        if !self.registration.is_empty() {
            keys.insert(format!("r {}", self.registration));
        }
        keys
    }

    /// What those of its name are found by; nothing without a name.
    pub(super) fn name_key(&self) -> Option<String> {
        (!self.name.key.is_empty()).then(|| format!("n {}", self.name.key))
    }

    /// Whether both are base cooperatives of one name and commune.
    pub(super) fn is_namesake(&self, other: &Self) -> bool {
        let of_both = |one: &str, other: &str| !one.is_empty() && one == other;
        let is_base = self.level == "base" && other.level == "base";
        is_base && of_both(&self.commune, &other.commune) && self.name == other.name
    }

    /// Whether the names begin alike.
    pub(super) fn begins_like(&self, other: &Self) -> bool {
        self.name.key.chars().take(5).eq(other.name.key.chars().take(5))
    }

    pub(super) fn compare(&self, other: &Self) -> PlaceComparison {
        PlaceComparison::new(PRIOR, evidence(self, other))
    }

    /// Whether one's acronym is how the other's name is abbreviated.
    fn abbreviates(&self, other: &Self) -> bool {
        self.acronym.len() >= 3 && self.acronym == other.initials
    }
}

fn evidence(a: &Known, b: &Known) -> Vec<PlaceEvidence> {
    let mut found = Vec::new();
    let mut say = |clue, level, weight| found.push(PlaceEvidence { clue, level, weight });
    if !a.registration.is_empty() && !b.registration.is_empty() {
        let same = a.registration == b.registration;
        say(
            Clue::Registration,
            if same { "same" } else { "different" },
            if same { 12.0 } else { -8.0 },
        );
    }
    let abbreviated = a.abbreviates(b) || b.abbreviates(a);
    if let Some(likeness) = a.name.likeness(&b.name) {
        let (level, weight) = match likeness {
            l if l >= 0.999 => ("same", 6.0),
            l if l >= 0.8 => ("alike", 4.0),
            // One stands under its acronym: its name is not there to differ.
            _ if abbreviated => ("abbreviated", 0.0),
            l if l >= 0.6 => ("somewhat", 0.0),
            _ => ("different", -4.0),
        };
        say(Clue::Name, level, weight);
        if a.name.marks != b.name.marks && likeness >= 0.8 {
            say(Clue::Mark, "different", -5.0);
        }
    }
    if abbreviated {
        say(Clue::Acronym, "abbreviates", 5.0);
    } else if (a.has_acronym || b.has_acronym) && a.acronym == b.acronym {
        say(Clue::Acronym, "same", 4.0);
    } else if a.has_acronym && b.has_acronym {
        say(Clue::Acronym, "different", -2.0);
    }
    let pairs = [
        (Clue::Level, &a.level, &b.level, 0.5, -9.0),
        (Clue::District, &a.district, &b.district, 1.5, -3.0),
        (Clue::Commune, &a.commune, &b.commune, 2.0, -2.0),
    ];
    for (clue, first, second, for_it, against) in pairs {
        if !first.is_empty() && !second.is_empty() {
            let same = first == second;
            say(clue, if same { "same" } else { "different" }, if same { for_it } else { against });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linkage::places::{Index, Place};

    /// The pairs of all of these, as each of them finds the ones before it.
    fn pairs(all: &[Cooperative]) -> Vec<(usize, usize)> {
        let mut index = Index::default();
        let mut found = Vec::new();
        for (i, cooperative) in all.iter().enumerate() {
            index.put(i, &Place::Cooperative(cooperative.clone()));
            found.extend(index.found(i).into_iter().map(|(other, _)| (other, i)));
        }
        found
    }

    fn cooperative(name: &str, acronym: &str, level: &str) -> Cooperative {
        Cooperative {
            name: name.to_owned(),
            acronym: acronym.to_owned(),
            level: level.to_owned(),
            district: String::from("kangaba"),
            ..Cooperative::default()
        }
    }

    #[test]
    fn a_name_and_its_acronym_are_looked_at_together() {
        let full = cooperative("Société Coopérative des Orpailleurs de Kangaba", "", "base");
        let short = cooperative("SCOK", "", "base");
        let other = cooperative("Benkadi", "BKD", "base");

        assert_eq!(pairs(&[full, short, other]), [(0, 1)]);
    }

    #[test]
    fn a_union_is_not_its_cooperative() {
        let base = cooperative("Société coopérative Benkadi de Kangaba", "", "base");
        let union = cooperative("Union Benkadi de Kangaba", "", "union");
        let again = cooperative("Coopérative Bènkadi Kangaba", "", "base");

        assert_eq!(pairs(&[base, union, again]), [(0, 2)]);
    }

    #[test]
    fn a_registration_number_decides_between_names() {
        let one = Cooperative {
            registration: "ML-KGB 2021/017".into(),
            ..cooperative("Sabati", "", "base")
        };
        let same = Cooperative {
            registration: "ML KGB 2021 017".into(),
            ..cooperative("Danaya", "", "base")
        };
        let other = Cooperative { registration: "ML-KGB 2022/003".into(), ..one.clone() };

        assert_eq!(pairs(&[one, same, other]), [(0, 1)]);
    }

    #[test]
    fn thousands_of_one_name_are_no_more_to_read_than_a_page() {
        let all = vec![cooperative("Benkadi", "", "base"); 2_000];
        assert!(pairs(&all).len() <= 2_000 * 20);
    }
}
