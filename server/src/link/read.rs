//! Reads a whole list into the engine's columns: once, as a stream.

use std::{io::Read, thread};

use crate::linkage::{Records, Registration};

use super::{
    ahead::RowsAhead,
    bounded::Bounded,
    columns::{Column, Columns, MappingError},
    ids::{Ids, Twice},
    oddities::Oddities,
    person::Person,
    rows::{Row, RowError, Rows},
};

/// Records between two signs of progress.
const STEP: usize = 4_096;
/// Bytes of the longest record id.
const LONGEST_ID: usize = 200;
/// Offending lines that an error names.
const NAMED: usize = 5;

/// Records of the longest list, unless more are allowed: more people than any country has on its gold sites, and about
/// a gigabyte of memory while they are read.
pub const MAX_ROWS: usize = 5_000_000;

/// How a list is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Which column is which, in TOML; outranks what the headers tell.
    pub mapping: Option<&'a str>,
    /// Number the records by their lines, whatever ids they have.
    pub ids_by_line: bool,
    /// The most records.
    pub max_rows: usize,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { mapping: None, ids_by_line: false, max_rows: MAX_ROWS }
    }
}

/// Why a list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file itself.
    #[error(transparent)]
    Row(#[from] RowError),
    /// Its columns.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// Nothing below the header, or nothing at all.
    #[error("le fichier n'a aucune fiche / the file has no records")]
    Empty,
    /// Records without an id.
    #[error(
        "fiches sans record_id : {count} ; --ids-by-line prend le numéro de ligne / {count} records have no id, the first on lines \
         {lines:?}; --ids-by-line numbers records by their lines"
    )]
    NoId {
        /// How many.
        count: u64,
        /// The first lines.
        lines: Vec<u64>,
    },
    /// Records with one id.
    #[error(
        "des record_id sont en double / record ids are not unique: {}; --ids-by-line prend le numéro de ligne / numbers records \
         by their lines", said(.0))]
    SameId(Vec<Twice>),
    /// An id too long to be one.
    #[error(
        "ligne {line} : record_id de plus de {LONGEST_ID} octets / the record id on line {line} is longer than {LONGEST_ID} bytes"
    )]
    LongId {
        /// The line.
        line: u64,
    },
    /// More records than allowed.
    #[error(
        "plus de {0} fiches ; --max-rows en permet plus / the list has more than {0} records, line {1} and on; --max-rows allows \
         more"
    )]
    TooManyRows(usize, u64),
    /// Beyond what numbers of 32 bits count.
    #[error("liste trop longue / the list is too long: more than 4 billion records or 4 GB of ids")]
    TooLong,
}

fn said(all: &[Twice]) -> String {
    let one =
        |twice: &Twice| format!("\"{}\" on lines {} and {}", twice.id, twice.first, twice.again);
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A list as the engine takes it, and what was seen while reading.
#[derive(Debug)]
pub struct List {
    /// The registrations, in the order of the file.
    pub records: Records,
    /// Their ids.
    pub ids: Ids,
    /// The columns, with the headers they were found under.
    pub columns: Vec<(Column, Vec<String>)>,
    /// Headers of which nothing is used.
    pub unused: Vec<String>,
    /// Things said about people, and in how many records each is missing.
    pub missing: Vec<(Column, u64)>,
    /// What was odd.
    pub oddities: Oddities,
}

/// Reads a list. `step` is told now and then how many records there are so far.
pub fn read_list(
    source: impl Read + Send,
    options: Options<'_>,
    mut step: impl FnMut(usize),
) -> Result<List, ReadError> {
    let (rows, header) = Rows::open(Bounded::new(source, options.max_rows))?;
    let headers: Vec<&str> = (0..header.len()).map(|at| header.value(at).trim()).collect();
    if headers.is_empty() {
        return Err(ReadError::Empty);
    }
    let columns = Columns::find(&headers, options.mapping)?;
    let mut reading = Reading::new(&columns, options.ids_by_line);
    let mut person = Person::new(&columns);
    thread::scope(|scope| {
        RowsAhead::start(scope, rows).for_each(|row| {
            if reading.ids.len() >= options.max_rows {
                return Err(ReadError::TooManyRows(options.max_rows, row.line()));
            }
            reading.oddities.note_shape(row, headers.len());
            reading.take_id(row)?;
            let registration = person.read(row, &mut reading.oddities);
            reading.missing.note(&registration);
            reading.records.push(&registration);
            if reading.ids.len().is_multiple_of(STEP) {
                step(reading.ids.len());
            }
            Ok::<(), ReadError>(())
        })
    })?;
    reading.check_ids()?;
    let owned = |all: Vec<&str>| all.into_iter().map(String::from).collect::<Vec<_>>();
    Ok(List {
        columns: columns.described(&headers).into_iter().map(|(c, h)| (c, owned(h))).collect(),
        unused: owned(columns.unused(&headers)),
        missing: reading.missing.counts(&columns),
        records: reading.records,
        ids: reading.ids,
        oddities: reading.oddities,
    })
}

/// A list half read.
struct Reading {
    id_at: Option<usize>,
    records: Records,
    ids: Ids,
    missing: Missing,
    oddities: Oddities,
    without_id: u64,
    lines_without_id: Vec<u64>,
}

impl Reading {
    fn new(columns: &Columns, ids_by_line: bool) -> Self {
        Self {
            id_at: columns.at(Column::RecordId).first().copied().filter(|_| !ids_by_line),
            records: Records::new(),
            ids: Ids::default(),
            missing: Missing::default(),
            oddities: Oddities::default(),
            without_id: 0,
            lines_without_id: Vec::new(),
        }
    }

    fn take_id(&mut self, row: &Row) -> Result<(), ReadError> {
        let line = row.line();
        let fits = if let Some(at) = self.id_at {
            let id = row.value(at).trim();
            if id.is_empty() {
                self.without_id += 1;
                if self.lines_without_id.len() < NAMED {
                    self.lines_without_id.push(line);
                }
            }
            if id.len() > LONGEST_ID {
                return Err(ReadError::LongId { line });
            }
            self.ids.push(id, line)
        } else {
            self.ids.push(&line.to_string(), line)
        };
        let numbered = u32::try_from(self.ids.len()).is_ok_and(|count| count < u32::MAX);
        if fits && numbered { Ok(()) } else { Err(ReadError::TooLong) }
    }

    fn check_ids(&self) -> Result<(), ReadError> {
        if self.ids.is_empty() {
            return Err(ReadError::Empty);
        }
        if self.without_id > 0 {
            let lines = self.lines_without_id.clone();
            return Err(ReadError::NoId { count: self.without_id, lines });
        }
        let twice = if self.id_at.is_some() { self.ids.twice(NAMED) } else { Vec::new() };
        if twice.is_empty() { Ok(()) } else { Err(ReadError::SameId(twice)) }
    }
}

/// How often each thing is missing.
#[derive(Debug, Default)]
struct Missing([u64; COUNTED.len()]);

const COUNTED: [(Column, &[Column]); 13] = [
    (Column::Given, &[Column::Given, Column::FullName]),
    (Column::Surname, &[Column::Surname, Column::FullName]),
    (Column::Alias, &[Column::Alias]),
    (Column::Sex, &[Column::Sex]),
    (Column::Birth, &[Column::Birth, Column::BirthYear, Column::Age]),
    (Column::BirthPlace, &[Column::BirthPlace]),
    (Column::Cercle, &[Column::Cercle]),
    (Column::Nationality, &[Column::Nationality]),
    (Column::Phone, &[Column::Phone]),
    (Column::Nina, &[Column::Nina]),
    (Column::Father, &[Column::Father]),
    (Column::Mother, &[Column::Mother]),
    (Column::At, &[Column::At]),
];

impl Missing {
    fn note(&mut self, registration: &Registration<'_>) {
        let is_missing = [
            registration.given.is_empty(),
            registration.surname.is_empty(),
            registration.alias.is_empty(),
            registration.sex.is_none(),
            registration.birth.is_empty(),
            registration.birth_place.is_empty(),
            registration.cercle.is_empty(),
            registration.nationality.is_empty(),
            registration.phone.is_empty(),
            registration.nina.is_empty(),
            registration.father.is_empty(),
            registration.mother.is_empty(),
            registration.at.is_none(),
        ];
        for (count, is_missing) in self.0.iter_mut().zip(is_missing) {
            *count += u64::from(is_missing);
        }
    }

    /// The counts of what the list says at all.
    fn counts(&self, columns: &Columns) -> Vec<(Column, u64)> {
        COUNTED
            .iter()
            .zip(self.0)
            .filter(|((_, from), _)| from.iter().any(|&column| columns.has(column)))
            .map(|(&(column, _), count)| (column, count))
            .collect()
    }
}
