//! The two files of a set: what the enumerators wrote, and whom it is about.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use flate2::write::GzEncoder;

use super::{plan::Registrations, written::Written};

/// Whether the files are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// `registrations.csv`, `truth.csv`
    #[default]
    None,
    /// `registrations.csv.gz`, `truth.csv.gz`
    Gzip,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationFiles {
    /// The registrations, in the order of time.
    pub registrations: PathBuf,
    /// `record_id,entity_id,family_id,tag`
    pub truth: PathBuf,
    /// How many.
    pub records: usize,
}

/// Writes both files into a folder, which is made when it is not there. `step` is told how many are done now and then.
pub fn write_registrations(
    set: &Registrations,
    folder: &Path,
    compression: Compression,
    mut step: impl FnMut(usize),
) -> io::Result<RegistrationFiles> {
    fs::create_dir_all(folder)?;
    let end = match compression {
        Compression::None => "csv",
        Compression::Gzip => "csv.gz",
    };
    let files = RegistrationFiles {
        registrations: folder.join(format!("registrations.{end}")),
        truth: folder.join(format!("truth.{end}")),
        records: set.len(),
    };
    let mut registrations = csv::Writer::from_writer(sink(&files.registrations, compression)?);
    let mut truths = sink(&files.truth, compression)?;
    registrations.write_record(Written::COLUMNS)?;
    truths.write_all(b"record_id,entity_id,family_id,tag\n")?;
    let mut written = Written::default();
    for index in 0..set.len() {
        let truth = set.write(index, &mut written).expect("every index below the length is there");
        registrations.write_record(written.fields())?;
        writeln!(
            truths,
            "{},P{:09x},F{:07},{}",
            written.record_id,
            truth.person,
            truth.family,
            truth.tag.code()
        )?;
        if index % 10_000 == 9_999 {
            step(index + 1);
        }
    }
    registrations.flush()?;
    registrations.into_inner().map_err(csv::IntoInnerError::into_error)?.finish()?;
    truths.finish()?;
    Ok(files)
}

/// A file, compressed or not.
enum Sink {
    Plain(BufWriter<File>),
    Gzip(Box<GzEncoder<BufWriter<File>>>),
}

fn sink(path: &Path, compression: Compression) -> io::Result<Sink> {
    let file = BufWriter::with_capacity(1 << 18, File::create(path)?);
    Ok(match compression {
        Compression::None => Sink::Plain(file),
        Compression::Gzip => {
            Sink::Gzip(Box::new(GzEncoder::new(file, flate2::Compression::new(4))))
        }
    })
}

impl Sink {
    fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut file) => file.flush(),
            Self::Gzip(encoder) => encoder.finish()?.flush(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            // A flush in the middle costs compression; `finish` writes all.
            Self::Gzip(_) => Ok(()),
        }
    }
}
