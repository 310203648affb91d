//! The words of a `$filter`.

use super::error::{CentralError, excerpt};

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    Comma,
    /// A text between quotes, with doubled quotes undone.
    Quoted(String),
    /// A name, an operator, a number, a date.
    Word(&'a str),
}

/// Filters longer than this are refused: nobody writes them by hand, and addresses are not longer.
const LENGTH: usize = 8_000;

/// Cuts an expression into words.
pub(super) fn words<'a>(name: &'static str, text: &'a str) -> Result<Vec<Token<'a>>, CentralError> {
    if text.len() > LENGTH {
        return Err(CentralError::bad(name, format!("longer than {LENGTH} bytes")));
    }
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '(' => (Token::Open, rest.get(1..)),
            ')' => (Token::Close, rest.get(1..)),
            ',' => (Token::Comma, rest.get(1..)),
            '\'' => {
                quoted(rest).map(|(text, after)| (Token::Quoted(text), Some(after))).ok_or_else(
                    || CentralError::bad(name, format!("a quote is not closed: {}", excerpt(rest))),
                )?
            }
            c if is_word(c) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                (Token::Word(word), Some(after))
            }
            _ => return Err(CentralError::bad(name, format!("not understood: {}", excerpt(rest)))),
        };
        // `Namespace.Type'member'` is how a member of an enumeration is written.
        if let (Token::Quoted(_), Some(Token::Word(before))) = (&word, words.last())
            && before.contains('.')
            && text_before(text, rest).ends_with(before)
        {
            words.pop();
        }
        words.push(word);
        rest = after.unwrap_or_default().trim_start();
    }
    Ok(words)
}

fn text_before<'a>(text: &'a str, rest: &str) -> &'a str {
    text.get(..text.len() - rest.len()).unwrap_or_default()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '+' | '-' | '/' | '$' | '@')
}

/// A quoted text at the start, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let (part, after) = rest.split_once('\'')?;
        out.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                out.push('\'');
                rest = more;
            }
            None => return Some((out, after)),
        }
    }
}
