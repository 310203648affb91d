//! Who did what: ids only, never names of people recorded or tokens.

use crate::{
    db::{Result, Tx},
    runtime::Runtime,
};

/// Adds a line to the audit log, in the transaction of what it tells about.
pub async fn note(
    tx: &mut Tx,
    runtime: &Runtime,
    actor: &str,
    action: &'static str,
    subject: &str,
    detail: &str,
) -> Result<()> {
    tx.query(
        "INSERT INTO audit (audit_id, at, actor, action, subject, detail) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(runtime.id())
    .bind(runtime.now())
    .bind(actor)
    .bind(action)
    .bind(subject)
    .bind(detail)
    .execute()
    .await?;
    Ok(())
}
