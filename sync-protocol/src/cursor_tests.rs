//! What survives the cursor's text, and what is refused.

use super::*;

const EPOCH: Uuid = Uuid::from_u128(0x0e);

fn cursor(positions: &[(u32, u64)]) -> Cursor {
    let mut cursor = Cursor::start(EPOCH);
    for (zone, seq) in positions {
        cursor.advance(*zone, *seq);
    }
    cursor
}

fn signed(content: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode([content, &crc32(content).to_be_bytes()].concat())
}

#[test]
fn the_checksum_is_the_one_of_zip() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
}

#[test]
fn the_cursor_keeps_its_bytes() {
    let golden = include_str!("../fixtures/v1/cursor.txt").trim_end();
    let expected = cursor(&[(3, 41), (900, 9_007_199_254_740_993)]);

    assert_eq!(expected.encode(), golden);
    assert_eq!(Cursor::decode(golden), Ok(expected));
}

#[test]
fn every_position_survives_the_text() {
    let edges = [1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX - 1, u64::MAX];
    for seq in edges {
        let there = cursor(&[(0, seq), (u32::MAX, 1)]);
        assert_eq!(Cursor::decode(&there.encode()), Ok(there));
    }
    assert_eq!(Cursor::decode(&Cursor::start(EPOCH).encode()), Ok(Cursor::start(EPOCH)));
}

#[test]
fn a_cursor_never_goes_back() {
    let mut cursor = cursor(&[(1, 10)]);

    cursor.advance(1, 9);
    assert_eq!(cursor.get(1), 10);
    cursor.advance(1, 11);
    assert_eq!(cursor.get(1), 11);
    cursor.advance(2, 0);
    assert_eq!(cursor.positions().count(), 1, "a zone at its start is not written");
}

#[test]
fn a_cut_or_mangled_cursor_is_an_error() {
    let text = cursor(&[(1, 10), (2, 300)]).encode();
    for cut in 0..text.len() {
        assert!(Cursor::decode(&text[..cut]).is_err(), "cut at {cut}");
    }
    for position in 0..text.len() {
        let mut mangled = text.clone().into_bytes();
        mangled[position] = if mangled[position] == b'A' { b'B' } else { b'A' };
        assert!(
            Cursor::decode(std::str::from_utf8(&mangled).unwrap()).is_err(),
            "mangled at {position}"
        );
    }
    assert_eq!(Cursor::decode(&"A".repeat(MAX_CHARS + 1)), Err(CursorError::TooLong));
    assert_eq!(Cursor::decode("a+b/"), Err(CursorError::NotBase64));
}

#[test]
fn a_forged_content_is_an_error() {
    let head = [&[LAYOUT][..], EPOCH.as_bytes()].concat();
    let with = |tail: &[u8]| signed(&[&head, tail].concat());

    assert_eq!(Cursor::decode(&signed(&[2])), Err(CursorError::Layout(2)));
    let forged: [&[u8]; 8] = [
        &[],                                                              // no count
        &[0, 7],                                                          // something after the end
        &[1, 5, 0],                                                       // a position of 0
        &[2, 5, 1, 5, 1],                                                 // a zone twice
        &[2, 6, 1, 5, 1],                                                 // zones out of order
        &[1, 5, 0x81, 0],                                                 // 1, spelt with two bytes
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],       // 2^64 - 1 zones
        &[1, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], // a position past 64 bits
    ];
    for tail in forged {
        assert_eq!(Cursor::decode(&with(tail)), Err(CursorError::Malformed), "{tail:?}");
    }
}

#[test]
fn a_cursor_of_another_epoch_starts_again() {
    let old = cursor(&[(1, 10)]);
    let epoch = Uuid::from_u128(0xf);

    assert_eq!(old.state(EPOCH), CursorState::Current);
    assert_eq!(old.state(epoch), CursorState::OtherEpoch);
    assert_eq!(Resume::new(Some(old.clone()), EPOCH), Resume { from: old.clone(), reset: false });
    assert_eq!(Resume::new(Some(old), epoch), Resume { from: Cursor::start(epoch), reset: true });
    assert_eq!(Resume::new(None, epoch), Resume { from: Cursor::start(epoch), reset: false });
}

#[test]
fn a_position_covers_what_lies_behind_it() {
    assert!(cursor(&[(1, 10), (2, 1)]).covers(&cursor(&[(1, 10)])));
    assert!(!cursor(&[(1, 10)]).covers(&cursor(&[(1, 10), (2, 1)])));
    assert!(!cursor(&[(1, 10)]).covers(&Cursor::start(Uuid::nil())));
}
