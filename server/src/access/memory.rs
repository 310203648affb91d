//! Short, bounded memories of the front doors: who guesses, and which proofs were used.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use crate::runtime::Micros;

/// Entries beyond which the oldest are dropped: a flood of made-up logins must not fill memory.
const ENTRIES_MAX: usize = 20_000;

/// Things remembered for a while, by a hash of what they are.
pub(super) struct Memory<T> {
    seconds: i64,
    entries: Mutex<HashMap<[u8; 32], (Micros, T)>>,
}

impl<T: Clone> Memory<T> {
    /// Remembers each thing for this long.
    pub(super) fn new(seconds: i64) -> Self {
        Self { seconds, entries: Mutex::default() }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<[u8; 32], (Micros, T)>> {
        self.entries.lock().expect("no holder of this lock can panic")
    }

    /// What is remembered of this, unless it is too long ago.
    pub(super) fn recall(&self, of: &[u8; 32], now: Micros) -> Option<T> {
        let entries = self.entries();
        entries.get(of).filter(|(until, _)| *until > now).map(|(_, what)| what.clone())
    }

    /// Remembers this from now on; gives back what was remembered of it. One step, so that two
    /// requests at the same moment cannot both be the first.
    pub(super) fn keep(&self, of: [u8; 32], what: T, now: Micros) -> Option<T> {
        let mut entries = self.entries();
        if entries.len() >= ENTRIES_MAX && !entries.contains_key(&of) {
            entries.retain(|_, (until, _)| *until > now);
        }
        if entries.len() >= ENTRIES_MAX
            && let Some(oldest) =
                entries.iter().min_by_key(|(_, (until, _))| *until).map(|(k, _)| *k)
        {
            entries.remove(&oldest);
        }
        let former = entries.insert(of, (now.plus_seconds(self.seconds), what));
        former.filter(|(until, _)| *until > now).map(|(_, what)| what)
    }

    /// Forgets this.
    pub(super) fn forget(&self, of: &[u8; 32]) {
        self.entries().remove(of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(1_700_000_000_000_000);

    fn key(n: usize) -> [u8; 32] {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&n.to_le_bytes());
        key
    }

    #[test]
    fn what_is_kept_is_recalled_until_its_time() {
        let memory = Memory::new(60);
        assert_eq!(memory.keep(key(1), 'a', NOW), None);
        assert_eq!(memory.keep(key(1), 'b', NOW), Some('a'));
        assert_eq!(memory.recall(&key(1), NOW.plus_seconds(59)), Some('b'));
        assert_eq!(memory.recall(&key(1), NOW.plus_seconds(60)), None);
        assert_eq!(memory.keep(key(1), 'c', NOW.plus_seconds(61)), None);
    }

    #[test]
    fn a_flood_does_not_fill_memory_and_drops_the_oldest() {
        let memory = Memory::new(60);
        for n in 0..ENTRIES_MAX + 10 {
            memory.keep(key(n), (), Micros(NOW.0 + i64::try_from(n).unwrap()));
        }
        assert_eq!(memory.entries().len(), ENTRIES_MAX);
        assert_eq!(memory.recall(&key(0), NOW), None);
        assert_eq!(memory.recall(&key(ENTRIES_MAX + 9), NOW), Some(()));
    }
}
