//! Text files as offices save them: which encoding, which separator, and where a quote was never closed.

/// Lines that one quoted value may span: more, and its quote was forgotten.
const QUOTED_LINES: u64 = 50;

/// Turns the bytes of a text file into text: UTF-8 with or without a mark, UTF-16 with a mark or without, else
/// Windows-1252. Says what it was.
pub(super) fn decode(bytes: Vec<u8>) -> (String, &'static str) {
    match bytes.as_slice() {
        [0xEF, 0xBB, 0xBF, rest @ ..] if std::str::from_utf8(rest).is_ok() => {
            (String::from_utf8_lossy(rest).into_owned(), "UTF-8")
        }
        [0xFF, 0xFE, rest @ ..] => (utf16(rest, u16::from_le_bytes), "UTF-16"),
        [0xFE, 0xFF, rest @ ..] => (utf16(rest, u16::from_be_bytes), "UTF-16"),
        // Latin letters in 16 bits: every other byte is zero.
        [_, 0, _, 0, ..] => (utf16(&bytes, u16::from_le_bytes), "UTF-16"),
        [0, _, 0, _, ..] => (utf16(&bytes, u16::from_be_bytes), "UTF-16"),
        _ => match String::from_utf8(bytes) {
            Ok(text) => (text, "UTF-8"),
            Err(wrong) => {
                let bytes = wrong.into_bytes();
                (bytes.into_iter().map(crate::link::windows_1252).collect(), "Windows-1252")
            }
        },
    }
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> String {
    let pairs = bytes.as_chunks::<2>().0.iter().map(|pair| read(*pair));
    char::decode_utf16(pairs).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The separator of a text: of semicolon, comma and tab the one that its first line has most of, outside quotes.
pub(super) fn separator(text: &str) -> char {
    let mut quoted = false;
    let mut counts = [(';', 0_u32), (',', 0), ('\t', 0)];
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '\n' if !quoted => break,
            _ if !quoted => {
                for (_, n) in counts.iter_mut().filter(|(one, _)| *one == c) {
                    *n += 1;
                }
            }
            _ => {}
        }
    }
    // The first of those that are as many.
    let most = counts.iter().map(|(_, n)| *n).max().unwrap_or(0);
    counts.into_iter().find(|(_, n)| *n == most).map_or(';', |(one, _)| one)
}

/// A quote that is not where it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// It opens a value that never ends.
    #[error("guillemet ouvert et jamais fermé")]
    Open,
    /// Something follows the quote that closes a value.
    #[error("texte après un guillemet fermant (un guillemet à l'intérieur s'écrit deux fois)")]
    Behind,
}

/// The records of a separated text, one after the other.
#[derive(Debug)]
pub(super) struct Records<'t> {
    rest: &'t str,
    line: u64,
    separator: char,
}

impl<'t> Records<'t> {
    /// Over a text with this separator.
    pub(super) const fn new(text: &'t str, separator: char) -> Self {
        Self { rest: text, line: 1, separator }
    }

    /// The line after the record that was read last, from 1.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next record into `cells`; gives the line that it begins on, or nothing at the end. After an error
    /// it goes on with the next line.
    pub(super) fn next(
        &mut self,
        cells: &mut Vec<String>,
    ) -> Option<(u64, Result<(), QuoteError>)> {
        cells.clear();
        if self.rest.is_empty() {
            return None;
        }
        let (start, begun) = (self.line, self.rest);
        loop {
            match self.cell() {
                Ok((text, is_last)) => {
                    cells.push(text);
                    if is_last {
                        return Some((start, Ok(())));
                    }
                }
                Err(error) => {
                    let end = begun.find('\n').map_or(begun.len(), |at| at + 1);
                    self.rest = begun.get(end..).unwrap_or_default();
                    self.line = start + 1;
                    return Some((start, Err(error)));
                }
            }
        }
    }

    /// The next value, and whether it is the last of its record.
    fn cell(&mut self) -> Result<(String, bool), QuoteError> {
        if let Some(quoted) = self.rest.strip_prefix('"') {
            return self.quoted(quoted);
        }
        let end = self.rest.find([self.separator, '\n']).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        let text = text.strip_suffix('\r').unwrap_or(text).to_owned();
        Ok((text, self.ends()))
    }

    fn quoted(&mut self, mut rest: &'t str) -> Result<(String, bool), QuoteError> {
        let mut text = String::new();
        let mut breaks = 0;
        loop {
            let end = rest.find('"').ok_or(QuoteError::Open)?;
            let (part, behind) = rest.split_at(end);
            breaks += u64::try_from(part.matches('\n').count()).unwrap_or(u64::MAX);
            if breaks > QUOTED_LINES {
                return Err(QuoteError::Open);
            }
            text.push_str(part);
            rest = behind.strip_prefix('"').unwrap_or(behind);
            let Some(again) = rest.strip_prefix('"') else { break };
            text.push('"');
            rest = again;
        }
        self.line += breaks;
        let rest =
            rest.strip_prefix('\r').filter(|r| r.is_empty() || r.starts_with('\n')).unwrap_or(rest);
        if !(rest.is_empty() || rest.starts_with([self.separator, '\n'])) {
            return Err(QuoteError::Behind);
        }
        self.rest = rest;
        Ok((text, self.ends()))
    }

    /// Steps over what ends a value; says whether it ended the record too.
    fn ends(&mut self) -> bool {
        if let Some(rest) = self.rest.strip_prefix(self.separator) {
            self.rest = rest;
            // A separator at the very end has an empty value behind it.
            return false;
        }
        self.rest = self.rest.strip_prefix('\n').unwrap_or(self.rest);
        self.line += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, separator: char) -> Vec<(u64, Result<Vec<String>, QuoteError>)> {
        let mut records = Records::new(text, separator);
        let mut cells = Vec::new();
        let mut found = Vec::new();
        while let Some((line, read)) = records.next(&mut cells) {
            found.push((line, read.map(|()| cells.clone())));
        }
        found
    }

    #[test]
    fn the_encodings_of_an_office_are_told_apart() {
        let word = "Kéniéba;12,5";
        let wide: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = word.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], rest: &[u8]| [mark, rest].concat();
        let cases = [
            (word.as_bytes().to_vec(), "UTF-8"),
            (marked(b"\xEF\xBB\xBF", word.as_bytes()), "UTF-8"),
            (marked(b"\xFF\xFE", &wide), "UTF-16"),
            (marked(b"\xFE\xFF", &big), "UTF-16"),
            (b"K\xE9ni\xE9ba;12,5".to_vec(), "Windows-1252"),
        ];
        for (bytes, kind) in cases {
            assert_eq!(decode(bytes), (word.to_owned(), kind));
        }
    }

    #[test]
    fn separators_are_counted_outside_quotes() {
        assert_eq!(separator("a;b;c\n1,1,1,1,1"), ';');
        assert_eq!(separator("\"a;b;c;d\",b\n"), ',');
        assert_eq!(separator("a\tb\n"), '\t');
        assert_eq!(separator("code\n"), ';');
    }

    #[test]
    fn records_keep_their_lines_through_quotes_and_breaks() {
        let text = "a;b\r\n\"x\"\"y\";\"two\nlines\"\n;\n\nlast;z";

        let found = all(text, ';');

        let cells = |cells: &[&str]| Ok(cells.iter().map(|c| (*c).to_owned()).collect());
        assert_eq!(
            found,
            [
                (1, cells(&["a", "b"])),
                (2, cells(&["x\"y", "two\nlines"])),
                (4, cells(&["", ""])),
                (5, cells(&[""])),
                (6, cells(&["last", "z"])),
            ]
        );
    }

    #[test]
    fn a_bad_quote_costs_its_own_line_only() {
        let found = all("a;b\n\"e\"x;f\nc;d\n\"open;2\ng;h\n", ';');

        assert_eq!(found[1], (2, Err(QuoteError::Behind)));
        assert_eq!(found[2].0, 3);
        assert_eq!(found[3], (4, Err(QuoteError::Open)));
        assert_eq!(found[4], (5, Ok(vec![String::from("g"), String::from("h")])));
    }
}
