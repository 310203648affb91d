//! Published states of the counts, and how much changed since.

use crate::{
    db::{DbError, Result, Row, Tx},
    runtime::Micros,
};

/// The period under which the figures of indicators are kept: they are no state of the counts.
pub const INDICATORS: &str = "indicators";

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
    state(&row)
}

fn state(row: &Row) -> Result<(Stamp, String)> {
    Ok((Stamp { at: Micros(row.get(0)?), basis: row.get(1)? }, row.get(2)?))
}

/// The state that was in force at this moment; none when nothing had been published.
///
/// Whoever replaces a state keeps the last one of each day ([`keep`]), so that the latest of
/// those stored is the one that stood.
pub async fn in_force(tx: &mut Tx, dataset: &str, at: Micros) -> Result<Option<(Stamp, String)>> {
    let row = tx
        .query(
            "SELECT released_at, basis, cells FROM count_release \
             WHERE dataset = $1 AND period <> 'indicators' AND released_at <= $2 ORDER BY released_at DESC LIMIT 1",
        )
        .bind(dataset)
        .bind(at)
        .fetch_optional()
        .await?;
    row.as_ref().map(state).transpose()
}

/// The period of the state of this month, else of the last month before that has one.
pub async fn month_until(tx: &mut Tx, dataset: &str, month: &str) -> Result<Option<String>> {
    let row = tx
        .query(
            "SELECT period FROM count_release WHERE dataset = $1 AND LENGTH(period) = 7 \
             AND period <> 'current' AND period <= $2 ORDER BY period DESC LIMIT 1",
        )
        .bind(dataset)
        .bind(month)
        .fetch_optional()
        .await?;
    row.map(|r| r.get(0)).transpose()
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

/// Keeps the present state under another period too, unless that has one: a month's for the public, the
/// last of its day before it is replaced on another.
pub async fn keep(tx: &mut Tx, dataset: &str, period: &str) -> Result<()> {
    tx.query(
        "INSERT INTO count_release (dataset, period, released_at, basis, cells) \
         SELECT dataset, $2, released_at, basis, cells FROM count_release \
         WHERE dataset = $1 AND period = 'current' ON CONFLICT (dataset, period) DO NOTHING",
    )
    .bind(dataset)
    .bind(period)
    .execute()
    .await?;
    Ok(())
}
