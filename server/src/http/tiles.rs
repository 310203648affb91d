//! `GET /v1/tiles/{layer}/{z}/{x}/{y}.mvt`: sites and administrative units for a map, masked like every feature.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;

use super::{auth::By, problem::Problem, ranges};
use crate::{
    app::App,
    export::Tile,
    layers::{Layer, layers},
    store::audit,
};

/// Tiles that are kept.
const KEPT: usize = 4_096;
/// Bytes that they may take together.
const MEMORY: usize = 64 * 1024 * 1024;

type Key = (String, String, Tile);

/// Tiles that were drawn, until the register changes.
#[derive(Default)]
pub(crate) struct Tiles {
    drawn: Mutex<HashMap<Key, (String, Bytes)>>,
}

/// The tile of an address.
fn number(z: &str, x: &str, y: &str) -> Option<Tile> {
    Tile::new(z.parse().ok()?, x.parse().ok()?, y.strip_suffix(".mvt")?.parse().ok()?)
}

/// `GET /v1/tiles/{layer}/{z}/{x}/{y}`
pub(super) async fn tile(
    State(app): State<Arc<App>>,
    By(by): By,
    Path((name, z, x, y)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tile = number(&z, &x, &y).ok_or_else(Problem::not_found)?;
    let forms = app.base.catalogue.current().await?;
    let all = layers(by.role, &forms, &*app.base.places.current().await?);
    let layer = chosen(&name, tile, all).ok_or_else(Problem::not_found)?;
    let held = app.layers.features(&app.base, &by.scope, &layer).await?;
    let news = format!("tiles/{name}");
    let actor = by.actor();
    if app.layers.is_news(&actor, &news, app.base.runtime.now()) {
        let runtime = app.base.runtime.clone();
        app.base
            .db
            .with_tx("audit", move |tx| {
                let (actor, runtime, news) = (actor.clone(), runtime.clone(), news.clone());
                Box::pin(
                    async move { audit::note(tx, &runtime, &actor, "download", &news, "").await },
                )
            })
            .await?;
    }
    let what = format!("{}{:?}", layer.collection.id, layer.source);
    let key = (what, by.scope.token(), tile);
    let bytes = if let Some(bytes) = app.tiles.find(&key, &held.token) {
        bytes
    } else {
        let token = held.token.clone();
        let drawn = tokio::task::spawn_blocking(move || tile.draw(&held.features, &name)).await;
        let bytes = Bytes::from(drawn.map_err(|_| Problem::new("internal", ""))??);
        app.tiles.keep(key, token, bytes.clone());
        bytes
    };
    Ok(answer(bytes, &headers))
}

/// Sites, or the units that a map of this zoom has room for, as finely as their limits are known.
fn chosen(name: &str, tile: Tile, all: Vec<Layer>) -> Option<Layer> {
    let wanted: &[&str] = match (name, tile.zoom()) {
        ("sites", _) => &["sites"],
        ("admin", ..6) => &["regions-2023", "cercles-2023", "communes-2023"],
        ("admin", 6..8) => &["cercles-2023", "communes-2023"],
        ("admin", _) => &["communes-2023"],
        _ => &[],
    };
    let mut all = all;
    let place = wanted.iter().find_map(|id| all.iter().position(|l| l.collection.id == *id))?;
    Some(all.swap_remove(place))
}

impl Tiles {
    fn find(&self, key: &Key, token: &str) -> Option<Bytes> {
        let drawn = self.drawn.lock().expect("no holder of this lock can panic");
        drawn.get(key).filter(|(of, _)| of == token).map(|(_, bytes)| bytes.clone())
    }

    fn keep(&self, key: Key, token: String, bytes: Bytes) {
        let mut drawn = self.drawn.lock().expect("no holder of this lock can panic");
        // All at once: a map asks for what it shows again soon enough.
        let size: usize = drawn.values().map(|(token, bytes)| token.len() + bytes.len()).sum();
        if drawn.len() >= KEPT || size + bytes.len() > MEMORY {
            drawn.clear();
        }
        drawn.insert(key, (token, bytes));
    }
}

fn answer(bytes: Bytes, headers: &HeaderMap) -> Response {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(&bytes);
    let etag = format!("\"{}\"", hex::encode(digest.get(..12).unwrap_or_default()));
    let mut response = if ranges::is_known(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/vnd.mapbox-vector-tile")], bytes).into_response()
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers
        .insert(header::VARY, HeaderValue::from_static("Authorization, Cookie, Accept-Encoding"));
    response
}
