//! What can go wrong below the store, and what is worth trying again.

/// Shorthand for a database outcome.
pub type Result<T> = std::result::Result<T, DbError>;

/// A failure of the database or of what it holds.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The driver or the server failed.
    #[error("database: {0}")]
    Sqlx(#[from] sqlx::Error),
    /// A migration failed, or the database is newer than this program.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A stored value cannot be what the program wrote.
    #[error("inconsistent value in {table}.{column}")]
    Inconsistent {
        /// Table of the value.
        table: &'static str,
        /// Column of the value.
        column: &'static str,
    },
    /// The data folder cannot be used.
    #[error("data folder: {0}")]
    Io(#[from] std::io::Error),
}

impl DbError {
    /// Whether the same transaction, with the same ids, may succeed when run again.
    ///
    /// PostgreSQL: serialization failure, deadlock, connection lost, server shutting down.
    /// SQLite: another process holds the write lock past the busy timeout. Both: the disk is full,
    /// which ends when somebody makes room.
    pub fn is_transient(&self) -> bool {
        let Self::Sqlx(error) = self else { return false };
        match error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(db) => db.code().is_some_and(|code| {
                matches!(
                    code.as_ref(),
                    "40001"
                        | "40P01"
                        | "57P01"
                        | "57P02"
                        | "57P03"
                        | "08006"
                        | "08003"
                        | "08000"
                        | "53300"
                        | "5"
                        | "6"
                        | "261"
                        | "517"
                        | "262"
                        | "13"
                        | "10"
                        | "778"
                        | "1034"
                        | "53100"
                )
            }),
            _ => false,
        }
    }
}
