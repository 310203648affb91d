//! The enumerator's hand: how a name comes out on paper.

use std::borrow::Cow;

use super::{super::rng::Rng, lists::Name, mix::Mix};

/// What one sound is also written as.
const BY_EAR: &[(&str, &str)] = &[
    ("ou", "u"),
    ("ou", "oo"),
    ("é", "ey"),
    ("é", "e"),
    ("ss", "s"),
    ("s", "ss"),
    ("c", "k"),
    ("k", "c"),
    ("k", "kh"),
    ("dj", "di"),
    ("di", "dj"),
    ("ya", "ia"),
    ("i", "y"),
    ("y", "i"),
    ("g", "k"),
    ("n", "nn"),
    ("m", "mm"),
    ("ph", "f"),
    ("b", "p"),
    ("an", "am"),
    ("t", "th"),
    ("o", "au"),
    ("gn", "ny"),
    ("w", "ou"),
    ("r", "rr"),
    ("a", "ah"),
];

/// Letters beside each other on a French keyboard.
const NEIGHBOURS: &[&str] = &["azertyuiop", "qsdfghjklm", "wxcvbn"];

/// Writes a name as this enumerator may: in another spelling, by ear, with a slip; `care` multiplies the parts.
pub(super) fn spelled(rng: &mut Rng, name: &Name, mix: &Mix, care: f64) -> String {
    let mut text = Cow::Borrowed(name.text.as_str());
    if !name.spellings.is_empty() && rng.chance(mix.variant * care) {
        let at = usize::try_from(rng.below(u64::try_from(name.spellings.len()).unwrap_or(1)));
        if let Some(other) = at.ok().and_then(|at| name.spellings.get(at)) {
            text = Cow::Borrowed(other);
        }
    }
    careless(rng, &text, mix, care)
}

/// Writes any text by ear or with a slip, as it may happen.
pub(super) fn careless(rng: &mut Rng, text: &str, mix: &Mix, care: f64) -> String {
    let mut text = String::from(text);
    if rng.chance(mix.by_ear * care) {
        text = by_ear(rng, &text);
    }
    if rng.chance(mix.slip * care) {
        text = slip(rng, &text);
    }
    text
}

fn by_ear(rng: &mut Rng, text: &str) -> String {
    for _ in 0..8 {
        let (sound, other) = rng.pick(BY_EAR);
        // The first letter is a capital and is seldom doubted.
        if let Some(at) = text.get(1..).and_then(|tail| tail.find(sound)) {
            let (before, after) = text.split_at(at + 1);
            let after = after.get(sound.len()..).unwrap_or_default();
            return format!("{before}{other}{after}");
        }
    }
    String::from(text)
}

fn slip(rng: &mut Rng, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 3 {
        return String::from(text);
    }
    let last = u64::try_from(letters.len()).unwrap_or(3) - 1;
    let at = usize::try_from(1 + rng.below(last)).unwrap_or(1);
    match rng.below(100) {
        0..28 => {
            letters.remove(at);
        }
        28..50 => letters.insert(at, letters.get(at).copied().unwrap_or('a')),
        50..74 => {
            if at + 1 < letters.len() {
                letters.swap(at, at + 1);
            } else {
                letters.swap(at - 1, at);
            }
        }
        _ => {
            if let Some(letter) = letters.get_mut(at) {
                *letter = neighbour(rng, *letter);
            }
        }
    }
    letters.into_iter().collect()
}

fn neighbour(rng: &mut Rng, letter: char) -> char {
    for row in NEIGHBOURS {
        if let Some(at) = row.find(letter) {
            let beside = if rng.percent(50) { at.wrapping_sub(1) } else { at + 1 };
            return row.chars().nth(beside).or_else(|| row.chars().nth(at + 1)).unwrap_or('e');
        }
    }
    'e'
}

/// A number with a slip: a digit wrong, two exchanged, or one forgotten.
pub(super) fn digit_slip(rng: &mut Rng, number: &str) -> String {
    let mut digits: Vec<char> = number.chars().collect();
    let count = u64::try_from(digits.len()).unwrap_or(0);
    if count < 4 {
        return String::from(number);
    }
    let at = usize::try_from(1 + rng.below(count - 2)).unwrap_or(1);
    match rng.below(10) {
        0..5 => {
            if let Some(digit) = digits.get_mut(at) {
                *digit =
                    char::from_digit(u32::try_from(rng.below(10)).unwrap_or(0), 10).unwrap_or('0');
            }
        }
        5..8 => digits.swap(at, at + 1),
        _ => {
            digits.remove(at);
        }
    }
    digits.into_iter().collect()
}

/// The text without accents.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'É' | 'È' | 'Ê' | 'Ë' => 'E',
            'à' | 'â' | 'ä' => 'a',
            'À' | 'Â' => 'A',
            'ï' | 'î' => 'i',
            'Ï' | 'Î' => 'I',
            'ô' | 'ö' => 'o',
            'Ô' => 'O',
            'û' | 'ü' | 'ù' => 'u',
            'ç' => 'c',
            other => other,
        })
        .collect()
}
