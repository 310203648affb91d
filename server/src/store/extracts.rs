//! Extracts of people, each drawn once and kept.

use uuid::Uuid;

use super::vault::Vault;
use crate::{
    db::{Result, Row, Tx},
    keys::MasterKeys,
    runtime::Micros,
};

/// An extract as stored.
#[derive(Clone, Debug)]
pub struct ExtractRow {
    /// The dataset.
    pub dataset: String,
    /// Its month, such as `2026-11`.
    pub period: String,
    /// When it was drawn.
    pub at: Micros,
    /// How many rows.
    pub people: i64,
    /// What was done to them, as JSON.
    pub report: String,
    /// The key of the rows, wrapped.
    pub wrapped: Vec<u8>,
    /// The rows, packed and sealed.
    pub sealed: Vec<u8>,
}

fn read(row: &Row) -> Result<ExtractRow> {
    Ok(ExtractRow {
        dataset: row.get(0)?,
        period: row.get(1)?,
        at: Micros(row.get(2)?),
        people: row.get(3)?,
        report: row.get(4)?,
        wrapped: row.get(5)?,
        sealed: row.get(6)?,
    })
}

/// The extract of a month, if it was drawn.
pub async fn extract(tx: &mut Tx, dataset: &str, period: &str) -> Result<Option<ExtractRow>> {
    let row = tx
        .query(
            "SELECT dataset, period, released_at, people, report, wrapped, sealed \
             FROM extract_release WHERE dataset = $1 AND period = $2",
        )
        .bind(dataset)
        .bind(period)
        .fetch_optional()
        .await?;
    row.as_ref().map(read).transpose()
}

/// The months that have an extract, the last one first.
pub async fn periods(tx: &mut Tx, dataset: &str) -> Result<Vec<String>> {
    let rows = tx
        .query("SELECT period FROM extract_release WHERE dataset = $1 ORDER BY released_at DESC")
        .bind(dataset)
        .fetch_all()
        .await?;
    rows.iter().map(|r| r.get(0)).collect()
}

/// Keeps an extract, unless its month has one.
pub async fn keep(tx: &mut Tx, row: ExtractRow) -> Result<bool> {
    let kept = tx
        .query(
            "INSERT INTO extract_release (dataset, period, released_at, people, report, wrapped, sealed) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (dataset, period) DO NOTHING",
        )
        .bind(row.dataset)
        .bind(row.period)
        .bind(row.at)
        .bind(row.people)
        .bind(row.report)
        .bind(row.wrapped)
        .bind(row.sealed)
        .execute()
        .await?;
    Ok(kept == 1)
}

/// An accepted person as stored.
#[derive(Clone, Debug)]
pub struct PersonRow {
    zone_id: i32,
    created_seq: i64,
    /// Who.
    pub entity_id: Uuid,
    /// Region of 2023; empty when not known, as all that follows.
    pub region: String,
    /// Cercle of 2023.
    pub cercle: String,
    /// Sex.
    pub sex: String,
    /// Five-year age group.
    pub age_group: String,
    /// Open properties, as JSON.
    pub props: String,
    vault: Vault,
}

impl PersonRow {
    /// Where it stands in the order of registration.
    pub const fn place(&self) -> (i32, i64, Uuid) {
        (self.zone_id, self.created_seq, self.entity_id)
    }

    /// Its sealed properties, as JSON; `None` when their key was destroyed.
    pub fn open(&self, keys: &MasterKeys) -> Result<Option<Vec<u8>>> {
        self.vault.open(keys)
    }
}

/// The next accepted people of a dataset, in the order of registration.
pub async fn people(
    tx: &mut Tx,
    dataset: &str,
    after: Option<(i32, i64, Uuid)>,
    limit: i64,
) -> Result<Vec<PersonRow>> {
    let (zone, seq, id) = after.unwrap_or((i32::MIN, 0, Uuid::nil()));
    let rows = tx
        .query(
            "SELECT zone_id, created_seq, entity_id, region_2023, cercle_2023, sex, age_group, props, realm, \
             wrapped, sealed FROM entity WHERE merged_into IS NULL AND review = 'accepted' AND dataset = $1 \
             AND (zone_id, created_seq, entity_id) > ($2, $3, $4) \
             ORDER BY zone_id, created_seq, entity_id LIMIT $5",
        )
        .bind(dataset)
        .bind(zone)
        .bind(seq)
        .bind(id)
        .bind(limit)
        .fetch_all()
        .await?;
    let read = |r: &Row| {
        let entity_id = r.get(2)?;
        Ok(PersonRow {
            zone_id: r.get(0)?,
            created_seq: r.get(1)?,
            entity_id,
            region: r.get(3)?,
            cercle: r.get(4)?,
            sex: r.get(5)?,
            age_group: r.get(6)?,
            props: r.get(7)?,
            vault: Vault::read(r, entity_id, 8)?,
        })
    };
    rows.iter().map(read).collect()
}
