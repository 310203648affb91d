//! The JSON documents of ODK Central: projects, forms, submissions, entity lists and entities.

use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::{
    schema::{Item, Schema},
    write::{Cell, Row},
};
use crate::runtime::Micros;

/// An instant as Central writes it: UTC, to the millisecond.
pub fn instant(at: Micros) -> String {
    at.timestamp().to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A number for an account or device, which Central's clients expect: 31 bits of its id, the same
/// always. Two could share one; the id itself stands beside it where it matters (`deviceId`).
pub fn actor_number(id: Uuid) -> u32 {
    let [.., a, b, c, d] = id.into_bytes();
    u32::from_be_bytes([a, b, c, d]) & 0x7FFF_FFFF
}

/// Who is asking.
pub fn user(id: Option<Uuid>, name: &str, role: &str) -> Json {
    json!({
        "id": id.map_or(0, actor_number),
        "type": "user",
        "displayName": name,
        "email": name,
        "createdAt": null,
        "updatedAt": null,
        "role": role,
    })
}

/// The one project; `forms` and `datasets` are how many of each there are for the reader.
pub fn project(created_at: Micros, forms: usize, datasets: usize) -> Json {
    json!({
        "id": 1,
        "name": "Sanu",
        "description": null,
        "archived": false,
        "keyId": null,
        "createdAt": instant(created_at),
        "updatedAt": null,
        "deletedAt": null,
        "verbs": ["project.read", "form.list", "form.read", "submission.list", "submission.read",
            "dataset.list", "dataset.read", "entity.list", "entity.read"],
        "forms": forms,
        "datasets": datasets,
    })
}

/// What a form document tells of a published version.
#[derive(Debug, Clone, Copy)]
pub struct Published<'a> {
    /// The form's id.
    pub form_id: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its title.
    pub title: &'a str,
    /// MD5 of its definition.
    pub md5: &'a str,
    /// When the first version was published.
    pub created_at: Micros,
    /// When this one was.
    pub published_at: Micros,
    /// Whether phones are offered it.
    pub is_open: bool,
}

/// A form, or one version of it.
pub fn form(of: &Published<'_>) -> Json {
    let name = (!of.title.is_empty()).then_some(of.title);
    json!({
        "projectId": 1,
        "xmlFormId": of.form_id,
        "name": name,
        "version": of.version,
        "hash": of.md5,
        "state": if of.is_open { "open" } else { "closed" },
        "createdAt": instant(of.created_at),
        "updatedAt": null,
        "publishedAt": instant(of.published_at),
        "enketoId": null,
        "enketoOnceId": null,
        "keyId": null,
        "draftToken": null,
        "webformsEnabled": false,
    })
}

/// The files that a form needs; `(name, whether it is a list)`.
pub fn form_attachments(files: &[(String, bool)], published_at: Micros) -> Json {
    let line = |(name, list): &(String, bool)| {
        json!({
            "name": name,
            "type": if *list { "file" } else { "image" },
            "exists": true,
            "blobExists": true,
            "datasetExists": false,
            "updatedAt": instant(published_at),
        })
    };
    files.iter().map(line).collect()
}

/// The fields of a form, flat, in form order. Beside what Central says, `withheld` tells which ones this
/// reader gets no value of. `odata` gives the names of `OData`.
pub fn field_list(schema: &Schema, odata: bool) -> Json {
    let mut fields = Vec::new();
    flatten(&schema.items, "", odata, &mut fields);
    Json::Array(fields)
}

/// Recursion is bounded by the depth of a published form.
fn flatten(items: &[Item], above: &str, odata: bool, fields: &mut Vec<Json>) {
    for item in items {
        let path = match item {
            Item::Field(field) if !odata => field.path.clone(),
            Item::Group(branch) | Item::Repeat(branch) if !odata => branch.path.clone(),
            _ => format!("{above}/{}", item.name()),
        };
        match item {
            Item::Field(field) => fields.push(json!({
                "name": if odata { &field.name } else { &field.raw },
                "path": path,
                "type": field.declared,
                "binary": (field.declared == "binary").then_some(true),
                "selectMultiple": field.multiple.then_some(true),
                "withheld": field.withheld,
            })),
            Item::Group(branch) | Item::Repeat(branch) => {
                let kind = if matches!(item, Item::Group(_)) { "structure" } else { "repeat" };
                fields.push(json!({
                    "name": if odata { &branch.name } else { &branch.raw },
                    "path": path,
                    "type": kind,
                    "binary": null,
                    "selectMultiple": null,
                    "withheld": false,
                }));
                flatten(&branch.items, &path, odata, fields);
            }
        }
    }
}

fn cell(schema: &Schema, row: &Row, name: &str) -> Json {
    let place = schema.system.iter().position(|(known, _)| *known == name);
    match place.and_then(|place| row.system.get(place)) {
        Some(Cell::Text(text)) => json!(text),
        Some(Cell::Number(number)) => json!(number),
        Some(Cell::At(at)) => json!(instant(*at)),
        Some(Cell::Null) | None => Json::Null,
    }
}

/// Central gives numbers of people as text in tables and as numbers in documents, where clients insist on
/// one: 0 is nobody known.
fn number(text: &Json) -> u32 {
    text.as_str().and_then(|t| t.parse().ok()).unwrap_or(0)
}

/// A submission without its answers.
pub fn submission(schema: &Schema, row: &Row) -> Json {
    let get = |name: &str| cell(schema, row, name);
    let submitter = number(&get("submitterId"));
    json!({
        "instanceId": row.id,
        "instanceName": null,
        "submitterId": submitter,
        "submitter": {
            "id": submitter, "type": "user", "displayName": get("submitterName"),
            "createdAt": null, "updatedAt": null, "deletedAt": null,
        },
        "deviceId": get("deviceId"),
        "userAgent": null,
        "reviewState": get("reviewState"),
        "createdAt": get("submissionDate"),
        "updatedAt": get("updatedAt"),
        "currentVersion": {
            "instanceId": row.id, "instanceName": null, "current": true, "submitterId": submitter,
            "deviceId": get("deviceId"), "userAgent": null,
            "createdAt": get("updatedAt").as_str().map_or_else(|| get("submissionDate"), |t| json!(t)),
        },
    })
}

/// An entity list in the list of lists.
pub fn dataset_line(name: &str, created_at: Micros) -> Json {
    json!({
        "name": name, "projectId": 1, "createdAt": instant(created_at),
        "approvalRequired": false, "ownerOnly": false,
    })
}

/// An entity list: its properties with the forms that save them, `(name, withheld, forms)`.
pub fn dataset(
    name: &str,
    created_at: Micros,
    schema: &Schema,
    savers: impl Fn(&str) -> Vec<String>,
    sources: &[(String, String)],
) -> Json {
    let properties = schema.items.iter().skip(1).filter_map(|item| match item {
        Item::Field(field) => Some(json!({
            "name": field.raw,
            "odataName": field.name,
            "publishedAt": instant(created_at),
            "forms": savers(&field.raw),
            "withheld": field.withheld,
        })),
        Item::Group(_) | Item::Repeat(_) => None,
    });
    let properties: Vec<Json> = properties.collect();
    let forms = sources.iter().map(|(id, title)| json!({ "xmlFormId": id, "name": title }));
    let mut document = dataset_line(name, created_at);
    if let Some(map) = document.as_object_mut() {
        map.insert(String::from("properties"), Json::Array(properties));
        map.insert(String::from("sourceForms"), forms.collect());
        map.insert(String::from("linkedForms"), json!([]));
    }
    document
}

/// An entity; with its values when `whole`.
pub fn entity(schema: &Schema, row: &Row, whole: bool) -> Json {
    let get = |name: &str| cell(schema, row, name);
    let creator = number(&get("creatorId"));
    let label = row.open.get("label").map(super::value::text).unwrap_or_default();
    let mut version = json!({
        "label": label,
        "current": true,
        "version": get("version"),
        "createdAt": get("updatedAt").as_str().map_or_else(|| get("createdAt"), |t| json!(t)),
        "creatorId": creator,
        "userAgent": "",
        "baseVersion": null,
        "conflictingProperties": null,
    });
    if whole && let Some(map) = version.as_object_mut() {
        map.insert(String::from("data"), Json::Object(data(schema, row)));
    }
    json!({
        "uuid": row.id,
        "creatorId": creator,
        "conflict": null,
        "createdAt": get("createdAt"),
        "updatedAt": get("updatedAt"),
        "deletedAt": null,
        "currentVersion": version,
    })
}

fn data(schema: &Schema, row: &Row) -> Map<String, Json> {
    let shown = schema.items.iter().skip(1).filter_map(|item| match item {
        Item::Field(field) if !field.withheld => Some(field),
        _ => None,
    });
    shown
        .filter_map(|field| {
            let value = row.open.get(&field.raw).or_else(|| row.sealed.get(&field.raw))?;
            Some((field.raw.clone(), Json::String(super::value::text(value).into_owned())))
        })
        .collect()
}
