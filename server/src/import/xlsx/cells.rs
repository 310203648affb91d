//! The cells of one sheet that have something in them, as text.

use jiff::{ToSpan as _, civil::Date};
use quick_xml::events::Event;

use super::{
    Archive, Room,
    archive::{Xml, attribute, unfinished},
    strings::rich_text,
};
use crate::import::SheetError;

/// Rows and columns that a sheet has at most.
const ROWS: u32 = 1_048_576;
const COLUMNS: u32 = 16_384;
/// Characters that a cell can have, in bytes.
const CELL_MAX: usize = 32_767 * 4;
/// Days that a number can name: up to the end of the year 9999.
const DAYS: f64 = 2_958_466.0;

/// A cell with something in it.
#[derive(Clone, Debug)]
pub(in crate::import) struct Cell {
    /// Its row, from 0.
    pub(in crate::import) row: u32,
    /// Its column, from 0.
    pub(in crate::import) column: u32,
    pub(in crate::import) text: Text,
}

/// What a cell says.
#[derive(Clone, Debug)]
pub(in crate::import) enum Text {
    /// One of the shared texts.
    Shared(usize),
    Own(Box<str>),
}

/// How the cells of a workbook are to be understood.
#[derive(Debug)]
pub(in crate::import) struct Marks<'a> {
    pub(in crate::import) strings: &'a [Box<str>],
    /// Whether each style is of dates.
    pub(in crate::import) dates: &'a [bool],
    pub(in crate::import) is_1904: bool,
}

/// Reads the cells of a part, in the order of rows and columns, and takes from the room what they need.
pub(in crate::import) fn read_cells(
    archive: &mut Archive<'_>,
    (name, part): (&str, &str),
    marks: &Marks<'_>,
    room: &mut Room,
) -> Result<Vec<Cell>, SheetError> {
    let missing = || SheetError::NotAWorkbook(format!("la feuille « {name} » manque"));
    let mut xml = archive.large(part)?.ok_or_else(missing)?;
    let too_large = || SheetError::TooLarge(name.to_owned());
    let (mut row, mut column) = (0_u32, 0_u32);
    let mut cells: Vec<Cell> = Vec::new();
    loop {
        let (at, kind, style) = match xml.next()? {
            Event::Start(e) => match e.local_name().as_ref() {
                "row" => {
                    let said = attribute(&e, "r").and_then(|r| r.parse::<u32>().ok());
                    row = said.map_or(row, |r| r.saturating_sub(1));
                    column = 0;
                    continue;
                }
                "c" => ["r", "t", "s"].map(|name| attribute(&e, name)).into(),
                _ => continue,
            },
            Event::End(e) if e.local_name().as_ref() == "row" => {
                row = row.saturating_add(1);
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        if let Some(at) = at {
            (row, column) = place(&at).ok_or_else(too_large)?;
        }
        if row >= ROWS || column >= COLUMNS {
            return Err(too_large());
        }
        let is_date = style.and_then(|s| s.parse().ok()).and_then(|s: usize| marks.dates.get(s));
        let text = cell(&mut xml, kind.as_deref(), is_date == Some(&true), marks)?;
        if let Some(text) = text {
            let length = said(&text, marks.strings).len();
            room.cells = room.cells.checked_sub(1).ok_or_else(too_large)?;
            room.text = room.text.checked_sub(length).ok_or_else(too_large)?;
            if length > CELL_MAX {
                return Err(too_large());
            }
            cells.push(Cell { row, column, text });
        }
        column += 1;
    }
    // Writers go row by row; what another did is put in order, and of two in one place the last stays.
    cells.sort_by_key(|c| (c.row, c.column));
    lay_out(&cells, room).ok_or_else(too_large)?;
    Ok(cells)
}

/// Takes the room that rows need when each is laid out up to its last cell.
fn lay_out(cells: &[Cell], room: &mut Room) -> Option<()> {
    for row in cells.chunk_by(|a, b| a.row == b.row) {
        let width = row.last().map_or(0, |c| c.column) + 1;
        room.laid_out = room.laid_out.checked_sub(usize::try_from(width).ok()?)?;
    }
    Some(())
}

/// What a text says; a place that no shared text has says nothing.
pub(in crate::import) fn said<'a>(text: &'a Text, strings: &'a [Box<str>]) -> &'a str {
    match text {
        Text::Shared(at) => strings.get(*at).map_or("", |s| s),
        Text::Own(text) => text,
    }
}

/// Row and column of `C12`, from 0.
fn place(at: &str) -> Option<(u32, u32)> {
    let digits = at.find(|c: char| c.is_ascii_digit())?;
    let (letters, number) = at.split_at(digits);
    let mut column = 0_u32;
    for letter in letters.bytes() {
        let of = letter.to_ascii_uppercase().checked_sub(b'A').filter(|n| *n < 26)?;
        column = column.checked_mul(26)?.checked_add(u32::from(of) + 1)?;
    }
    Some((number.parse::<u32>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}

/// The rest of a cell that just opened; `None` when it says nothing.
fn cell(
    xml: &mut Xml<'_>,
    kind: Option<&str>,
    is_date: bool,
    marks: &Marks<'_>,
) -> Result<Option<Text>, SheetError> {
    let (mut value, mut inline) = (None, None);
    loop {
        let name = match xml.next()? {
            Event::Start(e) => e.local_name().as_ref().to_owned(),
            Event::End(_) => break,
            Event::Eof => return Err(unfinished()),
            _ => continue,
        };
        match name.as_str() {
            "is" => inline = Some(rich_text(xml)?),
            "v" => value = Some(xml.text()?),
            // A formula: what it comes to stands beside it.
            _ => drop(xml.text()?),
        }
    }
    if let Some(inline) = inline {
        return Ok(own(inline));
    }
    let Some(value) = value else { return Ok(None) };
    Ok(match kind {
        Some("s") => {
            let at = value.trim().parse().ok().filter(|at| *at < marks.strings.len());
            at.map(Text::Shared)
        }
        Some("b") => own(String::from(if value.trim() == "0" { "FALSE" } else { "TRUE" })),
        Some("e") => None,
        Some("n") | None => own(number(&value, is_date, marks.is_1904)),
        Some(_) => own(value),
    })
}

fn own(text: String) -> Option<Text> {
    (!text.is_empty()).then(|| Text::Own(text.into_boxed_str()))
}

/// What a person sees, without a locale: numbers with a point, whole ones without it, dates as `2026-11-21`.
fn number(value: &str, is_date: bool, is_1904: bool) -> String {
    let Ok(number) = value.trim().parse::<f64>() else { return value.to_owned() };
    let day = if is_date { day(number, is_1904) } else { None };
    day.map_or_else(|| number.to_string(), |day| day.to_string())
}

/// The day that a number names, counted from the last of 1899 with the day that 1900 did not have, or from the
/// first of 1904.
fn day(number: f64, is_1904: bool) -> Option<Date> {
    // To the millisecond, as hours are kept in the same number.
    let days = ((number * 86_400_000.0).round() / 86_400_000.0).floor();
    if !(0.0..DAYS).contains(&days) {
        return None;
    }
    let days: i64 = format!("{days:.0}").parse().ok()?;
    let first = match (is_1904, days < 60) {
        (true, _) => Date::constant(1904, 1, 1),
        (false, true) => Date::constant(1899, 12, 31),
        (false, false) => Date::constant(1899, 12, 30),
    };
    first.checked_add(days.days()).ok()
}

#[cfg(test)]
mod tests {
    use super::{number, place};

    #[test]
    fn cells_are_found_by_their_letters_and_never_beyond_a_number() {
        assert_eq!(place("A1"), Some((0, 0)));
        assert_eq!(place("XFD1048576"), Some((1_048_575, 16_383)));
        for broken in ["", "A", "1", "A0", "É1", "ZZZZZZZZZZZZ1", "A99999999999", "A1B"] {
            assert_eq!(place(broken), None, "{broken}");
        }
    }

    #[test]
    fn numbers_and_days_read_as_people_see_them() {
        assert_eq!(number("12.5", false, false), "12.5");
        assert_eq!(number("3", false, false), "3");
        assert_eq!(number("1", true, false), "1900-01-01");
        assert_eq!(number("46347.9999999999", true, false), "2026-11-22");
        assert_eq!(number("44885", true, true), "2026-11-21");
        assert_eq!(number("1e300", true, false).len(), 301);
    }
}
