//! `LIKE`: `%` stands for any text, `_` for one character, a backslash takes the next one as it is.

/// A pattern, read once.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    /// What stands between the `%`.
    pieces: Vec<Vec<Part>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Any,
    Exactly(char),
}

impl Part {
    fn takes(self, c: char) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(own) => own == c,
        }
    }
}

impl Pattern {
    /// Reads a pattern.
    pub(super) fn new(text: &str) -> Self {
        let mut pieces = vec![Vec::new()];
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let part = match c {
                '%' => {
                    pieces.push(Vec::new());
                    continue;
                }
                '_' => Part::Any,
                '\\' => Part::Exactly(chars.next().unwrap_or('\\')),
                other => Part::Exactly(other),
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push(part);
            }
        }
        Self { pieces }
    }

    /// Whether a text is like it. Each piece is put at its first fit and never moved again, so that
    /// no pattern costs more than its length times that of the text.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let Some((first, rest)) = self.pieces.split_first() else { return text.is_empty() };
        let Some((last, middle)) = rest.split_last() else {
            return text.len() == first.len() && fits(first, &text);
        };
        if text.len() < first.len() + last.len() || !fits(first, &text) {
            return false;
        }
        let (head, tail) = text.split_at(text.len() - last.len());
        let mut left = head.get(first.len()..).unwrap_or_default();
        for piece in middle.iter().filter(|p| !p.is_empty()) {
            let found = left.windows(piece.len()).position(|w| fits(piece, w));
            let Some(at) = found else { return false };
            left = left.get(at + piece.len()..).unwrap_or_default();
        }
        fits(last, tail)
    }
}

fn fits(piece: &[Part], text: &[char]) -> bool {
    piece.len() <= text.len() && piece.iter().zip(text).all(|(p, c)| p.takes(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_sql_matches() {
        let like = |text: &str, pattern: &str| Pattern::new(pattern).matches(text);
        for (text, pattern) in [
            ("", ""),
            ("", "%"),
            ("Kôfi", "K_fi"),
            ("Kéniéba", "K%b_"),
            ("a%b", "a\\%b"),
            ("aXbXc", "a%X%c"),
            ("abab", "%ab"),
            ("aaa", "%a%a%a%"),
            ("\\", "\\\\"),
            ("x", "%%%x%%"),
        ] {
            assert!(like(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [
            ("a", ""),
            ("", "_"),
            ("axb", "a\\%b"),
            ("aa", "%a%a%a%"),
            ("ab", "ab_"),
            ("aba", "ab%ba"),
        ] {
            assert!(!like(text, pattern), "{text} {pattern}");
        }
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let text = "a".repeat(20_000);
        let pattern = format!("{}b", "%a".repeat(10_000));
        assert!(!Pattern::new(&pattern).matches(&text));
        assert!(Pattern::new(&pattern).matches(&format!("{text}b")));
    }
}
