//! `GET /v1/datasets/{dataset}/entities` and `…/entities/{id}`: the entities themselves, now or at the end of a
//! day.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::{
    ask::{Ask, write_place},
    shown::{Sight, links},
};
use crate::{
    http::{conflicts, problem::Problem, reviews::private},
    store::{datasets, zones},
};

/// `GET /v1/datasets/{dataset}/entities`: never with identities, which are read one by one.
pub(super) async fn page(ask: Ask) -> Result<Response, Problem> {
    ask.takes(&["limit", "after", "as_of", "reason"])?;
    let list = ask.list().await?;
    let (limit, after) = (ask.limit()?, ask.after()?);
    ask.says_why(&list)?;
    let as_of = ask.as_of().await?;
    ask.note(&list, "entities", false).await?;
    let mut tx = ask.app.base.db.read().await?;
    // One more than asked says whether there is a next page.
    let what = (list.name.as_str(), as_of);
    let mut rows = datasets::page(&mut tx, &ask.by.scope, what, after, limit + 1).await?;
    let zones = zones::codes(&mut tx).await?;
    drop(tx);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| write_place(row.place()));
    let sight = Sight { list: &list, identity: false, keys: &ask.app.base.keys, zones: &zones };
    let mut entities = Vec::with_capacity(rows.len());
    for row in &rows {
        entities.push(Value::Object(sight.entity(row)?));
    }
    let body = json!({ "dataset": list.name, "entities": entities, "next": next });
    Ok(private(Json(body).into_response()))
}

/// `GET /v1/datasets/{dataset}/entities/{id}`: a registration that went into another answers with that one, whose
/// id it gives.
pub(super) async fn entity(ask: Ask) -> Result<Response, Problem> {
    ask.takes(&["as_of", "reason"])?;
    let list = ask.list().await?;
    let id = ask.id()?;
    ask.says_why(&list)?;
    let as_of = ask.as_of().await?;
    let mut tx = ask.app.base.db.read().await?;
    let row = datasets::shown(&mut tx, &ask.by.scope, (&list.name, as_of), id).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    let zones = zones::codes(&mut tx).await?;
    let contradicted = if ask.by.role.may_review(list.children) {
        conflicts::of_entity(&mut tx, row.zone_id, row.entity_id).await?
    } else {
        Vec::new()
    };
    drop(tx);
    let identity = ask.opens_identity(&list);
    ask.note(&list, &format!("entities/{}", row.entity_id), identity).await?;
    let sight = Sight { list: &list, identity, keys: &ask.app.base.keys, zones: &zones };
    let mut body = sight.entity(&row)?;
    body.insert(String::from("identity"), identity.into());
    if !contradicted.is_empty() {
        body.insert(String::from("conflicts"), contradicted.into());
    }
    body.insert(String::from("links"), links(&list.name, row.entity_id));
    Ok(private(Json(body).into_response()))
}
