//! The people of the engine's memory in two sealed files beside the database, adults and children each under the
//! master key of their own, so that a start need not open every vault (ADR 23).
//!
//! The vaults stay the truth: a file that is of another register, or cannot be read, is as if it were not there. Who
//! was erased is in none: an erasure destroys the files, and the next ones are written without them.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, BufWriter, Read as _, Seek as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use tracing::{error, warn};
use uuid::Uuid;

use crate::{
    db::{Result, Tx},
    keys::{MasterKeys, Realm, SealedReader, SealedWriter, SubjectKey},
    runtime::Runtime,
};

/// Changes with every change of what follows the header.
const MAGIC: &[u8; 8] = b"sanumem1";
/// Bytes of a [`Stood`] in a header.
const STOOD: usize = 48;
const REALMS: [Realm; 2] = [Realm::Adults, Realm::Children];

/// Where the derived tables stood when the files were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stood {
    /// Changes with every rebuild and restore.
    epoch: Uuid,
    /// The last event applied, and its id: two registers of one epoch are one up to an event that both have.
    pub(super) seq: i64,
    event: Uuid,
    /// Counts the transactions that derived.
    pub(super) turn: i64,
}

impl Stood {
    /// As it is in this read.
    pub(super) async fn read(tx: &mut Tx) -> Result<Self> {
        let row = tx
            .query(
                "SELECT s.epoch, a.seq, a.turn FROM server_info s, apply_state a \
                 WHERE s.id = 1 AND a.id = 1",
            )
            .fetch_one()
            .await?;
        let (epoch, seq, turn) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let event = event_at(tx, seq).await?.unwrap_or_default();
        Ok(Self { epoch, seq, event, turn })
    }

    /// Whether the register of `now` went on from here and erased nobody since.
    pub(super) async fn leads_to(&self, now: &Self, tx: &mut Tx) -> Result<bool> {
        let is_before = self.epoch == now.epoch && self.seq <= now.seq && self.turn <= now.turn;
        if !is_before || event_at(tx, self.seq).await?.unwrap_or_default() != self.event {
            return Ok(false);
        }
        Ok(!has_erased_since(tx, self.seq).await?)
    }

    fn to_bytes(self) -> [u8; STOOD] {
        let mut bytes = [0; STOOD];
        let fields = [
            &self.epoch.into_bytes()[..],
            &self.event.into_bytes(),
            &self.seq.to_le_bytes(),
            &self.turn.to_le_bytes(),
        ];
        for (to, from) in bytes.iter_mut().zip(fields.concat()) {
            *to = from;
        }
        bytes
    }

    fn from_bytes(bytes: [u8; STOOD]) -> Option<Self> {
        let (epoch, rest) = bytes.split_first_chunk::<16>()?;
        let (event, rest) = rest.split_first_chunk::<16>()?;
        let (seq, rest) = rest.split_first_chunk::<8>()?;
        Some(Self {
            epoch: Uuid::from_bytes(*epoch),
            event: Uuid::from_bytes(*event),
            seq: i64::from_le_bytes(*seq),
            turn: i64::from_le_bytes(*rest.first_chunk::<8>()?),
        })
    }
}

async fn event_at(tx: &mut Tx, seq: i64) -> Result<Option<Uuid>> {
    let query = tx.query("SELECT event_id FROM journal WHERE seq = $1").bind(seq);
    query.fetch_optional().await?.map(|row| row.get(0)).transpose()
}

/// Whether anybody was erased after this event. The table is short.
pub(super) async fn has_erased_since(tx: &mut Tx, seq: i64) -> Result<bool> {
    let query = tx.query("SELECT seq FROM erasure WHERE seq > $1 LIMIT 1").bind(seq);
    Ok(query.fetch_optional().await?.is_some())
}

/// The people of each realm as bytes, in the order of [`REALMS`].
pub(super) type Parts = [Vec<u8>; 2];
/// The same before it is written, each in pieces that follow one another.
pub(super) type Pieces = [[Vec<u8>; 3]; 2];

/// Where the two files lie.
#[derive(Clone, Debug)]
pub(super) struct MemoryFiles {
    folder: PathBuf,
}

impl MemoryFiles {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn path(&self, realm: Realm) -> PathBuf {
        self.folder.join(format!("memory.{}", realm.as_str()))
    }

    fn unfinished(&self, realm: Realm) -> PathBuf {
        self.folder.join(format!("memory.{}.tmp", realm.as_str()))
    }

    /// Writes both files, each whole before it takes its name.
    pub(super) fn write(
        &self,
        stood: Stood,
        parts: &Pieces,
        (keys, runtime): (&MasterKeys, &Runtime),
    ) -> io::Result<()> {
        crate::app::create_private(&self.folder)?;
        for (realm, part) in REALMS.into_iter().zip(parts) {
            let key = SubjectKey::new(runtime.bytes());
            let head = stood.to_bytes();
            let wrapped = keys.wrap(realm, &head, &key);
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            let mut file = BufWriter::new(options.open(self.unfinished(realm))?);
            file.write_all(MAGIC)?;
            file.write_all(&head)?;
            file.write_all(&u32::try_from(wrapped.len()).unwrap_or(0).to_le_bytes())?;
            file.write_all(&wrapped)?;
            let mut sealed = SealedWriter::new(file, &key);
            for piece in part {
                sealed.write(piece)?;
            }
            sealed.finish()?.into_inner()?.sync_all()?;
        }
        for realm in REALMS {
            std::fs::rename(self.unfinished(realm), self.path(realm))?;
        }
        File::open(&self.folder)?.sync_all()
    }

    /// Reads both, when they are there, whole and of one moment.
    pub(super) fn read(&self, keys: &MasterKeys) -> Option<(Stood, Parts)> {
        let mut stood = None;
        let mut parts = Parts::default();
        for (realm, part) in REALMS.into_iter().zip(&mut parts) {
            let path = self.path(realm);
            let (at, plain) = match read_one(&path, realm, keys) {
                Ok(read) => read,
                Err(failure) if failure.kind() == io::ErrorKind::NotFound => return None,
                Err(failure) => {
                    warn!(error = %failure, "the engine's memory cannot be read from its file");
                    return None;
                }
            };
            if stood.is_some_and(|other| other != at) {
                return None;
            }
            stood = Some(at);
            *part = plain;
        }
        stood.map(|stood| (stood, parts))
    }

    /// Makes both unreadable and removes them: their keys are overwritten first, as those of erased files are.
    pub(super) fn destroy(&self) {
        for realm in REALMS {
            for path in [self.path(realm), self.unfinished(realm)] {
                match destroy_one(&path) {
                    Err(failure) if failure.kind() != io::ErrorKind::NotFound => {
                        // Noticed and tried again when it is next read.
                        error!(error = %failure, "a file of the engine's memory is still there");
                    }
                    _ => {}
                }
            }
        }
    }
}

fn read_one(path: &Path, realm: Realm, keys: &MasterKeys) -> io::Result<(Stood, Vec<u8>)> {
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let mut file = BufReader::new(File::open(path)?);
    let (mut magic, mut head, mut length) = ([0; 8], [0; STOOD], [0; 4]);
    file.read_exact(&mut magic)?;
    file.read_exact(&mut head)?;
    file.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if &magic != MAGIC || length > 1_024 {
        return Err(broken());
    }
    let mut wrapped = vec![0; usize::try_from(length).map_err(|_| broken())?];
    file.read_exact(&mut wrapped)?;
    let key = keys.unwrap(realm, &head, &wrapped).map_err(|_| broken())?;
    let mut sealed = SealedReader::new(file, &key);
    let mut plain = Vec::new();
    while let Some(chunk) = sealed.chunk()? {
        plain.extend_from_slice(&chunk);
    }
    Ok((Stood::from_bytes(head).ok_or_else(broken)?, plain))
}

fn destroy_one(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.rewind()?;
    // The header with the wrapped key lies within.
    file.write_all(&[0; 1_024])?;
    file.sync_data()?;
    std::fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Micros;

    fn stood(seq: i64) -> Stood {
        Stood { epoch: Uuid::from_u128(1), seq, event: Uuid::from_u128(7), turn: 9 }
    }

    #[test]
    fn what_was_written_is_read_by_its_keys_alone_and_gone_once_destroyed() {
        let folder = tempfile::tempdir().unwrap();
        let files = MemoryFiles::new(folder.path().join("engine"));
        let (keys, runtime) = (MasterKeys::new([1; 32], [2; 32]), Runtime::fixed(Micros(0), 1));
        let parts = [b"Moussa".repeat(30_000), b"Nantenin".to_vec()];
        let pieces = parts.clone().map(|part| [Vec::new(), part, Vec::new()]);

        assert!(files.read(&keys).is_none());
        files.write(stood(4), &pieces, (&keys, &runtime)).unwrap();
        files.write(stood(5), &pieces, (&keys, &runtime)).unwrap();

        assert_eq!(files.read(&keys), Some((stood(5), parts)));
        assert!(files.read(&MasterKeys::new([1; 32], [3; 32])).is_none(), "children under theirs");
        for entry in std::fs::read_dir(folder.path().join("engine")).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(6).any(|w| w == b"Moussa" || w == b"Nanten"));
        }
        files.destroy();
        assert!(files.read(&keys).is_none());
        assert_eq!(std::fs::read_dir(folder.path().join("engine")).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_was_cut_altered_or_is_of_another_moment_is_as_if_it_were_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let files = MemoryFiles::new(folder.path().to_owned());
        let (keys, runtime) = (MasterKeys::new([1; 32], [2; 32]), Runtime::fixed(Micros(0), 1));
        let parts = [[vec![7; 100_000], vec![1], vec![]], [vec![8; 10], vec![], vec![]]];
        let path = files.path(Realm::Adults);
        let write = |seq| files.write(stood(seq), &parts, (&keys, &runtime)).unwrap();
        write(4);
        let whole = std::fs::read(&path).unwrap();

        for cut in [0, 8, 30, 60, 70_000, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(files.read(&keys).is_none(), "{cut}");
        }
        for at in [0, 10, 40, 70, whole.len() - 1] {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            std::fs::write(&path, &altered).unwrap();
            assert!(files.read(&keys).is_none(), "{at}");
        }
        write(5);
        std::fs::write(&path, &whole).unwrap();
        assert!(files.read(&keys).is_none(), "children of another moment");
    }
}
