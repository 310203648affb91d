//! The tree that both encodings of CQL2 are read into, before it meets a collection.

use geo::Geometry;

use crate::ogc::{error::OgcError, value::Value};

/// The longest filter, in bytes.
pub(super) const TEXT_MAX: usize = 32 * 1024;
/// The deepest nesting.
pub(super) const DEPTH_MAX: usize = 48;
/// The most operators, properties and literals.
const NODES_MAX: usize = 1_000;
/// The most positions in all geometries together.
const VERTICES_MAX: usize = 2_000;

/// A part of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ogc) enum Node {
    /// An operator, by its name in CQL2 JSON in lower case, and its arguments.
    Op(String, Vec<Node>),
    /// A property.
    Property(String),
    /// A literal.
    Literal(Value),
    /// From one moment to another.
    Interval(Box<Node>, Box<Node>),
    /// An open end of an interval.
    Open,
    /// A place, in longitude and latitude.
    Geometry(Geometry<f64>),
    /// The list of `IN`.
    List(Vec<Node>),
}

/// What a filter has used up so far.
#[derive(Debug, Default)]
pub(super) struct Budget {
    depth: usize,
    nodes: usize,
    vertices: usize,
}

impl Budget {
    /// Goes one level down; [`Budget::leave`] comes back up.
    pub(super) fn enter(&mut self) -> Result<(), OgcError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(OgcError::filter(format!("nested deeper than {DEPTH_MAX}")));
        }
        self.node()
    }

    /// Comes back up.
    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Counts one part.
    pub(super) fn node(&mut self) -> Result<(), OgcError> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(OgcError::filter(format!("more than {NODES_MAX} parts")));
        }
        Ok(())
    }

    /// Counts one position.
    pub(super) fn vertex(&mut self) -> Result<(), OgcError> {
        self.vertices += 1;
        if self.vertices > VERTICES_MAX {
            return Err(OgcError::filter(format!("more than {VERTICES_MAX} positions")));
        }
        Ok(())
    }
}
