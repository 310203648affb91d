//! Features as `FlatGeobuf`, with its packed Hilbert R-tree: a map reads only the part that it shows.
//!
//! Source: flatgeobuf.org, specification 3.0 (`header.fbs`, `feature.fbs`) and `packedrtree` of its
//! reference implementation.

use std::io::{self, Seek, SeekFrom, Write};

use geo::MultiPolygon;

use super::{
    cell::{Cell, cell, long, short},
    flat::{Flat, Table},
    prepared::Prepared,
};
use crate::ogc::{Bounds, Features, Kind, Located, Row};

const MAGIC: [u8; 8] = *b"fgb\x03fgb\x00";
/// Entries of a node of the index.
const NODE: usize = 16;
/// Bytes of an entry: four numbers of a box and a place.
const ENTRY: usize = 40;
/// The box of what lies nowhere: it meets no other, and widens none.
const NOWHERE: Bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
const POINT: u8 = 1;
const POLYGON: u8 = 3;
const MULTI_POLYGON: u8 = 6;

/// Writes the file: head, index, features. The room of the index is left free and filled last, so that
/// no feature is kept.
pub(super) fn write(
    features: &Features,
    name: &str,
    out: &mut (impl Write + Seek),
) -> io::Result<()> {
    let mut flat = Flat::default();
    out.write_all(&MAGIC)?;
    let head = header(&mut flat, features, name);
    out.write_all(head)?;
    if features.is_empty() {
        return Ok(());
    }
    let index_at = out.stream_position()?;
    let levels = levels(features.len());
    let room = levels.iter().sum::<usize>() * ENTRY;
    out.seek(SeekFrom::Start(index_at + long(room)))?;
    let order = order(features);
    let mut places = Vec::with_capacity(order.len());
    let mut at = 0_u64;
    let made = Prepared::new(features, property);
    let mut shaper = Shaper::new(&made);
    let mut rows = features.rows();
    for row in &order {
        places.push(at);
        let bytes = shaper.write(&rows.row(*row)?);
        out.write_all(bytes)?;
        at += long(bytes.len());
    }
    out.seek(SeekFrom::Start(index_at))?;
    index(features, &order, &places, &levels, out)?;
    out.seek(SeekFrom::End(0)).map(|_| ())
}

fn header<'f>(flat: &'f mut Flat, features: &Features, name: &str) -> &'f [u8] {
    flat.clear();
    let head = flat.table([4, 4, 1, 0, 0, 0, 0, 4, 8, 2, 4]);
    let kind = if features.has_areas() { 0 } else { POINT };
    flat.number(&head, 2, &[kind]);
    flat.number(&head, 8, &long(features.len()).to_le_bytes());
    let node = if features.is_empty() { 0 } else { 16_u16 };
    flat.number(&head, 9, &node.to_le_bytes());
    flat.text(&head, 0, name);
    if let Some(bounds) = features.bounds() {
        flat.floats(&head, 1, bounds.into_iter());
    }
    let places = flat.places(&head, 7, features.fields().len() + 1);
    let id = ("id", "Identifiant", STRING);
    let others =
        features.fields().iter().map(|f| (f.name.as_str(), f.title.as_str(), kind_of(f.kind)));
    for ((name, title, kind), place) in std::iter::once(id).chain(others).zip(places) {
        let column = flat.table([4, 1, 4]);
        flat.place(place, &column);
        flat.number(&column, 1, &[kind]);
        flat.text(&column, 0, name);
        flat.text(&column, 2, title);
    }
    let crs = flat.table([4, 4]);
    flat.point(&head, 10, &crs);
    flat.number(&crs, 1, &4_326_i32.to_le_bytes());
    flat.text(&crs, 0, "EPSG");
    flat.finish(&head)
}

const STRING: u8 = 11;

/// `ColumnType` of the specification.
const fn kind_of(kind: Kind) -> u8 {
    match kind {
        Kind::Boolean => 2,
        Kind::Integer => 7,
        Kind::Number => 10,
        Kind::Text | Kind::List => STRING,
        Kind::Date | Kind::Instant => 13,
    }
}

/// Writes features, each over the one before.
struct Shaper<'a> {
    made: &'a Prepared,
    /// What stands before the properties of a feature at a point: the same for all, but for its size at the start and, at
    /// the end, the point and how many bytes follow.
    head: Vec<u8>,
    flat: Flat,
    bytes: Vec<u8>,
}

impl<'a> Shaper<'a> {
    fn new(made: &'a Prepared) -> Self {
        let mut flat = Flat::default();
        let whole = begun(&mut flat, Located::At([0.0; 2]));
        flat.bytes(&whole, 1, &[]);
        let end = flat.len();
        let head = flat.finish(&whole).get(..end).unwrap_or_default().to_vec();
        Self { made, head, flat, bytes: Vec::new() }
    }

    /// A feature, to be read before the next one is made.
    fn write(&mut self, row: &Row<'_>) -> &[u8] {
        let Located::At([x, y]) = row.located() else { return self.any(row) };
        self.bytes.clear();
        self.bytes.extend_from_slice(&self.head);
        self.properties(row);
        let start = self.head.len();
        let count = short(self.bytes.len() - start).to_le_bytes();
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let size = short(self.bytes.len() - 4).to_le_bytes();
        let [x, y] = [x, y].map(f64::to_le_bytes);
        let parts: [(usize, &[u8]); 4] =
            [(0, &size), (start - 20, &x), (start - 12, &y), (start - 4, &count)];
        for (at, part) in parts {
            if let Some(slot) = self.bytes.get_mut(at..at + part.len()) {
                slot.copy_from_slice(part);
            }
        }
        &self.bytes
    }

    /// A feature that lies in an area, or nowhere.
    fn any(&mut self, row: &Row<'_>) -> &[u8] {
        self.bytes.clear();
        self.properties(row);
        let whole = begun(&mut self.flat, row.located());
        self.flat.bytes(&whole, 1, &self.bytes);
        self.flat.finish(&whole)
    }

    fn properties(&mut self, row: &Row<'_>) {
        entry(&mut self.bytes, 0, row.id().as_bytes());
        for field in 0..row.features().fields().len() {
            match self.made.of(row, field) {
                Some(bytes) => self.bytes.extend_from_slice(bytes),
                None => property(&mut self.bytes, field, cell(row, field), row.json(field)),
            }
        }
    }
}

/// A feature with its geometry and without its properties.
fn begun(flat: &mut Flat, located: Located<'_>) -> Table<2> {
    flat.clear();
    let placed = usize::from(!matches!(located, Located::Nowhere)) * 4;
    let whole = flat.table([placed, 4]);
    match located {
        Located::Nowhere => {}
        Located::At(at) => {
            let geometry = flat.table([0, 4, 0, 0, 0, 0, 1]);
            flat.point(&whole, 0, &geometry);
            flat.number(&geometry, 6, &[POINT]);
            flat.floats(&geometry, 1, at.into_iter());
        }
        Located::Within(area) => polygons(flat, &whole, area),
    }
    whole
}

fn polygons(flat: &mut Flat, whole: &Table<2>, area: &MultiPolygon<f64>) {
    let geometry = flat.table([0, 0, 0, 0, 0, 0, 1, 4]);
    flat.point(whole, 0, &geometry);
    flat.number(&geometry, 6, &[MULTI_POLYGON]);
    let places = flat.places(&geometry, 7, area.0.len());
    for (polygon, place) in area.iter().zip(places) {
        let part = flat.table([4, 4, 0, 0, 0, 0, 1]);
        flat.place(place, &part);
        flat.number(&part, 6, &[POLYGON]);
        let (mut ends, mut floats) = (Vec::new(), Vec::new());
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            floats.extend(ring.coords().flat_map(|c| [c.x, c.y]));
            ends.push(short(floats.len() / 2));
        }
        flat.wholes(&part, 0, &ends);
        flat.floats(&part, 1, floats.into_iter());
    }
}

fn property(out: &mut Vec<u8>, field: usize, cell: Cell<'_>, json: &str) {
    let column = field + 1;
    let start = |out: &mut Vec<u8>| {
        out.extend(u16::try_from(column).unwrap_or(u16::MAX).to_le_bytes());
    };
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => entry(out, column, text.as_bytes()),
        Cell::Whole(n) => {
            start(out);
            out.extend(n.to_le_bytes());
        }
        Cell::Decimal(n) => {
            start(out);
            out.extend(n.to_le_bytes());
        }
        Cell::Bool(b) => {
            start(out);
            out.push(u8::from(b));
        }
        Cell::Day(_) | Cell::Moment(_) => entry(out, column, json.trim_matches('"').as_bytes()),
    }
}

/// A property of a length of its own.
fn entry(out: &mut Vec<u8>, column: usize, bytes: &[u8]) {
    out.extend(u16::try_from(column).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(short(bytes.len()).to_le_bytes());
    out.extend(bytes);
}

/// The rows, so that neighbours in the file are neighbours in the country; those nowhere last.
pub(super) fn order(features: &Features) -> Vec<usize> {
    let [west, south, east, north] = features.bounds().unwrap_or([0.0; 4]);
    let scale = |c: f64, from: f64, to: f64| {
        if to > from { (c - from) / (to - from) * 65_535.0 } else { 0.0 }
    };
    let mut keyed: Vec<(u64, usize)> = (0..features.len())
        .map(|row| {
            let key = features.around(row).map_or(u64::MAX, |[w, s, e, n]| {
                let (x, y) = (f64::midpoint(w, e), f64::midpoint(s, n));
                hilbert([scale(x, west, east), scale(y, south, north)].map(index_of))
            });
            (key, row)
        })
        .collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// The square of 65,536 that holds a number of 0 to 65,535: the largest power of two first, which needs
/// no conversion of a float.
fn index_of(number: f64) -> u32 {
    let (mut found, mut rest, mut bit) = (0, number, 32_768_u32);
    while bit > 0 {
        if rest >= f64::from(bit) {
            rest -= f64::from(bit);
            found |= bit;
        }
        bit >>= 1;
    }
    found
}

/// How far along Hilbert's curve a square of 65,536 by 65,536 lies (J. K. Lawder and P. J. H. King, 2000).
fn hilbert([mut x, mut y]: [u32; 2]) -> u64 {
    let (mut far, mut side) = (0_u64, 32_768_u32);
    while side > 0 {
        let (right, upper) = (u32::from(x & side > 0), u32::from(y & side > 0));
        far = far * 4 + u64::from((3 * right) ^ upper);
        if upper == 0 {
            if right == 1 {
                x = 65_535 - x;
                y = 65_535 - y;
            }
            (x, y) = (y, x);
        }
        side /= 2;
    }
    far
}

/// How many entries each level has, from the features to the root.
fn levels(count: usize) -> Vec<usize> {
    let mut levels = vec![count];
    let mut n = count;
    loop {
        n = n.div_ceil(NODE);
        levels.push(n);
        if n == 1 {
            return levels;
        }
    }
}

/// Writes the index from its root down. Boxes of features are asked for again: only those above are kept.
fn index(
    features: &Features,
    order: &[usize],
    places: &[u64],
    levels: &[usize],
    out: &mut impl Write,
) -> io::Result<()> {
    let leaf = |row: &usize| features.around(*row).unwrap_or(NOWHERE);
    let around = |all: &mut dyn Iterator<Item = Bounds>| {
        all.fold(NOWHERE, |[w, s, e, n], [bw, bs, be, bn]| {
            [w.min(bw), s.min(bs), e.max(be), n.max(bn)]
        })
    };
    let mut above: Vec<Vec<Bounds>> = Vec::new();
    for level in 1..levels.len() {
        let boxes = match above.get(level.wrapping_sub(2)) {
            None => order.chunks(NODE).map(|rows| around(&mut rows.iter().map(leaf))).collect(),
            Some(below) => below.chunks(NODE).map(|all| around(&mut all.iter().copied())).collect(),
        };
        above.push(boxes);
    }
    // Entries are numbered from the root on; a level begins where the one above it ends.
    let mut next = 0;
    let mut text = Vec::new();
    for boxes in above.iter().rev() {
        let below = next + boxes.len();
        for (i, bounds) in boxes.iter().enumerate() {
            push_entry(&mut text, *bounds, long(below + i * NODE));
        }
        next = below;
    }
    for (row, place) in order.iter().zip(places) {
        push_entry(&mut text, leaf(row), *place);
        if text.len() > 64 * 1024 {
            out.write_all(&text)?;
            text.clear();
        }
    }
    out.write_all(&text)
}

fn push_entry(out: &mut Vec<u8>, bounds: Bounds, place: u64) {
    for number in bounds {
        out.extend(number.to_le_bytes());
    }
    out.extend(place.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ogc::{Builder, Field};

    #[test]
    fn a_point_is_written_as_any_geometry_is() {
        let mut builder = Builder::new(vec![Field::new("name", "Nom", Kind::Text)]);
        for n in 0..20_u32 {
            builder.point(Uuid::from_u128(n.into()), Some([f64::from(n) - 9.5, 12.25]));
            builder.set_text("name", &"x".repeat(usize::try_from(n).unwrap()));
        }
        let features = builder.finish().unwrap();
        let made = Prepared::new(&features, property);
        let (mut quick, mut slow) = (Shaper::new(&made), Shaper::new(&made));
        let mut rows = features.rows();
        for number in 0..20 {
            let row = rows.row(number).unwrap();
            assert_eq!(quick.write(&row), slow.any(&row), "{number}");
        }
    }
}
