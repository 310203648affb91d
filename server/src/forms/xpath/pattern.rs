//! Regular expressions of Java, run in linear time.
//!
//! A pattern is rewritten piece by piece; what the two dialects do not share (look-around,
//! back references, possessive quantifiers, set operations) is not evaluated.

use regex::{Regex, RegexBuilder};

use super::stop::Stop;

/// A compiled pattern that must match the whole text.
#[derive(Debug, Clone)]
pub(in crate::forms) struct Pattern(Regex);

/// Characters of a pattern: real ones have a few dozen.
const LENGTH: usize = 2_000;

/// Bytes that a compiled pattern may take: `[a-z]{1000}` fits, a bomb does not.
const COMPILED: usize = 256 << 10;

/// What `.` does not match in Java.
const NOT_A_LINE_END: &str = r"[^\n\r\x{85}\x{2028}\x{2029}]";

impl Pattern {
    /// Rewrites and compiles a pattern.
    pub(super) fn new(java: &str) -> Result<Self, Stop> {
        if java.len() > LENGTH {
            return Err(Stop::unsupported("a very long pattern"));
        }
        let rewritten =
            Rewriter { rest: java, out: String::with_capacity(java.len() + 16) }.run()?;
        RegexBuilder::new(&format!(r"\A(?:{rewritten})\z"))
            .size_limit(COMPILED)
            .nest_limit(32)
            .build()
            .map(Self)
            .map_err(|_| Stop::unsupported("a pattern that is malformed or too large"))
    }

    /// Whether the whole text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

struct Rewriter<'p> {
    rest: &'p str,
    out: String,
}

impl Rewriter<'_> {
    fn run(mut self) -> Result<String, Stop> {
        while let Some(character) = self.next() {
            match character {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '(' => self.group()?,
                '.' => self.out.push_str(NOT_A_LINE_END),
                '^' => self.out.push_str(r"\A"),
                // Java also lets it match before a final line end; only at the very end is that the same.
                '$' if self.rest.is_empty() || self.rest.starts_with([')', '|']) => {
                    self.out.push_str(r"\z");
                }
                '$' => return Err(Stop::unsupported("a pattern with $ inside")),
                '*' | '+' | '?' => self.quantifier(character)?,
                '{' => self.counted()?,
                ')' | '|' => self.out.push(character),
                other => self.literal(other),
            }
        }
        Ok(self.out)
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let first = characters.next();
        self.rest = characters.as_str();
        first
    }

    fn literal(&mut self, character: char) {
        self.out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
    }

    fn group(&mut self) -> Result<(), Stop> {
        let Some(special) = self.rest.strip_prefix('?') else {
            self.out.push_str("(?:");
            return Ok(());
        };
        if let Some(rest) = special.strip_prefix(':') {
            self.rest = rest;
        } else if let Some((name, rest)) =
            special.strip_prefix('<').and_then(|named| named.split_once('>'))
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            self.rest = rest;
        } else {
            return Err(Stop::unsupported("a pattern with look-around or flags"));
        }
        self.out.push_str("(?:");
        Ok(())
    }

    fn quantifier(&mut self, sign: char) -> Result<(), Stop> {
        self.out.push(sign);
        self.lazy()
    }

    fn counted(&mut self) -> Result<(), Stop> {
        let malformed = || Stop::unsupported("a malformed quantifier");
        let (count, rest) = self.rest.split_once('}').ok_or_else(malformed)?;
        let (fewest, most) = count.split_once(',').unwrap_or((count, "0"));
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !number(fewest) || !(most.is_empty() || number(most)) {
            return Err(malformed());
        }
        for piece in ["{", count, "}"] {
            self.out.push_str(piece);
        }
        self.rest = rest;
        self.lazy()
    }

    /// What may follow a quantifier; a possessive one could make the match fail.
    fn lazy(&mut self) -> Result<(), Stop> {
        if let Some(rest) = self.rest.strip_prefix('?') {
            self.out.push('?');
            self.rest = rest;
        } else if self.rest.starts_with(['+', '*', '{']) {
            return Err(Stop::unsupported("a possessive quantifier"));
        }
        Ok(())
    }

    /// A character class, whose bracket was read.
    fn class(&mut self) -> Result<(), Stop> {
        let unclosed = || Stop::unsupported("a character class that JavaRosa alone understands");
        self.out.push('[');
        if let Some(rest) = self.rest.strip_prefix('^') {
            self.out.push('^');
            self.rest = rest;
        }
        let mut first = true;
        loop {
            match self.next().ok_or_else(unclosed)? {
                ']' if !first => break,
                // Empty classes, unions and intersections differ between the two.
                ']' | '[' => return Err(unclosed()),
                '&' if self.rest.starts_with('&') => return Err(unclosed()),
                '\\' => self.escape(true)?,
                '-' => self.dash(first),
                other => self.literal(other),
            }
            first = false;
        }
        self.out.push(']');
        Ok(())
    }

    /// A dash in a class: a range between two characters, itself at either end.
    fn dash(&mut self, first: bool) {
        if first || self.rest.starts_with(']') {
            self.out.push_str(r"\-");
        } else {
            self.out.push('-');
        }
    }

    fn escape(&mut self, in_class: bool) -> Result<(), Stop> {
        let unknown = || Stop::unsupported("an escape that JavaRosa alone understands");
        let escaped = self.next().ok_or_else(unknown)?;
        let class = match escaped {
            'd' => "[0-9]",
            'D' => "[^0-9]",
            'w' => "[a-zA-Z_0-9]",
            'W' => "[^a-zA-Z_0-9]",
            's' => r"[ \t\n\x0B\f\r]",
            'S' => r"[^ \t\n\x0B\f\r]",
            't' => r"\t",
            'n' => r"\n",
            'r' => r"\r",
            'f' => r"\f",
            'A' if !in_class => r"\A",
            'z' if !in_class => r"\z",
            'p' | 'P' => return self.property(escaped),
            'x' => return self.code(2),
            'u' => return self.code(4),
            other if other.is_ascii_alphanumeric() => return Err(unknown()),
            other => {
                self.literal(other);
                return Ok(());
            }
        };
        self.out.push_str(class);
        Ok(())
    }

    fn code(&mut self, length: usize) -> Result<(), Stop> {
        let malformed = || Stop::unsupported("a malformed character code");
        let (digits, rest) = self.rest.split_at_checked(length).ok_or_else(malformed)?;
        let code = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'));
        let character = code.and_then(char::from_u32).ok_or_else(malformed)?;
        self.rest = rest;
        self.literal(character);
        Ok(())
    }

    fn property(&mut self, letter: char) -> Result<(), Stop> {
        let unknown = || Stop::unsupported("a property of characters");
        let (name, rest) = self
            .rest
            .strip_prefix('{')
            .and_then(|named| named.split_once('}'))
            .ok_or_else(unknown)?;
        let class = match name {
            "L" | "Lu" | "Ll" | "N" | "Nd" | "P" | "S" | "Z" | "Zs" | "M" | "Mn" => {
                format!("\\{letter}{{{name}}}")
            }
            "Alpha" | "Digit" | "Alnum" | "Upper" | "Lower" | "Punct" | "Space" | "XDigit" => {
                let not = if letter == 'P' { "^" } else { "" };
                format!("[[:{not}{}:]]", name.to_ascii_lowercase())
            }
            _ => return Err(unknown()),
        };
        self.rest = rest;
        self.out.push_str(&class);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).expect(pattern).matches(text)
    }

    #[test]
    fn the_whole_text_must_match() {
        assert!(matches("^[A-Z]{2}[0-9]{3}$", "AB123"));
        assert!(!matches("[A-Z]{2}", "ABC"));
        assert!(matches("a|bc", "bc"));
        assert!(matches("^[5-9][0-9]{7}$|^[+][0-9]{8,15}$", "+22312345678"));
    }

    #[test]
    fn classes_are_those_of_java() {
        assert!(!matches(r"\d", "٣"));
        assert!(matches(r"[\w.-]+@\w+", "a.b-c@d"));
        assert!(matches(r"\p{L}+", "Kéniéba"));
        assert!(!matches(r"\p{Alpha}+", "Kéniéba"));
        assert!(!matches("a.b", "a\nb"));
        assert!(matches(r"[~#-]\u0041\x42", "#AB"));
    }

    #[test]
    fn what_only_java_understands_is_not_evaluated() {
        for pattern in
            [r"(?=a)a", r"(a)\1", "a++", "[a&&b]", "[a[b]]", r"\bx", "(?i)a", "a{x}", "(", "a$b"]
        {
            assert!(matches!(Pattern::new(pattern), Err(Stop::Unsupported(_))), "{pattern}");
        }
    }

    #[test]
    fn bombs_are_refused_and_slow_patterns_are_not_slow() {
        for pattern in ["((a{100}){100}){100}".to_owned(), "(".repeat(1_000), "a".repeat(10_000)] {
            assert!(Pattern::new(&pattern).is_err());
        }
        assert!(!matches("(a+)+b", &"a".repeat(50_000)));
    }
}
