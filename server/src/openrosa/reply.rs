//! Answers in the phone's language.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use md5::{Digest as _, Md5};

use crate::access::Challenge;

/// Escapes text for XML.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' && c != '\t' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// An XML document that the phone parses.
pub(super) fn xml(status: StatusCode, body: String) -> Response {
    let mut response = (status, Body::from(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"));
    headers.insert("X-OpenRosa-Version", HeaderValue::from_static("1.0"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// A message for the interviewer.
pub(super) fn message(status: StatusCode, text: &str) -> Response {
    let nature = if status.is_success() { "submit_success" } else { "error" };
    let items = u8::from(status.is_success());
    xml(
        status,
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OpenRosaResponse \
             xmlns=\"http://openrosa.org/http/response\" items=\"{items}\"><message \
             nature=\"{nature}\">{}</message></OpenRosaResponse>",
            escape(text)
        ),
    )
}

/// Whether the phone says that it has what this tag is of.
pub(super) fn is_known(etag: &str, given: Option<&HeaderValue>) -> bool {
    let quoted = format!("\"{etag}\"");
    given.and_then(|v| v.to_str().ok()).is_some_and(|v| {
        // Compression proxies weaken the tag; the content is the same.
        v.split(',').any(|t| t.trim().trim_start_matches("W/") == quoted || t.trim() == "*")
    })
}

/// A document with an entity tag: 304 when the phone has it.
pub(super) fn cached(
    etag: &str,
    given: Option<&HeaderValue>,
    make: impl FnOnce() -> Response,
) -> Response {
    let quoted = format!("\"{etag}\"");
    let known = is_known(etag, given);
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { make() };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&quoted) {
        headers.insert(header::ETAG, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert("X-OpenRosa-Version", HeaderValue::from_static("1.0"));
    response
}

pub(super) fn md5_hex(bytes: &[u8]) -> String {
    hex::encode(Md5::digest(bytes))
}

/// Why a phone is turned away, with what its user should do.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Credentials are needed: these challenges go out.
    Challenge(Vec<Challenge>),
    /// A password was sent in clear, right or wrong: it is not looked at.
    PasswordInClear(Vec<Challenge>),
    /// The token of the address is wrong or was revoked.
    Token,
    /// The account may not collect.
    Role,
    /// No such form or file.
    NotFound(&'static str),
    /// Not a submission.
    Bad(String),
    /// Over a limit.
    TooLarge(&'static str),
    /// Try again later.
    Busy,
    /// Our fault.
    Broken,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Challenge(challenges) => challenged(
                "Identifiant ou mot de passe incorrect. Vérifiez vos réglages.",
                challenges,
            ),
            Self::PasswordInClear(challenges) => challenged(
                "En http, le mot de passe n'est pris que par Digest, jamais en clair (Basic) : régler l'appareil ainsi, ou donner \
                 une adresse en https.",
                challenges,
            ),
            Self::Token => message(
                StatusCode::FORBIDDEN,
                "Accès refusé : ce code QR n'est plus valable. Demandez-en un nouveau au superviseur.",
            ),
            Self::Role => message(
                StatusCode::FORBIDDEN,
                "Ce compte ne peut pas envoyer de fiches. Demandez un compte d'agent au superviseur.",
            ),
            Self::NotFound(text) => message(StatusCode::NOT_FOUND, text),
            Self::Bad(text) => message(StatusCode::BAD_REQUEST, &text),
            Self::TooLarge(text) => message(StatusCode::PAYLOAD_TOO_LARGE, text),
            Self::Busy => {
                let mut response = message(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "Serveur occupé. La fiche reste sur le téléphone : renvoyez-la plus tard.",
                );
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
                response
            }
            Self::Broken => message(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Erreur du serveur. La fiche reste sur le téléphone : renvoyez-la plus tard.",
            ),
        }
    }
}

fn challenged(text: &str, challenges: Vec<Challenge>) -> Response {
    let mut response = message(StatusCode::UNAUTHORIZED, text);
    for challenge in challenges {
        if let Ok(value) = HeaderValue::from_str(&challenge.header) {
            response.headers_mut().append(header::WWW_AUTHENTICATE, value);
        }
    }
    response
}

impl From<crate::db::DbError> for Refusal {
    fn from(error: crate::db::DbError) -> Self {
        if error.is_transient() {
            return Self::Busy;
        }
        tracing::error!(%error, "request failed");
        Self::Broken
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        tracing::error!(%error, "file storage failed");
        // A full disk empties again; the phone keeps the form and retries.
        Self::Busy
    }
}
