//! From two rows to a weight and a probability.

use super::{
    calibration::probability,
    model::Model,
    numbers::NinaLevel,
    pattern::{self, Features, Pattern},
    records::{Records, Row},
    weights::{self, Cells, Sums},
    words::LikenessCache,
};

/// The evidence about one pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Score {
    /// The comparison itself.
    pub(super) pattern: Pattern,
    /// The level of each field of the sum.
    pub(super) cells: Cells,
    /// The additive evidence.
    pub(super) sums: Sums,
    /// Log2 odds in the end.
    pub(super) weight: f32,
    /// Probability of one person.
    pub(super) probability: f32,
    /// Probability of two people of one family.
    pub(super) relative: f32,
}

/// Below this sum (NINA and card aside) the trees are not asked: one in two hundred at best.
pub(super) const HOPELESS: f32 = -7.5;

/// Scores a pair.
pub(super) fn score(
    model: &Model,
    records: &Records,
    cache: &mut LikenessCache,
    a: &Row,
    b: &Row,
) -> Score {
    let mut pattern = pattern::compare(records, cache, a, b);
    let cells = weights::cells(&pattern);
    let sums = model.weights().sums(&cells);
    let own = sums.without_identity();
    let weight = if own < HOPELESS || model.forest().is_empty() {
        sums.weight()
    } else {
        let features = features(records, a, b, &pattern, &sums);
        let without_nina =
            (offset(&sums) + model.forest().log_odds(&features)) * std::f32::consts::LOG2_E;
        let identity = sums.identity_weight() - model.weights().both_carry_nina(sums.alternative());
        model.calibration().apply(without_nina) + identity
    };
    if model.number_is_typed() && pattern.nina == NinaLevel::Differs.code() {
        // It has been weighed; beyond that it forbids nothing.
        pattern.nina = NinaLevel::Missing.code();
    }
    let probability = probability(weight);
    let relative = (1.0 - probability) * sums.relative_share();
    Score { pattern, cells, sums, weight, probability, relative }
}

/// Natural log odds from which the trees go on: half of the sum without NINA and card. Without it few anchors order the
/// certain pairs by chance; with all of it the trees must first take back what the sum counts twice.
pub(super) fn offset(sums: &Sums) -> f32 {
    sums.without_identity().clamp(-16.0, 16.0) * std::f32::consts::LN_2 * 0.5
}

/// What the trees see.
pub(super) fn features(
    records: &Records,
    a: &Row,
    b: &Row,
    pattern: &Pattern,
    sums: &Sums,
) -> Features {
    let family = sums.family_weight();
    pattern::features(records, a, b, pattern, family, sums.without_identity() - family)
}
