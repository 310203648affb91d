//! A defect of this program met with one submission must not stop what comes after it.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use crate::db::{DbError, Result};

/// Does this work; when it panics, that is a failure like others. What it held in memory is to be made anew.
pub(super) async fn guarded<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    match AssertUnwindSafe(Box::pin(work)).catch_unwind().await {
        Ok(done) => done,
        Err(_) => Err(DbError::Defect),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_failure_that_is_not_tried_again() {
        let one: Result<i64> = guarded(async { Ok(i64::from(u8::MAX)) }).await;
        let nothing: Vec<i64> = Vec::new();
        let none = guarded(async { Ok(*nothing.get(3).expect("there is none")) }).await;

        assert!(one.is_ok());
        assert!(matches!(&none, Err(failure @ DbError::Defect) if !failure.is_transient()));
    }
}
