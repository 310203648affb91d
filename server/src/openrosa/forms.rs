//! Form list, forms, manifests and media.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    body::Body,
    extract::{RawPathParams, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::{
    door::Phone,
    entity_list::Given,
    reply::{Refusal, cached, escape, md5_hex, xml},
};
use crate::{
    app::App,
    catalogue::{Published, Snapshot},
    http::{param, query_param},
    store,
};

const UNKNOWN_FORM: &str =
    "Questionnaire inconnu sur ce serveur. Actualisez la liste des questionnaires.";
const UNKNOWN_FILE: &str = "Fichier inconnu sur ce serveur.";

/// `GET formList`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    phone: Phone,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let forms = app.base.catalogue.refresh().await?;
    let mut body = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><xforms xmlns=\"http://openrosa.org/xforms/xformsList\">",
    );
    for p in forms.offered() {
        let link = link(&phone, p);
        let version = percent(&p.row.version);
        write!(
            body,
            "<xform><formID>{}</formID><name>{}</name><version>{}</version><hash>md5:{}</hash>\
             <downloadUrl>{}.xml?version={version}</downloadUrl>",
            escape(&p.row.form_id),
            escape(&p.row.title),
            escape(&p.row.version),
            p.row.md5,
            escape(&link),
        )
        .expect("writing to a String cannot fail");
        // Collect fetches every manifest it is told of, at every sync.
        if !files_of(p, &forms).is_empty() {
            write!(body, "<manifestUrl>{}/manifest?version={version}</manifestUrl>", escape(&link))
                .expect("writing to a String cannot fail");
        }
        body.push_str("</xform>");
    }
    body.push_str("</xforms>");
    let etag = md5_hex(body.as_bytes());
    Ok(cached(&etag, headers.get(header::IF_NONE_MATCH), || xml(StatusCode::OK, body)))
}

fn link(phone: &Phone, p: &Published) -> String {
    format!("{}/forms/{}", phone.base, percent(&p.row.form_id))
}

/// Percent-encodes everything but unreserved characters.
pub(super) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    out
}

/// A file that a form needs and the server has.
pub(super) enum NeededFile {
    /// Uploaded with the form: name and MD5.
    Media(String, String),
    /// A live list of entities.
    List(String),
}

pub(super) fn files_of(p: &Published, forms: &Snapshot) -> Vec<NeededFile> {
    let mut files: Vec<NeededFile> =
        p.media.iter().map(|(name, md5)| NeededFile::Media(name.clone(), md5.clone())).collect();
    for needed in &p.form.media {
        let has = p.media.iter().any(|(name, _)| *name == needed.filename);
        let Some(dataset) = needed.filename.strip_suffix(".csv").filter(|_| !has) else { continue };
        let known = files.iter().any(|f| matches!(f, NeededFile::List(d) if d == dataset));
        if !known && forms.offers_list(dataset) {
            files.push(NeededFile::List(dataset.to_owned()));
        }
    }
    files
}

fn wanted<'s>(
    forms: &'s Snapshot,
    params: &RawPathParams,
    query: &axum::http::Uri,
) -> Result<&'s Arc<Published>, Refusal> {
    let id = param(params, "form").unwrap_or_default();
    let id = id.strip_suffix(".xml").unwrap_or(&id);
    let found = match query_param(query, "version") {
        Some(version) => forms.version(id, &version),
        None => forms.latest(id),
    };
    found.ok_or(Refusal::NotFound(UNKNOWN_FORM))
}

/// `GET forms/{id}.xml`: the bytes exactly as hashed.
pub(super) async fn form(
    State(app): State<Arc<App>>,
    _phone: Phone,
    params: RawPathParams,
    uri: axum::http::Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let forms = app.base.catalogue.current().await?;
    let p = wanted(&forms, &params, &uri)?;
    Ok(cached(&p.row.md5, headers.get(header::IF_NONE_MATCH), || {
        let mut response = Body::from(p.row.xml.clone()).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"));
        response
    }))
}

/// `GET forms/{id}/manifest`
pub(super) async fn manifest(
    State(app): State<Arc<App>>,
    phone: Phone,
    params: RawPathParams,
    uri: axum::http::Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let forms = app.base.catalogue.current().await?;
    let p = wanted(&forms, &params, &uri)?;
    let link = link(&phone, p);
    let version = percent(&p.row.version);
    let mut body = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><manifest xmlns=\"http://openrosa.org/xforms/xformsManifest\">",
    );
    for file in files_of(p, &forms) {
        match file {
            NeededFile::Media(name, md5) => write!(
                body,
                "<mediaFile><filename>{}</filename><hash>md5:{md5}</hash>\
                 <downloadUrl>{}/media/{}?version={version}</downloadUrl></mediaFile>",
                escape(&name),
                escape(&link),
                percent(&name),
            ),
            NeededFile::List(dataset) => {
                let Given { token, narrowed } = Given::of(&app, &phone.caller, &dataset).await?;
                let name = percent(&dataset);
                // What needs approval is not in a phone's own list until somebody gave it.
                let kind = if narrowed.approved { "approvalEntityList" } else { "entityList" };
                write!(
                    body,
                    "<mediaFile type=\"{kind}\"><filename>{}.csv</filename><hash>md5:{token}</hash>\
                     <downloadUrl>{link}/lists/{name}.csv</downloadUrl>\
                     <integrityUrl>{link}/integrity/{name}</integrityUrl></mediaFile>",
                    escape(&dataset),
                    link = escape(&link),
                )
            }
        }
        .expect("writing to a String cannot fail");
    }
    body.push_str("</manifest>");
    let etag = md5_hex(body.as_bytes());
    Ok(cached(&etag, headers.get(header::IF_NONE_MATCH), || xml(StatusCode::OK, body)))
}

/// `GET forms/{id}/media/{file}`
pub(super) async fn media(
    State(app): State<Arc<App>>,
    _phone: Phone,
    params: RawPathParams,
    uri: axum::http::Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let forms = app.base.catalogue.current().await?;
    let p = wanted(&forms, &params, &uri)?;
    let file = param(&params, "file").unwrap_or_default();
    let (_, md5) =
        p.media.iter().find(|(name, _)| *name == file).ok_or(Refusal::NotFound(UNKNOWN_FILE))?;
    let mut tx = app.base.db.read().await?;
    let bytes = store::forms::media(&mut tx, &p.row.form_id, &p.row.version, &file).await?;
    let bytes = bytes.ok_or(Refusal::NotFound(UNKNOWN_FILE))?;
    Ok(cached(md5, headers.get(header::IF_NONE_MATCH), || {
        let kind =
            if is_csv(&file) { "text/csv; charset=utf-8" } else { "application/octet-stream" };
        (
            [(header::CONTENT_TYPE, kind), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")],
            Body::from(bytes),
        )
            .into_response()
    }))
}

fn is_csv(file: &str) -> bool {
    std::path::Path::new(file).extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"))
}
