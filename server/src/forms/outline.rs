//! The tree of a form's primary instance, arranged for finding a submission's elements quickly.
//!
//! Nodes are numbered in form order, parents before children, so sorting by number is form order.

/// Index of a node in its [`Outline`].
pub(super) type NodeIndex = u32;

/// What a node of the instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Holds other nodes, once.
    Group,
    /// Holds other nodes, any number of times; the number counts repeats of the form.
    Repeat(usize),
    /// Holds the answer to the question of this index.
    Question(usize),
}

/// One node of the instance.
#[derive(Debug, Clone)]
pub(super) struct OutlineNode {
    /// Name without prefix.
    pub(super) name: String,
    /// What it is.
    pub(super) role: Role,
    /// The group or repeat around it.
    pub(super) parent: Option<NodeIndex>,
    /// The entity declarations in its own `meta`.
    pub(super) entities: Vec<usize>,
    children: Vec<NodeIndex>,
    by_name: Vec<NodeIndex>,
    inner_repeats: Vec<usize>,
}

/// The nodes of a form's primary instance.
#[derive(Debug, Clone, Default)]
pub(super) struct Outline {
    nodes: Vec<OutlineNode>,
    question_nodes: Vec<NodeIndex>,
    repeats: usize,
}

impl Outline {
    /// The root of the instance.
    pub(super) const ROOT: NodeIndex = 0;

    /// Adds a node under its parent, which must have been added before.
    pub(super) fn add(&mut self, parent: Option<NodeIndex>, name: &str, role: Role) -> NodeIndex {
        let index = NodeIndex::try_from(self.nodes.len()).expect("a form has under 2^32 elements");
        self.nodes.push(OutlineNode {
            name: name.to_owned(),
            role,
            parent,
            entities: Vec::new(),
            children: Vec::new(),
            by_name: Vec::new(),
            inner_repeats: Vec::new(),
        });
        if let Some(parent) = parent
            && let Some(node) = usize::try_from(parent).ok().and_then(|at| self.nodes.get_mut(at))
        {
            node.children.push(index);
        }
        if let Role::Question(_) = role {
            self.question_nodes.push(index);
        }
        index
    }

    /// Notes that the node's own `meta` declares the entity of this index.
    pub(super) fn declare_entity(&mut self, index: NodeIndex, entity: usize) {
        if let Some(node) = usize::try_from(index).ok().and_then(|at| self.nodes.get_mut(at)) {
            node.entities.push(entity);
        }
    }

    /// The number that the next repeat added must take.
    pub(super) fn next_repeat(&mut self) -> usize {
        self.repeats += 1;
        self.repeats - 1
    }

    /// How many nodes the instance has.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// How many repeats the form has.
    pub(super) fn repeats(&self) -> usize {
        self.repeats
    }

    /// Prepares the look-ups once every node is there.
    pub(super) fn finish(mut self) -> Self {
        let names: Vec<String> = self.nodes.iter().map(|node| node.name.clone()).collect();
        let name_of = |index: &NodeIndex| usize::try_from(*index).ok().and_then(|at| names.get(at));
        let mut enclosed = vec![Vec::new(); self.nodes.len()];
        for at in 0..self.nodes.len() {
            let Some(Role::Repeat(repeat)) = self.nodes.get(at).map(|node| node.role) else {
                continue;
            };
            if let Some(outer) = self.enclosing_repeat(at)
                && let Some(list) = enclosed.get_mut(outer)
            {
                list.push(repeat);
            }
        }
        for (node, inner_repeats) in self.nodes.iter_mut().zip(enclosed) {
            node.inner_repeats = inner_repeats;
            node.by_name = node.children.clone();
            node.by_name.sort_by(|a, b| name_of(a).cmp(&name_of(b)));
        }
        self
    }

    /// The node of this index.
    pub(super) fn node(&self, index: NodeIndex) -> Option<&OutlineNode> {
        self.nodes.get(usize::try_from(index).ok()?)
    }

    /// The node that holds the answers to a question.
    pub(super) fn node_of_question(&self, question: usize) -> Option<NodeIndex> {
        self.question_nodes.get(question).copied()
    }

    /// Finds a child by name; `cursor` is where the previous one was, as phones write form order.
    pub(super) fn child(
        &self,
        parent: NodeIndex,
        name: &str,
        cursor: &mut usize,
    ) -> Option<NodeIndex> {
        let node = self.node(parent)?;
        for step in 0..2 {
            if let Some(&guess) = node.children.get(*cursor + step)
                && self.node(guess).is_some_and(|child| child.name == name)
            {
                *cursor += step;
                return Some(guess);
            }
        }
        let found = node
            .by_name
            .binary_search_by(|&child| self.node(child).map_or("", |c| c.name.as_str()).cmp(name))
            .ok()?;
        let child = *node.by_name.get(found)?;
        // Children are numbered in order, so their list is sorted.
        *cursor = node.children.binary_search(&child).unwrap_or(0);
        Some(child)
    }

    /// The path from the root to a node, root first.
    pub(super) fn ancestry(&self, index: NodeIndex) -> Vec<NodeIndex> {
        let mut path = vec![index];
        let mut at = index;
        while let Some(parent) = self.node(at).and_then(|node| node.parent) {
            path.push(parent);
            at = parent;
        }
        path.reverse();
        path
    }

    fn enclosing_repeat(&self, at: usize) -> Option<usize> {
        let mut parent = self.nodes.get(at)?.parent;
        while let Some(index) = parent {
            let node = self.node(index)?;
            if let Role::Repeat(_) = node.role {
                return usize::try_from(index).ok();
            }
            parent = node.parent;
        }
        None
    }
}

impl OutlineNode {
    /// Its children, in form order.
    pub(super) fn children(&self) -> &[NodeIndex] {
        &self.children
    }

    /// The repeats directly inside this one, whose counting starts again with each instance.
    pub(super) fn inner_repeats(&self) -> &[usize] {
        &self.inner_repeats
    }
}
