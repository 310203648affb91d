//! Request bodies: bounded before and after decompression.

use std::{io::Read as _, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::Bytes;
use futures_util::StreamExt as _;

use super::problem::Problem;

/// Longest silence of a sender.
pub(super) const SILENCE: Duration = Duration::from_mins(1);

/// Reads a body, opens gzip or zstd, and refuses what grows past `max`.
pub(super) async fn read(headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes, Problem> {
    let encoding = headers
        .get(header::CONTENT_ENCODING)
        .map_or(Ok("identity"), |v| v.to_str())
        .unwrap_or("?")
        .to_ascii_lowercase();
    let raw = collect(body, max).await?;
    match encoding.as_str() {
        "identity" | "" => Ok(raw),
        "gzip" | "x-gzip" | "zstd" => {
            tokio::task::spawn_blocking(move || open(&encoding, &raw, max))
                .await
                .map_err(|_| Problem::new("internal", ""))?
        }
        _ => Err(Problem::new("unsupported-encoding", "identity, gzip or zstd")),
    }
}

async fn collect(body: Body, max: usize) -> Result<Bytes, Problem> {
    let mut data = body.into_data_stream();
    let mut raw = Vec::new();
    loop {
        let next = tokio::time::timeout(SILENCE, data.next()).await;
        match next.map_err(|_| Problem::new("malformed", "the body stopped"))? {
            None => return Ok(raw.into()),
            Some(Err(_)) => return Err(Problem::new("malformed", "the body was cut")),
            Some(Ok(chunk)) if raw.len() + chunk.len() > max => return Err(too_large(max)),
            Some(Ok(chunk)) => raw.extend_from_slice(&chunk),
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
