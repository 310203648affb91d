//! Folds a written word to capitals without accents, so that one spelling has one form.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A word longer than this is cut: no name is, and hostile input must not cost more than a name.
const LONGEST_WORD: usize = 40;
/// Only so many words of a field are looked at.
const MOST_WORDS: usize = 12;
/// Only so many bytes of a field are looked at: 10,000 characters must not cost more than a name does.
const LONGEST_FIELD: usize = 600;

/// Cuts a field to the bytes that are looked at, at a character boundary.
pub(super) fn bounded(raw: &str) -> &str {
    raw.get(..raw.floor_char_boundary(LONGEST_FIELD)).unwrap_or(raw)
}

/// Splits a field into its written words. Hyphens, stops and blanks separate; apostrophes do not (`N'Diaye`).
pub(super) fn split(raw: &str) -> impl Iterator<Item = &str> {
    bounded(raw)
        .split(|c: char| {
            c.is_whitespace() || matches!(c, '-' | '.' | ',' | ';' | '/' | '(' | ')' | '_' | '"')
        })
        .filter(|w| !w.is_empty())
        .take(MOST_WORDS)
}

/// Folds one written word: capitals, no accents, ligatures opened, invisible characters dropped, Cyrillic and Greek
/// letters that look Latin read as Latin. Other scripts (N'Ko, Arabic) stay as they are: opaque, compared for equality.
pub(super) fn fold(word: &str) -> String {
    if word.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return word.chars().take(LONGEST_WORD).map(|c| c.to_ascii_uppercase()).collect();
    }
    let mut folded = String::with_capacity(word.len().min(LONGEST_WORD));
    let letters = word.nfkd().filter(|&c| !is_combining_mark(c)).take(LONGEST_WORD);
    for letter in letters {
        if letter.is_ascii_alphanumeric() {
            folded.push(letter.to_ascii_uppercase());
        } else if let Some(latin) = latin_for(letter) {
            folded.push_str(latin);
        } else if letter.is_alphanumeric() {
            folded.extend(letter.to_uppercase());
        }
    }
    folded
}

/// Folds a whole field into one word, as for place names: "Kéniéba-Kouta" and "KENIEBA KOUTA" are one.
pub(super) fn fold_joined(raw: &str) -> String {
    let mut joined = String::new();
    for word in split(raw) {
        joined.push_str(&fold(word));
    }
    joined
}

/// Ligatures, Manding letters, and the letters of other alphabets that a keyboard or a copy can put in a Latin word.
fn latin_for(letter: char) -> Option<&'static str> {
    Some(match letter {
        'œ' | 'Œ' => "OE",
        'æ' | 'Æ' => "AE",
        'ß' => "SS",
        'ø' | 'Ø' | 'ɔ' | 'Ɔ' | 'О' | 'о' | 'Ο' | 'ο' => "O",
        'ł' | 'Ł' => "L",
        'ŋ' | 'Ŋ' => "NG",
        'ɲ' | 'Ɲ' => "NY",
        'ɛ' | 'Ɛ' | 'Е' | 'е' | 'Ε' | 'ε' => "E",
        'А' | 'а' | 'Α' | 'α' => "A",
        'В' | 'Β' | 'β' | 'ɓ' | 'Ɓ' => "B",
        'С' | 'с' => "C",
        'ɗ' | 'Ɗ' | 'đ' | 'Đ' => "D",
        'Н' | 'Η' => "H",
        'І' | 'і' | 'Ι' | 'ι' | 'ı' => "I",
        'Ј' | 'ј' => "J",
        'К' | 'к' | 'Κ' | 'κ' => "K",
        'М' | 'м' | 'Μ' => "M",
        'Ν' => "N",
        'Р' | 'р' | 'Ρ' | 'ρ' => "P",
        'Ѕ' | 'ѕ' => "S",
        'Т' | 'т' | 'Τ' | 'τ' => "T",
        'Х' | 'х' | 'Χ' | 'χ' => "X",
        'У' | 'у' | 'Υ' | 'υ' | 'ƴ' | 'Ƴ' => "Y",
        'Ζ' => "Z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_form_however_it_is_written() {
        for written in
            ["Kéïta", "KEITA", "Ke\u{301}i\u{308}ta", "ke\u{200b}ita", "КEITА", "Ｋｅｉｔａ"]
        {
            assert_eq!(fold(written), "KEITA", "{written:?}");
        }
        assert_eq!(fold("N’Diaye"), "NDIAYE");
        assert_eq!(fold_joined("Kéniéba-Kouta"), fold_joined("KENIEBA  KOUTA"));
    }

    #[test]
    fn other_scripts_are_kept_apart() {
        assert_ne!(fold("ߡߎ߬ߛߊ"), fold("ߊ߬ߡߊ߬ߘߎ"));
        assert_ne!(fold("موسى"), "");
    }

    #[test]
    fn ten_thousand_letters_cost_no_more_than_a_name() {
        let long = "é".repeat(10_000);
        assert_eq!(fold(bounded(&long)).chars().count(), LONGEST_WORD);
        assert_eq!(split(&"a ".repeat(10_000)).count(), MOST_WORDS);
    }
}
