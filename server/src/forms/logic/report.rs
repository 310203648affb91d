//! What can be asked about the logic of a form: what is not evaluated, and what a text gives.

use std::cell::Cell;

use super::Logic;
use crate::forms::decode::read_tree;
use crate::forms::error::XmlRefused;
use crate::forms::limits::LOGIC_STEPS;
use crate::forms::model::XForm;
use crate::forms::xpath::{Atom, Moment, NodeId, Scope, Stop, Tree, World, parse};

/// An expression of a form that is not evaluated, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotEvaluated {
    /// Path of the question or group.
    pub path: String,
    /// What the expression is: `relevant`, `required`, `constraint`, `calculate` or `choices`.
    pub part: &'static str,
    /// Why it is not evaluated.
    pub why: Stop,
}

/// Evaluates expressions over a submission, each in the context of a node.
///
/// A context is a path with positions where there are several, `/data/member[2]/age`. The inner
/// error says why an expression has no value; the outer one, why the submission cannot be read.
pub fn evaluate(
    form: &XForm,
    xml: &[u8],
    now: Moment,
    expressions: &[(&str, &str)],
) -> Result<Vec<Result<Atom<'static>, Stop>>, XmlRefused> {
    let sent = read_tree(form, xml)?;
    let one = |&(context, text): &(&str, &str)| value(form, &sent, now, context, text);
    Ok(expressions.iter().map(one).collect())
}

fn value(
    form: &XForm,
    sent: &Tree<'_>,
    now: Moment,
    context: &str,
    text: &str,
) -> Result<Atom<'static>, Stop> {
    let logic: &Logic = &form.logic;
    let mut vocabulary = logic.vocabulary.clone();
    let expression = parse(text, &mut vocabulary)?;
    let node = find(&vocabulary.names, sent, context);
    let node = node.ok_or(Stop::Fails("the context is not in the submission"))?;
    let world = World {
        main: sent,
        lists: &logic.lists,
        names: &vocabulary.names,
        clock: Cell::new(now),
        version: &form.version,
        labels: &logic.labels,
        budget: Cell::new(LOGIC_STEPS),
    };
    world.atom(&expression, &Scope::of(node, &[])).map(|atom| match atom {
        Atom::Text(text) => Atom::Text(text.into_owned().into()),
        Atom::Bool(yes) => Atom::Bool(yes),
        Atom::Number(number) => Atom::Number(number),
        Atom::Date(moment) => Atom::Date(moment),
    })
}

/// The node at a path with positions.
fn find(names: &crate::forms::xpath::Names, sent: &Tree<'_>, path: &str) -> Option<NodeId> {
    let mut at = Tree::ROOT;
    for step in path.split('/').skip(2) {
        let (name, position) = match step.strip_suffix(']').and_then(|step| step.split_once('[')) {
            Some((name, position)) => (name, position.parse::<u32>().ok()?.checked_sub(1)?),
            None => (step, 0),
        };
        let name = names.get(name);
        let is_it = |id: &NodeId| {
            sent.node(*id).is_some_and(|node| node.name == name && node.position == position)
        };
        at = sent.children(at).find(is_it)?;
    }
    Some(at)
}

impl XForm {
    /// The expressions of the form that this server does not evaluate.
    pub fn not_evaluated(&self) -> &[NotEvaluated] {
        self.logic.not_evaluated()
    }

    /// The files whose rows the logic looks things up in.
    pub fn wanted_files(&self) -> impl Iterator<Item = &str> {
        self.logic.wanted_files()
    }

    /// Gives the logic the rows of a CSV file; without them, what needs them is not evaluated.
    pub fn fill(&mut self, file: &str, csv: &[u8]) {
        self.logic.fill(file, csv);
    }
}
