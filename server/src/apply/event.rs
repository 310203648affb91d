//! One event of the journal, ready to be interpreted: handed over by intake, or read back.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    db::{DbError, Result, Row, Tx},
    forms::Decoded,
    intake::{Appended, EventKind, FileEntry, Payload},
    keys::{MasterKeys, Realm, SubjectKey},
    runtime::Micros,
    store::ZoneId,
};

/// An event with its content opened.
#[derive(Clone)]
pub(super) struct Event {
    pub(super) seq: i64,
    /// Its id; the context of its seal.
    pub(super) id: Uuid,
    pub(super) zone_id: ZoneId,
    pub(super) kind: EventKind,
    pub(super) submission_id: Uuid,
    /// The submission that it turned out to be a version of, when it came as one of its own (ADR 20).
    pub(super) retold: Option<Uuid>,
    /// Whether what it changes is applied although what it builds on is not here.
    pub(super) forced: bool,
    pub(super) form_id: String,
    pub(super) form_version: String,
    pub(super) instance_id: String,
    pub(super) account_id: Option<Uuid>,
    pub(super) device_id: Option<Uuid>,
    pub(super) received_at: Micros,
    /// `None` when its key was destroyed: the event happened, its content is gone.
    pub(super) content: Option<Content>,
}

/// What a sealed event holds.
#[derive(Clone)]
pub(super) struct Content {
    pub(super) key: SubjectKey,
    pub(super) files: Vec<FileEntry>,
    /// The rules by which what was said of a person was not kept.
    pub(super) withheld: Vec<String>,
    pub(super) xml: bytes::Bytes,
    pub(super) decoded: Option<Arc<Decoded>>,
}

impl From<Appended> for Event {
    fn from(a: Appended) -> Self {
        let files = a
            .incoming
            .files
            .iter()
            .map(|f| FileEntry {
                name: f.name.clone(),
                sha256: hex::encode(f.sha256),
                size: f.size,
                content_type: f.content_type.clone(),
            })
            .collect();
        Self {
            seq: a.seq,
            id: a.event_id,
            zone_id: a.zone_id,
            kind: a.kind,
            submission_id: a.submission_id,
            retold: None,
            forced: false,
            form_id: a.incoming.form_id.clone(),
            form_version: a.incoming.form_version.clone(),
            instance_id: a.incoming.instance_id.clone(),
            account_id: a.incoming.sender.account_id,
            device_id: a.incoming.sender.device_id,
            received_at: a.received_at,
            content: Some(Content {
                key: a.key,
                files,
                withheld: a.incoming.withheld.clone(),
                xml: a.incoming.xml.clone(),
                decoded: a.incoming.decoded.clone(),
            }),
        }
    }
}

const COLUMNS: &str = "SELECT j.zone_id, j.seq, j.event_id, j.kind, j.submission_id, j.form_id, \
     j.form_version, j.instance_id, j.account_id, j.device_id, j.received_at, j.payload, j.realm, \
     j.wrapped, t.submission_id, f.seq FROM journal j \
     LEFT JOIN retold t ON t.zone_id = j.zone_id AND t.seq = j.seq \
     LEFT JOIN forced f ON f.zone_id = j.zone_id AND f.seq = j.seq ";

/// The next events after `seq`, at most `limit`, in order.
pub(super) async fn after(
    tx: &mut Tx,
    seq: i64,
    limit: i64,
    keys: &MasterKeys,
) -> Result<Vec<Event>> {
    let rows = tx
        .query(COLUMNS)
        .push("WHERE j.seq > ")
        .push_bind(seq)
        .push(" ORDER BY j.seq LIMIT ")
        .push_bind(limit)
        .fetch_all()
        .await?;
    rows.iter().map(|row| read(row, keys)).collect()
}

/// The events at these places of the journal.
pub(super) async fn at(tx: &mut Tx, seqs: &[i64], keys: &MasterKeys) -> Result<Vec<Event>> {
    let mut found = Vec::new();
    for chunk in seqs.chunks(256) {
        let rows = tx
            .query(COLUMNS)
            .push("WHERE j.seq IN ")
            .push_list(chunk.iter().copied())
            .push(" ORDER BY j.seq")
            .fetch_all()
            .await?;
        for row in &rows {
            found.push(read(row, keys)?);
        }
    }
    Ok(found)
}

/// What says of an event how it is read, beside its content.
pub(super) struct Mark {
    pub(super) seq: i64,
    /// Its key as stored; empty when it was destroyed.
    pub(super) wrapped: Vec<u8>,
    pub(super) retold: Option<Uuid>,
    pub(super) forced: bool,
}

/// How the events at these places of the journal are read.
pub(super) async fn marks(tx: &mut Tx, seqs: &[i64]) -> Result<Vec<Mark>> {
    const MARKS: &str = "SELECT j.seq, j.wrapped, t.submission_id, f.seq FROM journal j \
         LEFT JOIN retold t ON t.zone_id = j.zone_id AND t.seq = j.seq \
         LEFT JOIN forced f ON f.zone_id = j.zone_id AND f.seq = j.seq WHERE j.seq IN ";
    let mut found = Vec::new();
    for chunk in seqs.chunks(256) {
        let rows = tx.query(MARKS).push_list(chunk.iter().copied()).fetch_all().await?;
        for row in &rows {
            found.push(Mark {
                seq: row.get(0)?,
                wrapped: row.get(1)?,
                retold: row.get(2)?,
                forced: row.get::<Option<i64>>(3)?.is_some(),
            });
        }
    }
    Ok(found)
}

fn read(row: &Row, keys: &MasterKeys) -> Result<Event> {
    let event_id: Uuid = row.get(2)?;
    let kind: String = row.get(3)?;
    let payload: Vec<u8> = row.get(11)?;
    let realm: String = row.get(12)?;
    let wrapped: Vec<u8> = row.get(13)?;
    let content = if wrapped.is_empty() {
        None
    } else {
        let unreadable = DbError::Inconsistent { table: "journal", column: "payload" };
        let key = keys
            .unwrap(Realm::parse(&realm), event_id.as_bytes(), &wrapped)
            .map_err(|_| DbError::Inconsistent { table: "journal", column: "wrapped" })?;
        let payload = Payload::open(&payload, &key, event_id).map_err(|_| unreadable)?;
        Some(Content {
            key,
            files: payload.files,
            withheld: payload.withheld,
            xml: payload.xml.into(),
            decoded: None,
        })
    };
    Ok(Event {
        seq: row.get(1)?,
        id: event_id,
        zone_id: ZoneId(row.get(0)?),
        kind: EventKind::parse(&kind)
            .ok_or(DbError::Inconsistent { table: "journal", column: "kind" })?,
        submission_id: row.get(4)?,
        retold: row.get(14)?,
        forced: row.get::<Option<i64>>(15)?.is_some(),
        form_id: row.get(5)?,
        form_version: row.get(6)?,
        instance_id: row.get(7)?,
        account_id: row.get(8)?,
        device_id: row.get(9)?,
        received_at: Micros(row.get(10)?),
        content,
    })
}
