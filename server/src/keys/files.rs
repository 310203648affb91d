//! Files sealed while they stream: nothing of an upload ever lies in clear on disk.
//!
//! Layout: chunks of 64 KiB plaintext, each sealed with the file's own key and a nonce made of the
//! chunk's number and a last-chunk mark, so that chunks cannot be dropped, swapped or cut off.

use std::io::{self, Read, Write};

use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce, aead::Aead as _};

use super::SubjectKey;

const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

fn nonce(number: u64, last: bool) -> XNonce {
    let mut bytes = [0_u8; super::seal::NONCE];
    let (head, tail) = bytes.split_at_mut(8);
    head.copy_from_slice(&number.to_le_bytes());
    if let Some(mark) = tail.first_mut() {
        *mark = u8::from(last);
    }
    XNonce::from(bytes)
}

/// Seals what is written to it. The key must be used for one file only.
pub struct SealedWriter<W: Write> {
    inner: W,
    cipher: XChaCha20Poly1305,
    buffer: Vec<u8>,
    number: u64,
}

impl<W: Write> SealedWriter<W> {
    /// A writer over `inner` with a fresh key.
    pub fn new(inner: W, key: &SubjectKey) -> Self {
        let cipher = XChaCha20Poly1305::new((&key.0).into());
        Self { inner, cipher, buffer: Vec::with_capacity(CHUNK), number: 0 }
    }

    fn flush_chunk(&mut self, last: bool) -> io::Result<()> {
        let sealed = self
            .cipher
            .encrypt(&nonce(self.number, last), self.buffer.as_slice())
            .map_err(|_| io::Error::other("sealing failed"))?;
        self.number += 1;
        self.buffer.clear();
        self.inner.write_all(&sealed)
    }

    /// Takes bytes.
    pub fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            // A full buffer is flushed only when more follows: the last chunk carries the mark.
            if self.buffer.len() == CHUNK {
                self.flush_chunk(false)?;
            }
            let room = (CHUNK - self.buffer.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.buffer.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Seals the last chunk and gives the file back.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush_chunk(true)?;
        Ok(self.inner)
    }
}

/// Opens what [`SealedWriter`] wrote.
pub struct SealedReader<R: Read> {
    inner: R,
    cipher: XChaCha20Poly1305,
    ahead: Vec<u8>,
    number: u64,
    done: bool,
}

impl<R: Read> SealedReader<R> {
    /// A reader over `inner`.
    pub fn new(inner: R, key: &SubjectKey) -> Self {
        let cipher = XChaCha20Poly1305::new((&key.0).into());
        Self { inner, cipher, ahead: Vec::new(), number: 0, done: false }
    }

    /// The next chunk of plaintext, or `None` after the last.
    pub fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.done {
            return Ok(None);
        }
        let size = CHUNK + TAG;
        let wanted = size + 1 - self.ahead.len();
        (&mut self.inner).take(u64::try_from(wanted).unwrap_or(0)).read_to_end(&mut self.ahead)?;
        let last = self.ahead.len() <= size;
        let rest = if last { Vec::new() } else { self.ahead.split_off(size) };
        let plain = self
            .cipher
            .decrypt(&nonce(self.number, last), self.ahead.as_slice())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "sealed file is damaged"))?;
        self.ahead = rest;
        self.number += 1;
        self.done = last;
        Ok(Some(plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(sealed: &[u8], key: &SubjectKey) -> io::Result<Vec<u8>> {
        let mut reader = SealedReader::new(sealed, key);
        let mut plain = Vec::new();
        while let Some(chunk) = reader.chunk()? {
            plain.extend(chunk);
        }
        Ok(plain)
    }

    #[test]
    fn files_of_every_size_around_a_chunk_come_back() {
        let key = SubjectKey::new([9; 32]);
        for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let plain = vec![b'x'; size];
            let mut writer = SealedWriter::new(Vec::new(), &key);
            for part in plain.chunks(1000) {
                writer.write(part).unwrap();
            }
            assert_eq!(read_all(&writer.finish().unwrap(), &key).unwrap(), plain, "size {size}");
        }
    }

    #[test]
    fn a_file_cut_at_a_chunk_boundary_is_refused() {
        let key = SubjectKey::new([9; 32]);
        let mut writer = SealedWriter::new(Vec::new(), &key);
        writer.write(&vec![1; 2 * CHUNK]).unwrap();
        let sealed = writer.finish().unwrap();
        assert!(read_all(&sealed[..CHUNK + TAG], &key).is_err());
    }
}
