//! A parsed expression.

use super::function::Function;
use super::names::{Name, Names};
use super::pattern::Pattern;

/// An expression; its depth is bounded by the parser, so walking it may recurse.
#[derive(Debug, Clone)]
pub(in crate::forms) enum Expr {
    Number(f64),
    Text(Box<str>),
    /// True if any is; the rest is not looked at after the first.
    Or(Vec<Expr>),
    /// True if all are.
    And(Vec<Expr>),
    /// A value and what is done to it from left to right, all of one precedence.
    Chain(Box<Expr>, Vec<(Operator, Expr)>),
    Negate(Box<Expr>),
    Path(Path),
    Call(Function, Vec<Expr>),
    /// `regex` with a pattern known beforehand.
    Matches(Box<Expr>, Pattern),
}

/// A binary operator other than `and` and `or`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::forms) enum Operator {
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
}

/// A location path.
#[derive(Debug, Clone)]
pub(in crate::forms) struct Path {
    pub(in crate::forms) start: Start,
    pub(in crate::forms) steps: Vec<Step>,
}

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::forms) enum Start {
    /// At the root of the submission; the first step names the root element.
    Root,
    /// So many elements above the context.
    Here(usize),
    /// So many elements above the node that the whole expression belongs to.
    Current(usize),
    /// At the root of the list of this index; the first step names its root element.
    List(usize),
}

/// One step down.
#[derive(Debug, Clone)]
pub(in crate::forms) struct Step {
    pub(in crate::forms) name: Name,
    pub(in crate::forms) filters: Vec<Expr>,
}

/// The names and lists that expressions of one form may speak of.
#[derive(Debug, Clone, Default)]
pub(in crate::forms) struct Vocabulary {
    pub(in crate::forms) names: Names,
    /// Ids of the secondary instances, by index.
    pub(in crate::forms) lists: Vec<Box<str>>,
}

impl Expr {
    /// Visits this expression and all inside it.
    pub(in crate::forms) fn visit(&self, see: &mut impl FnMut(&Self)) {
        see(self);
        match self {
            Self::Number(_) | Self::Text(_) => {}
            Self::Or(all) | Self::And(all) | Self::Call(_, all) => {
                for one in all {
                    one.visit(see);
                }
            }
            Self::Chain(first, rest) => {
                first.visit(see);
                for (_, one) in rest {
                    one.visit(see);
                }
            }
            Self::Negate(inner) | Self::Matches(inner, _) => inner.visit(see),
            Self::Path(path) => {
                for one in path.steps.iter().flat_map(|step| &step.filters) {
                    one.visit(see);
                }
            }
        }
    }

    /// Whether one of these functions is called anywhere in it.
    pub(in crate::forms) fn calls(&self, functions: &[Function]) -> bool {
        let mut found = false;
        self.visit(&mut |one| {
            found |= matches!(one, Self::Call(function, _) if functions.contains(function));
        });
        found
    }
}
