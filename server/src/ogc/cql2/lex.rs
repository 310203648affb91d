//! CQL2 text into words.

use crate::ogc::error::{OgcError, excerpt};

/// A word of CQL2 text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword.
    Word(String),
    /// A name in double quotes: never a keyword.
    Quoted(String),
    /// Text in single quotes.
    Text(String),
    /// A number.
    Number(f64),
    /// `(`, `)`, `,` or an operator.
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: [&str; 13] = ["<>", "<=", ">=", "<", ">", "=", "(", ")", ",", "+", "*", "/", "-"];

/// Cuts a text into words.
pub(super) fn words(text: &str) -> Result<Vec<Token>, OgcError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = if first == '\'' {
            let (text, after) = quoted(rest, '\'')?;
            (Token::Text(text), after)
        } else if first == '"' {
            let (text, after) = quoted(rest, '"')?;
            (Token::Quoted(text), after)
        } else if begins_number(rest) {
            number(rest)?
        } else if first.is_alphabetic() || first == '_' || first == ':' {
            let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.');
            let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            (Token::Word(word.to_owned()), after)
        } else if let Some(sign) = SIGNS.into_iter().find(|s| rest.starts_with(s)) {
            (Token::Sign(sign), rest.get(sign.len()..).unwrap_or_default())
        } else {
            return Err(OgcError::filter(format!("not understood at {:?}", excerpt(rest))));
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

/// There is no arithmetic here, so that a sign before a digit belongs to the number.
fn begins_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let bare = unsigned.strip_prefix('.').unwrap_or(unsigned);
    bare.starts_with(|c: char| c.is_ascii_digit())
}

fn number(text: &str) -> Result<(Token, &str), OgcError> {
    let mut last = ' ';
    let end = text
        .char_indices()
        .find(|(i, c)| {
            let sign = matches!(c, '+' | '-') && (*i == 0 || matches!(last, 'e' | 'E'));
            last = *c;
            !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E') || sign)
        })
        .map_or(text.len(), |(i, _)| i);
    let (digits, after) = text.split_at(end);
    let number: f64 = digits
        .parse()
        .ok()
        .filter(|n: &f64| n.is_finite())
        .ok_or_else(|| OgcError::filter(format!("{:?} is not a number", excerpt(digits))))?;
    Ok((Token::Number(number), after))
}

/// Text up to the closing quote; a quote inside is doubled, or stands behind a backslash.
fn quoted(text: &str, quote: char) -> Result<(String, &str), OgcError> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((i, c)) = chars.next() {
        let next = chars.peek().map(|(_, n)| *n);
        if c == quote && next == Some(quote) || c == '\\' && next == Some(quote) {
            out.push(quote);
            chars.next();
        } else if c == quote {
            return Ok((out, text.get(i + 1..).unwrap_or_default()));
        } else {
            out.push(c);
        }
    }
    Err(OgcError::filter("a quote is not closed"))
}
