//! All cells of a cube of a dataset, as they are or as they were at the end of a day that is closed.

use futures_util::StreamExt as _;

use super::cells::column;
use crate::{
    counts::{Cube, Tally},
    db::{Query, Result, Tx},
};

/// The turn of the derived tables: whoever derives moves it, in the transaction that moves cells.
pub async fn turn(tx: &mut Tx) -> Result<i64> {
    tx.query("SELECT turn FROM apply_state WHERE id = 1").fetch_one().await?.get(0)
}

/// The cells as they are.
pub async fn now(tx: &mut Tx, dataset: &str, cube: Cube) -> Result<Tally> {
    let mut tally = Tally::over(cube.axes());
    let query = of(tx, "count_cell", dataset, cube);
    add(&mut tally, query.push(" AND n <> 0")).await?;
    Ok(tally)
}

/// The cells as they were at the end of a closed day, counted from 1970-01-01: those at the end of the last month
/// that is set down, and what each day since then changed.
pub async fn at(tx: &mut Tx, dataset: &str, cube: Cube, day: i64) -> Result<Tally> {
    let mut tally = Tally::over(cube.axes());
    let month = month_before(tx, dataset, cube, day).await?;
    if let Some(month) = month {
        let query = of(tx, "count_month", dataset, cube).push(" AND day = ").push_bind(month);
        add(&mut tally, query).await?;
    }
    let mut query = of(tx, "count_day", dataset, cube).push(" AND day <= ").push_bind(day);
    if let Some(month) = month {
        query = query.push(" AND day > ").push_bind(month);
    }
    add(&mut tally, query).await?;
    Ok(tally.compact())
}

/// The last day up to this one at whose end the cells are set down; one look into the key per zone.
async fn month_before(tx: &mut Tx, dataset: &str, cube: Cube, day: i64) -> Result<Option<i64>> {
    tx.query(
        "SELECT MAX((SELECT m.day FROM count_month AS m WHERE m.zone_id = z.zone_id AND m.dataset = $1 \
         AND m.cube = $2 AND m.day <= $3 ORDER BY m.day DESC LIMIT 1)) FROM zone AS z",
    )
    .bind(dataset)
    .bind(cube.name())
    .bind(day)
    .fetch_one()
    .await?
    .get(0)
}

fn of<'t>(tx: &'t mut Tx, table: &'static str, dataset: &str, cube: Cube) -> Query<'t> {
    let mut query = tx.query("SELECT ");
    for axis in cube.axes() {
        query = query.push(column(*axis)).push(", ");
    }
    query
        .push("n FROM ")
        .push(table)
        // Zones are few and stand first in the key.
        .push(" WHERE zone_id IN (SELECT zone_id FROM zone) AND dataset = ")
        .push_bind(dataset)
        .push(" AND cube = ")
        .push_bind(cube.name())
}

async fn add(tally: &mut Tally, query: Query<'_>) -> Result<()> {
    let width = tally.axes().len();
    let mut rows = query.stream();
    let mut codes: Vec<String> = Vec::with_capacity(width);
    while let Some(row) = rows.next().await {
        let row = row?;
        codes.clear();
        for i in 0..width {
            codes.push(row.get(i)?);
        }
        tally.add(codes.iter().map(String::as_str), row.get(width)?);
    }
    Ok(())
}
