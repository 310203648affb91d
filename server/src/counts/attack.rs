//! The attacker of disclosure control: takes every table in every combination of dimensions, levels
//! and divisions, and solves for what is hidden.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{
    AXES, Axis, BaseCell, Cube, Release, Threshold, Tree, protect,
    simplex::{Known, Solver},
};

type Lines = Vec<(Vec<String>, i64)>;

/// The axes of the small registers attacked here; the others are empty.
const USED: [Axis; 5] =
    [Axis::Region2023, Axis::Region2012, Axis::Cercle2023, Axis::Sex, Axis::AgeGroup];

fn draw(seed: u64) -> impl Fn(&str) -> [u8; 32] {
    move |text| Sha256::digest(format!("{seed}:{text}")).into()
}

fn number(seed: u64, i: usize, below: u64) -> u64 {
    let hash: [u8; 32] = Sha256::digest(format!("{seed}/{i}")).into();
    u64::from_le_bytes(hash[..8].try_into().unwrap()) % below
}

/// A register of two regions of two cercles, whose third cercle changed region in 2023; a third of
/// its cells are empty, many are small, some are large.
fn register(seed: u64) -> Vec<BaseCell> {
    let places = [("k", "k", "k1"), ("k", "k", "k2"), ("s", "k", "s1"), ("s", "s", "s2")];
    let mut cells = Vec::new();
    for (new, old, cercle) in places {
        for sex in ["f", "m"] {
            for age in ["a", "b", "c"] {
                let mut codes: [String; AXES] = Default::default();
                for (axis, code) in USED.into_iter().zip([new, old, cercle, sex, age]) {
                    code.clone_into(&mut codes[axis.index().unwrap()]);
                }
                let i = cells.len();
                let n = match number(seed, i, 6) {
                    0 | 1 => 0,
                    2 | 3 => number(seed, i + 100, 10),
                    4 => number(seed, i + 100, 30),
                    _ => number(seed, i + 100, 200),
                };
                cells.push(BaseCell { zone: 1, codes, n: i64::try_from(n).unwrap() });
            }
        }
    }
    cells
}

/// The axes of the registers whose people are published by place and by profile.
const JOINT: [Axis; 5] =
    [Axis::Region2023, Axis::Cercle2023, Axis::Sex, Axis::Nationality, Axis::Member];

/// A register of three cercles, two of them in one region, by sex, origin and membership.
fn joint_register(seed: u64) -> Vec<BaseCell> {
    let mut cells = Vec::new();
    for (region, cercle) in [("k", "k1"), ("k", "k2"), ("s", "s1")] {
        for sex in ["f", "m"] {
            for origin in ["mali", "uemoa", "other"] {
                for member in ["no", "yes"] {
                    let mut codes: [String; AXES] = Default::default();
                    for (axis, code) in JOINT.into_iter().zip([region, cercle, sex, origin, member])
                    {
                        code.clone_into(&mut codes[axis.index().unwrap()]);
                    }
                    let i = cells.len();
                    let n = match number(seed, i, 5) {
                        0 | 1 => 0,
                        2 | 3 => number(seed, i + 100, 9),
                        _ => number(seed, i + 100, 120),
                    };
                    cells.push(BaseCell { zone: 1, codes, n: i64::try_from(n).unwrap() });
                }
            }
        }
    }
    cells
}

/// The published state of a register, by both trees.
fn published(cells: &[BaseCell], threshold: Threshold, seed: u64) -> Release {
    let [place, profile] = [Tree::PLACE, Tree::PROFILE]
        .map(|tree| protect(cells.to_vec(), tree, threshold, &draw(seed)));
    Release::new(&place, &profile)
}

/// Every combination of dimensions that a reader could ask for.
fn tables() -> Vec<Vec<Axis>> {
    combinations(&USED)
}

fn combinations(axes: &[Axis]) -> Vec<Vec<Axis>> {
    (0..1_usize << axes.len())
        .map(|mask| (0..axes.len()).filter(|i| mask >> i & 1 == 1).map(|i| axes[i]).collect())
        .collect()
}

fn codes(cell: &BaseCell, by: &[Axis]) -> Vec<String> {
    by.iter().map(|a| cell.codes[a.index().unwrap()].clone()).collect()
}

/// Which base cells each line of a table holds.
fn members(cells: &[BaseCell], by: &[Axis]) -> BTreeMap<Vec<String>, Vec<usize>> {
    let mut lines: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
    for (i, cell) in cells.iter().enumerate() {
        lines.entry(codes(cell, by)).or_default().push(i);
    }
    lines
}

fn truth(cells: &[BaseCell], of: &[usize]) -> i64 {
    of.iter().map(|i| cells[*i].n).sum()
}

/// How many small cells of any table the attacker pins down to fewer values than the threshold.
fn recovered(cells: &[BaseCell], known: &[Known], threshold: Threshold) -> usize {
    recovered_in(tables(), cells, known, threshold)
}

fn recovered_in(
    tables: Vec<Vec<Axis>>,
    cells: &[BaseCell],
    known: &[Known],
    threshold: Threshold,
) -> usize {
    let mut solver = Solver::new(cells.len(), known).expect("the truth satisfies what is known");
    let mut pinned = 0;
    for by in tables {
        for of in members(cells, &by).into_values() {
            let n = truth(cells, &of);
            if !(1..threshold.0).contains(&n) {
                continue;
            }
            let (low, high) = solver.bounds(&of);
            assert!(low <= f64::from(i32::try_from(n).unwrap()) + 1e-6, "the truth is inside");
            // Whole numbers between the bounds, the bounds included.
            let values = (high + 1e-6).floor() - (low - 1e-6).ceil() + 1.0;
            pinned += usize::from(values < f64::from(i32::try_from(threshold.0).unwrap()));
        }
    }
    pinned
}

/// The rule of the first release: each table by itself, small cells hidden and another beside each
/// that would stand alone in its line.
fn hidden_one_by_one(lines: &Lines, threshold: i64) -> Vec<bool> {
    let mut hidden: Vec<bool> = lines.iter().map(|l| l.1 < threshold).collect();
    let dimensions = lines.first().map_or(0, |l| l.0.len());
    loop {
        let before = hidden.clone();
        for over in 0..dimensions {
            let mut groups: BTreeMap<Vec<&String>, Vec<usize>> = BTreeMap::new();
            for (i, (codes, _)) in lines.iter().enumerate() {
                let rest = codes.iter().enumerate().filter(|(d, _)| *d != over).map(|(_, c)| c);
                groups.entry(rest.collect()).or_default().push(i);
            }
            for group in groups.into_values() {
                let alone = group.iter().filter(|i| hidden[**i]).count() == 1;
                let next = group.iter().filter(|i| !hidden[**i]).min_by_key(|i| lines[**i].1);
                if let Some(i) = next.filter(|_| alone) {
                    hidden[*i] = true;
                }
            }
        }
        if hidden == before {
            return hidden;
        }
    }
}

fn known_one_by_one(cells: &[BaseCell], threshold: Threshold) -> Vec<Known> {
    let mut known = Vec::new();
    for by in tables() {
        let members = members(cells, &by);
        let lines: Lines = members.iter().map(|(c, of)| (c.clone(), truth(cells, of))).collect();
        let lines: Lines = lines.into_iter().filter(|l| l.1 > 0).collect();
        let hidden = hidden_one_by_one(&lines, threshold.0);
        let shown: BTreeMap<_, _> =
            lines.into_iter().zip(hidden).map(|((c, n), h)| (c, (n, h))).collect();
        for (code, of) in members {
            let (low, high) = match shown.get(&code) {
                Some((n, false)) => {
                    (f64::from(i32::try_from(*n).unwrap()), f64::from(i32::try_from(*n).unwrap()))
                }
                Some((_, true)) => (1.0, f64::INFINITY),
                None => (0.0, 0.0),
            };
            known.push(Known { of, low, high });
        }
    }
    known
}

/// The best an attacker can have: every leaf of a protected tree and the bound of every node.
fn known_of_tree(
    cells: &[BaseCell],
    release: &Release,
    (tree, cube): (Tree, Cube),
    threshold: Threshold,
) -> Vec<Known> {
    let mut known = Vec::new();
    for depth in 0..=tree.axes.len() {
        let by = &tree.axes[..depth];
        let shown: BTreeMap<_, _> = release.table(cube, by, None).to_vec().into_iter().collect();
        for (code, of) in members(cells, by) {
            let n = f64::from(i32::try_from(shown.get(&code).copied().unwrap_or(0)).unwrap());
            // The whole is published exactly; nobody is invented, so a line that is there holds somebody.
            let somebody = if n > 0.0 { 1.0 } else { 0.0 };
            let bound = match depth.checked_sub(1) {
                Some(above) => tree.bound(above, threshold),
                None => 0,
            };
            let bound = f64::from(i32::try_from(bound).unwrap());
            let (low, high) =
                if depth == 0 { (n, n) } else { ((n - bound).max(somebody), n + bound) };
            known.push(Known { of, low, high });
        }
    }
    known
}

fn known_of_release(cells: &[BaseCell], release: &Release, threshold: Threshold) -> Vec<Known> {
    known_of_tree(cells, release, (Tree::PLACE, Cube::Place), threshold)
}

fn known_of_both(cells: &[BaseCell], release: &Release, threshold: Threshold) -> Vec<Known> {
    let mut known = known_of_release(cells, release, threshold);
    known.extend(known_of_tree(cells, release, (Tree::PROFILE, Cube::Profile), threshold));
    known
}

#[test]
fn trees_of_the_same_people_say_the_same_where_they_meet() {
    for seed in 0..50 {
        let release = published(&joint_register(seed), Threshold::of(false), seed);

        for by in [vec![], vec![Axis::Region2023], vec![Axis::Region2023, Axis::Sex]] {
            let [place, profile] =
                [Cube::Place, Cube::Profile].map(|c| release.table(c, &by, None));
            assert_eq!(place, profile, "seed {seed}: two samples of one count");
        }
    }
}

#[test]
fn no_small_count_is_pinned_by_whoever_has_both_trees() {
    let threshold = Threshold::of(false);
    for seed in 0..4 {
        let cells = joint_register(seed);
        let known = known_of_both(&cells, &published(&cells, threshold, seed), threshold);

        let pinned = recovered_in(combinations(&JOINT), &cells, &known, threshold);

        assert_eq!(pinned, 0, "seed {seed}");
    }
}

#[test]
fn two_samples_of_the_same_people_would_pin_small_counts() {
    let threshold = Threshold::of(false);
    let pinned: usize = (0..4)
        .map(|seed| {
            let cells = joint_register(seed);
            let [place, profile] = [(Tree::PLACE, seed), (Tree::PROFILE, seed + 1_000)]
                .map(|(tree, key)| protect(cells.clone(), tree, threshold, &draw(key)));
            let known = known_of_both(&cells, &Release::new(&place, &profile), threshold);
            recovered_in(combinations(&JOINT), &cells, &known, threshold)
        })
        .sum();

    assert!(pinned > 0, "the attack has no teeth");
}

#[test]
fn the_attacker_solves_tables_that_are_suppressed_one_by_one() {
    let threshold = Threshold::of(false);
    let recovered: Vec<_> = (0..4)
        .map(|seed| {
            let cells = register(seed);
            recovered(&cells, &known_one_by_one(&cells, threshold), threshold)
        })
        .collect();

    assert!(recovered.iter().all(|n| *n > 0), "the attack has no teeth: {recovered:?}");
}

#[test]
fn no_small_cell_of_any_table_is_bounded_tighter_than_the_threshold() {
    for children in [false, true] {
        let threshold = Threshold::of(children);
        for seed in 0..6 {
            let cells = register(seed);
            let release = published(&cells, threshold, seed);

            let pinned =
                recovered(&cells, &known_of_release(&cells, &release, threshold), threshold);

            assert_eq!(pinned, 0, "seed {seed}");
        }
    }
}

#[test]
fn every_table_is_a_sum_of_the_same_protected_cells() {
    for seed in 0..20 {
        let release = published(&register(seed), Threshold::of(false), seed);
        let finest: Lines = release.table(Cube::Place, &USED, None).to_vec();

        for by in tables() {
            let mut sums: BTreeMap<Vec<String>, i64> = BTreeMap::new();
            for (codes, n) in &finest {
                let code = |a: &Axis| codes[USED.iter().position(|u| u == a).unwrap()].clone();
                *sums.entry(by.iter().map(code).collect()).or_default() += n;
            }
            assert_eq!(
                release.table(Cube::Place, &by, None).to_vec(),
                sums.into_iter().collect::<Lines>()
            );
        }
    }
}

#[test]
fn protected_nodes_stay_within_the_bound_and_the_whole_stays_exact() {
    for seed in 0..200 {
        let (cells, threshold) = (register(seed), Threshold::of(seed % 2 == 0));
        let release = published(&cells, threshold, seed);

        for (tree, cube) in [(Tree::PLACE, Cube::Place), (Tree::PROFILE, Cube::Profile)] {
            for depth in 0..=tree.axes.len() {
                let by = &tree.axes[..depth];
                let shown: BTreeMap<_, _> =
                    release.table(cube, by, None).to_vec().into_iter().collect();
                for (code, of) in members(&cells, by) {
                    let (n, there) = (truth(&cells, &of), shown.get(&code).copied().unwrap_or(0));
                    let bound = depth.checked_sub(1).map_or(0, |d| tree.bound(d, threshold));
                    assert!((n - there).abs() <= bound, "{code:?}: {n} shown as {there}");
                    assert!(n > 0 || there == 0, "nobody is invented");
                }
            }
        }
    }
}

#[test]
fn one_person_more_moves_many_numbers_or_none_and_the_same_people_give_the_same_numbers() {
    let cells = register(3);
    let mut more = cells.clone();
    more.iter_mut().find(|c| c.n > 50).unwrap().n += 1;
    let table = |cells: &[BaseCell]| {
        published(cells, Threshold::of(false), 3).table(Cube::Place, &USED, None).to_vec()
    };
    let mut shuffled = cells.clone();
    shuffled.reverse();

    assert_eq!(table(&cells), table(&shuffled));
    let changes = |a: Lines, b: Lines| {
        let a: BTreeMap<_, _> = a.into_iter().collect();
        b.into_iter().filter(|(code, n)| a.get(code) != Some(n)).count()
    };
    assert_ne!(changes(table(&cells), table(&more)), 1, "the newcomer would be found");
    let other_key = published(&cells, Threshold::of(false), 4);
    assert_ne!(
        other_key.table(Cube::Place, &USED, None).to_vec(),
        table(&cells),
        "without the key the noise is not known"
    );
}
