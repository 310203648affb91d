//! Files for what need not outlive the process: what is larger than memory should be, and downloads.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use crate::{app::create_private, runtime::Runtime};

/// The folder of files without names.
const SCRATCH: &str = "scratch";

/// An empty file for what need not outlive the process. It has no name any more: nobody opens it by one, and it goes
/// with who holds it, a crash included.
pub(crate) fn file(data: &Path, runtime: &Runtime) -> io::Result<File> {
    let folder = data.join(SCRATCH);
    create_private(&folder)?;
    let path = folder.join(runtime.random_id().to_string());
    let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

/// Removes what a crash between making a file and taking its name left: empty files.
pub(crate) fn clear(data: &Path) -> io::Result<()> {
    let left = match fs::read_dir(data.join(SCRATCH)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        left => left?,
    };
    // The folder stays: it may be a disk of its own.
    for file in left {
        let file = file?;
        if file.file_type()?.is_file() {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_file_has_no_name_and_what_a_crash_left_is_cleared() {
        let data = tempfile::tempdir().unwrap();
        let mut held = file(data.path(), &Runtime::fixed(crate::runtime::Micros(0), 1)).unwrap();
        held.write_all(b"kept").unwrap();
        let folder = data.path().join(SCRATCH);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);

        fs::write(folder.join("left"), b"").unwrap();
        clear(data.path()).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        clear(data.path()).unwrap();
    }
}
