//! A multipart submission, streamed: the XML bounded in memory, every file sealed to disk.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::{Body, Bytes};
use multer::{Field, Multipart};

use super::reply::Refusal;
use crate::{
    app::App,
    http::{Pace, Share},
    intake::{FileSink, PartFile},
    keys::Realm,
};

/// Largest submission XML: the longest questionnaire with a hundred repeats is under 1 MB.
pub(crate) const XML_MAX: usize = 4 * 1024 * 1024;
/// Largest POST as a whole.
const BODY_MAX: usize = 110 * 1024 * 1024;
/// Parts in one POST: Collect sends at most 101 files, the XML and a mark.
const PARTS_MAX: usize = 256;
/// Bytes that may arrive without completing a header or giving content.
const STALL_MAX: usize = 256 * 1024;

/// A file of the POST, complete and sealed.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) content_type: String,
    pub(super) file: PartFile,
}

/// A parsed POST.
pub(super) struct Posted {
    pub(super) xml: Bytes,
    pub(super) parts: Vec<Part>,
    /// Its share of the memory for large bodies.
    pub(super) _share: Share,
}

pub(super) const TOO_LARGE: &str =
    "Envoi trop volumineux. Réduisez la taille des photos dans les réglages.";
pub(super) const XML_TOO_LARGE: &str = "Fiche trop volumineuse. Prévenez le superviseur.";

fn bad(text: &str) -> Refusal {
    Refusal::Bad(text.to_owned())
}

/// Reads the POST. Dropped midway (a cut connection), it leaves nothing on disk.
pub(super) async fn read(app: &App, content_type: &str, body: Body) -> Result<Posted, Refusal> {
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| bad("Envoi illisible : ce n'est pas une fiche. Renvoyez-la."))?;
    let stalled = Arc::new(AtomicUsize::new(0));
    let mut multipart = Multipart::new(bounded(body, Arc::clone(&stalled)), boundary);
    let mut xml: Option<Bytes> = None;
    let mut share = Share::default();
    let mut parts = Vec::new();
    let mut count = 0;
    while let Some(field) = multipart.next_field().await.map_err(read_error)? {
        stalled.store(0, Ordering::Relaxed);
        count += 1;
        if count > PARTS_MAX {
            return Err(bad("Envoi refusé : trop de fichiers dans une fiche."));
        }
        match field.name().unwrap_or_default() {
            "xml_submission_file" if xml.is_some() => {
                return Err(bad("Envoi refusé : deux fiches dans un seul envoi."));
            }
            "xml_submission_file" => xml = Some(read_xml(app, &mut share, field, &stalled).await?),
            "*isIncomplete*" => skip(field, &stalled).await?,
            _ => {
                // The XML comes first: only then is it known whose files these are.
                let Some(xml) = &xml else {
                    return Err(bad("Envoi illisible : la fiche manque. Renvoyez-la."));
                };
                let realm = realm_of(app, xml).await?;
                parts.extend(read_file(app, field, realm, &stalled).await?);
            }
        }
    }
    let xml = xml.ok_or_else(|| bad("Envoi illisible : la fiche manque. Renvoyez-la."))?;
    Ok(Posted { xml, parts, _share: share })
}

async fn realm_of(app: &App, xml: &[u8]) -> Result<Realm, Refusal> {
    let envelope =
        crate::forms::envelope(xml).map_err(|e| Refusal::Bad(e.message_fr().to_owned()))?;
    let forms = app.base.catalogue.current().await?;
    Ok(crate::http::realm_of(&forms, &envelope))
}

/// The body with limits: whole size, silence, and bytes that lead nowhere.
fn bounded(
    body: Body,
    stalled: Arc<AtomicUsize>,
) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> + Send {
    let state = (Box::pin(body.into_data_stream()), stalled, 0_usize, Pace::start());
    futures_util::stream::try_unfold(state, |(mut data, stalled, total, pace)| async move {
        let next = pace.next(&mut data, total).await;
        let chunk = match next {
            Err(_) => return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "silence")),
            Ok(None) => return Ok(None),
            Ok(Some(Err(error))) => return Err(std::io::Error::other(error)),
            Ok(Some(Ok(chunk))) => chunk,
        };
        let total = total + chunk.len();
        let pending = stalled.fetch_add(chunk.len(), Ordering::Relaxed);
        if total > BODY_MAX {
            return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "body"));
        }
        if pending > STALL_MAX {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "header"));
        }
        Ok(Some((chunk, (data, stalled, total, pace))))
    })
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function of `map_err`")]
fn read_error(error: multer::Error) -> Refusal {
    let io = match &error {
        multer::Error::StreamReadFailed(inner) => inner.downcast_ref::<std::io::Error>(),
        _ => None,
    };
    match io.map(std::io::Error::kind) {
        Some(std::io::ErrorKind::FileTooLarge) => Refusal::TooLarge(TOO_LARGE),
        _ => bad("Envoi coupé ou illisible. Renvoyez la fiche."),
    }
}

async fn read_xml(
    app: &App,
    share: &mut Share,
    mut field: Field<'_>,
    stalled: &AtomicUsize,
) -> Result<Bytes, Refusal> {
    let mut xml = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(read_error)? {
        stalled.store(0, Ordering::Relaxed);
        if xml.len() + chunk.len() > XML_MAX {
            return Err(Refusal::TooLarge(XML_TOO_LARGE));
        }
        app.budget.grow(share, xml.len() + chunk.len()).map_err(|_| Refusal::Busy)?;
        if xml.is_empty() && chunk.len() > 1024 {
            xml.reserve_exact(chunk.len());
        }
        xml.extend_from_slice(&chunk);
    }
    Ok(xml.into())
}

async fn skip(mut field: Field<'_>, stalled: &AtomicUsize) -> Result<(), Refusal> {
    while field.chunk().await.map_err(read_error)?.is_some() {
        stalled.store(0, Ordering::Relaxed);
    }
    Ok(())
}

/// Longest file name kept, in bytes: more is not a name.
const NAME_MAX: usize = 1_024;

async fn read_file(
    app: &App,
    mut field: Field<'_>,
    realm: Realm,
    stalled: &AtomicUsize,
) -> Result<Option<Part>, Refusal> {
    let name = field.file_name().or(field.name()).unwrap_or_default().to_owned();
    if name.is_empty() || name.len() > NAME_MAX {
        return Err(bad("Envoi refusé : nom de fichier invalide."));
    }
    let content_type = field
        .content_type()
        .map_or_else(|| String::from("application/octet-stream"), ToString::to_string);
    let mut sink: FileSink = app.base.blobs.sink(realm)?;
    while let Some(chunk) = field.chunk().await.map_err(read_error)? {
        stalled.store(0, Ordering::Relaxed);
        sink.write(&chunk)?;
    }
    let file = blocking(move || sink.finish()).await?;
    Ok(Some(Part { name, content_type, file }))
}

/// Runs file work that waits for the disk off the request threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Refusal::Broken),
    }
}
