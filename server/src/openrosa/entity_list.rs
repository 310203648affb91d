//! Entity lists for phones: a CSV that streams, and a token that changes when the data does.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use axum::{
    body::Body,
    extract::{RawPathParams, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    door::Phone,
    held_list::Wanted,
    reply::{Refusal, cached, is_known, md5_hex, xml},
};
use crate::{
    access::Caller,
    app::App,
    apply::is_on_devices,
    db::DbError,
    http::{param, query_param},
    store::{
        Scope,
        entities::{self, ListRow},
        follow_up::{self, Narrowed},
        settings,
    },
};

const UNKNOWN_LIST: &str = "Liste inconnue sur ce serveur.";
/// Ids in one integrity request; a request line of 64 kB holds fewer.
const IDS: usize = 20_000;

/// A list as somebody is given it: a token that changes when it does, and what of it they see.
pub(super) struct Given {
    pub(super) token: String,
    pub(super) narrowed: Narrowed,
}

impl Given {
    /// A list as this caller is given it.
    pub(super) async fn of(app: &App, caller: &Caller, dataset: &str) -> Result<Self, DbError> {
        let scope = &caller.scope;
        let mut tx = app.base.db.read().await?;
        let heads = entities::heads(&mut tx, scope, dataset).await?;
        let holder = caller.device_id.or(caller.account_id);
        let mut narrowed = follow_up::narrowed(&mut tx, holder, dataset).await?;
        let approval = settings::approval_lists(&mut tx).await?;
        drop(tx);
        narrowed.approved = approval.iter().any(|list| list == dataset);
        let forms = app.base.catalogue.current().await?.token();
        let epoch = app.base.info.epoch;
        let text = format!("{epoch}|{dataset}|{}|{heads:?}|{forms:?}|{narrowed:?}", scope.token());
        Ok(Self { token: md5_hex(text.as_bytes()), narrowed })
    }
}

/// `GET forms/{id}/lists/{dataset}.csv`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    phone: Phone,
    params: RawPathParams,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let file = param(&params, "file").unwrap_or_default();
    let dataset = file.strip_suffix(".csv").unwrap_or(&file).to_owned();
    let forms = app.base.catalogue.current().await?;
    if !forms.offers_list(&dataset) {
        return Err(Refusal::NotFound(UNKNOWN_LIST));
    }
    let Given { token, narrowed } = Given::of(&app, &phone.caller, &dataset).await?;
    let columns = forms.shared_properties(&dataset);
    let scope = phone.caller.scope.clone();
    let is_whole = narrowed.to.is_none() && !narrowed.approved;
    let given = headers.get(header::IF_NONE_MATCH);
    if is_whole && is_on_devices(&dataset) && !is_known(&token, given) {
        let packed = takes_gzip(&headers);
        let by = format!("{}|{:?}", app.base.info.epoch, forms.token());
        let wanted = Wanted { scope: &scope, dataset: &dataset, columns: &columns, by, packed };
        let text = app.lists.text(&app, wanted).await?;
        return Ok(cached(&token, None, || whole(text, packed)));
    }
    Ok(cached(&token, headers.get(header::IF_NONE_MATCH), || {
        let body = stream(Arc::clone(&app), (scope, narrowed), dataset, columns);
        ([(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"))], body)
            .into_response()
    }))
}

/// Whether a phone reads gzip.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok());
    let accepted = accepted.unwrap_or_default().to_ascii_lowercase();
    accepted.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let refused = |part: &str| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        parts.next() == Some("gzip") && !parts.any(refused)
    })
}

/// A list that is held, as one text.
fn whole(text: Bytes, packed: bool) -> Response {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let vary = (header::VARY, HeaderValue::from_static("accept-encoding"));
    if packed {
        let gzip = (header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        return ([kind, vary, gzip], text).into_response();
    }
    ([kind, vary], text).into_response()
}

/// Rows fetched at a time.
const PAGE: i64 = 500;

fn stream(app: Arc<App>, seen: (Scope, Narrowed), dataset: String, columns: Vec<String>) -> Body {
    let header = header_line(&columns);
    let first = futures_util::stream::once(async move { Ok::<_, DbError>(header) });
    let state = (app, seen, dataset, columns, Some(None));
    let pages = futures_util::stream::try_unfold(
        state,
        |(app, seen, dataset, columns, after)| async move {
            let Some(after) = after else { return Ok(None) };
            let mut tx = app.base.db.read().await?;
            let keys = &app.base.keys;
            let of = (&seen.0, &seen.1);
            let rows = entities::list_page(&mut tx, of, &dataset, after, PAGE, keys).await?;
            drop(tx);
            let Some(last) = rows.last() else { return Ok(None) };
            let next = Some(last.place());
            let after = (i64::try_from(rows.len())? == PAGE).then_some(next);
            let text: Vec<u8> = rows.iter().flat_map(|row| row_line(row, &columns)).collect();
            Ok(Some((text, (app, seen, dataset, columns, after))))
        },
    );
    Body::from_stream(futures_util::StreamExt::chain(first, pages))
}

/// The first line: what Collect needs, and what forms save.
pub(super) fn header_line(columns: &[String]) -> Vec<u8> {
    let names = ["name", "label", "__version"].into_iter();
    line(names.chain(columns.iter().map(String::as_str)))
}

fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(cells).expect("writing to a Vec cannot fail");
    writer.into_inner().expect("writing to a Vec cannot fail")
}

pub(super) fn row_line(row: &ListRow, columns: &[String]) -> Vec<u8> {
    let id = row.entity_id.to_string();
    let version = row.version.to_string();
    let label = row.text("label").unwrap_or_else(|| row.label.clone());
    // Collect refuses the whole list for one row without a label.
    let label = if label.trim().is_empty() { id.clone() } else { label };
    let mut cells = vec![id, label, version];
    cells.extend(columns.iter().map(|name| row.value(name).map(as_odk).unwrap_or_default()));
    line(cells.iter().map(String::as_str))
}

/// A value as XForms write it: points as "lat lon alt acc", several codes joined by spaces.
fn as_odk(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().map(as_odk).collect::<Vec<_>>().join(" "),
        Json::Object(point) => {
            let part = |name: &str| point.get(name).map_or_else(|| String::from("0"), as_odk);
            let part = |name| {
                Some(part(name)).filter(|t| !t.is_empty()).unwrap_or_else(|| String::from("0"))
            };
            format!("{} {} {} {}", part("lat"), part("lon"), part("alt"), part("acc"))
        }
        other => other.to_string(),
    }
}

/// `GET forms/{id}/integrity/{list}?id=a,b,c`: which of the phone's own entities are gone.
pub(super) async fn integrity(
    State(app): State<Arc<App>>,
    phone: Phone,
    params: RawPathParams,
    uri: Uri,
) -> Result<Response, Refusal> {
    let dataset = param(&params, "list").unwrap_or_default();
    if !app.base.catalogue.current().await?.offers_list(&dataset) {
        return Err(Refusal::NotFound(UNKNOWN_LIST));
    }
    let asked = query_param(&uri, "id").unwrap_or_default();
    // A phone looks for the id as it wrote it.
    let ids: BTreeMap<Uuid, &str> = asked
        .split(',')
        .take(IDS)
        .map(str::trim)
        .filter_map(|id| Some((id.strip_prefix("uuid:").unwrap_or(id).parse().ok()?, id)))
        .collect();
    let wanted: Vec<Uuid> = ids.keys().copied().collect();
    let mut tx = app.base.db.read().await?;
    let known = entities::known(&mut tx, &phone.caller.scope, &dataset, &wanted).await?;
    let mut rows = String::with_capacity(known.len() * 80);
    // What was never heard of is left out: the phone may not have sent it yet.
    for (id, is_gone) in known {
        let id = ids.get(&id).copied().unwrap_or_default();
        write!(rows, "<entity id=\"{id}\"><deleted>{is_gone}</deleted></entity>")
            .expect("writing to a String cannot fail");
    }
    Ok(xml(
        StatusCode::OK,
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><data><entities>{rows}</entities></data>"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_as_forms_read_them() {
        assert_eq!(
            as_odk(&json!({"lat": 12.5, "lon": -8.0, "alt": null, "acc": 4.8})),
            "12.5 -8.0 0 4.8"
        );
        assert_eq!(as_odk(&json!(["mercury", "borax"])), "mercury borax");
        assert_eq!(as_odk(&json!(3)), "3");
        assert_eq!(as_odk(&json!(null)), "");
    }
}
