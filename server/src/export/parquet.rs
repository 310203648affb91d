//! Features as `GeoParquet`: one column after the other, compressed, for R, Python and `DuckDB`.
//!
//! Sources: Apache Parquet format 2.10 (`parquet.thrift`, `Encodings.md`); `GeoParquet` 1.0.0. Written
//! here and not by the `parquet` crate: plain pages of flat columns are all that is needed.

use std::io::{self, Write};

use serde_json::json;

use super::{
    cell::{Cell, cell, short},
    thrift::{Thrift, push_varint},
    wkb,
};
use crate::ogc::{Features, Kind};

const MAGIC: &[u8; 4] = b"PAR1";
/// Rows of a group: all of them are in memory, one column at a time.
const GROUP: usize = 32_768;
/// Numbers of `parquet.thrift`.
const BOOLEAN: i32 = 0;
const INT32: i32 = 1;
const INT64: i32 = 2;
const DOUBLE: i32 = 5;
const BYTE_ARRAY: i32 = 6;
const UTF8: i32 = 0;
const DATE: i32 = 6;
const TIMESTAMP_MICROS: i32 = 10;
const ZSTD: i32 = 6;
const PLAIN: i32 = 0;
const RLE: i32 = 3;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Id,
    Field(usize),
    Geometry,
}

struct Column {
    source: Source,
    name: String,
    kind: i32,
    /// How it is to be understood, if not by its kind alone.
    converted: Option<i32>,
}

struct Chunk {
    at: i64,
    plain: i64,
    packed: i64,
}

/// Writes the file, one group of rows after the other.
pub(super) fn write(features: &Features, out: &mut impl Write) -> io::Result<()> {
    let columns = columns(features);
    out.write_all(MAGIC)?;
    let (mut at, mut groups) = (4_i64, Vec::new());
    let mut page = Vec::new();
    let mut start = 0;
    while start < features.len() {
        let rows = start..(start + GROUP).min(features.len());
        start = rows.end;
        let mut chunks = Vec::with_capacity(columns.len());
        for column in &columns {
            page.clear();
            fill(&mut page, features, column.source, rows.clone())?;
            let packed = zstd::bulk::compress(&page, 1)?;
            let head = page_head(rows.len(), page.len(), packed.len());
            out.write_all(&head)?;
            out.write_all(&packed)?;
            let size = signed(head.len() + packed.len());
            chunks.push(Chunk { at, plain: signed(head.len() + page.len()), packed: size });
            at += size;
        }
        groups.push((rows.len(), chunks));
    }
    let foot = foot(features, &columns, &groups);
    out.write_all(&foot)?;
    out.write_all(&short(foot.len()).to_le_bytes())?;
    out.write_all(MAGIC)
}

fn signed(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn small(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn columns(features: &Features) -> Vec<Column> {
    let text = |source, name: &str, converted| Column {
        source,
        name: name.to_owned(),
        kind: BYTE_ARRAY,
        converted,
    };
    let mut all = vec![text(Source::Id, "id", Some(UTF8))];
    for (i, field) in features.fields().iter().enumerate() {
        let (kind, converted) = match field.kind {
            Kind::Text | Kind::List => (BYTE_ARRAY, Some(UTF8)),
            Kind::Integer => (INT64, None),
            Kind::Number => (DOUBLE, None),
            Kind::Boolean => (BOOLEAN, None),
            Kind::Date => (INT32, Some(DATE)),
            Kind::Instant => (INT64, Some(TIMESTAMP_MICROS)),
        };
        all.push(Column { source: Source::Field(i), name: field.name.clone(), kind, converted });
    }
    all.push(text(Source::Geometry, "geometry", None));
    all
}

/// A page: which rows have a value (a run of bits), then the values one after the other.
fn fill(
    page: &mut Vec<u8>,
    features: &Features,
    source: Source,
    rows: std::ops::Range<usize>,
) -> io::Result<()> {
    let mut reader = features.rows();
    let mut known = Bits::default();
    let mut truths = Bits::default();
    let mut values = Vec::new();
    let count = rows.len();
    let mut binary = Vec::new();
    for row in rows {
        let found = match source {
            Source::Id => {
                bytes(&mut values, features.id(row).as_bytes());
                true
            }
            Source::Geometry => {
                binary.clear();
                wkb::push(&mut binary, features.located(row));
                if !binary.is_empty() {
                    bytes(&mut values, &binary);
                }
                !binary.is_empty()
            }
            Source::Field(field) => {
                let read = reader.row(row)?;
                value(&mut values, &mut truths, cell(&read, field))
            }
        };
        known.push(found);
    }
    let mut run = Vec::new();
    push_varint(&mut run, super::cell::long(count.div_ceil(8)) << 1 | 1);
    run.extend(known.bytes);
    page.extend(short(run.len()).to_le_bytes());
    page.extend(run);
    page.extend(values);
    page.extend(truths.bytes);
    Ok(())
}

fn value(values: &mut Vec<u8>, truths: &mut Bits, cell: Cell<'_>) -> bool {
    match cell {
        Cell::Empty => return false,
        Cell::Text(text) => bytes(values, text.as_bytes()),
        Cell::Whole(n) | Cell::Moment(n) => values.extend(n.to_le_bytes()),
        Cell::Decimal(n) => values.extend(n.to_le_bytes()),
        Cell::Bool(b) => truths.push(b),
        Cell::Day(day) => values.extend(days(day).to_le_bytes()),
    }
    true
}

/// Days since 1970.
fn days(day: jiff::civil::Date) -> i32 {
    day.since(jiff::civil::date(1970, 1, 1)).map_or(0, |span| span.get_days())
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(short(bytes.len()).to_le_bytes());
    out.extend(bytes);
}

/// One bit each, the lowest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u8,
}

impl Bits {
    fn push(&mut self, bit: bool) {
        if self.used == 0 {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << self.used;
        }
        self.used = (self.used + 1) % 8;
    }
}

fn page_head(rows: usize, plain: usize, packed: usize) -> Vec<u8> {
    let mut head = Thrift::new();
    head.i32(1, 0);
    head.i32(2, small(plain));
    head.i32(3, small(packed));
    head.inner(5, |page| {
        page.i32(1, small(rows));
        page.i32(2, PLAIN);
        page.i32(3, RLE);
        page.i32(4, RLE);
    });
    head.finish()
}

fn foot(features: &Features, columns: &[Column], groups: &[(usize, Vec<Chunk>)]) -> Vec<u8> {
    let mut foot = Thrift::new();
    foot.i32(1, 1);
    foot.structs(2, columns.len() + 1);
    foot.element(|root| {
        root.text(4, "schema");
        root.i32(5, small(columns.len()));
    });
    for column in columns {
        foot.element(|schema| {
            schema.i32(1, column.kind);
            schema.i32(3, 1); // optional
            schema.text(4, &column.name);
            if let Some(converted) = column.converted {
                schema.i32(6, converted);
            }
            logical(schema, column.converted);
        });
    }
    foot.i64(3, signed(features.len()));
    foot.structs(4, groups.len());
    for (rows, chunks) in groups {
        foot.element(|group| {
            group.structs(1, chunks.len());
            for (chunk, column) in chunks.iter().zip(columns) {
                group.element(|c| column_chunk(c, chunk, column, *rows));
            }
            group.i64(2, chunks.iter().map(|c| c.plain).sum());
            group.i64(3, signed(*rows));
        });
    }
    foot.structs(5, 1);
    foot.element(|pair| {
        pair.text(1, "geo");
        pair.text(2, &geo_notes(features));
    });
    foot.text(6, "sanu");
    foot.finish()
}

/// `LogicalType`: the younger way to say what a column holds.
fn logical(schema: &mut Thrift, converted: Option<i32>) {
    match converted {
        Some(UTF8) => schema.inner(10, |l| l.inner(1, |_| {})),
        Some(DATE) => schema.inner(10, |l| l.inner(6, |_| {})),
        Some(TIMESTAMP_MICROS) => schema.inner(10, |l| {
            l.inner(8, |t| {
                t.bool(1, true);
                t.inner(2, |unit| unit.inner(2, |_| {}));
            });
        }),
        _ => {}
    }
}

fn column_chunk(c: &mut Thrift, chunk: &Chunk, column: &Column, rows: usize) {
    c.i64(2, chunk.at);
    c.inner(3, |meta| {
        meta.i32(1, column.kind);
        meta.i32s(2, &[PLAIN, RLE]);
        meta.texts(3, &[column.name.as_str()]);
        meta.i32(4, ZSTD);
        meta.i64(5, signed(rows));
        meta.i64(6, chunk.plain);
        meta.i64(7, chunk.packed);
        meta.i64(9, chunk.at);
    });
}

/// Longitude and latitude on WGS 84 is what holds when nothing is said.
fn geo_notes(features: &Features) -> String {
    let kinds: &[&str] = if features.has_areas() { &["MultiPolygon", "Point"] } else { &["Point"] };
    let mut column = json!({ "encoding": "WKB", "geometry_types": kinds });
    if let (Some(bounds), Some(column)) = (features.bounds(), column.as_object_mut()) {
        column.insert(String::from("bbox"), json!(bounds));
    }
    json!({ "version": "1.0.0", "primary_column": "geometry", "columns": { "geometry": column } })
        .to_string()
}
