//! Reads the name fields: civil prefixes, `dit`, `née`, `épouse`, and which field holds the surname.

use super::{
    fold,
    words::{WordNo, Words},
};

/// One name field read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NameField {
    /// The first name of the field: the given name, or the surname by birth.
    pub(super) first: WordNo,
    /// The second: another given name, or the surname by marriage.
    pub(super) second: WordNo,
    /// What follows `dit`.
    pub(super) nick: WordNo,
}

/// What a word of a name field does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Name,
    /// Mr, Mme, feu, docteur: nothing about who it is.
    Prefix,
    /// A title that is also a name; a prefix only when a name follows.
    Title,
    Called,
    Born,
    Married,
}

fn role(folded: &str) -> Role {
    match folded {
        "MR" | "MME" | "MLLE" | "MRS" | "MONSIEUR" | "MADAME" | "DR" | "FEU" | "FEUE"
        | "DEFUNT" | "DEFUNTE" | "EL" | "AL" => Role::Prefix,
        "HADJ" | "ELHADJ" | "ELHADJI" | "ELHAJ" | "HADJI" => Role::Title,
        "DIT" | "DITE" | "ALIAS" => Role::Called,
        "NEE" | "NE" => Role::Born,
        "EPOUSE" | "EPSE" | "EP" | "EPOUX" | "VEUVE" | "VVE" => Role::Married,
        _ => Role::Name,
    }
}

/// Reads a given-name or surname field.
pub(super) fn name_field(words: &mut Words, written: &str) -> NameField {
    let mut names = [0; 2];
    let mut field = NameField::default();
    let mut title = 0;
    let mut after = Role::Name;
    for raw in fold::split(written) {
        let word = words.word(raw);
        let is = role(&words.get(word).text);
        match (is, after) {
            (Role::Prefix, _) => {}
            (Role::Title, _) => title = word,
            (Role::Name, Role::Called) => {
                if field.nick == 0 {
                    field.nick = word;
                }
            }
            (Role::Name, Role::Born) => {
                // "Mme HUSBAND née OWN": her own name comes first.
                if names != [word, 0] {
                    names = [word, names[0]];
                }
                after = Role::Name;
            }
            (Role::Name, Role::Married) => {
                names[1] = word;
                after = Role::Called;
            }
            (Role::Name, _) => push(&mut names, word),
            (marker, _) => after = marker,
        }
    }
    if names[0] == 0 {
        names[0] = title;
    }
    [field.first, field.second] = names;
    field
}

fn push(names: &mut [WordNo; 2], word: WordNo) {
    if names[0] == 0 {
        names[0] = word;
    } else if names[1] == 0 && names[0] != word {
        names[1] = word;
    }
}

/// Reads a parent's name: given name, then (if written) surname.
pub(super) fn parent(words: &mut Words, written: &str) -> [WordNo; 2] {
    let (mut first, mut last, mut title) = (0, 0, 0);
    for raw in fold::split(written) {
        let word = words.word(raw);
        match role(&words.get(word).text) {
            Role::Name if first == 0 => first = word,
            Role::Name => last = word,
            Role::Title => title = word,
            _ => {}
        }
    }
    if first == 0 { [title, 0] } else { [first, last] }
}

/// Whether the given-name field holds a surname and the surname field a given name, by how these words are used in
/// all registrations so far.
pub(super) fn is_swapped(words: &Words, given: WordNo, surname: WordNo) -> bool {
    if given == 0 || surname == 0 {
        return false;
    }
    let odds = |word| {
        let usage = words.usage(words.get(word).sound);
        (f64::from(usage.given) + 0.5) / (f64::from(usage.surname) + 0.5)
    };
    odds(given) < 0.5 && odds(surname) > 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str) -> [String; 3] {
        let mut words = Words::default();
        let field = name_field(&mut words, written);
        [field.first, field.second, field.nick].map(|w| words.get(w).text.to_string())
    }

    #[test]
    fn the_forms_of_a_name_are_read() {
        assert_eq!(read("Abdoul Karim dit Badio"), ["ABDOUL", "KARIM", "BADIO"]);
        assert_eq!(read("Mme DIARRA née SAMAKÉ"), ["SAMAKE", "DIARRA", ""]);
        assert_eq!(read("SAMAKÉ épouse Diarra"), ["SAMAKE", "DIARRA", ""]);
        assert_eq!(read("Keïta épse Konaté"), ["KEITA", "KONATE", ""]);
        assert_eq!(read("El Hadj Moussa"), ["MOUSSA", "", ""]);
        assert_eq!(read("El Hadj"), ["HADJ", "", ""]);
        assert_eq!(read(""), ["", "", ""]);
    }

    #[test]
    fn a_parent_keeps_given_name_and_surname() {
        let mut words = Words::default();
        let [given, family] = parent(&mut words, "feue Maïmouna Koné");

        assert_eq!((&*words.get(given).text, &*words.get(family).text), ("MAIMOUNA", "KONE"));
    }
}
