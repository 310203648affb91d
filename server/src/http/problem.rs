//! Errors as RFC 9457 problem documents, in French or English.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::french::french;
use crate::{access::AccessError, db::DbError};

/// A refusal with a stable type. `detail` may name parameters and limits, never data.
#[derive(Debug)]
pub(super) struct Problem {
    kind: &'static str,
    status: StatusCode,
    detail: String,
    retry_after: bool,
}

/// slug, status, English title, French title.
const KINDS: [(&str, u16, &str, &str); 33] = [
    ("unauthorized", 401, "Credentials are missing or wrong", "Identifiants absents ou incorrects"),
    (
        "not-published",
        404,
        "Nothing had been published of this on that day",
        "Rien n'avait encore été publié à cette date",
    ),
    ("forbidden", 403, "This account may not do this", "Ce compte n'a pas ce droit"),
    ("not-found", 404, "Not found", "Introuvable"),
    (
        "method-not-allowed",
        405,
        "This address does not take this method",
        "Méthode non permise ici",
    ),
    (
        "not-acceptable",
        406,
        "No representation that was asked for is offered",
        "Aucune des représentations demandées n'existe",
    ),
    ("bad-parameter", 400, "A parameter is not understood", "Un paramètre n'est pas compris"),
    ("malformed", 400, "The request is not understood", "La requête n'est pas comprise"),
    ("not-json", 400, "The body is not JSON", "Le corps n'est pas du JSON"),
    (
        "unsupported-protocol",
        400,
        "This protocol version is not spoken here",
        "Version de protocole inconnue",
    ),
    ("unsupported-encoding", 415, "This content encoding is not read here", "Compression inconnue"),
    ("too-large", 413, "The request is too large", "Requête trop volumineuse"),
    ("too-many-records", 413, "Too many records in one request", "Trop de fiches en un envoi"),
    (
        "hash-mismatch",
        422,
        "The content does not have this hash",
        "Le contenu ne correspond pas à son empreinte",
    ),
    (
        "decision-id-used",
        409,
        "This decision id was used for another answer",
        "Cet identifiant de décision a déjà servi",
    ),
    (
        "already-decided",
        409,
        "This pair is already decided: to change that, send the decision of `detail` as `replaces`",
        "Cette paire est déjà tranchée : pour changer d'avis, envoyez dans `replaces` la décision de `detail`",
    ),
    (
        "reason-needed",
        400,
        "Say why you read a child's registration: `?reason=` or the header `Sanu-Reason`",
        "Dites pourquoi vous lisez la fiche d'un enfant : `?reason=` ou l'en-tête `Sanu-Reason`",
    ),
    (
        "history-unknown",
        400,
        "This register does not know what it said so long ago: sanu rebuild derives it",
        "Ce registre ne sait pas ce qu'il disait ce jour-là : sanu rebuild le recalcule",
    ),
    (
        "wrong-answers",
        400,
        "Some answers cannot be corrected like this",
        "Certaines réponses ne peuvent pas être corrigées ainsi",
    ),
    (
        "kept-apart",
        409,
        "A decision keeps these two apart",
        "Une décision tient ces deux fiches séparées",
    ),
    ("not-merged", 409, "These two are not one group", "Ces deux fiches ne sont pas réunies"),
    (
        "hard-stop",
        409,
        "The evidence contradicts this merge: a data manager must decide and give a reason",
        "Les preuves contredisent cette fusion : un gestionnaire doit décider et la motiver",
    ),
    (
        "second-reviewer",
        409,
        "Another reviewer must confirm this",
        "Une autre personne doit confirmer",
    ),
    (
        "group-too-large",
        409,
        "The group would be too large to be one person",
        "Le groupe serait trop grand pour être une seule personne",
    ),
    (
        "changed-meanwhile",
        409,
        "The submission has another version since you read it",
        "La fiche a changé depuis que vous l'avez lue",
    ),
    (
        "undecodable",
        409,
        "No form can read this submission: it cannot be accepted or corrected",
        "Aucun questionnaire ne sait lire cette fiche : elle ne peut être ni acceptée ni corrigée",
    ),
    (
        "breaks-rules",
        409,
        "The correction would break a rule that the submission keeps",
        "La correction enfreindrait une règle que la fiche respecte",
    ),
    (
        "not-held",
        409,
        "Nothing of this submission waits, or what it waits for was deleted",
        "Rien de cette fiche n'attend, ou ce qu'elle attend a été supprimé",
    ),
    (
        "no-correction",
        409,
        "This submission has no such correction, or it was taken back",
        "Cette fiche n'a pas cette correction, ou elle a été annulée",
    ),
    (
        "several-persons",
        409,
        "Registrations that are not one person carry this card: give the id of one as `entity`",
        "Plusieurs personnes portent cette carte : donnez l'identifiant de l'une d'elles dans `entity`",
    ),
    ("erased", 409, "What this is about was erased", "Ce dont il s'agit a été effacé"),
    ("busy", 503, "The server is busy", "Serveur occupé"),
    ("internal", 500, "The server failed", "Erreur du serveur"),
];

/// slug, what helps in English and in French: for refusals that say nothing of their own. They are the same for
/// everybody: what is missing and what may not be seen must not be told apart.
const HELP: [(&str, &str, &str); 7] = [
    (
        "unauthorized",
        "log in with POST /v1/sessions {\"login\", \"password\"} and send Authorization: Bearer TOKEN; login and \
         password with each request (Basic) are taken over HTTPS or on the server's own machine only",
        "se connecter par POST /v1/sessions {\"login\", \"password\"}, puis envoyer Authorization: Bearer JETON ; \
         identifiant et mot de passe à chaque requête (Basic) ne sont acceptés qu'en HTTPS ou sur le serveur même",
    ),
    (
        "forbidden",
        "the role of this account does not include it; an administrator can add an account of another role: sanu \
         account add LOGIN --role ROLE",
        "le rôle de ce compte ne le permet pas ; l'administrateur peut créer un compte d'un autre rôle : sanu account \
         add IDENTIFIANT --role ROLE",
    ),
    (
        "not-found",
        "there is nothing at this address, or this account may not see it; the addresses: /v1/openapi.json and /ogc",
        "il n'y a rien à cette adresse, ou ce compte ne peut pas le voir ; les adresses : /v1/openapi.json et /ogc",
    ),
    (
        "second-reviewer",
        "the first answer was this account's own: another account has to give the same answer under a new id, if need be \
         a new one: sanu account add LOGIN --role data_manager (children: or protection)",
        "la première réponse est de ce même compte : un autre compte doit donner la même réponse sous un autre \
         identifiant ; au besoin, en créer un : sanu account add IDENTIFIANT --role data_manager (des enfants : ou \
         protection)",
    ),
    (
        "method-not-allowed",
        "the header Allow tells which methods it takes",
        "l'en-tête Allow donne les méthodes possibles",
    ),
    (
        "busy",
        "try again in half a minute; nothing is lost",
        "réessayer dans trente secondes ; rien n'est perdu",
    ),
    (
        "internal",
        "try again; if it happens again, the server's log says why",
        "réessayer ; si cela se répète, le journal du serveur dit pourquoi",
    ),
];

impl Problem {
    /// A problem of a known kind.
    pub(super) fn new(kind: &'static str, detail: impl Into<String>) -> Self {
        let status = KINDS
            .iter()
            .find(|k| k.0 == kind)
            .and_then(|k| StatusCode::from_u16(k.1).ok())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { kind, status, detail: detail.into(), retry_after: kind == "busy" }
    }

    /// The status, as a number.
    pub(super) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// What is wrong, in a sentence.
    pub(super) fn said(&self) -> String {
        if !self.detail.is_empty() {
            return self.detail.clone();
        }
        KINDS.iter().find(|k| k.0 == self.kind).map_or_else(String::new, |k| k.2.to_owned())
    }

    /// Its stable name.
    pub(super) const fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn not_found() -> Self {
        Self::new("not-found", "")
    }

    pub(super) fn forbidden() -> Self {
        Self::new("forbidden", "")
    }

    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new("bad-parameter", detail)
    }

    /// The document, with more members than the usual ones.
    pub(super) fn with(self, members: &[(&str, serde_json::Value)]) -> Response {
        let titles = KINDS.iter().find(|k| k.0 == self.kind);
        let (title, title_fr) = titles.map_or(("", ""), |k| (k.2, k.3));
        let help = HELP.iter().find(|h| h.0 == self.kind).filter(|_| self.detail.is_empty());
        let mut body = json!({
            "type": format!("{}{}", sync_protocol::PROBLEM_PREFIX, self.kind),
            "title": title,
            "title_fr": title_fr,
            "status": self.status.as_u16(),
            "detail": help.map_or(self.detail.as_str(), |h| h.1),
        });
        if let Some(map) = body.as_object_mut() {
            let french = help.map(|help| help.2.to_owned()).or_else(|| french(&self.detail));
            if let Some(french) = french {
                map.insert(String::from("detail_fr"), french.into());
            }
            map.extend(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        }
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"Sanu\""),
            );
        }
        if self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.with(&[])
    }
}

/// Puts title and detail of a problem into the reader's language.
pub(super) async fn localise(
    headers: HeaderMap,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let french = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.trim_start().to_ascii_lowercase().starts_with("fr"));
    let response = next.run(request).await;
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes() == b"application/problem+json");
    if !is_problem {
        return response;
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 64 * 1024).await.unwrap_or_default();
    let mut document: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if let Some(map) = document.as_object_mut() {
        for (name, in_french) in [("title", "title_fr"), ("detail", "detail_fr")] {
            let translated = map.remove(in_french);
            if let Some(words) = translated.filter(|_| french) {
                map.insert(String::from(name), words);
            }
        }
    }
    let mut response = Response::from_parts(parts, axum::body::Body::from(document.to_string()));
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        if let DbError::Io(error) = error {
            return error.into();
        }
        if error.is_transient() {
            return Self::new("busy", "");
        }
        tracing::error!(%error, "request failed");
        Self::new("internal", "")
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Unknown | AccessError::StaleNonce => Self::new("unauthorized", ""),
            AccessError::Busy => Self::new("busy", ""),
            AccessError::Db(error) => error.into(),
        }
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        tracing::error!(%error, "file storage failed");
        Self::new("busy", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_a_reason_to_ask_again() {
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        for problem in [Problem::from(full()), Problem::from(DbError::Io(full()))] {
            assert_eq!((problem.kind, problem.retry_after), ("busy", true));
        }
    }

    #[test]
    fn every_kind_of_problem_is_described() {
        let document: serde_json::Value = serde_json::from_str(sanu_schemas::openapi()).unwrap();
        let described = &document["components"]["schemas"]["Problem"]["properties"];
        let kinds = KINDS.map(|(slug, ..)| format!("urn:sanu:problem:{slug}"));
        assert_eq!(described["type"]["enum"], serde_json::json!(kinds.to_vec()));
        for (slug, status, ..) in KINDS {
            let statuses = described["status"]["enum"].as_array().unwrap();
            assert!(statuses.contains(&status.into()), "{slug}: {status}");
        }
        let refused = &document["components"]["responses"]["BadParameter"]["content"];
        let refused = &refused["application/problem+json"]["schema"]["allOf"][1]["properties"]["type"]
            ["enum"];
        let bad = KINDS.into_iter().filter(|kind| kind.1 == 400);
        let bad: Vec<_> = bad.map(|(slug, ..)| format!("urn:sanu:problem:{slug}")).collect();
        assert_eq!(*refused, serde_json::json!(bad));
    }
}
