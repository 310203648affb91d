//! Removing the files of erased people.

use std::collections::BTreeSet;

use tracing::error;

use super::engine::Applier;
use crate::{db::Result, store::lost_files};

impl Applier {
    /// Removes the files of erased people, and what the log still holds of their keys. What cannot be done now
    /// is done at the next start.
    pub(super) async fn clear_up(&self) {
        self.db.scrub();
        if let Err(failure) = self.remove_files().await {
            error!(error = %failure, "files of an erased person are still there: restart to try again");
        }
    }

    /// Forgets files that came once more with an erased submission.
    pub async fn lose_files(&self, files: BTreeSet<[u8; 32]>) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        lost_files::lose_unnamed(&mut tx, files).await?;
        tx.commit().await?;
        self.remove_files().await
    }

    async fn remove_files(&self) -> Result<()> {
        loop {
            let mut tx = self.db.read().await?;
            let files = lost_files::lost(&mut tx).await?;
            drop(tx);
            if files.is_empty() {
                return Ok(());
            }
            for file in files {
                let mut tx = self.db.write().await?;
                if !lost_files::is_back(&mut tx, file).await? {
                    self.blobs.remove(&file)?;
                }
                lost_files::removed(&mut tx, file).await?;
                tx.commit().await?;
            }
        }
    }
}
