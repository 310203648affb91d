//! Reads the file of a base list into lines whose values are typed, and tells everything that is wrong with it.

use std::collections::{BTreeSet, HashMap};

use sanu_schemas::{ImportColumn, ImportKind};
use serde_json::{Map, Value as Json};

use super::{
    columns::{Columns, ColumnsError},
    doubts::doubts,
    sheets::{Capacity, SheetError, read_sheets},
    text::{self, Records},
    value,
};

/// Lines of the longest list.
const LINES_MAX: u64 = 300_000;
/// Faults that are told one by one.
const TOLD: usize = 200;

/// A file that is no list.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Its columns.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// Its workbook.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// Nothing below the titles, or nothing at all.
    #[error("le fichier ne contient aucune ligne")]
    Empty,
    /// More than a list can have.
    #[error("plus de {LINES_MAX} lignes : partager la liste en plusieurs fichiers")]
    TooLong,
    /// A title line with a broken quote.
    #[error("ligne {0} : {1}")]
    Titles(u64, text::QuoteError),
}

/// Something wrong on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, as an editor or a spreadsheet counts, from 1.
    pub line: u64,
    /// What, in French.
    pub what: String,
}

/// One line of a list.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it is.
    pub line: u64,
    /// By what it is known again, in capitals.
    pub key: String,
    /// The zone that it names.
    pub zone: Option<String>,
    /// Its values by property, as JSON: kept small, for lists of hundreds of thousands.
    pub values: Box<str>,
}

/// A list as read.
#[derive(Debug, Default)]
pub struct List {
    /// Its lines without a fault.
    pub lines: Vec<Line>,
    /// What is wrong, the first of it.
    pub faults: Vec<Fault>,
    /// How many faults there are in all.
    pub fault_count: u64,
    /// The lines that they are on.
    pub faulty: BTreeSet<u64>,
    /// What is doubtful, the first of it: such lines are written all the same.
    pub warnings: Vec<Fault>,
    /// How much is doubtful in all.
    pub warning_count: u64,
    /// Headers of which nothing is used.
    pub unused: Vec<String>,
    /// How the file is written: encoding and separator, or the sheet.
    pub written: String,
}

impl List {
    pub(super) fn fault(&mut self, line: u64, what: String) {
        self.fault_count += 1;
        self.faulty.insert(line);
        if self.faults.len() < TOLD {
            self.faults.push(Fault { line, what });
        }
    }

    fn warn(&mut self, line: u64, what: String) {
        self.warning_count += 1;
        if self.warnings.len() < TOLD {
            self.warnings.push(Fault { line, what });
        }
    }
}

/// Reads a list; `told` hears how many lines are read.
///
/// # Errors
/// When it is no list at all. What is wrong with single lines stands in the list.
pub fn read_list(
    dataset: &str,
    bytes: Vec<u8>,
    told: &mut dyn FnMut(u64),
) -> Result<List, FileError> {
    if bytes.starts_with(b"PK") {
        return read_workbook(dataset, &bytes, told);
    }
    let (text, encoding) = text::decode(bytes);
    let separator = text::separator(&text);
    let mut records = Records::new(&text, separator);
    let mut cells = Vec::new();
    let columns = loop {
        match records.next(&mut cells).ok_or(FileError::Empty)? {
            (line, Err(error)) => return Err(FileError::Titles(line, error)),
            (_, Ok(())) if is_blank(&cells) => {}
            (_, Ok(())) => break Columns::find(dataset, &cells)?,
        }
    };
    let name = match separator {
        '\t' => "tabulation",
        ',' => "virgule",
        _ => "point-virgule",
    };
    let mut reading = Reading::new(columns, format!("{encoding}, séparateur {name}"));
    while let Some((line, read)) = records.next(&mut cells) {
        match read {
            Ok(()) => reading.take(line, &cells)?,
            Err(error) => reading.list.fault(line, error.to_string()),
        }
        told(records.line());
    }
    reading.finish()
}

fn read_workbook(
    dataset: &str,
    bytes: &[u8],
    told: &mut dyn FnMut(u64),
) -> Result<List, FileError> {
    for sheet in read_sheets(bytes, Capacity::List, |_| true)? {
        let mut rows = sheet.rows().skip_while(|(_, cells)| is_blank(cells));
        let Some((_, titles)) = rows.next() else { continue };
        let columns = Columns::find(dataset, &titles)?;
        let mut reading = Reading::new(columns, format!("feuille « {} »", sheet.name));
        for (line, cells) in rows {
            reading.take(line, &cells)?;
            told(line);
        }
        return reading.finish();
    }
    Err(FileError::Empty)
}

fn is_blank(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.trim().is_empty())
}

/// A list half read.
struct Reading {
    columns: Columns,
    list: List,
    /// The line that each key was first met on.
    met: HashMap<String, u64>,
}

impl Reading {
    fn new(columns: Columns, written: String) -> Self {
        let unused = columns.unused().into_iter().map(str::to_owned).collect();
        let list = List { unused, written, ..List::default() };
        Self { columns, list, met: HashMap::new() }
    }

    fn finish(self) -> Result<List, FileError> {
        let is_empty = self.list.lines.is_empty() && self.list.fault_count == 0;
        if is_empty { Err(FileError::Empty) } else { Ok(self.list) }
    }

    fn take(&mut self, line: u64, cells: &[String]) -> Result<(), FileError> {
        if is_blank(cells) {
            return Ok(());
        }
        if line > LINES_MAX {
            return Err(FileError::TooLong);
        }
        let before = self.list.fault_count;
        if cells.len() > self.columns.of.len()
            && cells.iter().skip(self.columns.of.len()).any(|c| !c.trim().is_empty())
        {
            let wanted = self.columns.of.len();
            self.list.fault(line, format!("{} valeurs pour {wanted} colonnes", cells.len()));
        }
        let values = self.values(line, cells);
        let Some(key) = key(&values) else { return Ok(()) };
        self.check_together(line, &values);
        if let Some(first) = self.met.get(&key) {
            self.list.fault(line, format!("« {key} » est déjà sur la ligne {first}"));
        } else {
            self.met.insert(key.clone(), line);
        }
        if self.list.fault_count == before {
            for what in doubts(&values) {
                self.list.warn(line, what);
            }
            let zone = values.get("zone").and_then(Json::as_str).map(str::to_owned);
            let values = Json::Object(values).to_string().into_boxed_str();
            self.list.lines.push(Line { line, key, zone, values });
        }
        Ok(())
    }

    fn values(&mut self, line: u64, cells: &[String]) -> Map<String, Json> {
        let mut values = Map::new();
        let empty = String::new();
        for (at, column) in self.columns.of.iter().enumerate() {
            let Some(column) = *column else { continue };
            let cell = cells.get(at).unwrap_or(&empty).trim();
            let read = match (cell.is_empty(), column.required) {
                (true, false) => continue,
                (true, true) => Err(String::from("manque")),
                (false, _) => value::read(column, cell),
            };
            match read {
                Ok(value) => {
                    values.insert(column.property.clone(), value);
                }
                Err(why) => {
                    let what = wrong(column, cell, &why);
                    self.list.fault(line, what);
                }
            }
        }
        values
    }

    /// What two columns must say together.
    fn check_together(&mut self, line: u64, values: &Map<String, Json>) {
        if values.contains_key("lat") != values.contains_key("lon") {
            self.list.fault(line, String::from("latitude et longitude vont ensemble"));
        }
        let whole = |name: &str| values.get(name).and_then(Json::as_i64);
        if let (Some(first), Some(last)) = (whole("first"), whole("last"))
            && first > last
        {
            self.list.fault(line, format!("la première carte ({first}) suit la dernière ({last})"));
        }
        if let (Some(women), Some(all)) = (whole("members_women"), whole("members_total"))
            && women > all
        {
            self.list.fault(line, format!("{women} femmes sur {all} membres"));
        }
        if let (Some(least), Some(most)) = (whole("gold_min"), whole("gold_max"))
            && least > most
        {
            let what = format!("le prix le plus bas ({least}) dépasse le plus haut ({most})");
            self.list.fault(line, what);
        }
        let day = |name: &str| values.get(name).and_then(Json::as_str);
        if let (Some(starts), Some(ends)) = (day("starts"), day("ends"))
            && starts > ends
        {
            self.list.fault(line, String::from("le premier jour suit le dernier"));
        }
    }
}

/// By what a line is known again: its code, or the range of its cards.
fn key(values: &Map<String, Json>) -> Option<String> {
    if let Some(code) = values.get("code").and_then(Json::as_str) {
        return Some(code.to_owned());
    }
    let card = |name: &str| values.get(name).and_then(Json::as_i64);
    Some(format!("{:07}-{:07}", card("first")?, card("last")?))
}

/// A value of what identifies somebody is not repeated.
fn wrong(column: &ImportColumn, cell: &str, why: &str) -> String {
    if cell.is_empty() {
        return format!("colonne « {} » : {why}", column.title_fr);
    }
    if column.is_direct || column.kind == ImportKind::Text {
        return format!("colonne « {} » : {why}", column.title_fr);
    }
    let shown: String = cell.chars().take(40).collect();
    format!("colonne « {} » : « {shown} » {why}", column.title_fr)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(dataset: &str, text: &str) -> List {
        read_list(dataset, text.as_bytes().to_vec(), &mut |_| {}).unwrap()
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let list = list(
            "sites",
            "Code;Nom;Latitude;Longitude\nS1;Bala;12,5;-8,1\n;Sans code;;\nS3;Nord;abc;-8\n\nS1;Encore;;\nS5;Seul;12;\n",
        );

        let told: Vec<_> = list.faults.iter().map(|f| (f.line, f.what.as_str())).collect();
        assert_eq!(list.lines.len(), 1);
        assert_eq!(told[0].0, 3);
        assert!(told[0].1.contains("Code du site"), "{told:?}");
        assert_eq!(told[1].0, 4);
        assert!(told[1].1.contains("« abc »"), "{told:?}");
        assert!(told.iter().any(|(line, what)| *line == 6 && what.contains("ligne 2")), "{told:?}");
        assert!(
            told.iter().any(|(line, what)| *line == 7 && what.contains("vont ensemble")),
            "{told:?}"
        );
    }

    #[test]
    fn names_of_people_are_not_repeated_in_messages() {
        let long = "Awa ".repeat(200);
        let list = list("agents", &format!("code;nom\nKA001;{long}\n"));

        assert_eq!(list.fault_count, 1);
        assert!(!list.faults[0].what.contains("Awa"), "{:?}", list.faults);
    }
}
