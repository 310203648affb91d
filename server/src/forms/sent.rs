//! A submission as its form's logic sees it, gathered while it is decoded.

use std::borrow::Cow;

use jiff::civil::Date;

use super::checks::Violation;
use super::limits::VIOLATIONS;
use super::logic::{self, Interview, Judged, Logic};
use super::model::XForm;
use super::outline::NodeIndex;
use super::xpath::{Leaf, NodeId, Tree};

/// The elements met so far, blank ones included.
#[derive(Debug)]
pub(super) struct Sent<'f, 'x> {
    logic: &'f Logic,
    tree: Tree<'x>,
    /// What was found of nodes already, by node.
    judged: Vec<(NodeId, Judged)>,
    /// Nodes found blank, with the place of the violation.
    blanks: Vec<(NodeId, usize)>,
}

impl<'f, 'x> Sent<'f, 'x> {
    /// Prepares for a submission of this form.
    pub(super) fn new(form: &'f XForm) -> Self {
        let tree = Tree::with_capacity(form.outline.len() + 16);
        Self { logic: &form.logic, tree, judged: Vec::new(), blanks: Vec::new() }
    }

    /// What expressions look at.
    pub(super) fn into_tree(self) -> Tree<'x> {
        self.tree
    }

    /// Steps into a group or a repeat instance.
    pub(super) fn open(&mut self, node: NodeIndex, position: u16) {
        self.tree.open(self.logic.name(node), position.into(), node);
    }

    /// Steps into an element of a `meta` block, or the block itself.
    pub(super) fn open_meta(&mut self, name: &str) {
        self.tree.open(self.logic.name_of(name), 0, NodeIndex::MAX);
    }

    /// Steps out of what was opened last.
    pub(super) fn close(&mut self) {
        self.tree.close();
    }

    /// Keeps an answer; `broken` is the place of the violation that it already is.
    pub(super) fn answer(&mut self, node: NodeIndex, text: Cow<'x, str>, broken: Option<usize>) {
        let (name, kind) = (self.logic.name(node), self.logic.kind(node));
        let blank = text.trim().is_empty();
        let text = if self.logic.is_free_text(node) { text } else { trimmed(text) };
        let id = self.tree.leaf(Leaf { name, position: 0, text, kind, origin: node });
        if let Some(at) = broken {
            self.judged.push((id, if blank { Judged::Blank } else { Judged::Wrong }));
            if blank {
                self.blanks.push((id, at));
            }
        }
    }

    /// Keeps a value of a `meta` block; `path` is its place in the root's, blank elsewhere.
    pub(super) fn meta(&mut self, name: &str, path: &str, text: Cow<'x, str>) {
        let origin = self.logic.meta(path);
        let (name, kind) = (self.logic.name_of(name), self.logic.kind(origin));
        self.tree.leaf(Leaf { name, position: 0, text, kind, origin });
    }

    /// The values that the form calculates where the submission says otherwise, by path.
    pub(super) fn calculations(&self, form: &XForm, today: Date) -> Vec<(String, String)> {
        let interview = Interview::of(self.logic, &self.tree, today);
        logic::check(form, &self.tree, &self.judged, interview).calculated
    }

    /// Checks all that was kept, and corrects and completes the violations found without it.
    pub(super) fn check(&self, form: &XForm, today: Date, violations: &mut Vec<Violation>) {
        let interview = Interview::of(self.logic, &self.tree, today);
        let logic::Checked { found, irrelevant, .. } =
            logic::check(form, &self.tree, &self.judged, interview);
        // A blank answer that is not even relevant is not missing.
        for &(id, at) in self.blanks.iter().rev() {
            if irrelevant.binary_search(&id).is_ok() {
                violations.remove(at);
            }
        }
        let room = VIOLATIONS.saturating_sub(violations.len());
        violations.extend(found.into_iter().take(room));
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}
