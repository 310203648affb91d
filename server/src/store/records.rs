//! Reading the submissions of one form, newest or oldest first.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Scope, ZoneId};
use crate::{
    db::{DbError, Query, Result, Row, Tx},
    keys::{MasterKeys, Realm},
    runtime::Micros,
};

/// A submission as stored.
#[derive(Clone, Debug)]
pub struct RecordRow {
    /// Its zone.
    pub zone_id: ZoneId,
    /// Its id, which begins with the time it was received.
    pub submission_id: Uuid,
    /// The instance id of its first version, which readers know it by.
    pub instance_id: String,
    /// The instance id of its last version.
    pub last_instance_id: String,
    /// The version of the form that its last version was filled in with.
    pub form_version: String,
    /// `received`, `flagged`, `quarantined` or `held`.
    pub state: String,
    /// How it stands with people: `waiting`, `accepted`, `rejected`, `returned` or `edited`.
    pub review: String,
    /// Whether a person decided that, and not the rules alone.
    pub decided: bool,
    /// Who sent its last version.
    pub account_id: Option<Uuid>,
    /// From which device.
    pub device_id: Option<Uuid>,
    /// When its last version was received.
    pub received_at: Micros,
    /// Names of the files that it should have, as JSON text.
    pub expected_files: String,
    /// How many files are here.
    pub files: i64,
    /// How often it was edited.
    pub edits: i64,
    /// Answers of class "none", as JSON text.
    pub answers: String,
    /// The other answers, when asked for.
    pub sealed: Option<Sealed>,
}

/// Sealed answers with what opens them.
#[derive(Clone, Debug)]
pub struct Sealed {
    event_id: Uuid,
    realm: String,
    wrapped: Vec<u8>,
    bytes: Vec<u8>,
}

impl Sealed {
    /// The answers as JSON text; `None` when their key was destroyed.
    pub fn open(&self, keys: &MasterKeys) -> Result<Option<Vec<u8>>> {
        if self.wrapped.is_empty() {
            return Ok(None);
        }
        let broken = |column| DbError::Inconsistent { table: "record", column };
        let key = keys
            .unwrap(Realm::parse(&self.realm), self.event_id.as_bytes(), &self.wrapped)
            .map_err(|_| broken("wrapped"))?;
        key.open(b"record", &self.bytes).map(Some).map_err(|_| broken("sealed"))
    }
}

const COLUMNS: &str = "SELECT r.zone_id, r.submission_id, r.first_instance_id, r.form_version, r.state, \
     r.account_id, r.device_id, r.received_at, r.expected_files, \
     CASE WHEN r.expected_files = '[]' THEN 0 ELSE (SELECT COUNT(DISTINCT a.name) FROM attachment a \
     WHERE a.zone_id = r.zone_id AND a.submission_id = r.submission_id) END, \
     (SELECT COUNT(*) FROM journal e WHERE e.zone_id = r.zone_id \
     AND e.submission_id = r.submission_id AND e.kind IN ('edit', 'late_original')) \
     + (SELECT COUNT(*) FROM retold t JOIN journal e ON e.zone_id = t.zone_id AND e.seq = t.seq \
     WHERE t.zone_id = r.zone_id AND t.submission_id = r.submission_id AND e.kind <> 'review'), r.answers, r.instance_id, \
     r.review, r.reviewed_seq";
const OPENED: &str = ", r.sealed, j.event_id, j.realm, j.wrapped FROM record r \
     JOIN journal j ON j.zone_id = r.zone_id AND j.seq = r.seq";
const CLEAR: &str = " FROM record r";

fn columns(tx: &mut Tx, sealed: bool) -> Query<'_> {
    tx.query(COLUMNS).push(if sealed { OPENED } else { CLEAR })
}

fn read(row: &Row, sealed: bool) -> Result<RecordRow> {
    let sealed = if sealed {
        let (bytes, event_id, realm, wrapped) =
            (row.get(15)?, row.get(16)?, row.get(17)?, row.get(18)?);
        Some(Sealed { event_id, realm, wrapped, bytes })
    } else {
        None
    };
    Ok(RecordRow {
        zone_id: ZoneId(row.get(0)?),
        submission_id: row.get(1)?,
        instance_id: row.get(2)?,
        form_version: row.get(3)?,
        state: row.get(4)?,
        account_id: row.get(5)?,
        device_id: row.get(6)?,
        received_at: Micros(row.get(7)?),
        expected_files: row.get(8)?,
        files: row.get(9)?,
        edits: row.get(10)?,
        answers: row.get(11)?,
        last_instance_id: row.get(12)?,
        review: row.get(13)?,
        decided: row.get::<i64>(14)? > 0,
        sealed,
    })
}

/// Which submissions are read, and how.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of this form.
    pub form_id: String,
    /// In these zones.
    pub scope: Scope,
    /// With what is sealed.
    pub sealed: bool,
    /// Oldest first.
    pub ascending: bool,
}

impl Wanted {
    const fn order(&self) -> &'static str {
        if self.ascending { " ORDER BY r.submission_id" } else { " ORDER BY r.submission_id DESC" }
    }
}

/// The next submissions after this one.
pub async fn page(
    tx: &mut Tx,
    wanted: &Wanted,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RecordRow>> {
    let mut query = columns(tx, wanted.sealed)
        .push(" WHERE r.reason <> 'conflict' AND r.form_id = ")
        .push_bind(wanted.form_id.as_str());
    if let Some(after) = after {
        let beyond =
            if wanted.ascending { " AND r.submission_id > " } else { " AND r.submission_id < " };
        query = query.push(beyond).push_bind(after);
    }
    let rows = wanted
        .scope
        .narrow_on(query, " AND r.zone_id IN ")
        .push(wanted.order())
        .push(" LIMIT ")
        .push_bind(limit)
        .fetch_all()
        .await?;
    rows.iter().map(|row| read(row, wanted.sealed)).collect()
}

/// How many there are.
pub async fn count(tx: &mut Tx, wanted: &Wanted) -> Result<i64> {
    let query = tx
        .query("SELECT COUNT(*) FROM record r WHERE r.reason <> 'conflict' AND r.form_id = ")
        .push_bind(wanted.form_id.as_str());
    wanted.scope.narrow_on(query, " AND r.zone_id IN ").fetch_one().await?.get(0)
}

/// The submission at this place, counted from 0.
pub async fn nth(tx: &mut Tx, wanted: &Wanted, place: i64) -> Result<Option<Uuid>> {
    let query = tx
        .query("SELECT r.submission_id FROM record r WHERE r.reason <> 'conflict' AND r.form_id = ")
        .push_bind(wanted.form_id.as_str());
    let row = wanted
        .scope
        .narrow_on(query, " AND r.zone_id IN ")
        .push(wanted.order())
        .push(" LIMIT 1 OFFSET ")
        .push_bind(place)
        .fetch_optional()
        .await?;
    row.map(|r| r.get(0)).transpose()
}

/// The submission that an instance id belongs to; `key` is that of [`crate::intake::instance_key`].
pub async fn by_instance(tx: &mut Tx, wanted: &Wanted, key: [u8; 16]) -> Result<Option<RecordRow>> {
    let home = tx
        .query(
            "SELECT zone_id, COALESCE((SELECT DISTINCT t.submission_id FROM retold t WHERE t.zone_id = k.zone_id \
             AND t.was = k.submission_id), submission_id) FROM intake_key k WHERE intake_key = $1",
        )
        .bind(key)
        .fetch_optional()
        .await?;
    let Some(home) = home else { return Ok(None) };
    let (zone, id): (i32, Uuid) = (home.get(0)?, home.get(1)?);
    if !wanted.scope.contains(ZoneId(zone)) {
        return Ok(None);
    }
    let row = columns(tx, wanted.sealed)
        .push(" WHERE r.reason <> 'conflict' AND r.zone_id = ")
        .push_bind(zone)
        .push(" AND r.submission_id = ")
        .push_bind(id)
        .push(" AND r.form_id = ")
        .push_bind(wanted.form_id.as_str())
        .fetch_optional()
        .await?;
    row.map(|row| read(&row, wanted.sealed)).transpose()
}

/// The names of the files of a submission.
pub async fn files(tx: &mut Tx, zone: ZoneId, submission: Uuid) -> Result<Vec<String>> {
    let rows = tx
        .query(
            "SELECT DISTINCT name FROM attachment WHERE zone_id = $1 AND submission_id = $2 \
             ORDER BY name",
        )
        .bind(zone.0)
        .bind(submission)
        .fetch_all()
        .await?;
    rows.iter().map(|r| r.get(0)).collect()
}

/// A later version of a submission.
#[derive(Clone, Debug)]
pub struct VersionRow {
    /// Its own instance id.
    pub instance_id: String,
    /// Who sent it.
    pub sender: Option<Uuid>,
    /// When it was received.
    pub received_at: Micros,
}

/// The edits of a submission, newest first, and its original when that came after one.
pub async fn versions(tx: &mut Tx, zone: ZoneId, submission: Uuid) -> Result<Vec<VersionRow>> {
    let rows = tx
        .query(
            "SELECT instance_id, COALESCE(account_id, device_id), received_at FROM journal \
             WHERE zone_id = $1 AND (submission_id = $2 AND kind IN ('edit', 'late_original') \
             OR seq IN (SELECT seq FROM retold WHERE zone_id = $1 AND submission_id = $2) AND kind <> 'review') \
             ORDER BY seq DESC",
        )
        .bind(zone.0)
        .bind(submission)
        .fetch_all()
        .await?;
    rows.iter()
        .map(|r| {
            let received_at = Micros(r.get(2)?);
            Ok(VersionRow { instance_id: r.get(0)?, sender: r.get(1)?, received_at })
        })
        .collect()
}

/// What accounts and devices are called, those that are no longer used too.
pub async fn senders(tx: &mut Tx) -> Result<HashMap<Uuid, String>> {
    let mut names = HashMap::new();
    for sql in ["SELECT account_id, login FROM account", "SELECT device_id, name FROM device"] {
        for row in tx.query(sql).fetch_all().await? {
            names.insert(row.get(0)?, row.get(1)?);
        }
    }
    Ok(names)
}
