//! Following paths, with JavaRosa's way of reading them: a path from the root stays, as far as
//! its names go along with those of its context, in the repeats that the context is in.

use super::ast::{Expr, Operator, Path, Start, Step};
use super::eval::{At, Scope, World};
use super::names::Name;
use super::stop::Stop;
use super::tree::{NodeId, Tree};
use super::value::{Atom, Nodes, Source};

/// From how many rows on a list is worth an index.
const INDEXED: usize = 16;

/// One level of a path from the root, bound to a position or not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) name: Name,
    pub(super) position: Option<u32>,
}

impl<'e> World<'e> {
    /// The nodes that a path leads to.
    pub(in crate::forms) fn nodes(&self, path: &'e Path, scope: &Scope<'e>) -> Result<Nodes, Stop> {
        match path.start {
            Start::Here(up) => self.below(scope.here, up, &path.steps, scope),
            Start::Current(up) => self.below(scope.current, up, &path.steps, scope),
            Start::Root => self.below_root(Source::Main, &path.steps, scope),
            Start::List(at) => self.below_root(Source::List(at), &path.steps, scope),
        }
    }

    /// Goes up, then down.
    fn below(
        &self,
        from: At<'e>,
        up: usize,
        steps: &'e [Step],
        scope: &Scope<'e>,
    ) -> Result<Nodes, Stop> {
        let source = from.source;
        let Some(above) = up.checked_sub(from.missing.len()) else {
            return Ok(Nodes { source, ids: Vec::new() });
        };
        let tree = self.at_hand(source)?;
        let chain = tree.chain(from.node);
        let Some(depth) = chain.len().checked_sub(above + 1) else {
            // One above the root is where the root is named, whatever the name.
            return match steps.split_first() {
                Some((_, steps)) if chain.len() == above => {
                    self.walk(source, vec![Tree::ROOT], steps, scope)
                }
                _ => Err(Stop::Fails("a path above the root")),
            };
        };
        self.walk(source, chain.get(depth).copied().into_iter().collect(), steps, scope)
    }

    /// Goes down from nodes, step by step.
    fn walk(
        &self,
        source: Source,
        mut ids: Vec<NodeId>,
        steps: &'e [Step],
        scope: &Scope<'e>,
    ) -> Result<Nodes, Stop> {
        for step in steps {
            ids = self.down(source, &ids, step, None, scope)?;
        }
        Ok(Nodes { source, ids })
    }

    fn below_root(
        &self,
        source: Source,
        steps: &'e [Step],
        scope: &Scope<'e>,
    ) -> Result<Nodes, Stop> {
        let tree = self.at_hand(source)?;
        let mut ids = vec![Tree::ROOT];
        if tree.node(Tree::ROOT).is_none() {
            return Ok(Nodes { source, ids: Vec::new() });
        }
        let context =
            if scope.here.source == source { tree.chain(scope.here.node) } else { Vec::new() };
        let mut along = context.iter();
        let mut together = true;
        for (depth, step) in steps.iter().enumerate() {
            let beside = along.next().copied().filter(|_| together);
            let beside = beside.filter(|&id| tree.node(id).is_some_and(|n| n.name == step.name));
            together = beside.is_some();
            if depth == 0 {
                // JavaRosa does not look at the name of the root either.
                if !step.filters.is_empty() {
                    return Err(Stop::unsupported("a filter on the root"));
                }
                continue;
            }
            let bound = beside.filter(|_| step.filters.is_empty());
            ids = self.down(source, &ids, step, bound, scope)?;
        }
        Ok(Nodes { source, ids })
    }

    /// The children of nodes that a step names, bound to the position of a node or not.
    fn down(
        &self,
        source: Source,
        from: &[NodeId],
        step: &'e Step,
        bound: Option<NodeId>,
        scope: &Scope<'e>,
    ) -> Result<Vec<NodeId>, Stop> {
        let tree = self.at_hand(source)?;
        let mut found = Vec::new();
        for &parent in from {
            if let Some(id) = bound
                && let Some(node) = tree.node(id)
            {
                if node.parent == parent {
                    found.push(id);
                } else {
                    let at = Level { name: step.name, position: Some(node.position) };
                    self.children(tree, parent, at, &mut found)?;
                }
                continue;
            }
            if let Some(rows) = self.indexed(source, tree, parent, step, scope)? {
                found.extend(self.filtered(source, rows, step.filters.get(1..), scope)?);
                continue;
            }
            let mut children = Vec::new();
            let any = Level { name: step.name, position: None };
            self.children(tree, parent, any, &mut children)?;
            found.extend(self.filtered(source, children, Some(&step.filters), scope)?);
        }
        Ok(found)
    }

    /// Collects the children of a name, at a position or at all.
    pub(super) fn children(
        &self,
        tree: &Tree<'_>,
        parent: NodeId,
        level: Level,
        into: &mut Vec<NodeId>,
    ) -> Result<(), Stop> {
        let mut seen = 0_u32;
        for id in tree.children(parent) {
            seen += 1;
            if let Some(node) = tree.node(id)
                && node.name == level.name
                && level.position.is_none_or(|position| node.position == position)
            {
                into.push(id);
            }
        }
        // A sibling passed by costs far less than a step.
        self.spend(1 + seen / 16)
    }

    /// Keeps the nodes for which every filter is true; what is not a boolean is not true.
    pub(in crate::forms) fn filtered(
        &self,
        source: Source,
        mut nodes: Vec<NodeId>,
        filters: Option<&'e [Expr]>,
        scope: &Scope<'e>,
    ) -> Result<Vec<NodeId>, Stop> {
        for filter in filters.unwrap_or_default() {
            let mut kept = Vec::new();
            for (position, node) in (0..).zip(nodes) {
                let here = At { source, node, missing: &[] };
                let inner = Scope { here, position: Some(position), current: scope.current };
                if let super::value::Value::Atom(Atom::Bool(true)) = self.eval(filter, &inner)? {
                    kept.push(node);
                }
            }
            nodes = kept;
        }
        Ok(nodes)
    }

    /// The rows that pass a first filter `column = something known`, found by an index.
    fn indexed(
        &self,
        source: Source,
        tree: &Tree<'_>,
        parent: NodeId,
        step: &'e Step,
        scope: &Scope<'e>,
    ) -> Result<Option<Vec<NodeId>>, Stop> {
        let Source::List(list) = source else { return Ok(None) };
        let Some((column, known)) = step.filters.first().and_then(lookup) else { return Ok(None) };
        if tree.children(parent).nth(INDEXED).is_none() {
            return Ok(None);
        }
        // In a filter the context is the row, whatever the path around it is bound to.
        let here = At { source, node: parent, missing: &[] };
        let key = self.atom(known, &Scope { here, ..*scope })?;
        let (Atom::Text(key), Some(list)) = (key, self.lists.get(list)) else { return Ok(None) };
        Ok(Some(list.rows(parent, step.name, column).get(&*key).cloned().unwrap_or_default()))
    }

    /// The rows of a list whose `column` is `code` and that pass the filters of the path's last
    /// step; none if the path does not simply lead to the rows of one list.
    pub(in crate::forms) fn rows_by(
        &self,
        path: &'e Path,
        column: Name,
        code: &str,
        scope: &Scope<'e>,
    ) -> Result<Option<Nodes>, Stop> {
        let (Start::List(at), Some((step, before))) = (path.start, path.steps.split_last()) else {
            return Ok(None);
        };
        let source = Source::List(at);
        if before.iter().any(|one| !one.filters.is_empty()) {
            return Ok(None);
        }
        let above = self.below_root(source, before, scope)?;
        let ([parent], Some(list)) = (above.ids.as_slice(), self.lists.get(at)) else {
            return Ok(None);
        };
        let rows = list.rows(*parent, step.name, column).get(code).cloned().unwrap_or_default();
        let ids = self.filtered(source, rows, Some(&step.filters), scope)?;
        Ok(Some(Nodes { source, ids }))
    }

    fn at_hand(&self, source: Source) -> Result<&'e Tree<'e>, Stop> {
        self.tree(source).ok_or_else(|| Stop::unsupported("a list that is not at hand"))
    }

    /// A path of the submission as names and positions from the root, as `indexed-repeat` needs it.
    pub(super) fn levels(&self, path: &Path, scope: &Scope<'e>) -> Result<Vec<Level>, Stop> {
        if path.steps.iter().any(|step| !step.filters.is_empty()) {
            return Err(Stop::unsupported("indexed-repeat() with a filter"));
        }
        let (at, up) = match path.start {
            Start::Root => (scope.here, None),
            Start::Here(up) => (scope.here, Some(up)),
            Start::Current(up) => (scope.current, Some(up)),
            Start::List(_) => return Err(Stop::unsupported("indexed-repeat() in a list")),
        };
        let mut context: Vec<Level> = Vec::new();
        if at.source == Source::Main {
            let chain = self.main.chain(at.node);
            let there = chain.iter().filter_map(|&id| self.main.node(id));
            context.extend(there.map(|n| Level { name: n.name, position: Some(n.position) }));
            context.extend(at.missing.iter().map(|&name| Level { name, position: Some(0) }));
        }
        let steps = path.steps.iter().map(|step| Level { name: step.name, position: None });
        let Some(up) = up else {
            let mut levels: Vec<_> = steps.collect();
            for (level, beside) in levels.iter_mut().zip(context) {
                if level.name != beside.name {
                    break;
                }
                level.position = beside.position;
            }
            return Ok(levels);
        };
        context.truncate(context.len().saturating_sub(up));
        context.extend(steps);
        Ok(context)
    }
}

/// A filter `column = known` or `known = column`, where `known` does not depend on the row.
fn lookup(filter: &Expr) -> Option<(Name, &Expr)> {
    let Expr::Chain(first, rest) = filter else { return None };
    let [(Operator::Equal, second)] = rest.as_slice() else { return None };
    let column = |side: &Expr| match side {
        Expr::Path(Path { start: Start::Here(0), steps }) => match steps.as_slice() {
            [only] if only.filters.is_empty() => Some(only.name),
            _ => None,
        },
        _ => None,
    };
    let known = |side: &Expr| match side {
        Expr::Text(_) => true,
        Expr::Path(Path { start: Start::Root | Start::Current(_), steps }) => {
            steps.iter().all(|step| step.filters.is_empty())
        }
        _ => false,
    };
    match (column(first), column(second)) {
        (Some(name), _) if known(second) => Some((name, second)),
        (_, Some(name)) if known(first) => Some((name, first)),
        _ => None,
    }
}
