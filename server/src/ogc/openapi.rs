//! The `OpenAPI` 3.0 document of the interface, made from the collections that its reader may see.

use serde_json::{Map, Value as Json, json};

use super::{
    collection::{Collection, schema},
    crs::Crs,
    features::Field,
    links::{GEOJSON, HTML, JSON, SCHEMA},
    request::{LIMIT_DEFAULT, LIMIT_MAX},
    value::Kind,
};

fn content(types: &[&str], schema: &Json) -> Json {
    let media = |t: &&str| {
        let schema = if *t == HTML { json!({ "type": "string" }) } else { schema.clone() };
        ((*t).to_owned(), json!({ "schema": schema }))
    };
    Json::Object(types.iter().map(media).collect())
}

fn problem(description: &str) -> Json {
    json!({
        "description": description,
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/problem" } } },
    })
}

fn reference(kind: &str, name: &str) -> Json {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

fn operation(id: &str, summary: &str, parameters: Vec<Json>, answer: (&[&str], Json)) -> Json {
    let (types, schema) = answer;
    let mut responses = Map::new();
    responses.insert(
        String::from("200"),
        json!({ "description": summary, "content": content(types, &schema) }),
    );
    for code in ["400", "401", "404", "406"] {
        responses.insert(code.to_owned(), reference("responses", code));
    }
    let mut all = vec![reference("parameters", "f")];
    all.extend(parameters);
    json!({ "get": {
        "operationId": id, "summary": summary, "tags": ["ogc"], "parameters": all, "responses": responses,
    } })
}

fn parameter(name: &str, description: &str, schema: &Json) -> Json {
    json!({ "name": name, "in": "query", "required": false, "description": description,
            "schema": schema, "style": "form", "explode": false })
}

fn crs_parameter(name: &str, description: &str) -> Json {
    parameter(
        name,
        description,
        &json!({ "type": "string", "format": "uri", "enum": Crs::ALL.map(Crs::uri),
                 "default": Crs::Crs84.uri() }),
    )
}

fn parameters() -> Json {
    let number = json!({ "type": "number" });
    let either = |n: u8| json!({ "type": "array", "items": number, "minItems": n, "maxItems": n });
    let text = json!({ "type": "string" });
    json!({
        "f": parameter("f", "Représentation", &json!({ "type": "string", "enum": ["json", "html"] })),
        "limit": parameter("limit", "Objets par page", &json!({
            "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT })),
        "bbox": parameter("bbox", "Boîte : ouest, sud, est, nord", &json!({ "oneOf": [either(4), either(6)] })),
        "datetime": parameter("datetime", "Jour, instant ou intervalle (RFC 3339)", &text),
        "crs": crs_parameter("crs", "Système de la réponse"),
        "bbox-crs": crs_parameter("bbox-crs", "Système de bbox"),
        "filter": parameter("filter", "Condition en CQL2", &text),
        "filter-lang": parameter("filter-lang", "Langage de la condition", &json!({
            "type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text" })),
        "filter-crs": crs_parameter("filter-crs", "Système des coordonnées de la condition"),
        "sortby": parameter("sortby", "Propriétés de tri, - pour l'ordre inverse", &json!({
            "type": "array", "minItems": 1, "items": { "type": "string", "pattern": "[+|-]?[A-Za-z_].*" } })),
        "next": parameter("next", "Page suivante, telle que donnée par son lien", &text),
    })
}

fn property(field: &Field) -> Json {
    // A list is asked for as its codes, joined by spaces.
    let text = Field { kind: Kind::Text, ..field.clone() };
    let schema = if field.kind == Kind::List { schema(&text) } else { schema(field) };
    parameter(&field.name, &field.title, &schema)
}

fn feature_schema(collection: &Collection) -> Json {
    let nullable = |field: &Field| {
        let mut schema = schema(field);
        if let Some(object) = schema.as_object_mut() {
            object.insert(String::from("nullable"), true.into());
        }
        (field.name.clone(), schema)
    };
    let properties: Map<String, Json> = collection.fields.iter().map(nullable).collect();
    json!({
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": { "type": "string", "enum": ["Feature"] },
            "id": { "type": "string" },
            "geometry": { "type": "object", "nullable": true },
            "properties": { "type": "object", "properties": properties },
            "links": { "type": "array", "items": reference("schemas", "link") },
        },
    })
}

fn schemas(collections: &[Collection]) -> Map<String, Json> {
    let mut all = Map::new();
    let text = json!({ "type": "string" });
    all.insert(
        String::from("problem"),
        json!({ "type": "object", "required": ["type", "title", "status"], "properties": {
            "type": text, "title": text, "status": { "type": "integer" }, "detail": text } }),
    );
    all.insert(
        String::from("link"),
        json!({ "type": "object", "required": ["href", "rel"], "properties": {
            "href": text, "rel": text, "type": text, "title": text } }),
    );
    all.insert(
        String::from("document"),
        json!({ "type": "object", "properties": {
            "links": { "type": "array", "items": reference("schemas", "link") } } }),
    );
    for collection in collections {
        all.insert(format!("{}-feature", collection.id), feature_schema(collection));
        all.insert(
            format!("{}-items", collection.id),
            json!({ "type": "object", "required": ["type", "features"], "properties": {
                "type": { "type": "string", "enum": ["FeatureCollection"] },
                "features": { "type": "array",
                    "items": reference("schemas", &format!("{}-feature", collection.id)) },
                "links": { "type": "array", "items": reference("schemas", "link") },
                "timeStamp": { "type": "string", "format": "date-time" },
                "numberReturned": { "type": "integer", "minimum": 0 },
                "numberMatched": { "type": "integer", "minimum": 0 } } }),
        );
    }
    all
}

fn paths(collections: &[Collection]) -> Map<String, Json> {
    let document = || (&[JSON, HTML][..], reference("schemas", "document"));
    let mut paths = Map::new();
    for (path, id, summary) in [
        ("/", "landing", "Page d'accueil"),
        ("/conformance", "conformance", "Classes de conformité"),
        ("/collections", "collections", "Collections"),
    ] {
        paths.insert(path.to_owned(), operation(id, summary, vec![], document()));
    }
    for c in collections {
        let here = format!("/collections/{}", c.id);
        let title = &c.title;
        let id = &c.id;
        paths.insert(here.clone(), operation(&format!("{id}.describe"), title, vec![], document()));
        for what in ["queryables", "sortables"] {
            paths.insert(
                format!("{here}/{what}"),
                operation(
                    &format!("{id}.{what}"),
                    &format!("{title} : {what}"),
                    vec![],
                    (&[SCHEMA, HTML], json!({ "type": "object" })),
                ),
            );
        }
        let mut all: Vec<Json> = super::request::PARAMETERS
            .iter()
            .filter(|p| **p != "f")
            .map(|p| reference("parameters", p))
            .collect();
        all.extend(c.fields.iter().map(property));
        paths.insert(
            format!("{here}/items"),
            operation(
                &format!("{id}.items"),
                &format!("{title} : objets"),
                all,
                (&[GEOJSON, HTML], reference("schemas", &format!("{id}-items"))),
            ),
        );
        let feature_id = json!({ "name": "featureId", "in": "path", "required": true,
                                 "schema": { "type": "string" } });
        paths.insert(
            format!("{here}/items/{{featureId}}"),
            operation(
                &format!("{id}.item"),
                &format!("{title} : un objet"),
                vec![feature_id, reference("parameters", "crs")],
                (&[GEOJSON, HTML], reference("schemas", &format!("{id}-feature"))),
            ),
        );
    }
    paths
}

/// The document, for an interface at `base` (`https://host/ogc`).
pub fn openapi(base: &str, collections: &[Collection]) -> Json {
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Sanu: OGC API - Features",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Les lieux du recensement de l'orpaillage, selon ce que le compte peut voir.",
            "license": { "name": "AGPL-3.0-or-later", "url": "https://www.gnu.org/licenses/agpl-3.0.html" },
        },
        "servers": [{ "url": base }],
        "tags": [{ "name": "ogc", "description": "OGC API - Features" }],
        "security": [{ "basic": [] }, { "bearer": [] }],
        "paths": paths(collections),
        "components": {
            "securitySchemes": {
                "basic": { "type": "http", "scheme": "basic" },
                "bearer": { "type": "http", "scheme": "bearer" },
            },
            "parameters": parameters(),
            "responses": {
                "400": problem("Un paramètre n'est pas compris"),
                "401": problem("Identifiants absents ou incorrects"),
                "404": problem("Introuvable"),
                "406": problem("Représentation non offerte"),
            },
            "schemas": schemas(collections),
        },
    })
}
