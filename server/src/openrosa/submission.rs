//! HEAD and POST of submissions.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::{
    door::{Phone, sent_path},
    multipart::{self, Posted, blocking},
    reply::{Refusal, message},
};
use crate::{
    app::App,
    http::{Door, DoorRefusal},
    intake::{IntakeError, Outcome, Sender, StoredFile},
};

/// `GET submission`: a person looking with a browser.
pub(super) async fn not_here() -> Refusal {
    Refusal::NotFound("Cette adresse reçoit les fiches envoyées par le téléphone.")
}

/// `HEAD submission`: 204, and what may be sent. Asks for credentials like the POST, so that the
/// challenge comes before the body.
pub(super) async fn head(State(app): State<Arc<App>>, phone: Phone, request: Request) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert("X-OpenRosa-Version", HeaderValue::from_static("1.0"));
    let length = HeaderValue::from(app.base.settings.accept_length);
    headers.insert("X-OpenRosa-Accept-Content-Length", length);
    if app.base.settings.location_on_head {
        // The phone's own address: it then sends the next forms without asking first.
        let query = sent_path(&request).query().map(|q| format!("?{q}")).unwrap_or_default();
        let location = format!("{}/submission{query}", phone.base);
        if let Ok(value) = HeaderValue::from_str(&location) {
            headers.insert(header::LOCATION, value);
        }
    }
    response
}

/// `POST submission`
pub(super) async fn post(
    State(app): State<Arc<App>>,
    phone: Phone,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Refusal> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if headers.get(header::CONTENT_ENCODING).is_some_and(|v| v != "identity") {
        return Err(Refusal::Bad(String::from(
            "Envoi compressé : ce serveur attend une fiche simple.",
        )));
    }
    let posted = multipart::read(&app, content_type, request.into_body()).await?;
    let Posted { xml, parts, _share } = posted;
    let sender = Sender {
        account_id: phone.caller.account_id,
        device_id: phone.caller.device_id,
        zone_id: phone.caller.zone_id,
        scope: phone.caller.scope.clone(),
    };
    let door = Door::new(&app);
    // Understood before any file is kept: a refusal leaves nothing behind.
    let mut incoming = door.understand(xml, sender).await?;
    // Nor is a file kept of somebody who did not agree: dropped, an upload leaves nothing.
    let parts = if incoming.withheld.is_empty() { parts } else { Vec::new() };
    for part in parts {
        let blobs = app.base.blobs.clone();
        let file = part.file;
        let (sha256, size) = (file.sha256, file.size);
        blocking(move || blobs.keep(file)).await?;
        let stored = StoredFile {
            name: part.name,
            sha256,
            size,
            content_type: part.content_type,
            is_here: true,
        };
        incoming.files.push(stored);
    }
    let doubtful = incoming.decoded.as_ref().is_some_and(|d| !d.violations.is_empty());
    let files = incoming.files.iter().map(|f| f.sha256).collect();
    let outcomes = app.intake.accept(vec![incoming]).await?;
    if let Some(Outcome::Erased { .. }) = outcomes.first() {
        app.applier.lose_files(files).await?;
    }
    let text = match outcomes.first() {
        Some(Outcome::Conflict { .. }) => {
            "Fiche reçue. Une autre fiche porte le même numéro : le superviseur vérifiera."
        }
        Some(Outcome::Duplicate { .. } | Outcome::Erased { .. }) => "Fiche déjà reçue. Merci.",
        Some(Outcome::Accepted { .. }) if doubtful => {
            "Fiche reçue, à vérifier par le superviseur. Merci."
        }
        Some(Outcome::Accepted { .. }) => "Fiche reçue. Merci.",
        None => return Err(Refusal::Broken),
    };
    Ok(message(StatusCode::CREATED, text))
}

impl From<DoorRefusal> for Refusal {
    fn from(refusal: DoorRefusal) -> Self {
        match refusal {
            DoorRefusal::Xml(refused) => Self::Bad(refused.message_fr().to_owned()),
            DoorRefusal::UnknownForm => Self::NotFound(
                "Questionnaire inconnu sur ce serveur. La fiche reste sur le téléphone : prévenez le superviseur.",
            ),
            DoorRefusal::Busy => Self::Busy,
            DoorRefusal::Db(error) => error.into(),
        }
    }
}

impl From<IntakeError> for Refusal {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Busy => Self::Busy,
            IntakeError::Db(error) if error.is_transient() => Self::Busy,
            IntakeError::Db(_) => Self::Broken,
        }
    }
}
