//! Days of counts: when one is over, what changed on it is set down for good.
//!
//! The difference between the cells and what closed days hold of them belongs to the open day. It is
//! closed before anything of a later day is applied, or when somebody asks for a day that is over. A
//! closed day never changes: what comes later, whatever it is about, belongs to a later day.
//!
//! Two kinds of days stand in `apply_state`, and differ on purpose. `day` and `first_day` are of the register's rows
//! (`entity.day`, `entity_past`): a function of the journal, so a rebuild makes them again. `open_day` and `known_from` are
//! of the counts: what they said of a day was told to readers, so a rebuild keeps it, as it keeps what was published.

use crate::{
    db::{Db, Result, Tx},
    runtime::Micros,
};

use super::turn;

/// What the days are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The day is closed: its counts will never change.
    Yes,
    /// Submissions of that day are still to be applied.
    NotYet,
    /// The register is older than its days: they are known from this one on.
    Before(i64),
}

/// The days, as `apply_state` has them.
struct Days {
    seq: i64,
    open: Option<i64>,
    known_from: i64,
}

impl Days {
    async fn read(tx: &mut Tx) -> Result<Self> {
        let row = tx
            .query("SELECT seq, open_day, known_from FROM apply_state WHERE id = 1")
            .fetch_one()
            .await?;
        Ok(Self { seq: row.get(0)?, open: row.get(1)?, known_from: row.get(2)? })
    }
}

/// Makes `day` the open one, if it is later. Whoever changes cells calls it first, with the lock of
/// `apply_state` held.
pub(super) async fn turn_to(tx: &mut Tx, day: i64) -> Result<()> {
    match Days::read(tx).await?.open {
        Some(open) if day > open => {
            close(tx, open).await?;
            if month(open) != month(day) {
                keep_month(tx, open).await?;
            }
            set_open(tx, day).await
        }
        Some(_) => Ok(()),
        None => set_open(tx, day).await,
    }
}

/// Begins to keep the days of a register that is older than they are: what it holds came by the day of
/// its last event, `seq`.
pub(super) async fn begin(tx: &mut Tx, seq: i64) -> Result<()> {
    let last = tx
        .query("SELECT received_at FROM journal WHERE seq = $1")
        .bind(seq)
        .fetch_optional()
        .await?;
    if let Some(last) = last {
        tx.query(
            "UPDATE apply_state SET open_day = $1, known_from = $1 WHERE id = 1 AND open_day IS NULL",
        )
        .bind(Micros(last.get(0)?).day())
        .execute()
        .await?;
    }
    Ok(())
}

async fn set_open(tx: &mut Tx, day: i64) -> Result<()> {
    tx.query("UPDATE apply_state SET open_day = $1 WHERE id = 1").bind(day).execute().await?;
    Ok(())
}

async fn close(tx: &mut Tx, day: i64) -> Result<()> {
    tx.query(
        "INSERT INTO count_day (zone_id, dataset, cube, day, region_2012, cercle_2012, commune_2012, \
         region_2023, cercle_2023, commune_2023, district, sex, age_group, status, nationality, \
         role_group, coop_member, protection, site, cooperative, month, form, review, n) \
         SELECT zone_id, dataset, cube, CAST($1 AS bigint), region_2012, cercle_2012, commune_2012, \
         region_2023, cercle_2023, commune_2023, district, sex, age_group, status, nationality, \
         role_group, coop_member, protection, site, cooperative, month, form, review, n - closed \
         FROM count_cell WHERE n <> closed",
    )
    .bind(day)
    .execute()
    .await?;
    tx.query("UPDATE count_cell SET closed = n WHERE n <> closed").execute().await?;
    Ok(())
}

/// The month of a day.
fn month(day: i64) -> (i16, i8) {
    let date = Micros(day * 86_400_000_000).date();
    (date.year(), date.month())
}

/// Sets down the cells as they are at the end of the last open day of a month: what a later day is summed from.
async fn keep_month(tx: &mut Tx, day: i64) -> Result<()> {
    tx.query(
        "INSERT INTO count_month (zone_id, dataset, cube, day, region_2012, cercle_2012, commune_2012, \
         region_2023, cercle_2023, commune_2023, district, sex, age_group, status, nationality, \
         role_group, coop_member, protection, site, cooperative, month, form, review, n) \
         SELECT zone_id, dataset, cube, CAST($1 AS bigint), region_2012, cercle_2012, commune_2012, \
         region_2023, cercle_2023, commune_2023, district, sex, age_group, status, nationality, \
         role_group, coop_member, protection, site, cooperative, month, form, review, closed \
         FROM count_cell WHERE closed <> 0",
    )
    .bind(day)
    .execute()
    .await?;
    Ok(())
}

/// Closes every day up to this one, which must be over.
pub async fn close_through(db: &Db, day: i64) -> Result<Closed> {
    let days = Days::read(&mut db.read().await?).await?;
    if days.open.is_some_and(|open| open > day) {
        return Ok(known(&days, day));
    }
    let mut tx = db.write().await?;
    turn::take(&mut tx, day + 1).await?;
    let seq = Days::read(&mut tx).await?.seq;
    let next = tx
        .query("SELECT received_at FROM journal WHERE seq > $1 ORDER BY seq LIMIT 1")
        .bind(seq)
        .fetch_optional()
        .await?;
    if let Some(next) = next
        && Micros(next.get(0)?).day() <= day
    {
        return Ok(Closed::NotYet);
    }
    turn_to(&mut tx, day + 1).await?;
    let days = Days::read(&mut tx).await?;
    tx.commit().await?;
    Ok(known(&days, day))
}

const fn known(days: &Days, day: i64) -> Closed {
    if day < days.known_from { Closed::Before(days.known_from) } else { Closed::Yes }
}
