//! Reads a `$filter` against the columns of a table.

use std::borrow::Cow;

use super::{
    error::{CentralError, excerpt},
    filter::{Column, Filter, Function, Node, Operator},
    schema::{Item, Kind, Schema},
    token::{Token, words},
    value::{self, Scalar},
};
use crate::runtime::Micros;

/// What an expression may name.
#[derive(Clone, Copy)]
pub(super) struct Names<'s> {
    pub(super) schema: &'s Schema,
    /// The columns of the table asked for.
    pub(super) items: &'s [Item],
    /// `__Submissions-id`…; empty in the main table.
    pub(super) parent_name: &'s str,
    /// What `now()` means.
    pub(super) now: Micros,
}

/// Types that are compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Null,
    Bool,
    Number,
    Text,
    Time,
    Place,
}

impl Type {
    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::Integer | Kind::Decimal => Self::Number,
            Kind::Boolean => Self::Bool,
            Kind::Date | Kind::DateTime => Self::Time,
            Kind::Point | Kind::Line | Kind::Area => Self::Place,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text => "a text in quotes",
            Self::Time => "a date without quotes",
            Self::Place => "a place",
        }
    }
}

/// Parentheses, functions and `not` within each other; far more than a person or a program writes.
const DEPTH: usize = 64;
/// Values of one `in`.
const LIST: usize = 1_000;

type Typed = (Node, Type);
type Result<T> = std::result::Result<T, CentralError>;

/// Reads a condition; `name` is the parameter to blame.
pub(super) fn condition(name: &'static str, text: &str, names: Names<'_>) -> Result<Filter> {
    let mut parser = Parser { name, words: words(name, text)?, at: 0, depth: 0, names };
    let node = parser.condition()?;
    if let Some(word) = parser.words.get(parser.at) {
        return Err(parser.unexpected(Some(word)));
    }
    Ok(Filter(node))
}

/// Reads the name of a column, of a value of `__system` or of an id.
pub(super) fn column(name: &'static str, text: &str, names: Names<'_>) -> Result<Node> {
    let parser = Parser { name, words: Vec::new(), at: 0, depth: 0, names };
    parser.path(text).map(|(node, _)| node)
}

struct Parser<'t, 's> {
    name: &'static str,
    words: Vec<Token<'t>>,
    at: usize,
    depth: usize,
    names: Names<'s>,
}

impl<'t> Parser<'t, '_> {
    fn bad(&self, why: impl Into<String>) -> CentralError {
        CentralError::bad(self.name, why)
    }

    fn unexpected(&self, word: Option<&Token<'_>>) -> CentralError {
        self.bad(match word {
            None => String::from("something is missing at the end"),
            Some(Token::Open) => String::from("unexpected ("),
            Some(Token::Close) => String::from("unexpected )"),
            Some(Token::Comma) => String::from("unexpected ,"),
            Some(Token::Quoted(_)) => String::from("unexpected text in quotes"),
            Some(Token::Word(word)) => format!("unexpected {}", excerpt(word)),
        })
    }

    fn word(&self) -> Option<&'t str> {
        match self.words.get(self.at) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.word() == Some(word);
        self.at += usize::from(found);
        found
    }

    fn take(&mut self, token: &Token<'_>) -> bool {
        let found = self.words.get(self.at) == Some(token);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &Token<'_>) -> Result<()> {
        if self.take(token) { Ok(()) } else { Err(self.unexpected(self.words.get(self.at))) }
    }

    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.bad(format!("more than {DEPTH} levels within each other")));
        }
        Ok(())
    }

    fn condition(&mut self) -> Result<Node> {
        let (node, kind) = self.any()?;
        self.truth(node, kind)
    }

    fn truth(&self, node: Node, kind: Type) -> Result<Node> {
        match kind {
            Type::Bool | Type::Null => Ok(node),
            _ => Err(self.bad(format!("a condition is expected, not {}", kind.word()))),
        }
    }

    fn any(&mut self) -> Result<Typed> {
        self.joined("or", Node::Or, Self::all)
    }

    fn all(&mut self) -> Result<Typed> {
        self.joined("and", Node::And, Self::negated)
    }

    fn joined(
        &mut self,
        word: &str,
        join: fn(Vec<Node>) -> Node,
        part: fn(&mut Self) -> Result<Typed>,
    ) -> Result<Typed> {
        let (first, kind) = part(self)?;
        if self.word() != Some(word) {
            return Ok((first, kind));
        }
        let mut parts = vec![self.truth(first, kind)?];
        while self.take_word(word) {
            let (next, kind) = part(self)?;
            parts.push(self.truth(next, kind)?);
        }
        Ok((join(parts), Type::Bool))
    }

    fn negated(&mut self) -> Result<Typed> {
        if !self.take_word("not") {
            return self.compared();
        }
        self.deeper()?;
        let (node, kind) = self.negated()?;
        self.depth -= 1;
        Ok((Node::Not(Box::new(self.truth(node, kind)?)), Type::Bool))
    }

    fn compared(&mut self) -> Result<Typed> {
        let (left, kind) = self.primary()?;
        if self.take_word("in") {
            return self.list(left, kind);
        }
        let Some(operator) = self.word().and_then(operator) else { return Ok((left, kind)) };
        self.at += 1;
        let (right, other) = self.primary()?;
        self.comparable(kind, other, operator)?;
        Ok((Node::Compare(operator, Box::new([left, right])), Type::Bool))
    }

    fn comparable(&self, left: Type, right: Type, operator: Operator) -> Result<()> {
        let null = left == Type::Null || right == Type::Null;
        let equality = matches!(operator, Operator::Equal | Operator::NotEqual);
        if (null && equality) || (left == right && left != Type::Place) || (null && left != right) {
            return Ok(());
        }
        if left == Type::Place || right == Type::Place {
            return Err(self.bad("a place can be compared with null only"));
        }
        Err(self.bad(format!("{} is compared with {}", left.word(), right.word())))
    }

    fn list(&mut self, left: Node, kind: Type) -> Result<Typed> {
        self.expect(&Token::Open)?;
        let mut list = Vec::new();
        loop {
            let (one, other) = self.primary()?;
            self.comparable(kind, other, Operator::Equal)?;
            list.push(one);
            if list.len() > LIST {
                return Err(self.bad(format!("more than {LIST} values in one list")));
            }
            if !self.take(&Token::Comma) {
                break;
            }
        }
        self.expect(&Token::Close)?;
        Ok((Node::In(Box::new(left), list), Type::Bool))
    }

    fn primary(&mut self) -> Result<Typed> {
        if self.take(&Token::Open) {
            self.deeper()?;
            let inner = self.any()?;
            self.depth -= 1;
            self.expect(&Token::Close)?;
            return Ok(inner);
        }
        match self.words.get(self.at).cloned() {
            Some(Token::Quoted(text)) => {
                self.at += 1;
                Ok((Node::Literal(Scalar::Text(Cow::Owned(text))), Type::Text))
            }
            Some(Token::Word(word)) => {
                self.at += 1;
                if self.words.get(self.at) == Some(&Token::Open) {
                    return self.call(word);
                }
                match literal(word) {
                    Some(found) => Ok(found),
                    None => self.path(word),
                }
            }
            other => Err(self.unexpected(other.as_ref())),
        }
    }

    fn call(&mut self, word: &str) -> Result<Typed> {
        self.expect(&Token::Open)?;
        if word == "now" {
            self.expect(&Token::Close)?;
            return Ok((Node::Literal(Scalar::Time(self.names.now.0)), Type::Time));
        }
        let Some((_, function, takes, gives)) = FUNCTIONS.iter().find(|f| f.0 == word) else {
            return Err(self.bad(format!("no function {}", excerpt(word))));
        };
        self.deeper()?;
        let mut arguments = Vec::with_capacity(takes.len());
        for (n, wanted) in takes.iter().enumerate() {
            if n > 0 {
                self.expect(&Token::Comma)?;
            }
            let (node, kind) = self.any()?;
            if kind != *wanted && kind != Type::Null {
                return Err(self.bad(format!("{word} takes {}", wanted.word())));
            }
            arguments.push(node);
        }
        self.depth -= 1;
        self.expect(&Token::Close)?;
        Ok((Node::Call(*function, arguments), *gives))
    }

    fn path(&self, word: &str) -> Result<Typed> {
        let schema = self.names.schema;
        let root = word.strip_prefix("$root/").and_then(|w| w.strip_prefix(schema.primary));
        let below = root.and_then(|w| w.strip_prefix('/'));
        let from_root = below.is_some();
        let main = from_root || self.names.parent_name.is_empty();
        let path = below.unwrap_or(word);
        if path == "__id" && (!from_root || self.names.parent_name.is_empty()) {
            return Ok((Node::Id, Type::Text));
        }
        if path == self.names.parent_name && !path.is_empty() {
            return Ok((Node::Parent, Type::Text));
        }
        if let Some(name) = path.strip_prefix("__system/").filter(|_| main)
            && let Some(place) = schema.system.iter().position(|(known, _)| *known == name)
        {
            let kind = schema.system.get(place).map_or(Kind::Text, |(_, kind)| *kind);
            return Ok((Node::System(place, kind), Type::of(kind)));
        }
        let items = if from_root { &schema.items } else { self.names.items };
        find(items, path, from_root)
            .ok_or_else(|| self.bad(format!("no column {} in this table", excerpt(word))))
    }
}

/// Finds a column below these, through groups but not into repeats.
fn find(items: &[Item], path: &str, from_root: bool) -> Option<Typed> {
    let mut groups = Vec::new();
    let mut items = items;
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        match items.iter().find(|item| item.name() == part)? {
            Item::Field(field) if parts.peek().is_none() => {
                let kind = Type::of(field.kind);
                let column = Column { from_root, groups, field: field.clone() };
                return Some((Node::Column(Box::new(column)), kind));
            }
            Item::Group(branch) => {
                groups.push(branch.raw.clone());
                items = &branch.items;
            }
            Item::Field(_) | Item::Repeat(_) => return None,
        }
    }
    None
}

fn operator(word: &str) -> Option<Operator> {
    Some(match word {
        "eq" => Operator::Equal,
        "ne" => Operator::NotEqual,
        "lt" => Operator::Less,
        "le" => Operator::LessOrEqual,
        "gt" => Operator::Greater,
        "ge" => Operator::GreaterOrEqual,
        _ => return None,
    })
}

fn literal(word: &str) -> Option<Typed> {
    match word {
        "null" => return Some((Node::Literal(Scalar::Null), Type::Null)),
        "true" | "false" => return Some((Node::Literal(Scalar::Bool(word == "true")), Type::Bool)),
        _ => {}
    }
    if !word.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return None;
    }
    if let Some(micros) = value::micros(word) {
        return Some((Node::Literal(Scalar::Time(micros)), Type::Time));
    }
    let number: f64 = word.parse().ok().filter(|n: &f64| n.is_finite())?;
    Some((Node::Literal(Scalar::Number(number)), Type::Number))
}

/// Name, function, what it takes, what it gives.
const FUNCTIONS: [(&str, Function, &[Type], Type); 14] = [
    ("contains", Function::Contains, &[Type::Text, Type::Text], Type::Bool),
    ("startswith", Function::StartsWith, &[Type::Text, Type::Text], Type::Bool),
    ("endswith", Function::EndsWith, &[Type::Text, Type::Text], Type::Bool),
    ("length", Function::Length, &[Type::Text], Type::Number),
    ("tolower", Function::ToLower, &[Type::Text], Type::Text),
    ("toupper", Function::ToUpper, &[Type::Text], Type::Text),
    ("trim", Function::Trim, &[Type::Text], Type::Text),
    ("year", Function::Year, &[Type::Time], Type::Number),
    ("month", Function::Month, &[Type::Time], Type::Number),
    ("day", Function::Day, &[Type::Time], Type::Number),
    ("hour", Function::Hour, &[Type::Time], Type::Number),
    ("minute", Function::Minute, &[Type::Time], Type::Number),
    ("second", Function::Second, &[Type::Time], Type::Number),
    ("date", Function::Date, &[Type::Time], Type::Time),
];
