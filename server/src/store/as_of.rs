//! Reading the register as it was at the end of a day: rows that still say what they said then, and copies of
//! those that do not (`apply/past.rs`).

use crate::{
    db::{Query, Result, Tx},
    runtime::Micros,
};

/// Which register is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AsOf {
    /// As it is.
    Now,
    /// As it was at the end of this day, counted from 1970-01-01 in UTC.
    Day(i64),
}

/// One of the tables that hold the rows of a register: their aliases are `e`.
#[derive(Clone, Copy)]
pub(super) enum Arm {
    Now,
    Standing(i64),
    Past(i64),
}

impl AsOf {
    /// The tables to read; no entity has a row in both.
    pub(super) fn arms(self) -> Vec<Arm> {
        match self {
            Self::Now => vec![Arm::Now],
            Self::Day(day) => vec![Arm::Standing(day), Arm::Past(day)],
        }
    }

    /// A text that tells registers apart, for change tokens.
    pub fn token(self) -> String {
        match self {
            Self::Now => String::new(),
            Self::Day(day) => day.to_string(),
        }
    }
}

impl Arm {
    /// Appends ` FROM … WHERE …`; more conditions begin with ` AND `.
    pub(super) fn from(self, query: Query<'_>) -> Query<'_> {
        match self {
            Self::Now => query.push(" FROM entity e WHERE e.day >= 0"),
            Self::Standing(day) => query.push(" FROM entity e WHERE e.day <= ").push_bind(day),
            Self::Past(day) => query
                .push(" FROM entity_past e WHERE e.since_day <= ")
                .push_bind(day)
                .push(" AND e.until_day > ")
                .push_bind(day),
        }
    }
}

/// The first day of which the register knows what it said: those before a program that kept it are not known.
pub async fn first_day(tx: &mut Tx) -> Result<i64> {
    tx.query("SELECT first_day FROM apply_state WHERE id = 1").fetch_one().await?.get(0)
}

/// Whether everything received before this instant is in the register.
pub async fn has_all_before(tx: &mut Tx, end: Micros) -> Result<bool> {
    let waits = tx
        .query(
            "SELECT seq FROM journal WHERE seq > (SELECT seq FROM apply_state WHERE id = 1) \
             AND received_at < $1 ORDER BY seq LIMIT 1",
        )
        .bind(end)
        .fetch_optional()
        .await?;
    Ok(waits.is_none())
}
