//! `POST /v1/erasures`: a person is erased from the register, for good.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    auth::By,
    body,
    persons::{About, person},
    problem::Problem,
    reviews::private,
};
use crate::{
    access::Caller,
    app::App,
    intake::{Erasure, Incoming, Outcome, Sender},
    store::{
        audit,
        persons::{self, ErasureRow},
    },
};

/// How long the caller waits to hear that it is done.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    /// Chosen by the client: the same again is the same erasure.
    id: Uuid,
    dataset: String,
    card: Option<String>,
    entity: Option<Uuid>,
    reason: String,
}

/// `POST /v1/erasures`
pub(super) async fn post(
    State(app): State<Arc<App>>,
    By(by): By,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bytes = body::read(&headers, body, 16 * 1024).await?;
    let request: Request = serde_json::from_slice(&bytes)
        .map_err(|_| Problem::new("malformed", "expected {id, dataset, card or entity, reason}"))?;
    let about = About::read(request.dataset, request.card, request.entity, &request.reason)?;
    if !by.role.may_erase(about.is_child()) {
        return Err(Problem::forbidden());
    }
    // Done already: the card leads nowhere any more.
    if let Some(row) = persons::erasure(&mut app.base.db.read().await?, request.id).await? {
        return outcome(&by, request.id, &row);
    }
    let found = person(&app, &by, &about).await?;
    let erasure = Erasure {
        erasure_id: request.id,
        entity_id: found.entity_id,
        dataset: about.dataset.clone(),
        reason: about.reason.clone(),
        role: by.role.as_str().to_owned(),
        done: None,
    };
    note(&app, &by, &erasure).await?;
    let sender = Sender {
        account_id: by.account_id,
        device_id: by.device_id,
        zone_id: found.zone_id,
        scope: by.scope.clone(),
    };
    let outcomes = app.intake.accept(vec![Incoming::erasure(&erasure, sender)]).await?;
    match outcomes.first() {
        Some(Outcome::Accepted { .. } | Outcome::Duplicate { .. }) => {}
        Some(Outcome::Conflict { .. }) => return Err(Problem::new("decision-id-used", "")),
        Some(Outcome::Erased { .. }) | None => return Err(Problem::new("internal", "")),
    }
    answered(&app, &by, request.id).await
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

fn outcome(by: &Caller, id: Uuid, row: &ErasureRow) -> Result<Response, Problem> {
    let may = by.role.may_erase(row.dataset == "enfants") && by.scope.contains(row.zone_id);
    if !may || row.state == "refused" {
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

/// Notes who asked for it before it is done: ids and the reason.
async fn note(app: &App, by: &Caller, erasure: &Erasure) -> Result<(), Problem> {
    let (actor, runtime) = (by.actor(), app.base.runtime.clone());
    let subject = erasure.entity_id.to_string();
    let detail = format!("{}: {}", erasure.erasure_id, erasure.reason);
    app.base
        .db
        .with_tx("audit", move |tx| {
            let (actor, runtime) = (actor.clone(), runtime.clone());
            let (subject, detail) = (subject.clone(), detail.clone());
            Box::pin(async move {
                audit::note(tx, &runtime, &actor, "person.erase", &subject, &detail).await
            })
        })
        .await?;
    Ok(())
}
