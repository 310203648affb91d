//! The questionnaire as a tree, in the order of its rows.

use std::collections::{BTreeMap, HashMap};

use super::{book::Row, types::Type};

/// Where a node stands in [`Form::nodes`].
pub(super) type Id = usize;

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    Group,
    Repeat,
    /// The number of times that a repeat is filled, when it is computed.
    Count(String),
    Question {
        of: Type,
        choices: Option<Source>,
    },
}

/// Where the choices of a question come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A list of the workbook.
    List(String),
    /// A file beside the form: its name without the ending, the ending.
    File { name: String, ending: String, value: String, label: String },
}

/// A question, a group or a repeat.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) parent: Option<Id>,
    pub(super) children: Vec<Id>,
    pub(super) row: Row,
}

/// Everything that a questionnaire says.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) nodes: Vec<Node>,
    /// Those directly under the root.
    pub(super) roots: Vec<Id>,
    /// By name; only unique names can be referred to.
    pub(super) names: HashMap<String, Vec<Id>>,
    /// The row that asks for the log of changes.
    pub(super) audit: Option<Row>,
    pub(super) settings: Row,
    pub(super) entity: Option<Row>,
    pub(super) languages: Vec<String>,
    /// Lists of choices, in the order of their sheet.
    pub(super) lists: Vec<(String, Vec<Row>)>,
    /// Columns of choices beside name and label, in their order.
    pub(super) extras: Vec<String>,
    /// Namespaces that the settings declare, by prefix.
    pub(super) namespaces: BTreeMap<String, String>,
}

impl Form {
    pub(super) fn node(&self, id: Id) -> &Node {
        self.nodes.get(id).expect("an id is a place in the list that it was made from")
    }

    /// From the root down to this node.
    pub(super) fn ancestry(&self, id: Id) -> Vec<Id> {
        let mut line = vec![id];
        let mut at = self.node(id).parent;
        while let Some(parent) = at {
            line.push(parent);
            at = self.node(parent).parent;
        }
        line.reverse();
        line
    }

    /// Where the node is in a submission: `/data/group/name`.
    pub(super) fn path(&self, id: Id) -> String {
        let mut path = String::from("/data");
        for step in self.ancestry(id) {
            path.push('/');
            path.push_str(&self.node(step).name);
        }
        path
    }
}
