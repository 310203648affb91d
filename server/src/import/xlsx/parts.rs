//! Which part of the archive is what: the sheets by name, the shared texts, the styles.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::archive::{Archive, attribute};
use crate::import::SheetError;

/// The parts of a workbook.
#[derive(Debug)]
pub(in crate::import) struct Parts {
    /// Sheets with cells, in the order of their tabs: name and part.
    pub(in crate::import) sheets: Vec<(String, String)>,
    /// Whether days are counted from 1904.
    pub(in crate::import) is_1904: bool,
    pub(super) strings: Option<String>,
    pub(super) styles: Option<String>,
}

/// A relation of one part to others.
struct Relation {
    part: String,
    /// The last word of its type.
    kind: String,
}

impl Parts {
    pub(in crate::import) fn find(archive: &mut Archive<'_>) -> Result<Self, SheetError> {
        let package = relations(archive, "_rels/.rels", "")?;
        let workbook = package.into_values().find(|r| r.kind == "officeDocument");
        let workbook = workbook.map_or_else(|| String::from("xl/workbook.xml"), |r| r.part);
        let (folder, file) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let related = relations(archive, &format!("{folder}_rels/{file}.rels"), &folder)?;
        let of_kind =
            |kind: &str| related.values().find(|r| r.kind == kind).map(|r| r.part.clone());
        let (strings, styles) = (of_kind("sharedStrings"), of_kind("styles"));
        let mut found = Self { sheets: Vec::new(), is_1904: false, strings, styles };
        let missing = || SheetError::NotAWorkbook(String::from("pas de classeur dans l'archive"));
        let mut xml = archive.small(&workbook)?.ok_or_else(missing)?;
        loop {
            match xml.next()? {
                Event::Start(e) if e.local_name().as_ref() == "sheet" => {
                    let relation = attribute(&e, "id").and_then(|id| related.get(&id));
                    let sheet = relation.filter(|r| r.kind == "worksheet");
                    if let (Some(name), Some(sheet)) = (attribute(&e, "name"), sheet) {
                        found.sheets.push((name, sheet.part.clone()));
                    }
                }
                Event::Start(e) if e.local_name().as_ref() == "workbookPr" => {
                    let said = attribute(&e, "date1904");
                    found.is_1904 |= matches!(said.as_deref(), Some("1" | "true"));
                }
                Event::Eof => return Ok(found),
                _ => {}
            }
        }
    }
}

fn relations(
    archive: &mut Archive<'_>,
    name: &str,
    folder: &str,
) -> Result<HashMap<String, Relation>, SheetError> {
    let mut found = HashMap::new();
    let Some(mut xml) = archive.small(name)? else { return Ok(found) };
    loop {
        match xml.next()? {
            Event::Start(e) if e.local_name().as_ref() == "Relationship" => {
                let [id, target, kind] = ["Id", "Target", "Type"].map(|name| attribute(&e, name));
                let (Some(id), Some(target), Some(kind)) = (id, target, kind) else { continue };
                let part = match target.strip_prefix('/') {
                    Some(absolute) => absolute.to_owned(),
                    None => format!("{folder}{}", target.trim_start_matches("./")),
                };
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                found.insert(id, Relation { part, kind });
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}
