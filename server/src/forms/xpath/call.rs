//! Calling functions: which arguments are evaluated when, and who computes what.

use std::borrow::Cow;

use super::ast::Expr;
use super::eval::{Scope, World};
use super::function::Function;
use super::path::Level;
use super::stop::Stop;
use super::tree::{NodeId, Tree};
use super::value::{Atom, Nodes, Source, Value};
use super::{chance, digest, math, place, text, time};

impl<'e> World<'e> {
    /// Calls a function.
    pub(super) fn call(
        &self,
        function: Function,
        arguments: &'e [Expr],
        scope: &Scope<'e>,
    ) -> Result<Value<'e>, Stop> {
        match (function, arguments) {
            (Function::If, [condition, yes, no]) => {
                let branch = if self.holds(condition, scope)? { yes } else { no };
                self.eval(branch, scope)
            }
            (Function::Coalesce, [first, second]) => {
                let value = self.eval(first, scope)?;
                let blank = self.unpack(value.clone())?.is_blank();
                if blank { self.eval(second, scope) } else { Ok(value) }
            }
            (Function::IndexedRepeat, [target, groups @ ..]) => {
                self.indexed_repeat(target, groups, scope).map(Value::Nodes)
            }
            _ => {
                let values: Vec<_> =
                    arguments.iter().map(|one| self.eval(one, scope)).collect::<Result<_, _>>()?;
                self.apply(function, values, scope)
            }
        }
    }

    /// Functions whose arguments are all evaluated first.
    fn apply(
        &self,
        function: Function,
        values: Vec<Value<'e>>,
        scope: &Scope<'e>,
    ) -> Result<Value<'e>, Stop> {
        let atom = match (function, values.as_slice()) {
            (Function::Depend, [first, ..]) => return Ok(first.clone()),
            (Function::Randomize, [nodes, seed @ ..]) => {
                let seed = seed.first().map(|seed| self.unpack(seed.clone())).transpose()?;
                return chance::randomized(nodes, seed.as_ref()).map(Value::Nodes);
            }
            (Function::Position, nodes) => Atom::Number(self.position(nodes, scope)?),
            (Function::Count, [nodes]) => {
                Atom::Number(super::number::from_size(only_nodes(nodes)?.ids.len()))
            }
            (Function::CountNonEmpty, [nodes]) => self.count_non_empty(only_nodes(nodes)?)?,
            (Function::Sum, [nodes]) => math::sum(&self.read_all(only_nodes(nodes)?)?),
            (Function::Today, _) => Atom::Date(self.clock.get().midnight()),
            (Function::Now, _) => Atom::Date(self.clock.get()),
            (Function::Version, _) => Atom::Text(Cow::Borrowed(self.version)),
            (Function::Once, [value]) => {
                let now = self.here(scope)?;
                let blank = now.to_text().is_empty();
                if blank { self.unpack(value.clone())? } else { now }
            }
            (Function::StringLength | Function::NormalizeSpace, []) => {
                text::call(function, &[self.here(scope)?])?
            }
            (Function::Area | Function::Geofence | Function::Distance, values) => {
                place::call(self, function, values)?
            }
            (Function::ChoiceName, [code, path]) => {
                let (code, path) = (self.unpack(code.clone())?, self.unpack(path.clone())?);
                Atom::text(self.labels.label(self, &code.to_text(), &path.to_text(), scope)?)
            }
            (Function::Pulldata, values) => self.pulldata(values)?,
            _ => return self.over_atoms(function, values).map(Value::Atom),
        };
        Ok(Value::Atom(atom))
    }

    /// Functions of single values; a lone path may stand for many of them.
    fn over_atoms(&self, function: Function, values: Vec<Value<'e>>) -> Result<Atom<'e>, Stop> {
        let atoms = self.spread(function, values)?;
        let bytes = |atom: &Atom<'_>| if let Atom::Text(text) = atom { text.len() } else { 8 };
        self.spend_text(atoms.iter().map(bytes).sum())?;
        match function {
            Function::Date
            | Function::DateTime
            | Function::DecimalDateTime
            | Function::DecimalTime
            | Function::FormatDate => time::call(function, &atoms, self.clock.get().offset_ms),
            Function::Digest | Function::Base64Decode => digest::call(function, &atoms),
            Function::Regex => {
                // A pattern from an answer is compiled anew each time.
                self.spend(2_000)?;
                text::call(function, &atoms)
            }
            _ => match math::call(function, &atoms) {
                Some(atom) => Ok(atom),
                None => text::call(function, &atoms),
            },
        }
    }

    /// Unpacks arguments; where JavaRosa takes a list of values, one path gives them all.
    fn spread(&self, function: Function, values: Vec<Value<'e>>) -> Result<Vec<Atom<'e>>, Stop> {
        let fixed = match (function, values.len()) {
            (Function::Max | Function::Min | Function::Concat, 1) => 0,
            (Function::Join, 2) => 1,
            (Function::Checklist, 3) => 2,
            (Function::WeightedChecklist, 4) => return self.spread_pairs(values),
            _ => usize::MAX,
        };
        let mut atoms = Vec::with_capacity(values.len());
        for (at, value) in values.into_iter().enumerate() {
            match value {
                Value::Nodes(nodes) if at == fixed => atoms.extend(self.read_all(&nodes)?),
                // A date that is an answer loses its time here, one just made does not.
                nodes @ Value::Nodes(_) if math::is_of_doubles(function) => {
                    atoms.push(Atom::Number(self.unpack(nodes)?.to_number()));
                }
                other => atoms.push(self.unpack(other)?),
            }
        }
        Ok(atoms)
    }

    /// `weighted-checklist(min, max, flags, weights)`, where the last two may be lists.
    fn spread_pairs(&self, values: Vec<Value<'e>>) -> Result<Vec<Atom<'e>>, Stop> {
        let [_, _, Value::Nodes(flags), Value::Nodes(weights)] = values.as_slice() else {
            return values.into_iter().map(|value| self.unpack(value)).collect();
        };
        if flags.ids.len() != weights.ids.len() {
            return Err(Stop::Fails("as many weights as flags were expected"));
        }
        let pairs = self.read_all(flags)?.into_iter().zip(self.read_all(weights)?);
        let pairs: Vec<_> = pairs.flat_map(|(flag, weight)| [flag, weight]).collect();
        let limits = values.into_iter().take(2).map(|value| self.unpack(value));
        let mut atoms: Vec<_> = limits.collect::<Result<_, _>>()?;
        atoms.extend(pairs);
        Ok(atoms)
    }

    /// The value of the context node.
    fn here(&self, scope: &Scope<'e>) -> Result<Atom<'e>, Stop> {
        let ids = if scope.here.missing.is_empty() { vec![scope.here.node] } else { Vec::new() };
        self.unpack(Value::Nodes(Nodes { source: scope.here.source, ids }))
    }

    fn position(&self, nodes: &[Value<'e>], scope: &Scope<'e>) -> Result<f64, Stop> {
        let place = |source, id: NodeId| {
            let node = self.tree(source).and_then(|tree| tree.node(id));
            f64::from(node.map_or(0, |node| node.position)) + 1.0
        };
        match nodes.first() {
            Some(nodes) => {
                let nodes = only_nodes(nodes)?;
                Ok(nodes.ids.first().map_or(0.0, |&id| place(nodes.source, id)))
            }
            None if let Some(position) = scope.position => Ok(f64::from(position) + 1.0),
            None if !scope.here.missing.is_empty() => Ok(1.0),
            None => Ok(place(scope.here.source, scope.here.node)),
        }
    }

    fn count_non_empty(&self, nodes: &Nodes) -> Result<Atom<'e>, Stop> {
        self.spend(u32::try_from(nodes.ids.len()).unwrap_or(u32::MAX))?;
        let tree = self.tree(nodes.source);
        let full = |id: &&NodeId| {
            tree.is_some_and(|tree| {
                tree.node(**id).is_some_and(|node| !node.text.is_empty())
                    || tree.children(**id).next().is_some()
            })
        };
        Ok(Atom::Number(super::number::from_size(nodes.ids.iter().filter(full).count())))
    }

    /// `indexed-repeat(target, group, index, ...)`: the target, in the given instance of each group.
    fn indexed_repeat(
        &self,
        target: &'e Expr,
        groups: &'e [Expr],
        scope: &Scope<'e>,
    ) -> Result<Nodes, Stop> {
        let Expr::Path(target) = target else {
            return Err(Stop::Fails("indexed-repeat() needs a path"));
        };
        let mut levels = self.levels(target, scope)?;
        for pair in groups.chunks_exact(2) {
            let [Expr::Path(group), index] = pair else {
                return Err(Stop::Fails("indexed-repeat() needs the path of a group"));
            };
            let group = self.levels(group, scope)?;
            let inside = group.iter().zip(&levels).all(|(one, other)| one.name == other.name);
            if !inside || group.len() >= levels.len() {
                return Err(Stop::Fails("indexed-repeat() of a group around the question"));
            }
            let index = self.atom(index, scope)?.to_int().max(1) - 1;
            if let Some(level) = group.len().checked_sub(1).and_then(|at| levels.get_mut(at)) {
                level.position = u32::try_from(index).ok();
            }
        }
        self.follow(&levels)
    }

    fn follow(&self, levels: &[Level]) -> Result<Nodes, Stop> {
        let mut ids = vec![Tree::ROOT];
        for &level in levels.iter().skip(1) {
            let mut found = Vec::new();
            for parent in ids {
                self.children(self.main, parent, level, &mut found)?;
            }
            ids = found;
        }
        Ok(Nodes { source: Source::Main, ids })
    }

    /// `pulldata(file, wanted column, key column, key)`: Collect's look-up in a CSV file.
    fn pulldata(&self, values: &[Value<'e>]) -> Result<Atom<'e>, Stop> {
        let [file, wanted, column, key] = values else { return Ok(Atom::BLANK) };
        let text = |value: &Value<'e>| self.unpack(value.clone()).map(|a| a.to_text().into_owned());
        let at = self.labels.list_of_file(&text(file)?);
        let list = at.and_then(|at| self.lists.get(at)).and_then(|l| Some((l, l.tree()?)));
        let Some((list, tree)) = list else {
            return Err(Stop::unsupported("a file that is not at hand"));
        };
        let (wanted, column) = (self.names.get(&text(wanted)?), self.names.get(&text(column)?));
        let item = self.names.get("item");
        let rows = list.rows(Tree::ROOT, item, column);
        let row = rows.get(text(key)?.as_str()).and_then(|rows| rows.first());
        let cell = row.and_then(|&row| {
            tree.children(row).find(|&id| tree.node(id).is_some_and(|n| n.name == wanted))
        });
        let cell = cell.and_then(|id| tree.node(id));
        Ok(cell.map_or(Atom::BLANK, |cell| Atom::Text(Cow::Borrowed(&cell.text))))
    }
}

fn only_nodes<'v>(value: &'v Value<'_>) -> Result<&'v Nodes, Stop> {
    match value {
        Value::Nodes(nodes) => Ok(nodes),
        Value::Atom(_) => Err(Stop::Fails("a path was expected")),
    }
}
