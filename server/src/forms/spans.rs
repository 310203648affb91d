//! Where in the text of a submission each answer stands, so that one can be replaced and every other byte kept.

use std::collections::HashMap;
use std::ops::Range;

use super::error::XmlRefused;
use super::limits::SUBMISSION;
use super::model::XForm;
use super::outline::{NodeIndex, Outline, Role};
use super::scan::{Scanner, Step, attribute, local_name};

/// An element of a submission.
#[derive(Debug)]
pub(super) struct Span {
    /// What stands between its tags; nothing when it is written `<a/>`.
    pub(super) inside: Range<usize>,
    /// Its name as written, when it is written `<a/>`: it must be opened first.
    pub(super) empty: Option<String>,
}

struct Frame {
    /// The node of the form; none in and below a `meta`.
    node: Option<NodeIndex>,
    path: String,
    start: usize,
    empty: Option<String>,
    /// Instances of the repeats right below, so far.
    counted: HashMap<NodeIndex, u32>,
}

/// The elements of a submission by path, with positions on repeats, `/data/tree[2]/kind`; of those that stand
/// twice, the first, which is the one that is read.
pub(super) fn spans(form: &XForm, xml: &[u8]) -> Result<HashMap<String, Span>, XmlRefused> {
    let mut scanner = Scanner::new(xml, SUBMISSION)?;
    let mut found = HashMap::new();
    let mut open: Vec<Frame> = Vec::new();
    loop {
        let before = scanner.position();
        match scanner.next()? {
            Step::Open(tag) => {
                let name = tag.name();
                let around = open.last_mut();
                let Some((node, path)) = place(form, around, local_name(name.0)) else {
                    scanner.skip_element()?;
                    continue;
                };
                let is_root = node == Some(Outline::ROOT);
                if !is_root && attribute(&tag, "template").is_some() {
                    scanner.skip_element()?;
                    continue;
                }
                let path = positioned(form, open.last_mut(), node, path);
                let start = scanner.position();
                let empty = scanner.is_empty_element().then(|| name.0.to_owned());
                open.push(Frame { node, path, start, empty, counted: HashMap::new() });
            }
            Step::Close => {
                let Some(frame) = open.pop() else { continue };
                let end = if frame.empty.is_some() { frame.start } else { before };
                let span = Span { inside: frame.start..end, empty: frame.empty };
                found.entry(frame.path).or_insert(span);
            }
            Step::End => return Ok(found),
            Step::Text(_) | Step::Char(_) => {}
        }
    }
}

/// The node and path, without position, of an element of this name; `None` when the form has none there.
fn place(
    form: &XForm,
    around: Option<&mut Frame>,
    name: &str,
) -> Option<(Option<NodeIndex>, String)> {
    let Some(around) = around else {
        let root = form.outline.node(Outline::ROOT)?;
        return Some((Some(Outline::ROOT), format!("/{}", root.name)));
    };
    let path = format!("{}/{name}", around.path);
    match around.node {
        Some(node) if name != "meta" => {
            form.outline.child(node, name, &mut 0).map(|child| (Some(child), path))
        }
        _ => Some((None, path)),
    }
}

/// The path with the position of a repeat.
fn positioned(
    form: &XForm,
    around: Option<&mut Frame>,
    node: Option<NodeIndex>,
    path: String,
) -> String {
    let role = node.and_then(|node| form.outline.node(node)).map(|node| node.role);
    match (around, node, role) {
        (Some(around), Some(node), Some(Role::Repeat(_))) => {
            let count = around.counted.entry(node).or_insert(0);
            *count += 1;
            format!("{path}[{count}]")
        }
        _ => path,
    }
}
