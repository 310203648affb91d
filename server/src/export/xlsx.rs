//! The smallest workbook that any spreadsheet program opens without a word: one sheet, no styles.
//!
//! Source: ECMA-376 part 1 (the sheet) and part 2 (packages); APPNOTE.TXT for the archive, whose
//! entries are stored and not compressed. Larger ones are written by `workbook.rs`.

use std::fmt::Write as _;

use flate2::Crc;

use super::sheet::{Entry, Sheet};

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
const ROOT: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Tableau" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
pub(super) const SHEET_HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;

/// What every workbook of one sheet holds besides it.
pub(super) const FRAME: [(&str, &str); 4] = [
    ("[Content_Types].xml", TYPES),
    ("_rels/.rels", ROOT),
    ("xl/workbook.xml", BOOK),
    ("xl/_rels/workbook.xml.rels", BOOK_RELATIONS),
];

/// The workbook of a sheet.
pub(super) fn workbook(sheet: &Sheet) -> Vec<u8> {
    let cells = cells(sheet);
    let [types, root, book, relations] = FRAME;
    archive(&[types, root, book, relations, ("xl/worksheets/sheet1.xml", &cells)])
}

fn cells(sheet: &Sheet) -> String {
    let mut xml = String::from(SHEET_HEAD);
    let text = |t: &String| vec![Entry::Text(t.clone())];
    let preface = std::iter::once(&sheet.title).chain(&sheet.notes).map(text);
    let head = sheet.head.iter().map(|t| Entry::Text(t.clone())).collect();
    let rows = preface.chain([Vec::new(), head]).chain(sheet.rows.iter().cloned());
    for row in rows {
        xml.push_str("<row>");
        for entry in row {
            match entry {
                Entry::Text(text) => {
                    let text = escaped(&text);
                    let _infallible = write!(
                        xml,
                        "<c t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>"
                    );
                }
                Entry::Number(n) => {
                    let _infallible = write!(xml, "<c><v>{n}</v></c>");
                }
                Entry::Empty => xml.push_str("<c/>"),
            }
        }
        xml.push_str("</row>");
    }
    xml.push_str("</sheetData></worksheet>");
    xml
}

/// XML text without what XML 1.0 cannot hold.
pub(super) fn escaped(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'));
    let kept: String = kept.filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
    kept.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A ZIP archive of stored entries, dated 1 January 1980: the same table gives the same bytes.
fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in entries {
        let start = size(bytes.len());
        let mut crc = Crc::new();
        crc.update(content.as_bytes());
        let mut header = Vec::new();
        // Version 2.0, UTF-8 names, stored, midnight of the first day that ZIP knows.
        for field in [20_u16, 0x0800, 0, 0, 0x0021] {
            header.extend(field.to_le_bytes());
        }
        for field in [crc.sum(), size(content.len()), size(content.len())] {
            header.extend(field.to_le_bytes());
        }
        header.extend(short(name.len()).to_le_bytes());
        header.extend([0; 2]);
        bytes.extend(*b"PK\x03\x04");
        bytes.extend(&header);
        bytes.extend(name.as_bytes());
        bytes.extend(content.as_bytes());
        directory.extend(*b"PK\x01\x02\x14\x00");
        directory.extend(header);
        // No comment, first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = size(bytes.len());
    bytes.extend(&directory);
    bytes.extend(*b"PK\x05\x06\x00\x00\x00\x00");
    for _ in 0..2 {
        bytes.extend(short(entries.len()).to_le_bytes());
    }
    bytes.extend(size(directory.len()).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

/// A table of counts is far below 4 GiB.
fn size(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn short(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workbook_is_an_archive_whose_directory_points_at_its_entries() {
        let sheet = Sheet {
            title: String::from("Orpailleurs <&>"),
            notes: vec![String::from("note \u{1}")],
            head: vec![String::from("n")],
            rows: vec![vec![Entry::Number(5)], vec![Entry::Empty]],
        };
        let bytes = workbook(&sheet);

        let end = bytes.len() - 22;
        assert_eq!(&bytes[end..end + 4], b"PK\x05\x06");
        let at = |i: usize| {
            usize::try_from(u32::from_le_bytes(bytes[i..i + 4].try_into().unwrap())).unwrap()
        };
        let mut entry = at(end + 16);
        for _ in 0..5 {
            assert_eq!(&bytes[entry..entry + 4], b"PK\x01\x02");
            let local = at(entry + 42);
            assert_eq!(&bytes[local..local + 4], b"PK\x03\x04");
            entry += 46
                + usize::from(u16::from_le_bytes(
                    bytes[entry + 28..entry + 30].try_into().unwrap(),
                ));
        }
        assert_eq!(entry, end);
        let xml = cells(&sheet);
        assert!(xml.contains("Orpailleurs &lt;&amp;&gt;") && xml.contains("<c><v>5</v></c>"));
        assert!(!xml.contains('\u{1}'));
    }
}
