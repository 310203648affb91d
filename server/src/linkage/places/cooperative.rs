//! Organisations: one may stand under its name and under its acronym; a union is not its cooperative.

use std::collections::{BTreeSet, HashMap};

use super::{
    Clue, PlaceEvidence, PlacePair, in_order,
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
/// Members of one block that are compared with each; more share too little to be one.
const CROWD: usize = 60;
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

/// Pairs of organisations worth a look, the likeliest first.
pub fn cooperatives(all: &[Cooperative]) -> Vec<PlacePair> {
    let known: Vec<Known<'_>> = all.iter().map(Known::of).collect();
    let mut blocks: HashMap<String, Vec<usize>> = HashMap::new();
    for (i, k) in known.iter().enumerate() {
        for key in k.keys() {
            blocks.entry(key).or_default().push(i);
        }
    }
    let mut pairs = BTreeSet::new();
    for block in blocks.into_values().flat_map(|block| refined(block, &known)) {
        for (n, a) in block.iter().enumerate() {
            pairs.extend(block.iter().skip(n + 1).take(CROWD).map(|b| (*a, *b)));
        }
    }
    let compared = pairs
        .into_iter()
        .filter_map(|(a, b)| PlacePair::new(a, b, PRIOR, evidence(known.get(a)?, known.get(b)?)));
    in_order(compared.collect())
}

/// A block that is too large, by how the names begin: a word that everybody carries tells nothing.
fn refined(block: Vec<usize>, known: &[Known<'_>]) -> Vec<Vec<usize>> {
    if block.len() <= CROWD {
        return vec![block];
    }
    let mut parts: HashMap<String, Vec<usize>> = HashMap::new();
    for i in block {
        let beginning = known.get(i).map(|k| k.name.key.chars().take(5).collect());
        parts.entry(beginning.unwrap_or_default()).or_default().push(i);
    }
    parts.into_values().collect()
}

struct Known<'a> {
    of: &'a Cooperative,
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

impl<'a> Known<'a> {
    fn of(of: &'a Cooperative) -> Self {
        const SMALL: [&str; 12] =
            ["de", "du", "des", "la", "le", "les", "d", "l", "et", "a", "au", "pour"];
        let all = words(&of.name);
        let own: Vec<&str> =
            all.iter().map(String::as_str).filter(|w| !COMMON.contains(w)).collect();
        let large = all.iter().filter(|w| !SMALL.contains(&w.as_str()));
        let lone = if all.len() == 1 { all.concat() } else { String::new() };
        let acronym = words(&of.acronym).concat();
        Self {
            of,
            name: Name::of(&own.join(" ")),
            has_acronym: acronym.len() >= 3,
            acronym: if acronym.is_empty() { lone } else { acronym },
            initials: large.filter_map(|w| w.chars().next()).collect(),
            registration: words(&of.registration).concat(),
        }
    }

    fn keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        let abbreviations = [&self.acronym, &self.initials].into_iter().filter(|k| k.len() >= 3);
        keys.extend(abbreviations.map(|k| format!("a {k}")));
        keys.extend(self.name.words.iter().filter(|w| w.len() >= 3).map(|w| format!("w {w}")));
        if !self.registration.is_empty() {
            keys.insert(format!("r {}", self.registration));
        }
        keys
    }

    /// Whether one's acronym is how the other's name is abbreviated.
    fn abbreviates(&self, other: &Self) -> bool {
        self.acronym.len() >= 3 && self.acronym == other.initials
    }
}

fn evidence(a: &Known<'_>, b: &Known<'_>) -> Vec<PlaceEvidence> {
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
        (Clue::Level, &a.of.level, &b.of.level, 0.5, -9.0),
        (Clue::Seat, &a.of.district, &b.of.district, 1.5, -3.0),
        (Clue::Seat, &a.of.commune, &b.of.commune, 2.0, -2.0),
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

        let found = cooperatives(&[full, short, other]);
        assert_eq!(found.iter().map(|p| (p.a, p.b)).collect::<Vec<_>>(), [(0, 1)], "{found:?}");
    }

    #[test]
    fn a_union_is_not_its_cooperative() {
        let base = cooperative("Société coopérative Benkadi de Kangaba", "", "base");
        let union = cooperative("Union Benkadi de Kangaba", "", "union");
        let again = cooperative("Coopérative Bènkadi Kangaba", "", "base");

        let found = cooperatives(&[base, union, again]);
        assert_eq!(found.iter().map(|p| (p.a, p.b)).collect::<Vec<_>>(), [(0, 2)], "{found:?}");
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

        let found = cooperatives(&[one, same, other]);
        assert_eq!(found.iter().map(|p| (p.a, p.b)).collect::<Vec<_>>(), [(0, 1)], "{found:?}");
    }

    #[test]
    fn five_thousand_of_one_name_cost_no_square() {
        let all = vec![cooperative("Benkadi", "", "base"); 5_000];
        assert!(cooperatives(&all).len() <= 5_000 * CROWD);
    }
}
