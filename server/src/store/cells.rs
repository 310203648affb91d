//! Reading counts from their cells.

use super::Scope;
use crate::{
    counts::Dimension,
    db::{Result, Tx},
    geo::Division,
};

fn column(dimension: Dimension, division: Division) -> &'static str {
    match (dimension, division) {
        (Dimension::Region, Division::D2012) => "region_2012",
        (Dimension::Region, Division::D2023) => "region_2023",
        (Dimension::Cercle, Division::D2012) => "cercle_2012",
        (Dimension::Cercle, Division::D2023) => "cercle_2023",
        (Dimension::Commune, Division::D2012) => "commune_2012",
        (Dimension::Commune, Division::D2023) => "commune_2023",
        (Dimension::District, _) => "district",
        (Dimension::Sex, _) => "sex",
        (Dimension::AgeGroup, _) => "age_group",
        (Dimension::Status, _) => "status",
    }
}

/// Sums the cells of a dataset by these dimensions, in the order of their codes.
pub async fn grouped(
    tx: &mut Tx,
    scope: &Scope,
    dataset: &str,
    by: &[Dimension],
    division: Division,
) -> Result<Vec<(Vec<String>, i64)>> {
    let mut query = tx.query("SELECT ");
    for dimension in by {
        query = query.push(column(*dimension, division)).push(", ");
    }
    query =
        query.push("CAST(SUM(n) AS bigint) FROM count_cell WHERE dataset = ").push_bind(dataset);
    query = scope.narrow(query);
    for (i, dimension) in by.iter().enumerate() {
        query =
            query.push(if i == 0 { " GROUP BY " } else { ", " }).push(column(*dimension, division));
    }
    let rows = query.fetch_all().await?;
    let mut cells = Vec::with_capacity(rows.len());
    for row in &rows {
        let n: Option<i64> = row.get(by.len())?;
        let codes = (0..by.len()).map(|i| row.get(i)).collect::<Result<Vec<String>>>()?;
        if let Some(n) = n.filter(|n| *n != 0) {
            cells.push((codes, n));
        }
    }
    // The databases order text differently.
    cells.sort();
    Ok(cells)
}
