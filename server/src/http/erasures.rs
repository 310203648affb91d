//! `POST /v1/erasures`: a person is erased from the register, for good.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    auth::By,
    persons::{About, note, person},
    problem::Problem,
    reviews::private,
};
use crate::{
    access::Caller,
    app::App,
    intake::{Erasure, Incoming, Outcome, Sender},
    store::persons::{self, ErasureRow},
};

/// How long the caller waits to hear that it is done.
const PATIENCE: Duration = Duration::from_secs(20);

/// `POST /v1/erasures`
pub(super) async fn post(
    State(app): State<Arc<App>>,
    By(by): By,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let expected = "{id, dataset, card or entity, reason}";
    let about = About::read(&headers, body, expected).await?;
    let id = about.id.ok_or_else(|| {
        Problem::new("malformed", format!("expected {expected}: `id` is missing"))
    })?;
    if !by.role.may_erase(about.is_child()) {
        return Err(Problem::forbidden());
    }
    let asked = about.asked(id, &app.base.keys);
    // Done already: the card leads nowhere any more.
    if let Some(row) = persons::erasure(&mut app.base.db.read().await?, id).await? {
        if !may_hear(&by, &row) {
            return Err(Problem::not_found());
        }
        if row.asked != asked && !about.names(row.entity_id, &row.dataset) {
            return Err(Problem::new("decision-id-used", ""));
        }
        return outcome(&by, id, &row);
    }
    let found = person(&app, &by, &about).await?;
    let erasure = Erasure {
        erasure_id: id,
        entity_id: found.entity_id,
        dataset: about.dataset.clone(),
        reason: about.reason.clone(),
        role: by.role.as_str().to_owned(),
        submission: None,
        done: None,
    };
    // Before it is done: who asked is known even when nothing is left to tell it.
    let detail = format!("{id}: {}", about.reason);
    note(&app, &by, "person.erase", (found.entity_id, &detail)).await?;
    let sender = Sender {
        account_id: by.account_id,
        device_id: by.device_id,
        zone_id: found.zone_id,
        scope: by.scope.clone(),
    };
    let incoming = Incoming { content_hash: Some(asked), ..Incoming::erasure(&erasure, sender) };
    let outcomes = app.intake.accept(vec![incoming]).await?;
    match outcomes.first() {
        Some(Outcome::Accepted { .. } | Outcome::Duplicate { .. }) => {}
        Some(Outcome::Conflict { .. }) => return Err(Problem::new("decision-id-used", "")),
        Some(Outcome::Erased { .. }) | None => return Err(Problem::new("internal", "")),
    }
    answered(&app, &by, id).await
}

/// Waits until apply has done it.
async fn answered(app: &App, by: &Caller, id: Uuid) -> Result<Response, Problem> {
    let mut progress = app.applier.progress();
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let row = persons::erasure(&mut app.base.db.read().await?, id).await?;
        if let Some(row) = row {
            return outcome(by, id, &row);
        }
        if !matches!(tokio::time::timeout_at(until, progress.changed()).await, Ok(Ok(()))) {
            // In the journal, and therefore certain to be done.
            let body = json!({ "erasure_id": id, "state": "received" });
            return Ok((StatusCode::ACCEPTED, Json(body)).into_response());
        }
    }
}

fn may_hear(by: &Caller, of: &ErasureRow) -> bool {
    by.role.may_erase(of.dataset == "enfants") && by.scope.contains(of.zone_id)
}

fn outcome(by: &Caller, id: Uuid, row: &ErasureRow) -> Result<Response, Problem> {
    if !may_hear(by, row) || row.state == "refused" {
        return Err(Problem::not_found());
    }
    let body = json!({
        "erasure_id": id,
        "state": row.state,
        "registrations": row.registrations,
        "submissions": row.submissions,
        "files": row.files,
    });
    Ok(private(Json(body).into_response()))
}
