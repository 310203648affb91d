//! `/metrics`, on a listener of its own: figures about the server for Prometheus. Labels are patterns, methods and codes;
//! never a zone, a name, an id or a token.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
    routing::get,
};

use crate::{
    app::App,
    db::DbError,
    store::metrics::{Figures, figures},
};

/// Upper bounds of the histogram's buckets, in seconds.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What is counted of requests since the start.
#[derive(Debug, Default)]
pub(crate) struct Requests(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// By method, pattern and status.
    answers: BTreeMap<(&'static str, String, u16), u64>,
    /// By pattern.
    times: BTreeMap<String, Times>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    /// Answers that took at most as long as each bound.
    within: [u64; BUCKETS.len()],
    count: u64,
    seconds: f64,
}

impl Requests {
    fn note(&self, method: &Method, route: &str, status: StatusCode, seconds: f64) {
        let mut counted = self.0.lock().expect("no holder of this lock can panic");
        let key = (name_of(method), route.to_owned(), status.as_u16());
        *counted.answers.entry(key).or_default() += 1;
        let times = counted.times.entry(route.to_owned()).or_default();
        times.count += 1;
        times.seconds += seconds;
        for (within, bound) in times.within.iter_mut().zip(BUCKETS) {
            *within += u64::from(seconds <= bound);
        }
    }
}

/// Anybody may send any method: what is not known is one.
fn name_of(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Counts every request by the pattern of its address: the address itself may hold a token.
pub(super) async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let method = request.method().clone();
    let begun = tokio::time::Instant::now();
    let response = next.run(request).await;
    let seconds = begun.elapsed().as_secs_f64();
    let route = route.as_deref().unwrap_or("none");
    app.requests.note(&method, route, response.status(), seconds);
    response
}

/// The routes of the listener for figures.
pub fn metrics_router(app: Arc<App>) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(app)
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    match written(&app).await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "figures cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

async fn written(app: &App) -> Result<String, DbError> {
    let mut tx = app.base.db.read().await?;
    let figures = figures(&mut tx).await?;
    drop(tx);
    let mut page = Page::default();
    of_register(&mut page, app, &figures);
    of_intake(&mut page, app);
    if let Some(bytes) = resident() {
        page.one("process_resident_memory_bytes", "gauge", "Resident memory.", bytes);
    }
    app.requests.0.lock().expect("no holder of this lock can panic").write(&mut page);
    Ok(page.0)
}

fn of_register(page: &mut Page, app: &App, figures: &Figures) {
    page.head("sanu_build_info", "gauge", "The program and its database.");
    let (version, backend) = (env!("CARGO_PKG_VERSION"), app.base.db.backend());
    page.line("sanu_build_info", &[("version", version), ("database", backend)], 1);
    let lag = (figures.appended - figures.applied).max(0);
    let waits = figures.oldest_waiting.map_or(0, |at| (app.base.runtime.now().0 - at.0).max(0));
    page.one(
        "sanu_journal_events_total",
        "counter",
        "Events accepted into the journal.",
        figures.appended,
    );
    page.one(
        "sanu_applied_events_total",
        "counter",
        "Events of the journal that are applied.",
        figures.applied,
    );
    page.one("sanu_apply_lag_events", "gauge", "Events that wait to be applied.", lag);
    let seconds = std::time::Duration::from_micros(waits.unsigned_abs()).as_secs_f64();
    page.one("sanu_apply_lag_seconds", "gauge", "How long the oldest of them has waited.", seconds);
    let name = "sanu_records_in_review";
    page.head(
        name,
        "gauge",
        "Records that are not accepted, by what the checks and what people say.",
    );
    for (state, review, n) in &figures.in_review {
        page.line(name, &[("state", state), ("review", review)], n);
    }
    page.one("sanu_database_bytes", "gauge", "Size of the database.", figures.database_bytes);
    page.one("sanu_blob_files", "gauge", "Attached files.", figures.blob_files);
    page.one("sanu_blob_bytes", "gauge", "Their size as sent.", figures.blob_bytes);
}

fn of_intake(page: &mut Page, app: &App) {
    let name = "sanu_submissions_total";
    page.head(name, "counter", "What came in at the doors since the start, by what became of it.");
    for (outcome, n) in app.intake.outcomes() {
        page.line(name, &[("outcome", outcome)], n);
    }
    let (depth, capacity) = app.intake.queue();
    page.one("sanu_intake_queue_depth", "gauge", "Requests that wait for the writer.", depth);
    page.one(
        "sanu_intake_queue_capacity",
        "gauge",
        "How many may wait before phones are told to come again.",
        capacity,
    );
}

impl Counted {
    fn write(&self, page: &mut Page) {
        let name = "sanu_http_requests_total";
        page.head(name, "counter", "Requests by pattern of address and status.");
        for ((method, route, status), n) in &self.answers {
            page.line(
                name,
                &[("method", method), ("route", route), ("status", &status.to_string())],
                n,
            );
        }
        let name = "sanu_http_request_duration_seconds";
        page.head(name, "histogram", "Time until the head of the answer, by pattern of address.");
        for (route, times) in &self.times {
            for (within, bound) in times.within.iter().zip(BUCKETS) {
                let labels = [("route", route.as_str()), ("le", &bound.to_string())];
                page.line("sanu_http_request_duration_seconds_bucket", &labels, within);
            }
            let labels = [("route", route.as_str()), ("le", "+Inf")];
            page.line("sanu_http_request_duration_seconds_bucket", &labels, times.count);
            page.line("sanu_http_request_duration_seconds_sum", &[("route", route)], times.seconds);
            page.line("sanu_http_request_duration_seconds_count", &[("route", route)], times.count);
        }
    }
}

/// The text format of Prometheus, version 0.0.4.
#[derive(Debug, Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _never = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _never = write!(self.0, "{before}{label}=\"{text}\"");
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _never = writeln!(self.0, "{end} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.head(name, kind, help);
        self.line(name, &[], value);
    }
}

/// Resident memory in bytes, as Linux tells it.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_up_to_each_bound_and_labels_are_escaped() {
        let requests = Requests::default();
        let ok = StatusCode::OK;
        requests.note(&Method::GET, "/v1/key/{token}/formList", ok, 0.004);
        requests.note(&Method::GET, "/v1/key/{token}/formList", ok, 0.3);
        requests.note(&Method::from_bytes(b"HACK").unwrap(), "a\"b", ok, 20.0);
        let mut page = Page::default();

        requests.0.lock().unwrap().write(&mut page);

        for line in [
            "sanu_http_requests_total{method=\"GET\",route=\"/v1/key/{token}/formList\",status=\"200\"} 2",
            "sanu_http_requests_total{method=\"other\",route=\"a\\\"b\",status=\"200\"} 1",
            "sanu_http_request_duration_seconds_bucket{route=\"/v1/key/{token}/formList\",le=\"0.005\"} 1",
            "sanu_http_request_duration_seconds_bucket{route=\"/v1/key/{token}/formList\",le=\"0.25\"} 1",
            "sanu_http_request_duration_seconds_bucket{route=\"/v1/key/{token}/formList\",le=\"0.5\"} 2",
            "sanu_http_request_duration_seconds_bucket{route=\"a\\\"b\",le=\"10\"} 0",
            "sanu_http_request_duration_seconds_bucket{route=\"a\\\"b\",le=\"+Inf\"} 1",
        ] {
            assert!(page.0.lines().any(|l| l == line), "{line}\n{}", page.0);
        }
    }
}
