//! `GET /v1/reviews/submissions/{instance_id}`: one submission with its answers, as far as the role may
//! read them, and everything that was said of it.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::{RawPathParams, State},
    http::Uri,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::find::{as_json, find};
use crate::{
    access::{Caller, Role},
    app::App,
    apply::Version,
    forms::{Class, Question},
    http::{
        auth::By,
        problem::Problem,
        request::{param, query_param},
        reviews::private,
    },
    intake::Review,
    store::{
        audit,
        submissions::{self, ReviewRow},
        zones,
    },
};

/// Whether answers of this class may be read: of children the identity needs two people, who read it
/// where duplicates are decided.
pub(in crate::http) fn may_read(role: Role, children: bool, class: Class) -> bool {
    match role {
        _ if class == Class::None => true,
        Role::DataManager => !children || class != Class::Direct,
        Role::Protection => children,
        _ => false,
    }
}

/// What is said of a referral is for the protection role alone, whatever its class.
pub(super) fn is_kept_from(role: Role, question: &Question) -> bool {
    let is_referral = question.property.as_deref().is_some_and(|p| p.starts_with("referral."));
    is_referral && role != Role::Protection
}

/// Takes an answer out of nested JSON, in every repetition of a group; `path` has no root.
fn take_out(answers: &mut Value, path: &[&str]) {
    match (answers, path) {
        (Value::Array(all), _) => all.iter_mut().for_each(|one| take_out(one, path)),
        (Value::Object(map), [name]) => drop(map.remove(*name)),
        (Value::Object(map), [group, rest @ ..]) => {
            if let Some(inner) = map.get_mut(*group) {
                take_out(inner, rest);
            }
        }
        _ => {}
    }
}

/// `GET /v1/reviews/submissions/{instance_id}`
pub(in crate::http) async fn one(
    State(app): State<Arc<App>>,
    By(by): By,
    params: RawPathParams,
    uri: Uri,
) -> Result<Response, Problem> {
    if !(by.role.may_review(false) || by.role.may_review(true)) {
        return Err(Problem::forbidden());
    }
    let id = param(&params, "instance_id").ok_or_else(Problem::not_found)?;
    let before = query_param(&uri, "before").map(|text| text.parse::<i64>());
    let before = before.transpose().map_err(|_| Problem::bad("before: the number of a version"))?;
    let forms = app.base.catalogue.current().await?;
    let mut tx = app.base.db.read().await?;
    let row = find(&app, &mut tx, &by, &id).await?;
    let children = forms.is_of_children(&row.form_id);
    let keep = |class| may_read(by.role, children, class);
    let place = (row.zone_id, row.submission_id);
    let versions = app.applier.versions(&mut tx, place, before, keep).await?;
    let said = submissions::reviews(&mut tx, row.zone_id, row.submission_id).await?;
    let seqs: Vec<i64> = said.iter().map(|r| r.seq).collect();
    let words: HashMap<i64, Review> =
        app.applier.review_words(&mut tx, &seqs).await?.into_iter().collect();
    let zones = zones::all(&mut tx).await?;
    drop(tx);
    note(&app, &by, &row.submission_id.to_string()).await?;
    let zone = zones.iter().find(|z| z.zone_id == row.zone_id).map_or("", |z| z.code.as_str());
    let mut body = as_json(&row, zone);
    let newest = versions.newest.as_ref().filter(|v| v.seq == row.seq);
    let read_by = [forms.version(&row.form_id, &row.form_version), forms.latest(&row.form_id)];
    let questions = read_by.into_iter().flatten().flat_map(|p| &p.form.questions);
    let kept_from: Vec<Vec<&str>> = questions
        .filter(|q| is_kept_from(by.role, q))
        .map(|q| q.path.split('/').skip(2).collect())
        .collect();
    if let Some(map) = body.as_object_mut() {
        map.insert(String::from("answers"), newest.map_or(Value::Null, |v| answers(v, &kept_from)));
        let page: Vec<Value> = versions.page.iter().map(|v| version(v, &kept_from)).collect();
        map.insert(String::from("versions"), page.into());
        map.insert(String::from("version_count"), versions.count.into());
        let hides = children && by.role == Role::DataManager;
        let said: Vec<Value> = said.iter().map(|r| decision(r, &words, hides)).collect();
        map.insert(String::from("decisions"), said.into());
    }
    Ok(private(Json(body).into_response()))
}

fn answers(version: &Version, kept_from: &[Vec<&str>]) -> Value {
    let text = version.answers.as_deref();
    let mut answers = text.and_then(|t| serde_json::from_str(t).ok()).unwrap_or(Value::Null);
    for path in kept_from {
        take_out(&mut answers, path);
    }
    answers
}

fn version(version: &Version, kept_from: &[Vec<&str>]) -> Value {
    json!({
        "version": version.seq,
        "kind": version.kind,
        "at": version.at.to_rfc3339(),
        "account_id": version.account_id,
        "device_id": version.device_id,
        "correction": version.correction,
        "reason": version.reason,
        "checks": version.state,
        "in_register": version.speaks,
        "answers": answers(version, kept_from),
    })
}

/// What somebody said; the paths that a correction changed, never its values: they are in `versions`.
fn decision(row: &ReviewRow, words: &HashMap<i64, Review>, hides: bool) -> Value {
    let words = words.get(&row.seq);
    let reason = words.map(|w| w.reason.as_str()).filter(|_| !hides || row.action != "correct");
    json!({
        "id": row.review_id,
        "action": row.action,
        "state": row.state,
        "refusal": row.refusal,
        "account_id": row.account_id,
        "role": words.map(|w| w.role.as_str()),
        "at": row.at.to_rfc3339(),
        "reason": reason,
        "paths": words.map(|w| w.answers.keys().collect::<Vec<_>>()).unwrap_or_default(),
        "correction": words.and_then(|w| w.correction),
    })
}

/// Every reading of answers is noted: who, and which submission.
async fn note(app: &App, by: &Caller, subject: &str) -> Result<(), Problem> {
    let (actor, runtime, subject) = (by.actor(), app.base.runtime.clone(), subject.to_owned());
    app.base
        .db
        .with_tx("audit", move |tx| {
            let (actor, runtime, subject) = (actor.clone(), runtime.clone(), subject.clone());
            Box::pin(async move {
                audit::note(tx, &runtime, &actor, "review", &subject, "submission").await
            })
        })
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_referral_is_read_by_the_protection_role_alone() {
        let published = sanu_schemas::forms().iter().find(|form| form.id == "enfant").unwrap();
        let form = crate::forms::XForm::parse(published.xml).unwrap();
        let referral = form.question("/data/e_referral/referral_reason").unwrap();
        assert!(is_kept_from(Role::DataManager, referral));
        assert!(!is_kept_from(Role::Protection, referral));
        assert!(!is_kept_from(Role::DataManager, form.question("/data/b_identity/sex").unwrap()));

        let mut answers =
            json!({ "e_referral": { "referral_reason": ["x"], "result": "completed" } });
        take_out(&mut answers, &["e_referral", "referral_reason"]);
        assert_eq!(answers, json!({ "e_referral": { "result": "completed" } }));
    }

    #[test]
    fn a_supervisor_reads_class_none_only_and_the_identity_of_children_is_for_protection() {
        let all = [Class::None, Class::Quasi, Class::Sensitive, Class::Direct];
        let read = |role, children| all.map(|class| may_read(role, children, class));

        assert_eq!(read(Role::Supervisor, false), [true, false, false, false]);
        assert_eq!(read(Role::DataManager, false), [true; 4]);
        assert_eq!(read(Role::DataManager, true), [true, true, true, false]);
        assert_eq!(read(Role::Protection, true), [true; 4]);
    }
}
