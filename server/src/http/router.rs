//! Every route of the server, in one table.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header},
    middleware::{from_fn, from_fn_with_state, map_response},
    response::{IntoResponse as _, Response},
    routing::{get, post, put},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, Predicate as _},
    },
};

use super::{
    api, blobs, case, central, conflicts, counts, datasets, decisions, erasures, exports,
    geography, hear_out::hear_out, indicators, metrics, office, ogc, persons, problem, quality,
    reviews, session, sites, submissions, sync, tables, tiles,
};
use crate::{app::App, openrosa};

/// All routes over this server.
pub fn router(app: Arc<App>) -> Router {
    let phones = openrosa::router().layer(from_fn(openrosa::version_header));
    let api = Router::new()
        .route("/v1/sync/hello", get(sync::hello).post(sync::hello))
        .route("/v1/sync/push", post(sync::push))
        .route("/v1/sync/pull", get(sync::pull))
        .route("/v1/blobs/{sha256}", put(blobs::put).head(blobs::head))
        .route("/v1/counts", get(counts::counts))
        .route("/v1/tables", get(tables::list))
        .route("/v1/tables/{name}", get(tables::table))
        .route("/v1/indicators", get(indicators::list))
        .route("/v1/indicators/{id}", get(indicators::one))
        .route("/v1/geography/crosswalk", get(geography::correspondence))
        .route("/v1/exports", get(exports::list))
        .route("/v1/exports/{file}", get(exports::file))
        .route("/v1/tiles/{layer}/{z}/{x}/{y}", get(tiles::tile))
        .route("/v1/sites.geojson", get(sites::geojson))
        .route("/v1/quality/linkage", get(quality::linkage))
        .route("/v1/quality/coverage", get(quality::coverage))
        .route("/v1/reviews/duplicates", get(reviews::queue))
        .route("/v1/reviews/duplicates/{a}/{b}", get(case::pair))
        .route("/v1/reviews/entities/{id}", get(case::entity))
        .route("/v1/reviews/decisions/{id}", put(decisions::put))
        .route("/v1/reviews/conflicts", get(conflicts::queue))
        .route("/v1/reviews/conflicts/{id}", get(conflicts::one))
        .route("/v1/reviews/conflicts/decisions/{id}", put(conflicts::put))
        .route("/v1/reviews/submissions", get(submissions::queue))
        .route("/v1/reviews/submissions/{instance_id}", get(submissions::one))
        .route("/v1/reviews/submissions/decisions", post(submissions::put_many))
        .route("/v1/reviews/submissions/decisions/{id}", put(submissions::put))
        .route("/v1/erasures", post(erasures::post))
        .route("/v1/persons/access", post(persons::access))
        .route("/v1/sessions", post(session::open))
        .route("/v1/sessions/current", get(session::current).delete(session::close))
        .route("/v1/openapi.json", get(api::openapi))
        .merge(central::routes())
        .merge(datasets::routes())
        .merge(ogc::routes())
        .fallback(api::not_found)
        .method_not_allowed_fallback(api::not_allowed)
        .layer(from_fn(problem::localise));
    let open = Router::new()
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .route("/", get(office::page))
        .route("/office.js", get(office::script))
        .route("/office.css", get(office::style));
    phones
        .merge(api)
        .merge(open)
        .layer(from_fn(hear_out))
        // Bodies are bounded where they are read, each by what it is.
        .layer(DefaultBodyLimit::disable())
        .layer(
            CompressionLayer::new().gzip(true).compress_when(DefaultPredicate::new().and(is_whole)),
        )
        .layer(map_response(safe))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(&app), metrics::count))
        .with_state(app)
}

/// Whether an answer is sent whole or not at all. What can be fetched in parts has the length and the bytes
/// that it says: parts of a compressed and of a plain file do not fit together.
fn is_whole(
    _status: StatusCode,
    _version: Version,
    headers: &HeaderMap,
    _extensions: &Extensions,
) -> bool {
    !headers.contains_key(header::ACCEPT_RANGES)
}

/// Headers that every answer carries.
async fn safe(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("X-Frame-Options", HeaderValue::from_static("DENY"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; sandbox"));
    response
}

/// A bug of ours: logged by the panic hook, answered without details.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    problem::Problem::new("internal", "").into_response()
}
