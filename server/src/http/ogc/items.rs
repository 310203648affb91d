//! The features: a page of them, or one.

use std::{fmt::Write as _, sync::Arc};

use axum::{body::Body, extract::Path, response::Response};
use futures_util::{StreamExt as _, stream};

use super::{
    answer::{answer, with_crs, with_links},
    documents::way,
    reader::Reader,
};
use crate::{
    http::problem::Problem,
    layers::{Held, Layer},
    ogc::{
        Crs, Features, Html, Media, OgcError, Page, Request, Writer, crs_of_feature, last_day,
        links::{GEOJSON, HTML, JSON, Link, as_json},
    },
    store::audit,
};

/// Features written at a time: about half a megabyte.
const CHUNK: usize = 512;
/// Collections up to this size are searched where the request is; larger ones elsewhere, a few at a time.
const QUICK: usize = 20_000;

/// `GET /ogc/collections/{collection}/items`
pub(super) async fn items(reader: Reader, Path(id): Path<String>) -> Result<Response, Problem> {
    let layer = reader.layer(&id).await?;
    let media = reader.media()?;
    let day = last_day(&reader.pairs)?;
    let held = reader.features_on(&layer, day).await?;
    let (request, page) = found(&reader, &held).await?;
    note(&reader, &layer).await?;
    let links = links(&reader, &layer, media, &page);
    if media == Media::Html {
        let html = Html::new(&layer.collection.title, &way(&reader))
            .text(&summary(&held.features, &page))
            .features(&layer.collection, &held.features, &page.rows, &reader.base)?
            .links("Suite et autres formes", &links);
        return Ok(with_links(answer(&reader, HTML, html.finish()), &links));
    }
    let start = head(&held, &page, &links);
    let few = page.rows.len() <= CHUNK;
    let chunks = Chunks { start, held, crs: request.crs, rows: page.rows, at: 0 };
    let body = if few {
        let (_, text) = chunks.next().await?;
        Body::from(text)
    } else {
        streamed(chunks)
    };
    Ok(with_crs(with_links(answer(&reader, GEOJSON, body), &links), request.crs))
}

/// Reads the request and finds its page; what may take long does not hold up other requests.
async fn found(reader: &Reader, held: &Arc<Held>) -> Result<(Request, Page), Problem> {
    let search = |pairs: &[(String, String)], features: &Features| {
        let request = Request::read(pairs, features)?;
        let page = features.page(&request)?;
        Ok::<_, OgcError>((request, page))
    };
    let long =
        reader.pairs.iter().any(|(n, _)| !matches!(n.as_str(), "f" | "limit" | "bbox" | "next"));
    if held.features.len() <= QUICK || !long {
        return Ok(search(&reader.pairs, &held.features)?);
    }
    let _turn = reader.app.layers.searching().await;
    let (pairs, held) = (reader.pairs.clone(), Arc::clone(held));
    let searched = tokio::task::spawn_blocking(move || search(&pairs, &held.features)).await;
    Ok(searched.map_err(|_| Problem::new("internal", ""))??)
}

/// The audit log says who read which collection, once in a while: a map asks many times a minute.
async fn note(reader: &Reader, layer: &Layer) -> Result<(), Problem> {
    let base = &reader.app.base;
    let actor = reader.by.actor();
    if !reader.app.layers.is_news(&actor, &layer.collection.id, base.runtime.now()) {
        return Ok(());
    }
    let (runtime, what) = (base.runtime.clone(), format!("ogc/{}", layer.collection.id));
    base.db
        .with_tx("audit", move |tx| {
            let (actor, runtime, what) = (actor.clone(), runtime.clone(), what.clone());
            Box::pin(async move { audit::note(tx, &runtime, &actor, "download", &what, "").await })
        })
        .await?;
    Ok(())
}

fn summary(features: &Features, page: &Page) -> String {
    match page.matched {
        Some(n) => format!("Objets montrés : {} sur {n}.", page.rows.len()),
        None => format!("Objets montrés : {} ; en tout : {}.", page.rows.len(), features.len()),
    }
}

/// The query with one parameter replaced, encoded again.
fn query(reader: &Reader, name: &str, value: Option<&str>) -> String {
    let kept = reader.pairs.iter().filter(|(n, _)| n != name);
    let all = kept.map(|(n, v)| (n.as_str(), v.as_str())).chain(value.map(|v| (name, v)));
    let mut text = String::new();
    for (name, value) in all {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(&encoded(name));
        text.push('=');
        text.push_str(&encoded(value));
    }
    text
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b',') {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    out
}

fn links(reader: &Reader, layer: &Layer, media: Media, page: &Page) -> Vec<Link> {
    let here = format!("{}/collections/{}", reader.base, layer.collection.id);
    let at = |f: &str| format!("{here}/items{}", query(reader, "f", Some(f)));
    let (own, other) = match media {
        Media::Json => (("json", GEOJSON), ("html", HTML)),
        Media::Html => (("html", HTML), ("json", GEOJSON)),
    };
    let mut links = vec![
        Link::new(at(own.0), "self", own.1, "Cette page"),
        Link::new(at(other.0), "alternate", other.1, "Cette page, autrement"),
        Link::new(format!("{here}?f=json"), "collection", JSON, &*layer.collection.title),
    ];
    if let Some(token) = &page.next {
        let next = format!("{here}/items{}", query(reader, "next", Some(token)));
        links.push(Link::new(next, "next", own.1, "Page suivante"));
    }
    links
}

fn head(held: &Held, page: &Page, links: &[Link]) -> String {
    let matched = page.matched.map(|n| format!(",\"numberMatched\":{n}")).unwrap_or_default();
    format!(
        "{{\"type\":\"FeatureCollection\",\"numberReturned\":{}{matched},\"timeStamp\":\"{}\",\
         \"links\":{},\"features\":[\n",
        page.rows.len(),
        held.at.to_rfc3339(),
        as_json(links)
    )
}

/// A document of features while it is written.
struct Chunks {
    /// What stands before the next feature.
    start: String,
    held: Arc<Held>,
    crs: Crs,
    rows: Vec<u32>,
    at: usize,
}

impl Chunks {
    /// The next part of the document. What lies on disk is not waited for where other requests are answered.
    async fn next(mut self) -> std::io::Result<(Self, String)> {
        if !self.held.features.on_disk() {
            let text = self.write()?;
            return Ok((self, text));
        }
        tokio::task::spawn_blocking(move || {
            let text = self.write()?;
            Ok((self, text))
        })
        .await
        .map_err(std::io::Error::other)?
    }

    fn write(&mut self) -> std::io::Result<String> {
        let mut text = std::mem::take(&mut self.start);
        let until = (self.at + CHUNK).min(self.rows.len());
        let mut writer = Writer::new(&self.held.features, self.crs);
        for (i, row) in (self.at..until).zip(self.rows.get(self.at..until).unwrap_or_default()) {
            if i > 0 {
                text.push_str(",\n");
            }
            writer.feature(&mut text, usize::try_from(*row).unwrap_or(usize::MAX), "")?;
        }
        self.at = until;
        if self.is_done() {
            text.push_str("]}\n");
        }
        Ok(text)
    }

    fn is_done(&self) -> bool {
        self.at >= self.rows.len()
    }
}

fn streamed(chunks: Chunks) -> Body {
    let chunks = stream::try_unfold(Some(chunks), |chunks| async move {
        let Some(chunks) = chunks else { return Ok::<_, std::io::Error>(None) };
        let (chunks, text) = chunks.next().await?;
        let left = (!chunks.is_done()).then_some(chunks);
        Ok(Some((text, left)))
    });
    // Compression asks once more after the end.
    Body::from_stream(chunks.fuse())
}

/// `GET /ogc/collections/{collection}/items/{feature}`
pub(super) async fn item(
    reader: Reader,
    Path((id, feature)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let layer = reader.layer(&id).await?;
    let media = reader.media()?;
    let (crs, _) = crs_of_feature(&reader.pairs)?;
    let held = reader.features(&layer).await?;
    let row = held.features.find(&feature).ok_or_else(Problem::not_found)?;
    note(&reader, &layer).await?;
    let here = format!("{}/collections/{id}", reader.base);
    let at = |f: &str| format!("{here}/items/{feature}{}", query(&reader, "f", Some(f)));
    let (own, other) = match media {
        Media::Json => (("json", GEOJSON), ("html", HTML)),
        Media::Html => (("html", HTML), ("json", GEOJSON)),
    };
    let links = vec![
        Link::new(at(own.0), "self", own.1, "Cet objet"),
        Link::new(at(other.0), "alternate", other.1, "Cet objet, autrement"),
        Link::new(format!("{here}?f=json"), "collection", JSON, &*layer.collection.title),
    ];
    if media == Media::Html {
        let html = Html::new(&format!("{} {feature}", layer.collection.title), &way(&reader))
            .feature(&held.features, row)?
            .links("Autres formes", &links);
        return Ok(with_links(answer(&reader, HTML, html.finish()), &links));
    }
    let mut text = String::new();
    let members = format!(",\"links\":{}", as_json(&links));
    Writer::new(&held.features, crs).feature(&mut text, row, &members)?;
    Ok(with_crs(with_links(answer(&reader, GEOJSON, text), &links), crs))
}
