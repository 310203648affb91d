//! `GET /v1/datasets/{dataset}/entities/{id}/history`: every value over time, with where it came from and who
//! decided what.

use std::collections::BTreeMap;

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ask::Ask, shown::links};
use crate::{
    apply::{Happened, History},
    db::Tx,
    http::{
        lists::{self, List},
        problem::Problem,
        reviews::private,
    },
    runtime::Micros,
    store::{
        AsOf, ZoneId, datasets, entities,
        pairs::{self, DecisionLine},
    },
};

/// `GET /v1/datasets/{dataset}/entities/{id}/history`
pub(super) async fn history(ask: Ask) -> Result<Response, Problem> {
    ask.takes(&["reason"])?;
    let list = ask.list().await?;
    let id = ask.id()?;
    ask.says_why(&list)?;
    let mut tx = ask.app.base.db.read().await?;
    let canonical = visible(&ask, &mut tx, &list, id).await?;
    let identity = ask.opens_identity(&list);
    ask.note(&list, &format!("entities/{canonical}/history"), identity).await?;
    let mut history = ask.app.applier.history(&mut tx, canonical).await?;
    // Of a group, what lies in zones that the reader may see.
    history.members.retain(|_, zone| ask.by.scope.contains(*zone));
    let members: BTreeMap<Uuid, ZoneId> = history.members.clone();
    history.events.retain(|event| members.contains_key(&event.entity_id));
    let words = lists::reads_identity(ask.by.role, list.children);
    let mut events: Vec<(i64, Value)> = history
        .events
        .iter()
        .map(|event| (event.seq, happened(event, &list, identity, words)))
        .collect();
    let answers = answers(&ask, &mut tx, &history).await?;
    let seqs: Vec<i64> = answers.iter().map(|line| line.seq).collect();
    let reasons = ask.app.applier.reasons(&mut tx, &seqs).await?;
    drop(tx);
    for line in &answers {
        let reason = reasons.get(&line.seq).filter(|_| words);
        events.push((line.seq, answered(line, reason)));
    }
    events.sort_by_key(|(seq, _)| *seq);
    let body = json!({
        "id": canonical,
        "dataset": list.name,
        "members": members.keys().collect::<Vec<_>>(),
        "identity": identity,
        "truncated": history.truncated,
        "events": events.into_iter().map(|(_, event)| event).collect::<Vec<_>>(),
        "links": links(&list.name, canonical),
    });
    Ok(private(Json(body).into_response()))
}

/// The entity that shows the one asked for. Of what was deleted, those who may restore it read what it was.
async fn visible(ask: &Ask, tx: &mut Tx, list: &List, id: Uuid) -> Result<Uuid, Problem> {
    let what = (list.name.as_str(), AsOf::Now);
    if let Some(row) = datasets::shown(tx, &ask.by.scope, what, id).await? {
        return Ok(row.entity_id);
    }
    let stood = entities::stood(tx, &ask.by.scope, &list.name, id).await?;
    let stood = stood.filter(|s| s.is_deleted && ask.by.role.may_delete(list.children));
    stood.map(|_| id).ok_or_else(Problem::not_found)
}

/// What people answered about members, both of which may be seen.
async fn answers(ask: &Ask, tx: &mut Tx, history: &History) -> Result<Vec<DecisionLine>, Problem> {
    let mut found: BTreeMap<Uuid, DecisionLine> = BTreeMap::new();
    for (id, zone) in &history.members {
        for line in pairs::decisions(tx, &ask.by.scope, *zone, *id).await? {
            let counts = matches!(line.answer.as_str(), "same" | "unmerge");
            if counts && matches!(line.state.as_str(), "standing" | "replaced") {
                found.insert(line.decision_id, line);
            }
        }
    }
    Ok(found.into_values().collect())
}

fn answered(line: &DecisionLine, reason: Option<&String>) -> Value {
    json!({
        "at": Micros(line.at).to_rfc3339(),
        "kind": if line.answer == "same" { "merge" } else { "unmerge" },
        "registration": line.a,
        "with": line.b,
        "account_id": line.account_id,
        "decision_id": line.decision_id,
        "reason": reason,
    })
}

fn happened(event: &Happened, list: &List, identity: bool, words: bool) -> Value {
    // Labels of places and organisations name nobody.
    let open_label = matches!(list.name.as_str(), "sites" | "cooperatives" | "osc");
    let shown = |name: &str| (name == "label" && open_label) || list.reads(name, identity);
    let values: BTreeMap<_, _> = event.values.iter().filter(|(name, _)| shown(name)).collect();
    // Why two are one by themselves is a word of ours; everything else somebody wrote.
    let by_itself = event.kind == "merge";
    let reason = Some(&event.reason).filter(|text| (words || by_itself) && !text.is_empty());
    json!({
        "at": event.at.to_rfc3339(),
        "kind": event.kind,
        "registration": event.entity_id,
        "with": event.with,
        "submission_id": event.submission_id,
        "instance_id": Some(&event.instance_id).filter(|id| !id.is_empty()),
        "form_id": Some(&event.form_id).filter(|id| !id.is_empty()),
        "account_id": event.account_id,
        "device_id": event.device_id,
        "decision_id": event.decision_id,
        "reason": reason,
        "rules": event.rules,
        "values": values,
    })
}
