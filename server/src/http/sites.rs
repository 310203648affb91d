//! `GET /v1/sites.geojson`: the register of sites in one download, streamed.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};

use super::{
    as_of::as_of,
    auth::By,
    problem::Problem,
    request::{query_pairs, query_param},
};
use crate::{
    access::SiteTier,
    app::App,
    db::DbError,
    export::{FOOT, HEAD, site_feature},
    ogc::{Crs, Features, Writer},
    store::{AsOf, Scope, audit, entities, sites},
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
    if query_pairs(&uri).iter().any(|(name, _)| name != "as_of") {
        return Err(Problem::bad("parameters: as_of"));
    }
    let Some(tier) = by.role.site_tier() else { return Err(Problem::forbidden()) };
    let as_of = as_of(&app, query_param(&uri, "as_of").as_deref()).await?;
    let mut tx = app.base.db.read().await?;
    let heads = entities::heads(&mut tx, &by.scope, "sites").await?;
    drop(tx);
    let (epoch, scope, day) = (app.base.info.epoch, by.scope.token(), as_of.token());
    let told = if tier == SiteTier::Public { app.base.told_as_of() } else { AsOf::Now };
    let text = format!("{epoch}|{tier:?}|{scope}|{heads:?}|{day}|{}", told.token());
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
                let (actor, runtime, day) = (actor.clone(), runtime.clone(), day.clone());
                Box::pin(async move {
                    audit::note(tx, &runtime, &actor, "download", "sites.geojson", &day).await
                })
            })
            .await?;
        let body = if tier == SiteTier::Public {
            masked(&app, &by.scope, tier, as_of).await?
        } else {
            stream(app, by.scope, tier, as_of)
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
async fn masked(app: &App, scope: &Scope, tier: SiteTier, as_of: AsOf) -> Result<Body, DbError> {
    let forms = app.base.catalogue.current().await?;
    let layer = crate::layers::sites(tier, &forms);
    Ok(match as_of {
        AsOf::Now => written(app.layers.features(&app.base, scope, &layer).await?, |h| &h.features),
        AsOf::Day(_) => {
            written(app.layers.sites_as_of(&app.base, scope, &layer, as_of).await?, |f| f)
        }
    })
}

/// Features as pages of one document.
fn written<H: Send + 'static>(
    held: H,
    features: impl Fn(&H) -> &Features + Send + 'static,
) -> Body {
    let pages = (0..features(&held).len().div_ceil(MASKED_PAGE).max(1)).map(move |page| {
        let features = features(&held);
        let (start, end) = (page * MASKED_PAGE, (page + 1) * MASKED_PAGE);
        let mut text = String::from(if page == 0 { HEAD } else { "" });
        let mut writer = Writer::new(features, Crs::Crs84);
        for row in start..end.min(features.len()) {
            if row > 0 {
                text.push_str(",\n");
            }
            writer.feature(&mut text, row, "")?;
        }
        if end >= features.len() {
            text.push_str(FOOT);
        }
        Ok::<_, DbError>(text)
    });
    Body::from_stream(futures_util::stream::iter(pages))
}

struct Reading {
    app: Arc<App>,
    scope: Scope,
    tier: SiteTier,
    as_of: AsOf,
    after: Option<entities::Place>,
    state: Step,
}

enum Step {
    Start,
    Pages,
    End,
}

fn stream(app: Arc<App>, scope: Scope, tier: SiteTier, as_of: AsOf) -> Body {
    let reading = Reading { app, scope, tier, as_of, after: None, state: Step::Start };
    Body::from_stream(futures_util::stream::try_unfold(reading, |mut r| async move {
        let first = matches!(r.state, Step::Start);
        if matches!(r.state, Step::End) {
            return Ok::<_, DbError>(None);
        }
        let mut tx = r.app.base.db.read().await?;
        let rows = sites::page(&mut tx, &r.scope, r.as_of, r.after, PAGE).await?;
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
