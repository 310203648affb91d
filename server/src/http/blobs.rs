//! Files by content: uploaded apart from the records that name them.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::StatusCode,
};
use sync_protocol::{Limits, Sha256Hex};

use super::{Pace, auth::By, problem::Problem};
use crate::{app::App, db::DbError, keys::Realm};

fn hash(text: &str) -> Result<[u8; 32], Problem> {
    let hash: Sha256Hex =
        text.parse().map_err(|_| Problem::bad("a SHA-256 in 64 hexadecimal digits"))?;
    Ok(*hash.as_bytes())
}

/// `HEAD /v1/blobs/{sha256}`
pub(super) async fn head(
    State(app): State<Arc<App>>,
    By(by): By,
    Path(text): Path<String>,
) -> Result<StatusCode, Problem> {
    let sha256 = hash(&text)?;
    if !by.role.may_collect() || !app.base.blobs.has(&sha256) {
        return Err(Problem::not_found());
    }
    Ok(StatusCode::OK)
}

/// `PUT /v1/blobs/{sha256}`: streamed to disk sealed; kept only when the content has that hash.
pub(super) async fn put(
    State(app): State<Arc<App>>,
    By(by): By,
    Path(text): Path<String>,
    content: Body,
) -> Result<StatusCode, Problem> {
    if !by.role.may_collect() {
        return Err(Problem::forbidden());
    }
    let sha256 = hash(&text)?;
    if app.base.blobs.has(&sha256) {
        return Ok(StatusCode::OK);
    }
    let max = Limits::default().max_blob_bytes;
    // It is not known yet whose file this is: the stricter key.
    let mut sink = app.base.blobs.sink(Realm::Children)?;
    let mut data = content.into_data_stream();
    let pace = Pace::start();
    loop {
        let came = usize::try_from(sink.size()).unwrap_or(usize::MAX);
        let next = pace.next(&mut data, came).await;
        // A link that died would otherwise keep its half of a file for ever.
        let next = next.map_err(|_| Problem::new("malformed", "the body stopped"))?;
        let Some(chunk) = next else { break };
        let chunk = chunk.map_err(|_| Problem::new("malformed", "the body was cut"))?;
        sink.write(&chunk)?;
        if sink.size() > max {
            return Err(Problem::new("too-large", format!("at most {max} bytes")));
        }
    }
    let blobs = app.base.blobs.clone();
    let kept = tokio::task::spawn_blocking(move || {
        let part = sink.finish()?;
        if part.sha256 != sha256 {
            return Ok(None);
        }
        let size = part.size;
        blobs.keep(part).map(|()| Some(size))
    })
    .await
    .map_err(|_| Problem::new("internal", ""))??;
    let Some(size) = kept else { return Err(Problem::new("hash-mismatch", "")) };
    remember(&app, sha256, size).await?;
    Ok(StatusCode::CREATED)
}

/// Lists the file among those that a check expects to find.
async fn remember(app: &App, sha256: [u8; 32], size: u64) -> Result<(), DbError> {
    let size = i64::try_from(size)?;
    app.base
        .db
        .with_tx("blob", move |tx| {
            let row = vec![sha256.into(), size.into(), Realm::Children.as_str().into()];
            Box::pin(async move {
                let insert = "INSERT INTO blob (sha256, size, realm)";
                tx.insert_rows(insert, "ON CONFLICT (sha256) DO NOTHING", vec![row]).await?;
                Ok(())
            })
        })
        .await
}
