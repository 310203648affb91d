//! The project, its forms, and their submissions.

use axum::{
    Json,
    body::Body,
    http::header,
    response::{IntoResponse as _, Response},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use super::{
    reader::{Family, Reader},
    source::{Source, Stored, first_received},
    tables::{self, Reading, Single},
};
use crate::{
    catalogue,
    central::{
        Address, Form, Hop, Published, actor_number, field_list, form as document,
        form_attachments, instant, project, submission,
    },
    http::problem::Problem,
    intake::instance_key,
    runtime::Micros,
    store::records::{self, RecordRow, Wanted},
};

/// The project, alone or in a list, and the list of forms.
pub(super) async fn lists(reader: &Reader, what: &Address) -> Result<Response, Problem> {
    reader.plain()?;
    let families = reader.families().await?;
    if *what == Address::Forms {
        let all: Vec<Value> = families.iter().filter_map(newest).collect();
        return Ok(Json(all).into_response());
    }
    let forms = reader.forms().await?;
    let created = forms.all().iter().map(|p| p.row.published_at).min().unwrap_or(Micros(0));
    let datasets = super::datasets::names(reader, &forms).len();
    let one = project(created, families.len(), datasets);
    Ok(if *what == Address::Project { Json(one) } else { Json(json!([one])) }.into_response())
}

fn version(family: &Family, published: &catalogue::Published) -> Value {
    let row = &published.row;
    let created_at = family.versions.first().map_or(row.published_at, |p| p.row.published_at);
    document(&Published {
        form_id: &row.form_id,
        version: &row.version,
        title: &row.title,
        md5: &row.md5,
        created_at,
        published_at: row.published_at,
        is_open: row.is_open,
    })
}

fn newest(family: &Family) -> Option<Value> {
    family.versions.last().map(|published| version(family, published))
}

/// Something of a form.
pub(super) async fn form(reader: &Reader, id: &str, what: Form) -> Result<Response, Problem> {
    let family = reader.family(id).await?;
    let root = format!("{}/forms/{id}.svc", reader.base);
    match what {
        Form::Fields => {
            let odata = match reader.pairs.as_slice() {
                [] => false,
                [(name, value)] if name == "odata" && value == "true" => true,
                [(name, value)] if name == "odata" && value == "false" => false,
                _ => return Err(Problem::bad("only odata=true or false is taken")),
            };
            return Ok(Json(field_list(&family.schema, odata)).into_response());
        }
        Form::Table(hops) => return table(reader, family, &hops).await,
        _ => reader.plain()?,
    }
    let last = family.versions.last().ok_or_else(Problem::not_found)?;
    match what {
        Form::Xml => {
            Ok(([(header::CONTENT_TYPE, "application/xml")], last.row.xml.clone()).into_response())
        }
        Form::Versions => {
            let all: Vec<_> = family.versions.iter().rev().map(|p| version(&family, p)).collect();
            Ok(Json(all).into_response())
        }
        Form::Attachments => {
            let files: Vec<_> = last
                .form
                .media
                .iter()
                .map(|m| (m.filename.clone(), m.instance_id.is_some()))
                .collect();
            Ok(Json(form_attachments(&files, last.row.published_at)).into_response())
        }
        Form::Submissions => listing(reader, family).await,
        Form::Submission(ref one)
        | Form::SubmissionAttachments(ref one)
        | Form::SubmissionVersions(ref one) => of_one(reader, family, one, &what).await,
        Form::Service => Ok(tables::services(&family.schema, &root)),
        Form::Metadata => Ok(tables::described(&family.schema)),
        Form::Itself | Form::Fields | Form::Table(_) => {
            Ok(Json(newest(&family).ok_or_else(Problem::not_found)?).into_response())
        }
    }
}

/// The submissions that this reader may see of a form.
fn wanted(reader: &Reader, family: &Family, opens: bool) -> Wanted {
    Wanted {
        form_id: family.schema.id.clone(),
        scope: reader.by.scope.clone(),
        sealed: opens && family.tier.opens(),
        ascending: false,
    }
}

async fn note(reader: &Reader, family: &Family, of: &str) -> Result<(), Problem> {
    let realm = if family.children { " (children)" } else { "" };
    reader.note(format!("forms/{}/{of}{realm}", family.schema.id)).await
}

async fn find(wanted: &Wanted, reader: &Reader, instance: &str) -> Result<RecordRow, Problem> {
    let key = instance_key(&wanted.form_id, instance);
    let mut tx = reader.app.base.db.read().await?;
    records::by_instance(&mut tx, wanted, key).await?.ok_or_else(Problem::not_found)
}

async fn table(reader: &Reader, family: Family, hops: &[Hop]) -> Result<Response, Problem> {
    let wanted = wanted(reader, &family, true);
    let one = hops.first().and_then(|hop| hop.id.clone());
    let path: Vec<_> = hops.iter().map(|hop| hop.name.as_str()).collect();
    note(reader, &family, &path.join(".")).await?;
    let single = match one {
        Some(id) => Some(Single(Stored::Record(Box::new(find(&wanted, reader, &id).await?)))),
        None => None,
    };
    tables::table(reader, family.schema, Source::Form(wanted), hops, single).await
}

/// The submissions without their answers, streamed as one list.
async fn listing(reader: &Reader, family: Family) -> Result<Response, Problem> {
    note(reader, &family, "submissions").await?;
    let source = Source::Form(wanted(reader, &family, false));
    let reading = Reading::of(reader, source).await?;
    let schema = family.schema;
    let work = move |rows: &[crate::central::Row]| {
        let all: Vec<_> = rows.iter().map(|row| submission(&schema, row).to_string()).collect();
        all.join(",")
    };
    let mut first = true;
    let pages = reading.each(String::new(), 256, None, work).try_filter(|page| {
        let some = !page.is_empty();
        async move { some }
    });
    let pages = pages.map_ok(move |page| {
        let comma = if std::mem::take(&mut first) { "" } else { "," };
        format!("{comma}{page}")
    });
    let open = stream::once(async { Ok(String::from("[")) });
    let close = stream::once(async { Ok(String::from("]")) });
    let body = Body::from_stream(open.chain(pages).chain(close));
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// One submission without its answers, its files or its versions.
async fn of_one(
    reader: &Reader,
    family: Family,
    instance: &str,
    what: &Form,
) -> Result<Response, Problem> {
    let wanted = wanted(reader, &family, false);
    let row = find(&wanted, reader, instance).await?;
    note(reader, &family, &format!("submissions/{}", row.submission_id)).await?;
    let mut tx = reader.app.base.db.read().await?;
    match what {
        Form::SubmissionAttachments(_) => {
            let here = records::files(&mut tx, row.zone_id, row.submission_id).await?;
            let expected: Vec<String> =
                serde_json::from_str(&row.expected_files).unwrap_or_default();
            let mut all: Vec<_> = expected.iter().map(|name| (name, here.contains(name))).collect();
            all.extend(here.iter().filter(|name| !expected.contains(name)).map(|n| (n, true)));
            let line = |(name, exists): &(&String, bool)| json!({ "name": name, "exists": exists });
            Ok(Json(all.iter().map(line).collect::<Value>()).into_response())
        }
        Form::SubmissionVersions(_) => {
            let later = records::versions(&mut tx, row.zone_id, row.submission_id).await?;
            Ok(Json(versions(&row, &later)).into_response())
        }
        _ => {
            drop(tx);
            let reading = Reading::of(reader, Source::Form(wanted)).await?;
            let rows = reading.open(&[Stored::Record(Box::new(row))])?;
            let one = rows.first().map(|row| submission(&family.schema, row));
            Ok(Json(one.ok_or_else(Problem::not_found)?).into_response())
        }
    }
}

/// The versions of a submission, newest first; who sent the first of several is in the journal only.
fn versions(row: &RecordRow, later: &[records::VersionRow]) -> Value {
    let line = |instance: &str, sender: Option<uuid::Uuid>, at: Micros, current: bool| {
        json!({
            "instanceId": instance, "instanceName": null, "current": current,
            "submitterId": sender.map(actor_number), "deviceId": null, "userAgent": null,
            "createdAt": instant(at),
        })
    };
    let mut all: Vec<Value> = later
        .iter()
        .enumerate()
        .map(|(n, v)| line(&v.instance_id, v.sender, v.received_at, n == 0))
        .collect();
    let sender = row.account_id.or(row.device_id).filter(|_| later.is_empty());
    let at = first_received(row.submission_id).unwrap_or(row.received_at);
    all.push(line(&row.instance_id, sender, at, later.is_empty()));
    Value::Array(all)
}
