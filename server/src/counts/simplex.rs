//! Linear programming for tests: how tightly published numbers bound what they hide. Dense simplex
//! with Bland's rule, for a few hundred rows.

const TINY: f64 = 1e-9;

/// What is known of the sum of some variables: `low <= sum <= high`, `high` may be infinite.
pub(super) struct Known {
    pub(super) of: Vec<usize>,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// A polytope of non-negative variables, ready to be asked for bounds.
pub(super) struct Solver {
    /// Rows of `basic + sum(a * free) = b`; the last column is `b`.
    rows: Vec<Vec<f64>>,
    basic: Vec<usize>,
    columns: usize,
    variables: usize,
}

impl Solver {
    /// Of so many variables and this knowledge; `None` when nothing satisfies it.
    pub(super) fn new(variables: usize, known: &[Known]) -> Option<Self> {
        let mut bounds: Vec<(Vec<f64>, f64)> = Vec::new();
        for k in known {
            let mut row = vec![0.0; variables];
            k.of.iter().for_each(|i| row[*i] += 1.0);
            if k.low > 0.0 {
                bounds.push((row.iter().map(|a| -a).collect(), -k.low));
            }
            if k.high.is_finite() {
                bounds.push((row, k.high));
            }
        }
        let slacks = bounds.len();
        // One artificial variable, in the column after the slacks, makes the start feasible.
        let columns = variables + slacks + 1;
        let mut rows = Vec::with_capacity(slacks);
        for (i, (row, b)) in bounds.into_iter().enumerate() {
            let mut full = row;
            full.resize(columns + 1, 0.0);
            full[variables + i] = 1.0;
            full[columns - 1] = -1.0;
            full[columns] = b;
            rows.push(full);
        }
        let basic = (0..slacks).map(|i| variables + i).collect();
        let mut solver = Self { rows, basic, columns, variables };
        solver.feasible().then_some(solver)
    }

    fn feasible(&mut self) -> bool {
        let artificial = self.columns - 1;
        let b = self.columns;
        let worst =
            (0..self.rows.len()).min_by(|x, y| self.rows[*x][b].total_cmp(&self.rows[*y][b]));
        if let Some(row) = worst.filter(|r| self.rows[*r][b] < -TINY) {
            self.pivot(row, artificial);
            let mut cost = vec![0.0; self.columns];
            cost[artificial] = -1.0;
            if self.maximise(&cost) < -1e-6 {
                return false;
            }
            if let Some(row) = self.basic.iter().position(|v| *v == artificial)
                && let Some(column) = (0..artificial).find(|c| self.rows[row][*c].abs() > TINY)
            {
                self.pivot(row, column);
            }
        }
        self.rows.iter_mut().for_each(|row| row[artificial] = 0.0);
        true
    }

    fn pivot(&mut self, row: usize, column: usize) {
        let by = self.rows[row][column];
        self.rows[row].iter_mut().for_each(|a| *a /= by);
        let pivot = self.rows[row].clone();
        for (i, other) in self.rows.iter_mut().enumerate() {
            let times = other[column];
            if i != row && times.abs() > 0.0 {
                other.iter_mut().zip(&pivot).for_each(|(a, p)| *a -= times * p);
            }
        }
        self.basic[row] = column;
    }

    /// The largest value of `cost`, from the present vertex; infinite when nothing bounds it.
    fn maximise(&mut self, cost: &[f64]) -> f64 {
        let b = self.columns;
        loop {
            let reduced = |c: usize| {
                let basics = self.rows.iter().zip(&self.basic);
                cost[c] - basics.map(|(row, v)| cost[*v] * row[c]).sum::<f64>()
            };
            let enters = (0..self.columns).find(|c| !self.basic.contains(c) && reduced(*c) > TINY);
            let Some(column) = enters else {
                return self.rows.iter().zip(&self.basic).map(|(row, v)| cost[*v] * row[b]).sum();
            };
            let ratio = |r: &usize| self.rows[*r][b] / self.rows[*r][column];
            let leaves =
                (0..self.rows.len()).filter(|r| self.rows[*r][column] > TINY).min_by(|x, y| {
                    ratio(x).total_cmp(&ratio(y)).then(self.basic[*x].cmp(&self.basic[*y]))
                });
            let Some(row) = leaves else { return f64::INFINITY };
            self.pivot(row, column);
        }
    }

    /// The least and the greatest that the sum of these variables can be.
    pub(super) fn bounds(&mut self, of: &[usize]) -> (f64, f64) {
        let mut cost = vec![0.0; self.columns];
        for i in of {
            cost[*i] += 1.0;
        }
        debug_assert!(of.iter().all(|i| *i < self.variables), "a sum of variables");
        let high = self.maximise(&cost);
        for c in &mut cost {
            *c = -*c;
        }
        (-self.maximise(&cost), high)
    }
}

#[test]
fn a_known_programme_has_its_known_bounds() {
    let know = |of: &[usize], low, high| Known { of: of.to_vec(), low, high };
    // x0 + x1 = 10, x1 + x2 = 6, x0 <= 7
    let known = [know(&[0, 1], 10.0, 10.0), know(&[1, 2], 6.0, 6.0), know(&[0], 0.0, 7.0)];
    let mut solver = Solver::new(3, &known).unwrap();

    let close = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-6;
    assert!(close(solver.bounds(&[0]), (4.0, 7.0)));
    assert!(close(solver.bounds(&[1]), (3.0, 6.0)));
    assert!(close(solver.bounds(&[2]), (0.0, 3.0)));
    assert!(close(solver.bounds(&[0, 2]), (4.0, 10.0)));
    assert!(Solver::new(1, &[know(&[0], 3.0, 9.0), know(&[0], 0.0, 2.0)]).is_none());
    assert!(Solver::new(2, &[know(&[0], 3.0, 9.0)]).unwrap().bounds(&[1]).1.is_infinite());
}
