//! Lets a refused sender finish, so that it reads why: a phone that cannot send everything shows
//! "connection reset" instead of our message.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::Body,
    extract::Request,
    http::{Method, header},
    middleware::Next,
    response::Response,
};
use futures_util::{Stream, StreamExt as _, stream::poll_fn};

/// What is still listened to: more than a phone sends in one post (10 MB).
const LEFT_MAX: usize = 16 * 1024 * 1024;
/// How long, in all.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads and drops what a refused request has not said yet, within limits.
pub(super) async fn hear_out(request: Request, next: Next) -> Response {
    // Who waits for 100 Continue has not begun to send.
    let waits = request.headers().contains_key(header::EXPECT);
    if waits || matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let data = Arc::new(Mutex::new(body.into_data_stream()));
    let body = Body::from_stream(shared(Arc::clone(&data)));
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        let _gave_up = tokio::time::timeout(PATIENCE, drop_rest(shared(data))).await;
    }
    response
}

fn shared<S: Stream + Unpin>(stream: Arc<Mutex<S>>) -> impl Stream<Item = S::Item> {
    poll_fn(move |context| {
        stream.lock().expect("no holder of this lock can panic").poll_next_unpin(context)
    })
}

async fn drop_rest(mut rest: impl Stream<Item = Result<axum::body::Bytes, axum::Error>> + Unpin) {
    let mut left = LEFT_MAX;
    while let Some(Ok(chunk)) = rest.next().await {
        let Some(still) = left.checked_sub(chunk.len()) else { return };
        left = still;
    }
}
