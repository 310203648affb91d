//! Where the codes of a select question come from.

use std::collections::HashMap;

use super::dom::{Document, NodeId};
use super::itext::file_name;
use super::model::{AnswerKind, Choices, CodeSet};

/// The choice lists of a form, each read once however many questions use it.
pub(super) struct Lists<'a> {
    document: &'a Document,
    instances: HashMap<&'a str, NodeId>,
    known: HashMap<(String, String), CodeSet>,
}

impl<'a> Lists<'a> {
    /// Finds the secondary instances of the model.
    pub(super) fn new(document: &'a Document, model: NodeId) -> Self {
        let instances = document.named(model, "instance");
        let by_id = instances.filter_map(|id| Some((document.attribute(id, "id")?.trim(), id)));
        Self { document, instances: by_id.collect(), known: HashMap::new() }
    }

    /// The codes that a control offers.
    pub(super) fn choices(&mut self, control: NodeId, kind: AnswerKind) -> Choices {
        let document = self.document;
        // `search()` replaces the choices by rows of a file, on the phone.
        let searched = document
            .attribute(control, "appearance")
            .is_some_and(|appearance| appearance.contains("search("));
        if searched || !matches!(kind, AnswerKind::SelectOne | AnswerKind::SelectMultiple) {
            return Choices::Open;
        }
        let Some(itemset) = document.child(control, "itemset") else {
            let codes = document
                .named(control, "item")
                .filter_map(|item| code(document.text(document.child(item, "value")?)));
            return Choices::Inline(CodeSet::new(codes.collect()));
        };
        self.itemset(itemset).unwrap_or(Choices::Open)
    }

    /// The list behind an itemset; a filter only narrows it, so the whole list is never too small.
    fn itemset(&mut self, itemset: NodeId) -> Option<Choices> {
        let document = self.document;
        let (id, steps) = instance_reference(document.attribute(itemset, "nodeset")?)?;
        let value = document.attribute(document.child(itemset, "value")?, "ref")?.trim();
        let instance = *self.instances.get(id)?;
        if let Some(source) = document.attribute(instance, "src") {
            let file = file_name(source)?.strip_suffix(".csv")?;
            return Some(Choices::List { file: file.to_owned(), value: value.to_owned() });
        }
        let key = (format!("{id}/{steps}"), value.to_owned());
        if let Some(known) = self.known.get(&key) {
            return Some(Choices::Inline(known.clone()));
        }
        let mut items = vec![instance];
        for step in steps.split('/') {
            items = items.iter().flat_map(|&id| document.named(id, step)).collect();
        }
        let codes =
            items.iter().filter_map(|&item| code(document.text(document.child(item, value)?)));
        let set = CodeSet::new(codes.collect());
        self.known.insert(key, set.clone());
        Some(Choices::Inline(set))
    }
}

/// A code, unless it is blank.
fn code(text: &str) -> Option<String> {
    let code = text.trim();
    (!code.is_empty()).then(|| code.to_owned())
}

/// Splits `instance('id')/root/item[filter]` into the id and `root/item`.
///
/// Anything else, such as a repeat used as choices, gives nothing.
fn instance_reference(nodeset: &str) -> Option<(&str, &str)> {
    let nodeset = nodeset.trim();
    let inner = nodeset.strip_prefix("randomize(").map_or(nodeset, str::trim_start);
    let rest = inner.strip_prefix("instance(")?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (id, rest) = rest.strip_prefix(quote)?.split_once(quote)?;
    let steps = rest.trim_start().strip_prefix(')')?.trim_start().strip_prefix('/')?;
    let end = steps.find(['[', ',', ')']).unwrap_or(steps.len());
    let (steps, tail) = steps.split_at_checked(end)?;
    let steps = steps.trim();
    let plain = steps.split('/').all(|step| {
        !step.is_empty() && step.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
    });
    (plain && only_filters(tail, nodeset.starts_with("randomize("))).then_some((id, steps))
}

/// Tells whether a nodeset ends with filters only: more steps or a union would change the items.
fn only_filters(tail: &str, randomized: bool) -> bool {
    let mut depth = 0_usize;
    let mut quote = None;
    for character in tail.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '[') => depth += 1,
            (None, ']') if depth > 0 => depth -= 1,
            (None, ',' | ')') if depth == 0 => return randomized,
            (None, '\'' | '"') if depth > 0 => quote = Some(character),
            (None, _) if depth > 0 || character.is_whitespace() => {}
            _ => return false,
        }
    }
    depth == 0 && !randomized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nodeset_that_is_not_plainly_a_list_leaves_the_choices_open() {
        assert_eq!(instance_reference("instance('a')/root/item"), Some(("a", "root/item")));
        assert_eq!(
            instance_reference(" instance( \"a\" )/root/item[x=']']"),
            Some(("a", "root/item"))
        );
        assert_eq!(
            instance_reference("randomize(instance('a')/root/item[x], 3)"),
            Some(("a", "root/item"))
        );
        for other in [
            "/data/membre[nom != '']",
            "instance('a')/root/item | instance('b')/root/item",
            "instance('a')/root/item[x]/other",
            "instance('a')/root/item[x] | /data/b",
            "instance('a')//item",
            "instance('a')",
        ] {
            assert_eq!(instance_reference(other), None, "{other}");
        }
    }
}
