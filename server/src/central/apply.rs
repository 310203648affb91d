//! `$apply`: rows grouped by columns and counted, of the `OData` extension for data aggregation.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::{
    error::{CentralError, excerpt},
    filter::{Filter, Node},
    parse::{self, Names},
    plan::Plan,
    schema::identifier,
    value,
    write::{Instance, Row, each},
};

/// Columns to group by.
const KEYS: usize = 8;
/// Groups of one answer.
const GROUPS: usize = 100_000;

/// `filter(…)/groupby((a,b),aggregate($count as n))`, or a part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Apply {
    /// What rows must fulfil.
    pub(super) filter: Option<Filter>,
    /// What they are grouped by: the name as given, and the column.
    keys: Vec<(String, Node)>,
    /// What their number is called; `None` when it is not asked.
    alias: Option<String>,
}

/// The groups so far: the values of the keys as JSON texts, and how many rows have them.
#[derive(Debug, Default)]
pub struct Groups(BTreeMap<Vec<String>, u64>);

impl Groups {
    /// Adds the groups of other rows.
    pub fn add(&mut self, other: Self) -> Result<(), CentralError> {
        for (key, n) in other.0 {
            *self.0.entry(key).or_insert(0) += n;
        }
        self.check()
    }

    fn check(&self) -> Result<(), CentralError> {
        if self.0.len() > GROUPS {
            let why = format!("more than {GROUPS} groups: group by fewer columns");
            return Err(CentralError::bad("$apply", why));
        }
        Ok(())
    }
}

impl Apply {
    pub(super) fn read(text: &str, names: Names<'_>) -> Result<Self, CentralError> {
        let bad = |why: &str| CentralError::bad("$apply", why);
        let mut rest = text.trim();
        let mut apply = Self { filter: None, keys: Vec::new(), alias: None };
        if let Some(inner) = call(rest, "filter") {
            let (condition, after) = inner.map_err(|_| bad("a parenthesis is not closed"))?;
            apply.filter = Some(parse::condition("$apply", condition, names)?);
            rest = after.strip_prefix('/').ok_or_else(|| bad("expected filter(…)/groupby(…)"))?;
        }
        let shape = "expected filter(…)/groupby((a,b),aggregate($count as n)), or a part of it";
        let (grouped, inner) = match (call(rest, "groupby"), call(rest, "aggregate")) {
            (Some(inner), _) => (true, inner),
            (_, Some(inner)) => (false, inner),
            _ => return Err(bad(shape)),
        };
        let (inner, after) = inner.map_err(|_| bad("a parenthesis is not closed"))?;
        if !after.is_empty() {
            return Err(bad(shape));
        }
        if !grouped {
            apply.alias = Some(alias(inner).ok_or_else(|| bad(shape))?);
            return Ok(apply);
        }
        let (keys, after) = call(inner, "").and_then(Result::ok).ok_or_else(|| bad(shape))?;
        apply.keys = read_keys(keys, names)?;
        let after = after.trim();
        if !after.is_empty() {
            let inner = after
                .strip_prefix(',')
                .and_then(|a| call(a.trim(), "aggregate"))
                .and_then(Result::ok);
            let (inner, end) = inner.ok_or_else(|| bad(shape))?;
            apply.alias = alias(inner).filter(|_| end.is_empty());
            let taken = apply.keys.iter().any(|(name, _)| Some(name) == apply.alias.as_ref());
            if apply.alias.is_none() || taken {
                return Err(bad(shape));
            }
        }
        Ok(apply)
    }

    /// The names of the columns of the answer, for its context.
    pub fn columns(&self) -> String {
        let keys = self.keys.iter().map(|(name, _)| name.as_str());
        keys.chain(self.alias.as_deref()).collect::<Vec<_>>().join(",")
    }

    fn key(&self, at: &Instance<'_>, wkt: bool) -> Vec<String> {
        self.keys.iter().map(|(_, node)| key_text(node, at, wkt)).collect()
    }
}

/// A value as JSON text, typed as in rows.
fn key_text(node: &Node, at: &Instance<'_>, wkt: bool) -> String {
    let mut out = Vec::new();
    match node {
        Node::Column(column) => value::write(&mut out, &column.field, column.stored(at), wkt),
        Node::System(place, _) => match at.row.system.get(*place) {
            Some(cell) => cell.write(&mut out),
            None => out.extend_from_slice(b"null"),
        },
        Node::Parent => value::string(&mut out, &at.parent),
        _ => value::string(&mut out, &at.id),
    }
    String::from_utf8(out).unwrap_or_default()
}

/// A parenthesis without its end.
#[derive(Debug, Clone, Copy)]
struct Unclosed;

/// The inside of `name(…)` at the start of a text and what follows it: `None` when another text stands
/// there, an error when it is not closed. Quotes and inner parentheses are passed over.
fn call<'a>(text: &'a str, name: &str) -> Option<Result<(&'a str, &'a str), Unclosed>> {
    let inner = text.strip_prefix(name)?.strip_prefix('(')?;
    let (mut depth, mut quoted) = (0_usize, false);
    for (at, c) in inner.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth == 0 => {
                return Some(inner.get(..at).zip(inner.get(at + 1..)).ok_or(Unclosed));
            }
            ')' if !quoted => depth -= 1,
            _ => {}
        }
    }
    Some(Err(Unclosed))
}

/// The name in `$count as name`.
fn alias(text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    let (count, with, name) = (words.next()?, words.next()?, words.next()?);
    let good = count == "$count" && with == "as" && words.next().is_none();
    (good && identifier(name) == name && name.len() <= 64).then(|| name.to_owned())
}

fn read_keys(text: &str, names: Names<'_>) -> Result<Vec<(String, Node)>, CentralError> {
    let mut keys: Vec<(String, Node)> = Vec::new();
    for name in text.split(',').map(str::trim) {
        if keys.len() >= KEYS {
            return Err(CentralError::bad("$apply", format!("more than {KEYS} columns")));
        }
        let node = parse::column("$apply", name, names)?;
        // A key within another, such as `a` beside `a/b`, could not both be written.
        let within = |a: &str, b: &str| a == b || a.starts_with(&format!("{b}/"));
        if keys.iter().any(|(other, _)| within(name, other) || within(other, name)) {
            return Err(CentralError::bad("$apply", format!("{} twice", excerpt(name))));
        }
        keys.push((name.to_owned(), node));
    }
    Ok(keys)
}

impl Plan {
    /// Adds rows to the groups of `$apply`.
    pub fn group(&self, rows: &[Row], groups: &mut Groups) -> Result<(), CentralError> {
        let Some(apply) = &self.options.apply else { return Ok(()) };
        for row in rows {
            each(self, row, &mut |at| {
                let wanted = apply.filter.as_ref().is_none_or(|filter| filter.holds(at));
                if wanted && self.wants(at) {
                    *groups.0.entry(apply.key(at, self.options.wkt)).or_insert(0) += 1;
                }
            });
            groups.check()?;
        }
        Ok(())
    }

    /// The groups as rows of JSON, in a fixed order; `$skip` and `$top` count groups.
    pub fn grouped(&self, groups: &Groups) -> Vec<Json> {
        let Some(apply) = &self.options.apply else { return Vec::new() };
        let none = [(Vec::new(), 0)];
        // Counting no rows at all still gives a number.
        let empty = (apply.keys.is_empty() && groups.0.is_empty()).then(|| none.iter());
        let nothing = empty.into_iter().flatten().map(|(keys, n)| (keys, n));
        let skip = usize::try_from(self.options.skip).unwrap_or(usize::MAX);
        let top = self.options.top.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
        let all = groups.0.iter().chain(nothing).skip(skip).take(top);
        all.map(|(values, n)| {
            let mut row = Map::new();
            for ((name, _), text) in apply.keys.iter().zip(values) {
                let value = serde_json::from_str(text).unwrap_or(Json::Null);
                put(&mut row, name, value);
            }
            if let Some(alias) = &apply.alias {
                row.insert(alias.clone(), (*n).into());
            }
            Json::Object(row)
        })
        .collect()
    }
}

/// Puts a value where a path says: `a/b` is `b` in `a`.
fn put(row: &mut Map<String, Json>, path: &str, value: Json) {
    match path.split_once('/') {
        None => {
            row.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = row.entry(first).or_insert_with(|| Json::Object(Map::new()));
            if let Json::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}
