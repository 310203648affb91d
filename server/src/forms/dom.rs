//! A flat tree of a form definition: an arena, so that reading and dropping it never recurse.
//!
//! Submissions do not pass here; they are decoded straight from the scanner.

use std::collections::HashMap;

use super::error::XmlRefused;
use super::limits::FORM;
use super::scan::{Scanner, Step, local_name, unescaped};

/// Index of an element in its [`Document`]; always valid there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NodeId(usize);

#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<NodeId>,
}

/// A whole XML document in memory.
#[derive(Debug, Default)]
pub(super) struct Document {
    elements: Vec<Element>,
    /// Namespace by prefix. Prefixes are not scoped: forms declare theirs once, on the root.
    namespaces: HashMap<String, String>,
    nothing: Element,
}

impl Document {
    /// The root element.
    pub(super) const ROOT: NodeId = NodeId(0);

    /// Reads a document to its end.
    pub(super) fn parse(xml: &[u8]) -> Result<Self, XmlRefused> {
        let mut scanner = Scanner::new(xml, FORM)?;
        let mut document = Self::default();
        let mut open: Vec<NodeId> = Vec::new();
        loop {
            match scanner.next()? {
                Step::Open(tag) => {
                    let id = NodeId(document.elements.len());
                    if let Some(&parent) = open.last() {
                        document.edit(parent, |element| element.children.push(id));
                    }
                    let attributes: Vec<_> = tag
                        .attributes()
                        .flatten()
                        .map(|a| (a.key.0.to_owned(), unescaped(&a.value)))
                        .collect();
                    document.note_namespaces(&attributes);
                    let name = local_name(tag.name().0).to_owned();
                    document.elements.push(Element { name, attributes, ..Element::default() });
                    open.push(id);
                }
                Step::Text(piece) => {
                    if let Some(&id) = open.last() {
                        document.edit(id, |element| element.text.push_str(&piece));
                    }
                }
                Step::Char(character) => {
                    if let Some(&id) = open.last() {
                        document.edit(id, |element| element.text.push(character));
                    }
                }
                Step::Close => {
                    open.pop();
                }
                Step::End => return Ok(document),
            }
        }
    }

    /// Every element, in document order.
    pub(super) fn all(&self) -> impl Iterator<Item = NodeId> {
        (0..self.elements.len()).map(NodeId)
    }

    /// Name without prefix.
    pub(super) fn name(&self, id: NodeId) -> &str {
        &self.element(id).name
    }

    /// The element's own text, without that of its children.
    pub(super) fn text(&self, id: NodeId) -> &str {
        &self.element(id).text
    }

    /// Its children, in document order.
    pub(super) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        self.element(id).children.iter().copied()
    }

    /// Its children of this name.
    pub(super) fn named<'a>(&'a self, id: NodeId, name: &'a str) -> impl Iterator<Item = NodeId> {
        self.children(id).filter(move |&child| self.name(child) == name)
    }

    /// Its first child of this name.
    pub(super) fn child(&self, id: NodeId, name: &str) -> Option<NodeId> {
        self.children(id).find(|&child| self.name(child) == name)
    }

    /// Its attribute of this exact name, without prefix.
    pub(super) fn attribute(&self, id: NodeId, name: &str) -> Option<&str> {
        let found = self.element(id).attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Its attribute of this local name, with any prefix or none.
    pub(super) fn any_attribute(&self, id: NodeId, local: &str) -> Option<&str> {
        self.attribute(id, local).or_else(|| {
            let mut attributes = self.element(id).attributes.iter();
            attributes
                .find(|(name, _)| {
                    name.split_once(':')
                        .is_some_and(|(p, l)| l == local && !matches!(p, "xmlns" | "xml"))
                })
                .map(|(_, value)| value.as_str())
        })
    }

    /// Its attribute of this local name in this namespace.
    pub(super) fn attribute_in(&self, id: NodeId, namespace: &str, local: &str) -> Option<&str> {
        let mut attributes = self.element(id).attributes.iter();
        attributes
            .find(|(name, _)| {
                name.split_once(':').is_some_and(|(prefix, found)| {
                    found == local
                        && self.namespaces.get(prefix).is_some_and(|known| known == namespace)
                })
            })
            .map(|(_, value)| value.as_str())
    }

    fn note_namespaces(&mut self, attributes: &[(String, String)]) {
        for (name, value) in attributes {
            if let Some(prefix) = name.strip_prefix("xmlns:") {
                self.namespaces.entry(prefix.to_owned()).or_insert_with(|| value.clone());
            }
        }
    }

    fn element(&self, id: NodeId) -> &Element {
        self.elements.get(id.0).unwrap_or(&self.nothing)
    }

    fn edit(&mut self, id: NodeId, change: impl FnOnce(&mut Element)) {
        if let Some(element) = self.elements.get_mut(id.0) {
            change(element);
        }
    }
}
