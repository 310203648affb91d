//! Which points lie in a box: a grid of cells, each with its rows in ascending order.

/// West, south, east, north.
pub type Bounds = [f64; 4];

/// Whether a point lies in a box or on its edge; NaN lies nowhere.
pub(super) fn holds([west, south, east, north]: Bounds, [x, y]: [f64; 2]) -> bool {
    x >= west && x <= east && y >= south && y <= north
}

/// An index over points that never change.
#[derive(Debug)]
pub(super) struct Grid {
    bounds: Bounds,
    side: usize,
    /// Where each cell begins in `rows`, row of cells by row, and the end.
    starts: Vec<u32>,
    rows: Vec<u32>,
}

/// Cells per side: about eight points in each, at most a quarter of a million cells.
fn side(points: usize) -> usize {
    (points / 8).isqrt().clamp(1, 512)
}

fn step(low: f64, high: f64, value: f64, side: usize) -> usize {
    let share = if high > low { (value - low) / (high - low) } else { 0.0 };
    // Side is at most 512: found by bisection, without casting a float.
    let mut cell = 0;
    let mut half = side.next_power_of_two();
    let count = f64::from(u32::try_from(side).unwrap_or(1));
    while half > 0 {
        let next = cell + half;
        if next < side && f64::from(u32::try_from(next).unwrap_or(0)) / count <= share {
            cell = next;
        }
        half /= 2;
    }
    cell
}

impl Grid {
    /// Over points; NaN stands for "nowhere".
    pub(super) fn new(points: &[[f64; 2]]) -> Self {
        let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for [x, y] in points {
            let [w, s, e, n] = bounds;
            bounds = [w.min(*x), s.min(*y), e.max(*x), n.max(*y)];
        }
        let side = side(points.len());
        let [w, s, e, n] = bounds;
        let cell = |[x, y]: &[f64; 2]| step(s, n, *y, side) * side + step(w, e, *x, side);
        let placed = || points.iter().enumerate().filter(|(_, p)| !p.iter().any(|c| c.is_nan()));
        let mut starts = vec![0_u32; side * side + 1];
        for (_, point) in placed() {
            if let Some(count) = starts.get_mut(cell(point) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut rows = vec![0; usize::try_from(sum).unwrap_or_default()];
        for (row, point) in placed() {
            let Some(at) = next.get_mut(cell(point)) else { continue };
            let slot = usize::try_from(*at).ok().and_then(|a| rows.get_mut(a));
            if let Some(slot) = slot {
                *slot = u32::try_from(row).unwrap_or(u32::MAX);
            }
            *at += 1;
        }
        Self { bounds, side, starts, rows }
    }

    /// The box around all points; `None` without any.
    pub(super) fn bounds(&self) -> Option<Bounds> {
        (!self.rows.is_empty()).then_some(self.bounds)
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        (self.starts.len() + self.rows.len()) * 4
    }

    /// Runs of rows, in no order over all: those of cells that lie wholly in the box, and (`false`)
    /// those that must be looked at one by one.
    pub(super) fn cells(&self, [w, s, e, n]: Bounds, mut see: impl FnMut(&[u32], bool)) {
        let [gw, gs, ge, gn] = self.bounds;
        let apart = !(w <= ge && e >= gw && s <= gn && n >= gs);
        if self.rows.is_empty() || apart {
            return;
        }
        let (west, east) = (step(gw, ge, w, self.side), step(gw, ge, e, self.side));
        let (south, north) = (step(gs, gn, s, self.side), step(gs, gn, n, self.side));
        for y in south..=north {
            let edge_row = y == south || y == north;
            let mut run = |from: usize, to: usize, whole: bool| {
                let at = |c: usize| {
                    self.starts.get(c).and_then(|s| usize::try_from(*s).ok()).unwrap_or_default()
                };
                let range = at(y * self.side + from)..at(y * self.side + to + 1);
                let rows = self.rows.get(range).unwrap_or_default();
                if !rows.is_empty() {
                    see(rows, whole);
                }
            };
            if edge_row || east - west < 2 {
                run(west, east, false);
            } else {
                run(west, west, false);
                run(west + 1, east - 1, true);
                run(east, east, false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(n: u32) -> Vec<[f64; 2]> {
        let mut seed = 9_u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
            f64::from(u32::try_from(seed >> 40).unwrap()) / f64::from(1 << 24)
        };
        (0..n)
            .map(|i| {
                if i % 50 == 7 {
                    [f64::NAN, 0.0]
                } else {
                    [next() * 16.0 - 12.0, next() * 15.0 + 10.0]
                }
            })
            .collect()
    }

    fn inside(point: [f64; 2], bounds: Bounds) -> bool {
        holds(bounds, point)
    }

    #[test]
    fn a_box_finds_what_looking_at_all_points_finds() {
        let points = points(5_000);
        let grid = Grid::new(&points);
        let boxes = [
            [-12.0, 10.0, 4.0, 25.0],
            [-9.0, 12.0, -8.0, 13.0],
            [-9.0, 12.0, -9.0, 12.0],
            [100.0, 0.0, 120.0, 40.0],
            [-180.0, -90.0, 180.0, 90.0],
            [-8.123, 11.5, -8.1, 24.0],
        ];
        for wanted in boxes {
            let mut found = Vec::new();
            grid.cells(wanted, |rows, whole| {
                for row in rows {
                    let point = points[usize::try_from(*row).unwrap()];
                    assert!(!whole || inside(point, wanted));
                    if inside(point, wanted) {
                        found.push(*row);
                    }
                }
            });
            found.sort_unstable();
            let all: Vec<u32> = (0..5_000)
                .filter(|r| inside(points[usize::try_from(*r).unwrap()], wanted))
                .collect();
            assert_eq!(found, all, "{wanted:?}");
        }
    }

    #[test]
    fn one_point_and_no_point_are_found_too() {
        for points in [vec![], vec![[1.0, 1.0]], vec![[1.0, 1.0], [1.0, 1.0]]] {
            let grid = Grid::new(&points);
            let mut seen = 0;
            grid.cells([0.0, 0.0, 2.0, 2.0], |rows, _| seen += rows.len());
            assert_eq!(seen, points.len());
        }
    }
}
