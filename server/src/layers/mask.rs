//! What the public sees of a site: the square it lies in, and nothing else where it would stand alone.

use std::collections::HashMap;

/// Sites that must share a square before anything is said of one (`domain/privacy.md`, 5.3).
pub(super) const SHARED_MIN: u32 = 3;

/// The middle of the square of a hundredth of a degree (about 1.1 km) that holds a position.
pub(super) fn square([lon, lat]: [f64; 2]) -> [f64; 2] {
    // Adding zero makes one zero of two.
    [lon, lat].map(|c| (c * 100.0).round() / 100.0 + 0.0)
}

/// How many sites lie in each square.
#[derive(Debug, Default)]
pub(super) struct Squares(HashMap<[u64; 2], u32>);

impl Squares {
    pub(super) fn add(&mut self, position: [f64; 2]) {
        *self.0.entry(square(position).map(f64::to_bits)).or_default() += 1;
    }

    /// Whether enough sites share the square of this one.
    pub(super) fn is_shared(&self, position: [f64; 2]) -> bool {
        self.0.get(&square(position).map(f64::to_bits)).is_some_and(|n| *n >= SHARED_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_sites_share_a_square_and_two_do_not() {
        let mut squares = Squares::default();
        for at in [[-8.001, 12.004], [-8.004, 12.001], [-7.996, 12.0], [-9.0, 13.0], [-9.0, 13.0]] {
            squares.add(at);
        }
        assert!(squares.is_shared([-8.0, 12.0]));
        assert!(!squares.is_shared([-9.0, 13.0]) && !squares.is_shared([1.0, 1.0]));
        assert_eq!(square([-0.001, 0.001]).map(f64::to_bits), [0.0, 0.0].map(f64::to_bits));
    }
}
