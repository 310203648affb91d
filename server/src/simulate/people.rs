//! Who the miners are: what a person is and does not change between forms.

use jiff::civil::Date;

use super::names;
use super::rng::Rng;

/// The sex of a person, as the forms code it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sex {
    Male,
    Female,
}

impl Sex {
    /// The code in the forms.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
        }
    }
}

/// What a person knows of the day of birth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Birth {
    /// The whole date.
    Date(Date),
    /// The year, and the month too or not (`month_year`, `year_only`).
    Year(&'static str, i16),
    /// Only an age, told or estimated.
    Age(&'static str),
}

/// A miner as an enumerator meets one.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) sex: Sex,
    pub(super) nationality: &'static str,
    pub(super) surname: &'static str,
    pub(super) given_names: &'static str,
    pub(super) alias: &'static str,
    pub(super) father: &'static str,
    pub(super) mother: String,
    pub(super) birth: Birth,
    pub(super) age: i32,
    pub(super) phone: String,
    pub(super) children_here: i32,
}

impl Person {
    /// Draws a person interviewed on this day.
    pub(super) fn draw(rng: &mut Rng, day: Date) -> Self {
        let sex = rng.weighted(&[(Sex::Male, 72), (Sex::Female, 28)]);
        let nationality = rng.weighted(NATIONALITIES);
        let (birth, age) = born(rng, day);
        let mother = given_and_surname(rng, nationality);
        Self {
            sex,
            nationality,
            surname: names::surname(rng, nationality),
            given_names: names::given(rng, sex),
            alias: if rng.percent(22) { names::nickname(rng) } else { "" },
            father: names::given(rng, Sex::Male),
            mother: if rng.percent(85) { mother } else { String::new() },
            birth,
            age,
            phone: phone(rng, nationality),
            children_here: children(rng, age),
        }
    }

    /// Whether the person comes from abroad.
    pub(super) fn is_foreign(&self) -> bool {
        self.nationality != "ML"
    }
}

const NATIONALITIES: &[(&str, u32)] = &[
    ("ML", 880),
    ("BF", 50),
    ("GN", 35),
    ("CI", 10),
    ("SN", 9),
    ("NE", 6),
    ("TG", 3),
    ("NG", 3),
    ("GH", 2),
    ("MR", 2),
];

/// Ages of people who work on sites: young, with a long tail.
const AGE_BANDS: &[((i32, i32), u32)] = &[
    ((18, 22), 20),
    ((23, 27), 22),
    ((28, 32), 19),
    ((33, 37), 14),
    ((38, 44), 12),
    ((45, 54), 8),
    ((55, 64), 4),
    ((65, 78), 1),
];

fn given_and_surname(rng: &mut Rng, nationality: &str) -> String {
    let given = names::given(rng, Sex::Female);
    format!("{given} {}", names::surname(rng, nationality))
}

fn born(rng: &mut Rng, day: Date) -> (Birth, i32) {
    let (youngest, oldest) = rng.weighted(AGE_BANDS);
    let age = rng.between(youngest, oldest);
    match rng.weighted(&[
        ("full_date", 25),
        ("month_year", 8),
        ("year_only", 40),
        ("age_only", 17),
        ("age_estimated", 10),
    ]) {
        "full_date" => full_date(rng, day, age),
        precision @ ("month_year" | "year_only") => {
            // Years are remembered as round ones; the interview may fall before the birthday.
            let rounded = if rng.percent(20) { heaped(day, age) } else { age };
            let not_yet = i32::from(rng.percent(45) && rounded < 90);
            let year = i32::from(day.year()) - rounded - not_yet;
            (Birth::Year(precision, i16::try_from(year).unwrap_or(1990)), rounded)
        }
        precision => {
            // Told ages end in 0 and 5 far more often than lives do.
            let told = if rng.percent(45) { ((age + 2) / 5 * 5).max(18) } else { age };
            (Birth::Age(precision), told)
        }
    }
}

/// The age nearest to this one whose year of birth ends in 0 or 5, unless that makes a child of an adult.
fn heaped(day: Date, age: i32) -> i32 {
    let year = (i32::from(day.year()) - age + 2) / 5 * 5;
    match i32::from(day.year()) - year {
        rounded if rounded >= 18 => rounded,
        _ => age,
    }
}

fn full_date(rng: &mut Rng, day: Date, age: i32) -> (Birth, i32) {
    // « Né vers » is written as the first or the last day of the year.
    let (month, date) = match rng.below(100) {
        0..8 => (1, 1),
        8..12 => (12, 31),
        _ => (rng.between(1, 12), rng.between(1, 28)),
    };
    let (month, date) = (i8::try_from(month).unwrap_or(1), i8::try_from(date).unwrap_or(1));
    let not_yet = (month, date) > (day.month(), day.day());
    let year = i32::from(day.year()) - age - i32::from(not_yet);
    let born = Date::new(i16::try_from(year).unwrap_or(1990), month, date);
    (Birth::Date(born.expect("these days exist in every year")), age)
}

fn phone(rng: &mut Rng, nationality: &str) -> String {
    if rng.percent(28) {
        return String::new();
    }
    match nationality {
        "BF" => format!("+2267{}", rng.digits(7)),
        "GN" => format!("+2246{}", rng.digits(8)),
        _ => format!(
            "{}{}",
            rng.weighted(&[("7", 55), ("6", 30), ("9", 10), ("5", 5)]),
            rng.digits(7)
        ),
    }
}

fn children(rng: &mut Rng, age: i32) -> i32 {
    if age < 24 || rng.percent(70) {
        return 0;
    }
    rng.weighted(&[(1, 40), (2, 30), (3, 18), (4, 8), (6, 4)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::rng::Stream;

    const DAY: Date = jiff::civil::date(2026, 11, 20);

    fn people(count: u64) -> impl Iterator<Item = Person> {
        (0..count).map(|index| Person::draw(&mut Rng::of(3, Stream::People, index), DAY))
    }

    #[test]
    fn everyone_is_an_adult_and_the_age_agrees_with_the_birth() {
        for person in people(5_000) {
            assert!((18..=99).contains(&person.age), "{person:?}");
            match person.birth {
                Birth::Date(born) => {
                    let age = DAY.since((jiff::Unit::Year, born)).unwrap().get_years();
                    assert_eq!(i32::from(age), person.age, "{person:?}");
                }
                Birth::Year(_, year) => {
                    let apart = i32::from(DAY.year() - year) - person.age;
                    assert!((0..=1).contains(&apart), "{person:?}");
                }
                Birth::Age(_) => {}
            }
        }
    }

    #[test]
    fn ages_heap_on_round_numbers_as_in_real_censuses() {
        let ages: Vec<i32> = people(5_000).map(|person| person.age).collect();
        let round = ages.iter().filter(|age| *age % 5 == 0).count();

        assert!(round * 4 > ages.len() && round * 2 < ages.len(), "{round}");
    }

    #[test]
    fn most_people_are_malian_men_but_far_from_all() {
        let all: Vec<Person> = people(2_000).collect();
        let foreign = all.iter().filter(|person| person.is_foreign()).count();
        let women = all.iter().filter(|person| person.sex == Sex::Female).count();

        assert!((160..330).contains(&foreign), "{foreign}");
        assert!((450..680).contains(&women), "{women}");
    }
}
