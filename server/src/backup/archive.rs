//! Writing an archive: members one after the other, hashed as they pass.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::name::{MANIFEST, is_ours};

/// What the manifest calls its kind.
pub(super) const FORMAT: &str = "sanu-backup-1";
/// What is inside is sealed, and so hardly shrinks: the rest does at this level.
const LEVEL: i32 = 3;

/// One file of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its place in the data folder.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

/// What an archive says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its kind.
    pub format: String,
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// The server it is of.
    pub server_id: String,
    /// Whether the master keys are in it.
    pub with_keys: bool,
    /// Everything else in it, in order.
    pub members: Vec<Member>,
}

/// An archive being written.
pub struct Archive<W: Write> {
    tar: tar::Builder<zstd::stream::Encoder<'static, W>>,
    members: Vec<Member>,
}

impl<W: Write> Archive<W> {
    /// Begins an archive.
    pub fn new(sink: W) -> io::Result<Self> {
        let mut encoder = zstd::stream::Encoder::new(sink, LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self { tar: tar::Builder::new(encoder), members: Vec::new() })
    }

    /// Adds a file under this name.
    ///
    /// # Errors
    /// When it cannot be read, or changes meanwhile.
    pub fn add(&mut self, name: &str, path: &Path) -> io::Result<()> {
        if !is_ours(name) {
            return Err(io::Error::other(format!("{name} is no file of a register")));
        }
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut hashed = Hashed { inner: file.take(size), hash: Sha256::new(), size: 0 };
        self.tar.append_data(&mut header(size), name, &mut hashed)?;
        if hashed.size != size {
            return Err(io::Error::other(format!("{name} became shorter while it was read")));
        }
        let sha256 = hex::encode(hashed.hash.finalize());
        self.members.push(Member { name: name.to_owned(), size, sha256 });
        Ok(())
    }

    /// Writes the manifest and ends the archive; gives back what it was written to.
    pub fn finish(mut self, made_at: String, server_id: String, with_keys: bool) -> io::Result<W> {
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            made_at,
            server_id,
            with_keys,
            members: self.members,
        };
        let text = serde_json::to_vec(&manifest)?;
        let size = u64::try_from(text.len()).map_err(io::Error::other)?;
        self.tar.append_data(&mut header(size), MANIFEST, text.as_slice())?;
        self.tar.into_inner()?.finish()
    }
}

fn header(size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o600);
    header.set_entry_type(tar::EntryType::Regular);
    header
}

/// Hashes what is read through it.
pub(super) struct Hashed<R> {
    pub(super) inner: R,
    pub(super) hash: Sha256,
    pub(super) size: u64,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        self.size += u64::try_from(read).unwrap_or(0);
        Ok(read)
    }
}
