//! Opens a list: plain, gzip or zstd, told by the first bytes and not by the name; unpacked on a thread of its own.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use flate2::read::MultiGzDecoder;

/// How much is read at once.
const CHUNK: usize = 1 << 20;
/// Chunks that wait for the reader at most.
const AHEAD: usize = 4;

/// Why a list cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file cannot be opened or read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A workbook, or another archive.
    #[error(
        "c'est un classeur ou une archive zip : enregistrer la feuille en « CSV UTF-8 » et donner ce fichier / this is a workbook or a \
         zip archive"
    )]
    Archive,
    /// Text in 16 bits.
    #[error(
        "c'est du texte UTF-16 (« Texte Unicode ») : l'enregistrer en « CSV UTF-8 » et donner ce fichier / this is UTF-16 text"
    )]
    Utf16,
}

/// Opens a file for reading its text from the start.
pub fn open(path: &Path) -> Result<Box<dyn Read + Send>, SourceError> {
    let mut file = File::open(path)?;
    let mut first = [0_u8; 4];
    let known = fill(&mut file, &mut first)?;
    let start = first.get(..known).unwrap_or_default().to_vec();
    let whole = io::Cursor::new(start.clone()).chain(file);
    Ok(match start.as_slice() {
        [0x1F, 0x8B, ..] => Box::new(Ahead::of(MultiGzDecoder::new(whole))),
        [0x28, 0xB5, 0x2F, 0xFD] => Box::new(Ahead::of(zstd::stream::read::Decoder::new(whole)?)),
        [b'P', b'K', ..] => return Err(SourceError::Archive),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => return Err(SourceError::Utf16),
        _ => Box::new(whole),
    })
}

/// Reads until the buffer is full or the source ends; says how much came.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A source that is read by another thread, some chunks ahead.
struct Ahead {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: io::Cursor<Vec<u8>>,
}

impl Ahead {
    fn of(mut source: impl Read + Send + 'static) -> Self {
        let (give, chunks) = sync_channel(AHEAD);
        // The thread ends with the source, or when nobody takes its chunks any more.
        thread::spawn(move || {
            loop {
                let mut chunk = vec![0; CHUNK];
                let read = fill(&mut source, &mut chunk);
                let ends = !matches!(read, Ok(read) if read == CHUNK);
                let read = read.map(|read| {
                    chunk.truncate(read);
                    chunk
                });
                if give.send(read).is_err() || ends {
                    return;
                }
            }
        });
        Self { chunks, chunk: io::Cursor::new(Vec::new()) }
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.chunk.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.chunks.recv() {
                Ok(chunk) => self.chunk = io::Cursor::new(chunk?),
                Err(_) => return Ok(0),
            }
            if self.chunk.get_ref().is_empty() {
                return Ok(0);
            }
        }
    }
}
