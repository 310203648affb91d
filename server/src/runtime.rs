//! Time and randomness, injected: the one place that may ask the machine for either.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use uuid::{Builder, Uuid};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

impl Micros {
    /// RFC 3339 text in UTC, to the microsecond.
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_microsecond(self.0)
            .map_or_else(|_| String::from("1970-01-01T00:00:00Z"), |t| t.to_string())
    }

    /// The calendar day in Mali, which keeps UTC all year.
    pub fn date(self) -> jiff::civil::Date {
        jiff::Timestamp::from_microsecond(self.0)
            .map_or(jiff::civil::Date::ZERO, |t| t.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// The number of that day, counted from 1970-01-01.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(86_400_000_000)
    }

    /// The instant as the calendar library has it; what it cannot hold is 1970.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// Milliseconds since the epoch, never negative.
    pub fn millis(self) -> u64 {
        u64::try_from(self.0 / 1_000).unwrap_or(0)
    }

    /// This instant moved forward by whole seconds.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Micros;
}

/// Where random bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills the slice.
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's clock and the operating system's randomness, or their fixed stand-ins in tests.
#[derive(Clone)]
pub struct Runtime {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Runtime {
    /// The real ones.
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
    }

    /// A clock that stands still at `at` and a deterministic byte stream, for tests.
    pub fn fixed(at: Micros, seed: u64) -> Self {
        Self {
            clock: Arc::new(FixedClock(at)),
            entropy: Arc::new(SeededEntropy(AtomicU64::new(seed))),
        }
    }

    /// The present instant.
    pub fn now(&self) -> Micros {
        self.clock.now()
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A time-ordered (version 7) id, so that new rows land side by side in an index.
    pub fn id(&self) -> Uuid {
        Builder::from_unix_timestamp_millis(self.now().millis(), &self.bytes()).into_uuid()
    }

    /// A version 4 id, for what leaves the house and must not tell when it was made.
    pub fn random_id(&self) -> Uuid {
        Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// A random secret for a person or device to carry, `bytes` of entropy in URL-safe text.
    pub fn token(&self) -> String {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        URL_SAFE_NO_PAD.encode(self.bytes::<48>())
    }
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Micros {
        Micros(jiff::Timestamp::now().as_microsecond())
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes)
            .expect("the operating system has no randomness: nothing can be sealed");
    }
}

struct FixedClock(Micros);

impl Clock for FixedClock {
    fn now(&self) -> Micros {
        self.0
    }
}

/// `splitmix64`: good enough for tests, never for secrets.
struct SeededEntropy(AtomicU64);

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self
                .0
                .fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed)
                .wrapping_add(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            for (to, from) in chunk.iter_mut().zip(z.to_le_bytes()) {
                *to = from;
            }
        }
    }
}
