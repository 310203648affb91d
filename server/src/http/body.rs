//! Request bodies: bounded before and after decompression.

use std::io::Read as _;

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::{Budget, Pace, Share, problem::Problem};

/// Reads a small body; see [`read_large`].
pub(super) async fn read(headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes, Problem> {
    read_large(&Budget::new(), headers, body, max).await.map(|(bytes, _)| bytes)
}

/// A JSON body of this shape. `expected` tells whoever sends another one what it looks like.
///
/// # Errors
/// `malformed`, with the member that is missing or unknown; never with a value, which may be of a person.
pub(super) fn json<T: DeserializeOwned>(bytes: &[u8], expected: &str) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let error = error.to_string();
        let named = |start| error.strip_prefix(start)?.split_once('`').map(|(name, _)| name);
        let detail = match (named("missing field `"), named("unknown field `")) {
            (Some(name), _) => format!("expected {expected}: `{name}` is missing"),
            (_, Some(name)) => format!("expected {expected}: `{name}` is not one of them"),
            _ => format!("expected {expected}"),
        };
        Problem::new("malformed", detail)
    })
}

/// Reads a body, opens gzip or zstd, and refuses what grows past `max`. The share of the memory
/// budget is held as long as the caller keeps it.
pub(super) async fn read_large(
    budget: &Budget,
    headers: &HeaderMap,
    body: Body,
    max: usize,
) -> Result<(Bytes, Share), Problem> {
    let encoding = headers
        .get(header::CONTENT_ENCODING)
        .map_or(Ok("identity"), |v| v.to_str())
        .unwrap_or("?")
        .to_ascii_lowercase();
    let mut share = Share::default();
    let raw = collect(budget, &mut share, body, max).await?;
    match encoding.as_str() {
        "identity" | "" => Ok((raw, share)),
        "gzip" | "x-gzip" | "zstd" => {
            // It may open to the limit: as much is set aside before.
            budget.grow(&mut share, max).map_err(|_| Problem::new("busy", ""))?;
            let plain = tokio::task::spawn_blocking(move || open(&encoding, &raw, max))
                .await
                .map_err(|_| Problem::new("internal", ""))??;
            Ok((plain, share))
        }
        _ => Err(Problem::new("unsupported-encoding", "identity, gzip or zstd")),
    }
}

async fn collect(
    budget: &Budget,
    share: &mut Share,
    body: Body,
    max: usize,
) -> Result<Bytes, Problem> {
    let mut data = body.into_data_stream();
    let mut raw = Vec::new();
    let pace = Pace::start();
    loop {
        let next = pace.next(&mut data, raw.len()).await;
        match next.map_err(|_| Problem::new("malformed", "the body comes too slowly"))? {
            None => return Ok(raw.into()),
            Some(Err(_)) => return Err(Problem::new("malformed", "the body was cut")),
            Some(Ok(chunk)) if raw.len() + chunk.len() > max => return Err(too_large(max)),
            Some(Ok(chunk)) => {
                budget
                    .grow(share, raw.len() + chunk.len())
                    .map_err(|_| Problem::new("busy", ""))?;
                raw.extend_from_slice(&chunk);
            }
        }
    }
}

fn open(encoding: &str, raw: &[u8], max: usize) -> Result<Bytes, Problem> {
    let limit = u64::try_from(max).unwrap_or(u64::MAX) + 1;
    let mut plain = Vec::new();
    let read = if encoding == "zstd" {
        zstd::stream::read::Decoder::with_buffer(raw).and_then(|mut decoder| {
            // A frame may ask for a large window; ours never need more than 8 MiB.
            decoder.window_log_max(23)?;
            decoder.take(limit).read_to_end(&mut plain)
        })
    } else {
        flate2::read::MultiGzDecoder::new(raw).take(limit).read_to_end(&mut plain)
    };
    read.map_err(|_| Problem::new("malformed", "the compressed body is damaged"))?;
    if plain.len() > max { Err(too_large(max)) } else { Ok(plain.into()) }
}

fn too_large(max: usize) -> Problem {
    Problem::new("too-large", format!("at most {max} bytes after decompression"))
}
