//! Connections: one writer and several readers on SQLite, one pool on PostgreSQL.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, Connection as _, PgPool, SqliteConnection, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tracing::warn;

use super::{BoxFuture, DbError, Result, Tx, migrate, read_ahead::SIDE_BY_SIDE};

/// Where the rows are kept.
#[derive(Clone, Debug)]
pub enum DbConfig {
    /// An embedded database file.
    Sqlite(std::path::PathBuf),
    /// A PostgreSQL server (15 or later), as a connection URL.
    Postgres(String),
}

/// The database: cheap to clone.
#[derive(Clone)]
pub enum Db {
    /// Embedded.
    Sqlite {
        /// Readers, each a snapshot.
        read: SqlitePool,
        /// The one writer.
        write: SqlitePool,
        /// Where whoever derives looks things up.
        look_up: SqlitePool,
        /// Folds the log back beside the writer.
        keeper: SqlitePool,
        /// Where pages are read before they are needed.
        ahead: SqlitePool,
        /// The database's file.
        path: Arc<Path>,
        /// Whether the log holds what was erased, and must be emptied rather than used again.
        scrub: Arc<AtomicBool>,
    },
    /// A server.
    Postgres(PgPool),
}

/// Readers of the embedded database. Four cover two cores with room for a slow download.
const SQLITE_READERS: u32 = 4;
/// Pages of SQLite's log (64 MB) past which a commit folds it back by itself. A page of an index that
/// many commits touch is written back once: the longer the log, the less is written.
const LOG_PAGES: i64 = 16_000;
/// How often the log is folded back beside the writer.
const TEND: Duration = Duration::from_secs(1);
/// Pages that are left to a commit: it takes a few milliseconds for them.
const LEFT_OVER: i64 = 500;
/// Connections to PostgreSQL: writer, apply, and readers.
const POSTGRES_CONNECTIONS: u32 = 10;
/// How often a transient failure is tried again before it is reported.
const RETRIES: u32 = 6;

impl Db {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be reached, or was migrated by a newer program.
    pub async fn open(config: &DbConfig) -> Result<Self> {
        let db = Self::connect(config).await?;
        migrate::run(&db).await?;
        Ok(db)
    }

    /// Whether a register that is there was made by an older program, so that opening it changes its schema.
    pub async fn is_behind(config: &DbConfig) -> Result<bool> {
        let db = Self::connect(config).await?;
        let is_behind = migrate::is_behind(&db).await;
        db.close().await;
        is_behind
    }

    async fn connect(config: &DbConfig) -> Result<Self> {
        Ok(match config {
            DbConfig::Sqlite(path) => Self::open_sqlite(path).await?,
            DbConfig::Postgres(url) => {
                let options: PgConnectOptions = url.parse()?;
                let options = options
                    .application_name("sanu")
                    .options([("synchronous_commit", "on"), ("timezone", "UTC")]);
                // A pool would wait half a minute before it said why: one connection says it at once.
                options.connect().await?.close().await?;
                let pool = PgPoolOptions::new()
                    .max_connections(POSTGRES_CONNECTIONS)
                    .acquire_timeout(Duration::from_secs(30))
                    .connect_with(options)
                    .await?;
                Self::Postgres(pool)
            }
        })
    }

    async fn open_sqlite(path: &Path) -> Result<Self> {
        let base = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a commit is on disk before it is acknowledged, also after a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(20))
            .statement_cache_capacity(256)
            .pragma("temp_store", "MEMORY")
            // What is deleted or overwritten is gone from the file: a destroyed key must not be found in a free page.
            .pragma("secure_delete", "ON");
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .before_acquire(|connection, _| sound(connection))
            .acquire_timeout(Duration::from_mins(1))
            .connect_with(
                base.clone()
                    .pragma("cache_size", "-40960")
                    .pragma("wal_autocheckpoint", LOG_PAGES.to_string()),
            )
            .await?;
        let keeper = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(base.clone().pragma("wal_autocheckpoint", "0"));
        let read = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            .before_acquire(|connection, _| sound(connection))
            .acquire_timeout(Duration::from_secs(30))
            .connect_lazy_with(base.clone().read_only(true).pragma("cache_size", "-1024"));
        let ahead = SqlitePoolOptions::new()
            .max_connections(SIDE_BY_SIDE)
            .before_acquire(|connection, _| sound(connection))
            // The pages that matter stay in the system's memory.
            .connect_lazy_with(base.clone().read_only(true).pragma("cache_size", "-256"));
        let look_up = SqlitePoolOptions::new()
            .max_connections(1)
            .before_acquire(|connection, _| sound(connection))
            .acquire_timeout(Duration::from_mins(1))
            // What a batch of 512 looks up.
            .connect_lazy_with(base.read_only(true).pragma("cache_size", "-4096"));
        let scrub = Arc::default();
        Ok(Self::Sqlite { read, write, look_up, keeper, ahead, path: path.into(), scrub })
    }

    /// Starts a read: a snapshot of what was committed.
    pub async fn read(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
            ),
        })
    }

    /// As [`Db::read`], for whoever derives: no download keeps it waiting.
    pub async fn look_up(&self) -> Result<Tx> {
        match self {
            Self::Sqlite { look_up, .. } => Ok(Tx::Sqlite(look_up.begin().await?)),
            Self::Postgres(_) => self.read().await,
        }
    }

    /// Starts a write.
    ///
    /// On SQLite BEGIN IMMEDIATE: a deferred transaction that turns into a write fails at once
    /// with "busy", whatever the timeout.
    pub async fn write(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Runs a write transaction and commits it; runs it again, from the start and with the same
    /// ids, when the database asks for that.
    ///
    /// An error at COMMIT may have committed, so every body must be re-runnable.
    pub async fn with_tx<T, F>(&self, name: &'static str, body: F) -> Result<T>
    where
        T: Send,
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + Sync,
    {
        let mut attempt = 0;
        loop {
            match self.try_tx(&body).await {
                Ok(value) => return Ok(value),
                Err(error) if error.is_transient() && attempt < RETRIES => {
                    attempt += 1;
                    warn!(tx.name = name, tx.attempt = attempt, error = %error, "transaction tried again");
                    // Growing pause, a little different for each attempt.
                    let pause = 5_u64 << attempt;
                    tokio::time::sleep(Duration::from_millis(pause + u64::from(attempt) * 3)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_tx<T, F>(&self, body: &F) -> Result<T>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T>>,
    {
        let mut tx = self.write().await?;
        let value = body(&mut tx).await?;
        tx.commit().await?;
        Ok(value)
    }

    /// Gives SQLite's writer half a gigabyte of memory and as long a log, for work that touches the whole register.
    ///
    /// A commit is on disk when the log is folded back, and not before: what is lost in a power cut is done again,
    /// and the file stays whole.
    pub async fn work_at_large(&self) -> Result<()> {
        let Self::Sqlite { write, .. } = self else { return Ok(()) };
        for pragma in [
            "PRAGMA cache_size = -524288",
            "PRAGMA synchronous = NORMAL",
            // Eight times as long as otherwise.
            "PRAGMA wal_autocheckpoint = 128000",
        ] {
            sqlx::query(pragma).execute(write).await?;
        }
        Ok(())
    }

    /// Lets SQLite's writer empty whole tables without a look at their rows: the pages go as they are, to be
    /// used again, and [`Db::overwrite_free_pages`] is owed. Not within a transaction.
    pub async fn let_rows_go_whole(&self, is_so: bool) -> Result<()> {
        let Self::Sqlite { write, .. } = self else { return Ok(()) };
        let pragmas = if is_so {
            ["PRAGMA secure_delete = FAST", "PRAGMA foreign_keys = OFF"]
        } else {
            ["PRAGMA secure_delete = ON", "PRAGMA foreign_keys = ON"]
        };
        for pragma in pragmas {
            sqlx::query(pragma).execute(write).await?;
        }
        Ok(())
    }

    /// Overwrites what the free pages of SQLite's file still hold.
    pub async fn overwrite_free_pages(&self) -> Result<()> {
        let Self::Sqlite { write, .. } = self else { return Ok(()) };
        let page: i64 = sqlx::query_scalar("PRAGMA page_size").fetch_one(write).await?;
        sqlx::query("CREATE TABLE IF NOT EXISTS filler (bytes BLOB)").execute(write).await?;
        loop {
            let free: i64 = sqlx::query_scalar("PRAGMA freelist_count").fetch_one(write).await?;
            if free == 0 {
                break;
            }
            // A long value takes a page for each of its page-fuls, and free ones first.
            let bytes = free.min(LOG_PAGES) * page;
            let fill = "INSERT INTO filler (bytes) VALUES (zeroblob($1))";
            sqlx::query(fill).bind(bytes).execute(write).await?;
        }
        sqlx::query("DROP TABLE filler").execute(write).await?;
        Ok(())
    }

    /// Folds SQLite's log back into its file every second, so that commits need not wait for it.
    ///
    /// Never ends on SQLite: the task is to be aborted. On PostgreSQL there is nothing to do.
    pub async fn tend(&self) {
        let Self::Sqlite { keeper, scrub, .. } = self else { return };
        loop {
            tokio::time::sleep(TEND).await;
            if scrub.load(Ordering::Acquire) && empty_log(keeper).await {
                scrub.store(false, Ordering::Release);
            }
            let mut before = 0;
            loop {
                let folded: std::result::Result<(i64, i64, i64), _> =
                    sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(keeper).await;
                let (log, done) = match folded {
                    Ok((_, log, done)) => (log, done),
                    Err(failure) => {
                        warn!(error = %failure, "the log cannot be folded back now");
                        break;
                    }
                };
                // Near its end the log is followed up closely: the commit that finds little left
                // finishes, and the next starts the log over.
                if log < LOG_PAGES || done - before < LEFT_OVER {
                    break;
                }
                before = done;
            }
        }
    }

    /// Asks that the log be folded back and emptied: old pages in it may hold what was just erased.
    ///
    /// On PostgreSQL there is nothing to do here: what its old rows and its log keep, its operator decides.
    pub fn scrub(&self) {
        if let Self::Sqlite { scrub, .. } = self {
            scrub.store(true, Ordering::Release);
        }
    }

    /// Writes a copy of the whole database, as it is at one moment, into a new file; the server may be at work.
    ///
    /// False where there is no such copy: a PostgreSQL server has tools of its own for it.
    pub async fn copy_into(&self, path: &Path) -> Result<bool> {
        let Self::Sqlite { keeper, .. } = self else { return Ok(false) };
        let path = path.to_string_lossy().into_owned();
        sqlx::query("VACUUM INTO $1").bind(path).execute(keeper).await?;
        Ok(true)
    }

    /// `sqlite` or `postgres`, for messages and benchmarks.
    pub fn backend(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Closes all connections; on SQLite this also folds the log back into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write, look_up, keeper, ahead, .. } => {
                ahead.close().await;
                read.close().await;
                look_up.close().await;
                keeper.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Folds the log back and cuts it to nothing; false when readers are in the way. They are not waited for long:
/// the writer waits too.
async fn empty_log(keeper: &SqlitePool) -> bool {
    let emptied = async {
        let mut connection = keeper.acquire().await?;
        sqlx::query("PRAGMA busy_timeout = 200").execute(&mut *connection).await?;
        let row: (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await?;
        sqlx::query("PRAGMA busy_timeout = 20000").execute(&mut *connection).await?;
        Ok::<_, sqlx::Error>(row.0 == 0)
    };
    emptied.await.unwrap_or_else(|failure| {
        warn!(error = %failure, "the log cannot be emptied now");
        false
    })
}

/// Whether a connection may be used again. After "disk full" SQLite has rolled back by itself and the
/// driver still counts a transaction: such a connection is replaced.
fn sound(
    connection: &mut SqliteConnection,
) -> BoxFuture<'_, std::result::Result<bool, sqlx::Error>> {
    let sound = !connection.is_in_transaction();
    Box::pin(async move { Ok(sound) })
}

impl From<std::num::TryFromIntError> for DbError {
    fn from(_: std::num::TryFromIntError) -> Self {
        Self::Inconsistent { table: "?", column: "integer" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_a_table_that_went_whole_nothing_is_left_once_its_pages_are_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("register.db");
        let db = Db::open(&DbConfig::Sqlite(path.clone())).await.unwrap();
        let on_disk = || {
            let files = ["register.db", "register.db-wal"].map(|name| dir.path().join(name));
            let held = files.into_iter().filter_map(|file| std::fs::read(file).ok());
            held.map(|bytes| bytes.windows(9).filter(|w| w == b"a secret ").count()).sum::<usize>()
        };
        let rows = (0..2_000).map(|n| vec![format!("a secret {n:0>900}").into()]).collect();
        let mut tx = db.write().await.unwrap();
        tx.query("CREATE TABLE secret (text TEXT)").execute().await.unwrap();
        tx.insert_rows("INSERT INTO secret (text)", "", rows).await.unwrap();
        tx.commit().await.unwrap();

        db.let_rows_go_whole(true).await.unwrap();
        let mut tx = db.write().await.unwrap();
        tx.query("DELETE FROM secret").execute().await.unwrap();
        tx.commit().await.unwrap();
        db.let_rows_go_whole(false).await.unwrap();
        let Db::Sqlite { keeper, .. } = &db else { unreachable!() };
        assert!(empty_log(keeper).await);
        assert!(on_disk() > 1_000, "they were let go as they are");

        db.overwrite_free_pages().await.unwrap();

        assert!(empty_log(keeper).await);
        assert_eq!(on_disk(), 0);
        let free: i64 =
            sqlx::query_scalar("PRAGMA freelist_count").fetch_one(keeper).await.unwrap();
        assert!(free > 400, "{free} pages are there to be used again");
        // Now what is deleted is overwritten again.
        let mut tx = db.write().await.unwrap();
        tx.query("INSERT INTO secret (text) VALUES ('a secret again')").execute().await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.write().await.unwrap();
        tx.query("DELETE FROM secret").execute().await.unwrap();
        tx.commit().await.unwrap();
        assert!(empty_log(keeper).await);
        assert_eq!(on_disk(), 0);
    }
}
