//! The form's own logic, checked again on the server: what the phone should not have let through.
//!
//! `relevant`, `required`, `constraint`, `calculate` and filtered choices are evaluated over the
//! submission as it was sent. What they find marks a record and never sets it aside: the form
//! may be wrong, the phone may run an older engine. What cannot be evaluated is left alone.
//!
//! `today()` and `now()` are those of the interview: its `end` answer, or else the last moment
//! of the day of its `today` answer, or else of the day it was received; and what fails at the
//! end must fail at the `start` too, since an interview may pass midnight or stay a draft.

mod calculate;
mod check;
mod clock;
mod compile;
mod itemset;
mod labels;
mod report;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::model::AnswerKind;
use super::outline::NodeIndex;
use super::xpath::{Expr, Kind, List, Name, Vocabulary};
use itemset::Itemset;
use labels::ChoiceLabels;

pub use report::{NotEvaluated, evaluate};

pub(super) use check::{Checked, Judged, check};
pub(super) use clock::Interview;
pub(super) use compile::compile;

/// The logic of a form, parsed once.
#[derive(Debug, Clone, Default)]
pub(super) struct Logic {
    vocabulary: Vocabulary,
    lists: Vec<List>,
    /// By node of the outline, and after them those of the `meta` block.
    nodes: Vec<NodeLogic>,
    /// The nodes of the root's `meta` block that have logic: `instanceName`, `entity/@create`.
    meta: HashMap<String, NodeIndex>,
    labels: ChoiceLabels,
    start: Option<NodeIndex>,
    end: Option<NodeIndex>,
    today: Option<NodeIndex>,
    not_evaluated: Vec<NotEvaluated>,
}

/// What the form says of one node.
#[derive(Debug, Clone)]
struct NodeLogic {
    path: String,
    name: Name,
    /// Names from the root to the node.
    ancestry: Box<[Name]>,
    kind: Kind,
    answer: AnswerKind,
    asked: bool,
    relevant: Option<Rule>,
    required: Required,
    constraint: Option<Rule>,
    calculate: Option<Rule>,
    choices: Option<Itemset>,
}

/// An expression of the form.
#[derive(Debug, Clone)]
struct Rule {
    expression: Expr,
    /// Whether its value depends on the clock.
    timed: bool,
}

/// When a question must be answered.
#[derive(Debug, Clone)]
enum Required {
    Never,
    /// `required="true()"`.
    Always,
    When(Rule),
}

impl Logic {
    /// The name of a node of the outline.
    pub(super) fn name(&self, node: NodeIndex) -> Name {
        self.node(node).map_or(super::xpath::NONE, |node| node.name)
    }

    /// How the answers to a node are read.
    pub(super) fn kind(&self, node: NodeIndex) -> Kind {
        self.node(node).map_or(Kind::Text, |node| node.kind)
    }

    /// Whether the answers to a node are texts in which spaces count.
    pub(super) fn is_free_text(&self, node: NodeIndex) -> bool {
        self.node(node).is_some_and(|node| node.answer == AnswerKind::Text)
    }

    /// The number of any name.
    pub(super) fn name_of(&self, name: &str) -> Name {
        self.vocabulary.names.get(name)
    }

    /// The node with the logic of an element of the root's `meta` block.
    pub(super) fn meta(&self, path: &str) -> NodeIndex {
        self.meta.get(path).copied().unwrap_or(NodeIndex::MAX)
    }

    /// The expressions of the form that are not evaluated.
    pub(super) fn not_evaluated(&self) -> &[NotEvaluated] {
        &self.not_evaluated
    }

    /// The files whose rows the logic would like to have.
    pub(super) fn wanted_files(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().filter_map(|list| list.file.as_deref())
    }

    /// Gives the lists of a file their rows; what is not CSV in UTF-8 is left alone.
    pub(super) fn fill(&mut self, file: &str, csv: &[u8]) {
        let wanted = |list: &&mut List| list.file.as_deref() == Some(file);
        for list in self.lists.iter_mut().filter(wanted) {
            if let Some(tree) = table::tree(csv, &mut self.vocabulary.names) {
                list.fill(tree);
            }
        }
    }

    fn node(&self, node: NodeIndex) -> Option<&NodeLogic> {
        self.nodes.get(usize::try_from(node).ok()?)
    }
}
