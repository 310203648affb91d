//! Cuts a list into records on a thread of its own, while the engine takes in those before.

use std::{
    io::Read,
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::Scope,
};

use super::rows::{Row, RowError, Rows};

/// Records that are handed over at once.
const BATCH: usize = 512;
/// Batches that wait at most.
const AHEAD: usize = 8;

/// A batch of records, and how it ended: whether more follow, or why none can.
#[derive(Debug)]
struct Batch {
    rows: Vec<Row>,
    /// How many of `rows` were filled; the others are only memory to be used again.
    filled: usize,
    end: Result<bool, RowError>,
}

/// Records that come from another thread.
#[derive(Debug)]
pub(super) struct RowsAhead {
    batches: Receiver<Batch>,
    used: Sender<Vec<Row>>,
}

impl RowsAhead {
    /// Starts to read.
    pub(super) fn start<'scope, R: Read + Send + 'scope>(
        scope: &'scope Scope<'scope, '_>,
        rows: Rows<R>,
    ) -> Self {
        let (sender, batches) = sync_channel(AHEAD);
        let (used, emptied) = channel();
        scope.spawn(move || cut(rows, &sender, &emptied));
        Self { batches, used }
    }

    /// Gives every record to `each`, in order, until there is none, or `each` or the file fails.
    pub(super) fn for_each<E: From<RowError>>(
        self,
        mut each: impl FnMut(&Row) -> Result<(), E>,
    ) -> Result<(), E> {
        for batch in self.batches {
            batch.rows.iter().take(batch.filled).try_for_each(&mut each)?;
            if !batch.end? {
                break;
            }
            // The other thread may have ended already; then nobody needs the memory.
            let _ended = self.used.send(batch.rows);
        }
        Ok(())
    }
}

fn cut(mut rows: Rows<impl Read>, sender: &SyncSender<Batch>, emptied: &Receiver<Vec<Row>>) {
    loop {
        let memory = emptied.try_recv().unwrap_or_else(|_| vec![Row::default(); BATCH]);
        let mut batch = Batch { rows: memory, filled: 0, end: Ok(true) };
        for row in &mut batch.rows {
            batch.end = rows.next(row);
            if !matches!(batch.end, Ok(true)) {
                break;
            }
            batch.filled += 1;
        }
        let ends = !matches!(batch.end, Ok(true));
        if sender.send(batch).is_err() || ends {
            return;
        }
    }
}
