//! What waited too long for something to build on: an event says that it is applied without it.
//!
//! The clock decides when that event is written, never what it means: a rebuild reads it where it stands.

use std::{collections::BTreeMap, time::Duration};

use sha2::{Digest as _, Sha256};
use tracing::{info, warn};

use crate::{
    app::Base,
    db::Result,
    intake::{Action, Incoming, Intake, Review, Sender},
    keys::Realm,
    runtime::Micros,
    store::{
        Scope,
        held::{self, Overdue},
    },
};

/// How often the server looks.
const EVERY: Duration = Duration::from_hours(1);
/// Submissions forced at once: each is a batch of its own for apply.
const AT_ONCE: i64 = 200;
/// Microseconds.
const DAY: i64 = 24 * 3_600 * 1_000_000;
/// The role of who decides here.
const ROLE: &str = "server";

/// Looks now and every hour; ends with the server.
pub(crate) async fn force(base: Base, intake: Intake) {
    if base.force_held_after == 0 {
        return;
    }
    loop {
        match round(&base, &intake).await {
            Ok(0) => {}
            Ok(n) => info!(submissions.count = n, "what waited too long is applied as it stands"),
            Err(failure) => warn!(error = %failure, "what waited too long could not be looked up"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn round(base: &Base, intake: &Intake) -> Result<usize> {
    let days = i64::from(base.force_held_after);
    let before = Micros(base.runtime.now().0 - days * DAY);
    let mut tx = base.db.read().await?;
    let overdue = held::overdue(&mut tx, before, AT_ONCE).await?;
    drop(tx);
    let forms = base.catalogue.current().await?;
    let incoming = overdue.into_iter().map(|held| {
        let is_of_children = forms
            .latest(&held.form_id)
            .is_none_or(|p| crate::apply::realm_of_form(&p.form) == Realm::Children);
        let sender =
            Sender { account_id: None, device_id: None, zone_id: held.zone_id, scope: Scope::All };
        let review = review_of(&held, base.force_held_after, is_of_children);
        Incoming::review(&review, (held.form_id, held.form_version), sender)
    });
    let incoming: Vec<_> = incoming.collect();
    let n = incoming.len();
    if n > 0 && intake.accept(incoming).await.is_err() {
        // Busy: it has waited for days, and is looked at again in an hour.
        return Ok(0);
    }
    Ok(n)
}

/// The same for the same wait: looked at twice, it is one event.
fn review_of(held: &Overdue, days: u16, children: bool) -> Review {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(b"overdue")
        .chain_update(held.submission_id)
        .chain_update(held.seq.to_be_bytes())
        .finalize()
        .into();
    let bytes = hash.first_chunk().expect("16 is less than 32");
    Review {
        review_id: uuid::Builder::from_custom_bytes(*bytes).into_uuid(),
        submission_id: held.submission_id,
        action: Action::Force,
        reason: format!("{days} jours d'attente"),
        role: String::from(ROLE),
        seen: None,
        correction: None,
        answers: BTreeMap::new(),
        corrected: String::new(),
        settled: None,
        children,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    use crate::store::ZoneId;

    #[test]
    fn one_wait_is_forced_once_and_another_wait_of_the_same_submission_again() {
        let held = |seq| Overdue {
            zone_id: ZoneId(1),
            submission_id: Uuid::from_u128(7),
            seq,
            form_id: String::from("visite_site"),
            form_version: String::new(),
        };
        let id = |seq, days| review_of(&held(seq), days, false).review_id;

        assert_eq!(id(3, 5), id(3, 6));
        assert_ne!(id(3, 5), id(4, 5));
    }
}
