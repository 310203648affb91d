//! Checking a submission against the logic of its form.

use std::cell::Cell;

use super::clock::Interview;
use super::{Logic, NodeLogic, Required, Rule, calculate};
use crate::forms::checks::{
    RULE_CALCULATION, RULE_CONSTRAINT, RULE_IRRELEVANT, RULE_LOGIC_TOO_LONG, RULE_NOT_OFFERED,
    RULE_RELEVANT_MISSING, Severity, Violation,
};
use crate::forms::limits::{LOGIC_STEPS, VIOLATIONS};
use crate::forms::model::{AnswerKind, XForm};
use crate::forms::outline::{NodeIndex, Outline, Role};
use crate::forms::xpath::{Atom, Function, NodeId, Scope, Stop, Tree, World};

/// What is already known of a node of the submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::forms) enum Judged {
    /// Its answer breaks a rule that needs no logic.
    Wrong,
    /// It is blank although the form always demands an answer.
    Blank,
}

/// Whether a node is relevant, as far as it can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relevance {
    Yes,
    No,
    Unknown,
}

/// What the logic of a form finds in a submission.
#[derive(Debug)]
pub(in crate::forms) struct Checked {
    /// The rules broken.
    pub(in crate::forms) found: Vec<Violation>,
    /// The nodes that are not even relevant.
    pub(in crate::forms) irrelevant: Vec<NodeId>,
    /// What the form calculates where something else was sent: path and value.
    pub(in crate::forms) calculated: Vec<(String, String)>,
}

/// Checks a submission.
///
/// `judged` is sorted by node. Nodes of which something is known already are not judged twice.
pub(in crate::forms) fn check(
    form: &XForm,
    sent: &Tree<'_>,
    judged: &[(NodeId, Judged)],
    interview: Interview,
) -> Checked {
    let (logic, outline) = (&form.logic, &form.outline);
    let world = World {
        main: sent,
        lists: &logic.lists,
        names: &logic.vocabulary.names,
        clock: Cell::new(interview.end),
        version: &form.version,
        labels: &logic.labels,
        budget: Cell::new(LOGIC_STEPS),
    };
    let relevance = Vec::with_capacity(sent.len());
    let (found, calculated, too_long) = (Vec::new(), Vec::new(), false);
    let mut checker = Checker {
        logic,
        outline,
        world,
        interview,
        judged,
        relevance,
        found,
        calculated,
        too_long,
    };
    let mut irrelevant = Vec::new();
    for (id, node) in sent.iter() {
        let relevance = checker.relevance(id, node.parent, node.origin);
        checker.relevance.push(relevance);
        if relevance == Relevance::No {
            irrelevant.push(id);
        }
        let Some(node) = logic.node(node.origin) else { continue };
        match outline.node(sent.node(id).map_or(NodeIndex::MAX, |n| n.origin)).map(|n| n.role) {
            Some(Role::Group | Role::Repeat(_)) => checker.absent(id, relevance),
            Some(Role::Question(_)) | None => checker.leaf(id, node, relevance),
        }
    }
    if checker.too_long {
        let path = sent.node(Tree::ROOT).map(|_| checker.path(Tree::ROOT, 0)).unwrap_or_default();
        checker.note(RULE_LOGIC_TOO_LONG, path, Severity::Information);
    }
    Checked { found: checker.found, irrelevant, calculated: checker.calculated }
}

struct Checker<'e> {
    logic: &'e Logic,
    outline: &'e Outline,
    world: World<'e>,
    interview: Interview,
    judged: &'e [(NodeId, Judged)],
    /// By node of the submission.
    relevance: Vec<Relevance>,
    found: Vec<Violation>,
    calculated: Vec<(String, String)>,
    too_long: bool,
}

impl<'e> Checker<'e> {
    /// Whether a node is relevant: its own condition and those of the groups around it hold.
    fn relevance(&mut self, id: NodeId, parent: NodeId, origin: NodeIndex) -> Relevance {
        let around = usize::try_from(parent).ok().and_then(|at| self.relevance.get(at)).copied();
        let logic = self.logic;
        let own = logic.node(origin).and_then(|node| node.relevant.as_ref());
        match (around, own) {
            (Some(Relevance::No), _) => Relevance::No,
            (around, None) => around.unwrap_or(Relevance::Yes),
            (around, Some(rule)) => match (self.verdict(rule, &Scope::of(id, &[])), around) {
                (Some(false), _) => Relevance::No,
                (Some(true), Some(Relevance::Yes) | None) => Relevance::Yes,
                _ => Relevance::Unknown,
            },
        }
    }

    /// Whether a condition held, if it can be said of the whole interview.
    fn verdict(&mut self, rule: &'e Rule, scope: &Scope<'e>) -> Option<bool> {
        let at_end = self.attempt(rule, scope)?.to_bool();
        if !rule.timed || self.interview.start == self.interview.end {
            return Some(at_end);
        }
        self.world.clock.set(self.interview.start);
        let at_start = self.attempt(rule, scope);
        self.world.clock.set(self.interview.end);
        (at_start?.to_bool() == at_end).then_some(at_end)
    }

    fn attempt(&mut self, rule: &'e Rule, scope: &Scope<'e>) -> Option<Atom<'e>> {
        let value = self.world.atom(&rule.expression, scope);
        self.too_long |= value == Err(Stop::TooLong);
        value.ok()
    }

    fn leaf(&mut self, id: NodeId, node: &'e NodeLogic, relevance: Relevance) {
        let judged = self.judged.binary_search_by_key(&id, |(node, _)| *node).ok();
        if judged.is_some() {
            return;
        }
        let Some(text) = self.world.main.node(id).map(|sent| &*sent.text) else { return };
        let blank = text.trim().is_empty();
        match relevance {
            Relevance::No if !blank => self.found_at(RULE_IRRELEVANT, id),
            Relevance::Yes => {
                let scope = Scope::of(id, &[]);
                if let Some(rule) = &node.calculate {
                    self.calculated(rule, node, text, id, &scope);
                }
                if blank {
                    self.blank(node, id, &scope);
                } else {
                    self.answered(node, text, id, &scope);
                }
            }
            Relevance::No | Relevance::Unknown => {}
        }
    }

    fn blank(&mut self, node: &'e NodeLogic, id: NodeId, scope: &Scope<'e>) {
        if let Required::When(rule) = &node.required
            && is_demanded(node)
            && self.verdict(rule, scope) == Some(true)
        {
            self.found_at(RULE_RELEVANT_MISSING, id);
        }
    }

    fn answered(&mut self, node: &'e NodeLogic, text: &'e str, id: NodeId, scope: &Scope<'e>) {
        if let Some(rule) = &node.constraint
            && self.verdict(rule, scope) == Some(false)
        {
            self.found_at(RULE_CONSTRAINT, id);
        }
        let Some(itemset) = &node.choices else { return };
        let codes: Vec<&str> = match node.answer {
            AnswerKind::SelectMultiple => text.split_whitespace().collect(),
            _ => vec![text.trim()],
        };
        for code in codes {
            let offered = itemset.offers(&self.world, code, scope);
            self.too_long |= offered == Err(Stop::TooLong);
            if offered == Ok(false) {
                self.found_at(RULE_NOT_OFFERED, id);
                return;
            }
        }
    }

    fn calculated(
        &mut self,
        rule: &'e Rule,
        node: &'e NodeLogic,
        text: &str,
        id: NodeId,
        scope: &Scope<'e>,
    ) {
        // Nobody can say at which moment the phone calculated it last.
        if rule.expression.calls(&[Function::Now]) {
            return;
        }
        let moments = [self.interview.end, self.interview.start];
        let mut expected = None;
        for moment in moments.into_iter().take(if rule.timed { 2 } else { 1 }) {
            self.world.clock.set(moment);
            let value = self.attempt(rule, scope);
            self.world.clock.set(self.interview.end);
            let Some(value) = value.filter(|v| !calculate::agrees(node, v, text, moment)) else {
                return;
            };
            expected.get_or_insert_with(|| calculate::written(node, &value));
        }
        self.found_at(RULE_CALCULATION, id);
        let origin = self.world.main.node(id).map_or(NodeIndex::MAX, |node| node.origin);
        let path = self.path(id, origin);
        if self.calculated.len() < VIOLATIONS {
            self.calculated.extend(expected.map(|value| (path, value)));
        }
    }

    /// Questions that a group does not have although their conditions hold and they are demanded.
    ///
    /// A question without any condition is not looked for: that is the decoder's to judge.
    fn absent(&mut self, group: NodeId, relevance: Relevance) {
        if relevance != Relevance::Yes {
            return;
        }
        let main = self.world.main;
        let Some(origin) = main.node(group).map(|node| node.origin) else { return };
        let there: Vec<_> = main.children(group).filter_map(|id| main.node(id)).collect();
        let mut next = there.iter().map(|node| node.origin).peekable();
        let depth = main.chain(group).len();
        let outline = self.outline;
        let children = outline.node(origin).map_or(&[][..], |node| node.children());
        for &child in children {
            // Phones write form order, so this finds most of them at once.
            if next.peek() == Some(&child) {
                while next.next_if_eq(&child).is_some() {}
            } else if !there.iter().any(|node| node.origin == child) {
                self.absent_node(group, depth, child, false);
            }
        }
    }

    fn absent_node(&mut self, group: NodeId, depth: usize, index: NodeIndex, conditional: bool) {
        let (logic, outline) = (self.logic, self.outline);
        let (Some(node), Some(known)) = (logic.node(index), outline.node(index)) else { return };
        let demanded = is_demanded(node) && !matches!(node.required, Required::Never);
        let conditional = conditional || node.relevant.is_some();
        let dead_end = match known.role {
            Role::Question(_) => !demanded || !conditional,
            Role::Repeat(_) => true,
            Role::Group => false,
        };
        if dead_end {
            return;
        }
        let scope = Scope::of(group, node.ancestry.get(depth..).unwrap_or_default());
        if let Some(rule) = &node.relevant
            && self.verdict(rule, &scope) != Some(true)
        {
            return;
        }
        if known.role == Role::Group {
            for &child in known.children() {
                self.absent_node(group, depth, child, conditional);
            }
            return;
        }
        let required = match &node.required {
            Required::Never => false,
            Required::Always => true,
            Required::When(rule) => self.verdict(rule, &scope) == Some(true),
        };
        if required {
            let path = self.path(group, index);
            self.note(RULE_RELEVANT_MISSING, path, Severity::Warning);
        }
    }

    fn found_at(&mut self, rule: &'static str, id: NodeId) {
        let origin = self.world.main.node(id).map_or(NodeIndex::MAX, |node| node.origin);
        let path = self.path(id, origin);
        self.note(rule, path, Severity::Warning);
    }

    fn note(&mut self, rule: &'static str, path: String, severity: Severity) {
        if self.found.len() < VIOLATIONS {
            self.found.push(Violation { rule, path, severity });
        }
    }

    /// The path of a node of the form at or below one of the submission, with positions.
    fn path(&self, at: NodeId, index: NodeIndex) -> String {
        let main = self.world.main;
        let Some(known) = self.outline.node(index) else {
            return self.logic.node(index).map(|node| node.path.clone()).unwrap_or_default();
        };
        let mut chain = main.chain(at).into_iter().filter_map(|id| main.node(id));
        let mut path = String::new();
        let ancestry = known.parent.map_or_else(Vec::new, |parent| self.outline.ancestry(parent));
        for step in ancestry.into_iter().chain([index]) {
            let Some(known) = self.outline.node(step) else { continue };
            path.push('/');
            path.push_str(&known.name);
            let position = chain.next().map_or(0, |node| node.position);
            if matches!(known.role, Role::Repeat(_)) {
                path.push('[');
                path.push_str(&(position + 1).to_string());
                path.push(']');
            }
        }
        path
    }
}

/// Whether an answer is expected of a person, and not a photo that may follow later.
fn is_demanded(node: &NodeLogic) -> bool {
    node.asked && node.answer != AnswerKind::Attachment
}
