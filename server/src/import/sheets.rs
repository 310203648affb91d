//! Reads workbooks (XLSX) into text: what a person sees in a cell, dates as `2026-11-21`.

use std::sync::Arc;

use super::xlsx::{
    Archive, Cell, Marks, Parts, Room, date_styles, read_cells, said, shared_strings,
};

/// What a workbook may hold for what it is wanted for.
#[derive(Clone, Copy, Debug)]
pub enum Capacity {
    /// A list of up to hundreds of thousands of lines.
    List,
    /// A questionnaire.
    Questionnaire,
}

impl Capacity {
    fn room(self) -> Room {
        const MEGA: usize = 1024 * 1024;
        match self {
            Self::List => Room {
                bytes: 384 * 1024 * 1024,
                cells: 8 * MEGA,
                laid_out: 32 * MEGA,
                text: 256 * MEGA,
            },
            Self::Questionnaire => {
                Room { bytes: 64 * 1024 * 1024, cells: MEGA, laid_out: 4 * MEGA, text: 32 * MEGA }
            }
        }
    }
}

/// A workbook that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Not a workbook, or a damaged one.
    #[error("ce n'est pas un classeur XLSX lisible ({0})")]
    NotAWorkbook(String),
    /// More than it can have, or made to fill a memory.
    #[error("la feuille « {0} » est trop grande")]
    TooLarge(String),
}

/// One sheet.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// In the order of rows and columns.
    cells: Vec<Cell>,
    /// The texts of its workbook that cells share.
    strings: Arc<[Box<str>]>,
}

impl Sheet {
    /// Its rows that have something in them: the number, as a spreadsheet counts from 1, and the text of every cell
    /// from the first column that has something to the last one of the row.
    pub fn rows(&self) -> impl Iterator<Item = (u64, Vec<String>)> {
        let first = self.cells.iter().map(|c| c.column).min().unwrap_or(0);
        self.cells.chunk_by(|a, b| a.row == b.row).map(move |row| {
            let mut texts = Vec::new();
            for cell in row {
                let at = usize::try_from(cell.column - first).unwrap_or(usize::MAX);
                texts.resize(at, String::new());
                texts.push(said(&cell.text, &self.strings).to_owned());
            }
            (row.first().map_or(0, |c| u64::from(c.row) + 1), texts)
        })
    }
}

/// Reads the sheets of a workbook that `wanted` names, in their order.
///
/// # Errors
/// When the bytes are no workbook, or one made too large; whatever it says of its sizes, memory stays bounded.
pub fn read_sheets(
    bytes: &[u8],
    capacity: Capacity,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Sheet>, SheetError> {
    let mut room = capacity.room();
    let mut archive = Archive::open(bytes, room)?;
    let parts = Parts::find(&mut archive)?;
    let strings: Arc<[Box<str>]> = shared_strings(&mut archive, &parts, room)?.into();
    let dates = date_styles(&mut archive, &parts)?;
    let marks = Marks { strings: &strings, dates: &dates, is_1904: parts.is_1904 };
    let mut sheets = Vec::new();
    for (name, part) in parts.sheets.iter().filter(|(name, _)| wanted(name)) {
        let cells = read_cells(&mut archive, (name, part), &marks, &mut room)?;
        sheets.push(Sheet { name: name.clone(), cells, strings: Arc::clone(&strings) });
    }
    Ok(sheets)
}
