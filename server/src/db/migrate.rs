//! Schema versions. Migrations are embedded, never edited once landed, one folder per backend.

use sqlx::migrate::Migrator;

use super::{Db, Result};

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// Whether a database lacks a migration of this program.
pub(super) async fn is_behind(db: &Db) -> Result<bool> {
    let all = match db {
        Db::Sqlite { .. } => SQLITE.iter().count(),
        Db::Postgres(_) => POSTGRES.iter().count(),
    };
    let mut tx = db.read().await?;
    let row = tx.query("SELECT COUNT(*) FROM _sqlx_migrations").fetch_one().await?;
    Ok(row.get::<i64>(0)? < i64::try_from(all)?)
}

/// Applies what is missing; refuses a database that a newer program has migrated.
pub(super) async fn run(db: &Db) -> Result<()> {
    match db {
        Db::Sqlite { write, .. } => SQLITE.run(write).await?,
        Db::Postgres(pool) => POSTGRES.run(pool).await?,
    }
    Ok(())
}
