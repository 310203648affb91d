//! `sanu rebuild`

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{answer, notice, result, serve::lock};
use crate::{
    app::{Base, Settings, StartError},
    apply::{derived_hash, rebuild},
    french::counted,
    runtime::Runtime,
};

pub(super) async fn run(settings: Settings, json: bool) -> anyhow::Result<()> {
    if !settings.may_hold_register() {
        // Found out before a lock file is left in a folder that is not meant.
        return Err(StartError::NoRegister(settings.data.display().to_string()).into());
    }
    let _lock = lock(&settings.data).context(
        "arrêter d'abord le serveur (Ctrl-C), puis recommencer / stop the server before rebuilding",
    )?;
    let base = Base::existing(settings, Runtime::system()).await?;
    let mut tx = base.db.read().await?;
    let head: i64 =
        tx.query("SELECT seq FROM journal_head WHERE id = 1").fetch_one().await?.get(0)?;
    drop(tx);
    let bar = ProgressBar::new(u64::try_from(head).unwrap_or(0)).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} events, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut told = |seq: i64| bar.set_position(u64::try_from(seq).unwrap_or(0));
    let events = rebuild(&base.db, base.applier(), &base.runtime, &mut told).await?;
    bar.finish_and_clear();
    let told =
        counted(u64::try_from(events).unwrap_or_default(), "événement relu", "événements relus");
    notice(&format!("{told} / derived again"));
    if json {
        // They cost a reading of everything.
        answer(&json!({ "events": events, "hashes": hashes(&base).await? }));
    }
    base.db.close().await;
    Ok(())
}

async fn hashes(base: &Base) -> anyhow::Result<serde_json::Value> {
    let hashes = derived_hash(&base.db).await?;
    Ok(hashes
        .into_iter()
        .map(|(table, hash)| (table.to_owned(), hash.into()))
        .collect::<serde_json::Map<_, _>>()
        .into())
}

/// `sanu derived-hash`
pub(super) async fn hash(base: &Base, json: bool) -> anyhow::Result<()> {
    if json {
        answer(&json!({ "hashes": hashes(base).await? }));
    } else {
        for (table, hash) in derived_hash(&base.db).await? {
            result(&format!("{table}\t{hash}"));
        }
    }
    base.db.close().await;
    Ok(())
}
