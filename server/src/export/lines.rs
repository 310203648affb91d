//! Features as CSV: RFC 4180 for programs, or what French Excel opens by a double click.

use std::io::{self, Write};

use super::{
    cell::{Cell, cell},
    prepared::Prepared,
};
use crate::ogc::{Features, Kind};

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// UTF-8, commas, decimal points.
    Programs,
    /// Byte order mark, semicolons, decimal commas.
    Excel,
}

/// Lines gathered before they are written.
const GATHERED: usize = 64 * 1024;

/// Writes a heading and a line per feature: id, properties, longitude and latitude.
pub(super) fn write(features: &Features, out: &mut impl Write, manner: Manner) -> io::Result<()> {
    let excel = manner == Manner::Excel;
    let mut line = String::with_capacity(GATHERED * 2);
    if excel {
        line.push('\u{feff}');
    }
    let separator = if excel { ';' } else { ',' };
    line.push_str("id");
    for field in features.fields() {
        line.push(separator);
        text(&mut line, &field.name, separator);
    }
    let placed = !features.has_areas() && !features.is_unplaced();
    if placed {
        line.push_str(if excel { ";longitude;latitude" } else { ",longitude,latitude" });
    }
    line.push_str("\r\n");
    let mut lines = std::mem::take(&mut line).into_bytes();
    let kind = |field: usize| features.fields().get(field).map(|f| f.kind);
    let made = Prepared::new(features, |bytes, field, cell, json| {
        let mut text = String::new();
        value(&mut text, kind(field), (cell, json), manner);
        bytes.extend_from_slice(text.as_bytes());
    });
    let mut rows = features.rows();
    for row in 0..features.len() {
        let read = rows.row(row)?;
        text(&mut line, &features.id(row), separator);
        for field in 0..features.fields().len() {
            line.push(separator);
            if let Some(value) = made.of(&read, field) {
                lines.extend_from_slice(line.as_bytes());
                lines.extend_from_slice(value);
                line.clear();
            } else {
                value(&mut line, kind(field), (cell(&read, field), read.json(field)), manner);
            }
        }
        if placed {
            position(&mut line, features.point(row).or(at(features, row)), manner);
        }
        line.push_str("\r\n");
        lines.extend_from_slice(line.as_bytes());
        line.clear();
        if lines.len() >= GATHERED {
            out.write_all(&lines)?;
            lines.clear();
        }
    }
    out.write_all(&lines)
}

fn at(features: &Features, row: usize) -> Option<[f64; 2]> {
    match features.located(row) {
        crate::ogc::Located::At(at) => Some(at),
        _ => None,
    }
}

fn value(line: &mut String, kind: Option<Kind>, (cell, json): (Cell<'_>, &str), manner: Manner) {
    if json == "null" {
        return;
    }
    let separator = if manner == Manner::Excel { ';' } else { ',' };
    if let Cell::Text(found) = cell {
        return text(line, &found, separator);
    }
    // Digits, true, false; a day or an instant in its quotes; what is of another kind than its column
    // is text like any other.
    if matches!(kind, Some(Kind::Number)) && is_number(json) {
        return number(line, json, manner);
    }
    if matches!(kind, Some(Kind::Integer | Kind::Boolean)) && !json.starts_with(['"', '[']) {
        return line.push_str(json);
    }
    let shown = serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned());
    text(line, &shown, separator);
}

fn is_number(json: &str) -> bool {
    json.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

fn number(line: &mut String, digits: &str, manner: Manner) {
    match digits.split_once('.').filter(|_| manner == Manner::Excel) {
        Some((whole, part)) => {
            line.push_str(whole);
            line.push(',');
            line.push_str(part);
        }
        None => line.push_str(digits),
    }
}

fn position(line: &mut String, at: Option<[f64; 2]>, manner: Manner) {
    use std::fmt::Write as _;
    let separator = if manner == Manner::Excel { ';' } else { ',' };
    for i in 0..2 {
        line.push(separator);
        let Some(c) = at.and_then(|at| at.get(i).copied()) else { continue };
        let start = line.len();
        write!(line, "{c}").expect("writing to a String cannot fail");
        if manner == Manner::Excel {
            let digits = line.split_off(start);
            number(line, &digits, manner);
        }
    }
}

/// Text so that no spreadsheet takes it for a formula, in quotes where it needs them.
fn text(line: &mut String, text: &str, separator: char) {
    let bytes = text.as_bytes();
    let formula = super::sheet::is_formula(text);
    let plain =
        !bytes.iter().any(|b| matches!(b, b'"' | b'\r' | b'\n') || char::from(*b) == separator);
    if plain {
        if formula {
            line.push('\'');
        }
        return line.push_str(text);
    }
    line.push('"');
    if formula {
        line.push('\'');
    }
    let mut first = true;
    for part in text.split('"') {
        if !first {
            line.push_str("\"\"");
        }
        line.push_str(part);
        first = false;
    }
    line.push('"');
}
