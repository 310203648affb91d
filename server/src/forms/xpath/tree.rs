//! The instance that expressions look at: a submission as it was sent, or a list of choices.

use std::borrow::Cow;

use super::names::Name;
use super::value::Kind;

/// Index of a node in its tree.
pub(in crate::forms) type NodeId = u32;

/// No node.
pub(in crate::forms) const NONE: NodeId = NodeId::MAX;

/// One element or attribute.
#[derive(Debug, Clone)]
pub(in crate::forms) struct Node<'x> {
    /// What it is called.
    pub(in crate::forms) name: Name,
    /// The element around it, or [`NONE`].
    pub(in crate::forms) parent: NodeId,
    /// Position among its siblings of the same name, from 0.
    pub(in crate::forms) position: u32,
    /// Its own text, empty for groups.
    pub(in crate::forms) text: Cow<'x, str>,
    /// How the text is read.
    pub(in crate::forms) kind: Kind,
    /// Whatever the maker of the tree wants to find it by.
    pub(in crate::forms) origin: u32,
    first: NodeId,
    last: NodeId,
    next: NodeId,
}

/// A tree in an arena, built from the root down in document order.
#[derive(Debug, Clone, Default)]
pub(in crate::forms) struct Tree<'x> {
    nodes: Vec<Node<'x>>,
    open: Vec<NodeId>,
}

/// What a new node is.
#[derive(Debug, Clone)]
pub(in crate::forms) struct Leaf<'x> {
    pub(in crate::forms) name: Name,
    pub(in crate::forms) position: u32,
    pub(in crate::forms) text: Cow<'x, str>,
    pub(in crate::forms) kind: Kind,
    pub(in crate::forms) origin: u32,
}

impl<'x> Tree<'x> {
    /// The root element.
    pub(in crate::forms) const ROOT: NodeId = 0;

    /// An empty tree with room for this many nodes.
    pub(in crate::forms) fn with_capacity(nodes: usize) -> Self {
        Self { nodes: Vec::with_capacity(nodes), open: Vec::with_capacity(8) }
    }

    /// Adds a group under the open one and opens it.
    pub(in crate::forms) fn open(&mut self, name: Name, position: u32, origin: u32) -> NodeId {
        let text = Cow::Borrowed("");
        let id = self.leaf(Leaf { name, position, text, kind: Kind::Text, origin });
        self.open.push(id);
        id
    }

    /// Closes the open group.
    pub(in crate::forms) fn close(&mut self) {
        self.open.pop();
    }

    /// Adds a leaf under the open group.
    pub(in crate::forms) fn leaf(&mut self, leaf: Leaf<'x>) -> NodeId {
        let id = NodeId::try_from(self.nodes.len()).expect("documents are bounded below 2^32");
        let parent = self.open.last().copied().unwrap_or(NONE);
        let before = self.node(parent).map_or(NONE, |node| node.last);
        if let Some(node) = self.node_mut(before) {
            node.next = id;
        }
        if let Some(node) = self.node_mut(parent) {
            node.last = id;
            if node.first == NONE {
                node.first = id;
            }
        }
        let Leaf { name, position, text, kind, origin } = leaf;
        let (first, last, next) = (NONE, NONE, NONE);
        self.nodes.push(Node { name, parent, position, text, kind, origin, first, last, next });
        id
    }

    /// How many nodes there are.
    pub(in crate::forms) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node of this index.
    pub(in crate::forms) fn node(&self, id: NodeId) -> Option<&Node<'x>> {
        self.nodes.get(usize::try_from(id).ok()?)
    }

    /// All nodes with their indexes, in document order.
    pub(in crate::forms) fn iter(&self) -> impl Iterator<Item = (NodeId, &Node<'x>)> {
        (0..).zip(&self.nodes)
    }

    /// The children of a node, in document order.
    pub(in crate::forms) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let first = self.node(id).map_or(NONE, |node| node.first);
        std::iter::successors((first != NONE).then_some(first), |&at| {
            self.node(at).map(|node| node.next).filter(|&next| next != NONE)
        })
    }

    /// The nodes from the root to this one.
    pub(in crate::forms) fn chain(&self, id: NodeId) -> Vec<NodeId> {
        let mut chain: Vec<_> = std::iter::successors(Some(id), |&at| {
            self.node(at).map(|node| node.parent).filter(|&parent| parent != NONE)
        })
        .collect();
        chain.reverse();
        chain
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut Node<'x>> {
        self.nodes.get_mut(usize::try_from(id).ok()?)
    }
}
