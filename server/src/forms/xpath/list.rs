//! Secondary instances: the choice lists and tables that expressions look things up in.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::names::Name;
use super::tree::{NodeId, Tree};

/// Rows of a list by the text of one of their columns.
pub(super) type Rows = HashMap<Box<str>, Vec<NodeId>>;

/// Which rows, under which node, by which column.
type Column = (NodeId, Name, Name);

/// A secondary instance of a form.
#[derive(Debug, Clone, Default)]
pub(in crate::forms) struct List {
    /// The file that fills it, when it is not in the form.
    pub(in crate::forms) file: Option<Box<str>>,
    tree: Option<Arc<Tree<'static>>>,
    // A cache: what it holds follows from the tree, whoever fills it.
    columns: Arc<RwLock<HashMap<Column, Arc<Rows>>>>,
}

impl List {
    /// A list that waits for its file.
    pub(in crate::forms) fn of_file(file: &str) -> Self {
        Self { file: Some(file.into()), ..Self::default() }
    }

    /// Gives the list its rows.
    pub(in crate::forms) fn fill(&mut self, tree: Tree<'static>) {
        self.tree = Some(Arc::new(tree));
        self.columns = Arc::default();
    }

    /// The rows, if they are at hand.
    pub(in crate::forms) fn tree(&self) -> Option<&Tree<'static>> {
        self.tree.as_deref()
    }

    /// The rows called `item` under `parent`, by the text of their `column`.
    pub(super) fn rows(&self, parent: NodeId, item: Name, column: Name) -> Arc<Rows> {
        let key = (parent, item, column);
        // Nobody panics while holding this lock, and a cache is never half written.
        if let Some(known) = self.columns.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(known);
        }
        let rows = Arc::new(self.tree().map(|tree| index(tree, key)).unwrap_or_default());
        let mut columns = self.columns.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(columns.entry(key).or_insert(rows))
    }
}

fn index(tree: &Tree<'static>, (parent, item, column): Column) -> Rows {
    let named = |id: &NodeId, name| tree.node(*id).is_some_and(|node| node.name == name);
    let mut rows = Rows::new();
    for row in tree.children(parent).filter(|id| named(id, item)) {
        let cell = tree.children(row).find(|id| named(id, column)).and_then(|id| tree.node(id));
        rows.entry(cell.map_or("", |cell| &cell.text).into()).or_default().push(row);
    }
    rows
}
