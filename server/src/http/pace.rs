//! Limits on how slowly a body may come and how much of all bodies may be in memory at once.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt as _};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

/// Longest silence of a sender.
const SILENCE: Duration = Duration::from_mins(1);
/// What any body may take, whatever its size.
const START: Duration = Duration::from_mins(1);
/// Bytes a second below which nobody really sends: 2G gives ten times that.
const FLOOR: u64 = 200;

/// How long a body has been coming.
pub(crate) struct Pace(Instant);

/// The sender is silent, or drips.
#[derive(Debug)]
pub(crate) struct TooSlow;

impl Pace {
    /// From now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The next chunk of a body of which `total` bytes have come.
    pub(crate) async fn next<S: Stream + Unpin>(
        &self,
        data: &mut S,
        total: usize,
    ) -> Result<Option<S::Item>, TooSlow> {
        let earned = Duration::from_secs(u64::try_from(total).unwrap_or(u64::MAX) / FLOOR);
        let deadline = (self.0 + START + earned).min(Instant::now() + SILENCE);
        timeout_at(deadline, data.next()).await.map_err(|_| TooSlow)
    }
}

/// One permit of the budget, in bytes.
const UNIT: usize = 64 * 1024;
/// All large bodies in memory together: 96 MiB.
const UNITS: usize = 96 * 16;
/// A body up to this size needs no permit.
const FREE: usize = 256 * 1024;

/// The memory that large bodies share.
#[derive(Clone)]
pub(crate) struct Budget(Arc<Semaphore>);

/// The share of one body; given back when dropped.
#[derive(Default)]
pub(crate) struct Share {
    permit: Option<OwnedSemaphorePermit>,
    units: usize,
}

/// The budget is used up: the sender should come back.
#[derive(Debug)]
pub(crate) struct NoMemory;

impl Budget {
    /// The whole budget.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(UNITS)))
    }

    /// Lets a body grow to `bytes`, if there is room now.
    pub(crate) fn grow(&self, share: &mut Share, bytes: usize) -> Result<(), NoMemory> {
        let units = bytes.saturating_sub(FREE).div_ceil(UNIT);
        let more = units.saturating_sub(share.units);
        if more == 0 {
            return Ok(());
        }
        let count = u32::try_from(more).map_err(|_| NoMemory)?;
        let fresh = Arc::clone(&self.0).try_acquire_many_owned(count).map_err(|_| NoMemory)?;
        match &mut share.permit {
            Some(permit) => permit.merge(fresh),
            None => share.permit = Some(fresh),
        }
        share.units = units;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_bodies_share_what_there_is_and_give_it_back() {
        let budget = Budget::new();
        let mut shares: Vec<Share> = (0..6).map(|_| Share::default()).collect();
        for share in &mut shares {
            budget.grow(share, 16 * 1024 * 1024).unwrap();
        }
        assert!(budget.grow(&mut Share::default(), 16 * 1024 * 1024).is_err());
        assert!(budget.grow(&mut Share::default(), FREE).is_ok(), "small ones always pass");
        shares.pop();
        assert!(budget.grow(&mut Share::default(), 16 * 1024 * 1024).is_ok());
    }
}
