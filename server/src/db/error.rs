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
    /// A defect of this program: it gave up.
    #[error("a defect of this program: it gave up here")]
    Defect,
    /// The data folder cannot be used.
    #[error("data folder: {0}")]
    Io(#[from] std::io::Error),
}

impl DbError {
    /// Whether the same transaction, with the same ids, may succeed when run again: whatever is not the fault of what is written.
    ///
    /// PostgreSQL: everything but the classes of what no other time makes right, so also a lock or a statement that took too long, a
    /// lost connection, a server without memory. SQLite: another process holds the write lock past the busy timeout, the disk
    /// is full or cannot be read.
    pub fn is_transient(&self) -> bool {
        let Self::Sqlx(error) = self else { return false };
        match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(db) => db.code().is_some_and(|code| !is_lasting(&code)),
            _ => false,
        }
    }
}

/// Classes of SQLSTATE that say something of the statement or its values: not supported, cardinality, data, integrity, syntax or
/// rights, limits, the program's own, internal errors.
const LASTING: [&str; 9] = ["0A", "21", "22", "23", "2B", "42", "54", "P0", "XX"];

/// Whether an error code says what will be so again: SQLSTATE, or a result code of SQLite.
fn is_lasting(code: &str) -> bool {
    if let Some(number) = code.parse::<i64>().ok().filter(|_| code.len() != 5) {
        // The primary code is in the last eight bits. Another process, the disk, memory: these pass.
        return !matches!(number & 0xff, 5 | 6 | 7 | 9 | 10 | 13 | 14 | 15);
    }
    LASTING.iter().any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::is_lasting;

    #[test]
    fn what_another_time_makes_right_is_told_from_what_is_wrong() {
        for passing in [
            "40001", "40P01", "57014", "55P03", "57P01", "57P05", "53100", "53200", "25P03",
            "08001", "08P01", "58030", "5", "6", "261", "517", "10", "778", "13",
        ] {
            assert!(!is_lasting(passing), "{passing}");
        }
        for wrong in
            ["22021", "23505", "42P01", "54000", "XX001", "19", "1555", "2067", "20", "1", "11"]
        {
            assert!(is_lasting(wrong), "{wrong}");
        }
    }
}
