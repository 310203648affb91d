//! CQL2 text into a tree, by recursive descent.

use super::{
    lex::{Token, words},
    node::{Budget, Node},
    wkt::{Maker, Numbers},
};
use crate::ogc::{
    crs::Crs,
    error::{OgcError, excerpt},
    value::Value,
};

/// Reads a filter.
pub(super) fn parse(text: &str, crs: Crs) -> Result<Node, OgcError> {
    let mut parser =
        Parser { tokens: words(text)?.into_iter().peekable(), crs, budget: Budget::default() };
    let node = parser.either()?;
    match parser.tokens.next() {
        None => Ok(node),
        Some(extra) => Err(unexpected(Some(&extra))),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    crs: Crs,
    budget: Budget,
}

fn unexpected(token: Option<&Token>) -> OgcError {
    let text = match token {
        None => return OgcError::filter("ends too early"),
        Some(Token::Word(w) | Token::Quoted(w) | Token::Text(w)) => excerpt(w),
        Some(Token::Number(n)) => n.to_string(),
        Some(Token::Sign(s)) => (*s).to_owned(),
    };
    OgcError::filter(format!("{text:?} is not expected there"))
}

const GEOMETRIES: [&str; 7] = [
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
];

impl Parser {
    fn next(&mut self) -> Result<Token, OgcError> {
        self.tokens.next().ok_or_else(|| unexpected(None))
    }

    /// Takes this sign if it comes next.
    fn sign(&mut self, sign: &str) -> bool {
        self.tokens.next_if(|t| matches!(t, Token::Sign(s) if *s == sign)).is_some()
    }

    /// Takes this keyword if it comes next.
    fn word(&mut self, word: &str) -> bool {
        let is = |t: &Token| matches!(t, Token::Word(w) if w.eq_ignore_ascii_case(word));
        self.tokens.next_if(is).is_some()
    }

    fn expect(&mut self, sign: &str) -> Result<(), OgcError> {
        if self.sign(sign) { Ok(()) } else { Err(unexpected(self.tokens.peek())) }
    }

    fn either(&mut self) -> Result<Node, OgcError> {
        self.chain("or", Self::both)
    }

    fn both(&mut self) -> Result<Node, OgcError> {
        self.chain("and", Self::factor)
    }

    fn chain(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Node, OgcError>,
    ) -> Result<Node, OgcError> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.word(word) {
            self.budget.node()?;
            parts.push(part(self)?);
        }
        Ok(match (parts.pop(), parts.is_empty()) {
            (Some(one), true) => one,
            (last, _) => {
                parts.extend(last);
                Node::Op(word.to_owned(), parts)
            }
        })
    }

    fn factor(&mut self) -> Result<Node, OgcError> {
        self.budget.enter()?;
        let node = if self.word("not") {
            Node::Op(String::from("not"), vec![self.factor()?])
        } else if self.sign("(") {
            let inner = self.either()?;
            self.expect(")")?;
            inner
        } else {
            self.predicate()?
        };
        self.budget.leave();
        Ok(node)
    }

    fn predicate(&mut self) -> Result<Node, OgcError> {
        let left = self.operand()?;
        let negated = self.word("not");
        let node = if self.word("like") {
            Node::Op(String::from("like"), vec![left, self.operand()?])
        } else if self.word("between") {
            let low = self.operand()?;
            if !self.word("and") {
                return Err(unexpected(self.tokens.peek()));
            }
            Node::Op(String::from("between"), vec![left, low, self.operand()?])
        } else if self.word("in") {
            self.expect("(")?;
            let mut list = vec![self.operand()?];
            while self.sign(",") {
                list.push(self.operand()?);
            }
            self.expect(")")?;
            Node::Op(String::from("in"), vec![left, Node::List(list)])
        } else if negated {
            return Err(unexpected(self.tokens.peek()));
        } else if self.word("is") {
            let not = self.word("not");
            if !self.word("null") {
                return Err(unexpected(self.tokens.peek()));
            }
            return Ok(negate(Node::Op(String::from("isnull"), vec![left]), not));
        } else {
            let signs = ["<>", "<=", ">=", "<", ">", "="];
            match signs.into_iter().find(|s| self.sign(s)) {
                Some(sign) => Node::Op(sign.to_owned(), vec![left, self.operand()?]),
                None => left,
            }
        };
        Ok(negate(node, negated))
    }

    fn operand(&mut self) -> Result<Node, OgcError> {
        self.budget.node()?;
        match self.next()? {
            Token::Number(n) => Ok(Node::Literal(Value::Number(n))),
            Token::Text(t) => Ok(Node::Literal(Value::Text(t.into()))),
            Token::Quoted(name) => Ok(Node::Property(name)),
            Token::Word(word) => self.named(word),
            sign @ Token::Sign(_) => Err(unexpected(Some(&sign))),
        }
    }

    fn named(&mut self, word: String) -> Result<Node, OgcError> {
        let lower = word.to_ascii_lowercase();
        if lower == "true" || lower == "false" {
            return Ok(Node::Literal(Value::Bool(lower == "true")));
        }
        if GEOMETRIES.contains(&lower.as_str()) {
            return self.geometry(&lower).map(Node::Geometry);
        }
        if !self.sign("(") {
            return Ok(Node::Property(word));
        }
        self.budget.enter()?;
        let node = match lower.as_str() {
            "bbox" => {
                let numbers = self.numbers()?;
                let mut maker = Maker { crs: self.crs, budget: &mut self.budget };
                Node::Geometry(maker.bbox(&numbers)?)
            }
            "date" | "timestamp" => Node::Literal(self.moment()?),
            "interval" => {
                let start = self.end()?;
                self.expect(",")?;
                Node::Interval(Box::new(start), Box::new(self.end()?))
            }
            _ => {
                let mut arguments = vec![self.operand()?];
                while self.sign(",") {
                    arguments.push(self.operand()?);
                }
                Node::Op(lower, arguments)
            }
        };
        self.expect(")")?;
        self.budget.leave();
        Ok(node)
    }

    fn moment(&mut self) -> Result<Value, OgcError> {
        match self.next()? {
            Token::Text(text) => Value::moment(&text)
                .ok_or_else(|| OgcError::filter("a date is 2026-11-22, a timestamp RFC 3339")),
            other => Err(unexpected(Some(&other))),
        }
    }

    /// One end of an interval: text, `'..'`, or a property.
    fn end(&mut self) -> Result<Node, OgcError> {
        match self.next()? {
            Token::Text(text) if text == ".." => Ok(Node::Open),
            Token::Text(text) => Value::moment(&text)
                .map(Node::Literal)
                .ok_or_else(|| OgcError::filter("an interval ends at dates, timestamps or '..'")),
            Token::Word(word) => self.named(word),
            Token::Quoted(name) => Ok(Node::Property(name)),
            other => Err(unexpected(Some(&other))),
        }
    }

    fn geometry(&mut self, kind: &str) -> Result<geo::Geometry<f64>, OgcError> {
        self.budget.enter()?;
        // POINT Z (1 2 3): the third number is read and not used.
        let _has_height = self.word("z");
        let geometry = if kind == "geometrycollection" {
            self.expect("(")?;
            let mut all = Vec::new();
            loop {
                match self.next()? {
                    Token::Word(word) => all.push(self.geometry(&word.to_ascii_lowercase())?),
                    other => return Err(unexpected(Some(&other))),
                }
                if !self.sign(",") {
                    break;
                }
            }
            self.expect(")")?;
            Maker::collection(all)
        } else {
            let mut numbers = self.nested()?;
            if kind == "point" {
                numbers = match numbers {
                    Numbers::List(mut list) if list.len() == 1 => {
                        list.pop().unwrap_or(Numbers::List(vec![]))
                    }
                    other => other,
                };
            }
            Maker { crs: self.crs, budget: &mut self.budget }.geometry(kind, &numbers)?
        };
        self.budget.leave();
        Ok(geometry)
    }

    /// `(1 2, 3 4)` or lists of such lists.
    fn nested(&mut self) -> Result<Numbers, OgcError> {
        self.budget.enter()?;
        self.expect("(")?;
        let mut list = Vec::new();
        loop {
            let is_list = matches!(self.tokens.peek(), Some(Token::Sign("(")));
            list.push(if is_list { self.nested()? } else { self.position()? });
            if !self.sign(",") {
                break;
            }
        }
        self.expect(")")?;
        self.budget.leave();
        Ok(Numbers::List(list))
    }

    fn position(&mut self) -> Result<Numbers, OgcError> {
        let mut numbers = Vec::new();
        while let Some(Token::Number(n)) = self.tokens.next_if(|t| matches!(t, Token::Number(_))) {
            numbers.push(n);
        }
        if numbers.is_empty() {
            Err(unexpected(self.tokens.peek()))
        } else {
            Ok(Numbers::Position(numbers))
        }
    }

    fn numbers(&mut self) -> Result<Vec<f64>, OgcError> {
        let mut numbers = Vec::new();
        loop {
            match self.next()? {
                Token::Number(n) => numbers.push(n),
                other => return Err(unexpected(Some(&other))),
            }
            if numbers.len() > 6 || !self.sign(",") {
                return Ok(numbers);
            }
        }
    }
}

fn negate(node: Node, not: bool) -> Node {
    if not { Node::Op(String::from("not"), vec![node]) } else { node }
}
