//! `GET /v1/sites.geojson`: the register of sites in one download, streamed.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};

use super::{auth::By, problem::Problem};
use crate::{
    access::SiteTier,
    app::App,
    db::DbError,
    export::{FOOT, HEAD, site_feature},
    ogc::{Crs, Writer},
    store::{Scope, audit, entities, sites},
};

/// Sites fetched at a time: about 200 kB of text.
const PAGE: i64 = 200;
/// Masked sites written at a time.
const MASKED_PAGE: usize = 512;

/// `GET /v1/sites.geojson`
pub(super) async fn geojson(
    State(app): State<Arc<App>>,
    By(by): By,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if uri.query().is_some_and(|q| !q.is_empty()) {
        return Err(Problem::bad("this download takes no parameters"));
    }
    let Some(tier) = by.role.site_tier() else { return Err(Problem::forbidden()) };
    let mut tx = app.base.db.read().await?;
    let heads = entities::heads(&mut tx, &by.scope, "sites").await?;
    drop(tx);
    let told_until = match tier {
        SiteTier::Public => app.base.told_until().0,
        _ => 0,
    };
    let (epoch, seen) = (&app.base.info.epoch, by.scope.token());
    let text = format!("{epoch}|{tier:?}|{seen}|{heads:?}|{told_until}");
    let mac = app.base.keys.sign(&[b"sites.geojson", text.as_bytes()]);
    let etag = format!("\"{}\"", hex::encode(mac.get(..12).unwrap_or(&mac)));
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.split(',').any(|t| t.trim().trim_start_matches("W/") == etag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let actor = by.actor();
        let runtime = app.base.runtime.clone();
        app.base
            .db
            .with_tx("audit", move |tx| {
                let (actor, runtime) = (actor.clone(), runtime.clone());
                Box::pin(async move {
                    audit::note(tx, &runtime, &actor, "download", "sites.geojson", "").await
                })
            })
            .await?;
        let body = if tier == SiteTier::Public {
            masked(&app, &by.scope, tier).await?
        } else {
            stream(app, by.scope, tier)
        };
        ([(header::CONTENT_TYPE, "application/geo+json")], body).into_response()
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers
        .insert(header::VARY, HeaderValue::from_static("Authorization, Cookie, Accept-Encoding"));
    Ok(response)
}

/// What the public sees, as it sees it at `/ogc`: one mask in every format.
async fn masked(app: &App, scope: &Scope, tier: SiteTier) -> Result<Body, DbError> {
    let forms = app.base.catalogue.current().await?;
    let layer = crate::layers::sites(tier, &forms);
    let held = app.layers.features(&app.base, scope, &layer).await?;
    let pages = (0..held.features.len().div_ceil(MASKED_PAGE).max(1)).map(move |page| {
        let (start, end) = (page * MASKED_PAGE, (page + 1) * MASKED_PAGE);
        let mut text = String::from(if page == 0 { HEAD } else { "" });
        let writer = Writer::new(&held.features, Crs::Crs84);
        for row in start..end.min(held.features.len()) {
            if row > 0 {
                text.push_str(",\n");
            }
            writer.feature(&mut text, row, "");
        }
        if end >= held.features.len() {
            text.push_str(FOOT);
        }
        Ok::<_, DbError>(text)
    });
    Ok(Body::from_stream(futures_util::stream::iter(pages)))
}

struct Reading {
    app: Arc<App>,
    scope: Scope,
    tier: SiteTier,
    after: Option<entities::Place>,
    state: Step,
}

enum Step {
    Start,
    Pages,
    End,
}

fn stream(app: Arc<App>, scope: Scope, tier: SiteTier) -> Body {
    let reading = Reading { app, scope, tier, after: None, state: Step::Start };
    Body::from_stream(futures_util::stream::try_unfold(reading, |mut r| async move {
        let first = matches!(r.state, Step::Start);
        if matches!(r.state, Step::End) {
            return Ok::<_, DbError>(None);
        }
        let mut tx = r.app.base.db.read().await?;
        let rows = sites::page(&mut tx, &r.scope, r.after, PAGE).await?;
        drop(tx);
        let mut text = String::with_capacity(rows.len() * 1_200 + 64);
        if first {
            text.push_str(HEAD);
        }
        for (i, site) in rows.iter().enumerate() {
            if !(first && i == 0) {
                text.push_str(",\n");
            }
            site_feature(&mut text, site, r.tier);
        }
        r.after = rows.last().map(sites::SiteRow::place).or(r.after);
        r.state = if i64::try_from(rows.len())? < PAGE { Step::End } else { Step::Pages };
        if matches!(r.state, Step::End) {
            text.push_str(FOOT);
        }
        Ok(Some((text, r)))
    }))
}
