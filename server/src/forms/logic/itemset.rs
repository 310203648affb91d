//! The choices that a question offers among the rows of a list.

use crate::forms::xpath::{Expr, Function, Name, Nodes, Path, Scope, Stop, Value, World};

/// An itemset: the nodes it goes through and where each has its code.
#[derive(Debug, Clone)]
pub(super) struct Itemset {
    /// A path, without the `randomize()` around it.
    pub(super) nodes: Expr,
    /// The code of a node, in its own context.
    pub(super) code: Expr,
    /// The code's column, when it is one.
    pub(super) column: Option<Name>,
}

impl Itemset {
    /// Whether a code is among the choices offered here.
    pub(super) fn offers<'e>(
        &'e self,
        world: &World<'e>,
        code: &str,
        scope: &Scope<'e>,
    ) -> Result<bool, Stop> {
        Ok(self.chosen(world, code, scope)?.is_some())
    }

    /// The first node offered that has this code.
    pub(super) fn chosen<'e>(
        &'e self,
        world: &World<'e>,
        code: &str,
        scope: &Scope<'e>,
    ) -> Result<Option<Scope<'e>>, Stop> {
        if let Some(nodes) = self.by_code(world, code, scope)? {
            return Ok(nodes.ids.first().map(|&id| inside(&nodes, id, scope)));
        }
        let Value::Nodes(nodes) = world.eval(&self.nodes, scope)? else {
            return Err(Stop::Fails("choices that are no path"));
        };
        for &id in &nodes.ids {
            let row = inside(&nodes, id, scope);
            if world.atom(&self.code, &row)?.to_text() == code {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// The same by an index on the codes, where only rows of this code need to pass the filters.
    fn by_code<'e>(
        &'e self,
        world: &World<'e>,
        code: &str,
        scope: &Scope<'e>,
    ) -> Result<Option<Nodes>, Stop> {
        let (Expr::Path(path), Some(column)) = (&self.nodes, self.column) else {
            return Ok(None);
        };
        let Some(last) = path.steps.last() else { return Ok(None) };
        // A position counts the rows before it.
        if last.filters.iter().any(|filter| filter.calls(&[Function::Position])) {
            return Ok(None);
        }
        world.rows_by(path, column, code, scope)
    }
}

/// The scope of a row among the choices of a question.
fn inside<'e>(nodes: &Nodes, id: u32, scope: &Scope<'e>) -> Scope<'e> {
    let here = crate::forms::xpath::At { source: nodes.source, node: id, missing: &[] };
    Scope { here, current: scope.current, position: None }
}

/// Whether a path goes through filters.
pub(super) fn is_filtered(path: &Path) -> bool {
    path.steps.iter().any(|step| !step.filters.is_empty())
}
