//! What waits for something to build on.

use uuid::Uuid;

use super::ZoneId;
use crate::{
    db::{Result, Tx},
    runtime::Micros,
};

/// A version of a submission that has waited too long.
#[derive(Clone, Debug)]
pub struct Overdue {
    /// Where its record lies.
    pub zone_id: ZoneId,
    /// The submission.
    pub submission_id: Uuid,
    /// The version.
    pub seq: i64,
    /// Its form.
    pub form_id: String,
    /// The version of the form.
    pub form_version: String,
}

/// The first versions that came before this moment and still wait, but for an entity that was deleted: that one is
/// not to come back.
pub async fn overdue(tx: &mut Tx, before: Micros, limit: i64) -> Result<Vec<Overdue>> {
    let rows = tx
        .query(
            "SELECT h.zone_id, h.submission_id, MIN(h.seq), j.form_id, j.form_version FROM held h \
             JOIN journal j ON j.zone_id = h.zone_id AND j.seq = h.seq \
             LEFT JOIN entity_home l ON l.entity_id = h.entity_id \
             LEFT JOIN entity e ON e.zone_id = l.zone_id AND e.entity_id = l.entity_id \
             WHERE j.received_at < $1 AND COALESCE(e.deleted_seq, 0) = 0 \
             GROUP BY h.zone_id, h.submission_id, j.form_id, j.form_version ORDER BY 3 LIMIT $2",
        )
        .bind(before)
        .bind(limit)
        .fetch_all()
        .await?;
    rows.iter()
        .map(|r| {
            Ok(Overdue {
                zone_id: ZoneId(r.get(0)?),
                submission_id: r.get(1)?,
                seq: r.get(2)?,
                form_id: r.get(3)?,
                form_version: r.get(4)?,
            })
        })
        .collect()
}
