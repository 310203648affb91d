//! Files that a command writes: never over one that it reads or also writes, and never half of one.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read as _, Write},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

/// Symbolic links that are followed before a path is given up as a circle: as many as Linux follows.
const LINKS_MAX: usize = 40;

/// A file by the option that names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    /// How the command line calls it.
    pub(super) option: &'static str,
    /// Where it is.
    pub(super) path: &'a Path,
    /// Whether the command writes it.
    pub(super) is_written: bool,
}

/// Where a path leads: symbolic and hard links to one file are one place.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// A file that is there, by device and number.
    There(u64, u64),
    /// A file that is not there yet.
    Free(PathBuf),
}

/// Refuses files of which one would be written over another.
///
/// # Errors
/// Names both options.
pub(super) fn ensure_apart(files: &[Named<'_>]) -> anyhow::Result<()> {
    let mut taken: Vec<(Place, Named<'_>)> = Vec::new();
    for file in files {
        let mut paths = vec![resolved(file.path)];
        if file.is_written {
            paths.push(beside(&resolved(file.path)));
        }
        for place in paths.iter().filter_map(|path| place(path)) {
            let other =
                taken.iter().find(|(p, n)| *p == place && (n.is_written || file.is_written));
            if let Some((_, other)) = other {
                bail!(
                    "{0} et {1} nomment le même fichier ({2}) : en donner un à chacun / {0} and {1} name one file ({2}): give \
                     each its own",
                    other.option,
                    file.option,
                    file.path.display()
                );
            }
            taken.push((place, *file));
        }
    }
    Ok(())
}

/// A file, which must not be larger than this. What has no size (a pipe, a device) is read no further either.
///
/// # Errors
/// Names the file, and how large it may be.
pub(super) fn read_whole(path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let name = || path.display().to_string();
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(name)?;
    file.take(most + 1).read_to_end(&mut bytes).with_context(name)?;
    if u64::try_from(bytes.len()).is_ok_and(|n| n > most) {
        bail!("{} : plus de {} Mo / larger than that", path.display(), most >> 20);
    }
    Ok(bytes)
}

/// `None` for what holds nothing that could be lost, such as `/dev/null`.
fn place(path: &Path) -> Option<Place> {
    match fs::metadata(path) {
        Ok(known) if !known.is_file() => None,
        Ok(known) => Some(Place::There(known.dev(), known.ino())),
        Err(_) => Some(Place::Free(path.to_owned())),
    }
}

/// The path without symbolic links, also where the last of them leads to no file yet.
fn resolved(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let Ok(target) = fs::read_link(&path) else { break };
        path = folder(&path).join(target);
    }
    match (fs::canonicalize(folder(&path)), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    beside.into()
}

/// Writes a file beside its place and moves it there, so that nobody reads half of one. What is no file, such as
/// `/dev/stdout`, is written to and stays what it is.
pub(super) fn write_file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> anyhow::Result<()> {
    let place = resolved(path);
    let is_file = fs::metadata(path).map_or(true, |known| known.is_file());
    let written = if is_file {
        let beside = beside(&place);
        let written = File::create(&beside)
            .and_then(|file| fill(file, write))
            .and_then(|()| fs::rename(&beside, &place));
        if written.is_err() {
            // What was begun is of no use to anybody.
            let _gone = fs::remove_file(&beside);
        }
        written
    } else {
        File::options().write(true).open(path).and_then(|file| fill(file, write))
    };
    written.with_context(|| format!("impossible d'écrire {0} / cannot write {0}", path.display()))
}

fn fill(file: File, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let mut sink = BufWriter::with_capacity(1 << 18, file);
    write(&mut sink)?;
    sink.flush()
}
