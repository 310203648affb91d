//! A source with an end: a small archive must not unpack without one.

use std::io::{self, Read};

/// Bytes of text that a list may have for each record it may have. Lines of real lists take 100 to 400.
const BYTES_PER_RECORD: u64 = 2_000;
/// What any list may have.
const LEAST: u64 = 64 << 20;

/// A reader that fails where a list of so many records must have ended.
#[derive(Debug)]
pub(super) struct Bounded<R> {
    source: R,
    left: u64,
    allowed: u64,
}

impl<R> Bounded<R> {
    /// For a list of at most so many records.
    pub(super) fn new(source: R, records: usize) -> Self {
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        let allowed = records.saturating_mul(BYTES_PER_RECORD).max(LEAST);
        Self { source, left: allowed, allowed }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        let Some(left) = self.left.checked_sub(u64::try_from(read).unwrap_or(u64::MAX)) else {
            return Err(io::Error::other(format!(
                "the text is longer than {} MB; is this a list of people? --max-rows allows more",
                self.allowed >> 20
            )));
        };
        self.left = left;
        Ok(read)
    }
}
