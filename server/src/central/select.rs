//! `$select`: which columns are written.

use super::{
    error::{CentralError, excerpt},
    schema::{Branch, Item, Schema},
};

/// Columns that one request may name.
const COLUMNS: usize = 2_000;

/// What of a row is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Select {
    /// `__id`.
    pub(super) id: bool,
    /// The id of the row around it.
    pub(super) parent: bool,
    /// The values of `__system`, in its order.
    pub(super) system: Vec<bool>,
    /// Columns, groups and repeats, by number.
    items: Vec<bool>,
}

impl Select {
    /// Everything.
    pub(super) fn all(schema: &Schema) -> Self {
        Self {
            id: true,
            parent: true,
            system: vec![true; schema.system.len()],
            items: vec![true; schema.numbered],
        }
    }

    /// What a list of names asks for.
    pub(super) fn read(
        text: &str,
        schema: &Schema,
        items: &[Item],
        parent_name: &str,
    ) -> Result<Self, CentralError> {
        let mut select = Self {
            id: false,
            parent: false,
            system: vec![false; schema.system.len()],
            items: vec![false; schema.numbered],
        };
        let main = parent_name.is_empty();
        for (n, name) in text.split(',').map(str::trim).enumerate() {
            if n >= COLUMNS {
                return Err(CentralError::bad("$select", format!("more than {COLUMNS} names")));
            }
            let system = name.strip_prefix("__system/").filter(|_| main);
            let place =
                system.and_then(|s| schema.system.iter().position(|(known, _)| *known == s));
            match (name, place) {
                ("*", _) => return Ok(Self::all(schema)),
                ("__id", _) => select.id = true,
                ("__system", _) if main => select.system.fill(true),
                (_, Some(place)) => {
                    if let Some(on) = select.system.get_mut(place) {
                        *on = true;
                    }
                }
                (name, _) if !main && name == parent_name => select.parent = true,
                (name, _) => select.mark(items, name).ok_or_else(|| {
                    let why = format!("no column {} in this table", excerpt(name));
                    CentralError::bad("$select", why)
                })?,
            }
        }
        Ok(select)
    }

    /// Whether this column, group or repeat is written.
    pub(super) fn has(&self, id: usize) -> bool {
        self.items.get(id).copied().unwrap_or(false)
    }

    fn on(&mut self, id: usize) {
        if let Some(on) = self.items.get_mut(id) {
            *on = true;
        }
    }

    /// Marks what a path leads to with the groups on the way; `None` when it leads nowhere.
    fn mark(&mut self, items: &[Item], path: &str) -> Option<()> {
        let (first, rest) = path.split_once('/').map_or((path, None), |(a, b)| (a, Some(b)));
        match (items.iter().find(|item| item.name() == first)?, rest) {
            (Item::Field(field), None) => self.on(field.id),
            (Item::Repeat(branch), None) => self.on(branch.id),
            (Item::Group(branch), None) => self.whole(branch),
            (Item::Group(branch), Some(rest)) => {
                self.mark(&branch.items, rest)?;
                self.on(branch.id);
            }
            (Item::Field(_) | Item::Repeat(_), Some(_)) => return None,
        }
        Some(())
    }

    /// Recursion is bounded by the depth of a published form.
    fn whole(&mut self, branch: &Branch) {
        self.on(branch.id);
        for item in &branch.items {
            match item {
                Item::Field(field) => self.on(field.id),
                Item::Repeat(inner) => self.on(inner.id),
                Item::Group(inner) => self.whole(inner),
            }
        }
    }
}
