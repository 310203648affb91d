//! `DELETE /v1/datasets/{dataset}/entities/{id}` and `POST …/{id}/restore`: an entity is taken out of the
//! register, and put back as it was. Both are events of the journal; nothing is erased.

use super::ask::Ask;
use crate::{
    http::{lists, problem::Problem, reviews::private, submissions::answered},
    intake::{Action, Incoming, IntakeError, Outcome, Review, Sender},
    store::{ZoneId, entities},
};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde_json::json;

/// How long somebody waits to hear what became of it.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// `DELETE /v1/datasets/{dataset}/entities/{id}?reason=…`
pub(super) async fn delete(ask: Ask) -> Result<Response, Problem> {
    decide(ask, Action::Delete).await
}

/// `POST /v1/datasets/{dataset}/entities/{id}/restore?reason=…`
pub(super) async fn restore(ask: Ask) -> Result<Response, Problem> {
    decide(ask, Action::Restore).await
}

async fn decide(ask: Ask, action: Action) -> Result<Response, Problem> {
    ask.takes(&["reason", "decision"])?;
    let dataset = ask.dataset();
    let forms = ask.app.base.catalogue.current().await?;
    let children = lists::is_of_children(&forms, dataset);
    if !ask.by.role.may_delete(false) {
        return Err(Problem::forbidden());
    }
    if !ask.by.role.may_delete(children) {
        return Err(Problem::not_found());
    }
    let id = ask.id()?;
    let reason = ask.reason.clone();
    let reason = reason.ok_or_else(|| Problem::bad("reason: needed to delete or restore"))?;
    let decision = match ask.value("decision") {
        Some(text) => text.parse().map_err(|_| Problem::bad("decision: a UUID"))?,
        None => ask.app.base.runtime.random_id(),
    };
    let mut tx = ask.app.base.db.read().await?;
    let stood = entities::stood(&mut tx, &ask.by.scope, dataset, id).await?;
    drop(tx);
    let stood = stood.ok_or_else(Problem::not_found)?;
    let said_before = !answered(&ask.app, &[(stood.zone_id, decision)], std::time::Duration::ZERO)
        .await?
        .is_empty();
    // What is gone cannot be deleted, what is there not restored: but the same decision again is the same.
    if stood.is_deleted != (action == Action::Restore) && !said_before {
        return Err(Problem::not_found());
    }
    let review = Review {
        review_id: decision,
        submission_id: id,
        action,
        reason,
        role: ask.by.role.as_str().to_owned(),
        seen: None,
        correction: None,
        answers: std::collections::BTreeMap::new(),
        corrected: String::new(),
        settled: None,
        children,
    };
    settle(&ask, review, stood.zone_id).await
}

async fn settle(ask: &Ask, review: Review, zone: ZoneId) -> Result<Response, Problem> {
    let (id, entity) = (review.review_id, review.submission_id);
    let sender = Sender {
        account_id: ask.by.account_id,
        device_id: ask.by.device_id,
        zone_id: zone,
        scope: ask.by.scope.clone(),
    };
    let incoming = Incoming::review(&review, (String::new(), String::new()), sender);
    let outcomes = ask.app.intake.accept(vec![incoming]).await.map_err(|error| match error {
        IntakeError::Busy => Problem::new("busy", ""),
        IntakeError::Db(error) if error.is_transient() => Problem::new("busy", ""),
        IntakeError::Db(_) => Problem::new("internal", ""),
    })?;
    if let Some(Outcome::Conflict { .. }) = outcomes.first() {
        return Err(Problem::new("decision-id-used", ""));
    }
    let taken = answered(&ask.app, &[(zone, id)], PATIENCE).await?;
    let state = match taken.get(&id) {
        // In the journal, and therefore certain to be taken.
        None => "received",
        Some(row) if row.refusal.is_empty() => "taken",
        Some(_) => return Err(Problem::not_found()),
    };
    let status = if state == "taken" { StatusCode::OK } else { StatusCode::ACCEPTED };
    let body = json!({ "decision_id": id, "state": state, "id": entity });
    Ok(private((status, Json(body)).into_response()))
}

#[cfg(test)]
mod tests {
    use crate::access::Role;

    #[test]
    fn entities_are_deleted_by_data_managers_and_administrators_children_by_the_former_alone() {
        let may: Vec<_> = Role::all().filter(|role| role.may_delete(false)).collect();
        assert_eq!(may, [Role::Admin, Role::DataManager]);
        let may: Vec<_> = Role::all().filter(|role| role.may_delete(true)).collect();
        assert_eq!(may, [Role::DataManager]);
    }
}
