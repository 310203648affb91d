//! CSV, record by record, from any reader; one broken quote never swallows what follows.
//!
//! A quote was opened by mistake when its value does not end at a delimiter or line end, spans more than
//! [`QUOTED_LINES`] lines or [`QUOTED_BYTES`] bytes, or makes a record over several lines that has not as many values
//! as the header, or each of whose lines has as many alone. Then the first line alone is read again with quotes as
//! ordinary characters, the record is marked, and reading goes on with the next line.

use std::io::{self, Read};

use memchr::{memchr, memchr2};

/// Lines that one quoted value may span.
const QUOTED_LINES: usize = 20;
/// Bytes that one quoted value may span.
const QUOTED_BYTES: usize = 64 << 10;
/// Bytes of the longest line.
const LONGEST_LINE: usize = 1 << 20;

/// Why reading stops.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// The file cannot be read to its end; a damaged archive too.
    #[error("illisible après la ligne {line} / cannot be read beyond line {line}")]
    Io {
        /// The line before which it happened.
        line: u64,
        /// What happened.
        #[source]
        error: io::Error,
    },
    /// Hardly a CSV file.
    #[error(
        "ligne {line} de plus d'un million de caractères : est-ce un CSV ? / line {line} is longer than a million characters: is \
         this a CSV file?"
    )]
    LongLine {
        /// The line.
        line: u64,
    },
}

/// One record: its values, one behind the other.
#[derive(Clone, Debug, Default)]
pub struct Row {
    text: String,
    ends: Vec<usize>,
    line: u64,
    broken_quote: bool,
    not_utf8: bool,
}

impl Row {
    /// How many values it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// One value as it stands; empty beyond the last.
    pub fn value(&self, at: usize) -> &str {
        let start = match at.checked_sub(1) {
            None => 0,
            Some(before) => self.ends.get(before).copied().unwrap_or(self.text.len()),
        };
        let end = self.ends.get(at).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or_default()
    }

    /// The line on which it begins, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether a quote in it was opened and never closed, and its line was read as it stands.
    pub fn broken_quote(&self) -> bool {
        self.broken_quote
    }

    /// Whether some value was not UTF-8 and was read as Windows-1252.
    pub fn not_utf8(&self) -> bool {
        self.not_utf8
    }
}

/// What one attempt at a record came to.
enum Attempt {
    /// A record, of so many bytes and lines.
    Record { bytes: usize, lines: usize },
    /// The buffer ends within it.
    More,
    /// A quote was opened by mistake.
    BrokenQuote,
}

/// Reads records.
#[derive(Debug)]
pub struct Rows<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
    /// Line of the next record.
    line: u64,
    delimiter: u8,
    /// Values of a record; 0 while the header is not read.
    columns: usize,
    bytes: Vec<u8>,
}

impl<R: Read> Rows<R> {
    /// Reads the header: finds the delimiter (`,` `;` tab or `|`, whichever makes most columns) and lets a BOM go.
    /// An empty file has an empty header.
    pub fn open(source: R) -> Result<(Self, Row), RowError> {
        let mut rows = Self {
            source,
            buffer: Vec::new(),
            start: 0,
            ended: false,
            line: 1,
            delimiter: b',',
            columns: 0,
            bytes: Vec::new(),
        };
        rows.line_length()?;
        if rows.window().starts_with(b"\xEF\xBB\xBF") {
            rows.start += 3;
        }
        let columns = |delimiter: u8| count(rows.first_line(), delimiter);
        // The first of equals: a comma.
        rows.delimiter =
            [b'|', b'\t', b';', b','].into_iter().max_by_key(|&d| columns(d)).unwrap_or(b',');
        let mut header = Row::default();
        rows.next(&mut header)?;
        rows.columns = header.len();
        Ok((rows, header))
    }

    /// Reads the next record over `row`; false at the end. Empty lines are passed over.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, RowError> {
        loop {
            let length = self.line_length()?;
            if length == 0 {
                return Ok(false);
            }
            if self.first_line().iter().all(|&byte| matches!(byte, b'\r' | b' ' | b'\t')) {
                self.pass(length, 1);
                continue;
            }
            row.line = self.line;
            row.broken_quote = false;
            self.record(row, length)?;
            finish(row, std::mem::take(&mut self.bytes), &mut self.bytes);
            return Ok(true);
        }
    }

    /// Takes one record, whose first line is so long.
    fn record(&mut self, row: &mut Row, first_line: usize) -> Result<(), RowError> {
        loop {
            self.bytes.clear();
            row.ends.clear();
            let window = self.buffer.get(self.start..).unwrap_or_default();
            match quoted(window, self.ended, self.delimiter, &mut self.bytes, &mut row.ends) {
                Attempt::Record { lines: 1, bytes } => {
                    self.pass(bytes, 1);
                    return Ok(());
                }
                Attempt::Record { lines, bytes } if self.is_meant(bytes, row.ends.len()) => {
                    self.pass(bytes, lines);
                    return Ok(());
                }
                Attempt::More => self.more(LONGEST_LINE)?,
                Attempt::Record { .. } | Attempt::BrokenQuote => {
                    self.bytes.clear();
                    row.ends.clear();
                    let line = self.buffer.get(self.start..).unwrap_or_default();
                    let line = line.get(..first_line).unwrap_or(line);
                    literal(trimmed(line), self.delimiter, &mut self.bytes, &mut row.ends);
                    row.broken_quote = true;
                    self.pass(first_line, 1);
                    return Ok(());
                }
            }
        }
    }

    /// Whether a record over several lines was meant as one: it has as many values as the header, and its lines do not
    /// each have as many on their own.
    fn is_meant(&self, bytes: usize, values: usize) -> bool {
        let text = trimmed(self.window().get(..bytes).unwrap_or_default());
        let is_whole = |line: &[u8]| count(line, self.delimiter) + 1 == self.columns;
        self.columns == 0
            || values == self.columns && !text.split(|&byte| byte == b'\n').all(is_whole)
    }

    fn window(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// The line that begins here, without its end.
    fn first_line(&self) -> &[u8] {
        let window = self.window();
        let end = memchr(b'\n', window).unwrap_or(window.len());
        trimmed(window.get(..end).unwrap_or_default())
    }

    fn pass(&mut self, bytes: usize, lines: usize) {
        self.start += bytes;
        self.line += u64::try_from(lines).unwrap_or(1);
    }

    /// The length of the line that begins here, with its end; 0 at the end of the file.
    fn line_length(&mut self) -> Result<usize, RowError> {
        let mut looked = 0;
        loop {
            let unseen = self.window().get(looked..).unwrap_or_default();
            if let Some(at) = memchr(b'\n', unseen) {
                return Ok(looked + at + 1);
            }
            looked = self.window().len();
            if self.ended {
                return Ok(looked);
            }
            if looked > LONGEST_LINE {
                return Err(RowError::LongLine { line: self.line });
            }
            self.more(1 << 18)?;
        }
    }

    /// Reads on.
    fn more(&mut self, least: usize) -> Result<(), RowError> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let had = self.buffer.len();
        let limit = u64::try_from(least).unwrap_or(u64::MAX);
        let read = Read::by_ref(&mut self.source).take(limit).read_to_end(&mut self.buffer);
        match read {
            Ok(_) => {
                self.ended = self.buffer.len() - had < least;
                Ok(())
            }
            Err(error) => Err(RowError::Io { line: self.line, error }),
        }
    }
}

/// A line without its end.
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Takes a record by the rules of RFC 4180.
fn quoted(
    window: &[u8],
    ended: bool,
    delimiter: u8,
    bytes: &mut Vec<u8>,
    ends: &mut Vec<usize>,
) -> Attempt {
    let mut at = 0;
    let mut lines = 1;
    loop {
        let rest = window.get(at..).unwrap_or_default();
        if rest.first() == Some(&b'"') {
            match quoted_value(rest, ended, delimiter, bytes) {
                Quoted::Value { length, breaks } => {
                    at += length;
                    lines += breaks;
                }
                Quoted::More => return Attempt::More,
                Quoted::Broken => return Attempt::BrokenQuote,
            }
        } else {
            let length = memchr2(delimiter, b'\n', rest);
            if length.is_none() && !ended {
                return Attempt::More;
            }
            let value = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
            let ends_line = rest.get(value.len()) != Some(&delimiter);
            let kept = if ends_line { value.strip_suffix(b"\r").unwrap_or(value) } else { value };
            bytes.extend_from_slice(kept);
            at += value.len();
        }
        ends.push(bytes.len());
        match window.get(at) {
            Some(&byte) if byte == delimiter => at += 1,
            Some(b'\n') => return Attempt::Record { bytes: at + 1, lines },
            _ => return Attempt::Record { bytes: at, lines },
        }
    }
}

enum Quoted {
    /// So many bytes with both quotes (and a carriage return behind), so many line breaks within.
    Value {
        length: usize,
        breaks: usize,
    },
    More,
    Broken,
}

/// Takes a value in quotes, up to the delimiter or line end behind it.
fn quoted_value(rest: &[u8], ended: bool, delimiter: u8, bytes: &mut Vec<u8>) -> Quoted {
    let mut at = 1;
    let mut breaks = 0;
    loop {
        let reach = rest.len().min(QUOTED_BYTES + 1).max(at);
        let tail = rest.get(at..reach).unwrap_or_default();
        let Some(quote) = memchr(b'"', tail) else {
            let too_long = rest.len() > QUOTED_BYTES || line_breaks(tail) + breaks > QUOTED_LINES;
            return if ended || too_long { Quoted::Broken } else { Quoted::More };
        };
        let part = tail.get(..quote).unwrap_or_default();
        breaks += line_breaks(part);
        if breaks > QUOTED_LINES || at + quote > QUOTED_BYTES {
            return Quoted::Broken;
        }
        bytes.extend_from_slice(part);
        at += quote + 1;
        match (rest.get(at), rest.get(at + 1)) {
            (Some(b'"'), _) => {
                bytes.push(b'"');
                at += 1;
            }
            (Some(b'\r'), Some(b'\n')) => return Quoted::Value { length: at + 1, breaks },
            (Some(&byte), _) if byte == delimiter || byte == b'\n' => {
                return Quoted::Value { length: at, breaks };
            }
            (None, _) if ended => return Quoted::Value { length: at, breaks },
            (Some(b'\r'), None) if ended => return Quoted::Value { length: at + 1, breaks },
            (None, _) | (Some(b'\r'), None) => return Quoted::More,
            _ => return Quoted::Broken,
        }
    }
}

fn line_breaks(bytes: &[u8]) -> usize {
    count(bytes, b'\n')
}

fn count(bytes: &[u8], wanted: u8) -> usize {
    memchr::memchr_iter(wanted, bytes).count()
}

/// Takes one line with quotes as ordinary characters, but for those around a value.
fn literal(line: &[u8], delimiter: u8, bytes: &mut Vec<u8>, ends: &mut Vec<usize>) {
    for value in line.split(|&byte| byte == delimiter) {
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        let value = value.strip_suffix(b"\"").unwrap_or(value);
        bytes.extend_from_slice(value);
        ends.push(bytes.len());
    }
}

/// Turns the bytes of a record into text; what is not UTF-8 is Windows-1252. Gives the memory of the last text back.
fn finish(row: &mut Row, bytes: Vec<u8>, spare: &mut Vec<u8>) {
    let old = std::mem::take(&mut row.text);
    match String::from_utf8(bytes) {
        Ok(text) => {
            row.not_utf8 = false;
            // A value could begin within a letter only if the delimiter were part of one, which no ASCII byte is.
            row.text = text;
        }
        Err(wrong) => {
            let bytes = wrong.into_bytes();
            row.not_utf8 = true;
            let mut text = String::with_capacity(bytes.len() * 2);
            let mut start = 0;
            for end in &mut row.ends {
                let value = bytes.get(start..*end).unwrap_or_default();
                start = *end;
                match std::str::from_utf8(value) {
                    Ok(value) => text.push_str(value),
                    Err(_) => text.extend(value.iter().map(|&byte| windows_1252(byte))),
                }
                *end = text.len();
            }
            row.text = text;
        }
    }
    *spare = old.into_bytes();
}

/// One letter of Windows-1252; its five holes as the C1 controls they are in Latin-1.
pub(crate) fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž',
        '\u{8F}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH.get(usize::from(byte - 0x80)).copied().unwrap_or('\u{FFFD}'),
        _ => char::from(byte),
    }
}
