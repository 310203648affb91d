//! Schema versions. Migrations are embedded, never edited once landed, one folder per backend.

use sqlx::migrate::Migrator;

use super::{Db, Result};

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// Applies what is missing; refuses a database that a newer program has migrated.
pub(super) async fn run(db: &Db) -> Result<()> {
    match db {
        Db::Sqlite { write, .. } => SQLITE.run(write).await?,
        Db::Postgres(pool) => POSTGRES.run(pool).await?,
    }
    Ok(())
}
