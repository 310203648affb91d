//! Pages read side by side before they are needed: ids that phones make and hashed keys are random, so in a register
//! larger than memory each of them waits for the disk, one after the other, where one connection asks for all.

use futures_util::StreamExt as _;
use sqlx::SqlitePool;
use tracing::debug;

use super::{Db, Result, Tx, Value};

/// Rows that somebody will look up or write soon: a statement that ends before its list, what it binds before that,
/// and the list.
pub struct Wanted {
    /// As for [`Tx::fetch_in_with`]; it should read no more than the index in which the rows are found.
    pub head: &'static str,
    /// `$1..` of the head.
    pub first: Vec<Value>,
    /// The keys.
    pub keys: Vec<Value>,
}

/// Connections that read side by side: past eight a disk gives little more.
pub(super) const SIDE_BY_SIDE: u32 = 8;
/// Keys asked for in one statement.
const PART: usize = 64;
/// Bytes of a database of which the writer and the system surely hold in memory what is written often.
const SMALL: u64 = 320 << 20;

impl Db {
    /// Whether [`Db::read_ahead`] is worth preparing.
    pub fn outgrows_memory(&self) -> bool {
        let Self::Sqlite { path, .. } = self else { return false };
        std::fs::metadata(path).is_ok_and(|file| file.len() > SMALL)
    }

    /// Has the pages of these rows brought into the system's memory. What fails is read by whoever needs it.
    ///
    /// On PostgreSQL nothing is done: its server keeps a memory of its own.
    pub async fn read_ahead(&self, wanted: Vec<Wanted>) {
        let Self::Sqlite { ahead, .. } = self else { return };
        let parts: Vec<Wanted> = wanted.iter().flat_map(Wanted::parts).collect();
        futures_util::stream::iter(parts)
            .for_each_concurrent(usize::try_from(SIDE_BY_SIDE).ok(), |part| {
                let ahead = ahead.clone();
                async move {
                    if let Err(failure) = read_part(&ahead, part).await {
                        debug!(error = %failure, "not read ahead");
                    }
                }
            })
            .await;
    }
}

impl Wanted {
    fn parts(&self) -> impl Iterator<Item = Self> {
        let part = |keys: &[Value]| Self {
            head: self.head,
            first: self.first.clone(),
            keys: keys.to_vec(),
        };
        self.keys.chunks(PART).map(part)
    }
}

async fn read_part(ahead: &SqlitePool, part: Wanted) -> Result<()> {
    let mut tx = Tx::Sqlite(ahead.begin().await?);
    tx.fetch_in_with(part.head, part.first, part.keys, "").await?;
    Ok(())
}
