//! The storage facade: one SQL text over SQLite and PostgreSQL. The only module that names a backend.
//!
//! Everything is a transaction, reads too: a page is a consistent snapshot. Call sites read like
//! plain sqlx: `tx.query(SQL).bind(x).fetch_all().await?`. Where the dialects must differ,
//! [`Sql`] says so as data.

mod error;
mod migrate;
mod pool;
mod read_ahead;
mod row;
mod tx;
mod value;

pub use error::{DbError, Result};
pub use pool::{Db, DbConfig};
pub use read_ahead::Wanted;
pub use row::Row;
pub use tx::{BoxFuture, Query, Sql, Tx};
pub use value::Value;
