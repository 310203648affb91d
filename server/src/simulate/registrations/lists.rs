//! The names people bear and how they are spelt: three small tables, drawn by weight.

use std::sync::LazyLock;

use super::super::{people::Sex, rng::Rng};

/// A name, and the other ways it is found written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) spellings: Vec<String>,
}

/// Names with how common each is.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    names: Vec<Name>,
    /// The weights up to and including each name.
    up_to: Vec<u64>,
}

/// People who share family names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum People {
    Mande,
    Soninke,
    Fulbe,
    Senoufo,
    Dogon,
    Songhai,
    Burkina,
    Guinea,
    Senegal,
    Ivory,
}

impl People {
    fn code(self) -> &'static str {
        match self {
            Self::Mande => "mande",
            Self::Soninke => "soninke",
            Self::Fulbe => "fulbe",
            Self::Senoufo => "senoufo",
            Self::Dogon => "dogon",
            Self::Songhai => "songhai",
            Self::Burkina => "bf",
            Self::Guinea => "gn",
            Self::Senegal => "sn",
            Self::Ivory => "ci",
        }
    }

    fn list(self) -> &'static Names {
        static LISTS: LazyLock<Vec<Names>> = LazyLock::new(|| {
            ALL.iter().map(|people| Names::read(SURNAMES, Some((2, people.code())), 3)).collect()
        });
        let at = ALL.iter().position(|&people| people == self);
        at.and_then(|at| LISTS.get(at)).expect("every people has its list")
    }
}

const ALL: [People; 10] = [
    People::Mande,
    People::Soninke,
    People::Fulbe,
    People::Senoufo,
    People::Dogon,
    People::Songhai,
    People::Burkina,
    People::Guinea,
    People::Senegal,
    People::Ivory,
];
const SURNAMES: &str = include_str!("surnames.csv");
const GIVEN: &str = include_str!("given_names.csv");
const NICKNAMES: &str = include_str!("nicknames.csv");

impl Names {
    /// Reads `name,weight,…` rows whose column `only.0` says `only.1`; column `spellings` is a list by `|`.
    fn read(table: &str, only: Option<(usize, &str)>, spellings: usize) -> Self {
        let mut names = Self::default();
        for line in table.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            if only.is_some_and(|(column, value)| cells.get(column) != Some(&value)) {
                continue;
            }
            let text = cells.first().map(|name| String::from(*name)).unwrap_or_default();
            let weight: u64 =
                cells.get(1).and_then(|w| w.parse().ok()).expect("every name has a weight");
            let spellings = cells
                .get(spellings)
                .map(|all| all.split('|').map(String::from).collect())
                .unwrap_or_default();
            names.up_to.push(names.up_to.last().copied().unwrap_or(0) + weight);
            names.names.push(Name { text, spellings });
        }
        names
    }

    fn draw(&self, rng: &mut Rng) -> &Name {
        let drawn = rng.below(self.up_to.last().copied().unwrap_or(0));
        let at = self.up_to.partition_point(|&up_to| up_to <= drawn);
        self.names.get(at).expect("the weights end with the last name")
    }
}

/// A family name of these people.
pub(super) fn surname(rng: &mut Rng, people: People) -> &'static Name {
    people.list().draw(rng)
}

/// A given name.
pub(super) fn given(rng: &mut Rng, sex: Sex) -> &'static Name {
    static MEN: LazyLock<Names> = LazyLock::new(|| Names::read(GIVEN, Some((2, "m")), 3));
    static WOMEN: LazyLock<Names> = LazyLock::new(|| Names::read(GIVEN, Some((2, "f")), 3));
    match sex {
        Sex::Male => MEN.draw(rng),
        Sex::Female => WOMEN.draw(rng),
    }
}

/// A name by which somebody is known on a site.
pub(super) fn nickname(rng: &mut Rng) -> &'static Name {
    static ALL: LazyLock<Names> = LazyLock::new(|| Names::read(NICKNAMES, None, 2));
    ALL.draw(rng)
}

/// The given names of two twins, as the pairs are usually named, by their sexes.
pub(super) fn twins(rng: &mut Rng, first: Sex, second: Sex) -> (&'static Name, &'static Name) {
    static PAIRS: LazyLock<Vec<Name>> = LazyLock::new(|| {
        // The first four are boys, the others girls.
        ["Alassane", "Fousseyni", "Lassana", "Adama", "Assana", "Ousseyna", "Awa", "Hawa"]
            .into_iter()
            .map(|text| Name { text: String::from(text), spellings: Vec::new() })
            .collect()
    });
    let name = |at: usize| PAIRS.get(at).expect("eight names of twins");
    match (first, second) {
        (Sex::Male, Sex::Male) if rng.percent(60) => (name(0), name(1)),
        (Sex::Male, Sex::Male) => (name(2), name(1)),
        (Sex::Female, Sex::Female) if rng.percent(50) => (name(4), name(5)),
        (Sex::Female, Sex::Female) => (name(6), name(7)),
        (Sex::Male, Sex::Female) => (name(3), name(6)),
        (Sex::Female, Sex::Male) => (name(6), name(3)),
    }
}
