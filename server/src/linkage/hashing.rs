//! One fast, fixed hash: the same in every run and on every machine, because keys and snapshots depend on it.

use std::hash::{BuildHasherDefault, Hasher};

/// A hash map with the fixed hash.
pub(super) type Map<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Mix>>;

/// A multiplicative hasher in the manner of Fx, with a final avalanche.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mix(u64);

const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

impl Mix {
    fn take(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(ODD);
    }
}

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        let (words, tail) = bytes.as_chunks::<8>();
        for word in words {
            self.take(u64::from_le_bytes(*word));
        }
        let mut last = [0u8; 8];
        for (to, from) in last.iter_mut().zip(tail) {
            *to = *from;
        }
        self.take(u64::from_le_bytes(last));
    }

    fn write_u8(&mut self, n: u8) {
        self.take(u64::from(n));
    }

    fn write_u32(&mut self, n: u32) {
        self.take(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        self.take(n);
    }

    fn finish(&self) -> u64 {
        avalanche(self.0)
    }
}

/// Spreads every bit over all bits (the finaliser of `SplitMix64`).
pub(super) const fn avalanche(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Hashes a few numbers in order.
pub(super) fn hash_of(parts: &[u64]) -> u64 {
    let mut mix = Mix::default();
    for &part in parts {
        mix.take(part);
    }
    mix.finish()
}

/// Hashes a text.
pub(super) fn hash_text(text: &str) -> u64 {
    let mut mix = Mix::default();
    mix.write(text.as_bytes());
    mix.finish()
}
