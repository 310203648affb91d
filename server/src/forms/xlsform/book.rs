//! The sheets of a questionnaire as tables: what stands under which header, and where.

use std::collections::BTreeMap;

use crate::import::{Capacity, SheetError, read_sheets};

/// Faults that are kept.
const KEPT: usize = 50;

/// Something wrong, or not covered, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("feuille « {sheet} », ligne {row}{} : {what}", column.as_ref().map(|c| format!(", colonne « {c} »")).unwrap_or_default())]
pub struct XlsFault {
    /// The sheet.
    pub sheet: String,
    /// The row, as a spreadsheet counts.
    pub row: u64,
    /// The header of the column.
    pub column: Option<String>,
    /// What, in French.
    pub what: String,
}

/// Faults as they are found.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<XlsFault>);

impl Faults {
    pub(super) fn add(&mut self, place: &Place<'_>, what: impl Into<String>) {
        if self.0.len() < KEPT {
            self.0.push(XlsFault {
                sheet: place.sheet.to_owned(),
                row: place.row,
                column: place.column.map(str::to_owned),
                what: what.into(),
            });
        }
    }

    pub(super) fn into_all(self) -> Vec<XlsFault> {
        self.0
    }
}

/// Where something stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) sheet: &'a str,
    pub(super) row: u64,
    pub(super) column: Option<&'a str>,
}

/// One row below the headers: cells that are not blank, by header.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) sheet: &'static str,
    pub(super) number: u64,
    pub(super) cells: BTreeMap<String, String>,
}

impl Row {
    pub(super) fn get(&self, header: &str) -> Option<&str> {
        self.cells.get(header).map(String::as_str)
    }

    pub(super) fn at<'a>(&self, column: &'a str) -> Place<'a> {
        Place { sheet: self.sheet, row: self.number, column: Some(column) }
    }

    pub(super) fn here(&self) -> Place<'static> {
        Place { sheet: self.sheet, row: self.number, column: None }
    }

    /// The cells of a column in every language: without `::language` under the empty text.
    pub(super) fn translations(&self, header: &str) -> Vec<(&str, &str)> {
        let of = |(name, _): &(&'_ String, &'_ String)| {
            name.as_str() == header || is_translation(name, header)
        };
        self.cells
            .iter()
            .filter(of)
            .map(|(name, text)| (name.get(header.len() + 2..).unwrap_or_default(), text.as_str()))
            .collect()
    }
}

fn is_translation(name: &str, header: &str) -> bool {
    name.strip_prefix(header).is_some_and(|rest| rest.starts_with("::"))
}

/// The questionnaire.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) survey: Vec<Row>,
    pub(super) choices: Vec<Row>,
    pub(super) settings: Option<Row>,
    pub(super) entities: Vec<Row>,
    /// Languages in the order of their columns.
    pub(super) languages: Vec<String>,
    /// Headers of the choices sheet, in their order.
    pub(super) choice_headers: Vec<String>,
}

const SHEETS: [&str; 4] = ["survey", "choices", "settings", "entities"];

impl Book {
    pub(super) fn read(workbook: &[u8], faults: &mut Faults) -> Result<Self, SheetError> {
        let mut book = Self::default();
        let wanted = |name: &str| SHEETS.contains(&name.trim().to_lowercase().as_str());
        for sheet in read_sheets(workbook, Capacity::Questionnaire, wanted)? {
            let name = sheet.name.trim().to_lowercase();
            let Some(name) = SHEETS.into_iter().find(|known| *known == name) else { continue };
            let mut rows =
                sheet.rows().filter(|(_, cells)| cells.iter().any(|c| !c.trim().is_empty()));
            let Some((number, titles)) = rows.next() else { continue };
            let headers: Vec<String> = titles.iter().map(|title| header(name, title)).collect();
            for (at, title) in headers.iter().enumerate().filter(|(_, t)| !t.is_empty()) {
                if headers.iter().take(at).any(|before| before == title) {
                    let place = Place { sheet: name, row: number, column: Some(title) };
                    faults.add(&place, "cette colonne est là deux fois");
                }
            }
            book.learn_languages(&headers);
            let rows = rows.map(|(number, cells)| row(name, number, &headers, cells)).collect();
            match name {
                "survey" => book.survey = rows,
                "choices" => (book.choices, book.choice_headers) = (rows, headers),
                "settings" => book.settings = rows.into_iter().next(),
                _ => book.entities = rows,
            }
        }
        if book.survey.is_empty() {
            let place = Place { sheet: "survey", row: 1, column: None };
            faults.add(&place, "la feuille « survey » manque ou ne contient aucune question");
        }
        Ok(book)
    }

    fn learn_languages(&mut self, headers: &[String]) {
        for header in headers {
            let translated = TRANSLATED.iter().any(|column| is_translation(header, column));
            let language = header.rsplit("::").next().filter(|_| translated);
            if let Some(language) =
                language.filter(|l| !self.languages.iter().any(|known| known == l))
            {
                self.languages.push(language.to_owned());
            }
        }
    }
}

/// Columns that can be in several languages.
pub(super) const TRANSLATED: [&str; 7] = [
    "label",
    "hint",
    "constraint_message",
    "required_message",
    "media::image",
    "media::audio",
    "media::video",
];

fn row(sheet: &'static str, number: u64, headers: &[String], cells: Vec<String>) -> Row {
    let filled = headers.iter().zip(cells).filter(|(h, c)| !h.is_empty() && !c.trim().is_empty());
    let cells = filled.map(|(header, cell)| (header.clone(), clean(&cell))).collect();
    Row { sheet, number, cells }
}

/// Spaces around go, line breaks stay; quotes that a word processor bent are straight again.
fn clean(cell: &str) -> String {
    cell.trim().replace('\r', "")
}

/// A header as it is looked for: other spellings of old forms become the one of today.
fn header(sheet: &str, title: &str) -> String {
    let title = title.trim();
    let (first, rest) = match title.split_once("::") {
        Some((first, rest)) => (first.trim(), Some(rest.trim())),
        None => (title, None),
    };
    let plain = first.to_lowercase().replace(' ', "_");
    let known = match (sheet, plain.as_str()) {
        ("survey", "relevance") => "relevant",
        ("survey", "calculate") => "calculation",
        ("survey", "readonly") => "read_only",
        ("survey" | "choices", "caption") => "label",
        ("survey" | "choices", "image" | "audio" | "video") => {
            let rest = rest.map(|r| format!("::{r}")).unwrap_or_default();
            return format!("media::{plain}{rest}");
        }
        ("survey", "command") => "type",
        ("survey", "save_to" | "entities:saveto") => "save_to",
        ("choices", "value") => "name",
        ("settings", "id_string") => "form_id",
        ("settings", "title") => "form_title",
        ("entities", "dataset") => "list_name",
        _ => plain.as_str(),
    };
    // Names of our own columns keep their letters: `sanu:dataset`, columns of choices that filters name.
    let keeps = sheet == "choices" && !matches!(known, "list_name" | "name" | "label" | "media");
    let first = if keeps || known.contains(':') { first } else { known };
    match rest {
        Some(rest) => format!("{first}::{rest}"),
        None => first.to_owned(),
    }
}
