//! `GET /v1/datasets` and `GET /v1/datasets/{dataset}`: which datasets there are for a role, and what is in them.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::ask::Ask;
use crate::{
    forms::Class,
    http::{
        lists::{self, List},
        problem::Problem,
        reviews::private,
    },
    store::{AsOf, datasets},
};

/// `GET /v1/datasets`
pub(super) async fn all(ask: Ask) -> Result<Response, Problem> {
    ask.takes(&[])?;
    let role = ask.by.role;
    if role.record_tier(false).is_none() && role.record_tier(true).is_none() {
        return Err(Problem::forbidden());
    }
    let forms = ask.app.base.catalogue.current().await?;
    let mut datasets = Vec::new();
    for name in lists::names(role, &forms) {
        if let Some(list) = lists::find(role, &forms, &name) {
            datasets.push(described(&ask, &list).await?);
        }
    }
    Ok(private(Json(json!({ "datasets": datasets })).into_response()))
}

/// `GET /v1/datasets/{dataset}`
pub(super) async fn one(ask: Ask) -> Result<Response, Problem> {
    ask.takes(&[])?;
    let list = ask.list().await?;
    Ok(private(Json(described(&ask, &list).await?).into_response()))
}

async fn described(ask: &Ask, list: &List) -> Result<Value, Problem> {
    let name = &list.name;
    let known = sanu_schemas::datasets().into_iter().find(|d| d.name == *name);
    let mut tx = ask.app.base.db.read().await?;
    let count = datasets::count(&mut tx, &ask.by.scope, name, AsOf::Now).await?;
    drop(tx);
    let properties = list.properties.iter().map(|(name, property)| {
        json!({
            "name": name,
            "label": property.label,
            "class": class(property.class),
            "readable": property.shown,
            "of_identity": !property.shown && lists::is_of_identity(name),
            "forms": property.forms,
        })
    });
    let itself = format!("/v1/datasets/{name}");
    Ok(json!({
        "name": name,
        "title_fr": known.as_ref().map_or(name, |d| &d.title_fr),
        "title_en": known.as_ref().map_or(name, |d| &d.title_en),
        "unit_fr": known.as_ref().map(|d| &d.unit_fr),
        "children": list.children,
        "count": count,
        "properties": properties.collect::<Vec<_>>(),
        "forms": list.sources.iter().map(|(id, title)| json!({ "id": id, "title": title })).collect::<Vec<_>>(),
        "links": { "self": itself, "entities": format!("{itself}/entities") },
    }))
}

/// How much a value reveals, as in the forms.
const fn class(class: Class) -> &'static str {
    match class {
        Class::Direct => "direct",
        Class::Quasi => "quasi",
        Class::Sensitive => "sensitive",
        Class::None => "none",
    }
}
