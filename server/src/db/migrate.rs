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

/// The eighteenth migration had another text for some hours, which did the same: what it is known by, SQLite and PostgreSQL.
const EIGHTEENTH: [&str; 2] = [
    "5367198aecbbb95c8d6faee5fd536a54f239d7036e298f2130d47511a02bc04b4d0aa5eab1ecbf335f16e7f45727161c",
    "67adb5989b6ae0e130ac304d45aea7bb40d04191fe910ff1c90a8bbcdd10ea08f5986af1aed537678545115741c3b935",
];
const SAME: &str = "UPDATE _sqlx_migrations SET checksum = $1 WHERE version = 18 AND checksum = $2";

/// Applies what is missing; refuses a database that a newer program has migrated.
pub(super) async fn run(db: &Db) -> Result<()> {
    let now = |all: &Migrator| {
        let eighteenth = all.iter().find(|migration| migration.version == 18);
        eighteenth.map(|migration| migration.checksum.to_vec()).unwrap_or_default()
    };
    let former = EIGHTEENTH.map(|text| hex::decode(text).unwrap_or_default());
    // A database without migrations has no such table: that is no failure.
    match db {
        Db::Sqlite { write, .. } => {
            let _none = sqlx::query(SAME).bind(now(&SQLITE)).bind(&former[0]).execute(write).await;
            SQLITE.run(write).await?;
        }
        Db::Postgres(pool) => {
            let _none = sqlx::query(SAME).bind(now(&POSTGRES)).bind(&former[1]).execute(pool).await;
            POSTGRES.run(pool).await?;
        }
    }
    Ok(())
}
