//! Figures about the register as a whole: each a look-up or a small index, however large it is.

use crate::{
    db::{Result, Sql, Tx},
    runtime::Micros,
};

/// What the database knows of itself.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Events in the journal.
    pub appended: i64,
    /// Events applied.
    pub applied: i64,
    /// When the oldest event came that is not applied.
    pub oldest_waiting: Option<Micros>,
    /// Records that are not accepted: what the checks say, what people say, how many.
    pub in_review: Vec<(String, String, i64)>,
    /// Bytes of the database.
    pub database_bytes: i64,
    /// Attached files.
    pub blob_files: i64,
    /// Their bytes.
    pub blob_bytes: i64,
}

const SIZE: Sql = Sql {
    sqlite: "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    postgres: "SELECT pg_database_size(current_database())",
};

/// Reads them.
pub async fn figures(tx: &mut Tx) -> Result<Figures> {
    let (appended, applied) = super::imports::heads(tx).await?;
    let oldest = tx
        .query("SELECT received_at FROM journal WHERE seq = $1")
        .bind(applied + 1)
        .fetch_optional()
        .await?;
    let in_review = tx
        .query(
            "SELECT state, review, COUNT(*) FROM record WHERE review <> 'accepted' GROUP BY state, review \
             ORDER BY state, review",
        )
        .fetch_all()
        .await?;
    let files = tx
        .query("SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS bigint) FROM blob")
        .fetch_one()
        .await?;
    Ok(Figures {
        appended,
        applied,
        oldest_waiting: oldest.map(|row| row.get(0)).transpose()?.map(Micros),
        in_review: in_review
            .iter()
            .map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .collect::<Result<_>>()?,
        database_bytes: tx.query(SIZE).fetch_one().await?.get(0)?,
        blob_files: files.get(0)?,
        blob_bytes: files.get(1)?,
    })
}
