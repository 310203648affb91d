//! What a list does not record says nothing about its pairs: the shipped weights, fitted to how often each field is absent.
//!
//! Lists differ in what they ask. A field that nobody filled in would otherwise weigh whatever the shipped shares of
//! "missing" happen to differ by, and one class may come to own all pairs of such a list.
#![expect(
    clippy::indexing_slicing,
    reason = "tables have as many cells as their field has levels, and every level comes from `cells`"
)]

use super::{
    birth::BirthLevel,
    em::Observed,
    pattern::given,
    similarity::Likeness,
    weights::{CARD, CELLS, FAMILY, FIELDS, Weights},
};

/// How many ways there are of a field being recorded or not: the family block has three parts.
const WAYS: usize = 8;
/// So many imagined pairs, spread over all ways, keep each possible.
const FEW: f64 = 1.0;

/// Which parts of a field are absent in a cell, 0 for none.
fn way(field: usize, cell: usize) -> usize {
    const MISSING: usize = 6;
    let is = |absent: bool, bit: usize| usize::from(absent) << bit;
    match field {
        FAMILY => is(cell / 20 % 6 == 3, 0) | is(cell / 5 % 4 == 3, 1) | is(cell % 5 == 3, 2),
        1 => is(cell / 3 == usize::from(given::MISSING), 0),
        2 => is(cell + 1 == BirthLevel::COUNT, 0),
        3 | 10 => is(cell == 2, 0),
        4 => cell.saturating_sub(3),
        5 => cell.saturating_sub(2),
        7 | 8 => is(cell == MISSING, 0),
        9 => is(cell / 3 == 3, 0) | is(cell % 3 == 2, 1),
        _ => 0,
    }
}

/// Gives every class of `shipped` the shares of absence seen in the sample; what is recorded keeps its proportions.
pub(super) fn fitted(mut shipped: Weights, sample: &[Observed]) -> Weights {
    debug_assert_eq!(Likeness::Missing.code(), 6);
    let mut seen = [[0.0f64; WAYS]; FIELDS];
    for pair in sample {
        for (field, &cell) in pair.cells.iter().enumerate() {
            seen[field][way(field, usize::from(cell))] += f64::from(pair.stands_for);
        }
    }
    for field in (0..FIELDS).filter(|&field| field != CARD) {
        let all: f64 = seen[field].iter().sum();
        for class in &mut shipped.tables[field] {
            let mut believed = [0.0f64; WAYS];
            for (cell, weight) in class.iter().enumerate() {
                believed[way(field, cell)] += f64::from(weight.exp2());
            }
            for (cell, weight) in class.iter_mut().enumerate().take(CELLS[field]) {
                let way = way(field, cell);
                let share = FEW.mul_add(believed[way], seen[field][way]) / (all + FEW);
                *weight += narrow((share / believed[way]).log2());
            }
        }
    }
    shipped
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "weights are kept as 32 bits"
)]
fn narrow(x: f64) -> f32 {
    x as f32
}
