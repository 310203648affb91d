//! Entity lists and their entities.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    body::Body,
    http::header,
    response::{IntoResponse as _, Response},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use uuid::Uuid;

use super::{
    reader::Reader,
    source::{Source, Stored},
    tables::{self, Reading, Single},
};
use crate::{
    access::RecordTier,
    catalogue::Snapshot,
    central::{
        self, Cell, Dataset, Hop, Item, Row, Schema, dataset_line, dataset_schema, entity, text_of,
    },
    http::{lists, problem::Problem},
    runtime::Micros,
    store::central_entities,
};

/// An entity list as one reader sees it.
struct List {
    schema: Schema,
    tier: RecordTier,
    children: bool,
    created_at: Micros,
    /// By property, the forms that save it.
    savers: BTreeMap<String, BTreeSet<String>>,
    /// The forms that save anything: id and title.
    sources: Vec<(String, String)>,
}

/// The names of the lists that there are for this reader.
pub(super) fn names(reader: &Reader, forms: &Snapshot) -> BTreeSet<String> {
    lists::names(reader.by.role, forms)
}

/// `GET /v1/projects/1/datasets`
pub(super) async fn list(reader: &Reader) -> Result<Response, Problem> {
    reader.plain()?;
    let forms = reader.forms().await?;
    let mut lines = Vec::new();
    for name in names(reader, &forms) {
        let list = find(reader, &forms, &name)?;
        lines.push(dataset_line(&name, list.created_at));
    }
    Ok(Json(lines).into_response())
}

fn find(reader: &Reader, forms: &Snapshot, name: &str) -> Result<List, Problem> {
    let list = lists::find(reader.by.role, forms, name).ok_or_else(Problem::not_found)?;
    let properties: Vec<_> =
        list.properties.iter().map(|(name, property)| (name.clone(), property.shown)).collect();
    Ok(List {
        schema: dataset_schema(name, &properties),
        tier: list.tier,
        children: list.children,
        created_at: list.created_at,
        savers: list.properties.into_iter().map(|(name, p)| (name, p.forms)).collect(),
        sources: list.sources,
    })
}

/// Something of an entity list.
pub(super) async fn dataset(
    reader: &Reader,
    name: &str,
    what: Dataset,
) -> Result<Response, Problem> {
    let forms = reader.forms().await?;
    let list = find(reader, &forms, name)?;
    if !matches!(what, Dataset::Table(_)) {
        reader.plain()?;
    }
    let root = format!("{}/datasets/{name}.svc", reader.base);
    match what {
        Dataset::Itself => {
            let savers =
                |property: &str| list.savers.get(property).into_iter().flatten().cloned().collect();
            let document =
                central::dataset(name, list.created_at, &list.schema, savers, &list.sources);
            Ok(Json(document).into_response())
        }
        Dataset::Service => Ok(tables::services(&list.schema, &root)),
        Dataset::Metadata => Ok(tables::described(&list.schema)),
        Dataset::Table(hops) => table(reader, list, &hops).await,
        Dataset::Entities => entities(reader, list).await,
        Dataset::Csv => csv(reader, list).await,
        Dataset::Entity(id) => one(reader, list, &id).await,
    }
}

fn source(reader: &Reader, list: &List, opens: bool) -> Source {
    Source::Dataset {
        name: list.schema.id.clone(),
        scope: reader.by.scope.clone(),
        sealed: opens && list.tier.opens(),
    }
}

async fn note(reader: &Reader, list: &List, of: &str) -> Result<(), Problem> {
    let realm = if list.children { " (children)" } else { "" };
    reader.note(format!("datasets/{}/{of}{realm}", list.schema.id)).await
}

async fn stored(reader: &Reader, list: &List, id: &str) -> Result<Stored, Problem> {
    let id: Uuid = id.trim_start_matches("uuid:").parse().map_err(|_| Problem::not_found())?;
    let mut tx = reader.app.base.db.read().await?;
    let row = central_entities::one(&mut tx, &reader.by.scope, &list.schema.id, id).await?;
    row.map(|row| Stored::Entity(Box::new(row))).ok_or_else(Problem::not_found)
}

async fn table(reader: &Reader, list: List, hops: &[Hop]) -> Result<Response, Problem> {
    note(reader, &list, "Entities").await?;
    let single = match hops.first().and_then(|hop| hop.id.as_deref()) {
        Some(id) => Some(Single(stored(reader, &list, id).await?)),
        None => None,
    };
    let source = source(reader, &list, true);
    tables::table(reader, list.schema, source, hops, single).await
}

async fn one(reader: &Reader, list: List, id: &str) -> Result<Response, Problem> {
    let row = stored(reader, &list, id).await?;
    note(reader, &list, &format!("entities/{id}")).await?;
    let reading = Reading::of(reader, source(reader, &list, true)).await?;
    let rows = reading.open(&[row])?;
    let one = rows.first().map(|row| entity(&list.schema, row, true));
    Ok(Json(one.ok_or_else(Problem::not_found)?).into_response())
}

/// The entities without their values, streamed as one list.
async fn entities(reader: &Reader, list: List) -> Result<Response, Problem> {
    note(reader, &list, "entities").await?;
    let reading = Reading::of(reader, source(reader, &list, false)).await?;
    let schema = list.schema;
    let work = move |rows: &[Row]| {
        rows.iter().map(|row| entity(&schema, row, false).to_string()).collect::<Vec<_>>().join(",")
    };
    let body = listed(reading, work, "[", ",", "]");
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Pages of text between two texts, with another between each two that are not empty.
fn listed(
    reading: Reading,
    work: impl Fn(&[Row]) -> String + Clone + Send + 'static,
    head: impl Into<String>,
    between: &'static str,
    foot: &'static str,
) -> Body {
    let head = head.into();
    let mut first = true;
    let pages = reading
        .each(String::new(), 256, None, work)
        .try_filter(|page| std::future::ready(!page.is_empty()))
        .map_ok(
            move |page| {
                if std::mem::take(&mut first) { page } else { format!("{between}{page}") }
            },
        );
    let open = stream::once(async move { Ok(head) });
    let close = stream::once(async move { Ok(foot.to_owned()) });
    Body::from_stream(open.chain(pages).chain(close))
}

/// The entities as CSV, with the columns of Central.
async fn csv(reader: &Reader, list: List) -> Result<Response, Problem> {
    note(reader, &list, "entities.csv").await?;
    let reading = Reading::of(reader, source(reader, &list, true)).await?;
    let names = list.schema.items.iter().skip(1).map(|item| match item {
        Item::Field(field) => safe(&field.raw),
        Item::Group(branch) | Item::Repeat(branch) => safe(&branch.raw),
    });
    let own =
        ["__createdAt", "__creatorId", "__creatorName", "__updates", "__updatedAt", "__version"];
    let head: Vec<String> = ["__id", "label"]
        .into_iter()
        .map(str::to_owned)
        .chain(names)
        .chain(own.into_iter().map(str::to_owned))
        .collect();
    let schema = list.schema;
    let work = move |rows: &[Row]| rows.iter().map(|row| line(&schema, row)).collect::<String>();
    let body = listed(reading, work, format!("{}\n", head.join(",")), "", "");
    let headers = [
        (header::CONTENT_TYPE, String::from("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, String::from("attachment; filename=\"entities.csv\"")),
    ];
    Ok((headers, body).into_response())
}

fn line(schema: &Schema, row: &Row) -> String {
    let mut cells = vec![safe(&row.id)];
    for item in &schema.items {
        let Item::Field(field) = item else { continue };
        let value = row.open.get(&field.raw).or_else(|| row.sealed.get(&field.raw));
        let value = value.filter(|v| !field.withheld && *v != &Value::Null);
        cells.push(value.map_or_else(String::new, |v| safe(&text_of(v))));
    }
    // createdAt, creatorId, creatorName, updates, updatedAt, version: the first six of __system.
    cells.extend(row.system.iter().take(6).map(|cell| match cell {
        Cell::Null => String::new(),
        Cell::Text(text) => safe(text),
        Cell::Number(number) => number.to_string(),
        Cell::At(at) => central::instant(*at),
    }));
    cells.join(",") + "\n"
}

/// A cell that no spreadsheet takes for a formula; signed numbers stay numbers.
fn safe(text: &str) -> String {
    let formula = text.starts_with(['=', '@', '\t', '\r'])
        || (text.starts_with(['+', '-']) && text.split(' ').any(|n| n.parse::<f64>().is_err()));
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
