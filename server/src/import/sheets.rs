//! Reads workbooks (XLSX) into text: what a person sees in a cell, dates as `2026-11-21`.

use std::io::Cursor;

use calamine::{Data, Range, Reader as _, Xlsx};

/// Cells of one sheet, filled or not: more than that is no list, or was made to fill a memory.
const CELLS_MAX: usize = 8_000_000;
/// What the parts of a workbook may unpack to, in bytes.
const UNPACKED_MAX: u64 = 512 * 1024 * 1024;

/// A workbook that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Not a workbook, or a damaged one.
    #[error("ce n'est pas un classeur XLSX lisible ({0})")]
    NotAWorkbook(String),
    /// More than a list can have.
    #[error("la feuille « {0} » est trop grande")]
    TooLarge(String),
}

/// One sheet.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// The number of its first row with something in it, as a spreadsheet counts, from 1.
    pub first_row: u64,
    /// The column of its first cell, from 0.
    pub first_column: usize,
    cells: Range<Data>,
}

impl Sheet {
    /// Its rows from the first that has something: number, and the text of every cell.
    pub fn rows(&self) -> impl Iterator<Item = (u64, Vec<String>)> {
        (self.first_row..).zip(self.cells.rows().map(|row| row.iter().map(text).collect()))
    }
}

/// Reads the sheets of a workbook that `wanted` names, in their order.
///
/// # Errors
/// When the bytes are no workbook, or one made too large.
pub fn read_sheets(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Vec<Sheet>, SheetError> {
    ensure_bounded(bytes)?;
    let broken = |error: calamine::XlsxError| SheetError::NotAWorkbook(error.to_string());
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let mut sheets = Vec::new();
    for name in book.sheet_names().into_iter().filter(|name| wanted(name)) {
        let cells = book.worksheet_range(&name).map_err(broken)?;
        let (height, width) = cells.get_size();
        if height.saturating_mul(width) > CELLS_MAX {
            return Err(SheetError::TooLarge(name));
        }
        let (row, column) = cells.start().unwrap_or_default();
        sheets.push(Sheet {
            name,
            first_row: u64::from(row) + 1,
            first_column: usize::try_from(column).unwrap_or(0),
            cells,
        });
    }
    Ok(sheets)
}

/// Adds up what the archive says its parts unpack to: the central directory names every size.
fn ensure_bounded(bytes: &[u8]) -> Result<(), SheetError> {
    const ENTRY: &[u8] = b"PK\x01\x02";
    if !bytes.starts_with(b"PK") {
        return Err(SheetError::NotAWorkbook(String::from("pas une archive ZIP")));
    }
    let mut total = 0_u64;
    for at in memchr::memmem::find_iter(bytes, ENTRY) {
        let size = bytes.get(at + 24..at + 28).and_then(|b| b.try_into().ok());
        total = total.saturating_add(size.map_or(0, |b| u64::from(u32::from_le_bytes(b))));
    }
    if total > UNPACKED_MAX {
        return Err(SheetError::TooLarge(String::from("classeur")));
    }
    Ok(())
}

/// What a person sees, without a locale: numbers with a point, whole ones without it.
fn text(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number.to_string(),
        Data::Bool(yes) => String::from(if *yes { "TRUE" } else { "FALSE" }),
        Data::DateTime(when) => {
            let (year, month, day, ..) = when.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
    }
}
