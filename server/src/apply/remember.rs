//! Writing the engine's memory to its files, beside everything else.

use std::{io, time::Duration};

use tracing::{info, warn};

use super::{
    Applier,
    memory::{Stood, has_erased_since},
};
use crate::db::{Db, Result};

/// How often it is looked whether there is something new to write.
const LOOK: Duration = Duration::from_mins(1);
/// Looks after which it is written although submissions keep coming.
const LOOKS_MAX: u32 = 30;

impl Applier {
    /// Writes the files now and then: when nothing came for a while, and at the latest every half hour. Never ends.
    pub async fn remember_now_and_then(self, db: Db) {
        let (mut seen, mut written, mut looks) = (None, None, 0);
        loop {
            tokio::time::sleep(LOOK).await;
            let seq = self.people().read().await.seq;
            looks += 1;
            let is_quiet = seq == seen || looks >= LOOKS_MAX;
            seen = seq;
            if seq.is_none() || !is_quiet {
                continue;
            }
            looks = 0;
            match self.remember_unless(&db, written).await {
                Ok(stood) => written = stood,
                Err(failure) => warn!(error = %failure, "the engine's memory was not written"),
            }
        }
    }

    /// Writes the files as the register stands.
    pub async fn remember_people(&self, db: &Db) -> Result<()> {
        self.remember_unless(db, None).await.map(drop)
    }

    /// Writes the files, unless they are of `written`; says of what they are now. Apply waits while the memory is
    /// copied, about a second for two million, and not while it is written.
    async fn remember_unless(&self, db: &Db, written: Option<Stood>) -> Result<Option<Stood>> {
        let people = self.people().read_owned().await;
        let stood = Stood::read(&mut db.read().await?).await?;
        let files = people.files().cloned();
        let Some(files) = files.filter(|_| people.seq == Some(stood.seq)) else {
            return Ok(written);
        };
        if written == Some(stood) {
            return Ok(written);
        }
        let (keys, runtime) = (self.keys.clone(), self.runtime.clone());
        let own = files.clone();
        let done = tokio::task::spawn_blocking(move || {
            let parts = people.to_parts();
            drop(people);
            own.write(stood, &parts, (&keys, &runtime))
        })
        .await;
        if let Err(failure) = done.map_err(io::Error::from).flatten() {
            warn!(error = %failure, "the engine's memory was not written");
            return Ok(None);
        }
        // Somebody may have been erased while it was written, here or by another process: whoever did so destroys
        // the files after that is in the database, and it is looked for here after they have their names.
        if has_erased_since(&mut db.read().await?, stood.seq).await? {
            files.destroy();
            return Ok(None);
        }
        info!(event.seq = stood.seq, "the engine's memory is in its files");
        Ok(Some(stood))
    }
}
