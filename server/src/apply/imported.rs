//! What lines of a base list say to the register: a list of the authorities, so nobody has to accept it.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

use serde_json::{Value as Json, json};

use super::{
    change::{EntityChange, Facts},
    event::{self, Content},
    interpret::{Interpretation, RecordState, kept_aside},
};
use crate::{
    db::{Result, Tx},
    geo::Position,
    intake::{EventKind, Import, ImportRow},
    keys::{MasterKeys, Realm},
};

/// Interprets lines of a base list; pure, as for submissions.
pub(super) fn interpret_import(content: &Content) -> Interpretation {
    let Some(import) = Import::read(&content.xml) else {
        return kept_aside("undecodable", "A01", content);
    };
    let of = |row: ImportRow| Arc::new(change(&import.dataset, row));
    let answers = json!({ "import_id": import.import_id, "lines": import.rows.len() });
    Interpretation {
        state: RecordState::Received,
        reason: "",
        violations: Vec::new(),
        rules: Vec::new(),
        dataset: import.dataset.clone(),
        answers: answers.to_string(),
        sealed: content.key.seal(b"record", b"{}"),
        expected_files: Vec::new(),
        changes: import.rows.into_iter().map(of).collect(),
        withheld: Vec::new(),
        is_readable: true,
        asks: None,
        interviewed: None,
    }
}

/// Events read at once.
const PAGE: i64 = 64;

/// Reads the lines of base lists that stand between two places of the journal, both included, in order.
pub async fn read_imports(
    tx: &mut Tx,
    (first, last): (i64, i64),
    keys: &MasterKeys,
    take: &mut (dyn FnMut(Import) + Send),
) -> Result<()> {
    let mut seq = first - 1;
    while seq < last {
        let page = event::after(tx, seq, PAGE.min(last - seq), keys).await?;
        let Some(end) = page.last() else { return Ok(()) };
        seq = end.seq;
        let imports = page.into_iter().filter(|e| e.kind == EventKind::Import);
        for import in imports.filter_map(|e| Import::read(&e.content?.xml)) {
            take(import);
        }
    }
    Ok(())
}

fn change(dataset: &str, row: ImportRow) -> EntityChange {
    let text = |name: &str| row.open.get(name).and_then(Json::as_str).map(str::to_owned);
    let facts = Facts {
        status: text("status").filter(|_| dataset == "sites"),
        district: text("mining_district"),
        ..Facts::default()
    };
    let mut open = row.open;
    open.insert(String::from("source"), "import".into());
    EntityChange {
        dataset: dataset.to_owned(),
        realm: Realm::Adults,
        entity_id: row.id,
        // Made if it is not there, changed if it is.
        create: true,
        update: false,
        base_version: 0,
        trunk_version: 0,
        branch_id: String::new(),
        registers: false,
        forced: false,
        settles: 0,
        label: row.label,
        open,
        sealed: row.sealed,
        block_keys: BTreeSet::new(),
        site_id: None,
        position: row.at.and_then(|[lon, lat]| Position::new(lon, lat)),
        facts,
        made: None,
        stored: OnceLock::new(),
    }
}
