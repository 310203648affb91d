//! Expectation maximisation of the additive weights, anchored.
#![expect(
    clippy::indexing_slicing,
    reason = "tables have as many cells as their field has levels, and every level comes from `cells`"
)]

use super::{
    absent,
    model::Number,
    prior,
    records::RecordNo,
    train::Anchor,
    verdict::Decision,
    weights::{CARD, CELLS, CLASSES, Cells, FIELDS, NINA, RELATIVE, SAME, Weights},
};

/// One sampled pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    /// The earlier registration.
    pub(super) a: RecordNo,
    /// The later one.
    pub(super) b: RecordNo,
    /// Its levels.
    pub(super) cells: Cells,
    /// What it is known to be.
    pub(super) anchor: Anchor,
    /// What a reviewer said.
    pub(super) decision: Option<Decision>,
    /// How many candidate pairs it stands for.
    pub(super) stands_for: f32,
}

/// Rounds; the weights move by less than a tenth of a bit after ten.
const ROUNDS: usize = 12;
/// So many imagined pairs per class hold the shipped weights against what is observed.
const PULL: f64 = 60.0;

/// Finds the weights under which the sample is most likely, starting from the shipped ones. What equal and different NINA and cards
/// say stays fixed, and how often they are carried is learnt; but a number that is often mistyped is learnt like any field.
pub(super) fn maximise(sample: &[Observed], number: Number) -> Weights {
    let mut shipped = prior::weights();
    if number == Number::Typed {
        shipped.tables[NINA] = prior::typed_number();
    }
    let shipped = absent::fitted(shipped, sample);
    let mut weights = shipped.clone();
    for _ in 0..ROUNDS {
        weights = step(sample, &weights, &shipped, number);
    }
    weights
}

fn step(sample: &[Observed], weights: &Weights, shipped: &Weights, number: Number) -> Weights {
    let mut counts: Vec<[Vec<f64>; CLASSES]> =
        CELLS.iter().map(|&n| std::array::from_fn(|_| vec![0.0; n])).collect();
    let mut classes = [0.0f64; CLASSES];
    for pair in sample {
        let share = shares(weights, pair);
        for (class, sum) in classes.iter_mut().enumerate() {
            let mass = f64::from(share[class]) * f64::from(pair.stands_for);
            *sum += mass;
            for (table, &cell) in counts.iter_mut().zip(&pair.cells) {
                table[class][usize::from(cell)] += mass;
            }
        }
    }
    let all: f64 = classes.iter().sum();
    let mut next = shipped.clone();
    for (class, mass) in classes.iter().enumerate() {
        let believed = PULL * f64::from(shipped.prior[class].exp2());
        next.prior[class] = log2((mass + believed) / (all + PULL));
    }
    for field in (0..FIELDS).filter(|&f| f != CARD && (f != NINA || number == Number::Typed)) {
        for class in 0..CLASSES {
            let believed = &shipped.tables[field][class];
            for (cell, &count) in counts[field][class].iter().enumerate() {
                let pulled = PULL.mul_add(f64::from(believed[cell].exp2()), count);
                next.tables[field][class][cell] = log2(pulled / (classes[class] + PULL));
            }
        }
    }
    if number == Number::Typed {
        return next;
    }
    let levels = |class: usize, level: usize| counts[NINA][class][level];
    let both = |class: usize| (0..3).map(|level| levels(class, level)).sum::<f64>();
    let carried = std::array::from_fn(|class| {
        let (one, none) = (levels(class, 3), levels(class, 4));
        let all = both(class) + one + none + PULL;
        [both(class), one, none].map(|n| narrow((n + PULL / 3.0) / all))
    });
    next.tables[NINA] = prior::nina_table(carried);
    next
}

/// The probability of each class for one pair.
fn shares(weights: &Weights, pair: &Observed) -> [f32; CLASSES] {
    match pair.decision {
        Some(Decision::Same) => return [1.0, 0.0, 0.0],
        Some(Decision::Relative) => return [0.0, 1.0, 0.0],
        _ => {}
    }
    let mut sums = weights.sums(&pair.cells).class;
    if pair.decision == Some(Decision::Different) {
        sums[SAME] = f32::NEG_INFINITY;
        sums[RELATIVE] = f32::NEG_INFINITY;
    }
    let most = sums.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let odds = sums.map(|s| (s - most).exp2());
    let all: f32 = odds.iter().sum();
    odds.map(|o| o / all)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "weights are kept as 32 bits"
)]
fn narrow(x: f64) -> f32 {
    x as f32
}

fn log2(x: f64) -> f32 {
    narrow(x.log2())
}
