//! `sanu check`: can everything received be read, do the counts add up, is everybody where their site is?

use anyhow::bail;
use serde_json::json;

use super::{answer, result};
use crate::{
    app::Base,
    apply::{check_counts, check_journal, check_places, waiting_events},
};

pub(super) async fn run(base: &Base, quick: bool, json: bool) -> anyhow::Result<()> {
    if quick {
        let report = json!({ "waiting_events": waiting_events(&base.db).await? });
        say(&report, json);
        base.db.close().await;
        return Ok(());
    }
    let journal = check_journal(&base.db, &base.keys).await?;
    let wrong_cells = check_counts(&base.db).await?;
    let wrong_places = check_places(&base.db).await?;
    let mut missing_files = 0_u64;
    let mut tx = base.db.read().await?;
    let mut after: Vec<u8> = Vec::new();
    loop {
        let rows = tx
            .query("SELECT sha256 FROM blob WHERE sha256 > $1 ORDER BY sha256 LIMIT 1000")
            .bind(after.clone())
            .fetch_all()
            .await?;
        for row in &rows {
            let sha256 = row.bytes(0)?;
            missing_files += u64::from(!base.blobs.has(&sha256));
            after = sha256.to_vec();
        }
        if rows.is_empty() {
            break;
        }
    }
    drop(tx);
    let ok = journal.unreadable == 0 && wrong_cells == 0 && wrong_places == 0 && missing_files == 0;
    let report = json!({
        "ok": ok,
        "events": journal.events,
        "unreadable_events": journal.unreadable,
        "waiting_events": journal.waiting,
        "wrong_count_cells": wrong_cells,
        "wrong_places": wrong_places,
        "missing_files": missing_files,
    });
    say(&report, json);
    base.db.close().await;
    if !ok {
        bail!("the check found damage");
    }
    Ok(())
}

/// The figures, one to a line unless JSON was asked for.
fn say(report: &serde_json::Value, json: bool) {
    if json {
        answer(report);
        return;
    }
    for (what, figure) in report.as_object().into_iter().flatten() {
        result(&format!("{what}\t{figure}"));
    }
}
