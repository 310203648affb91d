//! Attachments: streamed to disk sealed, addressed by content, served only as data.

use std::{
    fs::File,
    io::{self, BufWriter, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};

use crate::{
    keys::{MasterKeys, Realm, SealedReader, SealedWriter, SubjectKey},
    runtime::Runtime,
};

/// Marks a sealed file of this layout.
const MAGIC: &[u8; 8] = b"SANUBLB1";
/// nonce 24 + key 32 + tag 16.
const WRAPPED: usize = 72;

/// The folder of sealed files: `blobs/ab/cdef…`, and `blobs/tmp` for uploads under way.
#[derive(Clone)]
pub struct BlobStore {
    folder: PathBuf,
    keys: Arc<MasterKeys>,
    runtime: Runtime,
}

/// An upload under way. Dropped, it leaves nothing behind.
pub struct FileSink {
    writer: Option<SealedWriter<BufWriter<File>>>,
    hash: Sha256,
    size: u64,
    path: PathBuf,
}

/// A complete upload that is not yet in its place.
pub struct PartFile {
    /// Hash of the plaintext.
    pub sha256: [u8; 32],
    /// Bytes of plaintext.
    pub size: u64,
    path: PathBuf,
}

impl BlobStore {
    /// Opens the folder and clears what an interrupted upload left.
    pub fn open(folder: &Path, keys: Arc<MasterKeys>, runtime: Runtime) -> io::Result<Self> {
        let tmp = folder.join("tmp");
        std::fs::create_dir_all(&tmp)?;
        Ok(Self { folder: folder.to_owned(), keys, runtime })
    }

    /// Removes uploads that a former process left unfinished. Only the server calls this, at start.
    pub fn clear_unfinished(&self) -> io::Result<()> {
        for entry in std::fs::read_dir(self.folder.join("tmp"))? {
            std::fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    /// Starts an upload.
    pub fn sink(&self, realm: Realm) -> io::Result<FileSink> {
        let id = self.runtime.id();
        let path = self.folder.join("tmp").join(id.simple().to_string());
        let mut file = BufWriter::new(File::create_new(&path)?);
        let key = SubjectKey::new(self.runtime.bytes());
        file.write_all(MAGIC)?;
        file.write_all(&[u8::from(realm == Realm::Children)])?;
        file.write_all(&self.keys.wrap(realm, MAGIC, &key))?;
        let writer = Some(SealedWriter::new(file, &key));
        Ok(FileSink { writer, hash: Sha256::new(), size: 0, path })
    }

    fn path_of(&self, sha256: &[u8; 32]) -> PathBuf {
        let name = hex::encode(sha256);
        let (head, tail) = name.split_at(2);
        self.folder.join(head).join(tail)
    }

    /// Whether the content is here.
    pub fn has(&self, sha256: &[u8; 32]) -> bool {
        self.path_of(sha256).is_file()
    }

    /// Puts a complete upload in its place, durably. The same content twice is one file.
    #[expect(clippy::needless_pass_by_value, reason = "dropping the part ends the upload")]
    pub fn keep(&self, part: PartFile) -> io::Result<()> {
        let path = self.path_of(&part.sha256);
        if path.is_file() {
            return std::fs::remove_file(&part.path);
        }
        let folder = path.parent().expect("a blob lies in a folder of the store");
        std::fs::create_dir_all(folder)?;
        std::fs::rename(&part.path, &path)?;
        File::open(folder)?.sync_all()?;
        File::open(&self.folder)?.sync_all()
    }

    /// Destroys a file: its wrapped key is overwritten before its name goes. One that is not here is no error.
    pub fn remove(&self, sha256: &[u8; 32]) -> io::Result<()> {
        let path = self.path_of(sha256);
        let mut file = match File::options().write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        file.write_all(&[0; 9 + WRAPPED])?;
        file.sync_all()?;
        std::fs::remove_file(&path)?;
        let folder = path.parent().expect("a blob lies in a folder of the store");
        File::open(folder)?.sync_all()
    }

    /// Opens a blob for reading; chunks of plaintext.
    pub fn read(&self, sha256: &[u8; 32]) -> io::Result<SealedReader<File>> {
        let mut file = File::open(self.path_of(sha256))?;
        let mut head = [0; 9 + WRAPPED];
        file.read_exact(&mut head)?;
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "not a sealed file");
        let (magic, rest) = head.split_at(8);
        let (realm, wrapped) = rest.split_first().ok_or_else(damaged)?;
        if magic != MAGIC {
            return Err(damaged());
        }
        let realm = if *realm == 0 { Realm::Adults } else { Realm::Children };
        let key = self.keys.unwrap(realm, MAGIC, wrapped).map_err(|_| damaged())?;
        Ok(SealedReader::new(file, &key))
    }
}

impl FileSink {
    /// Takes bytes.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.size += u64::try_from(bytes.len()).unwrap_or(0);
        self.writer.as_mut().expect("a sink is written before it is finished").write(bytes)
    }

    /// Bytes taken so far.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Seals the end and syncs the file to disk.
    pub fn finish(mut self) -> io::Result<PartFile> {
        let writer = self.writer.take().expect("a sink is finished once");
        let file = writer.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        let sha256 = std::mem::take(&mut self.hash).finalize().into();
        // The path moves on: dropping the sink must not remove the file now.
        Ok(PartFile { sha256, size: self.size, path: std::mem::take(&mut self.path) })
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _already_gone = std::fs::remove_file(&self.path);
        }
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        // Kept files were renamed away: then there is nothing here.
        let _already_gone = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Micros;

    fn store(folder: &Path) -> BlobStore {
        let keys = Arc::new(MasterKeys::new([1; 32], [2; 32]));
        BlobStore::open(folder, keys, Runtime::fixed(Micros(0), 3)).unwrap()
    }

    #[test]
    fn a_kept_file_reads_back_and_never_lies_in_clear() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = store(folder.path());
        let mut sink = blobs.sink(Realm::Children).unwrap();
        sink.write(b"a photograph of somebody").unwrap();
        let part = sink.finish().unwrap();
        let sha = part.sha256;
        blobs.keep(part).unwrap();

        assert_eq!(
            blobs.read(&sha).unwrap().chunk().unwrap().unwrap(),
            b"a photograph of somebody"
        );
        let raw = std::fs::read(blobs.path_of(&sha)).unwrap();
        assert!(!raw.windows(10).any(|w| w == b"photograph"));
        assert_eq!(std::fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn an_abandoned_upload_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = store(folder.path());
        let mut sink = blobs.sink(Realm::Adults).unwrap();
        sink.write(b"half").unwrap();
        drop(sink);
        let part = blobs.sink(Realm::Adults).unwrap().finish().unwrap();
        drop(part);
        assert_eq!(std::fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }
}
