//! How long SQLite's log is, as its index says: asking the database itself would fold the log back.

use std::{fs::File, io::Read as _, path::Path};

/// The log at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Log {
    /// Pages written to it since it was last started over.
    pub(super) pages: u32,
    /// How many of those are in the database's file too.
    pub(super) folded: u32,
}

/// Where the index says so (<https://sqlite.org/walformat.html#the_wal_index_file_format>: `mxFrame`, `nBackfill`).
const PAGES_AT: usize = 16;
const FOLDED_AT: usize = 96;

impl Log {
    /// Of the database in this file; `None` when it has no log.
    pub(super) fn of(database: &Path) -> Option<Self> {
        let mut index = database.as_os_str().to_owned();
        index.push("-shm");
        let mut head = [0; FOLDED_AT + 4];
        File::open(index).ok()?.read_exact(&mut head).ok()?;
        let number = |at: usize| {
            // In the byte order of this machine: the index is shared memory.
            Some(u32::from_ne_bytes(*head.get(at..)?.first_chunk()?))
        };
        Some(Self { pages: number(PAGES_AT)?, folded: number(FOLDED_AT)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Db, DbConfig};

    #[tokio::test]
    async fn the_index_of_the_log_says_how_long_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("register.db");
        let db = Db::open(&DbConfig::Sqlite(path.clone())).await.unwrap();
        let Db::Sqlite { keeper, .. } = &db else { unreachable!() };
        for _ in 0..3 {
            let mut tx = db.write().await.unwrap();
            tx.query("UPDATE apply_state SET turn = turn + 1 WHERE id = 1")
                .execute()
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let before = Log::of(&path).unwrap();
            let (_, pages, folded): (i64, i64, i64) =
                sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(keeper).await.unwrap();
            assert!(before.pages > 0 && i64::from(before.pages) == pages, "{before:?} {pages}");
            assert!(before.folded < before.pages, "{before:?}");
            let after = Log::of(&path).unwrap();
            assert_eq!((i64::from(after.pages), i64::from(after.folded)), (pages, folded));
        }
        db.close().await;
    }

    #[test]
    fn a_database_without_a_log_has_none() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Log::of(&dir.path().join("register.db")), None);
    }
}
