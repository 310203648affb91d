//! `FlatBuffers`, written forwards: a table, then what it points at.
//!
//! Source: flatbuffers.dev, "Internals". Positions are counted from the size prefix, as the
//! reference implementation aligns them.

use super::cell::short;

/// A size-prefixed buffer that is being written.
#[derive(Debug, Default)]
pub(super) struct Flat {
    bytes: Vec<u8>,
}

/// A table that was begun: where it starts and where each of its fields lies (0 = left out).
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<const N: usize> {
    start: usize,
    fields: [usize; N],
}

impl Flat {
    /// Begins anew, with room for the size and for the place of the root.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.extend([0; 8]);
    }

    /// Bytes written.
    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Ends the buffer: its root, its size. Padded to whole words of eight bytes, so that buffers that
    /// follow each other keep their alignment.
    pub(super) fn finish<const N: usize>(&mut self, root: &Table<N>) -> &[u8] {
        self.align(8, 0);
        self.set(4, &short(root.start.saturating_sub(4)).to_le_bytes());
        let size = short(self.bytes.len().saturating_sub(4));
        self.set(0, &size.to_le_bytes());
        &self.bytes
    }

    /// Begins a table whose fields take so many bytes each; 0 leaves a field out.
    pub(super) fn table<const N: usize>(&mut self, sizes: [usize; N]) -> Table<N> {
        self.align(2, 0);
        let virtual_table = self.bytes.len();
        self.bytes.resize(virtual_table + 4 + 2 * N, 0);
        self.align(4, 0);
        let start = self.bytes.len();
        self.bytes.extend(short(start - virtual_table).to_le_bytes());
        let mut fields = [0; N];
        for ((size, field), i) in sizes.iter().zip(&mut fields).zip(0..) {
            if *size > 0 {
                self.align(*size, 0);
                *field = self.bytes.len();
                self.bytes.resize(*field + size, 0);
                self.set(virtual_table + 4 + 2 * i, &tiny(*field - start));
            }
        }
        let size = self.bytes.len() - start;
        self.set(virtual_table, &tiny(4 + 2 * N));
        self.set(virtual_table + 2, &tiny(size));
        Table { start, fields }
    }

    /// Sets a number of a table.
    pub(super) fn number<const N: usize>(&mut self, table: &Table<N>, field: usize, bytes: &[u8]) {
        if let Some(at) = table.fields.get(field).copied().filter(|at| *at > 0) {
            self.set(at, bytes);
        }
    }

    /// Lets a field point at a table.
    pub(super) fn point<const N: usize, const M: usize>(
        &mut self,
        table: &Table<N>,
        field: usize,
        to: &Table<M>,
    ) {
        let from = table.fields.get(field).copied().unwrap_or_default();
        self.refer(from, to.start);
    }

    /// Writes bytes and lets a field point at them.
    pub(super) fn bytes<const N: usize>(&mut self, table: &Table<N>, field: usize, bytes: &[u8]) {
        let count = bytes.len();
        self.vector(table, field, 4, count);
        self.bytes.extend(bytes);
    }

    /// Writes text, which ends with a zero, and lets a field point at it.
    pub(super) fn text<const N: usize>(&mut self, table: &Table<N>, field: usize, text: &str) {
        self.bytes(table, field, text.as_bytes());
        self.bytes.push(0);
    }

    /// Writes numbers and lets a field point at them.
    pub(super) fn floats<const N: usize>(
        &mut self,
        table: &Table<N>,
        field: usize,
        floats: impl ExactSizeIterator<Item = f64>,
    ) {
        self.vector(table, field, 8, floats.len());
        for float in floats {
            self.bytes.extend(float.to_le_bytes());
        }
    }

    /// Writes whole numbers and lets a field point at them.
    pub(super) fn wholes<const N: usize>(&mut self, table: &Table<N>, field: usize, all: &[u32]) {
        self.vector(table, field, 4, all.len());
        for whole in all {
            self.bytes.extend(whole.to_le_bytes());
        }
    }

    /// Makes room for so many places of tables and lets a field point at them; answers where they are.
    pub(super) fn places<const N: usize>(
        &mut self,
        table: &Table<N>,
        field: usize,
        count: usize,
    ) -> Vec<usize> {
        self.vector(table, field, 4, count);
        let start = self.bytes.len();
        self.bytes.resize(start + count * 4, 0);
        (0..count).map(|i| start + i * 4).collect()
    }

    /// Fills one of these places.
    pub(super) fn place<const N: usize>(&mut self, place: usize, table: &Table<N>) {
        self.refer(place, table.start);
    }

    /// The head of a vector whose elements are aligned so.
    fn vector<const N: usize>(
        &mut self,
        table: &Table<N>,
        field: usize,
        align: usize,
        count: usize,
    ) {
        self.align(align.max(4), 4);
        let from = table.fields.get(field).copied().unwrap_or_default();
        self.refer(from, self.bytes.len());
        self.bytes.extend(short(count).to_le_bytes());
    }

    fn refer(&mut self, from: usize, to: usize) {
        if from > 0 {
            self.set(from, &short(to - from).to_le_bytes());
        }
    }

    /// Pads until what comes `ahead` bytes later lies on a multiple of `to`.
    fn align(&mut self, to: usize, ahead: usize) {
        let end = (self.bytes.len() + ahead).next_multiple_of(to) - ahead;
        self.bytes.resize(end, 0);
    }

    fn set(&mut self, at: usize, bytes: &[u8]) {
        if let Some(slot) = self.bytes.get_mut(at..at + bytes.len()) {
            slot.copy_from_slice(bytes);
        }
    }
}

fn tiny(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes()
}
