//! The spatial index of a `GeoPackage`: an R-tree as `SQLite` keeps it, packed along Hilbert's curve, and the triggers
//! that keep it while somebody edits the file.
//!
//! Source: OGC 12-128r18, annex F.3 (`gpkg_rtree_index`); sqlite.org, "The SQLite R*Tree Module" and `rtree.c`.

use std::io::{self, Seek, Write};

use super::{
    cell::long,
    database::{Database, Stored},
    flatgeobuf::order,
};
use crate::ogc::{Bounds, Features};

/// Entries of a node: what `SQLite` puts into one at most.
const ENTRIES: usize = 51;
/// Bytes of a node: its head, and for each entry a number and four floats.
const NODE: usize = 4 + ENTRIES * 24;

/// A box as the index keeps it: west, east, south, north, never smaller than what it holds.
type Kept = [f32; 4];

/// Writes the index of this table and declares it, with its triggers.
pub(super) fn write<W: Write + Seek>(
    file: &mut Database<W>,
    features: &Features,
    (table, key): (&str, &str),
) -> io::Result<()> {
    let tree = Tree::of(features);
    let name = format!("rtree_{table}_geometry");
    let sql = format!("CREATE VIRTUAL TABLE \"{name}\" USING rtree(id, minx, maxx, miny, maxy)");
    file.declare(["table", &name, &name], 0, Some(&sql))?;
    let mut nodes = file.table();
    tree.each_node(|number, bytes| nodes.row(number, &[Stored::Null, Stored::Blob(bytes)]))?;
    let root = nodes.finish()?;
    part(file, &name, "node", "nodeno INTEGER PRIMARY KEY,data", root)?;
    let mut rows = file.table();
    for (row, node) in (1..).zip(tree.leaf_of(features.len())).filter(|(_, node)| *node > 0) {
        rows.row(row, &[Stored::Null, Stored::Whole(node)])?;
    }
    let root = rows.finish()?;
    part(file, &name, "rowid", "rowid INTEGER PRIMARY KEY,nodeno", root)?;
    let mut parents = file.table();
    for (node, parent) in tree.parents() {
        parents.row(node, &[Stored::Null, Stored::Whole(parent)])?;
    }
    let root = parents.finish()?;
    part(file, &name, "parent", "nodeno INTEGER PRIMARY KEY,parentnode", root)?;
    triggers(file, table, key, &name)
}

fn part<W: Write + Seek>(
    file: &mut Database<W>,
    name: &str,
    suffix: &str,
    columns: &str,
    root: u32,
) -> io::Result<()> {
    let part = format!("{name}_{suffix}");
    let sql = format!("CREATE TABLE \"{part}\"({columns})");
    file.declare(["table", &part, &part], root, Some(&sql))
}

fn triggers<W: Write + Seek>(
    file: &mut Database<W>,
    table: &str,
    key: &str,
    index: &str,
) -> io::Result<()> {
    const SOME: &str = "(NEW.geometry NOTNULL AND NOT ST_IsEmpty(NEW.geometry))";
    const NONE: &str = "(NEW.geometry ISNULL OR ST_IsEmpty(NEW.geometry))";
    let put = format!(
        "INSERT OR REPLACE INTO \"{index}\" VALUES (NEW.{key}, ST_MinX(NEW.geometry), ST_MaxX(NEW.geometry), \
         ST_MinY(NEW.geometry), ST_MaxY(NEW.geometry));"
    );
    let take = format!("DELETE FROM \"{index}\" WHERE id = OLD.{key};");
    let moved = format!("UPDATE OF geometry ON \"{table}\" WHEN OLD.{key} = NEW.{key} AND");
    let renamed = format!("UPDATE ON \"{table}\" WHEN OLD.{key} != NEW.{key} AND");
    for (suffix, when, does) in [
        ("insert", format!("INSERT ON \"{table}\" WHEN {SOME}"), put.clone()),
        ("update1", format!("{moved} {SOME}"), put.clone()),
        ("update2", format!("{moved} {NONE}"), take.clone()),
        ("update3", format!("{renamed} {SOME}"), format!("{take} {put}")),
        (
            "update4",
            format!("{renamed} {NONE}"),
            format!("DELETE FROM \"{index}\" WHERE id IN (OLD.{key}, NEW.{key});"),
        ),
        ("delete", format!("DELETE ON \"{table}\" WHEN OLD.geometry NOT NULL"), take.clone()),
    ] {
        let name = format!("{index}_{suffix}");
        let sql = format!("CREATE TRIGGER \"{name}\" AFTER {when} BEGIN {does} END");
        file.declare(["trigger", &name, table], 0, Some(&sql))?;
    }
    Ok(())
}

/// The tree: the rows that lie somewhere in the order of their leaves, and the boxes of every level above them.
struct Tree<'a> {
    features: &'a Features,
    rows: Vec<usize>,
    /// From the leaves up; the last level is the root alone.
    levels: Vec<Vec<Kept>>,
}

impl<'a> Tree<'a> {
    fn of(features: &'a Features) -> Self {
        let mut rows = order(features);
        rows.retain(|row| features.around(*row).is_some());
        let leaf =
            |rows: &[usize]| around(rows.iter().filter_map(|r| features.around(*r)).map(kept));
        let mut level: Vec<Kept> = rows.chunks(ENTRIES).map(leaf).collect();
        if level.is_empty() {
            level.push(around(std::iter::empty()));
        }
        let mut levels = vec![level];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let above = below.chunks(ENTRIES).map(|all| around(all.iter().copied())).collect();
            levels.push(above);
        }
        Self { features, rows, levels }
    }

    /// The number of the first node of a level, counted from the leaves: the root is 1, its children follow.
    fn first(&self, level: usize) -> usize {
        1 + self.levels.iter().skip(level + 1).map(Vec::len).sum::<usize>()
    }

    /// Shows every node in the order of their numbers.
    fn each_node(&self, mut show: impl FnMut(i64, &[u8]) -> io::Result<()>) -> io::Result<()> {
        let depth = self.levels.len() - 1;
        let mut bytes = Vec::with_capacity(NODE);
        for (level, nodes) in self.levels.iter().enumerate().rev() {
            for (i, number) in (0..nodes.len()).zip(self.first(level)..) {
                bytes.clear();
                // The root alone says how deep the tree is.
                let deep = if level == depth { tiny(depth) } else { [0; 2] };
                bytes.extend(deep);
                bytes.extend(tiny(self.count(level, i)));
                self.entries(level, i, &mut bytes);
                bytes.resize(NODE, 0);
                show(whole(number), &bytes)?;
            }
        }
        Ok(())
    }

    fn entries(&self, level: usize, node: usize, bytes: &mut Vec<u8>) {
        let mut entry = |number: usize, kept: Kept| {
            bytes.extend(long(number).to_be_bytes());
            for side in kept {
                bytes.extend(side.to_be_bytes());
            }
        };
        let from = node * ENTRIES;
        let Some(below) = level.checked_sub(1) else {
            for row in self.rows.iter().skip(from).take(ENTRIES) {
                entry(row + 1, self.features.around(*row).map(kept).unwrap_or_default());
            }
            return;
        };
        let children = self.levels.get(below).map_or(&[][..], Vec::as_slice);
        let children = children.iter().skip(from).take(ENTRIES);
        for (kept, number) in children.zip(self.first(below) + from..) {
            entry(number, *kept);
        }
    }

    /// How many entries a node has.
    fn count(&self, level: usize, node: usize) -> usize {
        let all = match level.checked_sub(1) {
            Some(below) => self.levels.get(below).map_or(0, Vec::len),
            None => self.rows.len(),
        };
        all.saturating_sub(node * ENTRIES).min(ENTRIES)
    }

    /// The number of the leaf of each row; 0 of those that lie nowhere.
    fn leaf_of(&self, count: usize) -> Vec<i64> {
        let mut leaves = vec![0; count];
        for (rows, node) in self.rows.chunks(ENTRIES).zip(self.first(0)..) {
            for row in rows {
                if let Some(leaf) = leaves.get_mut(*row) {
                    *leaf = whole(node);
                }
            }
        }
        leaves
    }

    /// Every node but the root with the one above it, in the order of their numbers.
    fn parents(&self) -> impl Iterator<Item = (i64, i64)> {
        let below_root = (0..self.levels.len() - 1).rev();
        below_root.flat_map(|level| {
            let (first, above) = (self.first(level), self.first(level + 1));
            let count = self.levels.get(level).map_or(0, Vec::len);
            (0..count).map(move |i| (whole(first + i), whole(above + i / ENTRIES)))
        })
    }
}

fn around(all: impl Iterator<Item = Kept>) -> Kept {
    all.reduce(|[w, e, s, n], [bw, be, bs, bn]| [w.min(bw), e.max(be), s.min(bs), n.max(bn)])
        .unwrap_or_default()
}

/// A box in short floats: down on one side, up on the other.
fn kept([west, south, east, north]: Bounds) -> Kept {
    [below(west), above(east), below(south), above(north)]
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "rounded on purpose")]
fn below(number: f64) -> f32 {
    let near = number as f32;
    if f64::from(near) > number { near.next_down() } else { near }
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "rounded on purpose")]
fn above(number: f64) -> f32 {
    let near = number as f32;
    if f64::from(near) < number { near.next_up() } else { near }
}

fn tiny(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_be_bytes()
}

fn whole(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
