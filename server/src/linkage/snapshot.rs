//! Records as bytes and back, little-endian: a header, every word once, every row.

use super::{
    birth::{Birth, Precision},
    numbers::Nina,
    records::{Records, Row},
    registration::{Kind, Sex},
    words::WordNo,
};

/// Why a snapshot could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SnapshotError {
    /// Another program or version wrote it, or it is cut off.
    #[error("not a linkage snapshot of this version")]
    Format,
}

/// Changes with every change of this format or of how words are folded.
const HEADER: &[u8; 8] = b"sanulnk1";

/// Writes all words and rows.
pub(super) fn write(records: &Records) -> Vec<u8> {
    let mut bytes = HEADER.to_vec();
    let words = records.words.texts();
    put_count(&mut bytes, words.len());
    for text in words {
        put_count(&mut bytes, text.len());
        bytes.extend(text.as_bytes());
    }
    put_count(&mut bytes, records.rows.len());
    for row in &records.rows {
        put_row(&mut bytes, row);
    }
    bytes
}

/// Reads them.
pub(super) fn read(bytes: &[u8]) -> Result<Records, SnapshotError> {
    let mut rest = bytes.strip_prefix(HEADER).ok_or(SnapshotError::Format)?;
    let mut records = Records::new();
    let words = take_u32(&mut rest)?;
    for number in 0..words {
        let length = usize::try_from(take_u32(&mut rest)?).map_err(|_| SnapshotError::Format)?;
        let text = rest.get(..length).ok_or(SnapshotError::Format)?;
        rest = rest.get(length..).ok_or(SnapshotError::Format)?;
        let text = std::str::from_utf8(text).map_err(|_| SnapshotError::Format)?;
        if records.words.intern(text.to_owned()) != number {
            return Err(SnapshotError::Format);
        }
    }
    for _ in 0..take_u32(&mut rest)? {
        let row = take_row(&mut rest, words)?;
        records.put_back(row);
    }
    if rest.is_empty() { Ok(records) } else { Err(SnapshotError::Format) }
}

fn put_count(bytes: &mut Vec<u8>, count: usize) {
    let count = u32::try_from(count).expect("words and records are numbered with 32 bits");
    bytes.extend(count.to_le_bytes());
}

fn word_fields(row: &Row) -> [WordNo; 14] {
    let [given, second] = row.given;
    let [own, married] = row.surname;
    let [father, father_family] = row.father;
    let [mother, mother_family] = row.mother;
    [
        given,
        second,
        own,
        married,
        father,
        father_family,
        mother,
        mother_family,
        row.nick,
        row.village,
        row.cercle,
        row.site,
        row.cooperative,
        row.device,
    ]
}

fn put_row(bytes: &mut Vec<u8>, row: &Row) {
    for word in word_fields(row) {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(row.phone.to_le_bytes());
    bytes.extend(row.minute.to_le_bytes());
    bytes.extend(row.nina.0.to_le_bytes());
    bytes.extend(row.card.to_le_bytes());
    bytes.extend(row.birth.year.to_le_bytes());
    let precision = match row.birth.precision {
        Precision::Document => 0,
        Precision::Date => 1,
        Precision::Year => 2,
        Precision::About => 3,
        Precision::Unknown => 4,
    };
    let sex = match row.sex {
        None => 0,
        Some(Sex::Male) => 1,
        Some(Sex::Female) => 2,
    };
    let flags = u8::from(row.kind == Kind::Child)
        | u8::from(row.nina_seen) << 1
        | u8::from(row.swapped) << 2
        | u8::from(row.removed) << 3;
    bytes.extend([row.birth.month, row.birth.day, precision, sex, row.nationality, flags]);
}

fn take_row(rest: &mut &[u8], words: u32) -> Result<Row, SnapshotError> {
    let mut fields: [WordNo; 14] = [0; 14];
    for field in &mut fields {
        *field = take_u32(rest)?;
        if *field >= words {
            return Err(SnapshotError::Format);
        }
    }
    let [given, second, own, married, father, father_family, mother, mother_family, others @ ..] =
        fields;
    let [nick, village, cercle, site, cooperative, device] = others;
    let phone = take_u32(rest)?;
    let minute = take_u32(rest)?;
    let nina = Nina(u64::from_le_bytes(take(rest)?));
    let card = u64::from_le_bytes(take(rest)?);
    let year = u16::from_le_bytes(take(rest)?);
    let [month, day, precision, sex, nationality, flags] = take(rest)?;
    let precision = match precision {
        0 => Precision::Document,
        1 => Precision::Date,
        2 => Precision::Year,
        3 => Precision::About,
        4 => Precision::Unknown,
        _ => return Err(SnapshotError::Format),
    };
    let sex = match sex {
        0 => None,
        1 => Some(Sex::Male),
        2 => Some(Sex::Female),
        _ => return Err(SnapshotError::Format),
    };
    Ok(Row {
        given: [given, second],
        surname: [own, married],
        father: [father, father_family],
        mother: [mother, mother_family],
        nick,
        village,
        cercle,
        site,
        cooperative,
        device,
        phone,
        minute,
        nina,
        card,
        birth: Birth { year, month, day, precision },
        sex,
        kind: if flags & 1 == 0 { Kind::Miner } else { Kind::Child },
        nationality,
        nina_seen: flags & 2 != 0,
        swapped: flags & 4 != 0,
        removed: flags & 8 != 0,
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], SnapshotError> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(SnapshotError::Format)?;
    *rest = tail;
    Ok(*head)
}

fn take_u32(rest: &mut &[u8]) -> Result<u32, SnapshotError> {
    take(rest).map(u32::from_le_bytes)
}
