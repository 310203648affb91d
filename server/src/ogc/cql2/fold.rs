//! Text without regard to case or accents, for `CASEI` and `ACCENTI`.

/// Letters with their accents, by the letter without.
const ACCENTED: [(char, &str); 20] = [
    ('a', "àáâãäåāăą"),
    ('c', "çćĉċč"),
    ('d', "ďđ"),
    ('e', "èéêëēĕėęě"),
    ('g', "ĝğġģ"),
    ('h', "ĥħ"),
    ('i', "ìíîïĩīĭį"),
    ('j', "ĵ"),
    ('k', "ķ"),
    ('l', "ĺļľł"),
    ('n', "ñńņňǹ"),
    ('o', "òóôõöøōŏő"),
    ('r', "ŕŗř"),
    ('s', "śŝşš"),
    ('t', "ţťŧ"),
    ('u', "ùúûüũūŭůűų"),
    ('w', "ŵ"),
    ('y', "ýÿŷ"),
    ('z', "źżž"),
    // A hooked letter of Bambara is a letter of its own, and keeps its hook.
    ('ɛ', "ɛ"),
];

/// The text in lower case.
pub(super) fn without_case(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The text without accents: those of Latin letters, composed or not.
pub(super) fn without_accents(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        if ('\u{300}'..='\u{36f}').contains(&c) {
            continue;
        }
        let small = c.to_lowercase().next().unwrap_or(c);
        let plain = ACCENTED.iter().find(|(_, all)| all.contains(small)).map(|(p, _)| *p);
        match plain {
            Some(p) if small == c => out.push(p),
            Some(p) => out.extend(p.to_uppercase()),
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_they_are_written() {
        assert_eq!(without_accents("Kéniéba Dièma ÉÇ"), "Kenieba Diema EC");
        assert_eq!(without_accents("Ke\u{301}nie\u{301}ba"), "Kenieba");
        assert_eq!(without_case("KÉNIÉBA"), "kéniéba");
        assert_eq!(without_accents("Ɛ ɔ ŋ"), "Ɛ ɔ ŋ");
    }
}
