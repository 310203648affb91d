//! One row of either backend, read by position.

use sqlx::{
    ColumnIndex, Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow,
};

use super::Result;

/// A fetched row; columns are read in the order of the statement's list.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

/// A Rust type that both databases can give.
pub trait Column:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Column for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl Row {
    /// The value at position `i`.
    ///
    /// # Errors
    /// When the column is missing or of another type: a mistake in the statement beside the call.
    pub fn get<T: Column>(&self, i: usize) -> Result<T>
    where
        usize: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(i)?,
            Self::Postgres(row) => row.try_get(i)?,
        })
    }

    /// A hash of `N` bytes at position `i`.
    pub fn bytes<const N: usize>(&self, i: usize) -> Result<[u8; N]> {
        let bytes: Vec<u8> = self.get(i)?;
        bytes.try_into().map_err(|_| super::DbError::Inconsistent { table: "?", column: "hash" })
    }
}
