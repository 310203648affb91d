//! Files that go with an erased person: forgotten in the transaction that erases, removed from the folder after it.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::db::{Result, Tx};

/// A file, by its content.
pub type Sha256 = [u8; 32];

/// Which submissions name these files. Reads the whole list of attachments: for the few times that somebody is erased.
pub async fn named(tx: &mut Tx, files: &BTreeSet<Sha256>) -> Result<Vec<(Uuid, Sha256)>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx
        .fetch_in(
            "SELECT submission_id, sha256 FROM attachment WHERE sha256 IN",
            files.iter().map(|f| (*f).into()).collect(),
            "",
        )
        .await?;
    rows.iter().map(|r| Ok((r.get(0)?, r.bytes(1)?))).collect()
}

/// Forgets files, and notes that they are to be removed.
pub async fn lose(tx: &mut Tx, files: BTreeSet<Sha256>) -> Result<()> {
    for file in &files {
        tx.query("DELETE FROM blob WHERE sha256 = $1").bind(*file).execute().await?;
    }
    let rows = files.into_iter().map(|f| vec![f.into()]).collect();
    tx.insert_rows("INSERT INTO lost_file (sha256)", "ON CONFLICT (sha256) DO NOTHING", rows)
        .await?;
    Ok(())
}

/// Of these files, loses those that no submission names.
pub async fn lose_unnamed(tx: &mut Tx, mut files: BTreeSet<Sha256>) -> Result<()> {
    for (_, file) in named(tx, &files).await? {
        files.remove(&file);
    }
    lose(tx, files).await
}

/// Files to be removed.
pub async fn lost(tx: &mut Tx) -> Result<Vec<Sha256>> {
    let rows = tx.query("SELECT sha256 FROM lost_file LIMIT 1000").fetch_all().await?;
    rows.iter().map(|r| r.bytes(0)).collect()
}

/// Whether a file came again since it was lost, with another submission.
pub async fn is_back(tx: &mut Tx, file: Sha256) -> Result<bool> {
    let query = tx.query("SELECT size FROM blob WHERE sha256 = $1").bind(file);
    Ok(query.fetch_optional().await?.is_some())
}

/// A lost file is removed.
pub async fn removed(tx: &mut Tx, file: Sha256) -> Result<()> {
    tx.query("DELETE FROM lost_file WHERE sha256 = $1").bind(file).execute().await?;
    Ok(())
}
