//! Finding a submission by the id that people know, as far as they may see it.

use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::{
    access::Caller,
    app::App,
    catalogue::Snapshot,
    db::Tx,
    http::problem::Problem,
    intake::{instance_key, list_of_form},
    store::{
        submissions::{self, SubmissionRow},
        zones,
    },
};

/// The forms about children.
pub(super) fn forms_of_children(forms: &Snapshot) -> Vec<String> {
    let mut ids: Vec<String> = forms.all().iter().map(|p| p.form.form_id.clone()).collect();
    ids.sort();
    ids.dedup();
    ids.retain(|id| forms.is_of_children(id));
    ids
}

/// The submission of this instance id or submission id, if the caller may review it.
pub(super) async fn find(
    app: &App,
    tx: &mut Tx,
    by: &Caller,
    id: &str,
) -> Result<SubmissionRow, Problem> {
    let forms = app.base.catalogue.current().await?;
    let mut ids: Vec<&str> = forms.all().iter().map(|p| p.form.form_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let keys = ids.iter().map(|form| instance_key(form, id)).collect();
    let mut places = submissions::by_keys(tx, keys).await?;
    if let Ok(submission) = id.parse::<Uuid>() {
        let zones = zones::all(tx).await?;
        places.extend(zones.into_iter().map(|zone| (zone.zone_id, submission)));
    }
    let mut found = Vec::new();
    for (zone, submission) in places {
        if !by.scope.contains(zone) {
            continue;
        }
        let row = submissions::one(tx, zone, submission).await?;
        // Base lists are taken back whole, where they were loaded.
        let row = row.filter(|r| list_of_form(&r.form_id).is_none());
        found.extend(row.filter(|r| by.role.may_review(forms.is_of_children(&r.form_id))));
    }
    match found.len() {
        1 => found.pop().ok_or_else(Problem::not_found),
        0 => {
            let detail = "instance_id: no submission has it, or this account may not see it";
            Err(Problem::new("not-found", detail))
        }
        _ => Err(Problem::bad("several submissions have this instance id: give the submission id")),
    }
}

/// How a submission stands, in one word: as the checks have it until a person decided.
pub(super) fn stands(row: &SubmissionRow) -> &str {
    // What was erased is neither accepted nor anything else.
    if row.state == "erased" { &row.state } else { submissions::stands(&row.state, &row.review) }
}

/// A submission as the queue shows it.
pub(super) fn as_json(row: &SubmissionRow, zone: &str) -> Json {
    let violations: Vec<Map<String, Json>> =
        serde_json::from_str(&row.violations).unwrap_or_default();
    json!({
        "submission_id": row.submission_id,
        "instance_id": row.instance_id,
        "form_id": row.form_id,
        "form_version": row.form_version,
        "dataset": row.dataset,
        "entity_id": row.entity_id,
        "zone": zone,
        "device_id": row.device_id,
        "account_id": row.account_id,
        "received_at": row.received_at.to_rfc3339(),
        "version": row.seq,
        "state": stands(row),
        "checks": row.state,
        "reason": row.reason,
        "broken": violations.into_iter().map(worded).collect::<Vec<_>>(),
    })
}

/// A broken rule with its sentence.
fn worded(mut violation: Map<String, Json>) -> Json {
    let rule = violation.get("rule").and_then(Json::as_str).and_then(sanu_schemas::rule);
    if let Some(rule) = rule {
        violation.insert(String::from("message"), rule.message_fr.clone().into());
    }
    Json::Object(violation)
}
