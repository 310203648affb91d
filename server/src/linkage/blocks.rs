//! Candidate pairs of a whole set: all registrations that share a key, in time and memory linear in their number.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use super::{
    batch::LargeBlock,
    keys::{self, CARD_KEY, KEYS, Keys, REFINEMENTS, Refinement},
    records::{RecordNo, Records},
    sketch::{Glance, Sketch},
};

/// A block larger than this is split by a further field before anybody is compared.
pub(super) const LARGEST_BLOCK: usize = 32;
/// A block that no field can split: each is compared with so many that follow.
pub(super) const WINDOW: usize = 24;
/// Segments a thread takes at once.
const CHUNK: usize = 16_384;

/// Two registrations that share a key and are worth comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The earlier registration.
    pub(super) a: RecordNo,
    /// The later one.
    pub(super) b: RecordNo,
    /// Position of the first key they share.
    pub(super) key: u8,
}

/// All candidate pairs of a set, once each unless a block had to be split: then a pair may come again by another key.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// The candidates in the parts in which they were found, in no particular order: a second copy in one piece would
    /// be the most memory that is ever used.
    pub(super) parts: Vec<Vec<Candidate>>,
    /// The blocks that were split, largest first.
    pub(super) large: Vec<LargeBlock>,
}

/// Neighbours in a sorted key column that are compared.
#[derive(Clone, Copy, Debug)]
struct Segment {
    start: u32,
    length: u32,
}

/// One key column, sorted, cut into segments.
#[derive(Debug, Default)]
struct Column {
    /// Record numbers, members of a segment next to each other.
    order: Vec<u32>,
    segments: Vec<Segment>,
    /// Records whose block was split: for them sharing this key does not mean having been compared by it.
    split: Vec<u32>,
    /// Sizes of the blocks that were split.
    large: Vec<u32>,
}

impl Blocks {
    /// Finds the candidates of all records; `done` is told after each of the `KEYS` keys.
    pub(super) fn build(records: &Records, threads: usize, done: &(dyn Fn() + Sync)) -> Self {
        let glance = Glance::at(records.len());
        let (keys, sketches) = all_keys(records, glance, threads);
        let columns = columns(records, &keys, threads, done);
        let mut split = vec![0u16; records.len()];
        for (kind, column) in columns.iter().enumerate() {
            for &record in &column.split {
                if let Some(bits) = split.get_mut(RecordNo(record).index()) {
                    *bits |= 1 << kind;
                }
            }
        }
        let mut large: Vec<LargeBlock> = columns
            .iter()
            .enumerate()
            .filter_map(|(position, column)| Some((keys::kind_of(position, glance)?, column)))
            .flat_map(|(key, c)| c.large.iter().map(move |&records| LargeBlock { key, records }))
            .collect();
        large.sort_by_key(|b| std::cmp::Reverse(b.records));
        let meeting = Meeting { glance, keys, sketches, split };
        Self { parts: meeting.candidates(&columns, threads), large }
    }

    /// How many candidates there are.
    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(Vec::len).sum()
    }
}

/// Runs `work(i)` for every `i` below `count` on `threads` threads; results in order of `i`.
pub(super) fn in_parallel<T: Send>(
    count: usize,
    threads: usize,
    work: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    in_parallel_with(count, threads, || (), |(), task| work(task))
}

/// The same, where each thread makes something once that all its tasks use.
pub(super) fn in_parallel_with<S, T: Send>(
    count: usize,
    threads: usize,
    make: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, count.max(1)) {
            scope.spawn(|| {
                let mut own = make();
                loop {
                    let task = next.fetch_add(1, Ordering::Relaxed);
                    if task >= count {
                        return;
                    }
                    let result = work(&mut own, task);
                    results
                        .lock()
                        .expect("no thread panics while it holds the lock")
                        .push((task, result));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("all threads have ended");
    results.sort_unstable_by_key(|(task, _)| *task);
    results.into_iter().map(|(_, result)| result).collect()
}

fn all_keys(records: &Records, glance: Glance, threads: usize) -> (Vec<Keys>, Vec<Sketch>) {
    let mut keys = vec![[0; KEYS]; records.len()];
    let mut sketches = vec![Sketch::default(); records.len()];
    let part = records.len().div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        let parts = keys.chunks_mut(part).zip(sketches.chunks_mut(part));
        for (rows, (keys, sketches)) in records.rows.chunks(part).zip(parts) {
            scope.spawn(move || {
                for (row, (keys, sketch)) in rows.iter().zip(keys.iter_mut().zip(sketches)) {
                    if !row.removed {
                        *keys = keys::keys_of(&records.words, row, glance);
                        *sketch = Sketch::of(&records.words, row);
                    }
                }
            });
        }
    });
    (keys, sketches)
}

fn columns(
    records: &Records,
    keys: &[Keys],
    threads: usize,
    done: &(dyn Fn() + Sync),
) -> Vec<Column> {
    in_parallel(KEYS, threads, |kind| {
        let column = column(records, keys, kind);
        done();
        column
    })
}

fn column(records: &Records, keys: &[Keys], kind: usize) -> Column {
    let mut entries: Vec<u64> = keys
        .iter()
        .zip(0u32..)
        .filter_map(|(keys, record)| {
            let key = *keys.get(kind)?;
            (key != 0).then_some((u64::from(key) << 32) | u64::from(record))
        })
        .collect();
    entries.sort_unstable();
    let mut column = Column::default();
    let fields = REFINEMENTS.get(kind).map_or(&[][..], |fields| &fields[..]);
    for run in entries.chunk_by(|x, y| x >> 32 == y >> 32).filter(|run| run.len() > 1) {
        let mut members: Vec<u32> =
            run.iter().map(|e| u32::try_from(e & 0xFFFF_FFFF).expect("masked")).collect();
        if members.len() <= LARGEST_BLOCK {
            column.add(&members);
        } else {
            column.large.push(u32::try_from(members.len()).expect("no more than records"));
            column.split.extend(&members);
            refine(records, &mut column, &mut members, fields);
        }
    }
    column
}

impl Column {
    fn add(&mut self, members: &[u32]) {
        let start = u32::try_from(self.order.len()).expect("no more than records");
        let length = u32::try_from(members.len()).expect("no more than records");
        self.order.extend(members);
        self.segments.push(Segment { start, length });
    }
}

/// Splits a large block by one further field after the other; what cannot be split is compared in a window.
fn refine(records: &Records, column: &mut Column, members: &mut [u32], fields: &[Refinement]) {
    let small = members.len() <= LARGEST_BLOCK;
    let (Some((&field, rest)), false) = (fields.split_first(), small) else {
        if members.len() > 1 {
            column.add(members);
        }
        return;
    };
    let value = |record: u32| {
        let row = records.rows.get(RecordNo(record).index());
        row.map_or(0, |row| keys::refinement(&records.words, row, field))
    };
    members.sort_by_cached_key(|&record| (value(record), record));
    for part in members.chunk_by_mut(|&x, &y| value(x) == value(y)) {
        refine(records, column, part, rest);
    }
}

/// What decides whether two members of a segment become a candidate.
struct Meeting {
    glance: Glance,
    keys: Vec<Keys>,
    sketches: Vec<Sketch>,
    /// By record, the keys (bits) whose block was split.
    split: Vec<u16>,
}

impl Meeting {
    fn candidates(&self, columns: &[Column], threads: usize) -> Vec<Vec<Candidate>> {
        let tasks: Vec<(u8, &Column, &[Segment])> = columns
            .iter()
            .zip(0u8..)
            .flat_map(|(column, kind)| {
                column.segments.chunks(CHUNK).map(move |s| (kind, column, s))
            })
            .collect();
        in_parallel(tasks.len(), threads, |task| {
            let mut found = Vec::new();
            if let Some(&(kind, column, segments)) = tasks.get(task) {
                for segment in segments {
                    self.meet(kind, column, *segment, &mut found);
                }
            }
            found.shrink_to_fit();
            found
        })
    }

    fn meet(&self, key: u8, column: &Column, segment: Segment, found: &mut Vec<Candidate>) {
        let start = usize::try_from(segment.start).expect("usize is at least 32 bits wide");
        let length = usize::try_from(segment.length).expect("usize is at least 32 bits wide");
        let Some(members) = column.order.get(start..start + length) else { return };
        let reach = if length > LARGEST_BLOCK { WINDOW } else { length };
        let sketches: Vec<(u32, Sketch)> = members
            .iter()
            .map(|&m| (m, self.sketches.get(RecordNo(m).index()).copied().unwrap_or_default()))
            .collect();
        for (i, (a, x)) in sketches.iter().enumerate() {
            for (b, y) in sketches.iter().skip(i + 1).take(reach) {
                if usize::from(key) == CARD_KEY || x.may_match(y, self.glance) {
                    let (a, b) = (RecordNo(*a.min(b)), RecordNo(*a.max(b)));
                    if !self.met_before(a, b, key) {
                        found.push(Candidate { a, b, key });
                    }
                }
            }
        }
    }

    /// Whether an earlier key has brought the two together already.
    fn met_before(&self, a: RecordNo, b: RecordNo, key: u8) -> bool {
        let (Some(x), Some(y)) = (self.keys.get(a.index()), self.keys.get(b.index())) else {
            return true;
        };
        let mut shared = 0u16;
        for (bit, (p, q)) in x.iter().zip(y).enumerate() {
            shared |= u16::from(p == q && *p != 0) << bit;
        }
        let split = self.split.get(a.index()).copied().unwrap_or(0);
        shared & !split & ((1 << key) - 1) != 0
    }
}
