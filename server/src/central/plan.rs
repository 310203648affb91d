//! One request for a table: what is read, shown and where the page ends.

use super::{
    apply::Apply,
    error::CentralError,
    options::{Asked, Options, token},
    parse::{self, Names},
    schema::{Branch, Item, Schema},
    select::Select,
    write::{self, Row},
};
use crate::runtime::Micros;

/// A group or repeat on the way from the main table to the one that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) raw: String,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) repeats: bool,
}

/// A checked request for a table.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The tables.
    pub(super) schema: Schema,
    /// The way to the table; empty for the main one.
    pub(super) steps: Vec<Step>,
    /// Its columns.
    pub(super) items: Vec<Item>,
    /// What the id of the row around is called; empty in the main table.
    pub(super) parent_name: String,
    /// Only rows within this one.
    pub(super) under: Option<String>,
    pub(super) select: Select,
    /// What is asked.
    pub options: Options,
    table: String,
}

impl Plan {
    /// A request for the table at the end of `path`, such as `Submissions`, `children`, `child`; `None`
    /// when there is no such table.
    pub fn of(
        schema: Schema,
        path: &[&str],
        asked: &Asked<'_>,
        now: Micros,
    ) -> Result<Option<Self>, CentralError> {
        let Some((first, rest)) = path.split_first() else { return Ok(None) };
        if *first != schema.primary {
            return Ok(None);
        }
        let Some((steps, items)) = way(&schema.items, rest) else { return Ok(None) };
        let parent_name = parent_name(schema.primary, &steps);
        let names = Names { schema: &schema, items: &items, parent_name: &parent_name, now };
        let mut options = asked.plain(schema.is_form())?;
        if let Some(text) = asked.filter {
            options.filter = Some(parse::condition("$filter", text, names)?);
        }
        options.apply = asked.apply.map(|text| Apply::read(text, names)).transpose()?;
        let select = match asked.select {
            Some(text) => Select::read(text, &schema, &items, &parent_name)?,
            None => Select::all(&schema),
        };
        let table = path.join(".");
        Ok(Some(Self { schema, steps, items, parent_name, under: None, select, options, table }))
    }

    /// The same, for rows within one other row only.
    #[must_use]
    pub fn under(mut self, parent: Option<String>) -> Self {
        self.under = parent;
        self
    }

    /// The name of the table: `Submissions.children.child`.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Whether every row of the main table is asked for, so that the store can count and pass over them.
    pub fn is_whole(&self) -> bool {
        self.steps.is_empty() && self.options.filter.is_none()
    }

    /// Writes the rows that are asked for of these submissions or entities.
    pub fn page(&self, rows: &[Row]) -> Page {
        let mut page = Page {
            text: Vec::with_capacity(rows.len() * 2_048),
            ends: Vec::new(),
            marks: Vec::new(),
        };
        let writes = self.options.top != Some(0);
        for (n, row) in rows.iter().enumerate() {
            page.marks.push(row.mark.clone());
            write::each(self, row, &mut |at| {
                if self.wants(at) {
                    if writes {
                        write::write(&mut page.text, self, at);
                    }
                    page.ends.push((n, page.text.len()));
                }
            });
        }
        page
    }
}

/// The way down a form's tree; `None` when it does not end at a repeat.
fn way(items: &[Item], path: &[&str]) -> Option<(Vec<Step>, Vec<Item>)> {
    let mut steps: Vec<Step> = Vec::new();
    let mut items = items;
    for name in path {
        let (branch, repeats): (&Branch, bool) = match items.iter().find(|i| i.name() == *name)? {
            Item::Group(branch) => (branch, false),
            Item::Repeat(branch) => (branch, true),
            Item::Field(_) => return None,
        };
        steps.push(Step {
            raw: branch.raw.clone(),
            name: branch.name.clone(),
            path: branch.path.clone(),
            repeats,
        });
        items = &branch.items;
    }
    let ends_well = steps.last().is_none_or(|step| step.repeats);
    ends_well.then(|| (steps, items.to_vec()))
}

/// `__Submissions-id`, `__Submissions-children-child-id`: named after the repeat around.
pub(super) fn parent_name(primary: &str, steps: &[Step]) -> String {
    let Some((_, above)) = steps.split_last() else { return String::new() };
    let until = above.iter().rposition(|step| step.repeats).map_or(0, |at| at + 1);
    let names = above.iter().take(until).map(|step| step.name.as_str());
    let all: Vec<_> = std::iter::once(primary).chain(names).collect();
    format!("__{}-id", all.join("-"))
}

/// Written rows, before it is known which of them the page shows.
#[derive(Debug)]
pub struct Page {
    text: Vec<u8>,
    /// Of each row: the submission that it is of, and where its text ends.
    ends: Vec<(usize, usize)>,
    /// Of each submission.
    marks: Vec<String>,
}

/// Where a page has come to.
#[derive(Debug)]
pub struct Place {
    skip: u64,
    top: Option<u64>,
    counts: bool,
    mark: String,
    /// Rows passed or shown since the mark.
    since: u64,
    shown: u64,
    /// Rows that were asked for, shown or not.
    pub matched: u64,
    more: bool,
}

impl Place {
    /// At the beginning; `counts` when the rows after the page are to be counted too.
    pub fn start(options: &Options, counts: bool) -> Self {
        let (mark, skip) = options.after.clone().unwrap_or((String::new(), options.skip));
        let since = 0;
        Self { skip, top: options.top, counts, mark, since, shown: 0, matched: 0, more: false }
    }

    /// Rows were passed over without being read.
    pub fn passed(&mut self, mark: String) {
        (self.mark, self.skip) = (mark, 0);
    }

    /// Takes what the page shows of these rows.
    pub fn take(&mut self, page: &Page, out: &mut Vec<u8>) {
        let mut rows = page.ends.iter().peekable();
        let mut start = 0;
        for (n, mark) in page.marks.iter().enumerate() {
            while let Some((_, end)) = rows.next_if(|(of, _)| *of == n) {
                let text = page.text.get(start..*end).unwrap_or_default();
                start = *end;
                self.row(text, out);
            }
            if !self.more {
                self.mark.clone_from(mark);
                self.since = 0;
            }
        }
    }

    fn row(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.matched += 1;
        if self.more {
            return;
        }
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.top.is_some_and(|top| self.shown >= top) {
            self.more = true;
            return;
        } else {
            if self.shown > 0 {
                out.push(b',');
            }
            out.extend_from_slice(text);
            self.shown += 1;
        }
        self.since += 1;
    }

    /// Whether nothing more is to be read.
    pub const fn is_over(&self) -> bool {
        self.more && !self.counts
    }

    /// What the next page begins with, when there is one.
    pub fn next(&self) -> Option<String> {
        let turns = self.more && self.top != Some(0);
        turns.then(|| token(&self.mark, self.since))
    }
}
