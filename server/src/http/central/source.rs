//! Where the rows of a table come from, and how one is opened.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::{
    app::Base,
    central::{Cell, Row, actor_number},
    db::{DbError, Tx},
    keys::MasterKeys,
    runtime::Micros,
    store::{
        Scope, ZoneId,
        central_entities::{self, EntityRow},
        entities::Place,
        records::{self, RecordRow, Wanted},
    },
};

/// The rows of a table.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The submissions of a form.
    Form(Wanted),
    /// The entities of a dataset.
    Dataset {
        name: String,
        scope: Scope,
        /// With what is sealed.
        sealed: bool,
    },
}

/// A row as stored.
pub(super) enum Stored {
    Record(Box<RecordRow>),
    Entity(Box<EntityRow>),
}

/// What accounts and devices are called.
pub(super) type Senders = HashMap<Uuid, String>;

impl Source {
    /// The next rows after this mark; `None` when it is not one.
    pub(super) async fn page(
        &self,
        tx: &mut Tx,
        mark: &str,
        limit: i64,
    ) -> Result<Vec<Stored>, DbError> {
        Ok(match self {
            Self::Form(wanted) => {
                let after = mark.parse().ok();
                let rows = records::page(tx, wanted, after, limit).await?;
                rows.into_iter().map(|row| Stored::Record(Box::new(row))).collect()
            }
            Self::Dataset { name, scope, .. } => {
                let rows = central_entities::page(tx, scope, name, place(mark), limit).await?;
                rows.into_iter().map(|row| Stored::Entity(Box::new(row))).collect()
            }
        })
    }

    /// Whether this text is the mark of a row here, or no mark at all.
    pub(super) fn knows(&self, mark: &str) -> bool {
        mark.is_empty()
            || match self {
                Self::Form(_) => mark.parse::<Uuid>().is_ok(),
                Self::Dataset { .. } => place(mark).is_some(),
            }
    }

    /// How many rows there are.
    pub(super) async fn count(&self, tx: &mut Tx) -> Result<u64, DbError> {
        let count = match self {
            Self::Form(wanted) => records::count(tx, wanted).await?,
            Self::Dataset { name, scope, .. } => central_entities::count(tx, scope, name).await?,
        };
        Ok(u64::try_from(count)?)
    }

    /// The mark of the last of so many rows to pass over; `None` when it is not known without reading.
    pub(super) async fn pass(&self, tx: &mut Tx, rows: u64) -> Result<Option<String>, DbError> {
        let (Self::Form(wanted), Some(last)) = (self, rows.checked_sub(1)) else { return Ok(None) };
        let last = i64::try_from(last).unwrap_or(i64::MAX);
        Ok(records::nth(tx, wanted, last).await?.map(|id| id.to_string()))
    }

    const fn opens(&self) -> bool {
        match self {
            Self::Form(wanted) => wanted.sealed,
            Self::Dataset { sealed, .. } => *sealed,
        }
    }

    /// Opens a row as far as its reader may see.
    pub(super) fn open(
        &self,
        stored: &Stored,
        senders: &Senders,
        keys: &MasterKeys,
    ) -> Result<Row, DbError> {
        match stored {
            Stored::Record(row) => record(row, senders, keys),
            Stored::Entity(row) => entity(row, senders, keys, self.opens()),
        }
    }
}

impl Stored {
    /// Where it stands.
    pub(super) fn mark(&self) -> String {
        match self {
            Self::Record(row) => row.submission_id.to_string(),
            Self::Entity(row) => {
                let (zone, seq, id) = row.place();
                format!("{}.{seq}.{id}", zone.0)
            }
        }
    }
}

fn place(mark: &str) -> Option<Place> {
    let mut parts = mark.splitn(3, '.');
    let zone = parts.next()?.parse().ok()?;
    Some((ZoneId(zone), parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn number(sender: Option<Uuid>) -> Cell {
    sender.map_or(Cell::Null, |id| text(actor_number(id).to_string()))
}

fn name(sender: Option<Uuid>, senders: &Senders) -> Cell {
    sender.and_then(|id| senders.get(&id)).map_or(Cell::Null, text)
}

/// When a submission was first received: its id begins with that, in milliseconds.
pub(super) fn first_received(id: Uuid) -> Option<Micros> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    let micros = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?;
    Some(Micros(micros.checked_add(i64::from(nanos / 1_000))?))
}

/// Central's word for how a record stands: what is kept out of the register, by a person or by the
/// checks, is what its readers leave out as `rejected`.
fn review_state(row: &RecordRow) -> Cell {
    match (row.review.as_str(), row.state.as_str()) {
        ("accepted", _) if row.decided => text("approved"),
        ("rejected", _) | (_, "quarantined") => text("rejected"),
        ("returned", _) | (_, "flagged" | "held") => text("hasIssues"),
        ("edited", _) => text("edited"),
        _ if row.edits > 0 => text("edited"),
        _ => Cell::Null,
    }
}

fn broken(table: &'static str, column: &'static str) -> DbError {
    DbError::Inconsistent { table, column }
}

fn record(row: &RecordRow, senders: &Senders, keys: &MasterKeys) -> Result<Row, DbError> {
    let mut open: Json =
        serde_json::from_str(&row.answers).map_err(|_| broken("record", "answers"))?;
    if let Some(map) = open.as_object_mut() {
        map.insert(String::from("meta"), json!({ "instanceID": row.last_instance_id }));
    }
    let plain = row.sealed.as_ref().map(|s| s.open(keys)).transpose()?.flatten();
    let sealed = match plain {
        Some(plain) => serde_json::from_slice(&plain).map_err(|_| broken("record", "sealed"))?,
        None => Json::Null,
    };
    let expected: Vec<String> = serde_json::from_str(&row.expected_files)
        .map_err(|_| broken("record", "expected_files"))?;
    let expected = i64::try_from(expected.len())?;
    let sender = row.account_id.or(row.device_id);
    let system = vec![
        Cell::At(first_received(row.submission_id).unwrap_or(row.received_at)),
        if row.edits > 0 { Cell::At(row.received_at) } else { Cell::Null },
        number(sender),
        name(sender, senders),
        Cell::Number(row.files.min(expected)),
        Cell::Number(expected),
        Cell::Null,
        review_state(row),
        row.device_id.map_or(Cell::Null, |id| text(id.to_string())),
        Cell::Number(row.edits),
        text(row.form_version.as_str()),
        Cell::Null,
    ];
    let mark = row.submission_id.to_string();
    Ok(Row { mark, id: row.instance_id.clone(), system, open, sealed })
}

fn entity(
    row: &EntityRow,
    senders: &Senders,
    keys: &MasterKeys,
    opens: bool,
) -> Result<Row, DbError> {
    let mut open: Map<String, Json> =
        serde_json::from_str(&row.props).map_err(|_| broken("entity", "props"))?;
    open.insert(String::from("label"), json!(row.label));
    let plain = if opens { row.open(keys)? } else { None };
    let sealed = match plain {
        Some(plain) => serde_json::from_slice(&plain).map_err(|_| broken("entity", "sealed"))?,
        None => Json::Null,
    };
    let created = row.created_at.or(row.updated_at).unwrap_or(Micros(0));
    let system = vec![
        Cell::At(created),
        number(row.creator),
        name(row.creator, senders),
        Cell::Number(row.version - 1),
        row.updated_at.map_or(Cell::Null, Cell::At),
        Cell::Number(row.version),
        Cell::Null,
        Cell::Null,
    ];
    let (zone, seq, id) = row.place();
    let mark = format!("{}.{seq}.{id}", zone.0);
    Ok(Row { mark, id: id.to_string(), system, open: Json::Object(open), sealed })
}

/// The names of accounts and devices.
pub(super) async fn senders(base: &Base) -> Result<Senders, DbError> {
    records::senders(&mut base.db.read().await?).await
}
