//! Counts: their cells, and the published states made of them.

use super::Scope;
use crate::{
    counts::{AXES, Axis, BaseCell},
    db::{DbError, Result, Tx},
    runtime::Micros,
};

pub(super) const fn column(axis: Axis) -> &'static str {
    match axis {
        Axis::Region2012 => "region_2012",
        Axis::Cercle2012 => "cercle_2012",
        Axis::Commune2012 => "commune_2012",
        Axis::Region2023 => "region_2023",
        Axis::Cercle2023 => "cercle_2023",
        Axis::Commune2023 => "commune_2023",
        Axis::District => "district",
        Axis::Sex => "sex",
        Axis::AgeGroup => "age_group",
        Axis::Status => "status",
        Axis::Review => "review",
    }
}

/// Which of what is registered is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reviewed {
    /// Everything in the register.
    #[default]
    All,
    /// What every record that speaks for it was accepted for: official figures.
    Accepted,
    /// What waits for review.
    Pending,
}

impl Reviewed {
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Accepted => Some("accepted"),
            Self::Pending => Some("pending"),
        }
    }
}

/// How much of a dataset is accepted and how much waits for review, as far as `scope` sees.
pub async fn accepted_and_pending(tx: &mut Tx, scope: &Scope, dataset: &str) -> Result<(i64, i64)> {
    let lines = grouped(tx, scope, dataset, Reviewed::All, &[Axis::Review]).await?;
    let of = |code: &str| {
        lines.iter().filter(|(codes, _)| codes.iter().any(|c| c == code)).map(|(_, n)| n).sum()
    };
    Ok((of("accepted"), of("pending")))
}

/// Sums the cells of a dataset by these axes, in the order of their codes.
pub async fn grouped(
    tx: &mut Tx,
    scope: &Scope,
    dataset: &str,
    reviewed: Reviewed,
    by: &[Axis],
) -> Result<Vec<(Vec<String>, i64)>> {
    let mut query = tx.query("SELECT ");
    for axis in by {
        query = query.push(column(*axis)).push(", ");
    }
    query =
        query.push("CAST(SUM(n) AS bigint) FROM count_cell WHERE dataset = ").push_bind(dataset);
    if let Some(code) = reviewed.code() {
        query = query.push(" AND review = ").push_bind(code);
    }
    query = scope.narrow(query);
    for (i, axis) in by.iter().enumerate() {
        query = query.push(if i == 0 { " GROUP BY " } else { ", " }).push(column(*axis));
    }
    let rows = query.fetch_all().await?;
    let mut cells = Vec::with_capacity(rows.len());
    for row in &rows {
        let n: Option<i64> = row.get(by.len())?;
        let codes = (0..by.len()).map(|i| row.get(i)).collect::<Result<Vec<String>>>()?;
        if let Some(n) = n.filter(|n| *n != 0) {
            cells.push((codes, n));
        }
    }
    // The databases order text differently.
    cells.sort();
    Ok(cells)
}

/// Every cell of accepted records of a dataset, in all zones.
pub async fn base(tx: &mut Tx, dataset: &str) -> Result<Vec<BaseCell>> {
    let mut query = tx.query("SELECT zone_id, ");
    for axis in Axis::ALL {
        query = query.push(column(axis)).push(", ");
    }
    query =
        query.push("CAST(SUM(n) AS bigint) FROM count_cell WHERE dataset = ").push_bind(dataset);
    query = query.push(" AND review = 'accepted' GROUP BY zone_id");
    for axis in Axis::ALL {
        query = query.push(", ").push(column(axis));
    }
    let rows = query.fetch_all().await?;
    rows.iter()
        .map(|row| {
            let mut codes: [String; AXES] = Default::default();
            for (i, code) in codes.iter_mut().enumerate() {
                *code = row.get(i + 1)?;
            }
            Ok(BaseCell { zone: row.get(0)?, codes, n: row.get(AXES + 1)? })
        })
        .collect()
}

/// How often the entities of a dataset changed so far.
pub async fn changes(tx: &mut Tx, dataset: &str) -> Result<i64> {
    tx.query("SELECT CAST(COALESCE(SUM(seq), 0) AS bigint) FROM dataset_head WHERE dataset = $1")
        .bind(dataset)
        .fetch_one()
        .await?
        .get(0)
}

/// When a state was published, and after how many changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The time.
    pub at: Micros,
    /// The changes of the dataset until then.
    pub basis: i64,
}

/// The stamp of a published state.
pub async fn stamp(tx: &mut Tx, dataset: &str, period: &str) -> Result<Option<Stamp>> {
    let row = tx
        .query("SELECT released_at, basis FROM count_release WHERE dataset = $1 AND period = $2")
        .bind(dataset)
        .bind(period)
        .fetch_optional()
        .await?;
    row.map(|r| Ok(Stamp { at: Micros(r.get(0)?), basis: r.get(1)? })).transpose()
}

/// A published state with its cells as JSON.
pub async fn release(tx: &mut Tx, dataset: &str, period: &str) -> Result<(Stamp, String)> {
    let row = tx
        .query(
            "SELECT released_at, basis, cells FROM count_release \
             WHERE dataset = $1 AND period = $2",
        )
        .bind(dataset)
        .bind(period)
        .fetch_optional()
        .await?
        .ok_or(DbError::Inconsistent { table: "count_release", column: "period" })?;
    Ok((Stamp { at: Micros(row.get(0)?), basis: row.get(1)? }, row.get(2)?))
}

/// Publishes a state in place of the one of its period.
pub async fn publish(
    tx: &mut Tx,
    (dataset, period): (&str, &str),
    stamp: Stamp,
    cells: &str,
) -> Result<()> {
    tx.query(
        "INSERT INTO count_release (dataset, period, released_at, basis, cells) \
         VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (dataset, period) DO UPDATE SET released_at = excluded.released_at, \
         basis = excluded.basis, cells = excluded.cells",
    )
    .bind(dataset)
    .bind(period)
    .bind(stamp.at)
    .bind(stamp.basis)
    .bind(cells)
    .execute()
    .await?;
    Ok(())
}

/// Keeps the present state as that of a month, unless the month has one.
pub async fn publish_month(tx: &mut Tx, dataset: &str, month: &str) -> Result<()> {
    tx.query(
        "INSERT INTO count_release (dataset, period, released_at, basis, cells) \
         SELECT dataset, $2, released_at, basis, cells FROM count_release \
         WHERE dataset = $1 AND period = 'current' ON CONFLICT (dataset, period) DO NOTHING",
    )
    .bind(dataset)
    .bind(month)
    .execute()
    .await?;
    Ok(())
}
