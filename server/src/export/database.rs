//! An `SQLite` database file written front to back, without the database: tables of rows that are given in
//! the order of their numbers. So nothing but `db` names a database that runs, and a row costs its bytes.
//!
//! Source: sqlite.org, "Database File Format".

use std::io::{self, Seek, SeekFrom, Write};

use super::cell::{long, short};

/// Bytes of a page: large enough for the texts of all tables on the first one.
const PAGE: usize = 16_384;
/// Children of an inner page: all of them fit, however large their keys.
const CHILDREN: usize = 1_000;
const LEAF: u8 = 0x0d;
const INNER: u8 = 0x05;
const INDEX_LEAF: u8 = 0x0a;

/// A value of a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stored<'a> {
    Null,
    Whole(i64),
    Decimal(f64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// A file that is being written; its first page comes last.
pub(super) struct Database<W> {
    out: W,
    /// The number of the page that is written next.
    next: u32,
    schema: Page,
    tables: i64,
}

impl<W: Write + Seek> Database<W> {
    /// Leaves room for the first page.
    pub(super) fn new(mut out: W) -> io::Result<Self> {
        out.seek(SeekFrom::Start(long(PAGE)))?;
        Ok(Self { out, next: 2, schema: Page::default(), tables: 0 })
    }

    /// Declares what was written: `table` or `index`, its name, its table, its root and its text.
    pub(super) fn declare(
        &mut self,
        [kind, name, table]: [&str; 3],
        root: u32,
        sql: Option<&str>,
    ) -> io::Result<()> {
        let row = [
            Stored::Text(kind),
            Stored::Text(name),
            Stored::Text(table),
            Stored::Whole(i64::from(root)),
            sql.map_or(Stored::Null, Stored::Text),
        ];
        self.tables += 1;
        let cell = self.cell(self.tables, &record(&row))?;
        self.schema.push(&cell);
        if self.schema.is_over(100 + 8) {
            return Err(io::Error::other("too many columns for a GeoPackage"));
        }
        Ok(())
    }

    /// A table that is written now, row by row.
    pub(super) fn table(&mut self) -> Table<'_, W> {
        Table { file: self, leaf: Page::default(), last: 0, above: Vec::new() }
    }

    /// The index of a table of at most one row, whose number is 1; answers its root.
    pub(super) fn index_of_one(&mut self, columns: &[Stored<'_>]) -> io::Result<u32> {
        let mut page = Page::default();
        let row: Vec<_> = columns.iter().copied().chain([Stored::Whole(1)]).collect();
        let record = record(&row);
        let mut cell = Vec::new();
        push_varint(&mut cell, long(record.len()));
        cell.extend(record);
        page.push(&cell);
        self.write(&page.bytes(INDEX_LEAF, 0, None))
    }

    /// Writes the first page: who the file belongs to, and what is in it.
    pub(super) fn finish(mut self, application: [u8; 4], version: u32) -> io::Result<W> {
        let mut first = self.schema.bytes(LEAF, 100, None);
        let mut head = b"SQLite format 3\0".to_vec();
        head.extend(tiny(PAGE));
        head.extend([1, 1, 0, 64, 32, 32]);
        for word in [1, self.next - 1, 0, 0, 1, 4, 0, 0, 1, version, 0] {
            head.extend(word.to_be_bytes());
        }
        head.extend(application);
        head.extend([0; 20]);
        for word in [1, 3_040_001_u32] {
            head.extend(word.to_be_bytes());
        }
        if let Some(slot) = first.get_mut(..head.len()) {
            slot.copy_from_slice(&head);
        }
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&first)?;
        self.out.seek(SeekFrom::End(0))?;
        Ok(self.out)
    }

    fn write(&mut self, page: &[u8]) -> io::Result<u32> {
        self.out.write_all(page)?;
        self.next += 1;
        Ok(self.next - 1)
    }

    /// The cell of a row in a leaf; what is too long goes to pages of its own, which are written first.
    fn cell(&mut self, number: i64, record: &[u8]) -> io::Result<Vec<u8>> {
        let mut cell = Vec::with_capacity(record.len().min(PAGE) + 18);
        push_varint(&mut cell, long(record.len()));
        push_varint(&mut cell, number.cast_unsigned());
        let here = local(record.len());
        let (start, mut rest) = record.split_at(here);
        cell.extend(start);
        if !rest.is_empty() {
            cell.extend(self.next.to_be_bytes());
        }
        while !rest.is_empty() {
            let (part, after) = rest.split_at(rest.len().min(PAGE - 4));
            let next = if after.is_empty() { 0 } else { self.next + 1 };
            let mut page = next.to_be_bytes().to_vec();
            page.extend(part);
            page.resize(PAGE, 0);
            self.write(&page)?;
            rest = after;
        }
        Ok(cell)
    }
}

/// How much of a row lies in its leaf.
fn local(size: usize) -> usize {
    let most = PAGE - 35;
    if size <= most {
        return size;
    }
    let least = (PAGE - 12) * 32 / 255 - 23;
    let wanted = least + (size - least) % (PAGE - 4);
    if wanted <= most { wanted } else { least }
}

/// A table while its rows are written.
pub(super) struct Table<'d, W> {
    file: &'d mut Database<W>,
    leaf: Page,
    last: i64,
    /// Pages and their greatest row number, level by level.
    above: Vec<Vec<(u32, i64)>>,
}

impl<W: Write + Seek> Table<'_, W> {
    /// Adds a row; its number is greater than those before.
    pub(super) fn row(&mut self, number: i64, row: &[Stored<'_>]) -> io::Result<()> {
        let cell = self.file.cell(number, &record(row))?;
        if self.leaf.is_full_with(cell.len()) {
            self.end_leaf()?;
        }
        self.leaf.push(&cell);
        self.last = number;
        Ok(())
    }

    fn end_leaf(&mut self) -> io::Result<()> {
        let page = self.file.write(&self.leaf.bytes(LEAF, 0, None))?;
        self.leaf = Page::default();
        self.rise(0, page, self.last)
    }

    fn rise(&mut self, level: usize, page: u32, key: i64) -> io::Result<()> {
        if self.above.len() <= level {
            self.above.push(Vec::new());
        }
        let Some(children) = self.above.get_mut(level) else { return Ok(()) };
        children.push((page, key));
        if children.len() < CHILDREN {
            return Ok(());
        }
        let children = std::mem::take(children);
        let page = self.inner(&children)?;
        self.rise(level + 1, page, key)
    }

    fn inner(&mut self, children: &[(u32, i64)]) -> io::Result<u32> {
        let mut page = Page::default();
        let Some(((last, _), before)) = children.split_last() else { return Ok(0) };
        for (child, key) in before {
            let mut cell = child.to_be_bytes().to_vec();
            push_varint(&mut cell, key.cast_unsigned());
            page.push(&cell);
        }
        self.file.write(&page.bytes(INNER, 0, Some(*last)))
    }

    /// Ends the table; answers its root.
    pub(super) fn finish(mut self) -> io::Result<u32> {
        if self.above.is_empty() {
            return self.file.write(&self.leaf.bytes(LEAF, 0, None));
        }
        if !self.leaf.ends.is_empty() {
            self.end_leaf()?;
        }
        let mut level = 0;
        loop {
            let children = self.above.get_mut(level).map(std::mem::take).unwrap_or_default();
            let top = self.above.len() == level + 1;
            if let ([(root, _)], true) = (children.as_slice(), top) {
                return Ok(*root);
            }
            if let Some((_, key)) = children.last().copied() {
                let page = self.inner(&children)?;
                self.rise(level + 1, page, key)?;
            }
            level += 1;
        }
    }
}

/// Cells of a page, in their order.
#[derive(Default)]
struct Page {
    cells: Vec<u8>,
    ends: Vec<usize>,
}

impl Page {
    fn push(&mut self, cell: &[u8]) {
        self.cells.extend(cell);
        self.ends.push(self.cells.len());
    }

    fn is_full_with(&self, cell: usize) -> bool {
        8 + 2 * (self.ends.len() + 1) + self.cells.len() + cell > PAGE
    }

    fn is_over(&self, head: usize) -> bool {
        head + 2 * self.ends.len() + self.cells.len() > PAGE
    }

    /// The page: its head after `skip` bytes, places of its cells, and the cells at its end.
    fn bytes(&self, kind: u8, skip: usize, right: Option<u32>) -> Vec<u8> {
        let start = PAGE - self.cells.len();
        let mut page = vec![0; skip];
        page.extend([kind, 0, 0]);
        page.extend(tiny(self.ends.len()));
        page.extend(tiny(start));
        page.push(0);
        page.extend(right.map(u32::to_be_bytes).into_iter().flatten());
        let mut from = start;
        for end in &self.ends {
            page.extend(tiny(from));
            from = start + end;
        }
        page.resize(start, 0);
        page.extend(&self.cells);
        page
    }
}

fn tiny(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_be_bytes()
}

/// A row as stored: the kinds of its values, then their bytes.
fn record(row: &[Stored<'_>]) -> Vec<u8> {
    let (mut kinds, mut body) = (Vec::new(), Vec::new());
    for value in row {
        let kind = match value {
            Stored::Null => 0,
            Stored::Whole(n) => whole(&mut body, *n),
            Stored::Decimal(n) => {
                body.extend(n.to_be_bytes());
                7
            }
            Stored::Text(text) => {
                body.extend(text.as_bytes());
                13 + 2 * long(text.len())
            }
            Stored::Blob(bytes) => {
                body.extend(*bytes);
                12 + 2 * long(bytes.len())
            }
        };
        push_varint(&mut kinds, kind);
    }
    // The size counts itself: one byte, or two from 127 bytes on.
    let size = kinds.len() + if kinds.len() < 127 { 1 } else { 2 };
    let mut record = Vec::with_capacity(size + body.len());
    push_varint(&mut record, u64::from(short(size)));
    record.extend(kinds);
    record.extend(body);
    record
}

fn whole(body: &mut Vec<u8>, n: i64) -> u64 {
    if let Ok(n) = i8::try_from(n) {
        body.extend(n.to_be_bytes());
        1
    } else if let Ok(n) = i32::try_from(n) {
        body.extend(n.to_be_bytes());
        4
    } else {
        body.extend(n.to_be_bytes());
        6
    }
}

/// Seven bits a byte, the highest first; a ninth byte has eight.
fn push_varint(out: &mut Vec<u8>, value: u64) {
    let bytes = value.to_be_bytes();
    if bytes.first().is_some_and(|b| *b > 0) {
        let high = value >> 8;
        for i in (0..8).rev() {
            let [.., low] = (high >> (7 * i)).to_be_bytes();
            out.push(low | 0x80);
        }
        let [.., low] = bytes;
        return out.push(low);
    }
    let groups = (64 - (value | 1).leading_zeros()).div_ceil(7);
    for i in (0..groups).rev() {
        let [.., low] = (value >> (7 * i)).to_be_bytes();
        out.push(if i == 0 { low & 0x7f } else { low | 0x80 });
    }
}
