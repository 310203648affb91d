//! A collection as a file, in the formats that researchers open.

use std::io::{self, Seek, Write};

use super::{
    flatgeobuf, geopackage,
    geopackage::About,
    kml,
    lines::{self, Manner},
    parquet, workbook,
};
use crate::ogc::{Crs, Features, Writer};

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// RFC 4180, for programs.
    Csv,
    /// CSV as French Excel opens it.
    ExcelCsv,
    /// A workbook.
    Xlsx,
    /// RFC 7946.
    GeoJson,
    /// RFC 8142: a feature a record.
    GeoJsonSeq,
    /// OGC `GeoPackage`.
    GeoPackage,
    /// `FlatGeobuf`, with its index.
    FlatGeobuf,
    /// `GeoParquet`.
    GeoParquet,
    /// KML 2.2.
    Kml,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 9] = [
        Self::Csv,
        Self::ExcelCsv,
        Self::Xlsx,
        Self::GeoJson,
        Self::GeoJsonSeq,
        Self::GeoPackage,
        Self::FlatGeobuf,
        Self::GeoParquet,
        Self::Kml,
    ];

    /// How it is asked for; with a point before it, how names of files end.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::ExcelCsv => "excel.csv",
            Self::Xlsx => "xlsx",
            Self::GeoJson => "geojson",
            Self::GeoJsonSeq => "geojsonseq",
            Self::GeoPackage => "gpkg",
            Self::FlatGeobuf => "fgb",
            Self::GeoParquet => "parquet",
            Self::Kml => "kml",
        }
    }

    /// Reads it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.suffix() == text)
    }

    /// Its media type.
    pub const fn media(self) -> &'static str {
        match self {
            Self::Csv | Self::ExcelCsv => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::GeoJson => "application/geo+json",
            Self::GeoJsonSeq => "application/geo+json-seq",
            Self::GeoPackage => "application/geopackage+sqlite3",
            Self::FlatGeobuf => "application/flatgeobuf",
            Self::GeoParquet => "application/vnd.apache.parquet",
            Self::Kml => "application/vnd.google-earth.kml+xml",
        }
    }
}

/// What a file says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    /// The name of its layer.
    pub name: &'a str,
    /// What it holds, in French.
    pub title: &'a str,
    /// When its features were read, RFC 3339.
    pub at: &'a str,
}

/// Writes features as a file. What is written is not kept: memory does not grow with the file.
///
/// # Errors
/// Those of `out`, and more features than the format can hold.
pub fn write(
    features: &Features,
    format: Format,
    label: Label<'_>,
    out: &mut (impl Write + Seek),
) -> io::Result<()> {
    match format {
        Format::Csv => lines::write(features, out, Manner::Programs),
        Format::ExcelCsv => lines::write(features, out, Manner::Excel),
        Format::Xlsx => workbook::write(features, out),
        Format::GeoJson => collection(features, label, out),
        Format::GeoJsonSeq => each(features, out, "\u{1e}", "\n"),
        Format::GeoPackage => {
            let about = About { name: label.name, title: label.title, at: label.at };
            geopackage::write(features, about, out)
        }
        Format::FlatGeobuf => flatgeobuf::write(features, label.name, out),
        Format::GeoParquet => parquet::write(features, out),
        Format::Kml => kml::write(features, label.title, out),
    }
}

fn collection(features: &Features, label: Label<'_>, out: &mut impl Write) -> io::Result<()> {
    let text = |t: &str| serde_json::to_string(t).expect("text is always JSON");
    let (name, at) = (text(label.name), text(label.at));
    writeln!(
        out,
        "{{\"type\":\"FeatureCollection\",\"name\":{name},\"timeStamp\":{at},\"features\":["
    )?;
    each(features, out, "", ",\n")?;
    out.write_all(b"]}\n")
}

/// Features written at a time.
const CHUNK: usize = 64;

fn each(features: &Features, out: &mut impl Write, before: &str, after: &str) -> io::Result<()> {
    let mut writer = Writer::new(features, Crs::Crs84);
    let mut text = String::new();
    for row in 0..features.len() {
        text.push_str(before);
        writer.feature(&mut text, row, "")?;
        // Commas stand between features, ends of lines after each.
        if before.is_empty() && row + 1 == features.len() {
            text.push('\n');
        } else {
            text.push_str(after);
        }
        if row % CHUNK == CHUNK - 1 || row + 1 == features.len() {
            out.write_all(text.as_bytes())?;
            text.clear();
        }
    }
    Ok(())
}

/// How many bytes there are to read, and their SHA-256.
///
/// # Errors
/// Those of reading.
pub fn sum(from: &mut impl io::Read) -> io::Result<(u64, [u8; 32])> {
    use sha2::{Digest as _, Sha256};
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, digest.finalize().into()));
        }
        digest.update(buffer.get(..read).unwrap_or_default());
        bytes += super::cell::long(read);
    }
}
