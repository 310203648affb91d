//! The decisive rule: when two registrations are one person without anybody looking.
//!
//! The same valid card, or the same NINA seen on a document, and the same sex, and births at most
//! two years apart, and one name that agrees. Everything short of that is for a reviewer.

use super::{
    entity::EntityState,
    groups::Cause,
    identity::{Kind, Person},
};

/// Years that two declared births may be apart.
const YEARS: i64 = 2;

/// Why these two are one person, or `None`.
pub(super) fn decisive(one: &EntityState, other: &EntityState) -> Option<Cause> {
    let read = |e: &EntityState| Person::of(&e.dataset, &e.open, &e.sealed, e.created_at);
    let (one, other) = (read(one)?, read(other)?);
    // Children: two people decide, always.
    if one.kind != Kind::Miner || other.kind != Kind::Miner {
        return None;
    }
    let cause = if !one.card.is_empty() && one.card == other.card {
        Cause::Card
    } else if !one.nina.is_empty() && one.nina == other.nina {
        Cause::Nina
    } else {
        return None;
    };
    let two_ninas = !one.nina.is_empty() && !other.nina.is_empty() && one.nina != other.nina;
    let same_sex = one.sex().is_some() && one.sex() == other.sex();
    let years = one.birth_year().zip(other.birth_year());
    let same_age = years.is_some_and(|(a, b)| (a - b).abs() <= YEARS);
    let a_name = one.names().into_iter().zip(other.names()).any(|(a, b)| agree(a, b));
    (!two_ninas && same_sex && same_age && a_name).then_some(cause)
}

fn agree(one: &str, other: &str) -> bool {
    let (one, other) = (folded(one), folded(other));
    !one.is_empty() && one == other
}

/// Lower case without accents, spaces and hyphens.
fn folded(name: &str) -> String {
    name.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|c| match c {
            'à' | 'â' | 'ä' => Some('a'),
            'é' | 'è' | 'ê' | 'ë' => Some('e'),
            'î' | 'ï' | 'y' => Some('i'),
            'ô' | 'ö' => Some('o'),
            'ù' | 'û' | 'ü' => Some('u'),
            'ç' => Some('c'),
            c if c.is_alphabetic() => Some(c),
            _ => None,
        })
        .collect()
}
