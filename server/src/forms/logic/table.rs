//! Secondary instances as trees: those in the form, and CSV files as JavaRosa reads them.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::forms::dom::{Document, NodeId};
use crate::forms::xpath::{Kind, Leaf, NONE, Names, Tree};

/// Rows of one file that are read: an entity list of a whole country has fewer.
const ROWS: usize = 200_000;

/// Builds the instance `root/item/column` of a CSV file, or gives nothing when the file is not CSV in UTF-8.
pub(super) fn tree(csv: &[u8], names: &mut Names) -> Option<Tree<'static>> {
    let text = std::str::from_utf8(csv).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let columns: Vec<_> =
        reader.headers().ok()?.iter().map(|name| names.intern(name.trim())).collect();
    let item = names.intern("item");
    let mut tree = Tree::with_capacity(1);
    tree.open(names.intern("root"), 0, NONE);
    for (position, row) in (0..).zip(reader.records().take(ROWS)) {
        let row = row.ok()?;
        tree.open(item, position, NONE);
        for (&name, cell) in columns.iter().zip(&row) {
            let text = Cow::Owned(cell.to_owned());
            tree.leaf(Leaf { name, position: 0, text, kind: Kind::Text, origin: NONE });
        }
        tree.close();
    }
    Some(tree)
}

/// Copies a secondary instance out of the form.
pub(super) fn inline(
    document: &Document,
    instance: NodeId,
    names: &mut Names,
) -> Option<Tree<'static>> {
    let root = document.children(instance).next()?;
    let mut tree = Tree::with_capacity(64);
    // With a stack of its own; a closing entry follows the children of each group.
    let mut stack = vec![Visit::Enter(root, 0)];
    while let Some(visit) = stack.pop() {
        let Visit::Enter(id, position) = visit else {
            tree.close();
            continue;
        };
        let name = names.intern(document.name(id));
        let children: Vec<_> = document.children(id).collect();
        if children.is_empty() && id != root {
            let text = Cow::Owned(document.text(id).trim().to_owned());
            tree.leaf(Leaf { name, position, text, kind: Kind::Text, origin: NONE });
            continue;
        }
        tree.open(name, position, NONE);
        stack.push(Visit::Leave);
        let mut counts: HashMap<&str, u32> = HashMap::new();
        let mut entries = Vec::with_capacity(children.len());
        for child in children {
            let count = counts.entry(document.name(child)).or_default();
            entries.push(Visit::Enter(child, *count));
            *count += 1;
        }
        stack.extend(entries.into_iter().rev());
    }
    Some(tree)
}

/// What to do next on the way through an instance.
enum Visit {
    /// An element, and its position among its namesakes.
    Enter(NodeId, u32),
    /// The end of a group.
    Leave,
}
