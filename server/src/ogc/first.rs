//! The first of many features in an order, without remembering the others.

use std::cmp::Ordering;

use super::column::Place;

/// A feature: where its properties stand, and its number.
type Ranked = (Vec<Place<'static>>, u32);

/// The first so many of those that were added, in the order of these properties.
pub(super) struct First<'a> {
    /// `true` = from the highest.
    sort: &'a [(usize, bool)],
    most: usize,
    found: Vec<Ranked>,
    /// The last that can still be among them.
    last: Option<Ranked>,
}

impl<'a> First<'a> {
    pub(super) const fn new(sort: &'a [(usize, bool)], most: usize) -> Self {
        Self { sort, most, found: Vec::new(), last: None }
    }

    /// The order of two features by their properties.
    pub(super) fn order(&self, a: &[Place<'_>], b: &[Place<'_>]) -> Ordering {
        for ((a, b), (_, down)) in a.iter().zip(b).zip(self.sort) {
            let order = a.compare(b);
            let order = if *down { order.reverse() } else { order };
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    }

    /// Adds a feature; they come in the order of their numbers.
    pub(super) fn add(&mut self, places: &[Place<'_>], number: u32) {
        // Of two that stand alike the one that came first is first.
        if self.last.as_ref().is_some_and(|(last, _)| self.order(places, last).is_ge()) {
            return;
        }
        self.found.push((places.iter().cloned().map(Place::into_owned).collect(), number));
        if self.found.len() >= self.most * 2 {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let mut found = std::mem::take(&mut self.found);
        found.sort_unstable_by(|a, b| self.order(&a.0, &b.0).then(a.1.cmp(&b.1)));
        found.truncate(self.most);
        self.last = found.last().cloned();
        self.found = found;
    }

    /// Their numbers, in order.
    pub(super) fn finish(mut self) -> Vec<u32> {
        self.cut();
        self.found.into_iter().map(|(_, number)| number).collect()
    }
}
