//! Records put down one after the other and read at any place: in memory while they are few, then in a file that has no
//! name and goes with whoever holds it.

use std::{
    fmt,
    fs::File,
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
    sync::Arc,
};

/// Makes an empty file that nobody can open by a name.
pub type MakeFile = Arc<dyn Fn() -> io::Result<File> + Send + Sync>;

/// Up to so many bytes stay in memory: the sites of Mali do.
const IN_MEMORY: usize = 4 * 1024 * 1024;
/// Gathered before they are written to a file, and read at once by who reads on.
const PART: usize = 64 * 1024;

/// All records.
#[derive(Debug)]
pub(super) struct Records {
    /// Where each ends. Four bytes each, so that all together take 4 GiB at most.
    ends: Vec<u32>,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Memory(Vec<u8>),
    File(File),
}

impl Records {
    /// Bytes that they take, in memory or on disk.
    pub(super) fn bytes(&self) -> usize {
        let last = self.ends.last().and_then(|end| usize::try_from(*end).ok());
        self.ends.len() * 4 + last.unwrap_or_default()
    }

    /// Whether reading them may wait for a disk.
    pub(super) const fn on_disk(&self) -> bool {
        matches!(self.kept, Kept::File(_))
    }

    /// Where a record lies.
    fn span(&self, number: usize) -> Option<(u32, u32)> {
        let start = number.checked_sub(1).map_or(Some(0), |n| self.ends.get(n).copied())?;
        Some((start, *self.ends.get(number)?))
    }

    fn end(&self) -> u32 {
        self.ends.last().copied().unwrap_or_default()
    }
}

/// Puts records down.
pub(super) struct Scribe {
    ends: Vec<u32>,
    /// What is not in the file yet.
    bytes: Vec<u8>,
    file: Option<File>,
    /// Without it everything stays in memory.
    make: Option<MakeFile>,
}

impl fmt::Debug for Scribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scribe of {} records", self.ends.len())
    }
}

impl Scribe {
    pub(super) const fn new(make: Option<MakeFile>) -> Self {
        Self { ends: Vec::new(), bytes: Vec::new(), file: None, make }
    }

    /// Puts a record after the others.
    ///
    /// # Errors
    /// Those of the file, and more than 4 GiB.
    pub(super) fn push(&mut self, record: &[u8]) -> io::Result<()> {
        let last = self.ends.last().copied().unwrap_or_default();
        let end = u32::try_from(record.len()).ok().and_then(|size| last.checked_add(size));
        self.ends.push(end.ok_or_else(|| io::Error::other("a collection of more than 4 GiB"))?);
        self.bytes.extend_from_slice(record);
        let most = if self.file.is_some() { PART } else { IN_MEMORY };
        if self.bytes.len() >= most { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        let Some(make) = &self.make else { return Ok(()) };
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(make()?),
        };
        file.write_all(&self.bytes)?;
        // What was gathered at first is more than is needed from now on.
        self.bytes = Vec::with_capacity(PART * 2);
        Ok(())
    }

    /// The records, to be read.
    pub(super) fn finish(mut self) -> io::Result<Records> {
        if self.file.is_some() {
            self.spill()?;
        }
        self.ends.shrink_to_fit();
        self.bytes.shrink_to_fit();
        let kept = self.file.map_or(Kept::Memory(self.bytes), Kept::File);
        Ok(Records { ends: self.ends, kept })
    }
}

/// Reads records, in any order; who reads them in theirs waits for the disk once in many.
pub(super) struct Cursor<'a> {
    records: &'a Records,
    /// What was read last.
    bytes: Vec<u8>,
    /// Where that begins.
    from: u32,
    /// The record after the one asked for last.
    next: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(records: &'a Records) -> Self {
        Self { records, bytes: Vec::new(), from: 0, next: usize::MAX }
    }

    /// A record; an empty one where there is none.
    pub(super) fn get(&mut self, number: usize) -> io::Result<&[u8]> {
        let Some((start, end)) = self.records.span(number) else { return Ok(&[]) };
        let file = match &self.records.kept {
            Kept::Memory(bytes) => {
                return Ok(slice(bytes, start, end));
            }
            Kept::File(file) => file,
        };
        let held = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let inside = start >= self.from && end - self.from.min(end) <= held;
        if !inside {
            let reads_on = number == self.next;
            let size = usize::try_from(end - start).unwrap_or(usize::MAX);
            let left = usize::try_from(self.records.end() - start).unwrap_or(usize::MAX);
            self.bytes.resize(if reads_on { size.max(PART).min(left) } else { size }, 0);
            self.from = start;
            file.read_exact_at(&mut self.bytes, u64::from(start))?;
        }
        self.next = number.wrapping_add(1);
        Ok(slice(&self.bytes, start - self.from, end - self.from))
    }
}

fn slice(bytes: &[u8], start: u32, end: u32) -> &[u8] {
    let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    bytes.get(place(start)..place(end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: u32) -> Vec<u8> {
        n.to_le_bytes().repeat(usize::try_from(n % 90).unwrap())
    }

    fn written(make: Option<MakeFile>) -> Records {
        let mut scribe = Scribe::new(make);
        for n in 0..40_000 {
            scribe.push(&record(n)).unwrap();
        }
        scribe.finish().unwrap()
    }

    #[test]
    fn records_are_read_in_any_order_from_memory_and_from_a_file() {
        let in_file = written(Some(Arc::new(tempfile::tempfile)));
        let in_memory = written(None);
        assert!(in_file.on_disk() && !in_memory.on_disk());
        for records in [in_file, in_memory] {
            let mut cursor = Cursor::new(&records);
            let steps = [1, 7, 39_999, 40_001].into_iter();
            for number in steps.flat_map(|step| (0..40_000_u32).map(move |i| i * step % 40_000)) {
                let place = usize::try_from(number).unwrap();
                assert_eq!(cursor.get(place).unwrap(), record(number), "{number}");
            }
            assert!(cursor.get(40_000).unwrap().is_empty());
        }
    }

    #[test]
    fn what_cannot_be_written_is_an_error_and_no_shorter_collection() {
        let mut scribe = Scribe::new(Some(Arc::new(|| Err(io::Error::other("full")))));
        let mut failed = false;
        for n in 0..40_000 {
            failed |= scribe.push(&record(n)).is_err();
        }
        assert!(failed);
    }
}
