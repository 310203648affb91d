//! The part of a constraint that can be checked without an `XPath` engine.
//!
//! Never a false alarm: a constraint is split at its top-level `and`s, the parts that are a plain
//! comparison are kept, and whatever else it says is left to a later evaluator.

use jiff::civil::Date;

use super::value::{Value, date, decimal};

/// What is known of the limits of an answer; every comparison must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bounds {
    /// The comparisons understood.
    pub comparisons: Vec<Comparison>,
    /// Regular expressions that the whole answer must match; kept, not evaluated here.
    pub patterns: Vec<String>,
}

/// One comparison of the answer with a constant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// What is compared.
    pub subject: Subject,
    /// How.
    pub operator: Operator,
    /// With what.
    pub operand: Operand,
}

/// The side of a comparison that comes from the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The answer itself.
    Value,
    /// The accuracy of a point, in metres.
    Accuracy,
}

/// A comparison operator, with the answer on its left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Strictly less.
    Less,
    /// At most.
    AtMost,
    /// Strictly more.
    More,
    /// At least.
    AtLeast,
}

/// The constant side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operand {
    /// A number.
    Number(f64),
    /// A day.
    Date(Date),
    /// The day of the interview.
    Today,
}

impl Operator {
    fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
        }
    }

    fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::More,
            Self::AtMost => Self::AtLeast,
            Self::More => Self::Less,
            Self::AtLeast => Self::AtMost,
        }
    }
}

impl Bounds {
    /// Reads what can be understood of an `XPath` constraint.
    pub(super) fn parse(constraint: &str) -> Self {
        let mut bounds = Self::default();
        let mut parts = vec![constraint];
        while let Some(part) = parts.pop() {
            let part = strip_parentheses(part.trim());
            if !word_positions(part, "or").is_empty() {
                continue;
            }
            let ands = word_positions(part, "and");
            if let Some(&at) = ands.last() {
                // Pushed right side first, so that parts come out in reading order.
                let (left, right) = part.split_at_checked(at).unwrap_or((part, ""));
                parts.push(right.get(3..).unwrap_or_default());
                parts.push(left);
            } else if let Some(comparison) = comparison(part) {
                bounds.comparisons.push(comparison);
            } else if let Some(pattern) = pattern(part) {
                bounds.patterns.push(pattern);
            }
        }
        bounds
    }

    /// Tells whether the answer breaks one of the comparisons; when in doubt it does not.
    pub(super) fn broken_by(&self, value: &Value, today: Date) -> bool {
        self.comparisons.iter().any(|comparison| comparison.holds_for(value, today) == Some(false))
    }
}

impl Comparison {
    /// Compares, or gives nothing when this kind of answer cannot be compared so.
    fn holds_for(self, value: &Value, today: Date) -> Option<bool> {
        let Self { subject, operator, operand } = self;
        match (subject, operand, value) {
            (Subject::Value, Operand::Number(limit), Value::Integer(number)) => {
                // Through text, because a cast would need `as`; exact up to 2^53 either way.
                Some(operator.holds(&decimal(&number.to_string())?, &limit))
            }
            (Subject::Value, Operand::Number(limit), Value::Decimal(number)) => {
                Some(operator.holds(number, &limit))
            }
            (Subject::Value, Operand::Date(limit), Value::Date(day)) => {
                Some(operator.holds(&date(day)?, &limit))
            }
            // The interview may be days before `today`: only «not in the future» is certain.
            (Subject::Value, Operand::Today, Value::Date(day)) => match operator {
                Operator::Less | Operator::AtMost => Some(operator.holds(&date(day)?, &today)),
                Operator::More | Operator::AtLeast => None,
            },
            (Subject::Accuracy, Operand::Number(limit), Value::Point(point)) => {
                Some(operator.holds(&point.acc?, &limit))
            }
            _ => None,
        }
    }
}

/// Byte positions of a word at the top level: outside strings, parentheses and longer names.
fn word_positions(text: &str, word: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut depth = 0_i32;
    let mut quote = None;
    let mut before = b' ';
    for (at, &byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(' | b'[') => depth += 1,
            (None, b')' | b']') => depth -= 1,
            _ => {
                let rest = bytes.get(at..).unwrap_or_default();
                let after = rest.get(word.len()).copied().unwrap_or(b' ');
                // XPath reads `5or` as two words. Seeing an `or` too many is harmless, one too few
                // is a false alarm; for `and` it is the other way round.
                let starts = !is_name_byte(before) || (word == "or" && before.is_ascii_digit());
                let alone = starts && before != b'/' && !is_name_byte(after);
                if depth == 0 && alone && rest.starts_with(word.as_bytes()) {
                    found.push(at);
                }
            }
        }
        before = byte;
    }
    found
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':' | b'$') || byte >= 0x80
}

/// Removes the parentheses that enclose a whole expression.
fn strip_parentheses(text: &str) -> &str {
    let mut text = text;
    while let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        if !is_balanced(inner) {
            break;
        }
        text = inner.trim();
    }
    text
}

fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    let mut quote = None;
    for character in text.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0 && quote.is_none()
}

fn comparison(text: &str) -> Option<Comparison> {
    let at = text.find(['<', '>'])?;
    let (left, rest) = text.split_at_checked(at)?;
    let (operator, right) = [
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("<", Operator::Less),
        (">", Operator::More),
    ]
    .iter()
    .find_map(|(sign, operator)| rest.strip_prefix(sign).map(|right| (*operator, right)))?;
    let (left, right) = (left.trim(), right.trim());
    if let (Some(subject), Some(operand)) = (subject(left), operand(right)) {
        return Some(Comparison { subject, operator, operand });
    }
    let (subject, operand) = (subject(right)?, operand(left)?);
    Some(Comparison { subject, operator: operator.mirrored(), operand })
}

fn subject(text: &str) -> Option<Subject> {
    if text == "." {
        return Some(Subject::Value);
    }
    let arguments = call(text, "selected-at")?;
    let (node, position) = arguments.split_once(',')?;
    (node.trim() == "." && position.trim() == "3").then_some(Subject::Accuracy)
}

fn operand(text: &str) -> Option<Operand> {
    if call(text, "today").is_some_and(|arguments| arguments.trim().is_empty()) {
        return Some(Operand::Today);
    }
    if let Some(argument) = call(text, "date") {
        return date(string_literal(argument.trim())?).map(Operand::Date);
    }
    // An XPath number has digits and one dot only, with an optional minus.
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    if plain { decimal(text).map(Operand::Number) } else { None }
}

fn pattern(text: &str) -> Option<String> {
    let (node, expression) = call(text, "regex")?.split_once(',')?;
    let literal = string_literal(expression.trim())?;
    (node.trim() == ".").then(|| literal.to_owned())
}

/// The arguments of a text that is one call of this function and nothing more.
fn call<'a>(text: &'a str, function: &str) -> Option<&'a str> {
    let arguments =
        text.strip_prefix(function)?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    is_balanced(arguments).then_some(arguments)
}

fn string_literal(text: &str) -> Option<&str> {
    ['\'', '"'].into_iter().find_map(|quote| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then_some(inner)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::value::GeoPoint;

    const TODAY: Date = jiff::civil::date(2026, 11, 21);

    fn breaks(constraint: &str, value: &Value) -> bool {
        Bounds::parse(constraint).broken_by(value, TODAY)
    }

    fn day(text: &str) -> Value {
        Value::Date(text.to_owned())
    }

    #[test]
    fn numbers_are_held_to_every_plain_comparison() {
        let range = ". >= 0 and . <= 60";
        assert!(breaks(range, &Value::Integer(61)));
        assert!(breaks(range, &Value::Decimal(-0.5)));
        assert!(!breaks(range, &Value::Integer(60)));
        assert!(breaks(". > 0 and . < 40", &Value::Decimal(40.0)));
        assert!(breaks("((.>=-5) and (100 >= .))", &Value::Integer(101)));
    }

    #[test]
    fn what_is_not_understood_is_ignored_and_the_rest_still_checked() {
        let mixed = ". >= 0 and . <=  /data/c/members_total  and (. + /data/x) <= 10";
        assert!(breaks(mixed, &Value::Integer(-1)));
        assert!(!breaks(mixed, &Value::Integer(1_000_000)));
        for ignored in [
            ". <= 5 or . = 99",
            ". <= 5 and . >= 1or . = 99",
            "(. <= 5 or . = 99) and true()",
            "not(. > 5)",
            ". <= 5 + 5",
            ". <= /data/a - 5",
            ". + 1 <= 5",
            "if(/data/x, . <= 5, true())",
            ". <= 5 = false()",
            "string-length(.) <= 5",
            "count-selected(.) <= 4",
            "../x <= 5",
            ". != 5",
            "",
        ] {
            assert!(!breaks(ignored, &Value::Integer(1_000)), "{ignored}");
        }
    }

    #[test]
    fn words_inside_strings_and_names_do_not_split() {
        let text = ". <= 5 and regex(., 'a or b and c') and /data/or >= 1 and band-or-not >= 2";
        let bounds = Bounds::parse(text);
        assert_eq!(bounds.comparisons.len(), 1);
        assert_eq!(bounds.patterns, ["a or b and c"]);
    }

    #[test]
    fn a_date_after_the_day_of_receipt_is_broken_and_before_a_given_day_too() {
        let birth = ". <= today() and . >= date('1920-01-01')";
        assert!(breaks(birth, &day("2026-11-22")));
        assert!(breaks(birth, &day("1919-12-31")));
        assert!(!breaks(birth, &day("2026-11-21")));
    }

    #[test]
    fn an_appointment_after_the_interview_is_never_held_against_a_late_submission() {
        assert!(!breaks(". >= today()", &day("2026-11-01")));
    }

    #[test]
    fn the_accuracy_of_a_point_is_compared_when_it_is_known() {
        let point = |acc| Value::Point(GeoPoint { lat: 12.0, lon: -8.0, alt: None, acc });
        assert!(breaks("selected-at(., 3) <= 20", &point(Some(20.5))));
        assert!(!breaks("selected-at(., 3) <= 20", &point(Some(20.0))));
        assert!(!breaks("selected-at(., 3) <= 20", &point(None)));
        assert!(!breaks("selected-at(., 2) <= 20", &point(Some(99.0))));
    }

    #[test]
    fn patterns_are_kept_as_text() {
        let bounds = Bounds::parse("regex(., '^[A-Z]{2}[0-9]{3}$')");
        assert_eq!(bounds.patterns, ["^[A-Z]{2}[0-9]{3}$"]);
        assert!(Bounds::parse("not(regex(., 'a'))").patterns.is_empty());
        assert!(Bounds::parse("regex(., 'a') or regex(., 'b')").patterns.is_empty());
    }

    #[test]
    fn unbalanced_expressions_are_ignored() {
        for odd in ["(((", ")))", ". <= 5)", "(. <= 5", "'", ". <= ", "<", "and", "and and"] {
            assert!(!breaks(odd, &Value::Integer(1_000)), "{odd}");
        }
    }
}
