//! The records of one register of people as bytes, and records out of such parts, little-endian: a header, every word
//! once, every row with its number. Who was taken out is not in it, nor a word that only they used.

use super::{
    birth::{Birth, Precision},
    numbers::Nina,
    records::{RecordNo, Records, Row},
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
const HEADER: &[u8; 8] = b"sanulnk2";

/// Writes the rows of one register, with the words that they use.
pub(super) fn write(records: &Records, kind: Kind) -> Vec<u8> {
    let rows = || {
        let numbered = (0_u32..).zip(&records.rows);
        numbered.filter(|(_, row)| !row.removed && row.kind == kind)
    };
    let mut is_used = vec![false; records.words.texts().len()];
    for word in rows().flat_map(|(_, row)| word_fields(row)) {
        is_used.iter_mut().skip(RecordNo(word).index()).take(1).for_each(|used| *used = true);
    }
    // Words keep their order; those left out leave no gap. The first one is the missing word.
    is_used.iter_mut().take(1).for_each(|used| *used = true);
    let mut own: Vec<WordNo> = Vec::with_capacity(is_used.len());
    let mut bytes = HEADER.to_vec();
    put_count(&mut bytes, is_used.iter().filter(|used| **used).count());
    let mut next = 0;
    for (text, used) in records.words.texts().zip(is_used) {
        own.push(next);
        if used {
            put_count(&mut bytes, text.len());
            bytes.extend(text.as_bytes());
            next += 1;
        }
    }
    put_count(&mut bytes, rows().count());
    for (number, row) in rows() {
        bytes.extend(number.to_le_bytes());
        for word in word_fields(row) {
            let word = own.get(RecordNo(word).index()).copied().unwrap_or(0);
            bytes.extend(word.to_le_bytes());
        }
        put_row(&mut bytes, row);
    }
    bytes
}

/// Puts the rows of all parts together in the order of their numbers; gives those numbers.
pub(super) fn read(parts: &[&[u8]]) -> Result<(Records, Vec<RecordNo>), SnapshotError> {
    let mut records = Records::new();
    let mut rows: Vec<(RecordNo, Row)> = Vec::new();
    for part in parts {
        let mut rest = part.strip_prefix(HEADER).ok_or(SnapshotError::Format)?;
        let mut words = Vec::new();
        for _ in 0..take_u32(&mut rest)? {
            let length =
                usize::try_from(take_u32(&mut rest)?).map_err(|_| SnapshotError::Format)?;
            let (text, tail) = rest.split_at_checked(length).ok_or(SnapshotError::Format)?;
            rest = tail;
            let text = std::str::from_utf8(text).map_err(|_| SnapshotError::Format)?;
            words.push(records.words.intern(text.to_owned()));
        }
        for _ in 0..take_u32(&mut rest)? {
            let number = RecordNo(take_u32(&mut rest)?);
            rows.push((number, take_row(&mut rest, &words)?));
        }
        if !rest.is_empty() {
            return Err(SnapshotError::Format);
        }
    }
    rows.sort_unstable_by_key(|(number, _)| *number);
    let twice = rows.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b));
    if twice {
        return Err(SnapshotError::Format);
    }
    let mut numbers = Vec::with_capacity(rows.len());
    for (number, row) in rows {
        numbers.push(number);
        records.put_back(row);
    }
    Ok((records, numbers))
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
        | u8::from(row.swapped) << 2;
    bytes.extend([row.birth.month, row.birth.day, precision, sex, row.nationality, flags]);
}

fn take_row(rest: &mut &[u8], words: &[WordNo]) -> Result<Row, SnapshotError> {
    let mut fields: [WordNo; 14] = [0; 14];
    for field in &mut fields {
        let own = RecordNo(take_u32(rest)?).index();
        *field = *words.get(own).ok_or(SnapshotError::Format)?;
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
        removed: false,
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
