//! A small table as a file: CSV, CSV for French Excel, XLSX.

use super::xlsx;

/// One entry of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
    /// Nothing.
    Empty,
}

/// A table with its title, and what must be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// What it is.
    pub title: String,
    /// Date, source, protection: one sentence each.
    pub notes: Vec<String>,
    /// The heading of each column.
    pub head: Vec<String>,
    /// The rows, as wide as the head.
    pub rows: Vec<Vec<Entry>>,
}

impl Sheet {
    /// RFC 4180 in UTF-8: a heading and the rows, for programs.
    pub fn csv(&self) -> Vec<u8> {
        self.separated(b',')
    }

    /// What French Excel opens by a double click: `;` between columns, and a byte order mark,
    /// without which it would read accents wrongly.
    pub fn excel_csv(&self) -> Vec<u8> {
        let mut bytes = "\u{feff}".as_bytes().to_vec();
        bytes.extend(self.separated(b';'));
        bytes
    }

    /// A workbook of one sheet: title, notes, heading, rows.
    pub fn xlsx(&self) -> Vec<u8> {
        xlsx::workbook(self)
    }

    fn separated(&self, separator: u8) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(separator)
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        writer.write_record(&self.head).expect("writing to a Vec cannot fail");
        for row in &self.rows {
            let line = row.iter().map(|entry| match entry {
                Entry::Text(text) => harmless(text),
                Entry::Number(n) => n.to_string(),
                Entry::Empty => String::new(),
            });
            writer.write_record(line).expect("writing to a Vec cannot fail");
        }
        writer.into_inner().expect("writing to a Vec cannot fail")
    }
}

/// The text so that no spreadsheet takes it for a formula.
pub fn harmless(text: &str) -> String {
    if is_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// Whether a spreadsheet would compute this text.
pub(super) fn is_formula(text: &str) -> bool {
    // Some programs also compute after the wide forms of these signs, which East Asian keyboards type.
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        Sheet {
            title: String::from("Sites"),
            notes: Vec::new(),
            head: vec![String::from("Région"), String::from("Nombre")],
            rows: vec![
                vec![Entry::Text(String::from("Ségou; \"est\"")), Entry::Number(12)],
                vec![Entry::Text(String::from("=1+1")), Entry::Empty],
            ],
        }
    }

    #[test]
    fn wide_signs_are_signs() {
        assert_eq!(harmless("＝1+1"), "'＝1+1");
        assert_eq!(harmless("Kéniéba"), "Kéniéba");
    }

    #[test]
    fn csv_is_quoted_and_holds_no_formula() {
        assert_eq!(
            String::from_utf8(sheet().csv()).unwrap(),
            "Région,Nombre\r\n\"Ségou; \"\"est\"\"\",12\r\n'=1+1,\r\n"
        );
        let excel = sheet().excel_csv();
        assert!(excel.starts_with(b"\xef\xbb\xbf"));
        assert!(String::from_utf8(excel).unwrap().contains("Région;Nombre\r\n"));
    }
}
