//! Entities with what is sealed of them, one after the other, for figures over all of them.

use futures_util::StreamExt as _;

use super::{cells::column, vault::Vault};
use crate::{
    counts::{AXES, Axis, Cube},
    db::{Result, Tx},
    keys::MasterKeys,
};

/// An entity as it is counted.
#[derive(Clone, Debug)]
pub struct CountedRow {
    /// The zone that registered it.
    pub zone_id: i32,
    /// Its codes, in the order of [`Axis::ALL`].
    pub codes: [String; AXES],
    /// Whether a record that speaks for it waits for review.
    pub pending: bool,
    /// Its open properties, as JSON text.
    pub props: String,
    vault: Vault,
}

impl CountedRow {
    /// Its sealed properties, as JSON text; empty when their key was destroyed.
    pub fn open(&self, keys: &MasterKeys) -> Result<Vec<u8>> {
        Ok(self.vault.open(keys)?.unwrap_or_default())
    }
}

/// What stands in a column of the entity itself.
fn is_of_entity(axis: Axis) -> bool {
    Cube::Place.axes().contains(&axis)
}

/// Hands on every counted entity of a dataset, in lots of `lot`, in no promised order; `false` from
/// `take` ends it.
pub async fn each<F: Future<Output = bool>>(
    tx: &mut Tx,
    dataset: &str,
    lot: usize,
    mut take: impl FnMut(Vec<CountedRow>) -> F,
) -> Result<()> {
    let mut query = tx.query("SELECT zone_id, entity_id, props, realm, wrapped, sealed, review");
    let axes: Vec<Axis> = Axis::ALL.into_iter().filter(|axis| is_of_entity(*axis)).collect();
    for axis in &axes {
        query = query.push(", ").push(column(*axis));
    }
    let query = query.push(" FROM entity WHERE merged_into IS NULL AND dataset = ");
    let rows = query.push_bind(dataset).stream();
    let mut lots = rows.chunks(lot);
    while let Some(rows) = lots.next().await {
        let mut counted = Vec::with_capacity(rows.len());
        for row in rows {
            let row = row?;
            let mut codes: [String; AXES] = Default::default();
            for (i, axis) in axes.iter().enumerate() {
                if let Some(code) = axis.index().and_then(|at| codes.get_mut(at)) {
                    *code = row.get(7 + i)?;
                }
            }
            counted.push(CountedRow {
                zone_id: row.get(0)?,
                props: row.get(2)?,
                vault: Vault::read(&row, row.get(1)?, 3)?,
                pending: row.get::<String>(6)? == "pending",
                codes,
            });
        }
        if !take(counted).await {
            break;
        }
    }
    Ok(())
}
