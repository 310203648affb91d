//! Features as a workbook: one sheet, written and compressed row by row.
//!
//! Source: ECMA-376 part 1 (the sheet); APPNOTE.TXT for the archive.

use std::{
    fmt::Write as _,
    io::{self, Seek, SeekFrom, Write},
};

use flate2::{Compression, Crc, write::DeflateEncoder};

use super::{
    cell::{Cell, cell, long, short},
    xlsx::{self, escaped},
};
use crate::ogc::{Features, Located, Row};

/// Rows of a sheet, its heading among them.
const ROWS_MAX: usize = 1_048_576;
/// Characters of a cell.
const TEXT_MAX: usize = 32_767;
/// The sheet is gathered to so many bytes before it is compressed.
const GATHERED: usize = 64 * 1024;

/// Writes the workbook.
///
/// # Errors
/// More rows than a sheet has.
pub(super) fn write(features: &Features, out: &mut (impl Write + Seek)) -> io::Result<()> {
    if features.len() >= ROWS_MAX {
        return Err(io::Error::other("a sheet has 1,048,576 rows: take CSV"));
    }
    let mut directory = Vec::new();
    let mut count = 0_u16;
    for (name, content) in xlsx::FRAME {
        add(out, &mut directory, name, |sheet| sheet.write_all(content.as_bytes()))?;
        count += 1;
    }
    add(out, &mut directory, "xl/worksheets/sheet1.xml", |sheet| rows(features, sheet))?;
    count += 1;
    let start = place(out)?;
    out.write_all(&directory)?;
    out.write_all(b"PK\x05\x06\x00\x00\x00\x00")?;
    for _ in 0..2 {
        out.write_all(&count.to_le_bytes())?;
    }
    out.write_all(&short(directory.len()).to_le_bytes())?;
    out.write_all(&start.to_le_bytes())?;
    out.write_all(&[0; 2])
}

fn place(out: &mut impl Seek) -> io::Result<u32> {
    u32::try_from(out.stream_position()?).map_err(|_| io::Error::other("over 4 GiB: take CSV"))
}

/// Counts and sums what passes to be compressed.
struct Summed<W: Write> {
    to: DeflateEncoder<W>,
    crc: Crc,
    size: u64,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write_all(bytes)?;
        self.crc.update(bytes);
        self.size += long(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Adds an entry whose sizes are filled in once they are known.
fn add<O: Write + Seek>(
    out: &mut O,
    directory: &mut Vec<u8>,
    name: &str,
    write: impl FnOnce(&mut Summed<&mut O>) -> io::Result<()>,
) -> io::Result<()> {
    let start = place(out)?;
    let mut fields = Vec::new();
    // Version 2.0, UTF-8 names, deflated, midnight of the first day that ZIP knows.
    for field in [20_u16, 0x0800, 8, 0, 0x0021] {
        fields.extend(field.to_le_bytes());
    }
    let name_size = u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes();
    out.write_all(b"PK\x03\x04")?;
    out.write_all(&fields)?;
    out.write_all(&[0; 12])?;
    out.write_all(&name_size)?;
    out.write_all(&[0; 2])?;
    out.write_all(name.as_bytes())?;
    let from = place(out)?;
    let (crc, size) = packed(out, write)?;
    let until = place(out)?;
    let size = u32::try_from(size).map_err(|_| io::Error::other("over 4 GiB: take CSV"))?;
    for sum in [crc.sum(), until - from, size] {
        fields.extend(sum.to_le_bytes());
    }
    out.seek(SeekFrom::Start(u64::from(start) + 14))?;
    out.write_all(fields.get(10..).unwrap_or_default())?;
    out.seek(SeekFrom::Start(u64::from(until)))?;
    directory.extend(*b"PK\x01\x02\x14\x00");
    directory.extend(fields);
    directory.extend(name_size);
    // No extra field, no comment, first disk, no attributes.
    directory.extend([0; 12]);
    directory.extend(start.to_le_bytes());
    directory.extend(name.as_bytes());
    Ok(())
}

/// Compresses what is written; answers its sum and size.
fn packed<O: Write>(
    out: &mut O,
    write: impl FnOnce(&mut Summed<&mut O>) -> io::Result<()>,
) -> io::Result<(Crc, u64)> {
    let to = DeflateEncoder::new(out, Compression::fast());
    let mut summed = Summed { to, crc: Crc::new(), size: 0 };
    write(&mut summed)?;
    let Summed { to, crc, size } = summed;
    to.finish()?;
    Ok((crc, size))
}

fn rows(features: &Features, out: &mut impl Write) -> io::Result<()> {
    let mut xml = String::from(xlsx::SHEET_HEAD);
    let placed = !features.has_areas() && !features.is_unplaced();
    xml.push_str("<row>");
    text(&mut xml, "id");
    for field in features.fields() {
        text(&mut xml, &field.name);
    }
    if placed {
        text(&mut xml, "longitude");
        text(&mut xml, "latitude");
    }
    xml.push_str("</row>");
    let mut rows = features.rows();
    for row in 0..features.len() {
        let read = rows.row(row)?;
        xml.push_str("<row>");
        text(&mut xml, &features.id(row));
        for field in 0..features.fields().len() {
            value(&mut xml, &read, field);
        }
        if let (true, Located::At(at)) = (placed, features.located(row)) {
            for c in at {
                let _infallible = write!(xml, "<c><v>{c}</v></c>");
            }
        }
        xml.push_str("</row>");
        if xml.len() >= GATHERED {
            out.write_all(xml.as_bytes())?;
            xml.clear();
        }
    }
    xml.push_str("</sheetData></worksheet>");
    out.write_all(xml.as_bytes())
}

fn value(xml: &mut String, row: &Row<'_>, field: usize) {
    let _infallible = match cell(row, field) {
        Cell::Text(found) => return text(xml, &found),
        Cell::Whole(n) => write!(xml, "<c><v>{n}</v></c>"),
        Cell::Decimal(n) => write!(xml, "<c><v>{n}</v></c>"),
        Cell::Bool(b) => write!(xml, "<c t=\"b\"><v>{}</v></c>", u8::from(b)),
        Cell::Day(_) | Cell::Moment(_) => {
            return text(xml, row.json(field).trim_matches('"'));
        }
        Cell::Empty => {
            xml.push_str("<c/>");
            Ok(())
        }
    };
}

/// A cell of text: never a formula, whatever it begins with.
fn text(xml: &mut String, text: &str) {
    let end = text.char_indices().nth(TEXT_MAX).map_or(text.len(), |(i, _)| i);
    let text = escaped(text.get(..end).unwrap_or_default());
    let _infallible =
        write!(xml, "<c t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>");
}
