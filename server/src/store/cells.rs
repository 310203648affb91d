//! Cells of counts, as they are, summed by the database.

use super::Scope;
use crate::{
    counts::{AXES, Axis, BaseCell, Cube, Line, Lines},
    db::{Query, Result, Tx},
};

pub(super) const fn column(axis: Axis) -> &'static str {
    match axis {
        Axis::Region2012 => "region_2012",
        Axis::Cercle2012 => "cercle_2012",
        Axis::Commune2012 => "commune_2012",
        Axis::Region2023 => "region_2023",
        Axis::Cercle2023 => "cercle_2023",
        Axis::Commune2023 => "commune_2023",
        Axis::District => "district",
        Axis::Sex => "sex",
        Axis::AgeGroup => "age_group",
        Axis::Status => "status",
        Axis::Nationality => "nationality",
        Axis::RoleGroup => "role_group",
        Axis::Member => "coop_member",
        Axis::Protection => "protection",
        Axis::Site => "site",
        Axis::Cooperative => "cooperative",
        Axis::Zone => "CAST(zone_id AS text)",
        Axis::Month => "month",
        Axis::Form => "form",
        Axis::Review => "review",
    }
}

/// Which of what is registered is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reviewed {
    /// Everything in the register.
    #[default]
    All,
    /// What every record that speaks for it was accepted for: official figures.
    Accepted,
    /// What waits for review.
    Pending,
}

impl Reviewed {
    /// The code on [`Axis::Review`] that is counted; none = all of them.
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Accepted => Some("accepted"),
            Self::Pending => Some("pending"),
        }
    }
}

/// What is summed.
#[derive(Clone, Copy, Debug)]
pub struct Sum<'a> {
    /// The dataset.
    pub dataset: &'a str,
    /// The cells that know every axis asked for.
    pub cube: Cube,
    /// Which of what is registered.
    pub reviewed: Reviewed,
}

impl<'a> Sum<'a> {
    /// Everything in the register, as it is.
    pub const fn of(dataset: &'a str) -> Self {
        Self { dataset, cube: Cube::Place, reviewed: Reviewed::All }
    }

    fn narrow<'t>(&self, query: Query<'t>, scope: &Scope) -> Query<'t> {
        // Zones are few and stand first in the key.
        let mut query = query
            .push(
                "CAST(SUM(n) AS bigint) FROM count_cell \
                 WHERE zone_id IN (SELECT zone_id FROM zone) AND dataset = ",
            )
            .push_bind(self.dataset)
            .push(" AND cube = ")
            .push_bind(self.cube.name());
        if let Some(code) = self.reviewed.code() {
            query = query.push(" AND review = ").push_bind(code);
        }
        scope.narrow(query)
    }
}

/// How much of a dataset is accepted and how much waits for review, as far as `scope` sees.
pub async fn accepted_and_pending(tx: &mut Tx, scope: &Scope, dataset: &str) -> Result<(i64, i64)> {
    Ok(by_review(&grouped(tx, scope, Sum::of(dataset), &[Axis::Review]).await?))
}

/// How many are accepted and how many wait, of lines by review.
pub fn by_review(lines: &Lines) -> (i64, i64) {
    let of =
        |code: &str| lines.iter().filter(|line| line.codes().any(|c| c == code)).map(Line::n).sum();
    (of("accepted"), of("pending"))
}

/// Sums cells by these axes, in the order of their codes.
pub async fn grouped(tx: &mut Tx, scope: &Scope, sum: Sum<'_>, by: &[Axis]) -> Result<Lines> {
    let mut query = tx.query("SELECT ");
    for axis in by {
        query = query.push(column(*axis)).push(", ");
    }
    query = sum.narrow(query, scope);
    for (i, axis) in by.iter().enumerate() {
        query = query.push(if i == 0 { " GROUP BY " } else { ", " }).push(column(*axis));
    }
    let rows = query.fetch_all().await?;
    let lines = rows.iter().map(|row| {
        let n: Option<i64> = row.get(by.len())?;
        let codes = (0..by.len()).map(|i| row.get(i)).collect::<Result<Vec<String>>>()?;
        Ok((codes, n.unwrap_or_default()))
    });
    Ok(lines.collect::<Result<Lines>>()?.without_zeros())
}

/// Every cell of accepted records of a dataset, in all zones; axes that the cube does not have are
/// empty.
pub async fn base(tx: &mut Tx, dataset: &str, cube: Cube) -> Result<Vec<BaseCell>> {
    let axes: Vec<Axis> = Axis::ALL.into_iter().filter(|axis| cube.axes().contains(axis)).collect();
    let mut query = tx.query("SELECT zone_id, ");
    for axis in &axes {
        query = query.push(column(*axis)).push(", ");
    }
    let sum = Sum { cube, reviewed: Reviewed::Accepted, ..Sum::of(dataset) };
    query = sum.narrow(query, &Scope::All).push(" GROUP BY zone_id");
    for axis in &axes {
        query = query.push(", ").push(column(*axis));
    }
    let rows = query.fetch_all().await?;
    rows.iter()
        .map(|row| {
            let mut codes: [String; AXES] = Default::default();
            for (i, axis) in axes.iter().enumerate() {
                if let Some(code) = axis.index().and_then(|place| codes.get_mut(place)) {
                    *code = row.get(i + 1)?;
                }
            }
            Ok(BaseCell { zone: row.get(0)?, codes, n: row.get(axes.len() + 1)? })
        })
        .collect()
}
