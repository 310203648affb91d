//! Two registrations side by side: every agreement as a small number.
//!
//! The levels are what the weights are learnt for; the features add frequencies and circumstances for the trees.
#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "levels and features are small by construction; this runs for every candidate pair"
)]

use super::{
    birth::{Birth, BirthLevel, Precision},
    numbers::phones_one_digit_apart,
    records::{Records, Row},
    similarity::Likeness,
    words::{LikenessCache, WordNo, Words},
};

/// Given-name levels; `Likeness` for 0–6 but with room for the indirect agreements.
pub(super) mod given {
    /// A second given name of one is the first of the other.
    pub(in super::super) const SECOND: u8 = 5;
    /// The nickname of one is the given name of the other, or both have the same nickname.
    pub(in super::super) const NICK: u8 = 6;
    /// Another name.
    pub(in super::super) const DIFFERS: u8 = 7;
    /// Missing.
    pub(in super::super) const MISSING: u8 = 8;
}

/// Everything that is compared, as positions in the tables of the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Given name: `Likeness` up to `Near`, then `given::*`.
    pub(super) given: u8,
    /// Surname: `Likeness`, with 7 for an agreement through marriage.
    pub(super) surname: u8,
    /// Village: `Likeness`.
    pub(super) village: u8,
    /// Cercle: `Likeness`.
    pub(super) cercle: u8,
    /// Father's given name: `Likeness`.
    pub(super) father: u8,
    /// Father's surname.
    pub(super) father_family: u8,
    /// Mother's given name.
    pub(super) mother: u8,
    /// Mother's surname.
    pub(super) mother_family: u8,
    /// `BirthLevel::index`.
    pub(super) birth: u8,
    /// Years apart, at most 31; 0 also when unknown.
    pub(super) years: u8,
    /// 0 same, 1 differs, 2 missing.
    pub(super) sex: u8,
    /// 0 same, 1 same but shared by many, 2 one digit apart, 3 differs, 4 one missing, 5 both.
    pub(super) phone: u8,
    /// `NinaLevel`.
    pub(super) nina: u8,
    /// 0 same, 1 differs, 2 missing.
    pub(super) card: u8,
    /// Second given names: `Likeness`.
    pub(super) second: u8,
    /// Nicknames: `Likeness`.
    pub(super) nick: u8,
    /// How rare the agreeing given name is: 0 common, 1, 2 rare.
    pub(super) given_rarity: u8,
    /// The same for the surname.
    pub(super) surname_rarity: u8,
    /// The same for the village.
    pub(super) village_rarity: u8,
    /// 0 the same site, 1 the same prefix, 2 other, 3 missing.
    pub(super) site: u8,
    /// 0 same, 1 differs, 2 missing.
    pub(super) cooperative: u8,
    /// 0 same, 1 differs, 2 missing.
    pub(super) nationality: u8,
    /// 0 same device, 1 other, 2 missing.
    pub(super) device: u8,
    /// Days apart as a power of two: 0 the same day, 1 one day, 2 two or three …; 15 unknown.
    pub(super) days: u8,
    /// Whether the given names are those that families give to twins.
    pub(super) twins: bool,
}

/// How many numbers the trees see.
pub(super) const FEATURES: usize = 37;

/// The numbers the trees see, each below 64.
pub(super) type Features = [u8; FEATURES];

/// Compares two rows.
pub(super) fn compare(records: &Records, cache: &mut LikenessCache, a: &Row, b: &Row) -> Pattern {
    let words = &records.words;
    let mut like = |x: WordNo, y: WordNo| cache.likeness(words, x, y);
    let (mut given, mut surname) = names(&mut like, a, b);
    if given >= given::DIFFERS && surname >= Likeness::Differs as u8 {
        let crossed = like(a.given[0], b.surname[0]).max(like(a.surname[0], b.given[0]));
        if crossed.agrees() {
            (given, surname) = (crossed as u8, crossed as u8);
        }
    }
    let mut pattern = Pattern {
        given,
        surname,
        village: like(a.village, b.village) as u8,
        cercle: like(a.cercle, b.cercle) as u8,
        father: like(a.father[0], b.father[0]) as u8,
        father_family: like(a.father[1], b.father[1]) as u8,
        mother: like(a.mother[0], b.mother[0]) as u8,
        mother_family: like(a.mother[1], b.mother[1]) as u8,
        second: like(a.given[1], b.given[1]) as u8,
        nick: like(a.nick, b.nick) as u8,
        birth: BirthLevel::of(a.birth, b.birth).index(),
        years: years_apart(a.birth, b.birth),
        sex: same_or_missing(a.sex.map_or(0, |s| s as u32 + 1), b.sex.map_or(0, |s| s as u32 + 1)),
        phone: phone_level(a.phone, b.phone),
        nina: a.nina.level(b.nina) as u8,
        card: same_or_missing((a.card >> 32) as u32, (b.card >> 32) as u32),
        cooperative: same_or_missing(a.cooperative, b.cooperative),
        nationality: same_or_missing(u32::from(a.nationality), u32::from(b.nationality)),
        device: same_or_missing(a.device, b.device),
        site: site_level(records, a.site, b.site),
        days: days_apart(a.minute, b.minute),
        twins: twins(words, a, b),
        ..Pattern::default()
    };
    let registered = records.live() as u32;
    let usage = |sound| words.usage(sound);
    let word = |w| words.get(w);
    let given = |row: &Row| usage(word(row.given[0]).group).group;
    let surname = |row: &Row| usage(word(row.surname[0]).sound).surname;
    let place = |row: &Row| usage(word(row.village).sound).place;
    pattern.given_rarity = rarity(given(a).max(given(b)), registered);
    pattern.surname_rarity = rarity(surname(a).max(surname(b)), registered);
    pattern.village_rarity = village_rarity(place(a).max(place(b)));
    pattern
}

/// Whether the given names, or one and what was written in the other's place of the surname, are those of twins.
fn twins(words: &Words, a: &Row, b: &Row) -> bool {
    words.are_twins(a.given[0], b.given[0])
        || words.are_twins(a.given[0], b.surname[0])
        || words.are_twins(a.surname[0], b.given[0])
}

fn names(like: &mut impl FnMut(WordNo, WordNo) -> Likeness, a: &Row, b: &Row) -> (u8, u8) {
    let direct = like(a.given[0], b.given[0]);
    let given = if direct <= Likeness::Near {
        direct as u8
    } else if like(a.given[1], b.given[0]).agrees() || like(a.given[0], b.given[1]).agrees() {
        given::SECOND
    } else if like(a.nick, b.given[0]).agrees()
        || like(a.given[0], b.nick).agrees()
        || like(a.nick, b.nick).agrees()
    {
        given::NICK
    } else if direct == Likeness::Missing {
        given::MISSING
    } else {
        given::DIFFERS
    };
    let own = like(a.surname[0], b.surname[0]);
    let married = own > Likeness::Near
        && (like(a.surname[1], b.surname[0]).agrees()
            || like(a.surname[0], b.surname[1]).agrees()
            || like(a.surname[1], b.surname[1]).agrees());
    (given, if married { 7 } else { own as u8 })
}

fn same_or_missing(a: u32, b: u32) -> u8 {
    if a == 0 || b == 0 { 2 } else { u8::from(a != b) }
}

fn years_apart(a: Birth, b: Birth) -> u8 {
    if a.is_known() && b.is_known() { a.year.abs_diff(b.year).min(31) as u8 } else { 0 }
}

fn phone_level(a: u32, b: u32) -> u8 {
    if a == 0 && b == 0 {
        5
    } else if a == 0 || b == 0 {
        4
    } else if a == b {
        0
    } else if phones_one_digit_apart(a, b) {
        2
    } else {
        3
    }
}

fn site_level(records: &Records, a: WordNo, b: WordNo) -> u8 {
    if a == 0 || b == 0 {
        return 3;
    }
    if a == b {
        return 0;
    }
    let prefix = |w| records.words.get(w).text.as_bytes().first_chunk::<3>();
    if prefix(a).is_some() && prefix(a) == prefix(b) { 1 } else { 2 }
}

fn days_apart(a: u32, b: u32) -> u8 {
    if a == 0 || b == 0 {
        return 15;
    }
    let days = a.abs_diff(b) / (24 * 60);
    log2(days).min(14)
}

/// 0 for 0, otherwise the number of binary digits.
pub(super) const fn log2(n: u32) -> u8 {
    (u32::BITS - n.leading_zeros()) as u8
}

/// 0 from 1 in 64 on, 1 from 1 in 1024, 2 rarer.
fn rarity(count: u32, of: u32) -> u8 {
    let share = log2(of).saturating_sub(log2(count));
    match share {
        0..=6 => 0,
        7..=10 => 1,
        _ => 2,
    }
}

/// A village of more than 256 registrations, of more than 32, or smaller.
const fn village_rarity(count: u32) -> u8 {
    match count {
        257.. => 0,
        33.. => 1,
        _ => 2,
    }
}

/// What the trees see of a pair: the levels without the NINA, frequencies, and the additive score.
/// `family_score` and `own_score` are log2 weights.
pub(super) fn features(
    records: &Records,
    a: &Row,
    b: &Row,
    p: &Pattern,
    family_score: f32,
    own_score: f32,
) -> Features {
    let words = &records.words;
    let word = |w| words.get(w);
    let most = |x: u32, y: u32| log2(x.max(y));
    let given_of = |w| words.usage(word(w).group).group;
    let surname_of = |w| words.usage(word(w).sound).surname;
    let place_of = |w| words.usage(word(w).sound).place;
    let [crowd_a, crowd_b] = [records.crowd_of(a), records.crowd_of(b)];
    let precisions =
        (a.birth.precision.min(b.birth.precision), a.birth.precision.max(b.birth.precision));
    let is_missing = |level: u8| u8::from(level == Likeness::Missing as u8);
    let missing =
        is_missing(p.village) + is_missing(p.father) + is_missing(p.mother) + is_missing(p.cercle);
    [
        p.given,
        p.second,
        if a.nick != 0 || b.nick != 0 { p.nick } else { 7 },
        p.surname,
        married_state(a, b),
        p.village,
        p.cercle,
        p.father,
        p.father_family,
        p.mother,
        p.mother_family,
        p.birth,
        p.years,
        precision_pair(precisions),
        p.phone,
        p.sex,
        p.site,
        p.cooperative,
        p.device,
        p.days,
        p.nationality,
        most(given_of(a.given[0]), given_of(b.given[0])),
        most(surname_of(a.surname[0]), surname_of(b.surname[0])),
        most(place_of(a.village), place_of(b.village)),
        most(given_of(a.father[0]), given_of(b.father[0])),
        most(given_of(a.mother[0]), given_of(b.mother[0])),
        most(surname_of(a.mother[1]), surname_of(b.mother[1])),
        most(crowd_a[0], crowd_b[0]),
        most(crowd_a[1], crowd_b[1]),
        bucket(family_score),
        bucket(own_score),
        bucket(family_score + own_score),
        missing,
        u8::from(heaped(a)) + u8::from(heaped(b)),
        a.sex.or(b.sex).map_or(2, |s| s as u8),
        u8::from(a.given[1] != 0) + u8::from(b.given[1] != 0),
        u8::from(p.twins),
    ]
}

fn married_state(a: &Row, b: &Row) -> u8 {
    u8::from(a.surname[1] != 0) + u8::from(b.surname[1] != 0)
}

fn precision_pair((best, worst): (Precision, Precision)) -> u8 {
    best as u8 * 5 + worst as u8
}

/// Whether the age told at registration was a round number of years.
const fn heaped(row: &Row) -> bool {
    let told_in = 1970 + row.minute / MINUTES_PER_YEAR;
    row.minute != 0 && told_in.saturating_sub(row.birth.year as u32).is_multiple_of(5)
}

const MINUTES_PER_YEAR: u32 = 525_949;

/// A log2 weight between -16 and 16 in steps of half a bit.
#[expect(clippy::cast_sign_loss, reason = "clamped to 0..=63 before")]
fn bucket(weight: f32) -> u8 {
    weight.mul_add(2.0, 32.0).clamp(0.0, 63.0) as u8
}
