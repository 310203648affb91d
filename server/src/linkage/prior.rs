//! The shipped weights: what is believed before anything was learnt. Also the pull that keeps learning from few pairs sane.

use super::{
    birth::BirthLevel,
    weights::{CLASSES, Weights},
};

/// Shares of each class among candidate pairs.
const CLASS_SHARES: [f32; CLASSES] = [0.05, 0.12, 0.83];

/// The shipped weights.
pub(super) fn weights() -> Weights {
    let tables = vec![
        family(),
        given(),
        birth(),
        table([&[0.985, 0.005, 0.01], &[0.55, 0.44, 0.01], &[0.62, 0.37, 0.01]]),
        table([
            &[0.30, 0.02, 0.02, 0.20, 0.26, 0.20],
            &[0.05, 0.01, 0.001, 0.419, 0.38, 0.14],
            &[0.001, 0.001, 0.0001, 0.4679, 0.41, 0.12],
        ]),
        nina(),
        card(),
        table([
            &[0.03, 0.005, 0.002, 0.003, 0.0, 0.01, 0.95],
            &[0.003, 0.001, 0.001, 0.001, 0.0, 0.044, 0.95],
            &[0.003, 0.001, 0.001, 0.001, 0.0, 0.044, 0.95],
        ]),
        table([
            &[0.02, 0.002, 0.0, 0.001, 0.0, 0.007, 0.97],
            &[0.002, 0.0, 0.0, 0.0, 0.0, 0.028, 0.97],
            &[0.002, 0.0, 0.0, 0.0, 0.0, 0.028, 0.97],
        ]),
        circumstances(),
        table([&[0.85, 0.05, 0.1], &[0.85, 0.05, 0.1], &[0.75, 0.15, 0.1]]),
    ];
    Weights { prior: CLASS_SHARES.map(f32::log2), tables }
}

/// Log2 of probabilities, none of them zero.
fn table(shares: [&[f32]; CLASSES]) -> [Vec<f32>; CLASSES] {
    shares.map(|class| {
        let floor = class.iter().map(|p| p.max(1e-4)).sum::<f32>();
        class.iter().map(|p| (p.max(1e-4) / floor).log2()).collect()
    })
}

/// All combinations of independent parts, the last part fastest.
fn product(parts: &[&[f32]]) -> Vec<f32> {
    parts.iter().fold(vec![1.0], |sum, part| {
        sum.iter().flat_map(|p| part.iter().map(move |q| p * q)).collect()
    })
}

fn family() -> [Vec<f32>; CLASSES] {
    let same = product(&[
        &[0.30, 0.55, 0.10, 0.05],
        &[0.50, 0.15, 0.10, 0.10, 0.11, 0.04],
        &[0.60, 0.12, 0.06, 0.22],
        &[0.22, 0.17, 0.03, 0.33, 0.25],
    ]);
    let relative = product(&[
        &[0.33, 0.58, 0.06, 0.03],
        &[0.58, 0.15, 0.10, 0.10, 0.05, 0.02],
        &[0.60, 0.12, 0.06, 0.22],
        &[0.15, 0.12, 0.25, 0.33, 0.15],
    ]);
    let stranger = product(&[
        &[0.18, 0.35, 0.03, 0.44],
        &[0.06, 0.30, 0.01, 0.10, 0.25, 0.28],
        &[0.16, 0.05, 0.57, 0.22],
        &[0.10, 0.05, 0.49, 0.33, 0.03],
    ]);
    table([&same, &relative, &stranger])
}

/// Likeness (or indirect agreement) by rarity: common, less common, rare.
fn given() -> [Vec<f32>; CLASSES] {
    let rarities: &[f32] = &[0.4, 0.4, 0.2];
    let same = product(&[&[0.60, 0.14, 0.08, 0.06, 0.02, 0.03, 0.03, 0.02, 0.02], rarities]);
    let sibling = product(&[&[0.02, 0.01, 0.02, 0.01, 0.02, 0.02, 0.01, 0.87, 0.02], rarities]);
    let stranger =
        product(&[&[0.25, 0.07, 0.08, 0.01, 0.02, 0.01, 0.01, 0.53, 0.02], &[0.7, 0.27, 0.03]]);
    table([&same, &sibling, &stranger])
}

fn birth() -> [Vec<f32>; CLASSES] {
    let same: [f32; BirthLevel::COUNT] = [
        0.08, 0.02, 0.004, 0.002, 0.003, 0.25, 0.03, 0.02, 0.03, 0.01, 0.004, 0.15, 0.06, 0.04,
        0.06, 0.02, 0.01, 0.08, 0.03, 0.02, 0.04, 0.02, 0.01, 0.03,
    ];
    let apart: [f32; BirthLevel::COUNT] = [
        0.0005, 0.001, 0.004, 0.012, 0.05, 0.06, 0.03, 0.03, 0.07, 0.07, 0.09, 0.04, 0.03, 0.03,
        0.08, 0.08, 0.12, 0.02, 0.015, 0.015, 0.04, 0.04, 0.06, 0.03,
    ];
    table([&same, &apart, &apart])
}

/// Shares of "both carry a NINA", "one does", "none does" before anything is learnt.
const NINA_CARRIED: [f32; 3] = [0.3, 0.4, 0.3];

fn nina() -> [Vec<f32>; CLASSES] {
    nina_table([NINA_CARRIED; CLASSES])
}

/// The table of the NINA from how often both, one or none of a pair carry it, by class. That is learnt; what equality
/// and difference say is not, because everything else is learnt from it: a relative's number is copied now and then, and
/// a slip of more than one digit happens.
pub(super) fn nina_table(carried: [[f32; 3]; CLASSES]) -> [Vec<f32>; CLASSES] {
    let said: [[f32; 3]; CLASSES] =
        [[0.92, 0.06, 0.02], [0.001, 0.0002, 0.9988], [0.0002, 0.0002, 0.9996]];
    let mut carried = carried.into_iter();
    let shares = said.map(|[same, slip, differs]| {
        let [both, one, none] = carried.next().unwrap_or(NINA_CARRIED);
        vec![both * same, both * slip, both * differs, one, none]
    });
    let [same, relative, stranger] = &shares;
    table([same, relative, stranger])
}

/// The table of a number that was typed carelessly: of one person it differs by more than a slip now and then.
pub(super) fn typed_number() -> [Vec<f32>; CLASSES] {
    table([
        &[0.64, 0.08, 0.08, 0.1, 0.1],
        &[0.01, 0.001, 0.789, 0.1, 0.1],
        &[0.0005, 0.0005, 0.799, 0.1, 0.1],
    ])
}

/// Fixed as well. A lost card is replaced, so another card says little.
pub(super) fn card() -> [Vec<f32>; CLASSES] {
    table([&[0.40, 0.10, 0.5], &[0.0005, 0.4995, 0.5], &[0.0001, 0.4999, 0.5]])
}

/// Site (same, same region, other, missing) by cooperative.
fn circumstances() -> [Vec<f32>; CLASSES] {
    let cooperative: &[f32] = &[0.05, 0.45, 0.5];
    let same = product(&[&[0.25, 0.35, 0.39, 0.01], cooperative]);
    let relative = product(&[&[0.45, 0.22, 0.32, 0.01], cooperative]);
    let stranger = product(&[&[0.05, 0.30, 0.64, 0.01], cooperative]);
    table([&same, &relative, &stranger])
}

#[cfg(test)]
mod tests {
    use super::{super::weights::CELLS, *};

    #[test]
    fn every_table_has_a_number_for_every_level_and_sums_to_one() {
        for (table, cells) in weights().tables.iter().zip(CELLS) {
            for class in table {
                assert_eq!(class.len(), cells);
                assert!((class.iter().map(|w| w.exp2()).sum::<f32>() - 1.0).abs() < 1e-3);
            }
        }
    }
}
