//! The primary instance of a form: which questions, groups, repeats and entities it has.

use std::collections::{HashMap, HashSet};

use super::choices::Lists;
use super::constraint::Bounds;
use super::dom::{Document, NodeId};
use super::error::FormError;
use super::form::{ENTITIES, SANU, bad_attribute, trimmed};
use super::itext::Texts;
use super::model::{AnswerKind, Choices, Class, EntityDecl, Question};
use super::outline::{NodeIndex, Outline, Role};

/// Walks the primary instance and joins each leaf with its bind and its control.
pub(super) struct Builder<'a> {
    document: &'a Document,
    binds: HashMap<&'a str, NodeId>,
    controls: HashMap<&'a str, NodeId>,
    repeats: HashSet<&'a str>,
    lists: Lists<'a>,
    texts: Texts<'a>,
    /// The questions found.
    pub(super) questions: Vec<Question>,
    /// The entity declarations found.
    pub(super) entities: Vec<EntityDecl>,
    /// The tree of the instance.
    pub(super) outline: Outline,
}

/// A group waiting to be walked: the instance elements that share its path.
struct Pending {
    elements: Vec<NodeId>,
    path: String,
    parent: Option<NodeIndex>,
    in_repeat: bool,
}

impl<'a> Builder<'a> {
    /// Indexes the binds, controls and lists of the form.
    pub(super) fn new(document: &'a Document, model: NodeId) -> Self {
        let attribute = |id, name| document.attribute(id, name).map(str::trim);
        let binds = document.named(model, "bind");
        let mut controls = HashMap::new();
        let mut repeats = HashSet::new();
        for body in document.named(Document::ROOT, "body") {
            for id in descendants(document, body) {
                match document.name(id) {
                    "repeat" => repeats.extend(attribute(id, "nodeset")),
                    "input" | "select" | "select1" | "rank" | "upload" | "range" | "trigger"
                    | "secret" => {
                        let path = attribute(id, "ref").or_else(|| attribute(id, "bind"));
                        if let Some(path) = path {
                            controls.entry(path).or_insert(id);
                        }
                    }
                    _ => {}
                }
            }
        }
        Self {
            document,
            binds: binds.filter_map(|id| Some((attribute(id, "nodeset")?, id))).collect(),
            controls,
            repeats,
            lists: Lists::new(document, model),
            texts: Texts::read(document, model),
            questions: Vec::new(),
            entities: Vec::new(),
            outline: Outline::default(),
        }
    }

    /// Walks with a stack of its own, depth first, so that questions come in form order.
    pub(super) fn walk(&mut self, root: NodeId) -> Result<(), FormError> {
        let path = format!("/{}", self.document.name(root));
        let mut stack =
            vec![Pending { elements: vec![root], path, parent: None, in_repeat: false }];
        while let Some(pending) = stack.pop() {
            let Some(&first) = pending.elements.first() else {
                continue;
            };
            let name = self.document.name(first);
            let children = self.merged_children(&pending.elements);
            let template = pending
                .elements
                .iter()
                .any(|&id| self.document.any_attribute(id, "template").is_some());
            let repeat = self.repeats.contains(pending.path.as_str()) || template;
            let in_repeat = pending.in_repeat || repeat;
            let role = if repeat {
                Role::Repeat(self.outline.next_repeat())
            } else if children.is_empty() && pending.parent.is_some() {
                Role::Question(self.questions.len())
            } else {
                Role::Group
            };
            let node = self.outline.add(pending.parent, name, role);
            if let Role::Question(_) = role {
                let question = self.question(&pending.path, name, in_repeat)?;
                self.questions.push(question);
                continue;
            }
            for (child, elements) in children.into_iter().rev() {
                if child == "meta" {
                    self.meta(&elements, &pending.path, node, in_repeat)?;
                    continue;
                }
                let path = format!("{}/{child}", pending.path);
                stack.push(Pending { elements, path, parent: Some(node), in_repeat });
            }
        }
        Ok(())
    }

    /// Children grouped by name, in order of first appearance: a repeat has a template beside it.
    fn merged_children(&self, elements: &[NodeId]) -> Vec<(&'a str, Vec<NodeId>)> {
        let mut merged: Vec<(&'a str, Vec<NodeId>)> = Vec::new();
        let mut places = HashMap::new();
        for id in elements.iter().flat_map(|&element| self.document.children(element)) {
            let name = self.document.name(id);
            let place = *places.entry(name).or_insert(merged.len());
            match merged.get_mut(place) {
                Some((_, list)) => list.push(id),
                None => merged.push((name, vec![id])),
            }
        }
        merged
    }

    /// Notes the entities that a `meta` declares; a template and its first instance say it twice.
    fn meta(
        &mut self,
        metas: &[NodeId],
        scope: &str,
        node: NodeIndex,
        in_repeat: bool,
    ) -> Result<(), FormError> {
        let Some(&meta) = metas.first() else {
            return Ok(());
        };
        for entity in self.document.named(meta, "entity") {
            let attribute = |name| self.document.any_attribute(entity, name);
            let Some(dataset) = trimmed(attribute("dataset")) else {
                return Err(FormError::EntityWithoutDataset { path: scope.to_owned() });
            };
            // `create=""` with a calculation is a possible creation too.
            self.outline.declare_entity(node, self.entities.len());
            self.entities.push(EntityDecl {
                dataset,
                scope: scope.to_owned(),
                creates: attribute("create").is_some(),
                updates: attribute("update").is_some(),
                in_repeat,
            });
        }
        Ok(())
    }

    /// Whether no bind of this path or of a group around it has a condition.
    fn is_unconditional(&self, path: &str) -> bool {
        let ends = path.match_indices('/').skip(1).map(|(at, _)| at).chain([path.len()]);
        ends.filter_map(|end| self.binds.get(path.get(..end)?))
            .all(|&bind| self.document.attribute(bind, "relevant").is_none())
    }

    fn question(&mut self, path: &str, name: &str, in_repeat: bool) -> Result<Question, FormError> {
        let bind = self.binds.get(path).copied();
        let control = self.controls.get(path).copied();
        let document = self.document;
        let plain = |attribute| bind.and_then(|id| document.attribute(id, attribute));
        let sanu = |attribute| bind.and_then(|id| document.attribute_in(id, SANU, attribute));
        let kind = kind(plain("type"), control.map(|id| document.name(id)));
        let preloaded = bind.is_some_and(|id| document.any_attribute(id, "preload").is_some());
        Ok(Question {
            path: path.to_owned(),
            name: name.to_owned(),
            kind,
            multiple: kind == AnswerKind::SelectMultiple,
            required: plain("required").is_some_and(|text| text.trim() == "true()"),
            unconditional: self.is_unconditional(path),
            asked: control.is_some(),
            choices: control.map_or(Choices::Open, |id| self.lists.choices(id, kind)),
            bounds: plain("constraint").map(Bounds::parse).unwrap_or_default(),
            class: class(sanu("class"), preloaded, path)?,
            property: trimmed(sanu("property")),
            save_to: trimmed(bind.and_then(|id| document.attribute_in(id, ENTITIES, "saveto"))),
            in_repeat,
            label: control.and_then(|id| self.texts.label_of(document, id)),
        })
    }
}

/// An element and all below it in document order, with a stack instead of recursion.
fn descendants(document: &Document, top: NodeId) -> Vec<NodeId> {
    let mut found = Vec::new();
    let mut stack = vec![top];
    while let Some(id) = stack.pop() {
        found.push(id);
        let children: Vec<_> = document.children(id).collect();
        stack.extend(children.into_iter().rev());
    }
    found
}

fn kind(bind_type: Option<&str>, control: Option<&str>) -> AnswerKind {
    match control {
        Some("select1") => return AnswerKind::SelectOne,
        Some("select" | "rank") => return AnswerKind::SelectMultiple,
        Some("upload") => return AnswerKind::Attachment,
        _ => {}
    }
    let name = bind_type.unwrap_or_default().trim();
    match name.rsplit(':').next().unwrap_or(name) {
        "int" | "integer" | "long" => AnswerKind::Integer,
        "decimal" | "double" | "float" => AnswerKind::Decimal,
        "boolean" => AnswerKind::Boolean,
        "date" => AnswerKind::Date,
        "time" => AnswerKind::Time,
        "dateTime" => AnswerKind::DateTime,
        "geopoint" => AnswerKind::GeoPoint,
        "geotrace" => AnswerKind::GeoTrace,
        "geoshape" => AnswerKind::GeoShape,
        "barcode" => AnswerKind::Barcode,
        "binary" => AnswerKind::Attachment,
        _ => AnswerKind::Text,
    }
}

fn class(attribute: Option<&str>, preloaded: bool, path: &str) -> Result<Class, FormError> {
    match attribute.map(str::trim) {
        None if preloaded => Ok(Class::None),
        None | Some("sensitive") => Ok(Class::Sensitive),
        Some("direct") => Ok(Class::Direct),
        Some("quasi") => Ok(Class::Quasi),
        Some("none") => Ok(Class::None),
        Some(other) => Err(bad_attribute("class", other, path, "direct, quasi, sensitive, none")),
    }
}
