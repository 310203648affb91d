//! Blocking keys: two registrations are compared when they share at least one.

use super::{hashing::hash_of, records::Row, sketch::Glance, verdict::KeyKind, words::Words};

/// How many keys a registration has.
pub(super) const KEYS: usize = 16;

/// The keys of one registration, 0 where a part is missing. 32 bits each: at two million registrations about 500 pairs
/// per key meet by chance, which costs nothing and changes nothing.
pub(super) type Keys = [u32; KEYS];

/// Position of the key of the card: whoever shares one is compared, however little else agrees.
pub(super) const CARD_KEY: usize = 0;

/// The kind of the key at a position.
pub(super) fn kind_of(position: usize, glance: Glance) -> Option<KeyKind> {
    match (glance, position) {
        (Glance::Patient, 5 | 10 | 12 | 13) => Some(KeyKind::NamePlace),
        _ => KIND_OF.get(position).copied(),
    }
}

/// The kind of each key of a large set, by position.
const KIND_OF: [KeyKind; KEYS] = [
    KeyKind::Card,
    KeyKind::Nina,
    KeyKind::Nina,
    KeyKind::Phone,
    KeyKind::Date,
    KeyKind::Date,
    KeyKind::PlaceParents,
    KeyKind::NameParents,
    KeyKind::NameParents,
    KeyKind::NamePlace,
    KeyKind::NameBirth,
    KeyKind::NameParents,
    KeyKind::NameParents,
    KeyKind::NamePlace,
    KeyKind::NameBirth,
    KeyKind::NameParents,
];

/// Makes the keys of a row. Given names by alias group, everything else by sound. Some keys of a small set ask for less:
/// there, whoever shares a date of birth, both names, or one name and a place is looked at.
pub(super) fn keys_of(words: &Words, row: &Row, glance: Glance) -> Keys {
    let sound = |word| u64::from(words.get(word).sound);
    let group = |word| u64::from(words.get(word).group);
    let given = group(row.given[0]);
    let surname = sound(row.surname[0]);
    let married = sound(row.surname[1]);
    let village = sound(row.village);
    let cercle = sound(row.cercle);
    let site = sound(row.site);
    let father = group(row.father[0]);
    let mother = group(row.mother[0]);
    let year = u64::from(row.birth.year);
    let date = if row.birth.is_date() {
        (year << 16) | (u64::from(row.birth.month) << 8) | u64::from(row.birth.day)
    } else {
        0
    };
    let [nina_head, nina_tail] = row.nina.keys();
    let nick_or_second = if row.nick == 0 { group(row.given[1]) } else { group(row.nick) };
    let loose = glance == Glance::Patient;
    let either = |patient: u32, strict: u32| if loose { patient } else { strict };
    [
        key(0, &[row.card]),
        key(1, &[nina_head]),
        key(2, &[nina_tail]),
        key(3, &[u64::from(row.phone)]),
        either(key(4, &[date]), key(4, &[date, surname])),
        either(key(5, &[given, cercle]), key(5, &[date, given])),
        key(6, &[village, father, mother]),
        key(7, &[given, father, mother]),
        key(8, &[surname, father, mother]),
        key(9, &[given, village]),
        either(key(10, &[surname, village]), key(10, &[surname, village, year])),
        key(11, &[given, surname, father]),
        either(key(12, &[surname, site]), key(12, &[given, surname, mother])),
        either(key(13, &[surname, cercle]), key(13, &[given, surname, cercle])),
        either(
            key(14, &[given.min(surname), given.max(surname)]),
            key(14, &[given.min(surname), given.max(surname), year]),
        ),
        if married == 0 {
            key(15, &[nick_or_second, surname, village])
        } else {
            key(15, &[given, married, mother])
        },
    ]
}

/// Hashes the parts, unless one is missing.
fn key(kind: u64, parts: &[u64]) -> u32 {
    if parts.contains(&0) {
        return 0;
    }
    let hash = hash_of(parts) ^ kind.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let high = u32::try_from(hash >> 32).expect("32 bits");
    high.max(1)
}

/// A field that splits a block that is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refinement {
    Year,
    Village,
    Cercle,
    Given,
    Surname,
    Father,
    Mother,
}

/// By which fields a block of each key is split, in this order: those that the key does not hold, the surest first.
pub(super) const REFINEMENTS: [[Refinement; 4]; KEYS] = {
    use Refinement::{Cercle, Father, Given, Mother, Surname, Village, Year};
    [
        [Given, Surname, Year, Village],
        [Given, Surname, Year, Village],
        [Given, Surname, Year, Village],
        [Given, Surname, Year, Village],
        [Given, Village, Father, Mother],
        [Surname, Village, Father, Mother],
        [Given, Year, Surname, Cercle],
        [Surname, Year, Village, Cercle],
        [Given, Year, Village, Cercle],
        [Surname, Year, Father, Mother],
        [Given, Father, Mother, Cercle],
        [Year, Mother, Village, Cercle],
        [Year, Father, Village, Cercle],
        [Year, Father, Mother, Village],
        [Village, Mother, Father, Cercle],
        [Year, Father, Mother, Cercle],
    ]
};

/// The value of a refining field.
pub(super) fn refinement(words: &Words, row: &Row, field: Refinement) -> u32 {
    match field {
        Refinement::Year => u32::from(row.birth.year),
        Refinement::Village => words.get(row.village).sound,
        Refinement::Cercle => words.get(row.cercle).sound,
        Refinement::Given => words.get(row.given[0]).group,
        Refinement::Surname => words.get(row.surname[0]).sound,
        Refinement::Father => words.get(row.father[0]).group,
        Refinement::Mother => words.get(row.mother[0]).group,
    }
}
