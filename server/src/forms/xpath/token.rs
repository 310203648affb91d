//! From the text of an expression to its tokens, split where JavaRosa splits them.

use super::stop::Stop;

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Number(f64),
    Text(String),
    /// Punctuation and operators, named operators included.
    Sign(Sign),
}

/// What is not a name, a number or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
    Negate,
    Union,
    Slash,
    DoubleSlash,
    Open,
    Close,
    OpenFilter,
    CloseFilter,
    Dot,
    DoubleDot,
    At,
    Comma,
    DoubleColon,
    Star,
}

/// Tokens in one expression: the longest real one has a few hundred.
const TOKENS: usize = 8_192;

/// Named operators, without looking at what follows; newer versions of JavaRosa take any case.
const WORDS: [(&str, Sign); 4] =
    [("and", Sign::And), ("or", Sign::Or), ("div", Sign::Divide), ("mod", Sign::Modulo)];

/// Signs of two characters before those of one.
const SIGNS: [(&str, Sign); 21] = [
    ("!=", Sign::NotEqual),
    ("<=", Sign::AtMost),
    (">=", Sign::AtLeast),
    ("//", Sign::DoubleSlash),
    ("..", Sign::DoubleDot),
    ("::", Sign::DoubleColon),
    ("=", Sign::Equal),
    ("<", Sign::Less),
    (">", Sign::More),
    ("+", Sign::Plus),
    ("-", Sign::Minus),
    ("*", Sign::Times),
    ("|", Sign::Union),
    ("/", Sign::Slash),
    ("[", Sign::OpenFilter),
    ("]", Sign::CloseFilter),
    ("(", Sign::Open),
    (")", Sign::Close),
    (".", Sign::Dot),
    ("@", Sign::At),
    (",", Sign::Comma),
];

/// Splits an expression.
pub(super) fn tokens(expression: &str) -> Result<Vec<Token>, Stop> {
    let mut tokens = Vec::new();
    let mut rest = expression;
    // After a value an operator is expected, which is how `-`, `*` and `and` are told apart.
    let mut after_value = false;
    loop {
        rest = rest.trim_start_matches([' ', '\n', '\t', '\u{c}', '\r']);
        if rest.is_empty() {
            return Ok(tokens);
        }
        if tokens.len() == TOKENS {
            return Err(Stop::unsupported("expression too long"));
        }
        let (token, length) = next(rest, after_value)?;
        after_value = ends_value(&token, after_value);
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn next(rest: &str, after_value: bool) -> Result<(Token, usize), Stop> {
    let first = rest.chars().next().unwrap_or_default();
    let second = rest.chars().nth(1).unwrap_or_default();
    if first.is_ascii_digit() || (first == '.' && second.is_ascii_digit()) {
        return number(rest);
    }
    if let Some(&(text, sign)) = SIGNS.iter().find(|(text, _)| rest.starts_with(text)) {
        let sign = match (sign, after_value) {
            (Sign::Minus, false) => Sign::Negate,
            (Sign::Times, false) => Sign::Star,
            (sign, _) => sign,
        };
        return Ok((Token::Sign(sign), text.len()));
    }
    if after_value {
        let word = WORDS
            .iter()
            .find(|(word, _)| rest.get(..word.len()).is_some_and(|w| w.eq_ignore_ascii_case(word)));
        return word
            .map(|&(word, sign)| (Token::Sign(sign), word.len()))
            .ok_or_else(|| Stop::unsupported("an operator was expected"));
    }
    if matches!(first, '\'' | '"') {
        let inner = rest.get(1..).unwrap_or_default();
        let end = inner.find(first).ok_or_else(|| Stop::unsupported("a quote is not closed"))?;
        return Ok((Token::Text(inner.get(..end).unwrap_or_default().to_owned()), end + 2));
    }
    let length = name(rest);
    if length == 0 {
        return Err(Stop::unsupported("a character that means nothing here"));
    }
    Ok((Token::Name(rest.get(..length).unwrap_or_default().to_owned()), length))
}

fn ends_value(token: &Token, _before: bool) -> bool {
    match token {
        Token::Name(_) | Token::Number(_) | Token::Text(_) => true,
        Token::Sign(sign) => matches!(
            sign,
            Sign::Star | Sign::CloseFilter | Sign::Close | Sign::Dot | Sign::DoubleDot
        ),
    }
}

fn number(rest: &str) -> Result<(Token, usize), Stop> {
    let mut point = false;
    let end = rest.find(|c: char| {
        let first_point = c == '.' && !point;
        point |= c == '.';
        !(c.is_ascii_digit() || first_point)
    });
    let length = end.unwrap_or(rest.len());
    let text = rest.get(..length).unwrap_or_default();
    let number = text.parse().map_err(|_| Stop::unsupported("a number is malformed"))?;
    Ok((Token::Number(number), length))
}

/// Length of the qualified name at the start.
fn name(rest: &str) -> usize {
    let first = plain_name(rest);
    let after = rest.get(first..).unwrap_or_default();
    match after.strip_prefix(':') {
        Some(second) if first > 0 && plain_name(second) > 0 => first + 1 + plain_name(second),
        _ => first,
    }
}

fn plain_name(rest: &str) -> usize {
    let starts = |c: char| c.is_lowercase() || c.is_uppercase() || c == '_';
    if !rest.starts_with(starts) {
        return 0;
    }
    let goes_on = |c: char| starts(c) || c.is_numeric() || matches!(c, '.' | '-');
    rest.find(|c: char| !goes_on(c)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(expression: &str) -> Vec<Sign> {
        let only = |token| if let Token::Sign(sign) = token { Some(sign) } else { None };
        tokens(expression).expect("it can be split").into_iter().filter_map(only).collect()
    }

    #[test]
    fn a_dash_a_star_and_a_word_mean_what_their_place_says() {
        assert_eq!(signs("-1 - -a"), [Sign::Negate, Sign::Minus, Sign::Negate]);
        assert_eq!(signs("* * *"), [Sign::Star, Sign::Times, Sign::Star]);
        assert_eq!(signs("and AND or"), [Sign::And]);
        assert_eq!(tokens("a-b").expect("a name"), [Token::Name("a-b".into())]);
    }

    #[test]
    fn what_cannot_be_split_is_not_evaluated() {
        for bad in ["'open", "#", "a b", "$x", &"1+".repeat(10_000)] {
            assert!(tokens(bad).is_err(), "{bad}");
        }
    }
}
