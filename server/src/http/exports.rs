//! `GET /v1/exports/{file}`: a collection as a file that can be fetched in parts, as its reader may see it.

use std::{fs::File, io::Write as _, os::unix::fs::FileExt as _, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use serde_json::json;
use tokio::sync::Mutex;

use super::{auth::By, extract_files, problem::Problem, ranges};
use crate::{
    access::Caller,
    app::{App, Base},
    db::DbError,
    export::{self, Companion, Format, Label},
    extract::{self, period_of},
    layers::{Held, layers},
    ogc::Collection,
    store::{Scope, audit},
};

/// Finished files that are kept.
const KEPT: usize = 24;
/// Read from a file at a time.
const CHUNK: u64 = 256 * 1024;

/// Which file: collection and tier, reader's scope, format.
type Key = (String, String, Format);

/// A finished file. It has no name any more: it goes when nobody reads it, and with the process.
struct Finished {
    key: Key,
    /// That of the features in it.
    token: String,
    file: File,
    size: u64,
    sha256: [u8; 32],
    rows: usize,
    at: String,
}

/// The finished files, the one asked for last at the end.
#[derive(Default)]
pub(crate) struct Files {
    /// Held while a file is made: one at a time.
    kept: Mutex<Vec<Arc<Finished>>>,
}

/// `GET /v1/exports`
pub(super) async fn list(State(app): State<Arc<App>>, By(by): By) -> Result<Response, Problem> {
    let forms = app.base.catalogue.current().await?;
    let all = layers(by.role, &forms, &*app.base.places.current().await?);
    let files = |id: &str| -> Vec<String> {
        let formats = Format::ALL.map(Format::suffix).into_iter();
        let suffixes = formats.chain(Companion::ALL.map(Companion::suffix));
        suffixes.map(|suffix| format!("/v1/exports/{id}.{suffix}")).collect()
    };
    let mut all: Vec<_> = all
        .iter()
        .map(|l| {
            let c = &l.collection;
            json!({ "id": c.id, "title": c.title, "description": c.description, "files": files(&c.id) })
        })
        .collect();
    if reads_extracts(&by) {
        all.extend(extract_files::list(&app).await?);
    }
    Ok(Json(json!({ "exports": all })).into_response())
}

/// `GET /v1/exports/{file}`
pub(super) async fn file(
    State(app): State<Arc<App>>,
    By(by): By,
    method: Method,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if uri.query().is_some_and(|q| !q.is_empty()) {
        return Err(Problem::bad("this download takes no parameters"));
    }
    let (id, suffix) = name.split_once('.').ok_or_else(Problem::not_found)?;
    let format = Format::parse(suffix);
    // Before anything is drawn for it.
    if period_of(id, app.base.runtime.now()).is_some()
        && format.is_some_and(|f| !extract_files::FORMATS.contains(&f))
    {
        return Err(Problem::not_found());
    }
    let (collection, what, held) = wanted(&app, &by, id).await?;
    if let Some(format) = format {
        let finished = finished(&app, &by, (&collection, what), format, held).await?;
        return serve(&app, &by, &name, (format, &finished), (&method, &headers)).await;
    }
    let companion = Companion::parse(suffix).ok_or_else(Problem::not_found)?;
    let sum = match companion {
        // It tells the hash of the file it lies beside.
        Companion::Readme => {
            let of = (&collection, what);
            let csv = finished(&app, &by, of, Format::Csv, Arc::clone(&held)).await?;
            hex::encode(csv.sha256)
        }
        _ => String::new(),
    };
    let at = held.at.to_rfc3339();
    let about = export::About {
        collection: &collection,
        at: &at,
        rows: held.features.len(),
        scope: &by.scope.token(),
        role: by.role.as_str(),
        csv_sha256: &sum,
    };
    let text = companion.write(about);
    Ok(([(header::CONTENT_TYPE, companion.media())], text).into_response())
}

fn reads_extracts(by: &Caller) -> bool {
    by.role.may_extract() && by.scope == Scope::All
}

/// What is asked for by this name: a collection, a word that tells it from others, its features.
async fn wanted(
    app: &App,
    by: &Caller,
    id: &str,
) -> Result<(Collection, String, Arc<Held>), Problem> {
    if let Some(period) = period_of(id, app.base.runtime.now()).filter(|_| reads_extracts(by)) {
        let found = extract_files::held(app, by, &period).await?;
        let (collection, held) = found.ok_or_else(Problem::not_found)?;
        return Ok((collection, String::from(extract::ID), held));
    }
    let forms = app.base.catalogue.current().await?;
    let all = layers(by.role, &forms, &*app.base.places.current().await?);
    let layer = all.into_iter().find(|l| l.collection.id == id).ok_or_else(Problem::not_found)?;
    let held = app.layers.features(&app.base, &by.scope, &layer).await?;
    let what = format!("{}{:?}", layer.collection.id, layer.source);
    Ok((layer.collection, what, held))
}

/// The file of this format with what the register holds now, made if it is not there.
async fn finished(
    app: &Arc<App>,
    by: &Caller,
    (collection, what): (&Collection, String),
    format: Format,
    held: Arc<Held>,
) -> Result<Arc<Finished>, Problem> {
    let key = (what, by.scope.token(), format);
    let mut kept = app.exports.kept.lock().await;
    let place = kept.iter().position(|f| f.key == key);
    if let Some(old) = place.map(|place| kept.remove(place))
        && old.token == held.token
    {
        kept.push(Arc::clone(&old));
        return Ok(old);
    }
    let (base, collection) = (app.base.clone(), collection.clone());
    let made = tokio::task::spawn_blocking(move || make(&base, &collection, key, &held)).await;
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "a download could not be written");
        Problem::new("internal", "")
    };
    let made = made.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
    let made = Arc::new(made);
    if kept.len() >= KEPT {
        kept.remove(0);
    }
    kept.push(Arc::clone(&made));
    Ok(made)
}

fn make(base: &Base, of: &Collection, key: Key, held: &Held) -> std::io::Result<Finished> {
    let mut file = crate::scratch::file(&base.settings.data, &base.runtime)?;
    let at = held.at.to_rfc3339();
    let label = Label { name: &of.id, title: &of.title, at: &at };
    let mut out = std::io::BufWriter::with_capacity(1 << 18, &mut file);
    export::write(&held.features, key.2, label, &mut out)?;
    out.flush()?;
    drop(out);
    std::io::Seek::rewind(&mut file)?;
    let (size, sha256) = export::sum(&mut file)?;
    let (token, rows) = (held.token.clone(), held.features.len());
    Ok(Finished { key, token, file, size, sha256, rows, at })
}

async fn serve(
    app: &Arc<App>,
    by: &Caller,
    name: &str,
    (format, finished): (Format, &Arc<Finished>),
    (method, asked): (&Method, &HeaderMap),
) -> Result<Response, Problem> {
    let etag = format!("\"{}\"", hex::encode(finished.sha256.get(..16).unwrap_or_default()));
    let part = ranges::asked(asked, &etag, finished.size);
    let mut response = match part {
        ranges::Part::Known => StatusCode::NOT_MODIFIED.into_response(),
        ranges::Part::Beyond => {
            let mut refused = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            set(&mut refused, header::CONTENT_RANGE, &format!("bytes */{}", finished.size));
            refused
        }
        ranges::Part::Whole | ranges::Part::Of(..) => {
            let (start, end) = match part {
                ranges::Part::Of(start, end) => (start, end),
                _ => (0, finished.size),
            };
            if *method != Method::HEAD {
                note(app, by, name, finished, (start, end)).await?;
            }
            let mut response = body(Arc::clone(finished), start, end).into_response();
            if let ranges::Part::Of(start, end) = part {
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                let range = format!("bytes {start}-{}/{}", end - 1, finished.size);
                set(&mut response, header::CONTENT_RANGE, &range);
            }
            set(&mut response, header::CONTENT_LENGTH, &(end - start).to_string());
            set(&mut response, header::CONTENT_TYPE, format.media());
            let day = finished.at.get(..10).unwrap_or_default();
            let (id, suffix) = name.split_once('.').unwrap_or((name, ""));
            let saved = format!("attachment; filename=\"{id}-{day}.{suffix}\"");
            set(&mut response, header::CONTENT_DISPOSITION, &saved);
            response
        }
    };
    set(&mut response, header::ETAG, &etag);
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    set(&mut response, header::CACHE_CONTROL, "private, no-cache");
    set(&mut response, header::VARY, "Authorization, Cookie");
    Ok(response)
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Who fetched which bytes of what.
async fn note(
    app: &App,
    by: &Caller,
    name: &str,
    finished: &Finished,
    (start, end): (u64, u64),
) -> Result<(), DbError> {
    let detail = json!({
        "role": by.role.as_str(), "zones": by.scope.token(), "rows": finished.rows,
        "sha256": hex::encode(finished.sha256), "bytes": [start, end],
    });
    let (actor, runtime) = (by.actor(), app.base.runtime.clone());
    let (subject, detail) = (format!("exports/{name}"), detail.to_string());
    app.base
        .db
        .with_tx("audit", move |tx| {
            let (actor, runtime) = (actor.clone(), runtime.clone());
            let (subject, detail) = (subject.clone(), detail.clone());
            Box::pin(async move {
                audit::note(tx, &runtime, &actor, "download", &subject, &detail).await
            })
        })
        .await
}

/// The bytes from `start` up to `end`, read as they are sent.
fn body(finished: Arc<Finished>, start: u64, end: u64) -> Body {
    let chunks =
        futures_util::stream::try_unfold((finished, start), move |(finished, at)| async move {
            if at >= end {
                return Ok(None);
            }
            let size = usize::try_from((end - at).min(CHUNK)).map_err(std::io::Error::other)?;
            let reading = Arc::clone(&finished);
            let read = tokio::task::spawn_blocking(move || {
                let mut chunk = vec![0; size];
                reading.file.read_exact_at(&mut chunk, at).map(|()| chunk)
            });
            let chunk = read.await.map_err(std::io::Error::other)??;
            Ok::<_, std::io::Error>(Some((chunk, (finished, at + CHUNK))))
        });
    Body::from_stream(chunks)
}
