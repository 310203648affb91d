//! What phones and accounts are to follow up: a list narrowed to some of its entities, whoever holds it.

use uuid::Uuid;

use crate::{
    db::{Result, Tx},
    runtime::Micros,
};

/// Which entities of a list somebody is given, of those that their zone lets them see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowed {
    /// Those that this phone or account follows up; all without it.
    pub to: Option<Uuid>,
    /// How many those are, and when they were set.
    pub set: (i64, i64),
    /// Only what somebody accepted at least once.
    pub approved: bool,
}

/// Gives somebody these entities of a list, and no others of it.
pub async fn set(
    tx: &mut Tx,
    holder: Uuid,
    dataset: &str,
    ids: &[Uuid],
    now: Micros,
) -> Result<()> {
    clear(tx, holder, dataset).await?;
    let rows = ids.iter().map(|id| vec![holder.into(), dataset.into(), (*id).into(), now.into()]);
    tx.insert_rows(
        "INSERT INTO follow_up (holder_id, dataset, entity_id, set_at)",
        "ON CONFLICT (holder_id, dataset, entity_id) DO NOTHING",
        rows.collect(),
    )
    .await?;
    Ok(())
}

/// Gives somebody the whole list again; says how many they had.
pub async fn clear(tx: &mut Tx, holder: Uuid, dataset: &str) -> Result<u64> {
    tx.query("DELETE FROM follow_up WHERE holder_id = $1 AND dataset = $2")
        .bind(holder)
        .bind(dataset)
        .execute()
        .await
}

/// What of a list is narrowed for this holder.
pub async fn narrowed(tx: &mut Tx, holder: Option<Uuid>, dataset: &str) -> Result<Narrowed> {
    let Some(holder) = holder else { return Ok(Narrowed::default()) };
    let row = tx
        .query(
            "SELECT COUNT(*), COALESCE(MAX(set_at), 0) FROM follow_up WHERE holder_id = $1 AND dataset = $2",
        )
        .bind(holder)
        .bind(dataset)
        .fetch_one()
        .await?;
    let set: (i64, i64) = (row.get(0)?, row.get(1)?);
    Ok(Narrowed { to: (set.0 > 0).then_some(holder), set, approved: false })
}

/// Who follows up how many entities of which list.
pub async fn all(tx: &mut Tx) -> Result<Vec<(Uuid, String, i64)>> {
    let rows = tx
        .query(
            "SELECT holder_id, dataset, COUNT(*) FROM follow_up GROUP BY holder_id, dataset \
             ORDER BY holder_id, dataset",
        )
        .fetch_all()
        .await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}
