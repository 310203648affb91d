//! Tables, streamed: pages are read one after the other, opened and written two at a time, in constant
//! memory.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use super::{
    reader::Reader,
    source::{Senders, Source, Stored, senders},
};
use crate::{
    app::App,
    central::{Asked, Groups, Hop, Page, Place, Plan, Row, Schema, escaped, metadata, service},
    db::DbError,
    http::problem::Problem,
};

/// Rows read at a time: a few megabytes of text.
const PAGE: i64 = 256;
/// Pages opened and written at once; the machine has that many cores to spare.
const AT_ONCE: usize = 2;
const JSON: &str = "application/json; charset=utf-8; odata.metadata=minimal";

fn odata(body: impl Into<Body>, media: &'static str) -> Response {
    let mut response = body.into().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(HeaderName::from_static("odata-version"), HeaderValue::from_static("4.0"));
    response
}

/// Which tables there are.
pub(super) fn services(schema: &Schema, root: &str) -> Response {
    odata(service(schema, root).to_string(), JSON)
}

/// What they look like.
pub(super) fn described(schema: &Schema) -> Response {
    odata(metadata(schema), "application/xml; charset=utf-8")
}

/// The rows of one submission or entity, when the address names one.
pub(super) struct Single(pub(super) Stored);

/// A table. `hops` lead to it; `single` is the row that the first of them names.
pub(super) async fn table(
    reader: &Reader,
    schema: Schema,
    source: Source,
    hops: &[Hop],
    single: Option<Single>,
) -> Result<Response, Problem> {
    let asked = Asked::read(&reader.pairs)?;
    let path: Vec<&str> = hops.iter().map(|hop| hop.name.as_str()).collect();
    let now = reader.app.base.runtime.now();
    let root = service_root(&reader.path);
    let plan = Plan::of(schema, &path, &asked, now)?.ok_or_else(Problem::not_found)?;
    let under = hops.iter().skip(1).rev().find_map(|hop| hop.id.clone());
    let plan = Arc::new(plan.under(under));
    if let Some((mark, _)) = &plan.options.after
        && (!source.knows(mark) || single.is_some())
    {
        return Err(Problem::bad("$skiptoken: not one of this server"));
    }
    let source = match source {
        Source::Form(mut wanted) => {
            wanted.ascending = plan.options.ascending;
            Source::Form(wanted)
        }
        other @ Source::Dataset { .. } => other,
    };
    let reading = Reading {
        senders: Arc::new(senders(&reader.app.base).await?),
        app: Arc::clone(&reader.app),
        source: Arc::new(source),
    };
    if plan.options.apply.is_some() {
        return grouped(reading, plan, single, &root).await;
    }
    let next = next_link(reader);
    Ok(odata(rows(reading, plan, single, root, next).await?, JSON))
}

/// The address up to `.svc`.
fn service_root(path: &str) -> String {
    path.split_once(".svc").map_or_else(|| path.to_owned(), |(root, _)| format!("{root}.svc"))
}

/// The address of the next page, but for its token: what only the first page answers is left out.
fn next_link(reader: &Reader) -> String {
    let mut link = reader.path.clone();
    let mut sign = '?';
    for (name, value) in &reader.pairs {
        if matches!(name.as_str(), "$skip" | "$skiptoken" | "$count") {
            continue;
        }
        link.push(sign);
        link.push_str(&escaped(name, b"-_.~"));
        link.push('=');
        link.push_str(&escaped(value, b"-_.~"));
        sign = '&';
    }
    link.push(sign);
    link.push_str("%24skiptoken=");
    link
}

/// What reading needs, shared by the tasks that open rows.
#[derive(Clone)]
pub(super) struct Reading {
    pub(super) app: Arc<App>,
    pub(super) source: Arc<Source>,
    pub(super) senders: Arc<Senders>,
}

impl Reading {
    /// Of this source, with the names of who sent it.
    pub(super) async fn of(reader: &Reader, source: Source) -> Result<Self, DbError> {
        let senders = Arc::new(senders(&reader.app.base).await?);
        Ok(Self { app: Arc::clone(&reader.app), source: Arc::new(source), senders })
    }

    /// Opens rows.
    pub(super) fn open(&self, stored: &[Stored]) -> Result<Vec<Row>, DbError> {
        let keys = &self.app.base.keys;
        stored.iter().map(|row| self.source.open(row, &self.senders, keys)).collect()
    }

    /// Pages of stored rows after a mark, the first one no larger than asked.
    fn pages(self, mark: String, first: i64) -> impl Stream<Item = Result<Vec<Stored>, DbError>> {
        stream::try_unfold((self, Some(mark), first), |(reading, mark, limit)| async move {
            let Some(mark) = mark else { return Ok(None) };
            let mut tx = reading.app.base.db.read().await?;
            let rows = reading.source.page(&mut tx, &mark, limit).await?;
            drop(tx);
            let whole = i64::try_from(rows.len())? == limit;
            let next = rows.last().map(Stored::mark).filter(|_| whole);
            Ok(Some((rows, (reading, next, PAGE))))
        })
    }

    /// What `work` makes of each page of opened rows, in order; two pages are worked on at once.
    pub(super) fn each<T: Send + 'static>(
        self,
        mark: String,
        first: i64,
        single: Option<Single>,
        work: impl Fn(&[Row]) -> T + Clone + Send + 'static,
    ) -> impl Stream<Item = Result<T, DbError>> + Send {
        // A page shorter than the others is often all that is wanted: nothing is read ahead of it.
        let at_once = if first < PAGE { 1 } else { AT_ONCE };
        let pages = match single {
            Some(Single(row)) => stream::once(async { Ok(vec![row]) }).boxed(),
            None => self.clone().pages(mark, first).boxed(),
        };
        pages
            .map_ok(move |stored| {
                let (reading, work) = (self.clone(), work.clone());
                async move {
                    let opened = move || Ok(work(&reading.open(&stored)?));
                    tokio::task::spawn_blocking(opened).await.map_err(|_| lost())?
                }
            })
            .try_buffered(at_once)
    }
}

/// A task that writes rows ended badly: the panic hook has said why.
const fn lost() -> DbError {
    DbError::Inconsistent { table: "record", column: "answers" }
}

async fn grouped(
    reading: Reading,
    plan: Arc<Plan>,
    single: Option<Single>,
    root: &str,
) -> Result<Response, Problem> {
    let work = {
        let plan = Arc::clone(&plan);
        move |rows: &[Row]| {
            let mut groups = Groups::default();
            plan.group(rows, &mut groups).map(|()| groups)
        }
    };
    let mut all = Groups::default();
    let mut pages = std::pin::pin!(reading.each(String::new(), PAGE, single, work));
    while let Some(page) = pages.try_next().await? {
        all.add(page?)?;
    }
    let columns = plan.options.apply.as_ref().map(crate::central::Apply::columns);
    let document = serde_json::json!({
        "@odata.context":
            format!("{root}/$metadata#{}({})", plan.table(), columns.unwrap_or_default()),
        "value": plan.grouped(&all),
    });
    Ok(odata(document.to_string(), JSON))
}

/// A page that is being sent.
struct Sending<S> {
    pages: S,
    place: Place,
    /// How many rows there are, when that is asked and known without reading them.
    count: Option<u64>,
    counts: bool,
    /// What the document begins and ends with: its context, and the link of the next page but for its token.
    root: String,
    table: String,
    next: String,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Rows,
    End,
}

async fn rows(
    reading: Reading,
    plan: Arc<Plan>,
    single: Option<Single>,
    root: String,
    next: String,
) -> Result<Body, Problem> {
    let options = &plan.options;
    let whole = plan.is_whole() && single.is_none();
    let mut tx = reading.app.base.db.read().await?;
    let count =
        if options.count && whole { Some(reading.source.count(&mut tx).await?) } else { None };
    let counts = options.count && count.is_none();
    let mut place = Place::start(options, counts);
    let mut mark = options.after.as_ref().map(|(mark, _)| mark.clone()).unwrap_or_default();
    let mut over = false;
    if whole
        && options.after.is_none()
        && options.skip > 0
        && matches!(*reading.source, Source::Form(_))
    {
        match reading.source.pass(&mut tx, options.skip).await? {
            Some(last) => {
                place.passed(last.clone());
                mark = last;
            }
            None => over = true,
        }
    }
    drop(tx);
    // One row more than the page shows tells whether there is another page.
    let wanted = options.top.filter(|_| whole).and_then(|top| i64::try_from(top).ok());
    let first = wanted.map_or(PAGE, |top| top.saturating_add(1).clamp(1, PAGE));
    let table = plan.table().to_owned();
    let work = move |rows: &[Row]| plan.page(rows);
    let pages: stream::BoxStream<'static, Result<Page, DbError>> = if over {
        stream::empty().boxed()
    } else {
        reading.each(mark, first, single, work).boxed()
    };
    let sending = Sending { pages, place, count, counts, root, table, next, state: State::Start };
    let body = stream::try_unfold(sending, |mut sending| async move {
        let chunk = sending.chunk().await?;
        Ok::<_, DbError>(chunk.map(|chunk| (chunk, sending)))
    });
    Ok(Body::from_stream(body))
}

impl<S: Stream<Item = Result<Page, DbError>> + Unpin> Sending<S> {
    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, DbError> {
        if self.state == State::End {
            return Ok(None);
        }
        let mut out = Vec::new();
        if self.state == State::Start {
            let context = format!("{}/$metadata#{}", self.root, self.table);
            let context = serde_json::Value::String(context);
            out.extend_from_slice(format!("{{\"@odata.context\":{context},\"value\":[").as_bytes());
            self.state = State::Rows;
        }
        // An empty chunk would end the answer early for some clients: pages without rows are passed over.
        loop {
            let page = if self.place.is_over() { None } else { self.pages.try_next().await? };
            let Some(page) = page else {
                self.state = State::End;
                self.foot(&mut out);
                return Ok(Some(out));
            };
            self.place.take(&page, &mut out);
            if !out.is_empty() {
                return Ok(Some(out));
            }
        }
    }

    fn foot(&self, out: &mut Vec<u8>) {
        out.push(b']');
        if let Some(token) = self.place.next() {
            let link = serde_json::Value::String(format!("{}{token}", self.next));
            out.extend_from_slice(format!(",\"@odata.nextLink\":{link}").as_bytes());
        }
        if let Some(count) = self.count.or_else(|| self.counts.then_some(self.place.matched)) {
            out.extend_from_slice(format!(",\"@odata.count\":{count}").as_bytes());
        }
        out.push(b'}');
    }
}
