//! Workbooks as people make them, and as nobody does.

use std::io::{Cursor, Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};

use crate::import::{Capacity, SheetError, read_sheets};

const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook of one sheet; each part given replaces the one that is there.
fn workbook(parts: &[(&str, &str)]) -> Vec<u8> {
    let relation = |id: &str, kind: &str, part: &str| {
        format!(r#"<Relationship Id="{id}" Type="{RELATION}/{kind}" Target="{part}"/>"#)
    };
    let package = relation("r1", "officeDocument", "xl/workbook.xml");
    let book = [
        relation("r1", "worksheet", "worksheets/sheet1.xml"),
        relation("r2", "sharedStrings", "sharedStrings.xml"),
        relation("r3", "styles", "/xl/styles.xml"),
    ];
    let defaults = [
        ("_rels/.rels", format!("<Relationships>{package}</Relationships>")),
        ("xl/_rels/workbook.xml.rels", format!("<Relationships>{}</Relationships>", book.concat())),
        (
            "xl/workbook.xml",
            String::from(
                r#"<workbook><sheets><sheet name="Liste" sheetId="1" r:id="r1"/></sheets></workbook>"#,
            ),
        ),
    ];
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let given = |name: &str| parts.iter().any(|(own, _)| *own == name);
    let defaults = defaults.iter().map(|(name, text)| (*name, text.as_str()));
    for (name, text) in defaults.filter(|(name, _)| !given(name)).chain(parts.iter().copied()) {
        out.start_file(name, SimpleFileOptions::default()).unwrap();
        out.write_all(text.as_bytes()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

fn sheet(rows: &str) -> String {
    format!("<?xml version=\"1.0\"?><worksheet><sheetData>{rows}</sheetData></worksheet>")
}

/// The rows of the first sheet.
fn rows(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>, SheetError> {
    let sheets = read_sheets(bytes, Capacity::Questionnaire, |_| true)?;
    Ok(sheets.first().map(|sheet| sheet.rows().collect()).unwrap_or_default())
}

fn is_too_large(bytes: &[u8]) -> bool {
    matches!(rows(bytes), Err(SheetError::TooLarge(_)))
}

#[test]
fn a_cell_reads_as_a_person_sees_it() {
    let styles = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"dd/mm/yyyy\"/></numFmts>\
         <cellStyleXfs><xf numFmtId=\"0\"/></cellStyleXfs>\
         <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>";
    let strings = "<sst><si><t>Orpaillage &amp; or</t></si><si><r><t>Ba</t></r><r><t xml:space=\"preserve\">la </t></r>\
         <rPh><t>x</t></rPh></si></sst>";
    let cells = sheet(
        "<row r=\"3\"><c r=\"B3\" t=\"s\"><v>0</v></c><c r=\"C3\" t=\"s\"><v>1</v></c><c r=\"E3\" s=\"1\"><v>46347</v></c>\
         <c t=\"inlineStr\"><is><t> K&#233;ni&#xE9;ba </t></is></c></row>\
         <row><c/><c><v>12.50</v></c><c t=\"b\"><v>1</v></c><c t=\"e\"><v>#N/A</v></c><c t=\"str\"><f>A1</f><v>d'or</v></c>\
         <c t=\"d\"><v>2026-11-21</v></c><c t=\"s\"><v>9</v></c></row>",
    );
    let bytes = workbook(&[
        ("xl/styles.xml", styles),
        ("XL/SharedStrings.xml", strings),
        ("xl/worksheets/sheet1.xml", &cells),
    ]);

    let read = rows(&bytes).unwrap();

    assert_eq!(
        read,
        [
            (
                3,
                ["Orpaillage & or", "Bala ", "", "2026-11-21", "Kéniéba"]
                    .map(str::to_owned)
                    .to_vec()
            ),
            (4, ["12.5", "TRUE", "", "d'or", "2026-11-21"].map(str::to_owned).to_vec()),
        ]
    );
}

#[test]
fn two_cells_in_the_corners_are_two_cells() {
    let far = sheet(
        "<row r=\"1048576\"><c r=\"XFD1048576\"><v>2</v></c></row><row r=\"1\"><c r=\"A1\"><v>1</v></c></row>",
    );

    let read = rows(&workbook(&[("xl/worksheets/sheet1.xml", &far)])).unwrap();

    assert_eq!((read.len(), read[0].0, read[1].0), (2, 1, 1_048_576));
    assert_eq!((read[0].1.len(), read[1].1.len()), (1, 16_384));
    for beyond in ["<c r=\"XFE1\"><v>1</v></c>", "<c r=\"A1048577\"><v>1</v></c>"] {
        let bytes = workbook(&[("xl/worksheets/sheet1.xml", &sheet(beyond))]);
        assert!(is_too_large(&bytes), "{beyond}");
    }
}

#[test]
fn rows_that_are_each_as_wide_as_a_sheet_are_refused() {
    let wide = (1..=300).map(|n| format!("<c r=\"A{n}\"><v>1</v></c><c r=\"XFD{n}\"><v>1</v></c>"));

    assert!(is_too_large(&workbook(&[(
        "xl/worksheets/sheet1.xml",
        &sheet(&wide.collect::<String>())
    )])));
}

#[test]
fn one_long_text_in_many_cells_is_refused() {
    let long = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(100_000));
    let cells = sheet(&"<row><c t=\"s\"><v>0</v></c></row>".repeat(400));

    let bytes = workbook(&[("xl/sharedStrings.xml", &long), ("xl/worksheets/sheet1.xml", &cells)]);

    assert!(bytes.len() < 10_000 && is_too_large(&bytes));
}

#[test]
fn more_cells_or_shared_texts_than_a_questionnaire_has_are_refused() {
    let cells = sheet(&"<c r=\"A1\"><v>1</v></c>".repeat(1_100_000));
    let strings = format!("<sst>{}</sst>", "<si/>".repeat(1_100_000));

    assert!(is_too_large(&workbook(&[("xl/worksheets/sheet1.xml", &cells)])));
    assert!(is_too_large(&workbook(&[
        ("xl/sharedStrings.xml", &strings),
        ("xl/worksheets/sheet1.xml", &sheet("")),
    ])));
}

#[test]
fn what_a_part_really_unpacks_to_counts_and_not_what_the_archive_says() {
    let blank = sheet(&" ".repeat(70 << 20));
    let mut bytes = workbook(&[("xl/worksheets/sheet1.xml", &blank)]);
    let entries = [(&b"PK\x01\x02"[..], 24), (&b"PK\x03\x04"[..], 22)];
    for (mark, at) in entries {
        for found in memchr::memmem::find_iter(&bytes.clone(), mark) {
            bytes[found + at..found + at + 4].copy_from_slice(&100_u32.to_le_bytes());
        }
    }

    let read = rows(&bytes);

    assert!(matches!(read, Err(SheetError::TooLarge(_) | SheetError::NotAWorkbook(_))), "{read:?}");
    assert!(is_too_large(&workbook(&[("xl/worksheets/sheet1.xml", &blank)])));
    let styles = format!("<styleSheet>{}</styleSheet>", " ".repeat(9 << 20));
    assert!(is_too_large(&workbook(&[("xl/styles.xml", &styles)])));
}

#[test]
fn counts_that_a_part_declares_reserve_nothing() {
    let strings =
        format!("<sst count=\"{0}\" uniqueCount=\"{0}\"><si><t>a</t></si></sst>", u64::MAX);
    let cells = "<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData><row><c t=\"s\"><v>0</v></c></row>\
         </sheetData></worksheet>";

    let bytes =
        workbook(&[("xl/sharedStrings.xml", &strings), ("xl/worksheets/sheet1.xml", cells)]);

    assert_eq!(rows(&bytes).unwrap(), [(1, vec![String::from("a")])]);
}

#[test]
fn what_is_no_workbook_is_refused() {
    let entity = "<!DOCTYPE a [<!ENTITY b \"c\">]><worksheet><sheetData/></worksheet>";
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("the head of an archive", b"PK\x03\x04".to_vec()),
        ("a DTD", workbook(&[("xl/worksheets/sheet1.xml", entity)])),
        ("no sheet", workbook(&[])),
        ("half a cell", workbook(&[("xl/worksheets/sheet1.xml", "<worksheet><c><v>1")])),
        ("half a text", workbook(&[("xl/sharedStrings.xml", "<sst><si><t>")])),
    ] {
        assert!(matches!(rows(&bytes), Err(SheetError::NotAWorkbook(_))), "{what}");
    }
}
