//! The `meta` of a submission and of its groups: instance name, audit file, entities.

use std::borrow::Cow;

use quick_xml::events::BytesStart;

use super::Walk;
use crate::forms::{
    checks::{RULE_NO_ENTITY, RULE_NO_LABEL, Severity, Violation},
    entities::EntityBlock,
    envelope::read_text,
    error::XmlRefused,
    limits::VIOLATIONS,
    outline::{NodeIndex, Outline},
    scan::{Step, attribute, local_name},
};

impl Walk<'_, '_> {
    /// Reads a `meta` that just opened, up to its end.
    pub(super) fn meta(&mut self, around: NodeIndex) -> Result<(), XmlRefused> {
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
            if block.acts() {
                self.entity_warning(RULE_NO_ENTITY, around);
            }
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
        self.check_entity(&block, around);
        if let Some(scope) = self.scopes.last_mut() {
            scope.blocks.push(self.decoded.entities.len());
        }
        self.decoded.entities.push(block);
        Ok(())
    }

    /// Marks what a block asks for and cannot have. Labels of the census's own entities are the census's own affair: a
    /// person may have none.
    fn check_entity(&mut self, block: &EntityBlock, around: NodeIndex) {
        if !block.acts() {
            return;
        }
        if block.uuid().is_none() {
            self.entity_warning(RULE_NO_ENTITY, around);
        }
        let is_own = self.form.dataset.as_ref() == Some(&block.dataset);
        if block.create && !block.update && block.label.is_none() && !is_own {
            self.entity_warning(RULE_NO_LABEL, around);
        }
    }

    fn entity_warning(&mut self, rule: &'static str, around: NodeIndex) {
        if self.decoded.violations.len() < VIOLATIONS {
            let path = format!("{}/meta/entity", self.path(around));
            let severity = Severity::Warning;
            self.decoded.violations.push(Violation { rule, path, severity });
        }
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
}
