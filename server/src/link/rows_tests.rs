//! CSV as people really make it.

use std::{
    fmt::Write as _,
    io::{self, Read},
};

use super::rows::{Row, RowError, Rows};

/// Reads all records as texts joined by `|`, with their lines; a broken quote is marked by `!`.
fn read(csv: impl Read) -> Vec<String> {
    let (mut rows, header) = Rows::open(csv).unwrap();
    let mut all = vec![text(&header)];
    let mut row = Row::default();
    while rows.next(&mut row).unwrap() {
        all.push(text(&row));
    }
    all
}

fn text(row: &Row) -> String {
    let values: Vec<&str> = (0..row.len()).map(|at| row.value(at)).collect();
    let mark = if row.broken_quote() { "!" } else { "" };
    format!("{}{mark} {}", row.line(), values.join("|"))
}

/// A reader that gives one byte at a time.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (Some((first, rest)), Some(place)) = (self.0.split_first(), buffer.first_mut()) else {
            return Ok(0);
        };
        *place = *first;
        self.0 = rest;
        Ok(1)
    }
}

#[test]
fn quotes_line_ends_and_empty_lines_are_read_as_they_are_meant() {
    let csv = "id,nom,lieu\r\n1,\"Traoré, Moussa\",\"dit \"\"Vieux\"\"\"\r\n\r\n2,\"deux\nlignes\",\r\n3,,Kita";

    let all =
        ["1 id|nom|lieu", "2 1|Traoré, Moussa|dit \"Vieux\"", "4 2|deux\nlignes|", "6 3||Kita"];
    assert_eq!(read(csv.as_bytes()), all);
    assert_eq!(read(Drops(csv.as_bytes())), all);
}

#[test]
fn the_delimiter_is_found_and_a_bom_let_go() {
    for csv in [
        "\u{FEFF}a,b\n1,2\n",
        "a;b\n1;2\n",
        "a\tb\n1\t2\n",
        "a|b\n1|2\n",
        "\u{FEFF}\"a\";\"b\"\n1;2",
    ] {
        assert_eq!(read(csv.as_bytes()), ["1 a|b", "2 1|2"], "{csv}");
    }
}

#[test]
fn a_quote_within_a_value_is_a_letter() {
    assert_eq!(
        read("a,b\n1,Moussa \"Vieux\" Keïta\n".as_bytes()),
        ["1 a|b", "2 1|Moussa \"Vieux\" Keïta"]
    );
}

#[test]
fn a_quote_that_is_never_closed_costs_its_own_line_only() {
    let mut csv = String::from("id,nom,lieu\n");
    for id in 1..=5_000 {
        let values = if id == 700 { "\"Coulibaly,Kita" } else { "Keïta,\"Kita\"" };
        writeln!(csv, "{id},{values}").unwrap();
    }

    let all = read(csv.as_bytes());

    assert_eq!(all.len(), 5_001);
    assert_eq!(all[700], "701! 700|Coulibaly|Kita");
    assert_eq!(all[701], "702 701|Keïta|Kita");
    assert_eq!(all.iter().filter(|text| text.contains('!')).count(), 1);
}

#[test]
fn an_open_quote_that_meets_the_quote_of_a_later_line_is_seen_by_the_count_of_values() {
    // Read by the rules, line 2 would be closed by the first quote of line 3.
    let csv = "id,nom,lieu\n1,\"Coulibaly,Kita\n2,Keïta\",Kita\n3,Diarra,Nioro\n";

    assert_eq!(
        read(csv.as_bytes()),
        ["1 id|nom|lieu", "2! 1|Coulibaly|Kita", "3 2|Keïta\"|Kita", "4 3|Diarra|Nioro"]
    );
}

#[test]
fn a_broken_last_line_is_read_as_it_stands() {
    assert_eq!(read("a,b\n1,\"x\n".as_bytes()), ["1 a|b", "2! 1|x"]);
    assert_eq!(read("a,b\n1,\"x".as_bytes()), ["1 a|b", "2! 1|x"]);
}

#[test]
fn windows_1252_is_read_value_by_value() {
    let mut csv = b"prenom,nom\nAm\xEFnata,K\xC9".to_vec();
    csv.extend_from_slice("ÏTA\n".as_bytes());
    csv.extend_from_slice("Aïssata,Traor".as_bytes());
    csv.extend_from_slice(b"\xE9\n");

    assert_eq!(read(csv.as_slice())[2], "3 Aïssata|Traoré");
    assert!(read(csv.as_slice())[1].starts_with("2 Amïnata|K"));
}

#[test]
fn a_line_without_end_is_refused_with_its_number() {
    let csv = format!("a,b\n1,2\n{}", "x".repeat(3_000_000));
    let (mut rows, _) = Rows::open(csv.as_bytes()).unwrap();
    let mut row = Row::default();

    assert!(rows.next(&mut row).unwrap());
    assert!(matches!(rows.next(&mut row), Err(RowError::LongLine { line: 3 })));
}

#[test]
fn a_broken_quote_on_every_line_costs_little_and_loses_nothing() {
    let mut csv = String::from("id,nom,lieu\n");
    for id in 0..20_000 {
        writeln!(csv, "{id},\"x,y").unwrap();
    }

    assert_eq!(read(csv.as_bytes()).len(), 20_001);
}

/// A list of so many lines, one of which opens a quote for ever; counts what was taken from it.
struct Endless<'a> {
    next: u64,
    broken: u64,
    last: u64,
    line: Vec<u8>,
    taken: &'a std::cell::Cell<usize>,
}

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.line.is_empty() && self.next <= self.last {
            let quote = if self.next == self.broken { "\"" } else { "" };
            self.line = format!("{},{quote}Awa,Keïta\n", self.next).into_bytes();
            self.next += 1;
        }
        let length = self.line.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.line[..length]);
        self.line.drain(..length);
        self.taken.set(self.taken.get() + length);
        Ok(length)
    }
}

#[test]
fn a_broken_quote_at_line_700_000_is_told_and_nothing_piles_up_behind_it() {
    let taken = std::cell::Cell::new(0);
    let list = Endless { next: 1, broken: 700_000, last: 900_000, line: Vec::new(), taken: &taken };
    let (mut rows, _) = Rows::open(list).unwrap();
    let mut row = Row::default();
    let (mut given, mut records) = (0, 0_u64);

    while rows.next(&mut row).unwrap() {
        records += 1;
        given += (0..row.len()).map(|at| row.value(at).len() + 1).sum::<usize>();
        assert_eq!(row.broken_quote(), row.line() == 700_000, "line {}", row.line());
        assert!(taken.get() - given < 4 << 20, "line {}: too much is held", row.line());
    }

    assert_eq!(records, 899_999);
}

#[test]
fn nothing_at_all_is_an_empty_header() {
    let (mut rows, header) = Rows::open(&b""[..]).unwrap();

    assert!(header.is_empty());
    assert!(!rows.next(&mut Row::default()).unwrap());
}
