//! What the office has decided about the register itself, by name.

use crate::db::{Result, Tx};

/// What may be merged without review: see `linkage::Auto`.
pub const AUTO_MERGE: &str = "auto_merge";

/// What the rules accept without review: see `apply::Acceptance`.
pub const ACCEPT: &str = "accept";

/// After how many days the public is told of sites.
pub const PUBLIC_DELAY: &str = "public_delay";

/// After how many days what waits for something to build on is applied without it; 0 = never.
pub const FORCE_HELD: &str = "force_held_after";

/// Up to which event of the journal records are to be asked again, since the calendar changed then.
pub const ASK_AGAIN: &str = "ask_again";

/// The lists of which phones are given what was accepted only, by name, a comma between them.
pub const APPROVAL: &str = "approval_lists";

/// That the register was made for a demonstration.
pub const DEMO: &str = "demo";

/// The stored value, if there is one.
pub async fn get(tx: &mut Tx, name: &'static str) -> Result<Option<String>> {
    let row =
        tx.query("SELECT value FROM setting WHERE name = $1").bind(name).fetch_optional().await?;
    row.map(|r| r.get(0)).transpose()
}

/// Stores a value.
pub async fn set(tx: &mut Tx, name: &'static str, value: &str) -> Result<()> {
    tx.query(
        "INSERT INTO setting (name, value) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute()
    .await?;
    Ok(())
}

/// The lists of which phones are given only what somebody accepted.
pub async fn approval_lists(tx: &mut Tx) -> Result<Vec<String>> {
    let lists = get(tx, APPROVAL).await?.unwrap_or_default();
    Ok(lists.split(',').filter(|list| !list.is_empty()).map(str::to_owned).collect())
}

/// Takes a value away, unless it has become another.
pub async fn clear(tx: &mut Tx, name: &'static str, value: &str) -> Result<()> {
    tx.query("DELETE FROM setting WHERE name = $1 AND value = $2")
        .bind(name)
        .bind(value)
        .execute()
        .await?;
    Ok(())
}
