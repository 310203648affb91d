//! Decoding a submission against its form, in one pass over the XML.

use std::borrow::Cow;

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

    /// Reads a `meta` that just opened, up to its end.
    fn meta(&mut self, around: NodeIndex) -> Result<(), XmlRefused> {
        let of_root = around == Outline::ROOT;
        self.sent.open_meta("meta");
        let read = self.meta_elements(around, of_root);
        self.sent.close();
        read
    }

    fn meta_elements(&mut self, around: NodeIndex, of_root: bool) -> Result<(), XmlRefused> {
        loop {
            match self.scanner.next()? {
                Step::Open(tag) => {
                    let qualified = tag.name();
                    match local_name(qualified.0) {
                        "entity" => self.entity(&tag, around)?,
                        name if of_root => {
                            let text = read_text(&mut self.scanner)?;
                            self.root_meta(name, text.trim());
                            self.sent.meta(name, name, text);
                        }
                        _ => self.scanner.skip_element()?,
                    }
                }
                Step::Close | Step::End => return Ok(()),
                Step::Text(_) | Step::Char(_) => {}
            }
        }
    }

    fn root_meta(&mut self, name: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        match name {
            "instanceName" => self.decoded.instance_name = Some(text.to_owned()),
            "audit" => self.decoded.attachments.push(text.to_owned()),
            _ => self.decoded.envelope.take_meta(name, text),
        }
    }

    /// Reads an `<entity>`; one that the form does not declare there is not obeyed.
    fn entity(&mut self, tag: &BytesStart<'_>, around: NodeIndex) -> Result<(), XmlRefused> {
        let mut block = EntityBlock::from_tag(tag);
        let form = self.form;
        let declared = form.outline.node(around).map_or(&[][..], |node| &node.entities);
        let known = declared
            .iter()
            .filter_map(|&at| form.entities.get(at))
            .any(|declaration| declaration.dataset == block.dataset);
        // No more entities than the form declares there, or one file could make thousands.
        let room = self.scopes.last().is_some_and(|scope| scope.blocks.len() < declared.len());
        if !known || !room {
            return self.skip_unknown(around, "meta/entity");
        }
        self.sent.open_meta("entity");
        // Where there are several, the paths of the form do not tell them apart.
        let only = around == Outline::ROOT && declared.len() == 1;
        self.note_attributes(tag, only);
        loop {
            match self.scanner.next()? {
                Step::Open(child) => {
                    let qualified = child.name();
                    let text = read_text(&mut self.scanner)?;
                    if local_name(qualified.0) == "label" {
                        let label = text.trim();
                        block.label = (!label.is_empty()).then(|| label.to_owned()).or(block.label);
                        self.sent.meta("label", if only { "entity/label" } else { "" }, text);
                    }
                }
                Step::Close | Step::End => break,
                Step::Text(_) | Step::Char(_) => {}
            }
        }
        self.sent.close();
        if let Some(scope) = self.scopes.last_mut() {
            scope.blocks.push(self.decoded.entities.len());
        }
        self.decoded.entities.push(block);
        Ok(())
    }

    /// Keeps the attributes of an entity for the form's logic.
    fn note_attributes(&mut self, tag: &BytesStart<'_>, only: bool) {
        for name in ["create", "update", "id", "baseVersion", "trunkVersion", "branchId"] {
            if let Some(text) = attribute(tag, name) {
                let path = if only { format!("entity/@{name}") } else { String::new() };
                self.sent.meta(&format!("@{name}"), &path, Cow::Owned(text));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::fixtures::{household, submission};

    const TODAY: Date = jiff::civil::date(2026, 11, 21);

    /// Decodes with every question optional to be there at all: what is absent is not the point.
    fn read(content: &str) -> Decoded {
        let mut form = household();
        form.questions.iter_mut().for_each(|question| question.unconditional = false);
        decode(&form, submission(content).as_bytes(), TODAY).expect("it is XML")
    }

    fn rules(content: &str) -> Vec<(&'static str, String)> {
        read(content).violations.into_iter().map(|v| (v.rule, v.path)).collect()
    }

    fn broken(content: &str) -> Vec<&'static str> {
        rules(content).into_iter().map(|(rule, _)| rule).collect()
    }

    #[test]
    fn the_envelope_and_the_meta_are_read_with_the_answers() {
        let decoded = read(
            "<nom>Awa</nom><orx:meta><orx:instanceID>uuid:1</orx:instanceID>\
             <orx:deprecatedID>uuid:0</orx:deprecatedID><orx:instanceName>Awa</orx:instanceName>\
             <audit>audit.csv</audit></orx:meta>",
        );

        assert_eq!(decoded.envelope.form_id, "menage");
        assert_eq!(decoded.envelope.instance_id.as_deref(), Some("uuid:1"));
        assert_eq!(decoded.envelope.deprecated_id.as_deref(), Some("uuid:0"));
        assert_eq!(decoded.instance_name.as_deref(), Some("Awa"));
        assert_eq!(decoded.attachments, ["audit.csv"]);
        assert!(decoded.unknown_nodes.is_empty());
    }

    #[test]
    fn a_text_that_nobody_typed_is_out_of_range() {
        let long = |length| format!("<nom>{}</nom>", "a".repeat(length));

        assert_eq!(rules(&long(20_001)), [("A19", "/data/nom".to_owned())]);
        assert_eq!(rules(&long(20_000)), []);
    }

    #[test]
    fn a_required_question_that_is_blank_is_missing_and_one_that_is_absent_is_irrelevant() {
        assert_eq!(rules("<nom> </nom><taille/>").len(), 2);
        assert_eq!(rules("<nom/>"), [("A05", "/data/nom".to_owned())]);
        assert!(rules("").is_empty());
    }

    #[test]
    fn a_required_question_without_any_condition_may_not_be_absent() {
        let decoded = decode(&household(), submission("").as_bytes(), TODAY).expect("it is XML");

        let paths: Vec<_> = decoded.violations.iter().map(|v| (v.rule, v.path.as_str())).collect();
        assert_eq!(
            paths,
            [("A05", "/data/nom"), ("A05", "/data/taille"), ("A05", "/data/eau/source")]
        );
    }

    #[test]
    fn a_required_photo_may_be_blank() {
        assert!(rules("<photo/>").is_empty());
    }

    #[test]
    fn a_code_outside_its_list_is_a_violation_and_external_lists_are_not_checked() {
        assert_eq!(broken("<eau><source>riviere</source></eau>"), ["A06"]);
        assert_eq!(broken("<eau><usages>boire nager</usages></eau>"), ["A06"]);
        assert!(broken("<eau><source> puits </source><commune>nulle</commune></eau>").is_empty());
    }

    #[test]
    fn an_answer_of_the_wrong_type_is_kept_as_text() {
        let decoded = read("<taille>beaucoup</taille>");

        let values: Vec<_> = decoded.answers.into_iter().map(|answer| answer.value).collect();
        assert_eq!(values, [Value::Text("beaucoup".into())]);
        assert_eq!(broken("<visite>2026-02-30</visite>"), ["A18"]);
    }

    #[test]
    fn an_answer_outside_its_limits_is_a_violation() {
        assert_eq!(broken("<taille>61</taille>"), ["A19"]);
        assert_eq!(broken("<visite>2026-11-22</visite>"), ["A19"]);
        assert_eq!(broken("<place>12.5 -8 300 25</place>"), ["A19"]);
        assert_eq!(broken("<place>95 -8 300 5</place>"), ["A19"]);
        assert!(broken("<taille>60</taille><place>12.5 -8 300 5</place>").is_empty());
    }

    #[test]
    fn violations_in_repeats_say_which_one() {
        let found = rules("<arbre><espece>a</espece></arbre><arbre><espece/></arbre>");

        assert_eq!(found, [("A05", "/data/arbre[2]/espece".to_owned())]);
    }

    #[test]
    fn nested_repeats_count_again_in_each_instance() {
        let decoded = read(
            "<arbre><rameau><fruits>1</fruits></rameau><rameau><fruits>2</fruits></rameau></arbre>\
             <arbre><rameau><fruits>3</fruits></rameau></arbre>",
        );

        let places: Vec<_> = decoded.answers.iter().map(|a| a.indexes.clone()).collect();
        assert_eq!(places, [vec![0, 0], vec![0, 1], vec![1, 0]]);
    }

    #[test]
    fn each_entity_gets_the_properties_of_its_own_scope() {
        let decoded = read(
            "<nom>Awa</nom><eau><source/></eau>\
             <arbre><espece>nere</espece><mesure><tour>1.5</tour></mesure>\
             <meta><entity dataset='arbres' create='1' id='u1'><label>nere</label></entity></meta></arbre>\
             <arbre><espece>karite</espece>\
             <meta><entity dataset='arbres' create='true' id='u2'><label/></entity></meta></arbre>\
             <meta><entity dataset='menages' create='' update='1' id='u3' baseVersion='4'\
              trunkVersion='' branchId='b'><label>Awa</label></entity></meta>",
        );

        let named = |block: &EntityBlock| {
            let list =
                block.properties.iter().map(|(name, value, _)| (name.clone(), value.clone()));
            list.collect::<Vec<_>>()
        };
        let text = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
        let [first, second, third] = decoded.entities.as_slice() else { panic!("three entities") };
        assert_eq!(named(first), [text("espece", "nere"), text("tour", "1.5")]);
        assert_eq!((second.create, second.label.as_deref()), (true, None));
        assert_eq!(named(second), [text("espece", "karite")]);
        assert_eq!(named(third), [text("nom", "Awa"), text("eau", "")]);
        assert_eq!((third.create, third.update, third.base_version), (false, true, Some(4)));
        assert_eq!((third.trunk_version, third.branch_id.as_deref()), (None, Some("b")));
    }

    #[test]
    fn an_entity_that_the_form_does_not_declare_is_not_obeyed() {
        let decoded = read(
            "<eau><meta><entity dataset='menages' create='1' id='u'/></meta></eau>\
             <meta><entity dataset='sites' update='1' id='u'/></meta>",
        );

        assert!(decoded.entities.is_empty());
        assert_eq!(decoded.unknown_nodes, ["/data/eau/meta/entity", "/data/meta/entity"]);
    }

    #[test]
    fn unknown_elements_are_named_and_skipped() {
        let decoded = read("<autre><nom>x</nom></autre><nom>Awa</nom><eau><sel/></eau>");

        assert_eq!(decoded.unknown_nodes, ["/data/autre", "/data/eau/sel"]);
        assert_eq!(decoded.answers.len(), 1);
        let many = (0..100).map(|i| format!("<n{i}/>")).collect::<Vec<_>>().concat();
        assert_eq!(read(&many).unknown_nodes.len(), UNKNOWN_NODES);
    }

    #[test]
    fn only_the_first_answer_to_a_question_counts() {
        let decoded = read("<taille>4</taille><taille>5</taille>");

        let values: Vec<_> = decoded.answers.into_iter().map(|answer| answer.value).collect();
        assert_eq!(values, [Value::Integer(4)]);
        assert_eq!(decoded.unknown_nodes, ["/data/taille"]);
    }

    #[test]
    fn a_group_or_an_entity_sent_twice_counts_once() {
        let decoded = read(
            "<eau><source>puits</source></eau><eau><usages>boire</usages></eau>\
             <meta><entity dataset='menages' create='1' id='u1'/></meta>\
             <meta><entity dataset='menages' create='1' id='u2'/></meta>",
        );

        assert_eq!(decoded.answers.len(), 1);
        assert_eq!(decoded.entities.len(), 1);
        assert_eq!(decoded.unknown_nodes, ["/data/eau", "/data/meta/entity"]);
    }

    #[test]
    fn a_template_sent_along_is_not_an_answer() {
        let decoded =
            read("<arbre jr:template=''><espece/></arbre><arbre><espece>nere</espece></arbre>");

        assert_eq!(decoded.answers.first().map(|a| a.indexes.clone()), Some(vec![0]));
        assert!(decoded.violations.is_empty());
    }

    #[test]
    fn text_is_joined_across_references_and_sections() {
        let decoded = read("<nom> A&amp;B &#233;<![CDATA[<c>]]><!-- x --> </nom>");

        let values: Vec<_> = decoded.answers.into_iter().map(|answer| answer.value).collect();
        assert_eq!(values, [Value::Text(" A&B é<c> ".into())]);
    }

    #[test]
    fn mutated_submissions_never_panic_and_end_in_time() {
        let form = household();
        let whole = submission(
            "<start>2026-11-21T10:00:00.000Z</start><nom>A&amp;B</nom><taille>4</taille>\
             <place>12.5 -8 300 5</place><eau><source>puits</source><usages>boire</usages></eau>\
             <arbre><espece>a</espece><mesure><tour>1</tour></mesure><meta><entity dataset='arbres'\
             create='1' id='u'><label>l</label></entity></meta></arbre><meta><instanceID>uuid:1\
             </instanceID></meta>",
        );
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).expect("31 bits fit") % below
        };
        let pieces: [&[u8]; 14] = [
            b"<",
            b">",
            b"/",
            b"&",
            b"\"",
            b"'",
            b"<!DOCTYPE",
            b"<![CDATA[",
            b"<!--",
            b"\0",
            b"\xff",
            b"&#xD800;",
            b"<arbre>",
            b"</data>",
        ];
        for _ in 0..20_000 {
            let mut bytes = whole.clone().into_bytes();
            for _ in 0..=random(3) {
                let at = random(bytes.len().max(1));
                match random(4) {
                    0 => bytes.truncate(at),
                    _ if at >= bytes.len() => {}
                    1 => drop(bytes.remove(at)),
                    2 => bytes[at] = u8::try_from(random(256)).expect("under 256"),
                    _ => drop(bytes.splice(at..at, pieces[random(pieces.len())].iter().copied())),
                }
            }
            let decoded = decode(&form, &bytes, TODAY);
            // What can be decoded can be let in at the door, and the other way round.
            let door = super::super::envelope(&bytes);
            assert_eq!(decoded.map(|d| d.envelope), door);
        }
    }
}
