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
    forms::{AnswerKind, Choices, Class, Mode, Question, Realm, XForm},
    http::problem::Problem,
    runtime::Micros,
    store::registered,
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

/// The datasets that forms make or change.
fn declared(form: &XForm) -> impl Iterator<Item = &str> {
    let own = form.dataset.as_deref().filter(|_| form.mode != Mode::None);
    own.into_iter().chain(form.entities.iter().map(|e| e.dataset.as_str()))
}

/// The names of the lists that there are for this reader.
pub(super) fn names(reader: &Reader, forms: &Snapshot) -> BTreeSet<String> {
    let all = forms.all();
    let names: BTreeSet<&str> = all.iter().flat_map(|p| declared(&p.form)).collect();
    let seen = |name: &&str| reader.tier(is_of_children(forms, name)).is_some();
    names.into_iter().filter(seen).map(str::to_owned).collect()
}

/// Whether any form of children saves into it, or the census keeps it apart.
fn is_of_children(forms: &Snapshot, name: &str) -> bool {
    let apart = sanu_schemas::Realm::Children;
    sanu_schemas::datasets().iter().any(|d| d.name == name && d.realm == apart)
        || forms.all().iter().any(|p| {
            p.form.realm == Realm::Children && declared(&p.form).any(|dataset| dataset == name)
        })
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
    let children = is_of_children(forms, name);
    let tier = reader.tier(children).ok_or_else(Problem::not_found)?;
    let mut classes: BTreeMap<String, bool> = BTreeMap::new();
    let mut savers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut sources = BTreeMap::new();
    let mut created_at = None::<Micros>;
    for published in forms.all() {
        let form = &published.form;
        if !declared(form).any(|dataset| dataset == name) {
            continue;
        }
        let at = published.row.published_at;
        created_at = Some(created_at.map_or(at, |known| known.min(at)));
        sources.insert(form.form_id.clone(), published.row.title.clone());
        let own = form.dataset.as_deref() == Some(name);
        for question in form.questions.iter().filter(|q| !own || !q.in_repeat) {
            let property = if own { &question.property } else { &question.save_to };
            let Some(property) = property.clone().filter(|p| p != "label") else { continue };
            let shown = shows(tier, question, &property, children);
            classes.entry(property.clone()).and_modify(|all| *all &= shown).or_insert(shown);
            savers.entry(property).or_default().insert(form.form_id.clone());
        }
    }
    let created_at = created_at.ok_or_else(Problem::not_found)?;
    let properties: Vec<_> = classes.into_iter().collect();
    let schema = dataset_schema(name, &properties);
    let sources = sources.into_iter().collect();
    Ok(List { schema, tier, children, created_at, savers, sources })
}

/// Whether a property that this question feeds may be read.
fn shows(tier: RecordTier, question: &Question, property: &str, children: bool) -> bool {
    let place =
        matches!(question.kind, AnswerKind::GeoPoint | AnswerKind::GeoTrace | AnswerKind::GeoShape);
    let typed = question.kind == AnswerKind::Text
        && question.asked
        && matches!(question.choices, Choices::Open);
    let narrow = question.class != Class::None;
    // Only places have their position here: a person's stays in the vault.
    let hidden = (narrow && (place || typed)) || (children && place);
    let vault = property.starts_with("vault.");
    tier.reads(question.class, property.starts_with("referral.")) && !vault && !hidden
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
    let row = registered::one(&mut tx, &reader.by.scope, &list.schema.id, id).await?;
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
