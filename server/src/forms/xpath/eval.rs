//! Evaluating an expression over an instance, step by counted step.

use std::borrow::Cow;
use std::cell::Cell;

use super::ast::{Expr, Operator};
use super::date::Moment;
use super::list::List;
use super::names::{Name, Names};
use super::number::CLOSE;
use super::stop::Stop;
use super::tree::{NodeId, Tree};
use super::value::{Atom, Nodes, Source, Value};

/// What expressions are evaluated in.
pub(in crate::forms) struct World<'e> {
    /// The submission.
    pub(in crate::forms) main: &'e Tree<'e>,
    /// The secondary instances, by index.
    pub(in crate::forms) lists: &'e [List],
    /// The names of the form.
    pub(in crate::forms) names: &'e Names,
    /// What `now()` is.
    pub(in crate::forms) clock: Cell<Moment>,
    /// What `version()` is.
    pub(in crate::forms) version: &'e str,
    /// What `jr:choice-name` asks.
    pub(in crate::forms) labels: &'e dyn Labels,
    /// Steps left: a step is a node looked at, a call, or a few dozen bytes of text made.
    pub(in crate::forms) budget: Cell<u32>,
}

/// The labels of choices.
pub(in crate::forms) trait Labels {
    /// The label of a choice of the question at this path, empty if it has no such choice.
    fn label<'e>(
        &'e self,
        world: &World<'e>,
        code: &str,
        path: &str,
        scope: &Scope<'e>,
    ) -> Result<String, Stop>;

    /// The index of the list that a file fills.
    fn list_of_file(&self, file: &str) -> Option<usize>;
}

/// A node, which may be missing below one that is there.
#[derive(Debug, Clone, Copy)]
pub(in crate::forms) struct At<'e> {
    pub(in crate::forms) source: Source,
    pub(in crate::forms) node: NodeId,
    /// Elements below the node that the submission does not have.
    pub(in crate::forms) missing: &'e [Name],
}

/// The context of an expression.
#[derive(Debug, Clone, Copy)]
pub(in crate::forms) struct Scope<'e> {
    /// What `.` is.
    pub(in crate::forms) here: At<'e>,
    /// What `current()` is.
    pub(in crate::forms) current: At<'e>,
    /// Position in the nodes being filtered, from 0.
    pub(in crate::forms) position: Option<u32>,
}

impl<'e> Scope<'e> {
    /// The scope of an expression that belongs to a node of the submission.
    pub(in crate::forms) fn of(node: NodeId, missing: &'e [Name]) -> Self {
        let here = At { source: Source::Main, node, missing };
        Self { here, current: here, position: None }
    }
}

impl<'e> World<'e> {
    /// Evaluates to a single value: no node is the blank, several are a mistake of the form.
    pub(in crate::forms) fn atom(
        &self,
        expression: &'e Expr,
        scope: &Scope<'e>,
    ) -> Result<Atom<'e>, Stop> {
        let value = self.eval(expression, scope)?;
        self.unpack(value)
    }

    /// Evaluates to true or false.
    pub(in crate::forms) fn holds(
        &self,
        expression: &'e Expr,
        scope: &Scope<'e>,
    ) -> Result<bool, Stop> {
        Ok(self.atom(expression, scope)?.to_bool())
    }

    /// Evaluates an expression.
    pub(in crate::forms) fn eval(
        &self,
        expression: &'e Expr,
        scope: &Scope<'e>,
    ) -> Result<Value<'e>, Stop> {
        self.spend(1)?;
        let atom = match expression {
            Expr::Number(number) => Atom::Number(*number),
            Expr::Text(text) => Atom::Text(Cow::Borrowed(text)),
            Expr::Or(all) => Atom::Bool(self.any(all, true, scope)?),
            Expr::And(all) => Atom::Bool(!self.any(all, false, scope)?),
            Expr::Chain(first, rest) => {
                let mut left = self.atom(first, scope)?;
                for (operator, right) in rest {
                    left = apply(*operator, &left, &self.atom(right, scope)?);
                }
                left
            }
            Expr::Negate(inner) => Atom::Number(-self.atom(inner, scope)?.to_number()),
            Expr::Matches(text, pattern) => {
                let text = self.atom(text, scope)?;
                let text = text.to_text();
                self.spend_text(text.len())?;
                Atom::Bool(pattern.matches(&text))
            }
            Expr::Path(path) => return self.nodes(path, scope).map(Value::Nodes),
            Expr::Call(function, arguments) => return self.call(*function, arguments, scope),
        };
        Ok(Value::Atom(atom))
    }

    /// Whether one of them is `wanted`; the others after it are not looked at.
    fn any(&self, all: &'e [Expr], wanted: bool, scope: &Scope<'e>) -> Result<bool, Stop> {
        for one in all {
            if self.holds(one, scope)? == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The single value that a value is.
    pub(super) fn unpack(&self, value: Value<'e>) -> Result<Atom<'e>, Stop> {
        match value {
            Value::Atom(atom) => Ok(atom),
            Value::Nodes(nodes) => match nodes.ids.as_slice() {
                [] => Ok(Atom::BLANK),
                [one] => Ok(self.read(nodes.source, *one)),
                _ => Err(Stop::Fails("a single value was expected of a repeat")),
            },
        }
    }

    /// The values of nodes, one by one.
    pub(super) fn read_all(&self, nodes: &Nodes) -> Result<Vec<Atom<'e>>, Stop> {
        self.spend(u32::try_from(nodes.ids.len()).unwrap_or(u32::MAX))?;
        Ok(nodes.ids.iter().map(|&id| self.read(nodes.source, id)).collect())
    }

    fn read(&self, source: Source, id: NodeId) -> Atom<'e> {
        let node = self.tree(source).and_then(|tree| tree.node(id));
        node.map_or(Atom::BLANK, |node| Atom::read(node.kind, &node.text, self.clock.get()))
    }

    /// The tree that nodes belong to, if it is at hand.
    pub(super) fn tree(&self, source: Source) -> Option<&'e Tree<'e>> {
        match source {
            Source::Main => Some(self.main),
            Source::List(at) => self.lists.get(at).and_then(List::tree),
        }
    }

    /// Counts steps, and stops when none are left.
    pub(super) fn spend(&self, steps: u32) -> Result<(), Stop> {
        let left = self.budget.get().checked_sub(steps);
        self.budget.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or(Stop::TooLong)
    }

    /// Counts the work on a text.
    pub(super) fn spend_text(&self, bytes: usize) -> Result<(), Stop> {
        self.spend(u32::try_from(bytes / 64).unwrap_or(u32::MAX))
    }
}

fn apply<'e>(operator: Operator, left: &Atom<'e>, right: &Atom<'e>) -> Atom<'e> {
    let (a, b) = match operator {
        Operator::Equal => return Atom::Bool(left.equals(right)),
        Operator::NotEqual => return Atom::Bool(!left.equals(right)),
        _ => (left.to_number(), right.to_number()),
    };
    match operator {
        Operator::Less => Atom::Bool(a < b),
        Operator::AtMost => Atom::Bool(a <= b),
        Operator::More => Atom::Bool(a > b),
        Operator::AtLeast => Atom::Bool(a >= b),
        Operator::Plus => Atom::Number(a + b),
        Operator::Minus => Atom::Number(a - b),
        Operator::Times => Atom::Number(a * b),
        Operator::Divide => Atom::Number(a / b),
        Operator::Modulo => Atom::Number(a % b),
        Operator::Equal | Operator::NotEqual => Atom::Bool((a - b).abs() < CLOSE),
    }
}
