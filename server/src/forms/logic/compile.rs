//! From a form definition to its logic, each expression parsed once.

use std::collections::HashMap;

use super::itemset::{Itemset, is_filtered};
use super::labels::{ChoicesOf, Label, RowLabel};
use super::report::NotEvaluated;
use super::{Logic, NodeLogic, Required, Rule, table};
use crate::forms::dom::{Document, NodeId};
use crate::forms::itext::{Texts, file_name};
use crate::forms::model::{AnswerKind, Question};
use crate::forms::outline::{NodeIndex, Outline, Role};
use crate::forms::xpath::{
    Expr, Function, Kind, List, Path, Start, Stop, Vocabulary, kind_of, parse,
};

/// Reads the logic of a form whose questions are known.
pub(in crate::forms) fn compile(
    document: &Document,
    model: NodeId,
    outline: &Outline,
    questions: &[Question],
) -> Logic {
    let mut compiler = Compiler::new(document, model, questions);
    compiler.lists(model);
    for index in (0..).take(outline.len()) {
        compiler.node(outline, index);
    }
    compiler.meta(outline);
    compiler.controls();
    compiler.logic.labels.texts = Texts::of_only_language(document, model);
    compiler.logic
}

struct Compiler<'a> {
    document: &'a Document,
    binds: HashMap<&'a str, NodeId>,
    questions: &'a [Question],
    by_path: HashMap<String, NodeIndex>,
    logic: Logic,
}

impl<'a> Compiler<'a> {
    fn new(document: &'a Document, model: NodeId, questions: &'a [Question]) -> Self {
        let path = |bind| Some((document.attribute(bind, "nodeset")?.trim(), bind));
        let binds = document.named(model, "bind").filter_map(path).collect();
        let (by_path, logic) = (HashMap::new(), Logic::default());
        Self { document, binds, questions, by_path, logic }
    }

    /// The secondary instances: those in the form are read, those in files wait for them.
    fn lists(&mut self, model: NodeId) {
        for instance in self.document.named(model, "instance") {
            let Some(id) = self.document.attribute(instance, "id") else { continue };
            let mut list = List::default();
            if let Some(source) = self.document.attribute(instance, "src") {
                let file = file_name(source).unwrap_or_default();
                list = List::of_file(file);
                let at = self.logic.lists.len();
                self.logic.labels.files.entry(file.to_owned()).or_insert(at);
            } else {
                let names = &mut self.logic.vocabulary.names;
                if let Some(tree) = table::inline(self.document, instance, names) {
                    list.fill(tree);
                }
            }
            self.logic.vocabulary.lists.push(id.trim().into());
            self.logic.lists.push(list);
        }
    }

    /// One node of the outline.
    fn node(&mut self, outline: &Outline, index: NodeIndex) {
        let ancestry = outline.ancestry(index);
        let steps: Vec<&str> = ancestry
            .iter()
            .filter_map(|&step| outline.node(step))
            .map(|step| step.name.as_str())
            .collect();
        let path = format!("/{}", steps.join("/"));
        let question = match outline.node(index).map(|node| node.role) {
            Some(Role::Question(at)) => self.questions.get(at),
            _ => None,
        };
        self.by_path.insert(path.clone(), index);
        self.note_clock(&path, index);
        let node = self.of_path(path, &steps, question);
        self.logic.nodes.push(node);
    }

    /// The calculations of the root's `meta` block, which the outline does not have.
    fn meta(&mut self, outline: &Outline) {
        let root = outline.node(Outline::ROOT).map_or("", |root| root.name.as_str()).to_owned();
        let prefix = format!("/{root}/");
        let mut paths: Vec<_> = self
            .binds
            .keys()
            .filter_map(|path| {
                let (block, inner) = path.strip_prefix(&prefix)?.split_once('/')?;
                let is_meta = block.rsplit(':').next() == Some("meta");
                is_meta.then(|| ((*path).to_owned(), local_names(inner)))
            })
            .collect();
        // The order of binds is not kept; this one does not depend on it.
        paths.sort();
        for (path, inner) in paths {
            let steps: Vec<_> = path.split('/').skip(1).collect();
            let index = NodeIndex::try_from(self.logic.nodes.len()).unwrap_or(NodeIndex::MAX);
            let node = self.of_path(path.clone(), &steps, None);
            self.logic.nodes.push(node);
            self.logic.meta.insert(inner, index);
        }
    }

    fn of_path(&mut self, path: String, steps: &[&str], question: Option<&Question>) -> NodeLogic {
        let ancestry: Box<[_]> =
            steps.iter().map(|step| self.logic.vocabulary.names.intern(step)).collect();
        let calculate = self.rule(&path, "calculate");
        let required = match self.attribute(&path, "required") {
            None | Some("false()") => Required::Never,
            Some("true()") => Required::Always,
            Some(_) => self.rule(&path, "required").map_or(Required::Never, Required::When),
        };
        let answer = question.map_or(AnswerKind::Text, |question| question.kind);
        let calculated = calculate.as_ref().and_then(|rule| kind_of(&rule.expression));
        NodeLogic {
            name: ancestry.last().copied().unwrap_or(crate::forms::xpath::NONE),
            kind: match answer {
                AnswerKind::Text => calculated.unwrap_or(Kind::Text),
                typed => kind(typed),
            },
            answer,
            asked: question.is_some_and(|question| question.asked),
            relevant: self.rule(&path, "relevant"),
            constraint: self.rule(&path, "constraint"),
            ancestry,
            required,
            calculate,
            choices: None,
            path,
        }
    }

    fn attribute(&self, path: &str, name: &str) -> Option<&'a str> {
        self.document.attribute(*self.binds.get(path)?, name).map(str::trim)
    }

    /// An expression of a bind, unless it is absent or cannot be evaluated.
    fn rule(&mut self, path: &str, attribute: &'static str) -> Option<Rule> {
        let text = self.attribute(path, attribute).filter(|text| !text.is_empty())?;
        let expression = self.parse(path, attribute, text)?;
        let timed = expression.calls(&Function::OF_THE_CLOCK);
        Some(Rule { expression, timed })
    }

    fn parse(&mut self, path: &str, part: &'static str, text: &str) -> Option<Expr> {
        match parse(text, &mut self.logic.vocabulary) {
            Ok(expression) => Some(expression),
            Err(why) => {
                self.logic.not_evaluated.push(NotEvaluated { path: path.to_owned(), part, why });
                None
            }
        }
    }

    /// Notes the nodes that say when the interview was.
    fn note_clock(&mut self, path: &str, index: NodeIndex) {
        let Some(&bind) = self.binds.get(path) else { return };
        let preload = |name| self.document.any_attribute(bind, name);
        match (preload("preload"), preload("preloadParams")) {
            (Some("timestamp"), Some("start")) => self.logic.start = Some(index),
            (Some("timestamp"), Some("end")) => self.logic.end = Some(index),
            (Some("date"), Some("today")) => self.logic.today = Some(index),
            _ => {}
        }
    }

    /// The choices that the controls of the body offer.
    fn controls(&mut self) {
        let document = self.document;
        let mut stack: Vec<_> = document.named(Document::ROOT, "body").collect();
        while let Some(id) = stack.pop() {
            stack.extend(document.children(id));
            if !matches!(document.name(id), "select" | "select1" | "rank") {
                continue;
            }
            let path = document.attribute(id, "ref").or_else(|| document.attribute(id, "bind"));
            let Some(path) = path.map(|path| path.trim().to_owned()) else { continue };
            let searched =
                document.attribute(id, "appearance").is_some_and(|a| a.contains("search("));
            let choices = match document.child(id, "itemset") {
                _ if searched => None,
                Some(itemset) => self.itemset(&path, itemset),
                None => Some(ChoicesOf::Inline(self.inline(id))),
            };
            if let Some(choices) = choices {
                self.offer(path, choices);
            }
        }
    }

    fn offer(&mut self, path: String, choices: ChoicesOf) {
        if let ChoicesOf::Rows(itemset, _) = &choices
            && self.is_worth_checking(itemset)
            && let Some(&index) = self.by_path.get(&path)
            && let Ok(at) = usize::try_from(index)
            && let Some(node) = self.logic.nodes.get_mut(at)
        {
            node.choices = Some(itemset.clone());
        }
        self.logic.labels.questions.entry(path).or_insert(choices);
    }

    /// A list in the form without a filter is checked by its codes alone.
    fn is_worth_checking(&self, itemset: &Itemset) -> bool {
        match &itemset.nodes {
            Expr::Path(path @ Path { start: Start::List(at), .. }) => {
                let of_file = self.logic.lists.get(*at).is_some_and(|list| list.file.is_some());
                of_file || is_filtered(path)
            }
            _ => true,
        }
    }

    fn itemset(&mut self, path: &str, itemset: NodeId) -> Option<ChoicesOf> {
        let text = self.document.attribute(itemset, "nodeset")?;
        let nodes = match self.parse(path, "choices", text)? {
            // Which ones are offered does not depend on their order.
            Expr::Call(Function::Randomize, mut arguments) => arguments.swap_remove(0),
            other => other,
        };
        let value = self.document.child(itemset, "value")?;
        let code = self.parse(path, "choices", self.document.attribute(value, "ref")?)?;
        let column = match &code {
            Expr::Path(Path { start: Start::Here(0), steps }) => match steps.as_slice() {
                [only] if only.filters.is_empty() => Some(only.name),
                _ => None,
            },
            _ => None,
        };
        let label = self.row_label(itemset).unwrap_or_else(|| RowLabel::Plain(code.clone()));
        Some(ChoicesOf::Rows(Itemset { nodes, code, column }, label))
    }

    fn row_label(&mut self, itemset: NodeId) -> Option<RowLabel> {
        let label = self.document.child(itemset, "label")?;
        let reference = self.document.attribute(label, "ref")?.trim();
        let vocabulary: &mut Vocabulary = &mut self.logic.vocabulary;
        let inner = reference.strip_prefix("jr:itext(").and_then(|inner| inner.strip_suffix(')'));
        let parsed: Result<_, Stop> = match inner {
            Some(inner) => parse(inner, vocabulary).map(RowLabel::Text),
            None => parse(reference, vocabulary).map(RowLabel::Plain),
        };
        parsed.ok()
    }

    fn inline(&self, control: NodeId) -> Vec<(String, Label)> {
        let document = self.document;
        let items = document.named(control, "item").filter_map(|item| {
            let code = document.text(document.child(item, "value")?).trim().to_owned();
            let label = document.child(item, "label");
            let reference = label.and_then(|label| document.attribute(label, "ref"));
            let id = reference.and_then(|text| text.trim().strip_prefix("jr:itext("));
            let text = || label.map_or("", |label| document.text(label).trim()).to_owned();
            let id = id.and_then(|text| text.strip_suffix(')')).map(str::trim);
            let label = id.map(|id| Label::Text(id.trim_matches(['\'', '"']).to_owned()));
            Some((code, label.unwrap_or_else(|| Label::Plain(text()))))
        });
        items.collect()
    }
}

/// `orx:instanceID` as `instanceID`, in every step.
fn local_names(path: &str) -> String {
    let local = |step: &str| match step.strip_prefix('@') {
        Some(name) => format!("@{}", name.rsplit(':').next().unwrap_or(name)),
        None => step.rsplit(':').next().unwrap_or(step).to_owned(),
    };
    path.split('/').map(local).collect::<Vec<_>>().join("/")
}

/// How answers of a kind are read in expressions.
fn kind(answer: AnswerKind) -> Kind {
    match answer {
        AnswerKind::Integer | AnswerKind::Decimal => Kind::Number,
        AnswerKind::Boolean => Kind::Boolean,
        AnswerKind::Date => Kind::Date,
        AnswerKind::Time => Kind::Time,
        AnswerKind::DateTime => Kind::DateTime,
        AnswerKind::GeoPoint | AnswerKind::GeoTrace | AnswerKind::GeoShape => Kind::Points,
        AnswerKind::Text
        | AnswerKind::SelectOne
        | AnswerKind::SelectMultiple
        | AnswerKind::Barcode
        | AnswerKind::Attachment => Kind::Text,
    }
}
