//! Rows of a table, written as `OData` JSON.

use std::fmt::Write as _;

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::{
    plan::{Plan, Step},
    schema::{Branch, Field, Item},
    value,
};
use crate::runtime::Micros;

/// A value that the server knows of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
    /// An instant.
    At(Micros),
}

impl Cell {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Text(text) => value::string(out, text),
            Self::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Self::At(at) => value::string(out, &super::documents::instant(*at)),
        }
    }
}

/// One submission or entity, opened as far as its reader may see.
#[derive(Debug, Clone)]
pub struct Row {
    /// Where it stands in the order of its table; what `$skiptoken` names.
    pub mark: String,
    /// `__id`.
    pub id: String,
    /// The values of [`super::System`], in its order.
    pub system: Vec<Cell>,
    /// Answers in clear.
    pub open: Json,
    /// Answers that were sealed; null when they may not be seen.
    pub sealed: Json,
}

/// A place in the answers of a row: where it is in those in clear and in those that were sealed.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    open: Option<&'a Json>,
    sealed: Option<&'a Json>,
}

impl<'a> Here<'a> {
    pub(super) const fn root(row: &'a Row) -> Self {
        Self { open: Some(&row.open), sealed: Some(&row.sealed) }
    }

    pub(super) fn child(self, raw: &str) -> Self {
        let down = |at: Option<&'a Json>| at.and_then(|json| json.get(raw));
        Self { open: down(self.open), sealed: down(self.sealed) }
    }

    fn nth(self, position: usize) -> Self {
        let down = |at: Option<&'a Json>| at.and_then(|json| json.get(position));
        Self { open: down(self.open), sealed: down(self.sealed) }
    }

    /// How often a repeat was answered.
    fn len(self) -> usize {
        let len = |at: Option<&Json>| at.and_then(Json::as_array).map_or(0, Vec::len);
        len(self.open).max(len(self.sealed))
    }

    pub(super) fn leaf(self, raw: &str) -> Option<&'a Json> {
        let down = |at: Option<&'a Json>| at.and_then(|json| json.get(raw));
        down(self.open).or_else(|| down(self.sealed))
    }
}

/// A row of the table that is asked for: the main one, or one instance of a repeat.
pub(super) struct Instance<'a> {
    pub(super) row: &'a Row,
    pub(super) here: Here<'a>,
    pub(super) id: String,
    /// `__id` of the row around it; empty in the main table.
    pub(super) parent: String,
    /// The address of this row, to which the names of its repeats are added.
    link: String,
}

/// A stable id for one instance of a repeat: nobody can tell from it what it is made of.
fn instance_id(parent: &str, path: &str, position: usize) -> String {
    let mut hash = Sha256::new();
    for part in [parent, path, &position.to_string()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let whole = hex::encode(hash.finalize());
    whole.get(..40).unwrap_or(&whole).to_owned()
}

/// Shows every row of the asked table that this submission or entity holds.
pub(super) fn each<'a>(plan: &Plan, row: &'a Row, see: &mut impl FnMut(&Instance<'a>)) {
    let link = format!("{}('{}')", plan.schema.primary, quoted(&row.id));
    let whole =
        Instance { row, here: Here::root(row), id: row.id.clone(), parent: String::new(), link };
    descend(&plan.steps, whole, see);
}

/// Recursion is bounded by the depth of a published form.
fn descend<'a>(steps: &[Step], at: Instance<'a>, see: &mut impl FnMut(&Instance<'a>)) {
    let Some((step, rest)) = steps.split_first() else {
        see(&at);
        return;
    };
    let here = at.here.child(&step.raw);
    if !step.repeats {
        let link = format!("{}/{}", at.link, step.name);
        descend(rest, Instance { here, link, ..at }, see);
        return;
    }
    for position in 0..here.len() {
        let id = instance_id(&at.id, &step.path, position);
        let link = format!("{}/{}('{id}')", at.link, step.name);
        let inner =
            Instance { row: at.row, here: here.nth(position), id, parent: at.id.clone(), link };
        descend(rest, inner, see);
    }
}

/// A text as an address holds it; letters, digits and the bytes to keep stand as they are.
pub fn escaped(text: &str, keep: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || keep.contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    out
}

/// An id inside the quotes of an address.
fn quoted(id: &str) -> String {
    escaped(&id.replace('\'', "''"), b"-_.:~'")
}

/// Writes a row of the asked table.
pub(super) fn write(out: &mut Vec<u8>, plan: &Plan, at: &Instance<'_>) {
    let mut object = Object::open(out);
    if plan.select.id {
        object.name("__id");
        value::string(object.out, &at.id);
    }
    if plan.steps.is_empty() {
        system(&mut object, plan, at.row);
    } else if plan.select.parent {
        object.name(&plan.parent_name);
        value::string(object.out, &at.parent);
    }
    items(&mut object, plan, &plan.items, at.here, &at.id, &at.link);
    object.close();
}

fn system(object: &mut Object<'_>, plan: &Plan, row: &Row) {
    if !plan.select.system.iter().any(|&on| on) {
        return;
    }
    object.name("__system");
    let mut inner = Object::open(object.out);
    let all = plan.schema.system.iter().zip(&row.system).zip(&plan.select.system);
    for (((name, _), cell), _) in all.filter(|(_, on)| **on) {
        inner.name(name);
        cell.write(inner.out);
    }
    inner.close();
}

/// Recursion is bounded by the depth of a published form.
fn items(
    object: &mut Object<'_>,
    plan: &Plan,
    list: &[Item],
    here: Here<'_>,
    id: &str,
    link: &str,
) {
    for item in list {
        match item {
            Item::Field(field) => leaf(object, plan, field, here),
            Item::Group(branch) if plan.select.has(branch.id) => {
                object.name(&branch.name);
                let mut inner = Object::open(object.out);
                let link = format!("{link}/{}", branch.name);
                items(&mut inner, plan, &branch.items, here.child(&branch.raw), id, &link);
                inner.close();
            }
            Item::Repeat(branch) if plan.select.has(branch.id) => {
                repeat(object, plan, branch, here, id, link);
            }
            Item::Group(_) | Item::Repeat(_) => {}
        }
    }
}

fn leaf(object: &mut Object<'_>, plan: &Plan, field: &Field, here: Here<'_>) {
    if plan.select.has(field.id) {
        object.name(&field.name);
        value::write(object.out, field, here.leaf(&field.raw), plan.options.wkt);
    }
}

fn repeat(
    object: &mut Object<'_>,
    plan: &Plan,
    branch: &Branch,
    here: Here<'_>,
    id: &str,
    link: &str,
) {
    let link = format!("{link}/{}", branch.name);
    object.name(&format!("{}@odata.navigationLink", branch.name));
    value::string(object.out, &link);
    if !plan.options.expand {
        return;
    }
    object.name(&branch.name);
    object.out.push(b'[');
    let all = here.child(&branch.raw);
    for position in 0..all.len() {
        if position > 0 {
            object.out.push(b',');
        }
        let inner_id = instance_id(id, &branch.path, position);
        let inner_link = format!("{link}('{inner_id}')");
        let mut inner = Object::open(object.out);
        items(&mut inner, plan, &branch.items, all.nth(position), &inner_id, &inner_link);
        inner.name("__id");
        value::string(inner.out, &inner_id);
        inner.close();
    }
    object.out.push(b']');
}

/// A JSON object that is being written.
pub(super) struct Object<'o> {
    pub(super) out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Object<'o> {
    pub(super) fn open(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Starts a member; names are XML names or identifiers, with nothing to escape.
    pub(super) fn name(&mut self, name: &str) {
        self.out.extend_from_slice(if self.first { b"\"" } else { b",\"" });
        self.first = false;
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    pub(super) fn close(self) {
        self.out.push(b'}');
    }
}
