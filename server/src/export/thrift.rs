//! The compact protocol of Apache Thrift, as far as Parquet needs it.
//!
//! Source: "Thrift compact protocol encoding" of the Thrift project.

/// A structure that is being written.
#[derive(Debug, Default)]
pub(super) struct Thrift {
    bytes: Vec<u8>,
    /// The last field of each structure that is open.
    last: Vec<u8>,
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

impl Thrift {
    /// Begins the outermost structure.
    pub(super) fn new() -> Self {
        Self { bytes: Vec::new(), last: vec![0] }
    }

    /// Ends it.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }

    fn field(&mut self, id: u8, kind: u8) {
        let step = self.last.last_mut().map_or(1, |last| {
            let step = id - *last;
            *last = id;
            step
        });
        // Fields are few and in order: the short form always does.
        self.bytes.push(step << 4 | kind);
    }

    pub(super) fn i32(&mut self, id: u8, value: i32) {
        self.field(id, I32);
        self.varint(zigzag(i64::from(value)));
    }

    pub(super) fn i64(&mut self, id: u8, value: i64) {
        self.field(id, I64);
        self.varint(zigzag(value));
    }

    pub(super) fn bool(&mut self, id: u8, value: bool) {
        self.field(id, if value { TRUE } else { FALSE });
    }

    pub(super) fn text(&mut self, id: u8, text: &str) {
        self.field(id, BINARY);
        self.raw(text);
    }

    /// A structure in this one.
    pub(super) fn inner(&mut self, id: u8, write: impl FnOnce(&mut Self)) {
        self.field(id, STRUCT);
        self.element(write);
    }

    /// A list of structures; each is written by [`Thrift::element`].
    pub(super) fn structs(&mut self, id: u8, count: usize) {
        self.list(id, count, STRUCT);
    }

    /// One structure of a list.
    pub(super) fn element(&mut self, write: impl FnOnce(&mut Self)) {
        self.last.push(0);
        write(self);
        self.bytes.push(0);
        self.last.pop();
    }

    pub(super) fn i32s(&mut self, id: u8, all: &[i32]) {
        self.list(id, all.len(), I32);
        for value in all {
            self.varint(zigzag(i64::from(*value)));
        }
    }

    pub(super) fn texts(&mut self, id: u8, all: &[&str]) {
        self.list(id, all.len(), BINARY);
        for text in all {
            self.raw(text);
        }
    }

    fn list(&mut self, id: u8, count: usize, kind: u8) {
        self.field(id, LIST);
        if let Ok(few @ 0..15) = u8::try_from(count) {
            self.bytes.push(few << 4 | kind);
        } else {
            self.bytes.push(0xf0 | kind);
            self.varint(super::cell::long(count));
        }
    }

    fn raw(&mut self, text: &str) {
        self.varint(super::cell::long(text.len()));
        self.bytes.extend(text.as_bytes());
    }

    fn varint(&mut self, value: u64) {
        push_varint(&mut self.bytes, value);
    }
}

/// Seven bits a byte, the lowest first.
pub(super) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}

fn zigzag(value: i64) -> u64 {
    (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned()
}
