//! Names of places and organisations, as far as spelling does not tell them apart.

/// Characters of a name that are read: longer ones are not names.
const READ: usize = 200;
/// Words that say what a thing is and not which.
const GENERIC: [&str; 24] = [
    "site",
    "sites",
    "placer",
    "damanda",
    "orpaillage",
    "or",
    "mine",
    "mines",
    "village",
    "secteur",
    "de",
    "du",
    "des",
    "la",
    "le",
    "les",
    "d",
    "l",
    "et",
    "a",
    "au",
    "aux",
    "en",
    "pour",
];

/// A name made comparable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// The sound of its words in one, without generic ones and marks.
    pub(super) key: String,
    /// The sounds of its words.
    pub(super) words: Vec<String>,
    /// What tells it from a neighbour of the same name: `new`, `old`, numbers.
    pub(super) marks: Vec<String>,
}

impl Name {
    pub(super) fn of(text: &str) -> Self {
        let mut name = Self::default();
        for word in words(text) {
            if GENERIC.contains(&word.as_str()) {
                continue;
            }
            if let Some(mark) = mark(&word) {
                name.marks.push(mark);
                continue;
            }
            let (base, mark) = split(&sound(&word));
            name.marks.extend(mark);
            name.key.push_str(&base);
            name.words.push(base);
        }
        name.marks.sort();
        name
    }

    /// How alike the names are, from 0 to 1; nothing is known of an empty one.
    pub(super) fn likeness(&self, other: &Self) -> Option<f64> {
        if self.key.is_empty() || other.key.is_empty() {
            return None;
        }
        Some(likeness(&self.key, &other.key))
    }
}

/// The words, folded to `a..z` and digits; `N'` and `M'` belong to the word they begin.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut folded = String::new();
    for c in text.chars().take(READ) {
        push_folded(c, &mut folded);
    }
    let mut words: Vec<String> = Vec::new();
    for word in folded.split(' ').filter(|w| !w.is_empty()) {
        let nasal = words.last_mut().filter(|w| matches!(w.as_str(), "n" | "m"));
        match nasal {
            Some(start) => start.push_str(word),
            None => words.push(word.to_owned()),
        }
    }
    words
}

fn push_folded(c: char, into: &mut String) {
    let plain = match c {
        'à' | 'á' | 'â' | 'ä' | 'ã' | 'À' | 'Á' | 'Â' | 'Ä' | 'Ã' => 'a',
        'ç' | 'Ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' | 'ɛ' | 'È' | 'É' | 'Ê' | 'Ë' | 'Ɛ' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'Ì' | 'Í' | 'Î' | 'Ï' => 'i',
        'ñ' | 'ɲ' | 'ŋ' | 'Ñ' | 'Ɲ' | 'Ŋ' => 'n',
        'ò' | 'ó' | 'ô' | 'ö' | 'õ' | 'ɔ' | 'Ò' | 'Ó' | 'Ô' | 'Ö' | 'Õ' | 'Ɔ' => 'o',
        'ù' | 'ú' | 'û' | 'ü' | 'Ù' | 'Ú' | 'Û' | 'Ü' => 'u',
        'œ' | 'Œ' => {
            into.push_str("oe");
            return;
        }
        // Accents written apart from their letter.
        '\u{300}'..='\u{36f}' => return,
        other => other.to_ascii_lowercase(),
    };
    // Other scripts are kept as they are: equal or not.
    into.push(if plain.is_alphanumeric() { plain } else { ' ' });
}

/// A word that is only a mark.
fn mark(word: &str) -> Option<String> {
    let number = match word {
        "koura" | "kura" | "nouveau" | "nouvelle" => return Some(String::from("new")),
        "koro" | "coro" | "ancien" | "ancienne" | "vieux" => return Some(String::from("old")),
        "i" => "1",
        "ii" => "2",
        "iii" => "3",
        "iv" => "4",
        other if other.chars().all(|c| c.is_ascii_digit()) => other,
        _ => return None,
    };
    Some(number.to_owned())
}

/// A mark written together with the name, and numbers at its end. Short beginnings are names of
/// their own: `Koro`, `Sikoro`.
fn split(sound: &str) -> (String, Option<String>) {
    for (ending, mark) in [("kura", "new"), ("koro", "old")] {
        if let Some(base) = sound.strip_suffix(ending).filter(|b| b.len() >= 4) {
            return (base.to_owned(), Some(String::from(mark)));
        }
    }
    let base = sound.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = sound.strip_prefix(base).filter(|n| !n.is_empty() && !base.is_empty());
    (base.to_owned(), number.map(str::to_owned))
}

/// The sound of a word: French and Mande spellings of one sound become one.
///
/// Source: the deduplication rules, section 3.
fn sound(word: &str) -> String {
    const SPELLINGS: [(&str, &str); 20] = [
        ("tch", "c"),
        ("sch", "s"),
        ("ch", "s"),
        ("sh", "s"),
        ("ph", "f"),
        ("dj", "j"),
        ("gn", "ny"),
        ("qu", "k"),
        ("kh", "k"),
        ("oua", "wa"),
        ("oi", "wa"),
        ("ou", "u"),
        ("w", "u"),
        ("ai", "e"),
        ("ae", "e"),
        ("aye", "e"),
        ("y", "i"),
        ("c", "k"),
        ("q", "k"),
        ("h", ""),
    ];
    // Before e and i, c is s.
    let mut text = word.replace("ce", "se").replace("ci", "si");
    for (spelling, sound) in SPELLINGS {
        text = text.replace(spelling, sound);
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if !folded.ends_with(c) || c.is_ascii_digit() {
            folded.push(c);
        }
    }
    if folded.len() > 3 && folded.ends_with('e') {
        folded.pop();
    }
    folded
}

/// 1 less the share of letters that one edit each would change (Damerau-Levenshtein, restricted).
fn likeness(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let longest = u32::try_from(a.len().max(b.len()).max(1)).unwrap_or(u32::MAX);
    1.0 - f64::from(u32::try_from(edits(&a, &b)).unwrap_or(u32::MAX)) / f64::from(longest)
}

fn edits(a: &[char], b: &[char]) -> usize {
    let mut two_before: Vec<usize> = Vec::new();
    let mut before: Vec<usize> = (0..=b.len()).collect();
    let at = |row: &[usize], i: usize| row.get(i).copied().unwrap_or(usize::MAX / 2);
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let substituted = at(&before, j) + usize::from(x != y);
            let mut least = substituted.min(at(&before, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                least = least.min(at(&two_before, j - 1) + 1);
            }
            row.push(least);
        }
        two_before = std::mem::replace(&mut before, row);
    }
    at(&before, b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_have_one_key() {
        for group in [
            vec!["M'Pèdiassa", "Mpè Diassa", "M'Pè-Diassa", "MPEDIASSA", "Site de M’Pèdiassa"],
            vec!["Niéna", "Niena", "Ni\u{65}\u{301}na", "site de Niéna"],
            vec!["Kolon Dieba", "Kolondiéba"],
            vec!["Djénébougou", "Jenebugu"],
        ] {
            let keys: Vec<_> = group.iter().map(|n| Name::of(n).key).collect();
            assert!(keys.iter().all(|k| *k == keys[0]), "{group:?}: {keys:?}");
        }
    }

    #[test]
    fn new_old_and_numbered_places_carry_a_mark() {
        let marks = |name: &str| Name::of(name).marks.join(" ");
        assert_eq!(marks("Niéna Koura"), "new");
        assert_eq!(marks("Niénakoura"), "new");
        assert_eq!(marks("Kobada 2"), "2");
        assert_eq!(marks("Kobada II"), "2");
        assert_eq!(marks("Koro"), "old");
        assert_eq!((marks("Sikoro"), marks("Niéna")), (String::new(), String::new()));
        assert_eq!(Name::of("Niéna Koura").key, Name::of("Niéna").key);
    }

    #[test]
    fn hostile_names_cost_nothing_and_break_nothing() {
        let long = "é".repeat(10_000);
        assert!(Name::of(&long).key.len() <= READ);
        assert_eq!(Name::of("''' -- \u{200b}").key, "");
        assert!(!Name::of("ߒߞߏ").key.is_empty());
        assert_eq!(Name::of("").likeness(&Name::of("Niéna")), None);
    }
}
