//! Letting go of what waited: its record says so, and so does a receipt to who sent it.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    fold::{WAITS, WAITS_FOR_SEVERAL},
    register::{FeedOut, Waiting},
};
use crate::{
    db::{DbError, Result, Tx},
    store::ZoneId,
};

/// Ends the wait of records, and gives the receipts that tell their devices.
pub(super) async fn release(
    tx: &mut Tx,
    released: Vec<(Uuid, Waiting)>,
    waits: &BTreeSet<(ZoneId, Uuid)>,
) -> Result<Vec<FeedOut>> {
    let mut receipts = Vec::new();
    for (id, waited) in released {
        tx.query("DELETE FROM held WHERE entity_id = $1 AND zone_id = $2 AND seq = $3")
            .bind(id)
            .bind(waited.zone_id.0)
            .bind(waited.source.seq)
            .execute()
            .await?;
        // Of several the least: which of them comes last depends on where batches end.
        tx.query(
            "UPDATE record SET entity_id = $3 WHERE zone_id = $1 AND submission_id = $2 \
             AND (entity_id IS NULL OR entity_id > $3)",
        )
        .bind(waited.zone_id.0)
        .bind(waited.source.submission_id)
        .bind(id)
        .execute()
        .await?;
        let row = tx
            .query(
                "SELECT instance_id, COALESCE(device_id, account_id), violations, reason FROM record \
                 WHERE zone_id = $1 AND submission_id = $2 AND state = 'held'",
            )
            .bind(waited.zone_id.0)
            .bind(waited.source.submission_id)
            .fetch_optional()
            .await?;
        let Some(row) = row else { continue };
        let of_several = row.get::<String>(3)? == WAITS_FOR_SEVERAL;
        let place = (waited.zone_id, waited.source.submission_id);
        if of_several && (waits.contains(&place) || still_waits(tx, place).await?) {
            continue;
        }
        let instance_id: String = row.get(0)?;
        let violations: Vec<Json> = serde_json::from_str(&row.get::<String>(2)?)
            .map_err(|_| DbError::Inconsistent { table: "record", column: "violations" })?;
        // Information alone, such as a contact that is not to be published, is nothing to look at.
        let doubtful = violations.iter().any(|v| v["severity"] == "warning");
        let (state, reason) = if doubtful { ("flagged", "rules") } else { ("received", "") };
        tx.query(
            "UPDATE record SET state = $3, \
             reason = CASE WHEN reason IN ($5, $6) THEN $4 ELSE reason END \
             WHERE zone_id = $1 AND submission_id = $2",
        )
        .bind(waited.zone_id.0)
        .bind(waited.source.submission_id)
        .bind(state)
        .bind(reason)
        .bind(WAITS)
        .bind(WAITS_FOR_SEVERAL)
        .execute()
        .await?;
        let mut rules: Vec<&str> =
            violations.iter().filter_map(|v| v.get("rule")?.as_str()).collect();
        rules.dedup();
        let detail = json!({ "instance_id": instance_id, "state": state, "rules": rules });
        receipts.push(FeedOut {
            zone_id: waited.zone_id,
            at: waited.source.at,
            kind: "receipt",
            dataset: String::new(),
            subject_id: waited.source.submission_id,
            device_id: row.get(1)?,
            detail: detail.to_string(),
        });
    }
    Ok(receipts)
}

/// Whether a submission waits for another entity still. There is no index for it: only records that change several
/// entities are asked.
async fn still_waits(tx: &mut Tx, (zone, submission): (ZoneId, Uuid)) -> Result<bool> {
    let row = tx
        .query("SELECT seq FROM held WHERE zone_id = $1 AND submission_id = $2 LIMIT 1")
        .bind(zone.0)
        .bind(submission)
        .fetch_optional()
        .await?;
    Ok(row.is_some())
}
