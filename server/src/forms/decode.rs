//! Decoding a submission against its form, in one pass over the XML.

mod meta;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use quick_xml::events::BytesStart;

use super::checks::{Severity, Violation, check_answer, check_blank};
use super::entities::{EntityBlock, Scope};
use super::envelope::{self, Envelope, read_text};
use super::error::XmlRefused;
use super::limits::{SUBMISSION, UNKNOWN_NODES, VIOLATIONS};
use super::model::{AnswerKind, XForm};
use super::outline::{NodeIndex, Outline, Role};
use super::scan::{Scanner, Step, attribute, local_name};
use super::sent::Sent;
use super::value::Value;
use super::xpath::Tree;

/// One answer of a submission.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Index of the question in the form.
    pub question: usize,
    /// Positions in the repeats around it, outermost first, counted from 0.
    pub indexes: Vec<u16>,
    /// The answer.
    pub value: Value,
}

/// A submission, decoded and checked.
#[derive(Debug, Clone, Default)]
pub struct Decoded {
    /// What the submission says about itself.
    pub envelope: Envelope,
    /// The name that the form gave the instance; may name a person.
    pub instance_name: Option<String>,
    /// The answers that are not blank, in the order of the submission.
    pub answers: Vec<Answer>,
    /// The entities, in the order of the submission.
    pub entities: Vec<EntityBlock>,
    /// Names of the files that belong to the submission.
    pub attachments: Vec<String>,
    /// The rules that its answers break; the first few hundred.
    pub violations: Vec<Violation>,
    /// Paths of elements that the form does not have or has only once; the first few.
    pub unknown_nodes: Vec<String>,
}

/// Decodes a submission; `today` is the day it was received.
///
/// The content never makes it fail: an answer of the wrong type is kept as text, with a violation.
/// Whether the envelope names this form and version is for the caller to judge.
pub fn decode(form: &XForm, xml: &[u8], today: Date) -> Result<Decoded, XmlRefused> {
    let mut walk = walked(form, xml, today)?;
    walk.missing();
    walk.check_logic();
    Ok(walk.decoded)
}

/// Reads a submission as the instance that expressions look at.
pub(super) fn read_tree<'x>(form: &XForm, xml: &'x [u8]) -> Result<Tree<'x>, XmlRefused> {
    Ok(walked(form, xml, Date::MIN)?.sent.into_tree())
}

/// What the form calculates and the submission says otherwise: path and value, as the form would write it.
pub(super) fn calculations(
    form: &XForm,
    xml: &[u8],
    today: Date,
) -> Result<Vec<(String, String)>, XmlRefused> {
    let walk = walked(form, xml, today)?;
    if walk.decoded.envelope.version != form.version {
        return Ok(Vec::new());
    }
    Ok(walk.sent.calculations(form, today))
}

fn walked<'f, 'x>(form: &'f XForm, xml: &'x [u8], today: Date) -> Result<Walk<'f, 'x>, XmlRefused> {
    let mut scanner = Scanner::new(xml, SUBMISSION)?;
    let envelope = envelope::root(&mut scanner)?;
    let mut walk = Walk::new(form, scanner, today, envelope);
    walk.enter(Outline::ROOT);
    loop {
        match walk.scanner.next()? {
            Step::Open(tag) => walk.open(&tag)?,
            Step::Close => walk.close(),
            Step::End => return Ok(walk),
            Step::Text(_) | Step::Char(_) => {}
        }
    }
}

/// An open group, repeat instance or root.
struct Frame {
    node: NodeIndex,
    cursor: usize,
    repeats: bool,
    scoped: bool,
    /// Number of the repeat instance we are in, to see a question answered twice in it.
    instance: u32,
}

struct Walk<'f, 'x> {
    form: &'f XForm,
    scanner: Scanner<'x>,
    today: Date,
    decoded: Decoded,
    frames: Vec<Frame>,
    indexes: Vec<u16>,
    counters: Vec<u16>,
    instances: u32,
    /// By node, the repeat instance in which it was last met.
    met: Vec<u32>,
    scopes: Vec<Scope>,
    /// Questions whose element was there, blank or not.
    seen: Vec<bool>,
    /// The submission as its form's expressions see it.
    sent: Sent<'f, 'x>,
}

impl<'f, 'x> Walk<'f, 'x> {
    fn new(form: &'f XForm, scanner: Scanner<'x>, today: Date, envelope: Envelope) -> Self {
        let answers = Vec::with_capacity(form.questions.len());
        Self {
            form,
            scanner,
            today,
            decoded: Decoded { envelope, answers, ..Decoded::default() },
            frames: Vec::with_capacity(8),
            indexes: Vec::new(),
            counters: vec![0; form.outline.repeats()],
            instances: 1,
            met: vec![0; form.outline.len()],
            scopes: Vec::new(),
            seen: vec![false; form.questions.len()],
            sent: Sent::new(form),
        }
    }

    /// Steps into a group or a repeat instance.
    fn enter(&mut self, node: NodeIndex) {
        let Some(known) = self.form.outline.node(node) else {
            return;
        };
        let repeats = matches!(known.role, Role::Repeat(_));
        let position = self.indexes.last().copied().filter(|_| repeats).unwrap_or(0);
        self.sent.open(node, position);
        if repeats {
            self.instances += 1;
            for &inner in known.inner_repeats() {
                if let Some(counter) = self.counters.get_mut(inner) {
                    *counter = 0;
                }
            }
        }
        let around = self.frames.last().map_or(1, |frame| frame.instance);
        let instance = if repeats { self.instances } else { around };
        let scoped = !known.entities.is_empty();
        if scoped {
            self.scopes.push(Scope::default());
        }
        self.frames.push(Frame { node, cursor: 0, repeats, scoped, instance });
    }

    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        self.sent.close();
        if frame.repeats {
            self.indexes.pop();
        }
        if frame.scoped
            && let Some(scope) = self.scopes.pop()
        {
            scope.close(&mut self.decoded.entities);
        }
    }

    fn open(&mut self, tag: &BytesStart<'x>) -> Result<(), XmlRefused> {
        let qualified = tag.name();
        let name = local_name(qualified.0);
        let form = self.form;
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        let (parent, instance) = (frame.node, frame.instance);
        if name == "meta" {
            return self.meta(parent);
        }
        let Some(child) = form.outline.child(parent, name, &mut frame.cursor) else {
            return self.skip_unknown(parent, name);
        };
        let Some(role) = form.outline.node(child).map(|node| node.role) else {
            return Ok(());
        };
        if !matches!(role, Role::Repeat(_)) && !self.first_time(child, instance) {
            return self.skip_unknown(parent, name);
        }
        match role {
            Role::Group => self.enter(child),
            Role::Repeat(repeat) => {
                // Some clients send the form's template along; it is no answer.
                if attribute(tag, "template").is_some() {
                    return self.scanner.skip_element();
                }
                let Some(counter) = self.counters.get_mut(repeat).filter(|c| **c < u16::MAX) else {
                    return self.skip_unknown(parent, name);
                };
                self.indexes.push(*counter);
                *counter += 1;
                self.enter(child);
            }
            Role::Question(question) => {
                let text = read_text(&mut self.scanner)?;
                let before = self.decoded.violations.len();
                self.answer(question, child, &text);
                let broken = (self.decoded.violations.len() > before).then_some(before);
                self.sent.answer(child, text, broken);
            }
        }
        Ok(())
    }

    /// Checks the form's own logic, if this is the version that was filled in.
    fn check_logic(&mut self) {
        if self.decoded.envelope.version == self.form.version {
            self.sent.check(self.form, self.today, &mut self.decoded.violations);
        }
    }

    /// Tells whether a node is met for the first time in this repeat instance.
    fn first_time(&mut self, node: NodeIndex, instance: u32) -> bool {
        let last = usize::try_from(node).ok().and_then(|at| self.met.get_mut(at));
        last.is_some_and(|last| std::mem::replace(last, instance) != instance)
    }

    fn answer(&mut self, index: usize, node: NodeIndex, text: &str) {
        let form = self.form;
        let Some(question) = form.questions.get(index) else {
            return;
        };
        if let Some(seen) = self.seen.get_mut(index) {
            *seen = true;
        }
        let trimmed = text.trim();
        if let (Some(property), Some(scope)) = (&question.save_to, self.scopes.last_mut()) {
            let blank = trimmed.is_empty();
            let kept = if question.kind == AnswerKind::Text && !blank { text } else { trimmed };
            scope.properties.push((property.clone(), Some(kept.to_owned()), index));
        }
        if trimmed.is_empty() {
            if let Some(rule) = check_blank(question) {
                self.violation(rule, node);
            }
            return;
        }
        let (value, rule) = check_answer(question, text, self.today);
        if let Some(rule) = rule {
            self.violation(rule, node);
        }
        if let Value::File(name) = &value {
            self.decoded.attachments.push(name.clone());
        }
        self.decoded.answers.push(Answer { question: index, indexes: self.indexes.clone(), value });
    }

    /// Notes the questions that are always asked and always demanded, and are not there at all.
    fn missing(&mut self) {
        let form = self.form;
        for (question, _) in form.questions.iter().zip(&self.seen).filter(|(_, seen)| !**seen) {
            let always = question.unconditional && !question.in_repeat;
            if let Some(rule) = check_blank(question).filter(|_| always)
                && self.decoded.violations.len() < VIOLATIONS
            {
                let path = question.path.clone();
                self.decoded.violations.push(Violation { rule, path, severity: Severity::Error });
            }
        }
    }

    fn skip_unknown(&mut self, parent: NodeIndex, name: &str) -> Result<(), XmlRefused> {
        if self.decoded.unknown_nodes.len() < UNKNOWN_NODES {
            let mut path = self.path(parent);
            path.push('/');
            // A name can be as long as the file; enough of it to recognise is enough.
            path.extend(name.chars().take(80));
            if !self.decoded.unknown_nodes.contains(&path) {
                self.decoded.unknown_nodes.push(path);
            }
        }
        self.scanner.skip_element()
    }

    fn violation(&mut self, rule: &'static str, node: NodeIndex) {
        if self.decoded.violations.len() < VIOLATIONS {
            let path = self.path(node);
            self.decoded.violations.push(Violation { rule, path, severity: Severity::Error });
        }
    }

    /// Path of a node here, with the positions of the repeats around it.
    fn path(&self, node: NodeIndex) -> String {
        let mut positions = self.indexes.iter();
        let mut path = String::new();
        for step in self.form.outline.ancestry(node) {
            let Some(step) = self.form.outline.node(step) else {
                continue;
            };
            path.push('/');
            path.push_str(&step.name);
            if matches!(step.role, Role::Repeat(_))
                && let Some(&position) = positions.next()
            {
                path.push('[');
                path.push_str(&(u32::from(position) + 1).to_string());
                path.push(']');
            }
        }
        path
    }
}
