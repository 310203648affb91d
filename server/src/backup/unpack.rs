//! Reading an archive: all of it is hashed before anything is believed, and again while it is written out.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use sha2::{Digest as _, Sha256};

use super::{
    archive::{FORMAT, Hashed, Manifest, Member},
    name::{DATABASE, MANIFEST, is_ours},
};

/// The longest manifest: a million files.
const MANIFEST_MAX: u64 = 256 * 1024 * 1024;

/// An archive that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The disk.
    #[error(transparent)]
    Io(io::Error),
    /// Something else than an archive of ours.
    #[error("ce fichier n'est pas une sauvegarde de Sanu")]
    Foreign,
    /// It ends too early, or its bytes are not those that were written.
    #[error("cette sauvegarde est incomplète ou abîmée ({0}) : en prendre une autre")]
    Damaged(String),
}

#[expect(clippy::needless_pass_by_value, reason = "so it stands in map_err as it is")]
fn damaged(why: impl ToString) -> ArchiveError {
    ArchiveError::Damaged(why.to_string())
}

/// Reads a whole archive and compares every member with its hash; `told` hears how many bytes are read.
///
/// # Errors
/// When it is none, or not as it was written.
pub fn verify(path: &Path, told: &mut dyn FnMut(u64)) -> Result<Manifest, ArchiveError> {
    let mut file = File::open(path).map_err(ArchiveError::Io)?;
    let mut magic = [0; 4];
    if file.read_exact(&mut magic).is_err() || magic != [0x28, 0xB5, 0x2F, 0xFD] {
        return Err(ArchiveError::Foreign);
    }
    let mut members: Vec<Member> = Vec::new();
    let mut manifest: Option<Manifest> = None;
    let mut read = 0;
    each(path, |name, entry| {
        if manifest.is_some() {
            return Err(damaged("quelque chose suit sa fin"));
        }
        if name == MANIFEST {
            let mut text = Vec::new();
            entry.take(MANIFEST_MAX).read_to_end(&mut text).map_err(damaged)?;
            manifest = Some(serde_json::from_slice(&text).map_err(|_| ArchiveError::Foreign)?);
            return Ok(());
        }
        if !is_ours(name) {
            return Err(ArchiveError::Foreign);
        }
        let mut hashed = Hashed { inner: entry, hash: Sha256::new(), size: 0 };
        let size = io::copy(&mut hashed, &mut io::sink()).map_err(damaged)?;
        read += size;
        told(read);
        let sha256 = hex::encode(hashed.hash.finalize());
        members.push(Member { name: name.to_owned(), size, sha256 });
        Ok(())
    })?;
    let manifest = manifest.ok_or_else(|| damaged("sa fin manque"))?;
    if manifest.format != FORMAT {
        return Err(ArchiveError::Foreign);
    }
    if manifest.members != members || !members.iter().any(|m| m.name == DATABASE) {
        return Err(damaged("son contenu n'est pas celui qui a été écrit"));
    }
    Ok(manifest)
}

/// Writes the members of a verified archive into a folder that is there and empty.
///
/// # Errors
/// When the archive is no longer what was verified, or the disk refuses.
pub fn unpack(
    path: &Path,
    manifest: &Manifest,
    folder: &Path,
    told: &mut dyn FnMut(u64),
) -> Result<(), ArchiveError> {
    let mut expected = manifest.members.iter();
    let mut written = 0;
    each(path, |name, entry| {
        if name == MANIFEST {
            return Ok(());
        }
        let member = expected.next().filter(|m| m.name == name && is_ours(name));
        let member = member.ok_or_else(|| damaged("elle a changé entre-temps"))?;
        let place = folder.join(name);
        let parent = place.parent().unwrap_or(folder);
        crate::app::create_private(parent).map_err(ArchiveError::Io)?;
        let mut hashed = Hashed { inner: entry, hash: Sha256::new(), size: 0 };
        let file = File::options().write(true).create_new(true).mode(0o600).open(&place);
        let mut file = file.map_err(ArchiveError::Io)?;
        written += io::copy(&mut hashed, &mut file).map_err(ArchiveError::Io)?;
        file.sync_all().map_err(ArchiveError::Io)?;
        told(written);
        if hex::encode(hashed.hash.finalize()) == member.sha256 {
            Ok(())
        } else {
            Err(damaged("elle a changé entre-temps"))
        }
    })
}

/// Goes through the members of an archive.
fn each(
    path: &Path,
    mut take: impl FnMut(&str, &mut dyn Read) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let file = File::open(path).map_err(ArchiveError::Io)?;
    let decoder = zstd::stream::Decoder::new(file).map_err(damaged)?;
    let mut tar = tar::Archive::new(decoder);
    let mut seen = 0_u64;
    for entry in tar.entries().map_err(damaged)? {
        // The first thing inside tells whether it is an archive at all.
        let mut entry =
            entry.map_err(|e| if seen == 0 { ArchiveError::Foreign } else { damaged(e) })?;
        seen += 1;
        if entry.header().entry_type() != tar::EntryType::Regular {
            return Err(ArchiveError::Foreign);
        }
        let name = entry.path().map_err(|_| ArchiveError::Foreign)?;
        let name = name.to_str().ok_or(ArchiveError::Foreign)?.to_owned();
        take(&name, &mut entry)?;
    }
    // What follows the archive must be there too: its checksum.
    let mut rest = tar.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(damaged)?;
    if seen == 0 { Err(ArchiveError::Foreign) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{super::Archive, *};

    fn archive(folder: &Path) -> std::path::PathBuf {
        let (db, blob) = (folder.join("db"), folder.join("blob"));
        std::fs::write(&db, vec![7; 300_000]).unwrap();
        std::fs::write(&blob, b"sealed").unwrap();
        let path = folder.join("backup");
        let mut archive = Archive::new(File::create(&path).unwrap()).unwrap();
        archive.add("sanu.db", &db).unwrap();
        archive.add(&format!("blobs/00/{}", "a".repeat(62)), &blob).unwrap();
        archive.finish(String::from("2026-11-22T00:00:00Z"), String::from("id"), false).unwrap();
        path
    }

    #[test]
    fn what_went_in_comes_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path());
        let out = folder.path().join("out");
        std::fs::create_dir(&out).unwrap();

        let manifest = verify(&path, &mut |_| {}).unwrap();
        unpack(&path, &manifest, &out, &mut |_| {}).unwrap();

        assert_eq!(manifest.members.len(), 2);
        assert_eq!(std::fs::read(out.join("sanu.db")).unwrap(), vec![7; 300_000]);
        let blob = out.join("blobs/00").join("a".repeat(62));
        assert_eq!(std::fs::read(blob).unwrap(), b"sealed");
    }

    #[test]
    fn an_archive_cut_or_changed_anywhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path());
        let whole = std::fs::read(&path).unwrap();
        let broken = folder.path().join("broken");

        for at in 0..whole.len() {
            std::fs::write(&broken, &whole[..at]).unwrap();
            assert!(verify(&broken, &mut |_| {}).is_err(), "cut at {at} of {}", whole.len());
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            std::fs::write(&broken, &changed).unwrap();
            let outcome = verify(&broken, &mut |_| {});
            // Bits that zstd does not use may differ: then what comes out must be the same.
            assert!(outcome.is_err() || outcome.unwrap().members.len() == 2, "changed at {at}");
        }
    }

    #[test]
    fn another_archive_is_foreign() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other");
        let mut tar =
            tar::Builder::new(zstd::stream::Encoder::new(File::create(&path).unwrap(), 1).unwrap());
        let mut header = tar::Header::new_gnu();
        header.set_size(3);
        tar.append_data(&mut header, "etc/passwd", &b"abc"[..]).unwrap();
        tar.into_inner().unwrap().finish().unwrap();

        assert!(matches!(verify(&path, &mut |_| {}), Err(ArchiveError::Foreign)));
        std::fs::write(&path, b"PK\x03\x04 not ours").unwrap();
        assert!(matches!(verify(&path, &mut |_| {}), Err(ArchiveError::Foreign)));
    }
}
