//! From tokens to an expression, with bounded depth.

use super::ast::{Expr, Operator, Path, Start, Step, Vocabulary};
use super::function::Function;
use super::pattern::Pattern;
use super::stop::Stop;
use super::token::{Sign, Token, tokens};

/// Parentheses, arguments and filters inside each other: real forms stay below 20.
const DEPTH: usize = 64;

/// Binary operators from the loosest to the tightest; `or` and `and` come before them.
const LEVELS: [&[(Sign, Operator)]; 4] = [
    &[(Sign::Equal, Operator::Equal), (Sign::NotEqual, Operator::NotEqual)],
    &[
        (Sign::Less, Operator::Less),
        (Sign::AtMost, Operator::AtMost),
        (Sign::More, Operator::More),
        (Sign::AtLeast, Operator::AtLeast),
    ],
    &[(Sign::Plus, Operator::Plus), (Sign::Minus, Operator::Minus)],
    &[
        (Sign::Times, Operator::Times),
        (Sign::Divide, Operator::Divide),
        (Sign::Modulo, Operator::Modulo),
    ],
];

/// Parses an expression; new names enter the vocabulary.
pub(in crate::forms) fn parse(text: &str, vocabulary: &mut Vocabulary) -> Result<Expr, Stop> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, vocabulary };
    let expression = parser.expression()?;
    if parser.at < parser.tokens.len() {
        return Err(Stop::unsupported("something after the end"));
    }
    Ok(expression)
}

struct Parser<'v> {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    vocabulary: &'v mut Vocabulary,
}

impl Parser<'_> {
    fn expression(&mut self) -> Result<Expr, Stop> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Stop::unsupported("expression too deep"));
        }
        let expression = self.any_of(Sign::Or);
        self.depth -= 1;
        expression
    }

    /// `or`, and inside it `and`.
    fn any_of(&mut self, sign: Sign) -> Result<Expr, Stop> {
        let mut all = Vec::new();
        loop {
            all.push(match sign {
                Sign::Or => self.any_of(Sign::And)?,
                _ => self.chain(0)?,
            });
            if !self.take(sign) {
                break;
            }
        }
        if all.len() == 1
            && let Some(only) = all.pop()
        {
            return Ok(only);
        }
        Ok(if sign == Sign::Or { Expr::Or(all) } else { Expr::And(all) })
    }

    fn chain(&mut self, level: usize) -> Result<Expr, Stop> {
        let Some(operators) = LEVELS.get(level) else {
            return self.signed();
        };
        let first = self.chain(level + 1)?;
        let mut rest = Vec::new();
        while let Some(&(_, operator)) =
            operators.iter().find(|(sign, _)| self.peek() == Some(&Token::Sign(*sign)))
        {
            self.at += 1;
            rest.push((operator, self.chain(level + 1)?));
        }
        Ok(if rest.is_empty() { first } else { Expr::Chain(Box::new(first), rest) })
    }

    fn signed(&mut self) -> Result<Expr, Stop> {
        let mut negations = 0_usize;
        while self.take(Sign::Negate) {
            negations += 1;
        }
        let inner = self.primary()?;
        if matches!(self.peek(), Some(Token::Sign(Sign::Union))) {
            return Err(Stop::unsupported("a union of paths"));
        }
        // Twice is not nothing: it makes a number of what was none.
        Ok(match negations {
            0 => inner,
            n if n % 2 == 1 => Expr::Negate(Box::new(inner)),
            _ => Expr::Negate(Box::new(Expr::Negate(Box::new(inner)))),
        })
    }

    fn primary(&mut self) -> Result<Expr, Stop> {
        let plain = match self.peek() {
            Some(Token::Number(number)) => {
                let number = *number;
                self.at += 1;
                Expr::Number(number)
            }
            Some(Token::Text(text)) => {
                let text = text.as_str().into();
                self.at += 1;
                Expr::Text(text)
            }
            Some(Token::Sign(Sign::Open)) => {
                self.at += 1;
                let inner = self.expression()?;
                self.expect(Sign::Close)?;
                inner
            }
            Some(Token::Name(name)) if self.opens_call() => {
                let name = name.clone();
                self.at += 2;
                match name.as_str() {
                    "instance" => return self.list(),
                    "current" => {
                        self.expect(Sign::Close)?;
                        self.expect(Sign::Slash)?;
                        return self.path(Start::Current(0));
                    }
                    _ => self.call(&name)?,
                }
            }
            Some(Token::Sign(Sign::Slash)) => {
                self.at += 1;
                return self.path(Start::Root);
            }
            Some(Token::Name(_) | Token::Sign(Sign::Dot | Sign::DoubleDot | Sign::At)) => {
                return self.path(Start::Here(0));
            }
            _ => return Err(Stop::unsupported("a value was expected")),
        };
        match self.peek() {
            Some(Token::Sign(Sign::OpenFilter | Sign::Slash | Sign::DoubleSlash)) => {
                Err(Stop::unsupported("a filter on what is not a path"))
            }
            _ => Ok(plain),
        }
    }

    /// A name and a parenthesis, unless it is a node test.
    fn opens_call(&self) -> bool {
        let is_test = matches!(self.peek(), Some(Token::Name(name)) if name == "node");
        !is_test && self.tokens.get(self.at + 1) == Some(&Token::Sign(Sign::Open))
    }

    fn call(&mut self, name: &str) -> Result<Expr, Stop> {
        let mut arguments = Vec::new();
        if !self.take(Sign::Close) {
            loop {
                arguments.push(self.expression()?);
                if self.take(Sign::Close) {
                    break;
                }
                self.expect(Sign::Comma)?;
            }
        }
        let function = Function::find(name, arguments.len())?;
        if function == Function::Regex
            && let Some(Expr::Text(pattern)) = arguments.get(1)
        {
            let pattern = Pattern::new(pattern)?;
            let text = arguments.swap_remove(0);
            return Ok(Expr::Matches(Box::new(text), pattern));
        }
        Ok(Expr::Call(function, arguments))
    }

    /// What follows `instance(`.
    fn list(&mut self) -> Result<Expr, Stop> {
        let Some(Token::Text(id)) = self.peek() else {
            return Err(Stop::unsupported("instance() of what is not a text"));
        };
        let known = self.vocabulary.lists.iter().position(|list| **list == **id);
        let list = known.ok_or_else(|| Stop::unsupported(format!("no list {id} in the form")))?;
        self.at += 1;
        self.expect(Sign::Close)?;
        self.expect(Sign::Slash)?;
        self.path(Start::List(list))
    }

    fn path(&mut self, start: Start) -> Result<Expr, Stop> {
        let mut path = Path { start, steps: Vec::new() };
        loop {
            self.step(&mut path)?;
            if !self.take(Sign::Slash) {
                break;
            }
        }
        let absolute = matches!(path.start, Start::Root | Start::List(_));
        if absolute && path.steps.is_empty() {
            return Err(Stop::unsupported("the root by itself"));
        }
        match self.peek() {
            Some(Token::Sign(Sign::DoubleSlash)) => Err(Stop::unsupported("//")),
            _ => Ok(Expr::Path(path)),
        }
    }

    fn step(&mut self, path: &mut Path) -> Result<(), Stop> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        let name = match token {
            Some(Token::Sign(Sign::Dot)) => return Ok(()),
            Some(Token::Sign(Sign::DoubleDot)) => return up(path),
            Some(Token::Sign(Sign::At)) => format!("@{}", self.name()?),
            Some(Token::Name(name)) if self.take(Sign::DoubleColon) => match name.as_str() {
                "child" => self.name()?,
                "attribute" => format!("@{}", self.name()?),
                "self" => return self.node_test(),
                "parent" => {
                    self.node_test()?;
                    return up(path);
                }
                other => return Err(Stop::unsupported(format!("axis {other}"))),
            },
            Some(Token::Name(name)) => name,
            _ => return Err(Stop::unsupported("a step of a path was expected")),
        };
        if self.peek() == Some(&Token::Sign(Sign::Open)) {
            return Err(Stop::unsupported("a node test"));
        }
        let mut filters = Vec::new();
        while self.take(Sign::OpenFilter) {
            filters.push(self.expression()?);
            self.expect(Sign::CloseFilter)?;
        }
        path.steps.push(Step { name: self.vocabulary.names.intern(&name), filters });
        Ok(())
    }

    fn name(&mut self) -> Result<String, Stop> {
        match self.tokens.get(self.at) {
            Some(Token::Name(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            _ => Err(Stop::unsupported("a name was expected")),
        }
    }

    fn node_test(&mut self) -> Result<(), Stop> {
        if self.name()? != "node" {
            return Err(Stop::unsupported("a node test"));
        }
        self.expect(Sign::Open)?;
        self.expect(Sign::Close)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, sign: Sign) -> bool {
        let there = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, sign: Sign) -> Result<(), Stop> {
        let there = self.take(sign);
        there.then_some(()).ok_or_else(|| Stop::unsupported("a bracket or a comma was expected"))
    }
}

/// `..`, which JavaRosa understands at the beginning of a path only.
fn up(path: &mut Path) -> Result<(), Stop> {
    match &mut path.start {
        Start::Here(levels) | Start::Current(levels) if path.steps.is_empty() => {
            *levels += 1;
            Ok(())
        }
        _ => Err(Stop::unsupported("'..' after a name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Expr, Stop> {
        let mut vocabulary = Vocabulary { lists: vec!["a".into()], ..Vocabulary::default() };
        parse(text, &mut vocabulary)
    }

    #[test]
    fn what_javarosa_does_not_understand_is_not_evaluated() {
        for bad in [
            "",
            "1 +",
            "(1",
            "a[1",
            "a//b",
            "//a",
            "/",
            "*",
            "a/*",
            "a | b",
            "$x",
            "(a)[1]",
            "foo(1)",
            "if(1, 2)",
            "instance('b')/root",
            "instance(a)/root",
            "instance('a')",
            "a/../b",
            "/a/..",
            "current()",
            "ancestor::a",
            "text()",
            "1 2",
            "uuid()",
        ] {
            assert!(matches!(parsed(bad), Err(Stop::Unsupported(_))), "{bad}");
        }
        for good in [
            "../../a/b",
            "current()/../a",
            ".",
            "./a",
            "child::a/self::node()",
            "parent::node()/a",
            "instance('a')/root/item[name = current()/../x][position() = 1]/label",
            "--1",
            "/data/orx:meta/@id",
            "a >= 1 and b or c",
            "count(../r[x = 'y'])",
        ] {
            assert!(parsed(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn hostile_depth_ends_at_once() {
        for (open, close) in [("(", ")"), ("not(", ")"), ("a[", "]"), ("-(", ")")] {
            let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
            assert!(matches!(parsed(&deep), Err(Stop::Unsupported(_))), "{open}");
        }
        assert!(parsed(&format!("{}1", "-".repeat(5_000))).is_ok());
        assert!(parsed(&format!("1{}", " + 1".repeat(4_000))).is_ok());
    }
}
