//! Functions of numbers, and those that count what is true.

use super::function::Function;
use super::number::{round, truncated};
use super::value::Atom;

/// Calls a function of numbers; none if the function is not one.
pub(super) fn call<'e>(function: Function, atoms: &[Atom<'e>]) -> Option<Atom<'e>> {
    let of = |at: usize| atoms.get(at).map_or(f64::NAN, Atom::to_double);
    let number = match function {
        Function::Abs => of(0).abs(),
        Function::Acos => of(0).acos(),
        Function::Asin => of(0).asin(),
        Function::Atan => of(0).atan(),
        Function::Atan2 => of(0).atan2(of(1)),
        Function::Cos => of(0).cos(),
        Function::Exp => of(0).exp(),
        Function::Exp10 => pow(10.0, of(0)),
        Function::Log => of(0).ln(),
        Function::Log10 => of(0).log10(),
        Function::Pi => std::f64::consts::PI,
        Function::Pow => pow(of(0), of(1)),
        Function::Sin => of(0).sin(),
        Function::Sqrt => of(0).sqrt(),
        Function::Tan => of(0).tan(),
        Function::Number => plain(atoms, 0),
        Function::Int => truncated(plain(atoms, 0)),
        Function::Round => {
            let places = atoms.get(1).map_or(0, |places| super::number::to_int(places.to_number()));
            round(plain(atoms, 0), places)
        }
        // JavaRosa begins with the smallest positive number, so no maximum is negative.
        Function::Max => extreme(atoms, 5e-324, f64::max),
        Function::Min => extreme(atoms, f64::MAX, f64::min),
        _ => return truth(function, atoms).map(Atom::Bool),
    };
    Some(Atom::Number(number))
}

/// The functions that see the time of a date.
pub(super) fn is_of_doubles(function: Function) -> bool {
    matches!(
        function,
        Function::Abs
            | Function::Acos
            | Function::Asin
            | Function::Atan
            | Function::Atan2
            | Function::Cos
            | Function::Exp
            | Function::Exp10
            | Function::Log
            | Function::Log10
            | Function::Pow
            | Function::Sin
            | Function::Sqrt
            | Function::Tan
    )
}

fn plain(atoms: &[Atom<'_>], at: usize) -> f64 {
    atoms.get(at).map_or(f64::NAN, Atom::to_number)
}

/// Functions that give true or false of what they are given.
fn truth(function: Function, atoms: &[Atom<'_>]) -> Option<bool> {
    match function {
        Function::True => Some(true),
        Function::False => Some(false),
        Function::Boolean => Some(atoms.first().is_some_and(Atom::to_bool)),
        Function::Not => Some(!atoms.first().is_some_and(Atom::to_bool)),
        Function::Checklist => Some(checklist(atoms)),
        Function::WeightedChecklist => Some(weighted(atoms)),
        _ => None,
    }
}

/// `Math.pow`, which differs from IEEE's where the exponent is no number.
fn pow(base: f64, exponent: f64) -> f64 {
    let undefined =
        exponent.is_nan() || (base.abs().total_cmp(&1.0).is_eq() && exponent.is_infinite());
    match exponent {
        _ if undefined => f64::NAN,
        // The engine multiplies, which `powf` does not promise to agree with.
        exponent if exponent.total_cmp(&2.0).is_eq() => base * base,
        exponent => base.powf(exponent),
    }
}

/// The sum of what are numbers.
pub(super) fn sum<'e>(atoms: &[Atom<'_>]) -> Atom<'e> {
    Atom::Number(atoms.iter().map(Atom::to_number).filter(|n| !n.is_nan()).fold(0.0, |a, b| a + b))
}

fn extreme(atoms: &[Atom<'_>], first: f64, pick: fn(f64, f64) -> f64) -> f64 {
    let numbers: Vec<_> = atoms.iter().map(Atom::to_number).filter(|n| !n.is_nan()).collect();
    if numbers.is_empty() { f64::NAN } else { numbers.into_iter().fold(first, pick) }
}

/// `checklist(min, max, ...)`: how many are true, within limits; a negative limit is none.
fn checklist(atoms: &[Atom<'_>]) -> bool {
    let limit = |at: usize| super::number::to_int(plain(atoms, at));
    let count = atoms.iter().skip(2).filter(|atom| atom.to_bool()).count();
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    (limit(0) < 0 || count >= limit(0)) && (limit(1) < 0 || count <= limit(1))
}

/// `weighted-checklist(min, max, flag, weight, ...)`.
fn weighted(atoms: &[Atom<'_>]) -> bool {
    let pairs = atoms.get(2..).unwrap_or_default().chunks_exact(2);
    let weight = |pair: &[Atom<'_>]| match pair {
        [flag, weight] if flag.to_bool() => weight.to_number(),
        _ => 0.0,
    };
    let sum = pairs.map(weight).fold(0.0, |a, b| a + b);
    sum >= plain(atoms, 0) && sum <= plain(atoms, 1)
}
