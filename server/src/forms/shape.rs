//! The tree of a form, as those need it who lay its answers out in tables.

use super::model::XForm;
use super::outline::{NodeIndex, Outline, Role};

/// What a node of the tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapeKind {
    /// Holds other nodes, once.
    Group,
    /// Holds other nodes, any number of times.
    Repeat,
    /// An answer: the index of its question.
    Question(usize),
}

/// A node of a form's tree with all that is under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Name without prefix, as it stands in stored answers.
    pub name: String,
    /// What it is.
    pub kind: ShapeKind,
    /// What is under it, in form order.
    pub children: Vec<Self>,
}

impl XForm {
    /// The nodes under the root of the instance, in form order; without the `meta` block.
    pub fn shape(&self) -> Vec<Shape> {
        children(&self.outline, Outline::ROOT)
    }
}

/// Recursion is bounded by the depth of a published form.
fn children(outline: &Outline, of: NodeIndex) -> Vec<Shape> {
    let Some(node) = outline.node(of) else { return Vec::new() };
    let below = |&child: &NodeIndex| {
        let node = outline.node(child)?;
        let kind = match node.role {
            Role::Group => ShapeKind::Group,
            Role::Repeat(_) => ShapeKind::Repeat,
            Role::Question(question) => ShapeKind::Question(question),
        };
        Some(Shape { name: node.name.clone(), kind, children: children(outline, child) })
    };
    node.children().iter().filter_map(below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::fixtures::household;

    #[test]
    fn the_tree_has_groups_repeats_and_questions_in_form_order() {
        let form = household();

        let shape = form.shape();

        let names: Vec<_> = shape.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["start", "nom", "taille", "visite", "place", "photo", "eau", "arbre"]);
        let tree = shape.last().expect("the repeat");
        assert_eq!(tree.kind, ShapeKind::Repeat);
        let below: Vec<_> = tree.children.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(below, ["espece", "mesure", "rameau"]);
    }
}
