//! How far the derived tables are, and whose turn it is: what is looked up beside the writer holds only
//! until somebody else derives.

use crate::db::{Result, Tx};

/// The derived tables at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The last event applied.
    pub(super) seq: i64,
    /// The day of that event, or of a later one before it; see [`crate::runtime::Micros::day`].
    pub(super) day: i64,
    turn: i64,
    open_day: Option<i64>,
}

impl Mark {
    /// As it stands in this snapshot.
    pub(super) async fn read(tx: &mut Tx) -> Result<Self> {
        let row = tx
            .query("SELECT seq, turn, day, open_day FROM apply_state WHERE id = 1")
            .fetch_one()
            .await?;
        let (seq, turn) = (row.get(0)?, row.get(1)?);
        Ok(Self { seq, turn, day: row.get(2)?, open_day: row.get(3)? })
    }

    /// The turn that [`Mark::advance`] moves to.
    pub(super) const fn next_turn(self) -> i64 {
        self.turn + 1
    }

    /// Whether the counts of this day are open already, or closed.
    pub(super) fn has_reached(self, day: i64) -> bool {
        self.open_day.is_some_and(|open| open >= day)
    }

    /// Moves on to the event `to`, of this day; false when another process has derived since the mark was read.
    ///
    /// The row stays locked until the end of the transaction: one derives at a time.
    pub(super) async fn advance(self, tx: &mut Tx, to: i64, day: i64) -> Result<bool> {
        let moved = tx
            .query(
                "UPDATE apply_state SET seq = $3, turn = turn + 1, day = $4 \
                 WHERE id = 1 AND seq = $1 AND turn = $2",
            )
            .bind(self.seq)
            .bind(self.turn)
            .bind(to)
            .bind(day)
            .execute()
            .await?;
        Ok(moved == 1)
    }
}

/// Makes this transaction the only one that derives, and says on which day it does, `today` or a later one that
/// the register has seen: an import runs in a process of its own, and two that read a place before either moved
/// its cell would both move it.
pub(super) async fn take(tx: &mut Tx, today: i64) -> Result<i64> {
    let row = tx
        .query(
            "UPDATE apply_state SET turn = turn + 1, day = CASE WHEN day < $1 THEN $1 ELSE day END \
             WHERE id = 1 RETURNING day",
        )
        .bind(today)
        .fetch_one()
        .await?;
    row.get(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Db, DbConfig};

    #[tokio::test]
    async fn what_was_looked_up_before_somebody_else_derived_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&DbConfig::Sqlite(folder.path().join("sanu.db"))).await.unwrap();
        let mark = Mark::read(&mut db.look_up().await.unwrap()).await.unwrap();

        let mut import = db.write().await.unwrap();
        assert_eq!(take(&mut import, 3).await.unwrap(), 3);
        import.commit().await.unwrap();
        let mut tx = db.write().await.unwrap();
        assert!(!mark.advance(&mut tx, 7, 0).await.unwrap());

        let fresh = Mark::read(&mut tx).await.unwrap();
        assert!(fresh.advance(&mut tx, 7, 0).await.unwrap());
        assert_eq!(Mark::read(&mut tx).await.unwrap().seq, 7);
    }
}
