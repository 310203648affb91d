//! How long it takes to say in which areas points lie.
//!
//! `cargo bench -p sanu --bench placing -- FILE…`: any files that `sanu geography import` reads.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::time::Instant;

use sanu::{
    geo::{Basis, Gazetteer, Position, read_boundaries},
    places::SchemaNamer,
};

const POINTS: u32 = 10_000;
const ROUNDS: usize = 15;
/// West, south, and the width and height of a box around Mali, in degrees.
const MALI: [f64; 4] = [-12.3, 10.1, 16.6, 15.0];

fn main() {
    let files = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let mut boundaries = Vec::new();
    for file in files {
        let bytes = std::fs::read(&file).expect("a file of boundaries");
        boundaries.extend(read_boundaries(&bytes, &SchemaNamer).expect("boundaries"));
    }
    let areas = boundaries.len();
    let start = Instant::now();
    let gazetteer = Gazetteer::new(boundaries, Vec::new());
    println!("{areas} areas indexed in {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    let points: Vec<Position> = points().collect();
    let mut times = Vec::new();
    let mut inside = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let is_inside = |p: &&Position| gazetteer.locate(**p).place_2012.basis == Basis::Polygon;
        inside = points.iter().filter(is_inside).count();
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let (best, median) = (times.first().copied(), times.get(ROUNDS / 2).copied());
    println!(
        "{POINTS} points placed in {:.1} ms (median of {ROUNDS}; best {:.1}), {inside} of them inside",
        median.unwrap_or_default(),
        best.unwrap_or_default()
    );
}

/// The same points each time, spread evenly (the R2 sequence, Roberts 2018).
fn points() -> impl Iterator<Item = Position> {
    let [west, south, width, height] = MALI;
    let part = |n: u32, step: f64| (f64::from(n) * step).fract();
    (0..POINTS).filter_map(move |n| {
        let (x, y) = (part(n, 0.754_877_666_246_692_8), part(n, 0.569_840_290_998_053_3));
        Position::new(x.mul_add(width, west), y.mul_add(height, south))
    })
}
