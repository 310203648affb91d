//! Everything but the features themselves: what there is, and how it is asked for.

use axum::{extract::Path, response::Response};
use serde_json::{Value as Json, json};

use super::{
    answer::{answer, with_links},
    reader::Reader,
};
use crate::{
    http::problem::Problem,
    ogc::{
        Collection, Html, Media, conformance,
        links::{HTML, JSON, Link, OPENAPI, SCHEMA, as_json},
        openapi,
    },
};

const TITLE: &str = "Sanu : données géographiques";
const DESCRIPTION: &str = "Les lieux du recensement de l'orpaillage artisanal au Mali, en OGC API – Features, \
     selon ce que le compte peut voir.";

/// `self` and `alternate` of a document at this path.
fn both(reader: &Reader, path: &str, media: Media, json: &'static str) -> Vec<Link> {
    let at = |f: &str| format!("{}{path}?f={f}", reader.base);
    let (own, other) = match media {
        Media::Json => ((at("json"), json), (at("html"), HTML)),
        Media::Html => ((at("html"), HTML), (at("json"), json)),
    };
    vec![
        Link::new(own.0, "self", own.1, "Ce document"),
        Link::new(other.0, "alternate", other.1, "Ce document, autrement"),
    ]
}

fn document(reader: &Reader, media: &'static str, json: &Json, links: &[Link]) -> Response {
    with_links(answer(reader, media, json.to_string()), links)
}

fn page(reader: &Reader, html: Html, links: &[Link]) -> Response {
    with_links(answer(reader, HTML, html.finish()), links)
}

/// `GET /ogc`
pub(super) async fn landing(reader: Reader) -> Result<Response, Problem> {
    let media = reader.plain()?;
    let base = &reader.base;
    let mut links = both(&reader, "/", media, JSON);
    links.extend([
        Link::new(format!("{base}/collections?f=json"), "data", JSON, "Collections"),
        Link::new(format!("{base}/collections?f=html"), "data", HTML, "Collections (page)"),
        Link::new(format!("{base}/conformance?f=json"), "conformance", JSON, "Conformité"),
        Link::new(format!("{base}/conformance?f=html"), "conformance", HTML, "Conformité (page)"),
        Link::new(format!("{base}/api?f=json"), "service-desc", OPENAPI, "Description OpenAPI 3.0"),
        Link::new(format!("{base}/api?f=html"), "service-doc", HTML, "Mode d'emploi"),
    ]);
    Ok(match media {
        Media::Json => {
            let json =
                json!({ "title": TITLE, "description": DESCRIPTION, "links": as_json(&links) });
            document(&reader, JSON, &json, &links)
        }
        Media::Html => {
            let html = Html::new(TITLE, &[]).text(DESCRIPTION).links("Aller à", &links);
            page(&reader, html, &links)
        }
    })
}

/// `GET /ogc/conformance`
pub(super) async fn conformance(reader: Reader) -> Result<Response, Problem> {
    let media = reader.plain()?;
    let links = both(&reader, "/conformance", media, JSON);
    Ok(match media {
        Media::Json => {
            let json = json!({ "conformsTo": conformance::CLASSES, "links": as_json(&links) });
            document(&reader, JSON, &json, &links)
        }
        Media::Html => {
            let table: Vec<_> =
                conformance::CLASSES.iter().map(|c| vec![(*c).to_owned()]).collect();
            let way = [(TITLE, format!("{}/?f=html", reader.base))];
            let html = Html::new("Conformité", &way).table(&["Classe"], &table);
            page(&reader, html.links("Autrement", &links), &links)
        }
    })
}

/// `GET /ogc/api`
pub(super) async fn api(reader: Reader) -> Result<Response, Problem> {
    let media = reader.plain()?;
    let links = both(&reader, "/api", media, OPENAPI);
    let json = openapi(&reader.base, &reader.collections().await?);
    Ok(match media {
        Media::Json => document(&reader, OPENAPI, &json, &links),
        Media::Html => {
            let summary = |(path, item): (&String, &Json)| {
                let summary = item.pointer("/get/summary").and_then(Json::as_str);
                vec![format!("GET /ogc{path}"), summary.unwrap_or_default().to_owned()]
            };
            let table: Vec<_> = json
                .get("paths")
                .and_then(Json::as_object)
                .into_iter()
                .flatten()
                .map(summary)
                .collect();
            let way = [(TITLE, format!("{}/?f=html", reader.base))];
            let html = Html::new("Mode d'emploi", &way)
                .text(
                    "Paramètres des objets : limit, bbox, bbox-crs, crs, datetime, filter (CQL2), \
                     filter-lang, filter-crs, sortby, et chaque propriété de la collection.",
                )
                .table(&["Adresse", "Contenu"], &table);
            page(&reader, html.links("Autrement", &links), &links)
        }
    })
}

/// `GET /ogc/collections`
pub(super) async fn collections(reader: Reader) -> Result<Response, Problem> {
    let media = reader.plain()?;
    let links = both(&reader, "/collections", media, JSON);
    let all = reader.collections().await?;
    Ok(match media {
        Media::Json => {
            let list: Vec<Json> = all.iter().map(|c| c.json(&reader.base)).collect();
            let json = json!({ "links": as_json(&links), "collections": list });
            document(&reader, JSON, &json, &links)
        }
        Media::Html => {
            let way = [(TITLE, format!("{}/?f=html", reader.base))];
            let mut html = Html::new("Collections", &way);
            for c in &all {
                html = html.links(&c.title, &shown(c, &reader.base)).text(&c.description);
            }
            page(&reader, html.links("Autrement", &links), &links)
        }
    })
}

/// The links of a collection that people follow.
fn shown(collection: &Collection, base: &str) -> Vec<Link> {
    let all = collection.links(base);
    all.into_iter().filter(|l| l.rel == "items" || l.media == SCHEMA).collect()
}

/// `GET /ogc/collections/{collection}`
pub(super) async fn collection(
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let layer = reader.layer(&id).await?;
    let media = reader.plain()?;
    let collection = layer.collection;
    let links = collection.links(&reader.base);
    Ok(match media {
        Media::Json => document(&reader, JSON, &collection.json(&reader.base), &links),
        Media::Html => {
            let html = Html::new(&collection.title, &way(&reader))
                .text(&collection.description)
                .links("Aller à", &links);
            page(&reader, html, &links)
        }
    })
}

/// The way to a collection.
pub(super) fn way(reader: &Reader) -> [(&'static str, String); 2] {
    [
        (TITLE, format!("{}/?f=html", reader.base)),
        ("Collections", format!("{}/collections?f=html", reader.base)),
    ]
}

/// `GET /ogc/collections/{collection}/queryables`
pub(super) async fn queryables(
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    schema(&reader, &id, "queryables").await
}

/// `GET /ogc/collections/{collection}/sortables`
pub(super) async fn sortables(reader: Reader, Path(id): Path<String>) -> Result<Response, Problem> {
    schema(&reader, &id, "sortables").await
}

async fn schema(reader: &Reader, id: &str, what: &str) -> Result<Response, Problem> {
    let layer = reader.layer(id).await?;
    let media = reader.plain()?;
    let collection = layer.collection;
    let links = both(reader, &format!("/collections/{id}/{what}"), media, SCHEMA);
    Ok(match media {
        Media::Json => document(reader, SCHEMA, &collection.schema(&reader.base, what), &links),
        Media::Html => {
            let table: Vec<_> = collection
                .fields
                .iter()
                .map(|f| vec![f.name.clone(), f.title.clone(), format!("{:?}", f.kind)])
                .collect();
            let html = Html::new(&format!("{} : propriétés", collection.title), &way(reader))
                .table(&["Nom", "Titre", "Type"], &table);
            page(reader, html.links("Autrement", &links), &links)
        }
    })
}
