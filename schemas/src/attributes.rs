//! What a code list says of a code besides its label: the domain of a task, the segment of a role.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::codelists;

/// Returns what a column of a code list says of a code; a blank cell says nothing.
pub fn attribute(list: &str, code: &str, column: &str) -> Option<&'static str> {
    static LISTS: OnceLock<HashMap<&'static str, Attributes>> = OnceLock::new();
    let lists = LISTS.get_or_init(|| {
        codelists::tables().iter().map(|&(name, text)| (name, Attributes::read(text))).collect()
    });
    let list = lists.get(list)?;
    let at = list.columns.iter().position(|known| known == column)?;
    let cell = list.rows.get(code)?.get(at)?.as_str();
    (!cell.is_empty()).then_some(cell)
}

/// A code list with all its columns.
struct Attributes {
    columns: Vec<String>,
    rows: HashMap<String, Vec<String>>,
}

impl Attributes {
    fn read(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns = reader.headers().map(owned).unwrap_or_default();
        let rows = reader
            .records()
            .filter_map(Result::ok)
            .filter_map(|row| Some((row.get(0)?.to_owned(), owned(&row))))
            .collect();
        Self { columns, rows }
    }
}

fn owned(row: &csv::StringRecord) -> Vec<String> {
    row.iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_the_attributes_of_its_list() {
        assert_eq!(attribute("child_task", "dig_pit", "domain"), Some("mining"));
        assert_eq!(attribute("child_task", "home_chores", "hazardous"), None);
        assert_eq!(attribute("communes", "bafoulabe__bamafele", "cercle_2023"), Some("bafoulabe"));
        assert_eq!(attribute("child_task", "dig_pit", "colour"), None);
        assert_eq!(attribute("child_task", "unheard_of", "domain"), None);
        assert_eq!(attribute("unheard_of", "dig_pit", "domain"), None);
    }
}
