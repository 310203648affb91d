//! Native sync, version 1. The wire itself is the crate `sync-protocol`.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::{IntoResponse as _, Response},
};
use sync_protocol::{
    AttachmentRef, CONTENT_ENCODINGS, Change, Cursor, HelloResponse, Limits, ProtocolRange,
    PullRequest, PullResponse, PushRecord, PushResponse, ReceiptState, RecordResult, RefusalCode,
    Resume, Sha256Hex, Verdict, decode_hello, decode_push,
};

use super::{
    auth::By,
    body,
    door::{Door, DoorRefusal},
    problem::Problem,
    request::query_pairs,
};
use crate::{
    access::Caller,
    app::App,
    forms::Severity,
    intake::{Incoming, IntakeError, Outcome, Sender, StoredFile},
    store::{feed, zones},
};

fn collects(by: &Caller) -> Result<(), Problem> {
    if by.role.may_collect() { Ok(()) } else { Err(Problem::forbidden()) }
}

fn no_store(value: impl serde::Serialize) -> Response {
    let mut response = Json(value).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `GET|POST /v1/sync/hello`
pub(super) async fn hello(
    State(app): State<Arc<App>>,
    By(by): By,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    collects(&by)?;
    let bytes = body::read(&headers, request, 64 * 1024).await?;
    let hello = decode_hello(&bytes).map_err(|e| Problem::new(e.slug(), e.to_string()))?;
    hello.negotiate(ProtocolRange::SUPPORTED).map_err(|e| Problem::new(e.slug(), e.to_string()))?;
    let mut tx = app.base.db.read().await?;
    let zones = zones::all(&mut tx).await?;
    let info = epoch(&app).await?;
    Ok(no_store(HelloResponse {
        protocol: ProtocolRange::SUPPORTED,
        server_id: info.0,
        epoch: info.1,
        server_time: app.base.runtime.now().to_rfc3339(),
        limits: Limits::default(),
        content_encodings: CONTENT_ENCODINGS.iter().map(ToString::to_string).collect(),
        capabilities: vec![String::from("blobs"), String::from("receipts")],
        zones: zones.into_iter().filter(|z| by.scope.contains(z.zone_id)).map(|z| z.code).collect(),
    }))
}

/// Server id and epoch as they are now: a rebuild by another process changes the epoch.
async fn epoch(app: &App) -> Result<(uuid::Uuid, uuid::Uuid), Problem> {
    let mut tx = app.base.db.read().await?;
    let info = crate::store::server::find(&mut tx).await?.ok_or_else(Problem::not_found)?;
    Ok((info.server_id, info.epoch))
}

/// `POST /v1/sync/push`: a verdict for each record; one bad record never fails a batch.
pub(super) async fn push(
    State(app): State<Arc<App>>,
    By(by): By,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    collects(&by)?;
    let limits = Limits::default();
    let max = usize::try_from(limits.max_body_bytes).unwrap_or(usize::MAX);
    let bytes = body::read(&headers, request, max).await?;
    let _turn = app.pushes.acquire().await.map_err(|_| Problem::new("busy", ""))?;
    let decoded =
        decode_push(&bytes, &limits).map_err(|e| Problem::new(e.slug(), e.to_string()))?;
    drop(bytes);
    let (server_id, epoch) = epoch(&app).await?;
    let mut results = Vec::with_capacity(decoded.records.len());
    let mut accepted = Vec::new();
    let mut missing = Vec::new();
    for (index, record) in (0_u32..).zip(decoded.records) {
        let (instance_id, taken) = match record {
            Ok(record) => {
                let id = record.instance_id.clone();
                (Some(id), understand(&app, &by, record, &mut missing).await?)
            }
            Err(error) => (error.instance_id.clone(), Err(error.verdict())),
        };
        let verdict = match taken {
            Ok(incoming) => {
                accepted.push((results.len(), incoming));
                // Replaced below by what became of it.
                Verdict::refused(RefusalCode::Malformed)
            }
            Err(verdict) => verdict,
        };
        results.push(RecordResult { index, instance_id, verdict });
    }
    append(&app, accepted, &mut results, &mut missing).await?;
    missing.sort_unstable();
    missing.dedup();
    Ok(no_store(PushResponse {
        server_id,
        epoch,
        batch: decoded.batch,
        results,
        missing_blobs: missing,
    }))
}

/// Understands one record; `Err` holds its verdict, the outer error fails the request.
async fn understand(
    app: &App,
    by: &Caller,
    record: PushRecord,
    missing: &mut Vec<Sha256Hex>,
) -> Result<Result<Incoming, Verdict>, Problem> {
    let sender = Sender {
        account_id: by.account_id,
        device_id: by.device_id,
        zone_id: by.zone_id,
        scope: by.scope.clone(),
    };
    let PushRecord { instance_id, form_id, form_version, xml, attachments } = record;
    let understood = Door::new(app).understand(xml.into(), sender).await;
    let mut incoming = match understood {
        Ok(incoming) => incoming,
        Err(DoorRefusal::Xml(_)) => return Ok(Err(Verdict::refused(RefusalCode::Unparsable))),
        Err(DoorRefusal::UnknownForm) => {
            return Ok(Err(Verdict::refused(RefusalCode::UnknownForm)));
        }
        Err(DoorRefusal::Busy) => return Err(Problem::new("busy", "")),
        Err(DoorRefusal::Db(error)) => return Err(error.into()),
    };
    let same = incoming.instance_id == instance_id
        && incoming.form_id == form_id
        && (form_version.is_empty() || incoming.form_version == form_version);
    if !same {
        return Ok(Err(Verdict::refused(RefusalCode::InstanceMismatch)));
    }
    if attachments.iter().any(|a| a.size > Limits::default().max_blob_bytes) {
        return Ok(Err(Verdict::refused(RefusalCode::TooLarge)));
    }
    // No file of somebody who did not agree is asked for.
    let attachments = if incoming.withheld.is_empty() { attachments } else { Vec::new() };
    for attachment in attachments {
        take_file(app, &mut incoming, attachment, missing);
    }
    Ok(Ok(incoming))
}

/// A file is uploaded apart; the record names it. Missing ones are asked for.
fn take_file(
    app: &App,
    incoming: &mut Incoming,
    attachment: AttachmentRef,
    missing: &mut Vec<Sha256Hex>,
) {
    let sha256 = *attachment.sha256.as_bytes();
    let is_here = app.base.blobs.has(&sha256);
    if !is_here {
        missing.push(attachment.sha256);
    }
    // Kept also when the content is still to come: the device does not send the record again.
    incoming.files.push(StoredFile {
        name: attachment.name,
        sha256,
        size: attachment.size,
        content_type: attachment.content_type,
        is_here,
    });
}

async fn append(
    app: &App,
    accepted: Vec<(usize, Incoming)>,
    results: &mut [RecordResult],
    missing: &mut Vec<Sha256Hex>,
) -> Result<(), Problem> {
    if accepted.is_empty() {
        return Ok(());
    }
    let mut places = Vec::with_capacity(accepted.len());
    let mut batch = Vec::with_capacity(accepted.len());
    for (place, incoming) in accepted {
        let files: BTreeSet<[u8; 32]> = incoming.files.iter().map(|f| f.sha256).collect();
        places.push((place, errors(&incoming), files));
        batch.push(incoming);
    }
    let outcomes = app.intake.accept(batch).await?;
    let states = duplicate_states(app, &outcomes).await?;
    let (mut wanted, mut lost) = (BTreeSet::new(), BTreeSet::new());
    for ((place, rules, files), outcome) in places.into_iter().zip(outcomes) {
        let is_erased = matches!(outcome, Outcome::Erased { .. });
        if is_erased { &mut lost } else { &mut wanted }.extend(files);
        let Some(result) = results.get_mut(place) else { continue };
        result.verdict = match outcome {
            Outcome::Accepted { submission_id, .. } if rules.is_empty() => {
                Verdict::Accepted { submission_id }
            }
            Outcome::Accepted { submission_id, .. } => {
                Verdict::Quarantined { submission_id, rules }
            }
            Outcome::Duplicate { submission_id, .. } | Outcome::Erased { submission_id, .. } => {
                Verdict::Duplicate { submission_id, state: states.get(&submission_id).copied() }
            }
            Outcome::Conflict { submission_id, with } => Verdict::Conflict { submission_id, with },
        };
    }
    // Nobody is asked for the files of what was erased, and those that came are not kept.
    lost.retain(|file| !wanted.contains(file));
    missing.retain(|file| !lost.contains(file.as_bytes()));
    Ok(app.applier.lose_files(lost).await?)
}

/// The rules of severity "error" that a record breaks: it will be kept aside.
fn errors(incoming: &Incoming) -> Vec<String> {
    let violations = incoming.decoded.iter().flat_map(|d| &d.violations);
    let mut rules: Vec<String> =
        violations.filter(|v| v.severity == Severity::Error).map(|v| v.rule.to_owned()).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// How known submissions stand: a phone whose receipt is already behind its cursor learns it here.
async fn duplicate_states(
    app: &App,
    outcomes: &[Outcome],
) -> Result<HashMap<uuid::Uuid, ReceiptState>, Problem> {
    let wanted: Vec<_> = outcomes
        .iter()
        .filter_map(|o| match o {
            Outcome::Duplicate { submission_id, zone_id }
            | Outcome::Erased { submission_id, zone_id } => Some((*zone_id, *submission_id)),
            Outcome::Accepted { .. } | Outcome::Conflict { .. } => None,
        })
        .collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let mut tx = app.base.db.read().await?;
    Ok(feed::states(&mut tx, &wanted).await?)
}

/// `GET /v1/sync/pull`: what changed since the cursor, over the zones the caller may see.
pub(super) async fn pull(
    State(app): State<Arc<App>>,
    By(by): By,
    uri: Uri,
) -> Result<Response, Problem> {
    collects(&by)?;
    let request =
        PullRequest::from_query(&query_pairs(&uri)).map_err(|e| Problem::bad(e.to_string()))?;
    let (server_id, epoch) = epoch(&app).await?;
    let resume = Resume::new(request.cursor, epoch);
    let limit = request.limit.unwrap_or(500).min(2_000);
    let forms = app.base.catalogue.current().await?;
    let mut tx = app.base.db.read().await?;
    let mut next: Cursor = resume.from;
    let mut page =
        feed::page(&mut tx, &by, &mut next, limit, request.datasets.as_deref(), &forms).await?;
    let words = app.applier.review_words(&mut tx, &page.returned).await?;
    let told = page.changes.iter_mut().filter_map(|change| match change {
        Change::Returned { message, .. } => Some(message),
        _ => None,
    });
    for (message, seq) in told.zip(&page.returned) {
        let found = words.iter().find(|(at, _)| at == seq);
        *message = found.map(|(_, review)| review.reason.clone()).unwrap_or_default();
    }
    Ok(no_store(PullResponse {
        server_id,
        epoch,
        reset: resume.reset,
        changes: page.changes,
        next,
        more: page.more,
    }))
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Busy => Self::new("busy", ""),
            IntakeError::Db(error) if error.is_transient() => Self::new("busy", ""),
            IntakeError::Db(error) => {
                tracing::error!(%error, "append failed");
                Self::new("internal", "")
            }
        }
    }
}
