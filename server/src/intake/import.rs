//! Lines of a base list, as they stand in the journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, value::RawValue};
use uuid::Uuid;

/// Before the name of the base list, in place of the id of a form.
const FORM: &str = "import/";

/// The base list that events under this form id are of.
pub fn list_of_form(form_id: &str) -> Option<&str> {
    form_id.strip_prefix(FORM)
}

/// Some lines of a base list: the content of a journal event.
#[derive(Clone, Debug, Deserialize)]
pub struct Import {
    /// The import it is part of.
    pub import_id: Uuid,
    /// The base list.
    pub dataset: String,
    /// What its lines say.
    pub rows: Vec<ImportRow>,
}

/// What one line says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportRow {
    /// Its place in the file, from 1.
    pub line: u64,
    /// The entity.
    pub id: Uuid,
    /// By what the line is known again.
    pub code: String,
    /// The name of a place or an organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Degrees east and north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<[f64; 2]>,
    /// Properties of class "none".
    #[serde(default)]
    pub open: BTreeMap<String, Json>,
    /// Properties that identify somebody.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sealed: BTreeMap<String, Json>,
}

impl ImportRow {
    /// Everything that it says, by property.
    pub fn values(&self) -> Map<String, Json> {
        let all = self.open.iter().chain(&self.sealed);
        let mut values: Map<String, Json> =
            all.map(|(name, value)| (name.clone(), value.clone())).collect();
        if let Some(label) = &self.label {
            values.insert(String::from("label"), label.as_str().into());
        }
        values
    }
}

#[derive(Serialize)]
struct Written<'a> {
    import_id: Uuid,
    dataset: &'a str,
    rows: Vec<&'a RawValue>,
}

impl Import {
    /// As written into the journal, from rows that are JSON already.
    ///
    /// # Errors
    /// When one is not.
    pub fn write(
        import_id: Uuid,
        dataset: &str,
        rows: &[Box<str>],
    ) -> Result<Vec<u8>, serde_json::Error> {
        let rows = rows.iter().map(|row| serde_json::from_str(row)).collect::<Result<_, _>>()?;
        serde_json::to_vec(&Written { import_id, dataset, rows })
    }

    /// Reads what [`Import::write`] wrote.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// What stands in place of a form's id.
    pub fn form_id(dataset: &str) -> String {
        format!("{FORM}{dataset}")
    }
}
